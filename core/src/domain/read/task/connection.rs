//! Tasks of the connection: visits to come and past, calls to make again, practices to try, promises and steps.

use super::{Lapse, TaskReading, Work, plans};
use crate::domain::code::{
    AppointmentStatus, ContactOutcome, ContactWith, DecisionValue, OutcomeValue, ReviewKind,
    StepKind, TaskKind,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::Appointment;
use crate::domain::id::{EntryId, PartnerId, UserId};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use std::sync::Arc;

impl Work<'_> {
    pub(super) fn of_appointments(&self, tasks: &mut Vec<TaskReading>) {
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
            // Booked for so soon that she was told a moment ago: there is nothing to remind her of. Who moves a visit may have
            // spoken with the practice alone.
            let told = appointment.entry.occurred_at.timestamp();
            let is_as_booked = appointment.slot.said_by.contains(&appointment.id);
            if is_as_booked && day_before <= told {
                reminder.lapses(Some(told), Lapse::TooLate);
            } else if gone.is_some() {
                reminder.lapses(gone, Lapse::CalledOff);
            } else {
                reminder.lapses(Some(start), Lapse::TooLate);
            }
            let mut check = self.task(
                TaskKind::AttendanceCheck,
                &appointment.entry,
                Some(self.business_days_after(start, 1)),
            );
            check.lapses(gone, Lapse::CalledOff);
            check.done = self
                .outcomes(appointment)
                .filter(|(value, e)| *value != OutcomeValue::Unknown && self.tells(appointment, e))
                .map(|(_, e)| (e.id, e.occurred_at.timestamp()))
                .min_by_key(|(id, at)| (*at, *id));
            for task in [&mut reminder, &mut check] {
                task.partner = Some(read.partner.clone());
            }
            tasks.extend([reminder, check]);
            self.rescue(appointment, tasks);
        }
    }

    /// Did its author know of the time that stands? What was done for a visit before it was moved is done for another time.
    pub(super) fn knew_its_time(&self, visit: &Appointment, id: EntryId) -> bool {
        let mut said = visit.slot.said_by.iter();
        said.any(|time| self.record.past.saw(id, *time))
    }

    /// What was said to have become of a visit.
    pub(super) fn outcomes(
        &self,
        visit: &Appointment,
    ) -> impl Iterator<Item = (OutcomeValue, &Arc<Entry>)> {
        let (id, said) = (visit.id, self.record.past.standing().iter());
        said.filter_map(move |e| match &e.body {
            Body::OutcomeRecorded(p) if p.appointment == id => Some((p.value, e)),
            _ => None,
        })
    }

    /// Does it tell what became of the visit at the time that stands? Not where a person let something else stand for it, nor
    /// where somebody who knew of it could not find out after all.
    fn tells(&self, visit: &Appointment, outcome: &Entry) -> bool {
        let kinds = [ReviewKind::OutcomeDisputed, ReviewKind::TwoValues];
        let unsaid = |(value, e): (OutcomeValue, &Arc<Entry>)| {
            value == OutcomeValue::Unknown && self.record.past.saw(e.id, outcome.id)
        };
        self.knew_its_time(visit, outcome.id)
            && !kinds.iter().any(|k| self.record.has_lost(*k, outcome.id))
            && !self.outcomes(visit).any(unsaid)
    }

    /// She stayed away: one call for however many told of it. What turned out otherwise keeps its own, lapsed.
    fn rescue(&self, visit: &Appointment, tasks: &mut Vec<TaskReading>) {
        let missed = self.outcomes(visit);
        let missed = missed.filter(|(value, _)| *value == OutcomeValue::NoShow);
        let (told, otherwise): (Vec<_>, Vec<_>) =
            missed.map(|(_, e)| e).partition(|e| self.tells(visit, e));
        let stands = matches!(
            visit.status,
            AppointmentStatus::NoShow | AppointmentStatus::OutcomeDisputed
        );
        let told = told.into_iter().take(1).map(|e| (e, stands));
        let otherwise = otherwise.into_iter().map(|e| (e, false));
        for (missed, stands) in otherwise.chain(told) {
            let at = missed.occurred_at.timestamp();
            let mut rescue = self.task(
                TaskKind::NoShowRescue,
                missed,
                Some(self.business_days_after(at, 2)),
            );
            rescue.done = self.answered(at, missed.id, plans);
            // It turned out that she came: nobody has to rescue anything, and it does not vanish.
            rescue.lapses((!stands).then_some(visit.status_at), Lapse::HeardOtherwise);
            tasks.push(rescue);
        }
    }

    pub(super) fn of_contacts(&self, tasks: &mut Vec<TaskReading>) {
        for attempt in &self.record.attempts {
            let refuses = attempt.said.outcome.refuses();
            if let Some(partner) = attempt.said.partner.as_ref().filter(|_| refuses) {
                tasks.push(self.try_next(&attempt.entry, partner));
            }
            if !attempt.needs_retry() {
                continue;
            }
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
                        && a.was_made()
                        && a.entry.occurred_at.timestamp() > at
                })
                .map(|a| (a.entry.id, a.entry.occurred_at.timestamp()))
                .min_by_key(|(id, at)| (*at, *id));
            tasks.push(retry);
        }
    }

    /// A practice that cannot take her leaves the next one to be asked.
    fn try_next(&self, cause: &Entry, partner: &PartnerId) -> TaskReading {
        let at = cause.occurred_at.timestamp();
        let due = self.business_days_after(at, 1);
        let mut task = self.task(TaskKind::TryNextPartner, cause, Some(due));
        task.partner = Some(partner.clone());
        task.done = self.answered(at, cause.id, |body| match body {
            Body::ContactAttempted(p) => {
                p.with == ContactWith::Partner
                    && p.partner.as_ref().is_some_and(|other| other != partner)
            }
            Body::ElectronicSent(p) => p.partner != *partner,
            Body::AppointmentBooked(p) => p.partner != *partner,
            // That she agrees is no practice: it ends nothing but by what is planned then.
            Body::DecisionRecorded(p) => p.value != DecisionValue::Agreed,
            _ => false,
        });
        task
    }

    pub(super) fn of_referrals(&self, tasks: &mut Vec<TaskReading>) {
        let declined = self.record.partner_answers.iter();
        for answer in declined.filter(|a| a.declined.is_some()) {
            let mut task = self.try_next(&answer.entry, &answer.partner);
            let lost_at = self.lost_at(ReviewKind::TwoValues, answer.entry.id);
            task.lapses(lost_at, Lapse::Settled);
            tasks.push(task);
        }
        // Queued is not sent: somebody sends it, or calls.
        for queued in &self.record.queued {
            let at = queued.entry.occurred_at.timestamp();
            let due = self.business_days_after(at, 1);
            let mut task = self.task(TaskKind::SendReferral, &queued.entry, Some(due));
            task.partner = Some(queued.partner.clone());
            task.done = self.answered(at, queued.entry.id, |body| match body {
                Body::ElectronicSent(p) => p.partner == queued.partner,
                // Nothing more of her is told to a practice that does not take her.
                Body::PartnerDeclined(p) => p.partner == queued.partner,
                Body::ContactAttempted(p) => {
                    p.with == ContactWith::Partner
                        && p.partner.as_ref() == Some(&queued.partner)
                        && p.outcome != ContactOutcome::QueuedNotSent
                }
                _ => false,
            });
            tasks.push(task);
        }
    }

    pub(super) fn of_steps(&self, tasks: &mut Vec<TaskReading>) {
        for promise in self.promises {
            let Some(cause) = self.record.past.get(promise.step) else {
                continue;
            };
            let mut task = self.task(TaskKind::PromiseMissed, cause, Some(promise.due_at));
            let steps = self.steps_of(promise.step, &promise.covers);
            let owner = steps.clone().find_map(|s| s.said.owner.as_ref());
            self.give(&mut task, owner);
            task.partner = Some(promise.partner.clone());
            let met = promise.met_at.map(|at| (promise.step, at));
            let done = steps.filter_map(|s| s.fulfilled);
            task.done = met.into_iter().chain(done).min_by_key(|(_, at)| *at);
            let ended = promise.ended_at.filter(|_| task.done.is_none());
            task.lapses(ended, Lapse::NoLongerMeant);
            tasks.push(task);
        }
        for step in &self.record.steps {
            let mut promises = self.promises.iter();
            let promise =
                promises.find(|p| p.step == step.entry.id || p.covers.contains(&step.entry.id));
            if promise.is_some_and(|p| p.due_at == step.due_at()) {
                continue;
            }
            // What she was told is on the list as well as what the practice promises in general.
            let makes_promise = promise.is_some_and(|p| p.step == step.entry.id);
            let kind = if step.said.what == StepKind::PartnerCallback && !makes_promise {
                TaskKind::PromiseMissed
            } else {
                TaskKind::NextStep
            };
            let mut task = self.task(kind, &step.entry, Some(step.listed_at));
            self.give(&mut task, step.said.owner.as_ref());
            task.partner.clone_from(&step.said.partner);
            let met_at = promise.filter(|_| makes_promise).and_then(|p| p.met_at);
            task.done = step.fulfilled.or(met_at.map(|at| (step.entry.id, at)));
            task.lapses(step.cancelled.map(|(_, at)| at), Lapse::NoLongerMeant);
            tasks.push(task);
        }
    }

    /// It is hers to whom the step was given; also of those whose record it is, where she may not see this one any more: it
    /// may reach nobody else.
    fn give(&self, task: &mut TaskReading, owner: Option<&UserId>) {
        let Some(owner) = owner else { return };
        if !self.is_hidden_from(owner) {
            task.owners = vec![owner.clone()];
        } else if !task.owners.contains(owner) {
            task.owners.push(owner.clone());
        }
    }

    fn steps_of<'a>(
        &'a self,
        first: EntryId,
        covers: &'a [EntryId],
    ) -> impl Iterator<Item = &'a crate::domain::fold::Step> + Clone {
        self.record
            .steps
            .iter()
            .filter(move |s| s.entry.id == first || covers.contains(&s.entry.id))
    }
}
