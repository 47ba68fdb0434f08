//! The rows of a summary: one encounter, appointment, call or flag as plain data.

use super::Receipts;
use crate::domain::code::{
    AppointmentStatus, Channel, DecisionValue, Direction, FlagStatus, Grade, LeaveCheck, Modality,
    SafetyReason, Setting,
};
use crate::domain::entry::Body;
use crate::domain::fold::{Encounter, Record, may_go_on};
use crate::domain::id::{DeviceId, EntryId, PartnerId, UserId};
use crate::domain::join::PatientFlag;
use crate::domain::time;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

/// An encounter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncounterReading {
    /// Its id.
    pub id: EntryId,
    /// Where.
    pub setting: Setting,
    /// When it began.
    pub started_at: Timestamp,
    /// When she left.
    pub ended_at: Option<Timestamp>,
    /// On the local calendar.
    pub ended_on: Option<Date>,
    /// Its grade.
    pub grade: Grade,
    /// What the leave-check says.
    pub leave_check: LeaveCheck,
    /// She spoke to the practice before leaving.
    pub direct_contact: bool,
    /// She agreed in it.
    #[serde(default)]
    pub agreed: bool,
    /// Written up late.
    pub late_entries: u32,
}

/// An appointment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppointmentReading {
    /// Its id.
    pub id: EntryId,
    /// With whom.
    pub partner: PartnerId,
    /// Wall time.
    pub local: DateTime,
    /// Its zone.
    pub zone: String,
    /// The instant.
    pub start: Timestamp,
    /// How.
    pub modality: Modality,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Standing at its start, or now if that is to come.
    pub kept: bool,
    /// SEQUENCE of its calendar entry.
    pub sequence: u32,
    /// Who booked it.
    pub by: UserId,
}

/// A call to a practice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallReading {
    /// Which.
    pub partner: PartnerId,
    /// When.
    pub at: Timestamp,
    /// Did somebody answer?
    pub answered: bool,
}

/// A safety flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlagReading {
    /// Its id.
    pub id: EntryId,
    /// About what.
    pub reason: SafetyReason,
    /// Where it stands.
    pub status: FlagStatus,
    /// Who raised it.
    pub by: UserId,
    /// On which device.
    pub device: DeviceId,
    /// When, as she says.
    pub raised_at: Timestamp,
    /// When the server knew.
    pub received_at: Option<Timestamp>,
    /// In which setting it was raised.
    pub setting: Option<Setting>,
    /// To whom it was first handed, and when.
    pub handed: Option<(String, Timestamp)>,
    /// Minutes to the first clinician: handed to, or assessing.
    pub clinician_min: Option<i64>,
    /// Who resolved it.
    pub resolved_by: Vec<UserId>,
    /// When it was first resolved.
    pub resolved_at: Option<Timestamp>,
}

impl EncounterReading {
    /// Is somebody with her at this time, as far as is known?
    pub fn goes_on(&self, at: Timestamp) -> bool {
        self.ended_at.is_none() && may_go_on(self.started_at, at)
    }
}

pub(super) fn encounter(record: &Record, encounter: &Encounter) -> EncounterReading {
    EncounterReading {
        id: encounter.id,
        setting: encounter.setting,
        started_at: encounter.entry.occurred_at.timestamp(),
        ended_at: encounter.ended.as_ref().map(jiff::Zoned::timestamp),
        ended_on: encounter.ended.as_ref().map(jiff::Zoned::date),
        grade: encounter.grade,
        leave_check: encounter.leave_check,
        direct_contact: encounter.direct_contact,
        agreed: record
            .decisions
            .iter()
            .any(|d| d.encounter == Some(encounter.id) && d.said.value == DecisionValue::Agreed),
        late_entries: encounter.late_entries,
    }
}

pub(super) fn appointment(
    appointment: &crate::domain::fold::Appointment,
    now: Timestamp,
) -> AppointmentReading {
    AppointmentReading {
        id: appointment.id,
        partner: appointment.partner().clone(),
        local: appointment.slot.local,
        zone: appointment.slot.zone.clone(),
        start: appointment.slot.start,
        modality: appointment.slot.modality,
        status: appointment.status,
        kept: appointment.is_kept(now),
        sequence: appointment.sequence,
        by: appointment.entry.by.clone(),
    }
}

/// A visit that somebody proposed and nobody has answered yet: it stands for nothing.
pub(super) fn proposed(record: &Record) -> impl Iterator<Item = AppointmentReading> {
    let waiting = record.proposals.iter().filter(|p| p.answered.is_none());
    waiting.filter_map(|proposal| {
        let Body::AppointmentBooked(said) = &proposal.entry.body else {
            return None;
        };
        Some(AppointmentReading {
            id: proposal.entry.id,
            partner: said.partner.clone(),
            local: said.start_local,
            zone: said.zone.clone(),
            start: time::start(said.start_local, &said.zone, said.second_hour).ok()?,
            modality: said.modality,
            status: AppointmentStatus::Proposed,
            kept: false,
            sequence: 0,
            by: proposal.entry.by.clone(),
        })
    })
}

/// Our own calls alone tell how well a practice is reached.
pub(super) fn call(attempt: &crate::domain::fold::Attempt) -> Option<CallReading> {
    let ours =
        attempt.said.direction == Direction::ToPartner && attempt.said.channel == Channel::Voice;
    let partner = attempt.said.partner.clone().filter(|_| ours)?;
    Some(CallReading {
        partner,
        at: attempt.entry.occurred_at.timestamp(),
        answered: attempt.reached(),
    })
}

pub(super) fn flag(record: &Record, flag: &PatientFlag, receipts: &Receipts) -> FlagReading {
    let raised_at = flag.entry.occurred_at.timestamp();
    let setting = record.encounters.iter().find(|e| {
        let at = e.entry.occurred_at.timestamp();
        let ended = e.ended.as_ref();
        at <= raised_at
            && raised_at < e.is_over_by()
            && ended.is_none_or(|end| end.timestamp() >= raised_at)
    });
    let handed_at = flag
        .handed
        .as_ref()
        .map(|(_, _, e)| e.occurred_at.timestamp());
    let assessed_at = flag.assessed.as_ref().map(|e| e.occurred_at.timestamp());
    let first = [handed_at, assessed_at].into_iter().flatten().min();
    let mut resolved_by: Vec<_> = flag.resolved.iter().map(|e| e.by.clone()).collect();
    resolved_by.sort();
    resolved_by.dedup();
    FlagReading {
        id: flag.id,
        reason: flag.reason,
        status: flag.status,
        by: flag.entry.by.clone(),
        device: flag.entry.device,
        raised_at,
        received_at: receipts.received_at(flag.id),
        setting: setting.map(|e| e.setting),
        handed: flag
            .handed
            .as_ref()
            .map(|(to, _, e)| (to.clone(), e.occurred_at.timestamp())),
        // One that is claimed to have come before the worry tells nothing of how long it took.
        clinician_min: first
            .map(|at| time::minutes_between(raised_at, at))
            .filter(|minutes| *minutes >= 0),
        resolved_by,
        resolved_at: flag
            .resolved
            .iter()
            .map(|e| e.occurred_at.timestamp())
            .min(),
    }
}
