//! Tasks: what the rules say is to be done, one per causing entry. Never written, never dropped: a task is open, done
//! by somebody, or lapsed for a reason that is shown. What comes to be known of an earlier time may show that there was none.

mod connection;
mod follow_up;
mod nobody;
mod unplanned;

use super::row::AppointmentReading;
use super::{LoopPoint, PromiseReading, ReviewReading};
use crate::domain::code::{DecisionState, DecisionValue, DocumentKind, TaskKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::Record;
use crate::domain::id::{DerivedId, EntryId, PartnerId, UserId};
use crate::domain::join::Patient;
use crate::domain::organisation::{Calendar, Organisation, Person};
use crate::domain::time;
use crate::domain::visibility;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskReading {
    /// Derived from kind and cause.
    pub id: DerivedId,
    /// What kind.
    pub kind: TaskKind,
    /// The entry that caused it.
    pub cause: EntryId,
    /// When it is due; none for "when she is next seen".
    pub due_at: Option<Timestamp>,
    /// Whose it is.
    pub owners: Vec<UserId>,
    /// With which practice.
    pub partner: Option<PartnerId>,
    /// When it was done, by which entry.
    pub done: Option<(EntryId, Timestamp)>,
    /// When it stops making sense though nobody did it.
    pub lapses_at: Option<Timestamp>,
    /// Why it does.
    #[serde(default)]
    pub lapse: Option<Lapse>,
    /// Held back: nothing goes to a practice while she does not agree, or her decision is in question.
    #[serde(default)]
    pub paused: bool,
}

/// Why nobody has to do it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lapse {
    /// The visit has begun, or is so near that she was told a moment ago.
    TooLate,
    /// The visit was called off, or another took its place.
    CalledOff,
    /// What became of the visit was heard otherwise: nobody stayed away.
    HeardOtherwise,
    /// The step was given up or set anew; the practice's promise ended.
    NoLongerMeant,
    /// A person let the other of two decisions stand.
    Settled,
    /// It was raised in error, as a clinician says.
    InError,
    /// The loop was closed.
    LoopClosed,
}

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// To do.
    Open,
    /// Done.
    Done,
    /// Overtaken by what happened.
    Lapsed,
    /// Still meant, and held back while she says anything but yes, or two people heard different decisions.
    Paused,
}

impl TaskReading {
    /// How it stands at a time.
    pub fn state(&self, now: Timestamp) -> TaskState {
        match (self.done, self.lapses_at) {
            (Some(_), _) => TaskState::Done,
            (None, Some(at)) if at <= now => TaskState::Lapsed,
            (None, _) if self.paused => TaskState::Paused,
            (None, _) => TaskState::Open,
        }
    }

    /// It makes no sense from then on; the first reason counts.
    fn lapses(&mut self, at: Option<Timestamp>, why: Lapse) {
        if let Some(at) = at.filter(|at| self.lapses_at.is_none_or(|was| *at < was)) {
            self.lapses_at = Some(at);
            self.lapse = Some(why);
        }
    }

    /// Is it open and past its time?
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state(now) == TaskState::Open
            && self.due_at.is_some_and(|due| time::is_overdue(due, now))
    }
}

/// What all tasks of a record are made from.
pub(super) struct Work<'a> {
    pub patient: &'a Patient,
    pub record: &'a Record,
    pub appointments: &'a [AppointmentReading],
    pub promises: &'a [PromiseReading],
    pub review: &'a [ReviewReading],
    pub turns: &'a [LoopPoint],
    pub closed_at: Option<Timestamp>,
    pub sheet: &'a Organisation,
    pub now: Timestamp,
}

impl Work<'_> {
    /// What is to do, and until when nothing more is though nobody writes anything.
    pub(super) fn tasks(&self) -> (Vec<TaskReading>, Option<Timestamp>) {
        let mut tasks = Vec::new();
        self.of_appointments(&mut tasks);
        self.of_contacts(&mut tasks);
        self.of_referrals(&mut tasks);
        self.of_steps(&mut tasks);
        self.of_decisions(&mut tasks);
        self.of_settlements(&mut tasks);
        self.of_encounters(&mut tasks);
        self.of_called_off(&mut tasks);
        self.of_agreements(&mut tasks);
        for task in &mut tasks {
            // A closed loop ends what it was for; safety goes on, and so does a call to a practice that still expects her.
            let closed_at = self
                .closed_at
                .filter(|_| task.kind != TaskKind::CallOtherPartner);
            task.lapses(closed_at, Lapse::LoopClosed);
            task.paused = self.is_held_back(task);
        }
        self.tick(&mut tasks);
        let quiet_until = self.of_nobody(&mut tasks);
        let mut of_flags = Vec::new();
        self.of_flags(&mut of_flags);
        self.tick(&mut of_flags);
        tasks.extend(of_flags);
        tasks.sort_by_key(|t| (t.due_at.is_none(), t.due_at, t.id));
        (tasks, quiet_until)
    }

    /// What somebody says is done, is.
    fn tick(&self, tasks: &mut [TaskReading]) {
        for task in tasks {
            task.done = [task.done, self.ticked(task)]
                .into_iter()
                .flatten()
                .min_by_key(|(_, at)| *at);
        }
    }

    /// While her decision is in question, or she says anything but yes, no rule lets anybody call a practice for her: what
    /// would need that waits, and is not forgotten. What is between her and us is paused by a question alone.
    fn is_held_back(&self, task: &TaskReading) -> bool {
        let in_question = match self.record.decision {
            DecisionState::Disputed => true,
            DecisionState::Hesitant
            | DecisionState::NotToday
            | DecisionState::DoNotAskAgain
            | DecisionState::Withdrew => false,
            DecisionState::NotOffered | DecisionState::Offered | DecisionState::Agreed => {
                return false;
            }
        };
        match task.kind {
            TaskKind::TryNextPartner | TaskKind::PromiseMissed | TaskKind::SendReferral => true,
            TaskKind::RetryCall => task.partner.is_some(),
            TaskKind::NextStep => {
                let mut steps = self.record.steps.iter();
                let step = steps.find(|s| s.entry.id == task.cause);
                in_question || step.is_some_and(|s| s.said.what.is_with_a_practice())
            }
            _ => false,
        }
    }

    fn calendar(&self) -> (Calendar, TimeZone) {
        calendar(self.record, self.sheet)
    }

    /// Close of the n-th working day after an instant.
    fn business_days_after(&self, at: Timestamp, n: u16) -> Timestamp {
        business_days_after(self.record, self.sheet, at, n)
    }

    fn task(&self, kind: TaskKind, cause: &Entry, due_at: Option<Timestamp>) -> TaskReading {
        let owners = match &self.record.owners[..] {
            [] => self.of_who_said(cause).collect(),
            owners => owners.to_vec(),
        };
        TaskReading {
            id: DerivedId::derive(kind.as_str(), &[cause.id]),
            kind,
            cause: cause.id,
            due_at,
            owners,
            partner: None,
            done: None,
            lapses_at: None,
            lapse: None,
            paused: false,
        }
    }

    /// Who said it, unless she may not see the record: what is hers alone would be before nobody. Whatever but a worry
    /// somebody says lets her see it.
    fn of_who_said<'e>(&self, entry: &'e Entry) -> impl Iterator<Item = UserId> + use<'e> {
        let is_hidden = entry.body.is_said_beside() && self.is_hidden_from(&entry.by);
        (!is_hidden).then(|| entry.by.clone()).into_iter()
    }

    /// Is she somebody whom the sheet knows, and may not see the patient's records?
    fn is_hidden_from(&self, user: &UserId) -> bool {
        let sees = |person: &Person| {
            visibility::may_see(person, &self.patient.scopes(), DocumentKind::Record, false)
        };
        self.sheet.person(user).is_some_and(|person| !sees(person))
    }

    fn ticked(&self, task: &TaskReading) -> Option<(EntryId, Timestamp)> {
        self.ticks(task).min_by_key(|(id, at)| (*at, *id))
    }

    /// Whatever says that this task is done.
    fn ticks(&self, task: &TaskReading) -> impl Iterator<Item = (EntryId, Timestamp)> {
        let of_visit = matches!(task.kind, TaskKind::Reminder | TaskKind::AttendanceCheck);
        let visit = self.record.appointment(task.cause).filter(|_| of_visit);
        let id = task.id;
        let all = self.patient.records.iter();
        all.flat_map(|r| r.past.standing())
            .filter(move |e| matches!(&e.body, Body::TaskDone(p) if p.task == id))
            .filter(move |e| visit.is_none_or(|visit| self.knew_its_time(visit, e.id)))
            .map(|e| (e.id, e.occurred_at.timestamp()))
    }

    /// The first entry after an instant that answers something.
    fn answered(
        &self,
        since: Timestamp,
        cause: EntryId,
        answers: impl Fn(&Body) -> bool,
    ) -> Option<(EntryId, Timestamp)> {
        self.record
            .past
            .standing()
            .iter()
            .filter(|e| e.id != cause && answers(&e.body) && e.occurred_at.timestamp() >= since)
            .map(|e| (e.id, e.occurred_at.timestamp()))
            .min_by_key(|(id, at)| (*at, *id))
    }
}

/// Does it say how she goes on? A visit or a step does, and so does any word of hers but yes: that she agrees is no plan.
fn plans(body: &Body) -> bool {
    match body {
        Body::AppointmentBooked(_) | Body::NextStepSet(_) => true,
        Body::DecisionRecorded(said) => said.value != DecisionValue::Agreed,
        _ => false,
    }
}

/// The working days of the site at which a record was opened, and its clock.
fn calendar(record: &Record, sheet: &Organisation) -> (Calendar, TimeZone) {
    record.site.as_ref().map_or_else(
        || (Calendar::default(), TimeZone::UTC),
        |site| {
            let calendar = sheet.site(site).map(|s| s.calendar.clone());
            (calendar.unwrap_or_default(), sheet.site_zone(site))
        },
    )
}

fn business_days_after(record: &Record, sheet: &Organisation, at: Timestamp, n: u16) -> Timestamp {
    let (calendar, zone) = calendar(record, sheet);
    let day = calendar.business_day_after(time::date_in(at, &zone), n);
    calendar.closing_on(day, &zone)
}

/// When to try again after a call at this time that reached nobody, unless another time was agreed.
pub(crate) fn retry_due(record: &Record, sheet: &Organisation, at: Timestamp) -> Timestamp {
    business_days_after(record, sheet, at, 1)
}
