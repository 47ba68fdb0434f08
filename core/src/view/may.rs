//! What may be done now, and what stands before it: a command is rehearsed by the rules that will judge it when it is
//! meant. Holds no rule of its own.

mod everything;

use crate::domain::fold::{Encounter, Record};
use crate::domain::id::EntryId;
use crate::domain::join::Patient;
use crate::refusal::Refusal;
use crate::usecase::{Command, Counting, Desk, EndEncounter, rehearse, rehearse_to};
use serde::Serialize;
use std::cell::RefCell;

/// Something that a person may do on a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Open a record.
    OpenRecord,
    /// Say who she is.
    Describe,
    /// Begin a visit.
    StartEncounter,
    /// End it.
    EndEncounter,
    /// Say why she left without a plan.
    GiveLeaveReason,
    /// Record a screen.
    RecordScreen,
    /// Begin the handoff.
    Identify,
    /// Offer it.
    Offer,
    /// Record what she decided.
    Decide,
    /// Leave something with her.
    GiveMaterial,
    /// Call a practice.
    ContactPartner,
    /// Call her.
    ContactPatient,
    /// Confirm what may be shared.
    ConfirmPlan,
    /// Go through it with her again.
    ReadBack,
    /// Note what stands in the way.
    RecordBarrier,
    /// Set a next step.
    SetStep,
    /// Book.
    Book,
    /// Propose a booking.
    ProposeBooking,
    /// Say that she is there.
    Arrive,
    /// Say what became of a visit.
    Outcome,
    /// Note.
    Note,
    /// Ask somebody to take it over.
    OfferOwnership,
    /// Take it over.
    AcceptOwnership,
    /// Give it up.
    ReleaseOwnership,
    /// Settle a question.
    Settle,
    /// Say that one is worried.
    RaiseSafety,
    /// Hand flags to a named clinician.
    HandSafety,
    /// Assess flags.
    AssessSafety,
    /// Resolve flags.
    ResolveSafety,
    /// Close the loop.
    Close,
    /// Say that two patients are one person.
    LinkPatients,
    /// Say that they are not.
    UnlinkPatients,
    /// Say how much room a practice has.
    TellCapacity,
    /// Say that the directory was checked.
    Verify,
    /// Add a contact to the directory.
    AddContact,
    /// Keep what was typed.
    Save,
}

/// What stands before something that a person may want to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// What cannot be done.
    pub action: Action,
    /// Why: the very answer that the command would get.
    pub why: Refusal,
}

/// Asks one thing after another, and keeps what stands before it.
pub(super) struct Asking<'a, 'd> {
    desk: &'a Desk<'d>,
    beside: Option<&'a Record>,
    pub(super) problems: Vec<Obstacle>,
}

impl<'a, 'd> Asking<'a, 'd> {
    pub(super) fn at(desk: &'a Desk<'d>) -> Self {
        Self {
            desk,
            beside: None,
            problems: Vec::new(),
        }
    }

    /// The same, where a practice's own document is written in.
    pub(super) fn beside(desk: &'a Desk<'d>, document: Option<&'a Record>) -> Self {
        Self {
            beside: document,
            ..Self::at(desk)
        }
    }

    pub(super) fn may(&mut self, action: Action, command: Command) -> bool {
        match rehearse(command, self.desk, self.beside) {
            Ok(()) => true,
            Err(why) => self.no(action, why),
        }
    }

    /// The same, where there may be nothing to do it with.
    pub(super) fn may_if(
        &mut self,
        action: Action,
        command: Option<Command>,
        lacking: Refusal,
    ) -> bool {
        match command {
            Some(command) => self.may(action, command),
            None => self.no(action, lacking),
        }
    }

    pub(super) fn no(&mut self, action: Action, why: Refusal) -> bool {
        self.problems.push(Obstacle { action, why });
        false
    }
}

/// Would it be taken, without a word on why not?
pub(super) fn would(desk: &Desk<'_>, command: Command) -> bool {
    rehearse(command, desk, None).is_ok()
}

/// The record as it would stand, laid before the same person at the same time.
pub(super) fn later<T>(
    desk: &Desk<'_>,
    record: Record,
    look: impl FnOnce(&Desk<'_>) -> Option<T>,
) -> Option<T> {
    let id = record.id;
    let patient = Patient::of(record.patient?, vec![record]);
    let mut ids = Counting::default();
    look(&Desk {
        now: desk.now,
        person: desk.person,
        device: desk.device,
        sheet: desk.sheet,
        patient: Some(&patient),
        record: patient.record(id),
        reading: None,
        rng: RefCell::new(&mut ids),
    })
}

/// A visit as it would read if she left now: its end, rehearsed.
pub(super) fn if_she_left(desk: &Desk<'_>, encounter: EntryId) -> Option<Encounter> {
    let record = desk.record?.id;
    let end = EndEncounter {
        record,
        encounter: Some(encounter),
        at: None,
    };
    let after = rehearse_to(Command::EndEncounter(end), desk, None).ok()?;
    let after = after.into_iter().find(|d| d.id == record)?;
    after.encounters.into_iter().find(|e| e.id == encounter)
}
