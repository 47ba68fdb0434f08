//! Appointments: local wall time and zone are their source.

use super::{Desk, Plan};
use crate::domain::code::{AppointmentStatus, BookedBy, Modality, OutcomeSource, OutcomeValue};
use crate::domain::id::{DocumentId, EntryId, PartnerId};
use crate::domain::payload;
use crate::domain::time::{self, NoInstant};
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use jiff::civil::DateTime;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Books a visit. A live appointment that was seen must be named in `replaces` or `also`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookAppointment {
    /// The record.
    pub record: DocumentId,
    /// With whom.
    pub partner: PartnerId,
    /// The wall time there.
    #[serde(deserialize_with = "wall_time")]
    pub start_local: DateTime,
    /// Its zone; the practice's if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// In the hour that occurs twice: the second one.
    #[serde(default)]
    pub second_hour: bool,
    /// How; in person if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modality: Option<Modality>,
    /// Who made it; staff if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_by: Option<BookedBy>,
    /// How long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
    /// With which clinician.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clinician: Option<String>,
    /// Where to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Appointments whose place it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<EntryId>,
    /// Appointments that stand beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<EntryId>,
    /// The missed or cancelled one that it makes up for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebooks: Option<EntryId>,
    /// Only proposed, for another to accept.
    #[serde(default)]
    pub proposed: bool,
    /// The proposal that this accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepts: Option<EntryId>,
    /// By phone, outside any encounter.
    #[serde(default)]
    pub outreach: bool,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Moves a visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeAppointment {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub appointment: EntryId,
    /// The new wall time.
    #[serde(deserialize_with = "wall_time")]
    pub start_local: DateTime,
    /// Its zone; as before if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// In the hour that occurs twice: the second one.
    #[serde(default)]
    pub second_hour: bool,
    /// How; as before if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modality: Option<Modality>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Calls a visit off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelAppointment {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub appointment: EntryId,
    /// Who.
    pub cancelled_by: BookedBy,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// She is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordArrival {
    /// The record.
    pub record: DocumentId,
    /// Which visit.
    pub appointment: EntryId,
    /// Who says so; the practice if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<OutcomeSource>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// What became of a visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordOutcome {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub appointment: EntryId,
    /// What.
    pub value: OutcomeValue,
    /// Who says so; the practice if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<OutcomeSource>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl BookAppointment {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let partner = desk.partner(&self.partner)?;
        let zone = self.zone.unwrap_or_else(|| {
            partner
                .zone
                .clone()
                .unwrap_or_else(|| desk.sheet.zone.clone())
        });
        check_start(self.start_local, &zone, self.second_hour)?;
        let record = desk.record()?;
        // A visit that follows a missed or cancelled one with the same practice makes up for it.
        let made_up_for = |id| {
            record
                .appointments
                .iter()
                .any(|a| a.said.rebooks == Some(id))
        };
        let missed = record.appointments.iter().rev().find(|a| {
            *a.partner() == self.partner
                && !made_up_for(a.id)
                && matches!(
                    a.status,
                    AppointmentStatus::NoShow | AppointmentStatus::Cancelled
                )
        });
        let rebooks = self.rebooks.or_else(|| missed.map(|a| a.id));
        let body = payload::AppointmentBooked {
            partner: self.partner,
            start_local: self.start_local,
            zone,
            second_hour: self.second_hour,
            modality: self.modality.unwrap_or(Modality::InPerson),
            booked_by: self.booked_by.unwrap_or(BookedBy::Staff),
            encounter: if self.outreach {
                None
            } else {
                desk.encounter(self.encounter, self.at.as_ref())?
            },
            minutes: self.minutes,
            clinician: self.clinician,
            location: self.location,
            replaces: self.replaces,
            also: self.also,
            rebooks,
            proposed: self.proposed,
            accepts: self.accepts,
        };
        Ok(desk.one(self.at, body))
    }
}

impl ChangeAppointment {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let standing = desk
            .record()?
            .appointment(self.appointment)
            .ok_or(Refusal::NotHere("the appointment"))?;
        let zone = self.zone.unwrap_or_else(|| standing.slot.zone.clone());
        check_start(self.start_local, &zone, self.second_hour)?;
        let body = payload::AppointmentChanged {
            appointment: self.appointment,
            start_local: self.start_local,
            zone,
            second_hour: self.second_hour,
            modality: self.modality,
        };
        Ok(desk.one(self.at, body))
    }
}

impl CancelAppointment {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        let body = payload::AppointmentCancelled {
            appointment: self.appointment,
            cancelled_by: self.cancelled_by,
            reason: self.reason,
        };
        desk.one(self.at, body)
    }
}

impl RecordArrival {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        let body = payload::PatientArrived {
            appointment: self.appointment,
            source: self.source.unwrap_or(OutcomeSource::Partner),
        };
        desk.one(self.at, body)
    }
}

impl RecordOutcome {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        let source = self.source.unwrap_or(OutcomeSource::Partner);
        desk.one(
            self.at,
            payload::OutcomeRecorded {
                appointment: self.appointment,
                value: self.value,
                source,
            },
        )
    }
}

fn check_start(local: DateTime, zone: &str, second_hour: bool) -> Result<(), Refusal> {
    let (field, problem) = match time::start(local, zone, second_hour) {
        Ok(_) => return Ok(()),
        Err(NoInstant::Zone) => ("zone", Problem::NoSuchZone),
        Err(NoInstant::Gap) => ("start_local", Problem::InGap),
        Err(NoInstant::Range) => ("start_local", Problem::OutOfRange),
    };
    Err(Refusal::Invalid { field, problem })
}

/// A time as a clock on the wall shows it. What names an offset as well is refused: it would be passed over in silence.
fn wall_time<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime, D::Error> {
    let text = String::deserialize(from)?;
    let time = text
        .split_once(['T', 't', ' '])
        .map_or("", |(_, time)| time);
    if time.contains(['+', '-', 'Z', 'z', '[']) {
        return Err(D::Error::custom("a local time has no offset and no zone"));
    }
    text.parse().map_err(D::Error::custom)
}
