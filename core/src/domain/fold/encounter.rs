//! Encounters: their grade and the leave-check, both derived, both of what was so when the patient left. What happens
//! later never changes a grade.

use super::appointment::Appointment;
use super::contact::{Attempt, Step};
use super::decision::Decision;
use super::item::{self, ReviewItem};
use super::leaving::{
    GRACE, Known, Window, booked_at_leaving, dated_step, left_at, left_by, may_go_on, over_by,
};
use crate::domain::code::{
    Channel, DecisionValue, Grade, LeaveCheck, Mode, ReviewKind, Role, Setting, Signal, StepKind,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, UserId};
use crate::domain::past::Past;
use crate::domain::payload::{EncounterStarted, LoopClosed};
use jiff::{Timestamp, Zoned};
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
    /// She was seen to leave without a plan, and one came to be known later: by which entry, and when.
    pub plan_came: Option<(EntryId, Timestamp)>,
    /// Entries of this encounter that were recorded more than 15 minutes after its end.
    pub late_entries: u32,
    /// Why she left without a plan, if somebody said.
    pub leave_reason: Option<String>,
}

impl Encounter {
    /// May somebody be with her at this time, if nobody has ended it?
    pub fn may_go_on(&self, now: Timestamp) -> bool {
        may_go_on(self.entry.occurred_at.timestamp(), now)
    }

    /// From when on nobody is with her any more, though nobody has ended it.
    pub fn is_over_by(&self) -> Timestamp {
        over_by(self.entry.occurred_at.timestamp())
    }
}

/// The regions beside the visits, by which they are judged.
pub(super) struct Beside<'a> {
    pub past: &'a Past,
    pub need: Option<&'a Entry>,
    pub attempts: &'a [Attempt],
    pub steps: &'a [Step],
    pub appointments: &'a [Appointment],
    pub decisions: &'a [Decision],
    pub closings: &'a [(Arc<Entry>, LoopClosed)],
    pub review: &'a [ReviewItem],
}

pub(super) fn encounters(beside: &Beside<'_>) -> Vec<Encounter> {
    let mut found: Vec<Encounter> = beside
        .past
        .standing()
        .iter()
        .filter_map(|entry| match &entry.body {
            Body::EncounterStarted(p) => Some(beside.encounter(entry, p)),
            _ => None,
        })
        .collect();
    found.sort_by_key(|e| (e.entry.occurred_at.timestamp(), e.id));
    found
}

impl Beside<'_> {
    fn encounter(&self, entry: &Arc<Entry>, said: &EncounterStarted) -> Encounter {
        let end = self.end(entry.id);
        let ended = end.map(|end| left_at(self.past, entry, end));
        let window = Window {
            of: entry.id,
            start: entry.occurred_at.timestamp(),
            end: ended.map(|end| left_by(entry, end)),
        };
        let all: Known<'_> = &|_| true;
        let (direct_contact, booked, dated_step) = self.left_with(&window, all);
        let leave_check = self.check(&window, all);
        Encounter {
            id: entry.id,
            entry: Arc::clone(entry),
            setting: said.setting,
            signal: said.signal,
            staff: staff(entry, said),
            direct_contact,
            booked,
            dated_step,
            grade: grade(direct_contact, booked, dated_step),
            leave_check,
            plan_came: end
                .filter(|_| leave_check == LeaveCheck::Pass)
                .and_then(|end| self.plan_came(&window, end)),
            late_entries: late_entries(self.past, entry.id, &window),
            leave_reason: leave_reason(self.past, entry.id),
            ended: ended.cloned(),
        }
    }

    /// The end of a visit: of two the earlier, until a person has let the other stand.
    fn end(&self, encounter: EntryId) -> Option<&Arc<Entry>> {
        let ends = |e: &&Arc<Entry>| matches!(&e.body, Body::EncounterEnded(p) if p.encounter == encounter);
        let lost = |id| item::lost(self.review, ReviewKind::TwoValues, id);
        let standing = self.past.standing().iter();
        standing
            .filter(ends)
            .filter(|e| !lost(e.id))
            .min_by_key(|e| (e.occurred_at.timestamp(), e.id))
    }

    /// Spoke directly, booked, and a dated step: as far as is known.
    fn left_with(&self, window: &Window, known: Known<'_>) -> (bool, bool, bool) {
        let direct = self.attempts.iter().any(|a| {
            a.said.encounter == Some(window.of)
                && a.spoke_directly()
                && window.by_the_end(a.entry.occurred_at.timestamp())
                && known(a.entry.id)
        });
        let booked = self
            .appointments
            .iter()
            .any(|a| known(a.id) && booked_at_leaving(self.past, window, a, known));
        let mut steps = self.steps.iter();
        let step = steps
            .any(|s| known(s.entry.id) && dated_step(self.past, self.review, window, s, known));
        (direct, booked, step)
    }

    fn check(&self, window: &Window, known: Known<'_>) -> LeaveCheck {
        let (direct, booked, step) = self.left_with(window, known);
        let closed = || {
            self.closings.iter().any(|(e, _)| {
                let at = e.occurred_at.timestamp();
                at >= window.start && window.by_the_end(at) && known(e.id)
            })
        };
        // A need that was seen only after she had left: she was not to leave this visit with a plan for it.
        let begun = |need: &Entry| {
            let at = need.occurred_at.timestamp();
            known(need.id) && (at < window.start || window.holds(at))
        };
        if !self.need.is_some_and(begun) {
            LeaveCheck::NotApplicable
        } else if window.end.is_none() {
            LeaveCheck::Pending
        } else if direct || booked || step || closed() || self.decided(window, known) {
            LeaveCheck::Pass
        } else {
            LeaveCheck::Fail
        }
    }

    /// Not today with a reason and a revisit, or do-not-ask-again with something left with her: no dead end.
    fn decided(&self, window: &Window, known: Known<'_>) -> bool {
        let of = Some(window.of);
        let last = self
            .decisions
            .iter()
            .filter(|d| d.encounter == of && known(d.entry.id))
            .filter(|d| window.holds_end(d.entry.occurred_at.timestamp()))
            .max_by_key(|d| (d.entry.occurred_at.timestamp(), self.past.place(d.entry.id)));
        last.is_some_and(|d| match d.said.value {
            DecisionValue::Hesitant | DecisionValue::NotToday => {
                !d.said.reasons.is_empty() && d.said.revisit.is_some()
            }
            DecisionValue::DoNotAskAgain => self.past.standing().iter().any(|e| {
                matches!(&e.body, Body::MaterialGiven(p) if p.encounter == of) && known(e.id)
            }),
            DecisionValue::Agreed | DecisionValue::Withdrew => false,
        })
    }

    /// Somebody saw that she left without a plan, and then heard of one: by which entry, and when. Known first is what
    /// whoever ended the visit had seen, then the rest in the order in which it was written.
    fn plan_came(&self, window: &Window, end: &Entry) -> Option<(EntryId, Timestamp)> {
        let seen = |id: EntryId| self.past.saw(end.id, id);
        let mut rest: Vec<&Arc<Entry>> = self
            .past
            .standing()
            .iter()
            .filter(|e| e.id != end.id && !seen(e.id))
            .filter(|e| {
                belongs_to(&e.body) == Some(window.of)
                    || self.need.is_some_and(|need| need.id == e.id)
                    || self
                        .decisions
                        .iter()
                        .any(|d| d.entry.id == e.id && d.encounter == Some(window.of))
                    || window.holds(e.occurred_at.timestamp())
            })
            .collect();
        rest.sort_by_key(|e| (e.recorded_at, e.id));
        let (mut failed, mut came) = (false, None);
        for known in 0..=rest.len() {
            let told = rest.get(..known).unwrap_or_default();
            let is_known = |id| seen(id) || told.iter().any(|e| e.id == id);
            match self.check(window, &is_known) {
                LeaveCheck::Fail => (failed, came) = (true, None),
                LeaveCheck::Pass if failed && came.is_none() => came = told.last(),
                _ => {}
            }
        }
        let left = window.end.unwrap_or(end.occurred_at.timestamp());
        came.map(|e| (e.id, e.recorded_at.max(left)))
    }
}

fn grade(direct_contact: bool, booked: bool, dated_step: bool) -> Grade {
    match (direct_contact, booked, dated_step) {
        (true, true, _) => Grade::W3,
        (true, false, _) | (false, true, _) => Grade::W2,
        (false, false, true) => Grade::W1,
        (false, false, false) => Grade::W0,
    }
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
pub(super) fn mode_achieved(beside: &Beside<'_>, encounters: &[Encounter]) -> Option<Mode> {
    let best = encounters.iter().rev().max_by_key(|e| e.grade)?;
    let of = |encounter: Option<EntryId>| encounter == Some(best.id);
    let window = Window {
        of: best.id,
        start: best.entry.occurred_at.timestamp(),
        end: best.ended.as_ref().map(|end| left_by(&best.entry, end)),
    };
    // How she met it is of the visit: what followed it is not.
    let mut met = beside.attempts.iter().filter(|a| {
        of(a.said.encounter)
            && a.spoke_directly()
            && window.by_the_end(a.entry.occurred_at.timestamp())
    });
    if met.clone().any(|a| a.said.channel == Channel::InPerson) {
        return Some(Mode::InPerson);
    }
    let contact = met.next();
    let standing = beside.past.standing();
    let coordinator_took_over = standing.iter().any(|e| {
        matches!(e.body, Body::OwnerAccepted(_))
            && e.role == Role::Coordinator
            && e.occurred_at.timestamp() >= window.start
            && contact.is_some_and(|a| e.occurred_at.timestamp() <= a.entry.occurred_at.timestamp())
    });
    let coordinators_call = beside.steps.iter().any(|s| {
        dated_step(beside.past, beside.review, &window, s, &|_| true)
            && s.said.owner_coordinates
            && matches!(s.said.what, StepKind::OurCallback | StepKind::ThreeWayCall)
    });
    let by_portal = standing
        .iter()
        .any(|e| matches!(&e.body, Body::ElectronicSent(p) if of(p.encounter)));
    let given = standing
        .iter()
        .any(|e| matches!(&e.body, Body::MaterialGiven(p) if of(p.encounter)));
    let more = beside.appointments.iter().any(|a| of(a.said.encounter))
        || beside.steps.iter().any(|s| of(s.said.encounter));
    match () {
        () if coordinator_took_over => Some(Mode::Coordinator),
        () if contact.is_some() => Some(Mode::Phone),
        () if by_portal => Some(Mode::Portal),
        () if coordinators_call => Some(Mode::Coordinator),
        () if given && !more => Some(Mode::Written),
        () => None,
    }
}
