//! Who she is, over all her records: names and birth dates that two of them say two ways. Neither is taken for the true
//! one; somebody who has asked her says it anew.

use super::across::{self, Across, Said};
use crate::domain::code::ReviewKind;
use crate::domain::fold::Record;
use crate::domain::payload::PatientDescribed;

type Field = fn(&PatientDescribed) -> Option<String>;

/// What tells one patient from another.
const FIELDS: [Field; 3] = [
    |d| d.preferred_name.as_deref().map(|n| n.trim().to_owned()),
    |d| d.legal_name.as_deref().map(|n| n.trim().to_owned()),
    |d| d.born_on.map(|date| date.to_string()),
];

/// The pairs that two records say differently, each once.
pub(super) fn differing(records: &[Record]) -> Vec<Across> {
    let of = |field: Field| {
        let all: Vec<Said<'_>> = records.iter().flat_map(|r| said(r, field)).collect();
        across::pairs(ReviewKind::TwoValues, &all)
    };
    across::once(FIELDS.into_iter().flat_map(of).collect())
}

fn said(record: &Record, field: Field) -> impl Iterator<Item = Said<'_>> {
    let described = record.described.iter();
    described.filter_map(move |(entry, said)| {
        Some(Said {
            record,
            entry,
            what: field(said)?,
            sees: &said.sees,
            lost: record.has_lost(ReviewKind::TwoValues, entry.id),
            proposed: false,
            asked: true,
        })
    })
}
