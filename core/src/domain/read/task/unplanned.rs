//! Tasks of what has no plan: a yes that nothing came of yet, and a visit that was called off. Each stays until something
//! is booked or dated, or until she says anything but yes.

use super::{Lapse, TaskReading, Work, plans};
use crate::domain::code::{AppointmentStatus, DecisionValue, ReviewKind, TaskKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Appointment, Decision};
use crate::domain::id::EntryId;
use jiff::Timestamp;
use std::sync::Arc;

impl Work<'_> {
    /// She agreed, and nothing is planned: on somebody's list from the next working day on. In a visit it is whoever is
    /// with her that plans, until she leaves; and what is on a list for the same want is not there twice.
    pub(super) fn of_agreements(&self, tasks: &mut Vec<TaskReading>) {
        let agreed = self.record.decisions.iter();
        for decision in agreed.filter(|d| d.said.value == DecisionValue::Agreed) {
            let said_at = decision.entry.occurred_at.timestamp();
            let visit = self
                .record
                .encounters
                .iter()
                .find(|e| Some(e.id) == decision.encounter);
            let since = match visit.map(|visit| visit.ended.as_ref()) {
                None => said_at,
                Some(None) => continue,
                Some(Some(left)) => said_at.max(left.timestamp()),
            };
            let done = self.answered_unseen(&decision.entry, |e| self.takes_further(e));
            // Whoever saw her leave knew of it: nobody ever had it on a list.
            let left_with = visit
                .zip(done)
                .is_some_and(|(visit, (plan, _))| self.ended_knowing(visit.id, plan));
            if left_with {
                continue;
            }
            if tasks.iter().any(|task| self.stands_for(task, decision)) {
                continue;
            }
            let due = self.business_days_after(since, 1);
            let mut task = self.task(TaskKind::Unplanned, &decision.entry, Some(due));
            task.done = done;
            let lost_at = self.lost_at(ReviewKind::DecisionDisputed, decision.entry.id);
            task.lapses(lost_at, Lapse::Settled);
            tasks.push(task);
        }
    }

    /// Does it take a yes further? What a plan is, unless it was given up again with nothing in its place, and a referral
    /// for which the practice promises a call. A visit that is called off has a task of its own.
    fn takes_further(&self, entry: &Entry) -> bool {
        let given_up = |id: EntryId| {
            let step = self.record.steps.iter().find(|s| s.entry.id == id);
            let gone = step.filter(|s| s.fulfilled.is_none());
            let by = gone.and_then(|s| self.record.past.get(s.cancelled?.0));
            by.is_some_and(|e| matches!(e.body, Body::NextStepCancelled(_)))
        };
        match &entry.body {
            Body::ElectronicSent(p) => p.promise_due_at.is_some(),
            Body::NextStepSet(_) => !given_up(entry.id),
            body => plans(body),
        }
    }

    /// Does another task keep somebody at it after this yes, of which its author knew? One that a plan ends, or one of a
    /// plan that was made before and still ran.
    fn stands_for(&self, task: &TaskReading, decision: &Decision) -> bool {
        let (yes, said_at) = (decision.entry.id, decision.entry.occurred_at.timestamp());
        let past = &self.record.past;
        let lasts = task.done.is_none_or(|(_, at)| at >= said_at);
        // Ticked by somebody who did not know of the yes, it was done for something else.
        let blindly = self.ticked(task).is_some_and(|(id, _)| !past.saw(id, yes));
        let by_a_plan = || {
            let done = task.done.and_then(|(id, _)| past.get(id));
            done.is_none_or(|e| plans(&e.body))
        };
        match task.kind {
            TaskKind::NextDay => {
                let here = decision.encounter == Some(task.cause);
                (here || lasts && !blindly && self.ended_before(task.cause, yes)) && by_a_plan()
            }
            TaskKind::NoShowRescue | TaskKind::Unplanned => {
                lasts && !blindly && past.saw(yes, task.cause) && task.lapses_at.is_none()
            }
            // The call that was agreed may be the one in which she says yes: once it was made it stands for nothing.
            TaskKind::NextStep | TaskKind::PromiseMissed => {
                let open = task.done.is_none() && self.ticked(task).is_none();
                open && past.saw(yes, task.cause) && task.lapses_at.is_none()
            }
            TaskKind::Rebook => {
                let visit = decision.encounter;
                let here = visit.is_some_and(|visit| self.ended_knowing(visit, task.cause));
                lasts && !blindly && (here || past.saw(yes, task.cause)) && task.lapses_at.is_none()
            }
            // What calls it off later has a task of its own.
            TaskKind::AttendanceCheck => {
                lasts && past.saw(yes, task.cause) && task.lapses_at.is_none_or(|at| at > said_at)
            }
            _ => false,
        }
    }

    /// A visit was called off and nothing stands in its place: one call to her for however many told of it. Where the
    /// practice declined her, the next one is to be tried already; where she no longer wanted it, that was the plan.
    pub(super) fn of_called_off(&self, tasks: &mut Vec<TaskReading>) {
        for visit in &self.record.appointments {
            let calls = self.calls_off(visit);
            let first = calls.min_by_key(|e| (e.occurred_at.timestamp(), e.id));
            let Some(off) = first.filter(|off| !self.is_provided_for(visit, off)) else {
                continue;
            };
            let at = off.occurred_at.timestamp();
            let mut task = self.task(TaskKind::Rebook, off, Some(self.business_days_after(at, 2)));
            task.partner = Some(visit.partner().clone());
            task.done = self.answered_unseen(off, |e| {
                let moved =
                    matches!(&e.body, Body::AppointmentChanged(p) if p.appointment == visit.id);
                moved || plans(&e.body)
            });
            let (stands_at, otherwise) = (visit.status_at, Lapse::HeardOtherwise);
            match visit.status {
                AppointmentStatus::Cancelled | AppointmentStatus::OutcomeDisputed => {}
                AppointmentStatus::Superseded => task.lapses(Some(stands_at), Lapse::CalledOff),
                _ => task.lapses(Some(stands_at), otherwise),
            }
            tasks.push(task);
        }
    }

    /// What said that a visit is called off, by whomever but the practice that declines her.
    fn calls_off<'a>(&'a self, visit: &'a Appointment) -> impl Iterator<Item = &'a Arc<Entry>> {
        let standing = self.record.past.standing().iter();
        standing.filter(|e| match &e.body {
            Body::AppointmentCancelled(p) => p.appointment == visit.id,
            Body::OutcomeRecorded(p) => p.appointment == visit.id && p.value.calls_off(),
            _ => false,
        })
    }

    /// Did whoever called it off know of another visit that stood, of a practice that declined her, or of her wish?
    fn is_provided_for(&self, visit: &Appointment, off: &Entry) -> bool {
        let (past, at) = (&self.record.past, off.occurred_at.timestamp());
        let knew = |id: EntryId| past.saw(off.id, id);
        let other = self.record.appointments.iter().any(|a| {
            a.id != visit.id && knew(a.id) && a.slot.start > at && (a.is_live() || a.status_at > at)
        });
        let declined = || {
            let mut ends = visit.ended_by.iter().filter_map(|id| past.get(*id));
            ends.any(|e| matches!(e.body, Body::PartnerDeclined(_)) && knew(e.id))
        };
        let decided = self.record.decisions.iter().filter(|d| knew(d.entry.id));
        let last = |d: &&Decision| {
            let mut later = decided.clone().map(|l| l.entry.id);
            !later.any(|l| past.saw(l, d.entry.id))
        };
        let mut lasting = decided.clone().filter(last).peekable();
        let unwanted =
            lasting.peek().is_some() && lasting.all(|d| d.said.value != DecisionValue::Agreed);
        other || declined() || unwanted
    }

    /// The first entry that answers another of which that one's author had not known, whatever their clocks say. What she
    /// was heard to say at the same time answers nothing: it is a question.
    fn answered_unseen(
        &self,
        cause: &Entry,
        answers: impl Fn(&Entry) -> bool,
    ) -> Option<(EntryId, Timestamp)> {
        let past = &self.record.past;
        let since = cause.occurred_at.timestamp();
        let later = past.standing().iter().filter(|e| {
            let heard = matches!(e.body, Body::DecisionRecorded(_));
            e.id != cause.id
                && answers(e)
                && !past.saw(cause.id, e.id)
                && (!heard || past.saw(e.id, cause.id))
        });
        later
            .map(|e| (e.id, e.occurred_at.timestamp().max(since)))
            .min_by_key(|(id, at)| (*at, *id))
    }

    fn ends(&self, visit: EntryId) -> impl Iterator<Item = EntryId> {
        let standing = self.record.past.standing().iter();
        standing
            .filter(move |e| matches!(&e.body, Body::EncounterEnded(p) if p.encounter == visit))
            .map(|e| e.id)
    }

    /// Did whoever ended this visit know of that?
    fn ended_knowing(&self, visit: EntryId, of: EntryId) -> bool {
        self.ends(visit).any(|end| self.record.past.saw(end, of))
    }

    /// Had this author seen the visit end?
    fn ended_before(&self, visit: EntryId, later: EntryId) -> bool {
        self.ends(visit).any(|end| self.record.past.saw(later, end))
    }
}
