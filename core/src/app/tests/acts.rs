//! What a person does on the device of these tests, and what she is shown.

use super::{App, now};
use crate::domain::id::{DocumentId, EntryId, PatientId, SiteId};
use crate::refusal::Refusal;
use crate::usecase::{AddNote, Command, OpenRecord, Outcome};
use crate::view::EntryState;
use std::collections::BTreeMap;

pub(super) fn open_record(app: &mut App, name: &str) -> Result<Outcome, Refusal> {
    let site = SiteId::from("north");
    app.dispatch(
        Command::OpenRecord(OpenRecord {
            site,
            patient: None,
            preferred_name: Some(name.into()),
            at: None,
        }),
        now(),
    )
}

pub(super) fn note(app: &mut App, record: DocumentId, text: &str) -> Result<EntryId, Refusal> {
    let made = app.dispatch(
        Command::AddNote(AddNote {
            record,
            text: text.into(),
            at: None,
        }),
        now(),
    )?;
    Ok(made.made.unwrap())
}

/// Where each entry of a record is, as the screen says.
pub(super) fn shown(app: &App, record: DocumentId) -> BTreeMap<EntryId, EntryState> {
    app.handoff(record, now())
        .unwrap()
        .timeline
        .into_iter()
        .map(|row| (row.entry, row.state))
        .collect()
}

pub(super) fn patient_of(made: &Outcome) -> (PatientId, DocumentId) {
    (made.patient.unwrap(), made.record.unwrap())
}
