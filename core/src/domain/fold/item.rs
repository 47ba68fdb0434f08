//! One question for a person: two entries that say something two ways. Both stay. An item is named by its kind and its
//! entries, so that every device finds the same one. It is settled by an entry that names it, or by one that had seen both
//! sides and says the fact anew. Two settlements that do not know of each other and differ are themselves an item.

use crate::domain::code::ReviewKind;
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{DerivedId, EntryId};
use crate::domain::past::Past;
use jiff::Timestamp;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewItem {
    /// Derived from kind and entries.
    pub id: DerivedId,
    /// What kind of disagreement.
    pub kind: ReviewKind,
    /// The two entries that disagree.
    pub entries: [EntryId; 2],
    /// The entries of which one may stand: the two and what was said on top without asking her, or for two settlements what
    /// they chose between.
    pub choices: Vec<EntryId>,
    /// How it was settled, if it was.
    pub settled: Option<Settlement>,
}

/// How an item was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// By which entry.
    pub by: EntryId,
    /// When, as its author says.
    pub at: Timestamp,
    /// The entry that stands; none while two settlements disagree.
    pub keep: Option<EntryId>,
    /// A person named the item; else an entry that had seen both sides said the fact anew.
    pub named: bool,
}

impl Settlement {
    /// By an entry that had seen both sides.
    pub(super) fn anew(entry: &Entry, keep: Option<EntryId>) -> Self {
        Self {
            by: entry.id,
            at: entry.occurred_at.timestamp(),
            keep,
            named: false,
        }
    }
}

/// The earliest first.
pub(super) fn sorted(mut all: Vec<Settlement>) -> Vec<Settlement> {
    all.sort_by_key(|s| (s.at, s.by));
    all
}

/// Is it about how she may be reached, so that only she says which of these holds? A choice that nobody asked her about would
/// let the looser one act. Two settlements that differ are another question: there two people did decide.
pub fn asks_her<'a>(kind: ReviewKind, mut said: impl Iterator<Item = &'a Entry>) -> bool {
    kind == ReviewKind::ContactRuleDisputed
        && said.all(|e| matches!(e.body, Body::ContactRuleSet(_)))
}

impl ReviewItem {
    /// The id of the item that two entries make.
    pub(super) fn id_of(kind: ReviewKind, mut entries: [EntryId; 2]) -> DerivedId {
        entries.sort_unstable();
        DerivedId::derive(kind.as_str(), &entries)
    }

    /// Does a person still have to decide?
    pub fn is_open(&self) -> bool {
        self.settled.is_none()
    }
}

/// The entries that a person let stand for this one, where questions of this kind were settled.
pub(super) fn gave_way_to(
    items: &[ReviewItem],
    kind: ReviewKind,
    id: EntryId,
) -> impl Iterator<Item = EntryId> {
    items
        .iter()
        .filter(move |i| i.kind == kind && i.choices.contains(&id))
        .filter_map(|i| i.settled.as_ref().filter(|s| s.named)?.keep)
        .filter(move |keep| *keep != id)
}

/// Has a person settled a question of this kind for another entry than this one?
pub(super) fn lost(items: &[ReviewItem], kind: ReviewKind, id: EntryId) -> bool {
    gave_way_to(items, kind, id).next().is_some()
}

/// Has a person let this one stand for the other?
pub(super) fn lost_to(items: &[ReviewItem], kind: ReviewKind, id: EntryId, to: EntryId) -> bool {
    items
        .iter()
        .filter(|i| i.kind == kind && i.choices.contains(&id))
        .filter_map(|i| i.settled.as_ref())
        .any(|s| s.named && s.keep == Some(to))
}

/// One item with what settles it, and the further items that two differing settlements make. `anew`: the entries that had
/// seen both sides and say the fact anew, the earliest first.
pub(super) fn resolve(
    past: &Past,
    kind: ReviewKind,
    entries: [EntryId; 2],
    choices: &[EntryId],
    anew: &[Settlement],
) -> Vec<ReviewItem> {
    let mut entries = entries;
    entries.sort_unstable();
    let id = ReviewItem::id_of(kind, entries);
    let mut item = ReviewItem {
        id,
        kind,
        entries,
        choices: choices.to_vec(),
        settled: None,
    };
    let named: Vec<Settlement> = past
        .standing()
        .iter()
        .filter_map(|e| match &e.body {
            Body::ReviewSettled(p) if p.items.contains(&id) => {
                let keep = p.keep.filter(|keep| choices.contains(keep))?;
                Some(Settlement {
                    by: e.id,
                    at: e.occurred_at.timestamp(),
                    keep: Some(keep),
                    named: true,
                })
            }
            _ => None,
        })
        .collect();
    let newest: Vec<&Settlement> = named
        .iter()
        .filter(|s| !named.iter().any(|o| past.saw(o.by, s.by)))
        .collect();
    let Some(first) = newest.iter().min_by_key(|s| (s.at, s.by)).copied() else {
        item.settled = anew.first().cloned();
        return vec![item];
    };
    item.settled = Some(first.clone());
    let said_anew = || {
        let met =
            |z: &&Settlement| past.concurrent(z.by, first.by) && differ(past, z.keep, first.keep);
        anew.iter().filter(|_| asks_again(kind)).find(met)
    };
    let other = newest.iter().find(|s| s.keep != first.keep).copied();
    let Some(other) = other.or_else(said_anew) else {
        return vec![item];
    };
    // Two people settled it two ways, by naming it or by saying the fact anew: neither stands, and a further item asks.
    let mut choices = choices.to_vec();
    choices.extend(other.keep.filter(|keep| !choices.contains(keep)));
    let both = [first.by, other.by];
    let later: Vec<Settlement> = anew
        .iter()
        .filter(|z| both.iter().all(|one| past.saw(z.by, *one)))
        .cloned()
        .collect();
    let mut further = resolve(past, kind, both, &choices, &later);
    let again = further.first().and_then(|f| f.settled.clone());
    item.settled = again.or_else(|| item.settled.take().map(|s| Settlement { keep: None, ..s }));
    further.insert(0, item);
    further
}

/// Is the last word of somebody who said a fact anew asked about, where another settled it unseen by her? Of all else the
/// stricter of two acts in any case.
fn asks_again(kind: ReviewKind) -> bool {
    matches!(
        kind,
        ReviewKind::TwoBooked | ReviewKind::OutcomeDisputed | ReviewKind::DecisionDisputed
    )
}

/// Do the entries that two settlements let stand say two things?
fn differ(past: &Past, one: Option<EntryId>, other: Option<EntryId>) -> bool {
    let said = |id: Option<EntryId>| Some(&past.get(id?)?.body);
    one != other
        && match (said(one), said(other)) {
            (Some(Body::DecisionRecorded(a)), Some(Body::DecisionRecorded(b))) => {
                a.value != b.value
            }
            (Some(Body::OutcomeRecorded(a)), Some(Body::OutcomeRecorded(b))) => a.value != b.value,
            _ => true,
        }
}
