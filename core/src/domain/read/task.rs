//! Tasks: what the rules say is to be done, one per causing entry. Never written, never dropped: a task is open, done
//! by somebody, or lapsed for a reason that is shown.

use super::summary::AppointmentReading;
use super::{PromiseReading, ReviewReading};
use crate::domain::code::{
    AppointmentStatus, ContactWith, DecisionValue, FlagStatus, LeaveCheck, ReviewKind, StepKind,
    TaskKind,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::Record;
use crate::domain::id::{DerivedId, EntryId, PartnerId, UserId};
use crate::domain::join::Patient;
use crate::domain::organisation::{Calendar, Organisation};
use crate::domain::payload::Revisit;
use crate::domain::time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
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
}

impl TaskReading {
    /// How it stands at a time.
    pub fn state(&self, now: Timestamp) -> TaskState {
        match (self.done, self.lapses_at) {
            (Some(_), _) => TaskState::Done,
            (None, Some(at)) if at <= now => TaskState::Lapsed,
            (None, _) => TaskState::Open,
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
    pub closed_at: Option<Timestamp>,
    pub sheet: &'a Organisation,
}

impl Work<'_> {
    pub(super) fn tasks(&self) -> Vec<TaskReading> {
        let mut tasks = Vec::new();
        self.of_appointments(&mut tasks);
        self.of_contacts(&mut tasks);
        self.of_decisions(&mut tasks);
        self.of_settlements(&mut tasks);
        self.of_encounters(&mut tasks);
        for task in &mut tasks {
            // A closed loop ends what it was for; safety goes on.
            task.lapses_at = [task.lapses_at, self.closed_at].into_iter().flatten().min();
        }
        self.of_flags(&mut tasks);
        for task in &mut tasks {
            task.done = [task.done, self.ticked(task.id)]
                .into_iter()
                .flatten()
                .min_by_key(|(_, at)| *at);
        }
        tasks.sort_by_key(|t| (t.due_at.is_none(), t.due_at, t.id));
        tasks
    }

    fn calendar(&self) -> (Calendar, TimeZone) {
        self.record.site.as_ref().map_or_else(
            || (Calendar::default(), TimeZone::UTC),
            |site| {
                (
                    self.sheet
                        .site(site)
                        .map(|s| s.calendar.clone())
                        .unwrap_or_default(),
                    self.sheet.site_zone(site),
                )
            },
        )
    }

    /// Close of the n-th working day after an instant.
    fn business_days_after(&self, at: Timestamp, n: u16) -> Timestamp {
        let (calendar, zone) = self.calendar();
        calendar.closing_on(
            calendar.business_day_after(time::date_in(at, &zone), n),
            &zone,
        )
    }

    fn task(&self, kind: TaskKind, cause: &Entry, due_at: Option<Timestamp>) -> TaskReading {
        let owners = if self.record.owners.is_empty() {
            vec![cause.by.clone()]
        } else {
            self.record.owners.clone()
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
        }
    }

    fn ticked(&self, task: DerivedId) -> Option<(EntryId, Timestamp)> {
        self.patient
            .records
            .iter()
            .flat_map(Record::entries)
            .filter(|e| matches!(&e.body, Body::TaskDone(p) if p.task == task))
            .map(|e| (e.id, e.occurred_at.timestamp()))
            .min_by_key(|(id, at)| (*at, *id))
    }

    /// The first entry after an instant that answers something.
    fn answered(
        &self,
        since: Timestamp,
        cause: EntryId,
        answers: impl Fn(&Body) -> bool,
    ) -> Option<(EntryId, Timestamp)> {
        self.record
            .entries()
            .iter()
            .filter(|e| e.id != cause && answers(&e.body) && e.occurred_at.timestamp() >= since)
            .map(|e| (e.id, e.occurred_at.timestamp()))
            .min_by_key(|(id, at)| (*at, *id))
    }

    fn of_appointments(&self, tasks: &mut Vec<TaskReading>) {
        for (appointment, read) in self.record.appointments.iter().zip(self.appointments) {
            let start = appointment.slot.start;
            let gone = matches!(
                appointment.status,
                AppointmentStatus::Cancelled | AppointmentStatus::Superseded
            )
            .then_some(appointment.status_at);
            let zone = TimeZone::get(&appointment.slot.zone).unwrap_or(TimeZone::UTC);
            let day_before = start.to_zoned(zone).saturating_sub(1.day()).timestamp();
            let mut reminder = self.task(TaskKind::Reminder, &appointment.entry, Some(day_before));
            // Booked for so soon that she was told a moment ago: there is nothing to remind her of.
            let told = appointment.entry.occurred_at.timestamp();
            reminder.lapses_at = Some(if day_before <= told {
                told
            } else {
                gone.unwrap_or(start)
            });
            let mut check = self.task(
                TaskKind::AttendanceCheck,
                &appointment.entry,
                Some(self.business_days_after(start, 1)),
            );
            check.lapses_at = gone;
            let outcome =
                |b: &Body| matches!(b, Body::OutcomeRecorded(p) if p.appointment == appointment.id);
            check.done = self.answered(Timestamp::MIN, appointment.id, outcome);
            for task in [&mut reminder, &mut check] {
                task.partner = Some(read.partner.clone());
            }
            tasks.extend([reminder, check]);
            self.rescue(appointment.id, tasks);
        }
    }

    fn rescue(&self, appointment: EntryId, tasks: &mut Vec<TaskReading>) {
        let missed = self.record.entries().iter().find(|e| {
            matches!(&e.body, Body::OutcomeRecorded(p)
                if p.appointment == appointment && p.value == crate::domain::code::OutcomeValue::NoShow)
        });
        let stands = self.record.appointment(appointment).is_some_and(|a| {
            matches!(
                a.status,
                AppointmentStatus::NoShow | AppointmentStatus::OutcomeDisputed
            )
        });
        if let Some(missed) = missed.filter(|_| stands) {
            let at = missed.occurred_at.timestamp();
            let mut rescue = self.task(
                TaskKind::NoShowRescue,
                missed,
                Some(self.business_days_after(at, 2)),
            );
            let answers =
                |b: &Body| matches!(b, Body::AppointmentBooked(_) | Body::DecisionRecorded(_));
            rescue.done = self.answered(at, missed.id, answers);
            tasks.push(rescue);
        }
    }

    fn of_contacts(&self, tasks: &mut Vec<TaskReading>) {
        for attempt in self.record.attempts.iter().filter(|a| a.needs_retry()) {
            let at = attempt.entry.occurred_at.timestamp();
            let retry_at = attempt.said.retry_at.as_ref().map(jiff::Zoned::timestamp);
            let due = retry_at.unwrap_or_else(|| self.business_days_after(at, 1));
            let mut retry = self.task(TaskKind::RetryCall, &attempt.entry, Some(due));
            let with: ContactWith = attempt.said.with;
            retry.partner.clone_from(&attempt.said.partner);
            retry.done = self
                .record
                .attempts
                .iter()
                .filter(|a| {
                    a.entry.id != attempt.entry.id
                        && a.said.with == with
                        && a.entry.occurred_at.timestamp() > at
                })
                .map(|a| (a.entry.id, a.entry.occurred_at.timestamp()))
                .min_by_key(|(id, at)| (*at, *id));
            tasks.push(retry);
        }
        for step in &self.record.steps {
            let promise = self.promises.iter().find(|p| p.step == step.entry.id);
            let kind = if step.said.what == StepKind::PartnerCallback {
                TaskKind::PromiseMissed
            } else {
                TaskKind::NextStep
            };
            let due = promise.map_or(step.due_at(), |p| p.due_at);
            let mut task = self.task(kind, &step.entry, Some(due));
            task.owners = step
                .said
                .owner
                .clone()
                .map_or(task.owners, |owner| vec![owner]);
            task.partner.clone_from(&step.said.partner);
            let met = promise.and_then(|p| p.met_at).map(|at| (step.entry.id, at));
            task.done = [step.fulfilled, met]
                .into_iter()
                .flatten()
                .min_by_key(|(_, at)| *at);
            task.lapses_at = step.cancelled.map(|(_, at)| at);
            tasks.push(task);
        }
    }

    fn of_decisions(&self, tasks: &mut Vec<TaskReading>) {
        let (calendar, zone) = self.calendar();
        for decision in &self.record.decisions {
            let declined = matches!(
                decision.said.value,
                DecisionValue::Hesitant | DecisionValue::NotToday
            );
            let Some(revisit) = decision.said.revisit.as_ref().filter(|_| declined) else {
                continue;
            };
            let due = match revisit {
                Revisit::On(date) => Some(calendar.closing_on(*date, &zone)),
                Revisit::NextEncounter => None,
            };
            let mut task = self.task(TaskKind::Revisit, &decision.entry, due);
            let at = decision.entry.occurred_at.timestamp();
            task.done = self.answered(at, decision.entry.id, |b| {
                matches!(b, Body::DecisionRecorded(_))
            });
            tasks.push(task);
        }
    }

    /// When one of two bookings was kept, the other practice is told by a person.
    fn of_settlements(&self, tasks: &mut Vec<TaskReading>) {
        for item in self
            .review
            .iter()
            .filter(|i| i.kind == ReviewKind::TwoBooked)
        {
            let settling = self.record.entries().iter().find(|e| {
                matches!(&e.body, Body::ReviewSettled(p) if p.items.contains(&item.id) && Some(p.keep) == item.keep)
            });
            let other = item
                .choices
                .iter()
                .find(|c| Some(**c) != item.keep)
                .and_then(|c| self.record.appointment(*c));
            let (Some(settling), Some(other)) = (settling, other) else {
                continue;
            };
            let at = settling.occurred_at.timestamp();
            let mut task = self.task(
                TaskKind::CallOtherPartner,
                settling,
                Some(self.business_days_after(at, 1)),
            );
            task.partner = Some(other.partner().clone());
            let partner = other.partner();
            task.done = self.answered(at, settling.id, |b| {
                matches!(b, Body::ContactAttempted(p) if p.with == ContactWith::Partner && p.partner.as_ref() == Some(partner))
            });
            tasks.push(task);
        }
    }

    fn of_encounters(&self, tasks: &mut Vec<TaskReading>) {
        for encounter in self
            .record
            .encounters
            .iter()
            .filter(|e| e.leave_check == LeaveCheck::Fail)
        {
            let Some(left) = encounter.ended.as_ref().map(jiff::Zoned::timestamp) else {
                continue;
            };
            let mut task = self.task(
                TaskKind::NextDay,
                &encounter.entry,
                Some(self.business_days_after(left, 1)),
            );
            task.done = self.answered(left, encounter.id, |b| {
                matches!(
                    b,
                    Body::NextStepSet(_) | Body::AppointmentBooked(_) | Body::DecisionRecorded(_)
                )
            });
            tasks.push(task);
        }
    }

    fn of_flags(&self, tasks: &mut Vec<TaskReading>) {
        for flag in self
            .patient
            .flags
            .iter()
            .filter(|f| f.record == self.record.id)
        {
            let raised = flag.entry.occurred_at.timestamp();
            let (_, zone) = self.calendar();
            let due = self.business_days_after(raised, 1);
            let mut task = self.task(TaskKind::SafetyNextDay, &flag.entry, Some(due));
            let day = time::date_in(due, &zone);
            // Any contact that reaches her from that day on is the contact that was meant.
            task.done = self
                .patient
                .records
                .iter()
                .flat_map(|r| &r.attempts)
                .filter(|a| a.said.with == ContactWith::Patient && a.reached())
                .filter(|a| time::date_in(a.entry.occurred_at.timestamp(), &zone) >= day)
                .map(|a| (a.entry.id, a.entry.occurred_at.timestamp()))
                .min_by_key(|(id, at)| (*at, *id));
            if flag.status == FlagStatus::Open {
                task.owners.push(flag.entry.by.clone());
                task.owners.sort();
                task.owners.dedup();
            }
            tasks.push(task);
        }
    }
}
