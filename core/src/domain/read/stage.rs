//! Where a record stands in one word, and what comes next in it.

use super::row::AppointmentReading;
use super::{PromiseReading, ReviewReading, TaskReading, TaskState};
use crate::domain::code::{
    AppointmentStatus, CloseReason, DecisionState, ReviewKind, Stage, TaskKind,
};
use crate::domain::fold::{Encounter, Record, ReviewItem};
use crate::domain::id::{EntryId, PartnerId};
use crate::domain::join::Patient;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What comes next in a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// What.
    pub kind: NextKind,
    /// When.
    pub at: Option<Timestamp>,
    /// With which practice.
    pub partner: Option<PartnerId>,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextKind {
    /// A person decides between two sentences.
    Decide(ReviewKind),
    /// A visit.
    Visit,
    /// A task.
    Task(TaskKind),
}

/// Is there a dated step to do? A promise made by sending alone has no named contact: it is none, unless a step was agreed
/// for it.
pub(super) fn live_step(
    record: &Record,
    promises: &[PromiseReading],
    tasks: &[TaskReading],
    now: Timestamp,
) -> bool {
    let is_step = |id: EntryId| record.steps.iter().any(|s| s.entry.id == id);
    let covers = |id: EntryId| {
        promises
            .iter()
            .any(|p| p.step == id && !p.covers.is_empty())
    };
    tasks.iter().any(|t| {
        matches!(t.kind, TaskKind::NextStep | TaskKind::PromiseMissed)
            && (is_step(t.cause) || covers(t.cause))
            && t.state(now) == TaskState::Open
    })
}

/// The headline: the first that fits, the cautious ones first.
pub(super) fn stage(
    patient: &Patient,
    record: &Record,
    closed: Option<CloseReason>,
    appointments: &[AppointmentReading],
    live_step: bool,
) -> Stage {
    let any = |status| appointments.iter().any(|a| a.status == status);
    let live = any(AppointmentStatus::Booked) || any(AppointmentStatus::Arrived);
    let asked = patient.questions(record).any(ReviewItem::is_open)
        || patient
            .across
            .iter()
            .any(|a| a.record == record.id && a.is_open());
    match record.decision {
        _ if patient.open_flags().next().is_some() => Stage::Safety,
        _ if asked => Stage::NeedsAPerson,
        _ if closed.is_some() => Stage::Closed,
        _ if any(AppointmentStatus::Attended) => Stage::Attended,
        _ if any(AppointmentStatus::NoShow) && !live => Stage::MissedVisit,
        _ if live => Stage::Booked,
        _ if live_step => Stage::NextStepSet,
        DecisionState::Withdrew | DecisionState::DoNotAskAgain => Stage::StoppedAtHerWish,
        DecisionState::Agreed => Stage::Connecting,
        DecisionState::Hesitant | DecisionState::NotToday => Stage::NotToday,
        DecisionState::Offered | DecisionState::Disputed => Stage::Offered,
        DecisionState::NotOffered if record.need.is_some() => Stage::Identified,
        DecisionState::NotOffered => Stage::Opened,
    }
}

/// A question first, then whatever is due first: a visit or a task.
pub(super) fn next(
    appointments: &[AppointmentReading],
    tasks: &[TaskReading],
    review: &[ReviewReading],
    now: Timestamp,
) -> Option<Next> {
    if let Some(item) = review.iter().find(|i| i.is_open()) {
        return Some(Next {
            kind: NextKind::Decide(item.kind),
            at: item.due_at,
            partner: None,
        });
    }
    let visits = appointments
        .iter()
        .filter(|a| a.status == AppointmentStatus::Booked && a.start > now)
        .map(|a| Next {
            kind: NextKind::Visit,
            at: Some(a.start),
            partner: Some(a.partner.clone()),
        });
    let open = tasks.iter().filter(|t| {
        // A check after a visit to come is not what comes next.
        t.state(now) == TaskState::Open && t.kind != TaskKind::AttendanceCheck
            || t.kind == TaskKind::AttendanceCheck
                && t.state(now) == TaskState::Open
                && appointments
                    .iter()
                    .any(|a| a.id == t.cause && a.start <= now)
    });
    let tasks = open.map(|t| Next {
        kind: NextKind::Task(t.kind),
        at: t.due_at,
        partner: t.partner.clone(),
    });
    visits.chain(tasks).min_by_key(|n| (n.at.is_none(), n.at))
}

/// The next instant at which time alone makes this read otherwise.
pub(super) fn good_until(
    record: &Record,
    appointments: &[AppointmentReading],
    tasks: &[TaskReading],
    now: Timestamp,
) -> Option<Timestamp> {
    let starts = appointments.iter().map(|a| a.start);
    let lapses = tasks.iter().filter_map(|t| t.lapses_at);
    let open = record.encounters.iter().filter(|e| e.ended.is_none());
    let over = open.map(Encounter::is_over_by);
    let turns = starts.chain(lapses).chain(over);
    turns.filter(|at| *at > now).min()
}
