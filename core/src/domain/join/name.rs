//! Who she is, over all her records: names, birth dates and where she stands around a birth that two of them say two ways.
//! None is taken for the true one; somebody who has asked her says it anew.

use super::across::{self, Across, Said};
use crate::domain::code::ReviewKind;
use crate::domain::fold::Record;
use crate::domain::id::EntryId;
use crate::domain::payload::{PatientDescribed, PerinatalStage};

type Field = fn(&PatientDescribed) -> Option<String>;

/// What tells one patient from another, and what nobody may get wrong before her.
const FIELDS: [Field; 4] = [
    |d| d.preferred_name.as_deref().map(|n| n.trim().to_owned()),
    |d| d.legal_name.as_deref().map(|n| n.trim().to_owned()),
    |d| d.born_on.map(|date| date.to_string()),
    stage,
];

fn stage(said: &PatientDescribed) -> Option<String> {
    said.perinatal_stage.as_ref().map(text)
}

fn text(stage: &PerinatalStage) -> String {
    format!("{stage:?}")
}

/// The pairs that two records say differently, each once.
pub(super) fn differing(records: &[Record]) -> Vec<Across> {
    let of = |field: Field| {
        let all: Vec<Said<'_>> = records.iter().flat_map(|r| said(r, field)).collect();
        across::pairs(ReviewKind::TwoValues, &all)
    };
    across::once(FIELDS.into_iter().flat_map(of).collect())
}

/// Does a description that stands say so, in whichever record? Of two the one that spares her is heeded.
pub(super) fn is_after_loss(records: &[Record]) -> bool {
    let all: Vec<Said<'_>> = records.iter().flat_map(|r| said(r, stage)).collect();
    let loss = text(&PerinatalStage::Loss);
    across::standing(&all).any(|said| said.what == loss)
}

/// Has a person let another description stand that says this as well?
pub(super) fn has_lost<'a, T>(
    record: &'a Record,
    id: EntryId,
    field: impl Fn(&'a PatientDescribed) -> Option<T>,
) -> bool {
    let mut kept = record.gave_way_to(ReviewKind::TwoValues, id);
    kept.any(|kept| {
        let mut described = record.described.iter();
        described.any(|(entry, said)| entry.id == kept && field(said).is_some())
    })
}

fn said(record: &Record, field: Field) -> impl Iterator<Item = Said<'_>> {
    let described = record.described.iter();
    described.filter_map(move |(entry, said)| {
        Some(Said {
            record,
            entry,
            what: field(said)?,
            sees: &said.sees,
            lost: has_lost(record, entry.id, field),
            proposed: false,
            asked: true,
        })
    })
}
