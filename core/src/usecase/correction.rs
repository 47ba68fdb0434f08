//! Taking back what was an error, and saying which patients are one person.

use super::{Desk, Plan};
use crate::domain::id::{DocumentId, EntryId, PatientId};
use crate::domain::payload;
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// An entry was made in error. It stays in the log and has no effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoidEntry {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub entry: EntryId,
    /// Why.
    pub reason: String,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Says that the record's patient and another are the same person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkPatients {
    /// A record of one of them.
    pub record: DocumentId,
    /// The other patient.
    pub patient: PatientId,
    /// Only proposed; left out, as the role has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<bool>,
    /// The proposal that this accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepts: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Says that they are not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlinkPatients {
    /// A record of one of them.
    pub record: DocumentId,
    /// The other patient.
    pub patient: PatientId,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl VoidEntry {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        desk.one(
            self.at,
            payload::EnteredInError {
                entry: self.entry,
                reason: self.reason,
            },
        )
    }
}

fn both(desk: &Desk<'_>, other: PatientId) -> Result<[PatientId; 2], Refusal> {
    let own = desk
        .record()?
        .patient
        .ok_or(Refusal::NotHere("the patient"))?;
    let mut patients = [own, other];
    patients.sort_unstable();
    Ok(patients)
}

impl LinkPatients {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let body = payload::PatientsLinked {
            patients: both(desk, self.patient)?,
            proposed: false,
            accepts: self.accepts,
        };
        Ok(desk.stated(self.at, body, self.proposed))
    }
}

impl UnlinkPatients {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let patients = both(desk, self.patient)?;
        Ok(desk.one(self.at, payload::PatientsUnlinked { patients }))
    }
}
