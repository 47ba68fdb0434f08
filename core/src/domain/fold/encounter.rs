//! Encounters: their grade and the leave-check, both derived, both of what was so when the patient left. What happens
//! later never changes a grade.

use super::appointment::Appointment;
use super::contact::{Attempt, Step};
use super::decision::Decision;
use crate::domain::code::{
    Channel, DecisionValue, Grade, LeaveCheck, Mode, Role, Setting, Signal, StepKind,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, UserId};
use crate::domain::past::Past;
use crate::domain::payload::{EncounterStarted, LoopClosed};
use jiff::{SignedDuration, Timestamp, Zoned};
use std::sync::Arc;

/// A visit.
#[derive(Clone, Debug)]
pub struct Encounter {
    /// The entry that began it.
    pub id: EntryId,
    /// That entry.
    pub entry: Arc<Entry>,
    /// Where.
    pub setting: Setting,
    /// What signal there was.
    pub signal: Option<Signal>,
    /// Who of the staff is there: whoever began it first, each once.
    pub staff: Vec<UserId>,
    /// When the patient left; of two ends the earlier counts.
    pub ended: Option<Zoned>,
    /// She spoke to the practice before she left.
    pub direct_contact: bool,
    /// An appointment stood when she left.
    pub booked: bool,
    /// A dated step with a contact stood when she left.
    pub dated_step: bool,
    /// Of these three; as if it ended now while it goes on.
    pub grade: Grade,
    /// What the leave-check says.
    pub leave_check: LeaveCheck,
    /// Entries of this encounter that were recorded more than 15 minutes after its end.
    pub late_entries: u32,
    /// Why she left without a plan, if somebody said.
    pub leave_reason: Option<String>,
}

/// Entries written up this long after the end still belong to it.
pub const GRACE: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn encounters(
    past: &Past,
    has_handoff: bool,
    attempts: &[Attempt],
    steps: &[Step],
    appointments: &[Appointment],
    decisions: &[Decision],
    closings: &[(Arc<Entry>, LoopClosed)],
) -> Vec<Encounter> {
    let mut found: Vec<Encounter> = past
        .standing()
        .iter()
        .filter_map(|entry| match &entry.body {
            Body::EncounterStarted(p) => Some((entry, p)),
            _ => None,
        })
        .map(|(entry, said)| {
            let ended = ended(past, entry.id);
            let leaving = ended.as_ref().map(Zoned::timestamp);
            let window = Window {
                start: entry.occurred_at.timestamp(),
                end: leaving,
            };
            let direct_contact = attempts.iter().any(|a| {
                a.said.encounter == Some(entry.id)
                    && a.spoke_directly()
                    && window.by_the_end(a.entry.occurred_at.timestamp())
            });
            let booked = appointments
                .iter()
                .any(|a| booked_at_leaving(past, &window, a));
            let dated_step = steps.iter().any(|s| dated_step(&window, s));
            let grade = match (direct_contact, booked, dated_step) {
                (true, true, _) => Grade::W3,
                (true, false, _) | (false, true, _) => Grade::W2,
                (false, false, true) => Grade::W1,
                (false, false, false) => Grade::W0,
            };
            let closed = closings.iter().any(|(e, _)| {
                let at = e.occurred_at.timestamp();
                at >= window.start && window.by_the_end(at)
            });
            let leave_check = if !has_handoff {
                LeaveCheck::NotApplicable
            } else if leaving.is_none() {
                LeaveCheck::Pending
            } else if grade >= Grade::W1 || closed || decided(past, entry.id, decisions) {
                LeaveCheck::Pass
            } else {
                LeaveCheck::Fail
            };
            Encounter {
                id: entry.id,
                entry: Arc::clone(entry),
                setting: said.setting,
                signal: said.signal,
                staff: staff(entry, said),
                direct_contact,
                booked,
                dated_step,
                grade,
                leave_check,
                late_entries: late_entries(past, entry.id, &window),
                leave_reason: leave_reason(past, entry.id),
                ended,
            }
        })
        .collect();
    found.sort_by_key(|e| (e.entry.occurred_at.timestamp(), e.id));
    found
}

fn staff(entry: &Entry, said: &EncounterStarted) -> Vec<UserId> {
    let mut all = vec![entry.by.clone()];
    for user in &said.staff {
        if !all.contains(user) {
            all.push(user.clone());
        }
    }
    all
}

struct Window {
    start: Timestamp,
    end: Option<Timestamp>,
}

impl Window {
    fn by_the_end(&self, at: Timestamp) -> bool {
        self.end.is_none_or(|end| at <= end)
    }

    /// Within the encounter, or written up within the grace after it.
    fn holds(&self, at: Timestamp) -> bool {
        at >= self.start
            && self
                .end
                .is_none_or(|end| at <= end.saturating_add(GRACE).unwrap_or(end))
    }
}

fn ended(past: &Past, encounter: EntryId) -> Option<Zoned> {
    past.standing()
        .iter()
        .filter(|e| matches!(&e.body, Body::EncounterEnded(p) if p.encounter == encounter))
        .map(|e| e.occurred_at.clone())
        .min_by_key(Zoned::timestamp)
}

/// Booked during the visit, for later than its start, and not undone by the time she left.
fn booked_at_leaving(past: &Past, window: &Window, appointment: &Appointment) -> bool {
    let undone = appointment
        .ended_by
        .iter()
        .filter_map(|id| past.get(*id))
        .any(|e| window.by_the_end(e.occurred_at.timestamp()));
    window.holds(appointment.entry.occurred_at.timestamp())
        && appointment.slot.start >= window.start
        && !undone
}

fn dated_step(window: &Window, step: &Step) -> bool {
    let ended =
        |end: Option<(EntryId, Timestamp)>| end.is_some_and(|(_, at)| window.by_the_end(at));
    window.holds(step.entry.occurred_at.timestamp())
        && window.end.is_none_or(|end| step.due_at() > end)
        && !ended(step.fulfilled)
        && !ended(step.cancelled)
}

/// Not today with a reason and a revisit, or do-not-ask-again with something left with her: no dead end.
fn decided(past: &Past, encounter: EntryId, decisions: &[Decision]) -> bool {
    let last = decisions
        .iter()
        .filter(|d| d.encounter == Some(encounter))
        .max_by_key(|d| (d.entry.occurred_at.timestamp(), past.place(d.entry.id)));
    last.is_some_and(|d| match d.said.value {
        DecisionValue::Hesitant | DecisionValue::NotToday => {
            !d.said.reasons.is_empty() && d.said.revisit.is_some()
        }
        DecisionValue::DoNotAskAgain => past
            .standing()
            .iter()
            .any(|e| matches!(&e.body, Body::MaterialGiven(p) if p.encounter == Some(encounter))),
        DecisionValue::Agreed | DecisionValue::Withdrew => false,
    })
}

/// What belongs to the visit, or counts for it by its time, and was written up later than the grace.
fn late_entries(past: &Past, encounter: EntryId, window: &Window) -> u32 {
    let Some(end) = window.end.and_then(|end| end.saturating_add(GRACE).ok()) else {
        return 0;
    };
    let count = past
        .standing()
        .iter()
        .filter(|e| {
            let counts = matches!(e.body, Body::NextStepSet(_) | Body::AppointmentBooked(_))
                && window.holds(e.occurred_at.timestamp());
            belongs_to(&e.body).map_or(counts, |of| of == encounter) && e.recorded_at > end
        })
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn leave_reason(past: &Past, encounter: EntryId) -> Option<String> {
    past.standing().iter().rev().find_map(|e| match &e.body {
        Body::LeaveReasonGiven(p) if p.encounter == encounter => Some(p.reason.clone()),
        _ => None,
    })
}

/// The encounter that an entry says it belongs to.
pub(super) fn belongs_to(body: &Body) -> Option<EntryId> {
    match body {
        Body::EncounterEnded(p) => Some(p.encounter),
        Body::ScriptSaid(p) => p.encounter,
        Body::ReadBack(p) => p.encounter,
        Body::BarrierRecorded(p) => p.encounter,
        Body::SharingPlanConfirmed(p) => p.encounter,
        Body::ElectronicQueued(p) => p.encounter,
        Body::ElectronicSent(p) => p.encounter,
        Body::ScreenRecorded(p) => p.encounter,
        Body::NeedIdentified(p) => p.encounter,
        Body::Offered(p) => p.encounter,
        Body::DecisionRecorded(p) => p.encounter,
        Body::MaterialGiven(p) => p.encounter,
        Body::ContactAttempted(p) => p.encounter,
        Body::NextStepSet(p) => p.encounter,
        Body::AppointmentBooked(p) => p.encounter,
        Body::SafetyRaised(p) => p.encounter,
        _ => None,
    }
}

/// How she met the practice, from the encounter with the best grade.
pub(super) fn mode_achieved(
    past: &Past,
    encounters: &[Encounter],
    attempts: &[Attempt],
    steps: &[Step],
    appointments: &[Appointment],
) -> Option<Mode> {
    let best = encounters.iter().rev().max_by_key(|e| e.grade)?;
    let of = |encounter: Option<EntryId>| encounter == Some(best.id);
    let window = Window {
        start: best.entry.occurred_at.timestamp(),
        end: best.ended.as_ref().map(Zoned::timestamp),
    };
    // How she met it is of the visit: what followed it is not.
    let mut met = attempts.iter().filter(|a| {
        of(a.said.encounter)
            && a.spoke_directly()
            && window.by_the_end(a.entry.occurred_at.timestamp())
    });
    if met.clone().any(|a| a.said.channel == Channel::InPerson) {
        return Some(Mode::InPerson);
    }
    let contact = met.next();
    let coordinator_took_over = past.standing().iter().any(|e| {
        matches!(e.body, Body::OwnerAccepted(_))
            && e.role == Role::Coordinator
            && e.occurred_at.timestamp() >= best.entry.occurred_at.timestamp()
            && contact.is_some_and(|a| e.occurred_at.timestamp() <= a.entry.occurred_at.timestamp())
    });
    let their_call = steps.iter().any(|s| {
        of(s.said.encounter)
            && dated_step(&window, s)
            && s.entry.role == Role::Coordinator
            && matches!(s.said.what, StepKind::OurCallback | StepKind::ThreeWayCall)
    });
    let by_portal = past
        .standing()
        .iter()
        .any(|e| matches!(&e.body, Body::ElectronicSent(p) if of(p.encounter)));
    let given = past
        .standing()
        .iter()
        .any(|e| matches!(&e.body, Body::MaterialGiven(p) if of(p.encounter)));
    let more = appointments.iter().any(|a| of(a.said.encounter))
        || steps.iter().any(|s| of(s.said.encounter));
    match () {
        () if coordinator_took_over => Some(Mode::Coordinator),
        () if contact.is_some() => Some(Mode::Phone),
        () if by_portal => Some(Mode::Portal),
        () if their_call => Some(Mode::Coordinator),
        () if given && !more => Some(Mode::Written),
        () => None,
    }
}
