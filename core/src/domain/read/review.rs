//! When a question opened, for whom it is, and how long it stood.

use super::Receipts;
use crate::domain::code::ReviewKind;
use crate::domain::fold::Record;
use crate::domain::id::{DerivedId, EntryId, UserId};
use crate::domain::join::Patient;
use crate::domain::organisation::Organisation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A question that two people left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewReading {
    /// Its id.
    pub id: DerivedId,
    /// What kind.
    pub kind: ReviewKind,
    /// The two entries.
    pub entries: [EntryId; 2],
    /// The entries of which one may stand.
    pub choices: Vec<EntryId>,
    /// For whom: the record's owners, else the authors.
    pub owners: Vec<UserId>,
    /// The other authors, who are told.
    pub told: Vec<UserId>,
    /// When the server had both; none while it has not.
    pub opened_at: Option<Timestamp>,
    /// The next close of business after that.
    pub due_at: Option<Timestamp>,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// The entry that stands.
    pub keep: Option<EntryId>,
}

impl ReviewReading {
    /// Does a person still have to decide?
    pub fn is_open(&self) -> bool {
        self.settled_at.is_none()
    }

    /// Minutes of the clock that it stood open, up to now.
    pub fn open_minutes(&self, now: Timestamp) -> Option<i64> {
        let until = self.settled_at.unwrap_or(now);
        self.opened_at
            .map(|opened| (until.duration_since(opened).as_secs() / 60).max(0))
    }
}

pub(super) fn review(
    patient: &Patient,
    record: &Record,
    receipts: &Receipts,
    sheet: &Organisation,
) -> Vec<ReviewReading> {
    let own = patient.questions(record).map(|item| ReviewReading {
        settled_at: item.settled.as_ref().map(|s| s.at),
        keep: item
            .settled
            .as_ref()
            .and_then(|s| s.keep)
            .filter(|keep| record.past.get(*keep).is_some()),
        choices: item.choices.clone(),
        ..asked(
            patient,
            record,
            item.id,
            item.kind,
            item.entries,
            receipts,
            sheet,
        )
    });
    let across = patient
        .across
        .iter()
        .filter(|a| a.record == record.id)
        .map(|a| ReviewReading {
            settled_at: a.settled.as_ref().map(|s| s.at),
            keep: a.settled.as_ref().and_then(|s| s.keep),
            ..asked(patient, record, a.id, a.kind, a.entries, receipts, sheet)
        });
    own.chain(across).collect()
}

/// A question as it opens.
fn asked(
    patient: &Patient,
    record: &Record,
    id: DerivedId,
    kind: ReviewKind,
    entries: [EntryId; 2],
    receipts: &Receipts,
    sheet: &Organisation,
) -> ReviewReading {
    let [a, b] = entries;
    let entry = |id: &EntryId| patient.records.iter().find_map(|r| r.past.get(*id));
    let mut authors: Vec<UserId> = entries
        .iter()
        .filter_map(entry)
        .map(|e| e.by.clone())
        .collect();
    authors.sort();
    authors.dedup();
    let owners = if record.owners.is_empty() {
        authors.clone()
    } else {
        record.owners.clone()
    };
    // Who watches over privacy hears of two words about a consent.
    let privacy = (kind == ReviewKind::ConsentDisputed)
        .then(|| sheet.privacy_contact.clone())
        .flatten();
    let told = authors
        .into_iter()
        .chain(privacy)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|a| !owners.contains(a))
        .collect();
    let opened_at = receipts.both_received_at(a, b);
    let due_at = opened_at
        .zip(record.site.as_ref())
        .and_then(|(opened, site)| {
            sheet
                .site(site)
                .map(|s| s.calendar.next_closing(opened, &sheet.site_zone(site)))
        });
    ReviewReading {
        id,
        kind,
        entries,
        choices: Vec::new(),
        owners,
        told,
        opened_at,
        due_at,
        settled_at: None,
        keep: None,
    }
}
