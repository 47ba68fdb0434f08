//! What has to be said before she leaves: four marks, the grade and the leave-check, as if she left now. It informs and
//! stands before nothing.

use crate::domain::code::{DecisionValue, Grade, LeaveCheck, Modality, StepKind};
use crate::domain::fold::{Encounter, Record};
use crate::domain::payload::Revisit;
use crate::usecase::Desk;
use crate::view::fact;
use crate::view::may::if_she_left;
use crate::view::when::{Length, When};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// What has to be said before she leaves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeaveStrip {
    /// The four marks, in their order; one is enough but for a better grade.
    pub marks: Vec<LeaveMark>,
    /// The grade if she left now, or that with which she left.
    pub grade: Grade,
    /// What the leave-check would say if she left now, or has said.
    pub leave_check: LeaveCheck,
    /// She has not left yet.
    pub is_as_if_now: bool,
}

/// A mark on the strip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeaveMark {
    /// What.
    pub kind: LeaveKind,
    /// It is so.
    pub done: bool,
    /// With which practice, or whom.
    pub with: Option<String>,
    /// When: of the call, the visit, the step; or the day of the check-in.
    pub when: Option<When>,
    /// The day of a check-in.
    pub on: Option<Date>,
    /// How long the call was.
    pub length: Option<Length>,
    /// How the visit takes place.
    pub modality: Option<Modality>,
    /// What the step is.
    pub step: Option<StepKind>,
}

/// What may be marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveKind {
    /// She spoke with a practice.
    Spoke,
    /// An appointment stands.
    Appointment,
    /// A dated step with a contact stands.
    NextStep,
    /// Not today, with a reason and a revisit.
    NotToday,
}

fn mark(kind: LeaveKind, done: bool) -> LeaveMark {
    LeaveMark {
        kind,
        done,
        with: None,
        when: None,
        on: None,
        length: None,
        modality: None,
        step: None,
    }
}

pub(super) fn strip(desk: &Desk<'_>, record: &Record, encounter: &Encounter) -> LeaveStrip {
    let is_open = encounter.ended.is_none();
    let ended = is_open.then(|| if_she_left(desk, encounter.id)).flatten();
    let read = ended.as_ref().unwrap_or(encounter);
    LeaveStrip {
        marks: vec![
            spoke(desk, record, read),
            appointment(desk, record, read),
            step(desk, record, read),
            not_today(record, read),
        ],
        grade: read.grade,
        leave_check: read.leave_check,
        is_as_if_now: is_open,
    }
}

fn began(encounter: &Encounter) -> Timestamp {
    encounter.entry.occurred_at.timestamp()
}

fn spoke(desk: &Desk<'_>, record: &Record, encounter: &Encounter) -> LeaveMark {
    let attempt = record
        .attempts
        .iter()
        .find(|a| a.said.encounter == Some(encounter.id) && a.spoke_directly())
        .filter(|_| encounter.direct_contact);
    let Some(attempt) = attempt else {
        return mark(LeaveKind::Spoke, false);
    };
    let start = &attempt.entry.occurred_at;
    LeaveMark {
        with: attempt
            .said
            .partner
            .as_ref()
            .map(|id| fact::practice(id, desk.sheet)),
        when: Some(When::zoned(start, desk.now)),
        length: attempt
            .said
            .ended_at
            .as_ref()
            .map(|end| Length::between(start.timestamp(), end.timestamp())),
        ..mark(LeaveKind::Spoke, true)
    }
}

fn appointment(desk: &Desk<'_>, record: &Record, encounter: &Encounter) -> LeaveMark {
    let live = record
        .appointments
        .iter()
        .filter(|a| {
            a.is_live()
                && a.entry.occurred_at.timestamp() >= began(encounter)
                && a.slot.start >= began(encounter)
        })
        .min_by_key(|a| (a.slot.start, a.id));
    let Some(live) = live.filter(|_| encounter.booked) else {
        return mark(LeaveKind::Appointment, encounter.booked);
    };
    let zone = jiff::tz::TimeZone::get(&live.slot.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    LeaveMark {
        with: Some(fact::practice(live.partner(), desk.sheet)),
        when: Some(When::of(live.slot.start, &zone, desk.now)),
        modality: Some(live.slot.modality),
        ..mark(LeaveKind::Appointment, true)
    }
}

fn step(desk: &Desk<'_>, record: &Record, encounter: &Encounter) -> LeaveMark {
    let live = record
        .steps
        .iter()
        .filter(|s| s.is_live() && s.entry.occurred_at.timestamp() >= began(encounter))
        .min_by_key(|s| (s.due_at(), s.entry.id));
    let Some(live) = live.filter(|_| encounter.dated_step) else {
        return mark(LeaveKind::NextStep, encounter.dated_step);
    };
    LeaveMark {
        with: Some(live.said.contact_name.clone()),
        when: Some(When::zoned(&live.said.due_at, desk.now)),
        step: Some(live.said.what),
        ..mark(LeaveKind::NextStep, true)
    }
}

fn not_today(record: &Record, encounter: &Encounter) -> LeaveMark {
    let declined = record
        .decisions
        .iter()
        .filter(|d| d.encounter == Some(encounter.id))
        .max_by_key(|d| (d.entry.occurred_at.timestamp(), d.entry.id))
        .filter(|d| {
            matches!(
                d.said.value,
                DecisionValue::Hesitant | DecisionValue::NotToday
            )
        });
    LeaveMark {
        on: declined.and_then(|d| match d.said.revisit {
            Some(Revisit::On(date)) => Some(date),
            _ => None,
        }),
        ..mark(LeaveKind::NotToday, declined.is_some())
    }
}
