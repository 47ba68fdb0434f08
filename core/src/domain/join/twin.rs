//! One form entered twice, from paper and on a tablet: the record tells that it may be so, and the answers, which lie in
//! documents of their own, tell whether they differ. Both are kept; where they differ a person is asked, and where they do
//! not the form counts once. Whoever may not see the answers is asked only where the results differ as well.

use crate::domain::code::{ScreenResult, SelfHarm};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Record, ReviewItem};
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::payload::ScreenAnswered;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// The same answers this near to each other are one form.
const ONE_SITTING: SignedDuration = SignedDuration::from_mins(10);

/// What became of the twins of all records.
#[derive(Clone, Debug, Default)]
pub(super) struct Twins {
    /// Those that a person has to tell apart, each with its record.
    pub questions: Vec<(DocumentId, ReviewItem)>,
    /// Screens that are another one's form once more.
    pub repeated: BTreeSet<EntryId>,
}

/// Tells the twins of her records apart, by the answers that are here.
pub(super) fn twins(records: &[Record], answers: &[Record]) -> Twins {
    let forms: BTreeMap<EntryId, &ScreenAnswered> = answers
        .iter()
        .flat_map(|document| &document.forms)
        .filter(|(_, said)| said.amends.is_none())
        .map(|(_, said)| (said.screen, said))
        .collect();
    let mut found = Twins::default();
    for record in records {
        for item in &record.twins {
            let [Some(a), Some(b)] = pair(item).map(|id| record.past.get(id)) else {
                continue;
            };
            let answered = forms.get(&a.id).zip(forms.get(&b.id));
            let differ = answered.map_or(told(a) != told(b), |(a, b)| {
                a.items != b.items || a.total != b.total
            });
            let apart = a
                .occurred_at
                .timestamp()
                .duration_until(b.occurred_at.timestamp());
            if differ || answered.is_some() && apart.abs() > ONE_SITTING {
                found.questions.push((record.id, item.clone()));
            } else if answered.is_some() {
                let place = |e: &Entry| (e.occurred_at.timestamp(), e.id);
                found.repeated.insert(place(a).max(place(b)).1);
            }
        }
    }
    found
}

/// The two screens; of a question about two settlements too.
fn pair(item: &ReviewItem) -> [EntryId; 2] {
    match item.choices.as_slice() {
        [a, b] => [*a, *b],
        _ => item.entries,
    }
}

/// What everybody on the record may know of a screen.
fn told(entry: &Entry) -> Option<(ScreenResult, SelfHarm)> {
    match &entry.body {
        Body::ScreenRecorded(p) => Some((p.result, p.self_harm)),
        _ => None,
    }
}
