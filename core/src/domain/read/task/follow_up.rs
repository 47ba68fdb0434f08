//! Tasks of follow-up: check-ins she was promised, a practice to be told, a visit that ended without a plan, and safety.

use super::{Lapse, TaskReading, Work, plans};
use crate::domain::code::{
    AppointmentStatus, ContactOutcome, ContactWith, DecisionValue, FlagStatus, LeaveCheck,
    OutcomeValue, ReviewKind, TaskKind,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Appointment, Encounter};
use crate::domain::id::{DerivedId, EntryId};
use crate::domain::join::PatientFlag;
use crate::domain::payload::Revisit;
use crate::domain::time;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

impl Work<'_> {
    pub(super) fn of_decisions(&self, tasks: &mut Vec<TaskReading>) {
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
            // Only who knew of it has asked her again: what was heard at the same time leaves it as it is, until a
            // person says that the other stands.
            let past = &self.record.past;
            let later = self.record.decisions.iter().map(|d| &d.entry);
            task.done = later
                .filter(|later| past.saw(later.id, decision.entry.id))
                .map(|later| (later.id, later.occurred_at.timestamp()))
                .min_by_key(|(id, at)| (*at, *id));
            let lost_at = self.lost_at(ReviewKind::DecisionDisputed, decision.entry.id);
            task.lapses(lost_at, Lapse::Settled);
            tasks.push(task);
        }
    }

    /// Since when a person has let the other of two stand.
    pub(super) fn lost_at(&self, kind: ReviewKind, id: EntryId) -> Option<Timestamp> {
        self.review
            .iter()
            .filter(|i| i.kind == kind && i.choices.contains(&id))
            .filter(|i| {
                i.keep
                    .is_some_and(|keep| i.choices.contains(&keep) && keep != id)
            })
            .filter_map(|i| i.settled_at)
            .min()
    }

    /// When one of two bookings was kept, the other practice is told by a person: once for each booking that gave way,
    /// by the last settlement, since before it both were live again.
    pub(super) fn of_settlements(&self, tasks: &mut Vec<TaskReading>) {
        let mut gave_way: BTreeMap<EntryId, &Entry> = BTreeMap::new();
        for item in self
            .review
            .iter()
            .filter(|i| matches!(i.kind, ReviewKind::TwoBooked | ReviewKind::TwoValues))
        {
            let settling = self.record.past.standing().iter().find(|e| {
                matches!(&e.body, Body::ReviewSettled(p) if p.items.contains(&item.id) && p.keep == item.keep && p.keep.is_some())
            });
            let other = item.choices.iter().find(|c| Some(**c) != item.keep);
            if let (Some(settling), Some(other)) = (settling, other) {
                let when = |e: &Entry| (e.occurred_at.timestamp(), e.id);
                let last = gave_way.entry(*other).or_insert(settling);
                if when(settling) > when(last) {
                    *last = settling;
                }
            }
        }
        for (other, settling) in gave_way {
            let gone = |a: &&Appointment| a.status == AppointmentStatus::Superseded;
            let Some(other) = self.record.appointment(other).filter(gone) else {
                continue;
            };
            let at = settling.occurred_at.timestamp();
            let kind = TaskKind::CallOtherPartner;
            let mut task = self.task(kind, settling, Some(self.business_days_after(at, 1)));
            // One settlement may let two bookings give way.
            task.id = DerivedId::derive(kind.as_str(), &[settling.id, other.id]);
            task.partner = Some(other.partner().clone());
            let partner = other.partner();
            task.done = self.answered(at, settling.id, |b| {
                matches!(b, Body::ContactAttempted(p) if p.with == ContactWith::Partner && p.partner.as_ref() == Some(partner))
            });
            tasks.push(task);
        }
    }

    /// She left without a plan. One that comes to be known later is the answer; what was on somebody's list stays, done by it.
    pub(super) fn of_encounters(&self, tasks: &mut Vec<TaskReading>) {
        for encounter in self.record.encounters.iter().filter(|e| {
            let failed = e.leave_check == LeaveCheck::Fail || e.plan_came.is_some();
            failed && !self.is_by_her_wish(e) && !ended_too_late(e)
        }) {
            let Some(left) = encounter.ended.as_ref().map(jiff::Zoned::timestamp) else {
                continue;
            };
            let mut task = self.task(
                TaskKind::NextDay,
                &encounter.entry,
                Some(self.business_days_after(left, 1)),
            );
            let came = |b: &Body| matches!(b, Body::OutcomeRecorded(p) if p.value == OutcomeValue::Attended);
            let answered = || self.answered(left, encounter.id, |b| plans(b) || came(b));
            task.done = encounter.plan_came.or_else(answered);
            tasks.push(task);
        }
    }

    /// Had she wished before that nobody ask, and said nothing in this visit? Then nobody calls her to ask.
    fn is_by_her_wish(&self, visit: &Encounter) -> bool {
        let known = self.record.decisions.iter();
        let mut known = known.filter(|d| self.ended_knowing(visit.id, d.entry.id));
        known.next_back().is_some_and(|last| {
            let mut offers = self.record.offers.iter();
            let wish = match last.said.value {
                DecisionValue::DoNotAskAgain => true,
                DecisionValue::Withdrew => {
                    !offers.any(|offer| self.record.past.saw(offer.id, last.entry.id))
                }
                _ => false,
            };
            wish && last.encounter != Some(visit.id)
        })
    }

    pub(super) fn of_flags(&self, tasks: &mut Vec<TaskReading>) {
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
            // Any contact that reaches her from that day on is the contact that was meant: whoever else took the call cannot
            // say how she is.
            task.done = self
                .patient
                .records
                .iter()
                .flat_map(|r| &r.attempts)
                .filter(|a| a.said.with == ContactWith::Patient)
                .filter(|a| a.said.outcome == ContactOutcome::SpokeDirectly)
                .filter(|a| time::date_in(a.entry.occurred_at.timestamp(), &zone) >= day)
                .map(|a| (a.entry.id, a.entry.occurred_at.timestamp()))
                .min_by_key(|(id, at)| (*at, *id));
            let mut ack = self.safety_ack(flag);
            // Until somebody has taken it, it is hers who raised it as well.
            for task in [&mut task, &mut ack] {
                let in_error = flag.in_error.as_ref();
                task.lapses(in_error.map(|e| e.occurred_at.timestamp()), Lapse::InError);
                if flag.status == FlagStatus::Open {
                    task.owners.extend(self.of_who_said(&flag.entry));
                    task.owners.sort();
                    task.owners.dedup();
                }
            }
            tasks.extend([task, ack]);
        }
    }
    /// Within the organisation's limit a flag has a named clinician.
    fn safety_ack(&self, flag: &PatientFlag) -> TaskReading {
        let raised = flag.entry.occurred_at.timestamp();
        let minutes = SignedDuration::from_mins(i64::from(self.sheet.settings.safety_ack_min));
        let due = raised.saturating_add(minutes).unwrap_or(raised);
        let mut ack = self.task(TaskKind::SafetyAck, &flag.entry, Some(due));
        ack.done = self
            .patient
            .records
            .iter()
            .flat_map(|r| &r.flag_events)
            .filter(|e| e.flags.contains(&flag.id))
            .map(|e| (e.entry.id, e.entry.occurred_at.timestamp()))
            .min_by_key(|(id, at)| (*at, *id));
        ack
    }
}

/// Was it ended when it could not go on any more? By then nobody had her, and she is on a list.
fn ended_too_late(visit: &Encounter) -> bool {
    let ended = visit.ended.as_ref().map(jiff::Zoned::timestamp);
    ended.is_some_and(|at| at >= visit.is_over_by())
}
