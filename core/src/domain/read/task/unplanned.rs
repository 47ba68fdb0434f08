//! Tasks of what has no plan: a yes that nothing came of yet, and a visit that was called off. Each stays until something
//! is booked or dated, or until she says anything but yes.

use super::{Lapse, TaskReading, Work, plans};
use crate::domain::code::{AppointmentStatus, DecisionValue, ReviewKind, StepKind, TaskKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Appointment, Decision};
use crate::domain::id::{EntryId, PartnerId};
use jiff::Timestamp;
use std::sync::Arc;

impl Work<'_> {
    /// She agreed, and nothing is planned, or nothing that held: on somebody's list from the next working day on. In a visit
    /// it is whoever is with her that plans, until she leaves; and what is on a list for the same want is not there twice.
    pub(super) fn of_agreements(&self, tasks: &mut Vec<TaskReading>) {
        let agreed = self.record.decisions.iter();
        for decision in agreed.filter(|d| d.said.value == DecisionValue::Agreed) {
            let said_at = decision.entry.occurred_at.timestamp();
            let visit = self
                .record
                .encounters
                .iter()
                .find(|e| Some(e.id) == decision.encounter);
            let since = match visit.map(|visit| (visit.ended.as_ref(), visit.is_over_by())) {
                None => said_at,
                Some((Some(left), _)) => said_at.max(left.timestamp()),
                Some((None, over)) if over <= self.now => said_at,
                Some((None, _)) => continue,
            };
            // Whoever saw her leave knew of it: nobody ever had it on a list.
            let left_with = |(plan, _): &(EntryId, Timestamp)| {
                visit.is_some_and(|visit| self.ended_knowing(visit.id, *plan))
            };
            let mut done = self.answered_unseen(&decision.entry, |e| self.takes_further(e));
            if done.as_ref().is_some_and(left_with) {
                continue;
            }
            if tasks.iter().any(|task| self.stands_for(task, decision)) {
                continue;
            }
            let mut fell_at = self.fallen(decision).map(|(_, at)| at).max();
            if tasks.iter().any(|task| self.takes_over(task, decision)) {
                fell_at = None;
                // What a plan had ended before it fell through does not vanish.
                done = self.answered_unseen(&decision.entry, |e| is_plan(&e.body));
                if done.as_ref().is_none_or(left_with) {
                    continue;
                }
            }
            let since = fell_at.map_or(since, |at| at.max(since));
            let due = self.business_days_after(since, 1);
            let mut task = self.task(TaskKind::Unplanned, &decision.entry, Some(due));
            task.done = done;
            let lost_at = self.lost_at(ReviewKind::DecisionDisputed, decision.entry.id);
            task.lapses(lost_at, Lapse::Settled);
            tasks.push(task);
        }
    }

    /// Does it take a yes further? A plan does that holds, and any word of hers but yes.
    fn takes_further(&self, entry: &Entry) -> bool {
        let ends = matches!(&entry.body, Body::DecisionRecorded(_)) && plans(&entry.body);
        ends || is_plan(&entry.body) && self.fell_through(entry).is_none()
    }

    /// Since when a plan is none any more: it was given up with nothing in its place, the visit was missed or called off, or
    /// the practice declined her.
    fn fell_through(&self, plan: &Entry) -> Option<Timestamp> {
        let declined = |partner: &PartnerId| {
            let declines = self.record.declines(partner);
            declines
                .filter(|e| !self.record.past.saw(plan.id, e.id))
                .map(|e| e.occurred_at.timestamp())
                .min()
        };
        match &plan.body {
            Body::ElectronicSent(p) => declined(&p.partner),
            Body::NextStepSet(p) => {
                let theirs = p.partner.as_ref();
                let theirs = theirs.filter(|_| p.what == StepKind::PartnerCallback);
                let declined = theirs.and_then(declined);
                declined.into_iter().chain(self.given_up(plan.id)).min()
            }
            Body::AppointmentBooked(_) => self.missed(plan.id),
            _ => None,
        }
    }

    /// Since when neither this step is meant nor what was set in its place.
    fn given_up(&self, step: EntryId) -> Option<Timestamp> {
        let past = &self.record.past;
        let mut id = step;
        loop {
            let step = self.record.steps.iter().find(|s| s.entry.id == id)?;
            let (by, at) = step.cancelled.filter(|_| step.fulfilled.is_none())?;
            match past.get(by).map(|e| &e.body) {
                Some(Body::NextStepSet(_)) if past.saw(by, id) => id = by,
                Some(Body::NextStepCancelled(_)) => return Some(at),
                _ => return None,
            }
        }
    }

    /// Since when neither this visit stands nor one that took its place.
    fn missed(&self, visit: EntryId) -> Option<Timestamp> {
        let gone = |visit: &Appointment| {
            let gone = [AppointmentStatus::Cancelled, AppointmentStatus::NoShow];
            gone.contains(&visit.status).then_some(visit.status_at)
        };
        let visit = self.record.appointment(visit)?;
        if visit.status != AppointmentStatus::Superseded {
            return gone(visit);
        }
        let others = self.record.appointments.iter();
        let others = others.filter(|a| a.status != AppointmentStatus::Superseded);
        let all: Option<Vec<_>> = others.map(gone).collect();
        all?.into_iter().max()
    }

    /// The plans that fell through after this yes, and when.
    fn fallen(&self, decision: &Decision) -> impl Iterator<Item = (&Arc<Entry>, Timestamp)> {
        let said_at = decision.entry.occurred_at.timestamp();
        let standing = self.record.past.standing().iter();
        let fallen = standing.filter_map(|e| Some((e, self.fell_through(e)?)));
        fallen.filter(move |(_, at)| *at >= said_at)
    }

    /// Does it keep somebody at it in place of a plan that fell through after this yes? The next practice to be tried, or the
    /// call after a visit that was missed or called off: as long as it is to do, or once another plan holds. That somebody
    /// tried is no plan yet.
    fn takes_over(&self, task: &TaskReading, decision: &Decision) -> bool {
        let past = &self.record.past;
        let is_about = |plan: &Entry| match (task.kind, &plan.body) {
            (TaskKind::TryNextPartner, Body::AppointmentBooked(p)) => {
                task.partner.as_ref() == Some(&p.partner)
            }
            (TaskKind::TryNextPartner, Body::ElectronicSent(p)) => {
                task.partner.as_ref() == Some(&p.partner)
            }
            (TaskKind::TryNextPartner, Body::NextStepSet(p)) => task.partner == p.partner,
            (TaskKind::NoShowRescue | TaskKind::Rebook, Body::AppointmentBooked(_)) => {
                past.get(task.cause).is_some_and(|cause| match &cause.body {
                    Body::AppointmentCancelled(p) => p.appointment == plan.id,
                    Body::OutcomeRecorded(p) => p.appointment == plan.id,
                    _ => false,
                })
            }
            _ => false,
        };
        let holds = || match task.done.and_then(|(id, _)| past.get(id)) {
            Some(by) => self.takes_further(by),
            None => self.ticked(task).is_none(),
        };
        !past.saw(decision.entry.id, task.cause)
            && task.lapses_at.is_none()
            && self.fallen(decision).any(|(plan, _)| is_about(plan))
            && holds()
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
            done.is_none_or(|e| self.takes_further(e))
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
            if tasks.iter().any(|task| self.left_without_it(task, off)) {
                continue;
            }
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

    /// Is somebody to call her the next day, since she left without a plan a visit in which this was called off? That is the
    /// same call, and the earlier one.
    fn left_without_it(&self, task: &TaskReading, off: &Entry) -> bool {
        let mut visits = self.record.encounters.iter();
        let visit = visits.find(|e| task.kind == TaskKind::NextDay && e.id == task.cause);
        let began = visit.map(|e| e.entry.occurred_at.timestamp());
        let here = began.is_some_and(|at| at <= off.occurred_at.timestamp());
        here && self.ended_knowing(task.cause, off.id) && self.ticked(task).is_none()
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
    pub(super) fn ended_knowing(&self, visit: EntryId, of: EntryId) -> bool {
        self.ends(visit).any(|end| self.record.past.saw(end, of))
    }

    /// Had this author seen the visit end?
    fn ended_before(&self, visit: EntryId, later: EntryId) -> bool {
        self.ends(visit).any(|end| self.record.past.saw(later, end))
    }
}

/// A visit, a step, or a referral for which the practice promises a call.
fn is_plan(body: &Body) -> bool {
    match body {
        Body::ElectronicSent(p) => p.promise_due_at.is_some(),
        Body::AppointmentBooked(_) | Body::NextStepSet(_) => true,
        _ => false,
    }
}
