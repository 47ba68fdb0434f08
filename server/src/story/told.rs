//! What a story comes to, as JSON: every thing under the name that the story gave it, never under an id, in an order
//! that does not depend on how it was played. Only writes down what a reading says.

use super::names::Names;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use serde::Serialize;
use std::collections::BTreeMap;
use warmhand_core::domain::code::{
    AppointmentStatus, DecisionState, FlagStatus, Grade, LeaveCheck, Mode, ReviewKind, Stage,
    TaskKind,
};
use warmhand_core::domain::id::{EntryId, UserId};
use warmhand_core::domain::read::{Reading, Summary, TaskState};

/// Records by name.
pub type Records = BTreeMap<String, Record>;

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    patient: Option<String>,
    stage: Stage,
    identify_to_contact_min: Option<i64>,
    days_to_attended: Option<i64>,
    sla_late_min: Option<i64>,
    decision: DecisionState,
    mode: Modes,
    encounters: Vec<Encounter>,
    appointments: Vec<Appointment>,
    days_to_appt: Option<i64>,
    days_from_offer: Option<i64>,
    converted: bool,
    flags: Vec<Flag>,
    #[serde(rename = "loop")]
    turns: Vec<Turn>,
    tasks: Vec<Task>,
    review: Vec<Question>,
    plan_version: u32,
    corrections: u32,
    proposals: Vec<Proposal>,
    bser_path: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Modes {
    intended: Option<Mode>,
    achieved: Option<Mode>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Encounter {
    #[serde(rename = "as")]
    named: Option<String>,
    grade: Grade,
    leave_check: LeaveCheck,
    late_entries: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Appointment {
    #[serde(rename = "as")]
    named: Option<String>,
    kept: bool,
    local: String,
    zone: String,
    utc: String,
    status: AppointmentStatus,
    sequence: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Flag {
    #[serde(rename = "as")]
    named: Option<String>,
    status: FlagStatus,
    clinician_min: Option<i64>,
    resolved_by: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Turn {
    state: &'static str,
    at: Option<String>,
}

#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize)]
struct Task {
    kind: TaskKind,
    due: Option<String>,
    owner: Option<String>,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Question {
    kind: ReviewKind,
    #[serde(rename = "for")]
    owner: Option<String>,
    told: Option<String>,
    opened_at: Option<String>,
    settled_at: Option<String>,
    open_minutes: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Proposal {
    #[serde(rename = "as")]
    named: Option<String>,
    kind: String,
    by: String,
    answered_at: Option<String>,
}

/// With what eyes a story is written down.
#[derive(Clone, Copy)]
pub(super) struct Eyes<'a> {
    pub names: &'a Names,
    pub zone: &'a TimeZone,
    pub now: Timestamp,
}

impl Eyes<'_> {
    /// All records of these patients. A record that the story left without a name is counted.
    pub(super) fn records(self, readings: &[Reading]) -> Records {
        let mut all: Vec<&Summary> = readings.iter().flat_map(|r| &r.records).collect();
        all.sort_by_key(|summary| summary.record);
        let mut nameless = 0;
        all.into_iter()
            .filter(|summary| summary.patient.is_some())
            .map(|summary| {
                let name = if let Some(name) = self.names.of_record(summary.record) {
                    name.to_owned()
                } else {
                    nameless += 1;
                    format!("unnamed-{nameless}")
                };
                (name, self.record(summary))
            })
            .collect()
    }

    fn record(self, summary: &Summary) -> Record {
        Record {
            patient: summary
                .patient
                .and_then(|patient| self.names.of_patient(patient))
                .map(str::to_owned),
            stage: summary.stage,
            identify_to_contact_min: summary.identify_to_contact_min,
            days_to_attended: summary.days_to_attended,
            sla_late_min: summary
                .promises
                .iter()
                .filter_map(|p| p.late_min(self.now))
                .max(),
            decision: summary.decision,
            mode: Modes {
                intended: summary.mode_intended,
                achieved: summary.mode_achieved,
            },
            encounters: self.encounters(summary),
            appointments: self.appointments(summary),
            days_to_appt: summary.days_to_appt,
            days_from_offer: summary.days_from_offer,
            converted: summary.converted,
            flags: self.flags(summary),
            turns: summary
                .loop_history
                .iter()
                .map(|turn| Turn {
                    state: if turn.closed.is_some() {
                        "closed"
                    } else {
                        "open"
                    },
                    at: turn.at.map(|at| self.time(at)),
                })
                .collect(),
            tasks: self.tasks(summary),
            review: self.review(summary),
            plan_version: summary.plan_version,
            corrections: summary.corrections,
            proposals: self.proposals(summary),
            bser_path: summary.bser_path.clone(),
        }
    }

    fn encounters(self, summary: &Summary) -> Vec<Encounter> {
        let mut all: Vec<_> = summary
            .encounters
            .iter()
            .map(|e| (e.started_at, self.named(e.id), e))
            .collect();
        all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        all.into_iter()
            .map(|(_, named, e)| Encounter {
                named,
                grade: e.grade,
                leave_check: e.leave_check,
                late_entries: e.late_entries,
            })
            .collect()
    }

    fn appointments(self, summary: &Summary) -> Vec<Appointment> {
        let mut all: Vec<_> = summary
            .appointments
            .iter()
            .map(|a| (a.start, self.named(a.id), a))
            .collect();
        all.sort_by(|a, b| (a.0, &a.1, &a.2.partner).cmp(&(b.0, &b.1, &b.2.partner)));
        all.into_iter()
            .map(|(_, named, a)| Appointment {
                named,
                kept: a.kept,
                local: a.local.strftime("%Y-%m-%dT%H:%M").to_string(),
                zone: a.zone.clone(),
                utc: a.start.strftime("%Y-%m-%dT%H:%MZ").to_string(),
                status: a.status,
                sequence: a.sequence,
            })
            .collect()
    }

    fn flags(self, summary: &Summary) -> Vec<Flag> {
        let mut all: Vec<_> = summary
            .flags
            .iter()
            .map(|f| (f.raised_at, self.named(f.id), f))
            .collect();
        all.sort_by(|a, b| (a.0, &a.1, a.2.reason).cmp(&(b.0, &b.1, b.2.reason)));
        all.into_iter()
            .map(|(_, named, f)| Flag {
                named,
                status: f.status,
                clinician_min: f.clinician_min,
                resolved_by: people(&f.resolved_by),
            })
            .collect()
    }

    fn tasks(self, summary: &Summary) -> Vec<Task> {
        let mut all: Vec<Task> = summary
            .tasks
            .iter()
            .map(|task| Task {
                kind: task.kind,
                due: task.due_at.map(|at| self.time(at)),
                owner: people(&task.owners),
                state: match task.state(self.now) {
                    TaskState::Open => "open",
                    TaskState::Done => "done",
                    TaskState::Lapsed => "lapsed",
                    TaskState::Paused => "paused",
                },
            })
            .collect();
        let last = String::from("~");
        all.sort_by(|a, b| {
            let key = |t: &Task| {
                (
                    t.due.clone().unwrap_or_else(|| last.clone()),
                    t.kind,
                    t.owner.clone(),
                    t.state,
                )
            };
            key(a).cmp(&key(b))
        });
        all
    }

    fn review(self, summary: &Summary) -> Vec<Question> {
        let mut all: Vec<_> = summary
            .review
            .iter()
            .map(|item| {
                let question = Question {
                    kind: item.kind,
                    owner: people(&item.owners),
                    told: people(&item.told),
                    opened_at: item.opened_at.map(|at| self.time(at)),
                    settled_at: item.settled_at.map(|at| self.time(at)),
                    open_minutes: item.open_minutes(self.now),
                };
                (
                    (
                        item.opened_at.is_none(),
                        item.opened_at,
                        item.kind,
                        item.settled_at,
                    ),
                    question,
                )
            })
            .collect();
        all.sort_by(|a, b| (a.0, &a.1.owner, &a.1.told).cmp(&(b.0, &b.1.owner, &b.1.told)));
        all.into_iter().map(|(_, question)| question).collect()
    }

    fn proposals(self, summary: &Summary) -> Vec<Proposal> {
        let mut all: Vec<_> = summary.proposals.iter().collect();
        all.sort_by_key(|p| (p.since, self.named(p.entry), p.kind.clone()));
        all.into_iter()
            .map(|p| Proposal {
                named: self.named(p.entry),
                kind: p.kind.clone(),
                by: p.by.to_string(),
                answered_at: p.answered_at.map(|at| self.time(at)),
            })
            .collect()
    }

    fn named(self, entry: EntryId) -> Option<String> {
        self.names.of_entry(entry).map(str::to_owned)
    }

    /// A time in the story's zone, with its offset.
    pub(super) fn time(self, at: Timestamp) -> String {
        let at = at
            .round(Unit::Second)
            .unwrap_or(at)
            .to_zoned(self.zone.clone());
        let form = if at.second() == 0 {
            "%Y-%m-%dT%H:%M%:z"
        } else {
            "%Y-%m-%dT%H:%M:%S%:z"
        };
        at.strftime(form).to_string()
    }
}

/// People in a row; nobody is null.
fn people(users: &[UserId]) -> Option<String> {
    let mut names: Vec<&str> = users.iter().map(UserId::as_str).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| names.join(", "))
}
