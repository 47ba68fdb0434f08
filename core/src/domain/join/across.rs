//! What two records of one patient say two ways. `after` knows only its own record, so whoever says a fact anew names
//! what she had seen in the others; by that the question closes, and it stays with when and by whom it was closed.

use crate::domain::code::ReviewKind;
use crate::domain::entry::Entry;
use crate::domain::fold::{Record, Settlement};
use crate::domain::id::{DerivedId, DocumentId, EntryId};
use std::sync::Arc;

/// A question that reaches over two records of one patient. It closes when an entry names what it had seen of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Across {
    /// Derived from kind and entries.
    pub id: DerivedId,
    /// What kind.
    pub kind: ReviewKind,
    /// The two entries.
    pub entries: [EntryId; 2],
    /// The record of the later one: there it is asked.
    pub record: DocumentId,
    /// How it was settled, if it was.
    pub settled: Option<Settlement>,
}

impl Across {
    /// Does a person still have to decide?
    pub fn is_open(&self) -> bool {
        self.settled.is_none()
    }
}

/// One entry's word on a fact, as a text to compare.
pub(super) struct Said<'a> {
    pub record: &'a Record,
    pub entry: &'a Arc<Entry>,
    pub what: String,
    /// Entries of her other records that its author had seen.
    pub sees: &'a [EntryId],
    /// A person let another stand for it.
    pub lost: bool,
    /// Nobody has accepted it yet: it overtakes nothing, and what is said beside it does not answer it.
    pub proposed: bool,
    /// She said so herself, or it needs no asking. Of what she was not asked nothing lifts a disagreement.
    pub asked: bool,
}

impl Said<'_> {
    fn order(&self) -> (jiff::Timestamp, EntryId) {
        (self.entry.occurred_at.timestamp(), self.entry.id)
    }

    /// Had its author seen the other, in this record or as named from another?
    pub fn knew(&self, other: &Said<'_>, all: &[Said<'_>]) -> bool {
        let (own, theirs) = (&self.record.past, &other.record.past);
        if self.proposed {
            return false;
        }
        if self.record.id == other.record.id {
            return !other.proposed && own.saw(self.entry.id, other.entry.id);
        }
        let before = |said: &&Said<'_>| {
            said.record.id == self.record.id
                && !said.lost
                && (said.entry.id == self.entry.id || own.saw(self.entry.id, said.entry.id))
        };
        let covers = |seen: &EntryId| *seen == other.entry.id || theirs.saw(*seen, other.entry.id);
        all.iter()
            .filter(before)
            .any(|said| said.sees.iter().any(covers))
    }
}

/// Those that nobody has said anew with knowledge of them; and those that disagree, where she was not asked since.
pub(super) fn standing<'a, 'b>(all: &'b [Said<'a>]) -> impl Iterator<Item = &'b Said<'a>> {
    let overtakes = |later: &Said<'_>, said: &Said<'_>| {
        later.knew(said, all) && (later.asked || !disputed_before(said, later, all))
    };
    all.iter()
        .filter(move |said| !said.lost && !all.iter().any(|later| overtakes(later, said)))
}

/// Did the author of the later one know of another that contradicts this one, neither said with knowledge of the other nor
/// taken back on its own side since?
fn disputed_before(said: &Said<'_>, later: &Said<'_>, all: &[Said<'_>]) -> bool {
    let contradicts = |other: &&Said<'_>| {
        !other.lost
            && other.what != said.what
            && later.knew(other, all)
            && !other.knew(said, all)
            && !said.knew(other, all)
    };
    all.iter().filter(contradicts).any(|other| {
        let mut between = all.iter().filter(|z| later.knew(z, all));
        !between.any(|z| z.knew(said, all) != z.knew(other, all))
    })
}

/// The pairs of different records that differ, with what closed them. One that was said anew by somebody who knew of one
/// side alone is no longer asked about; what she said is.
pub(super) fn pairs(kind: ReviewKind, all: &[Said<'_>]) -> Vec<Across> {
    let mut found = Vec::new();
    for (at, a) in all.iter().enumerate() {
        for b in all.iter().skip(at + 1) {
            let apart = a.record.id != b.record.id && a.what != b.what && !a.lost && !b.lost;
            if !apart || a.knew(b, all) || b.knew(a, all) {
                continue;
            }
            let mut later = all.iter().map(|z| (z, z.knew(a, all), z.knew(b, all)));
            if later.clone().any(|(_, saw_a, saw_b)| saw_a != saw_b) {
                continue;
            }
            let anew = later
                .by_ref()
                .filter(|(z, saw_a, saw_b)| z.asked && *saw_a && *saw_b)
                .map(|(z, _, _)| z)
                .min_by_key(|z| z.order());
            found.push(across(kind, a, b, anew));
        }
    }
    found
}

fn across(kind: ReviewKind, a: &Said<'_>, b: &Said<'_>, anew: Option<&Said<'_>>) -> Across {
    let mut entries = [a.entry.id, b.entry.id];
    entries.sort_unstable();
    Across {
        id: DerivedId::derive(kind.as_str(), &entries),
        kind,
        entries,
        record: if a.order() > b.order() { a } else { b }.record.id,
        settled: anew.map(|z| Settlement {
            by: z.entry.id,
            at: z.entry.occurred_at.timestamp(),
            keep: Some(z.entry.id),
            named: false,
        }),
    }
}

/// One pair may differ in several things: that is one question, open until the last of them is said anew.
pub(super) fn once(mut all: Vec<Across>) -> Vec<Across> {
    all.sort_by_key(|a| {
        let at = a.settled.as_ref().map(|s| std::cmp::Reverse(s.at));
        (a.id, at.is_some(), at)
    });
    all.dedup_by_key(|a| a.id);
    all
}
