//! Fills the page of work that is kept aside.

use super::page::Place;
use super::page::quarantine::{AsideRow, QuarantinePage, Said};
use super::programme::{Programme, Visitor};
use super::record;
use crate::store::QuarantineRow;
use std::collections::BTreeMap;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};
use warmhand_core::domain::read::Summary;
use warmhand_core::wire::QuarantineReason;

/// The records that the visitor has opened, each for a reason.
type Opened = BTreeMap<DocumentId, String>;

/// Everything that waits at the visitor's sites; in its words only where she has opened the record.
pub fn page(programme: &Programme, visitor: &Visitor, opened: &Opened) -> QuarantinePage {
    let person = programme.sheet.person(&visitor.user);
    let is_clinician = person.is_some_and(|person| person.licensed_clinician);
    let mut waiting: Vec<&QuarantineRow> = programme.aside.iter().collect();
    waiting.sort_by_key(|lying| !lying.is_worry());
    QuarantinePage {
        frame: programme.frame(visitor, Place::Review, "/quarantine"),
        rows: waiting
            .into_iter()
            .map(|lying| row(programme, lying, opened, is_clinician))
            .collect(),
    }
}

/// What has to be opened for a reason before it is shown in its words: the record with which it opens, or, while none of
/// hers is here, the one that it would begin.
pub fn opens_with(programme: &Programme, lying: &QuarantineRow) -> DocumentId {
    let to_come = || {
        let mut entries = lying.entries.iter();
        entries.find_map(|entry| match &entry.body {
            Body::ScreensOpened(opened) => Some(opened.record),
            Body::SudOpened(opened) => Some(opened.record),
            _ => None,
        })
    };
    let here = record_of(programme, lying).map(|r| r.record);
    here.or_else(to_come).unwrap_or(lying.doc)
}

/// The patient's code; empty where nobody can say whose it is.
pub fn code(lying: &QuarantineRow) -> String {
    lying.patient.map(PatientId::short_code).unwrap_or_default()
}

/// Its own record, or another of hers; none while nothing of hers is here.
fn record_of<'a>(programme: &'a Programme, lying: &QuarantineRow) -> Option<&'a Summary> {
    let own = programme.records().find(|r| r.record == lying.doc);
    let hers = || programme.records().find(|r| r.patient == lying.patient);
    own.or_else(|| lying.patient.and_then(|_| hers()))
}

fn row(
    programme: &Programme,
    lying: &QuarantineRow,
    opened: &Opened,
    is_clinician: bool,
) -> AsideRow {
    let record = opens_with(programme, lying);
    let is_open = opened.contains_key(&record);
    let sentences = is_open.then(|| record::sentences(programme, lying.doc, &lying.entries));
    let device = device(programme, lying.device);
    AsideRow {
        id: hex::encode(lying.hash.0),
        code: code(lying),
        href: format!("/handoffs/{record}"),
        why: why(lying.reason).to_owned(),
        since: programme.when(lying.since),
        who: match device {
            Some(device) => format!("{}, on {device}", programme.name(&lying.user)),
            None => programme.name(&lying.user),
        },
        is_open,
        is_worry: lying.is_worry(),
        may_leave_out: is_clinician || !lying.is_worry(),
        sentences: sentences
            .into_iter()
            .flatten()
            .map(|(at, what, words)| Said { at, what, words })
            .collect(),
    }
}

fn device(programme: &Programme, id: DeviceId) -> Option<&str> {
    let device = programme.devices.iter().find(|d| d.id == id);
    device.map(|d| d.name.as_str())
}

fn why(reason: QuarantineReason) -> &'static str {
    match reason {
        QuarantineReason::Access => "Written by somebody who may not see this record",
        QuarantineReason::Role => "Not in the role of who wrote it",
        QuarantineReason::Guard => "A rule of the record did not hold in what its author had seen",
        QuarantineReason::StandsOn => "Stands on other work that is kept aside or not here",
        QuarantineReason::Reauthor => "Its device has not written it anew",
        QuarantineReason::Revoked => "From a device or a person no longer in service",
        QuarantineReason::Recovered => "Given back without proof of who wrote it",
        QuarantineReason::Unconfirmed => "From a device that nobody has confirmed yet",
        QuarantineReason::EntryId => "A record holds something else under the same name",
    }
}
