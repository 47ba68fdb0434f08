//! Who she is, over all her records: names and birth dates that two of them say two ways. Neither is taken for the true
//! one; somebody who has asked her says it anew.

use super::reach::{Across, pairs};
use crate::domain::code::ReviewKind;
use crate::domain::entry::Entry;
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::payload::PatientDescribed;
use std::collections::BTreeSet;
use std::sync::Arc;

type Field = fn(&PatientDescribed) -> Option<String>;

/// What tells one patient from another.
const FIELDS: [Field; 3] = [
    |d| d.preferred_name.as_deref().map(|n| n.trim().to_owned()),
    |d| d.legal_name.as_deref().map(|n| n.trim().to_owned()),
    |d| d.born_on.map(|date| date.to_string()),
];

/// The pairs that two records leave open, each once.
pub(super) fn differing(records: &[Record]) -> Vec<Across> {
    if records.len() < 2 {
        return Vec::new();
    }
    let mut found: Vec<Across> = Vec::new();
    for field in FIELDS {
        for pair in pairs(ReviewKind::TwoValues, &standing(records, field)) {
            if !found.contains(&pair) {
                found.push(pair);
            }
        }
    }
    found
}

/// What stands in each record: said last there, not settled for another, and not seen by whoever said it in another.
fn standing(records: &[Record], field: Field) -> Vec<(DocumentId, &Arc<Entry>, String)> {
    let seen: BTreeSet<EntryId> = records
        .iter()
        .flat_map(|r| &r.described)
        .filter(|(_, said)| field(said).is_some())
        .flat_map(|(_, said)| said.sees.iter().copied())
        .collect();
    let of = |record| said(record, field);
    let all = records.iter().flat_map(of);
    all.filter(|(_, entry, _)| !seen.contains(&entry.id))
        .collect()
}

fn said(record: &Record, field: Field) -> Vec<(DocumentId, &Arc<Entry>, String)> {
    let all: Vec<_> = record
        .described
        .iter()
        .filter_map(|(entry, said)| Some((record.id, entry, field(said)?)))
        .collect();
    let overtaken = |id: EntryId| all.iter().any(|(_, e, _)| record.past.saw(e.id, id));
    all.iter()
        .filter(|(_, e, _)| !overtaken(e.id) && !record.has_lost(ReviewKind::TwoValues, e.id))
        .cloned()
        .collect()
}
