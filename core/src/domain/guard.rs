//! The rule of each event: may this entry follow what its author had seen? The same code runs on the device before an
//! entry is written and on the server at admission, there on the entry's own ancestors in this record and never on
//! anything newer. Times are claimed times; no clock is read. Flags of the patient's other records are the device's
//! alone.

use super::authority;
use super::code::{
    AppointmentStatus, CloseReason, ContactBasis, ContactWith, DecisionState, DecisionValue, Role,
};
use super::entry::{Body, Entry};
use super::fold::Record;
use super::id::EntryId;
use super::organisation::Organisation;
use super::payload::{
    AppointmentBooked, ContactAttempted, DecisionRecorded, LoopClosed, NextStepSet,
    OutcomeRecorded, ReviewSettled,
};
use super::time;
use serde::Serialize;

/// The rule that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Breach {
    /// Not in her role, or she is not in the sheet.
    #[error("your role does not include this")]
    Role,
    /// The record is already opened.
    #[error("the record is already opened")]
    AlreadyOpened,
    /// The record has not been opened.
    #[error("the record is not opened")]
    NotOpened,
    /// A description without any field.
    #[error("say at least one thing about the patient")]
    NothingSaid,
    /// No such encounter in this record.
    #[error("there is no such visit")]
    NoSuchEncounter,
    /// The encounter has ended already.
    #[error("the visit has ended already")]
    EncounterOver,
    /// It would end before it began.
    #[error("the visit would end before it began")]
    EndsBeforeStart,
    /// The handoff has begun already.
    #[error("the handoff has already begun")]
    AlreadyIdentified,
    /// There is no handoff yet.
    #[error("nobody has identified a need yet")]
    NotIdentified,
    /// She said no in this encounter; it is not offered again unless she asks.
    #[error("she decided in this visit; it is not offered again unless she asks")]
    AskedAgain,
    /// A decision without an offer.
    #[error("nothing was offered yet")]
    NotOffered,
    /// Hesitant or not today without a reason.
    #[error("a reason is needed, or \"prefers not to say\"")]
    ReasonMissing,
    /// Hesitant or not today without a revisit.
    #[error("say when to come back to it")]
    RevisitMissing,
    /// Contact or booking without her agreement.
    #[error("she has not agreed")]
    NotAgreed,
    /// A contact with a practice that is not named.
    #[error("name the practice")]
    PartnerMissing,
    /// A next step without a date, or without a contact.
    #[error("a next step needs a date and a named contact")]
    StepIncomplete,
    /// No such step.
    #[error("there is no such step")]
    NoSuchStep,
    /// No such appointment.
    #[error("there is no such appointment")]
    NoSuchAppointment,
    /// The appointment is over, cancelled or superseded.
    #[error("the appointment no longer stands")]
    AppointmentOver,
    /// A live appointment is neither replaced nor kept beside.
    #[error("another appointment stands: say whether this one replaces it")]
    LiveAppointment,
    /// The wall time is no time in that zone.
    #[error("the time does not exist in that zone")]
    NoSuchTime,
    /// An outcome before the appointment.
    #[error("the appointment has not begun yet")]
    TooEarly,
    /// No flag is named, or one that is not of this record.
    #[error("name the flags")]
    FlagsUnnamed,
    /// A hand-over without a name, or a resolution without a note.
    #[error("a name or a note is needed")]
    TextMissing,
    /// A flag is open.
    #[error("a safety flag is open")]
    OpenFlag,
    /// A review item is open.
    #[error("something is left for a person to decide")]
    OpenReview,
    /// An appointment is still to come.
    #[error("an appointment is still to come")]
    FutureAppointment,
    /// Only a supervisor closes as unreachable.
    #[error("only a supervisor closes a loop as unreachable")]
    SupervisorOnly,
    /// The item is not one of this record, or the entry is none of its choices.
    #[error("there is no such question to settle")]
    NoSuchItem,
    /// What it names is not in this record.
    #[error("what this refers to is not in the record")]
    Dangling,
}

/// Checks an entry against the record as its author had seen it (`past`: its ancestors, folded).
pub fn check(entry: &Entry, past: &Record, sheet: &Organisation) -> Result<(), Breach> {
    let on = entry.occurred_at.date();
    let site = match &entry.body {
        Body::RecordOpened(p) => Some(&p.site),
        Body::ScreensOpened(p) => Some(&p.site),
        Body::EncounterStarted(p) => Some(&p.site),
        _ => past.site.as_ref(),
    };
    // A worry is taken from everyone: no role, no sheet, no state stands before it.
    if matches!(entry.body, Body::SafetyRaised(_)) {
        return Ok(());
    }
    let person = sheet.person(&entry.by).ok_or(Breach::Role)?;
    ensure(person.has_role(entry.role), Breach::Role)?;
    ensure(
        authority::allowed(entry.role, person, &entry.body, site, sheet, on),
        Breach::Role,
    )?;
    let opening = matches!(entry.body, Body::RecordOpened(_) | Body::ScreensOpened(_));
    ensure(!opening || past.patient.is_none(), Breach::AlreadyOpened)?;
    ensure(opening || past.patient.is_some(), Breach::NotOpened)?;
    event(entry, past)
}

fn event(entry: &Entry, past: &Record) -> Result<(), Breach> {
    let at = entry.occurred_at.timestamp();
    match &entry.body {
        Body::PatientDescribed(p) => {
            let says = p.preferred_name.is_some()
                || p.born_on.is_some()
                || p.pronouns.is_some()
                || p.language.is_some()
                || p.interpreter_needed.is_some()
                || p.callback.is_some();
            ensure(says, Breach::NothingSaid)
        }
        Body::EncounterEnded(p) => {
            let encounter = past
                .encounters
                .iter()
                .find(|e| e.id == p.encounter)
                .ok_or(Breach::NoSuchEncounter)?;
            ensure(
                at >= encounter.entry.occurred_at.timestamp(),
                Breach::EndsBeforeStart,
            )
        }
        Body::LeaveReasonGiven(p) => {
            let encounter = past
                .encounters
                .iter()
                .find(|e| e.id == p.encounter)
                .ok_or(Breach::NoSuchEncounter)?;
            ensure(encounter.ended.is_some(), Breach::NoSuchEncounter)
        }
        Body::NeedIdentified(p) => {
            ensure(past.need.is_none(), Breach::AlreadyIdentified)?;
            known(past, p.screen)
        }
        Body::OwnerOffered(_) | Body::OwnerAccepted(_) | Body::OwnerReleased(_) => handoff(past),
        Body::Offered(p) => offered(past, p.encounter, at),
        Body::DecisionRecorded(p) => decided(past, p),
        Body::ContactAttempted(p) => contacted(past, p),
        Body::NextStepSet(p) => step_set(past, p),
        Body::NextStepFulfilled(p) => step(past, p.step),
        Body::NextStepCancelled(p) => step(past, p.step),
        Body::AppointmentBooked(p) => booked(past, p),
        Body::AppointmentChanged(p) => {
            time::start(p.start_local, &p.zone, p.second_hour).map_err(|_| Breach::NoSuchTime)?;
            standing(past, p.appointment)
        }
        Body::AppointmentCancelled(p) => standing(past, p.appointment),
        Body::OutcomeRecorded(p) => outcome(past, p, at),
        Body::ReviewSettled(p) => settled(past, p),
        Body::SafetyHanded(p) => {
            ensure(!p.to.trim().is_empty(), Breach::TextMissing)?;
            flags(past, &p.flags)
        }
        Body::SafetyAssessing(p) => flags(past, &p.flags),
        Body::SafetyResolved(p) => {
            ensure(!p.note.trim().is_empty(), Breach::TextMissing)?;
            flags(past, &p.flags)
        }
        Body::LoopClosed(p) => closed(entry, past, p),
        Body::Noted(p) => ensure(!p.text.trim().is_empty(), Breach::TextMissing),
        _ => Ok(()),
    }
}

fn ensure(holds: bool, breach: Breach) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(breach) }
}

fn known(past: &Record, id: Option<EntryId>) -> Result<(), Breach> {
    ensure(
        id.is_none_or(|id| past.past.get(id).is_some()),
        Breach::Dangling,
    )
}

fn handoff(past: &Record) -> Result<(), Breach> {
    ensure(past.need.is_some(), Breach::NotIdentified)
}

fn offered(past: &Record, encounter: Option<EntryId>, at: jiff::Timestamp) -> Result<(), Breach> {
    handoff(past)?;
    let Some(encounter) = encounter else {
        return Ok(());
    };
    let encounter = past
        .encounters
        .iter()
        .find(|e| e.id == encounter)
        .ok_or(Breach::NoSuchEncounter)?;
    let over = encounter
        .ended
        .as_ref()
        .is_some_and(|end| at > end.timestamp());
    ensure(!over, Breach::EncounterOver)?;
    // No second prompt after she declined in this visit; her own word (`patient_initiated`) opens it again.
    let last = past
        .decisions
        .iter()
        .filter(|d| d.encounter == Some(encounter.id))
        .max_by_key(|d| (d.entry.occurred_at.timestamp(), d.entry.id));
    let declined =
        last.is_some_and(|d| d.said.value != DecisionValue::Agreed && !d.said.patient_initiated);
    ensure(!declined, Breach::AskedAgain)
}

fn decided(past: &Record, said: &DecisionRecorded) -> Result<(), Breach> {
    handoff(past)?;
    ensure(
        said.patient_initiated || !past.offers.is_empty(),
        Breach::NotOffered,
    )?;
    ensure(
        said.offer
            .is_none_or(|id| past.offers.iter().any(|o| o.id == id)),
        Breach::NotOffered,
    )?;
    if matches!(
        said.value,
        DecisionValue::Hesitant | DecisionValue::NotToday
    ) {
        ensure(!said.reasons.is_empty(), Breach::ReasonMissing)?;
        ensure(said.revisit.is_some(), Breach::RevisitMissing)?;
    }
    Ok(())
}

fn contacted(past: &Record, said: &ContactAttempted) -> Result<(), Breach> {
    if said.with != ContactWith::Partner {
        return Ok(());
    }
    ensure(said.partner.is_some(), Breach::PartnerMissing)?;
    match said.basis {
        ContactBasis::Agreed => ensure(past.decision == DecisionState::Agreed, Breach::NotAgreed),
        ContactBasis::PatientCalls => Ok(()),
        ContactBasis::Emergency => {
            let said = said.reason.as_ref().is_some_and(|r| !r.trim().is_empty());
            ensure(said, Breach::ReasonMissing)
        }
    }
}

fn step_set(past: &Record, said: &NextStepSet) -> Result<(), Breach> {
    handoff(past)?;
    let complete = !said.contact_name.trim().is_empty() && !said.contact_value.trim().is_empty();
    ensure(complete, Breach::StepIncomplete)
}

fn step(past: &Record, id: EntryId) -> Result<(), Breach> {
    ensure(
        past.steps.iter().any(|s| s.entry.id == id),
        Breach::NoSuchStep,
    )
}

fn booked(past: &Record, said: &AppointmentBooked) -> Result<(), Breach> {
    handoff(past)?;
    time::start(said.start_local, &said.zone, said.second_hour).map_err(|_| Breach::NoSuchTime)?;
    let by_us = said.booked_by == super::code::BookedBy::Staff;
    ensure(
        !by_us || past.decision == DecisionState::Agreed,
        Breach::NotAgreed,
    )?;
    let named = |id: EntryId| {
        said.replaces.contains(&id) || said.also.contains(&id) || said.rebooks == Some(id)
    };
    let unnamed = past
        .appointments
        .iter()
        .any(|a| a.is_live() && !named(a.id));
    ensure(!unnamed, Breach::LiveAppointment)?;
    let all = said.replaces.iter().chain(&said.also).chain(&said.rebooks);
    ensure(
        all.into_iter().all(|id| past.appointment(*id).is_some()),
        Breach::NoSuchAppointment,
    )
}

fn standing(past: &Record, id: EntryId) -> Result<(), Breach> {
    let appointment = past.appointment(id).ok_or(Breach::NoSuchAppointment)?;
    let over = matches!(
        appointment.status,
        AppointmentStatus::Cancelled | AppointmentStatus::Superseded
    );
    ensure(!over, Breach::AppointmentOver)
}

fn outcome(past: &Record, said: &OutcomeRecorded, at: jiff::Timestamp) -> Result<(), Breach> {
    let appointment = past
        .appointment(said.appointment)
        .ok_or(Breach::NoSuchAppointment)?;
    let early = at < appointment.slot.start && appointment.status != AppointmentStatus::Cancelled;
    let told_before = matches!(
        said.value,
        super::code::OutcomeValue::CancelledPatient
            | super::code::OutcomeValue::CancelledPartner
            | super::code::OutcomeValue::Rescheduled
    );
    ensure(!early || told_before, Breach::TooEarly)
}

fn settled(past: &Record, said: &ReviewSettled) -> Result<(), Breach> {
    ensure(!said.items.is_empty(), Breach::NoSuchItem)?;
    let fits = |id| {
        past.review
            .iter()
            .any(|item| item.id == id && item.choices.contains(&said.keep))
    };
    ensure(said.items.iter().all(|id| fits(*id)), Breach::NoSuchItem)
}

fn flags(past: &Record, named: &[EntryId]) -> Result<(), Breach> {
    ensure(!named.is_empty(), Breach::FlagsUnnamed)?;
    ensure(
        named
            .iter()
            .all(|id| past.flags.iter().any(|f| f.entry.id == *id)),
        Breach::FlagsUnnamed,
    )
}

fn closed(entry: &Entry, past: &Record, said: &LoopClosed) -> Result<(), Breach> {
    handoff(past)?;
    let resolved = |id: EntryId| {
        past.flag_events
            .iter()
            .any(|e| e.status == super::code::FlagStatus::Resolved && e.flags.contains(&id))
    };
    ensure(
        past.flags
            .iter()
            .all(|f| resolved(f.entry.id) && said.flags_seen.contains(&f.entry.id)),
        Breach::OpenFlag,
    )?;
    ensure(
        !past.review.iter().any(super::fold::ReviewItem::is_open),
        Breach::OpenReview,
    )?;
    let at = entry.occurred_at.timestamp();
    ensure(
        !past
            .appointments
            .iter()
            .any(|a| a.is_live() && a.slot.start > at),
        Breach::FutureAppointment,
    )?;
    let unreachable = said.reason == CloseReason::Unreachable;
    ensure(
        !unreachable || entry.role == Role::Supervisor,
        Breach::SupervisorOnly,
    )
}
