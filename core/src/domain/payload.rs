//! What each kind of entry says. Stored forms: a field is only ever added, and always optional.
//! Knows nothing of who may write it (`authority`) or of what follows from it (`fold`).

mod care;
mod oversight;
mod partner;
mod person;
mod sharing;

pub use care::{
    BarrierRecorded, ContactRuleSet, Correction, ReadBack, SafeHours, ScreenAmended, ScriptSaid,
};
pub use oversight::{
    EnteredInError, FlagsLinked, PatientsLinked, PatientsUnlinked, SafetyCallTapped,
    SafetyPanelDismissed, ScreenSigned,
};
pub use partner::{PartnerAccepted, PartnerDeclined, PartnerOpened, PartnerTold, ToldContact};
pub use person::{Answer, ExternalId, PatientDescribed, PerinatalStage};
pub use sharing::{
    ConsentRecorded, ConsentRevoked, ElectronicFailed, ElectronicQueued, ElectronicSent, ShareItem,
    SharingPlanConfirmed,
};

use super::code::{
    BookedBy, Channel, CloseReason, ContactBasis, ContactOutcome, ContactWith, DecisionReason,
    DecisionValue, Direction, FamilyPresent, HandedHow, Instrument, Modality, Mode, NeedBasis,
    NeedKind, OutcomeSource, OutcomeValue, SafetyReason, ScreenMode, ScreenResult, SelfHarm,
    Setting, Signal, StepKind, Urgency,
};
use super::id::{DerivedId, DocumentId, EntryId, PartnerId, PatientId, SiteId, UserId};
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

macro_rules! payload {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* }
    )* };
}
use payload;

payload! {
    /// A record is opened for one patient at one site.
    RecordOpened { patient: PatientId, site: SiteId }

    /// A document for a patient's screen answers begins, of its own visibility.
    ScreensOpened { patient: PatientId, site: SiteId, record: DocumentId }

    /// A document for what a patient answers about alcohol and drugs begins, of its own, narrower visibility.
    SudOpened { patient: PatientId, site: SiteId, record: DocumentId }

    /// A visit, call or session with the patient begins.
    EncounterStarted {
        setting: Setting,
        site: SiteId,
        #[serde(default, skip_serializing_if = "Option::is_none")] signal: Option<Signal>,
        #[serde(default, skip_serializing_if = "Option::is_none")] family_present: Option<FamilyPresent>,
        #[serde(default, skip_serializing_if = "Option::is_none")] ok_to_discuss_in_front: Option<bool>,
        /// Staff who are there besides the author.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] staff: Vec<UserId>,
    }

    /// The patient leaves, or the visitor leaves her home.
    EncounterEnded { encounter: EntryId }

    /// Why a patient left without a plan: one chip, asked and never demanded.
    LeaveReasonGiven { encounter: EntryId, reason: String }

    /// The result of a screen, as everybody on the record may know it. The answers lie in another document.
    ScreenRecorded {
        instrument: Instrument,
        mode: ScreenMode,
        result: ScreenResult,
        self_harm: SelfHarm,
        /// The organisation's cutoff on the day, frozen.
        #[serde(default, skip_serializing_if = "Option::is_none")] cutoff: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")] language: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
    }

    /// The answers of a screen: in a document of kind `screens`.
    ScreenAnswered {
        /// The `ScreenRecorded` that tells the result.
        screen: EntryId,
        record: DocumentId,
        instrument: Instrument,
        /// One score an item; a blank is null and never 0.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] items: Vec<Option<u8>>,
        #[serde(default, skip_serializing_if = "Option::is_none")] total: Option<u16>,
        total_only: bool,
        /// The screen of which these are another version's answers.
        #[serde(default, skip_serializing_if = "Option::is_none")] amends: Option<EntryId>,
    }

    /// A person sees the need: the handoff begins.
    NeedIdentified {
        basis: NeedBasis,
        need: NeedKind,
        urgency: Urgency,
        #[serde(default, skip_serializing_if = "Option::is_none")] screen: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
        /// The designated person, frozen from the roster.
        #[serde(default, skip_serializing_if = "Option::is_none")] owner: Option<UserId>,
    }

    /// Ownership is offered to a named person.
    OwnerOffered { to: UserId }

    /// Ownership is taken.
    OwnerAccepted {
        #[serde(default, skip_serializing_if = "Option::is_none")] offer: Option<EntryId>,
    }

    /// Ownership is given up.
    OwnerReleased {}

    /// A warm handoff is offered, in an encounter or by phone outreach.
    Offered {
        mode: Mode,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] script: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] language: Option<String>,
    }

    /// What the patient said to it.
    DecisionRecorded {
        value: DecisionValue,
        #[serde(default, skip_serializing_if = "Option::is_none")] offer: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] reasons: Vec<DecisionReason>,
        #[serde(default, skip_serializing_if = "is_false")] patient_initiated: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] revisit: Option<Revisit>,
        #[serde(default, skip_serializing_if = "Option::is_none")] words: Option<String>,
    }

    /// Something was left with her.
    MaterialGiven {
        what: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
    }

    /// Contact was sought. `occurred_at` is its start.
    ContactAttempted {
        with: ContactWith,
        basis: ContactBasis,
        direction: Direction,
        channel: Channel,
        outcome: ContactOutcome,
        #[serde(default, skip_serializing_if = "Option::is_none")] partner: Option<PartnerId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] contact_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] ended_at: Option<Zoned>,
        #[serde(default, skip_serializing_if = "is_false")] patient_on_line: bool,
        #[serde(default, skip_serializing_if = "is_false")] introduced_by_name: bool,
        #[serde(default, skip_serializing_if = "is_false")] context_given: bool,
        /// When to try again, if nobody was reached.
        #[serde(default, skip_serializing_if = "Option::is_none")] retry_at: Option<Zoned>,
        /// Required when the basis is an emergency.
        #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<String>,
    }

    /// A next step with its date and its named contact.
    NextStepSet {
        what: StepKind,
        due_at: Zoned,
        contact_name: String,
        contact_channel: Channel,
        contact_value: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] partner: Option<PartnerId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] owner: Option<UserId>,
        /// Whoever owns it coordinates at the site: then it is a coordinator's call. Frozen from the sheet.
        #[serde(default, skip_serializing_if = "is_false")] owner_coordinates: bool,
        /// When the practice's promise falls due, frozen from its agreement.
        #[serde(default, skip_serializing_if = "Option::is_none")] promise_due_at: Option<Timestamp>,
        /// The step whose date or contact this one changes.
        #[serde(default, skip_serializing_if = "Option::is_none")] replaces: Option<EntryId>,
    }

    /// The step was done.
    NextStepFulfilled { step: EntryId }

    /// The step is no longer meant.
    NextStepCancelled { step: EntryId, reason: String }

    /// An appointment. Local wall time and zone are its source; the instant is computed.
    AppointmentBooked {
        partner: PartnerId,
        start_local: DateTime,
        zone: String,
        /// In the hour that occurs twice: the second one is meant.
        #[serde(default, skip_serializing_if = "is_false")] second_hour: bool,
        modality: Modality,
        booked_by: BookedBy,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] minutes: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")] clinician: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] location: Option<String>,
        /// Live appointments that this one takes the place of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] replaces: Vec<EntryId>,
        /// Live appointments that stand beside this one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] also: Vec<EntryId>,
        /// The missed or cancelled appointment with the same practice that this one makes up for.
        #[serde(default, skip_serializing_if = "Option::is_none")] rebooks: Option<EntryId>,
        #[serde(default, skip_serializing_if = "is_false")] proposed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] accepts: Option<EntryId>,
    }

    /// An appointment was moved.
    AppointmentChanged {
        appointment: EntryId,
        start_local: DateTime,
        zone: String,
        #[serde(default, skip_serializing_if = "is_false")] second_hour: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] modality: Option<Modality>,
    }

    /// An appointment was called off.
    AppointmentCancelled {
        appointment: EntryId,
        cancelled_by: BookedBy,
        #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<String>,
    }

    /// She is there; what became of the visit is not known yet.
    PatientArrived { appointment: EntryId, source: OutcomeSource }

    /// What became of a visit.
    OutcomeRecorded { appointment: EntryId, value: OutcomeValue, source: OutcomeSource }

    /// Free text, always attributed, always appended.
    Noted { text: String }

    /// A person settles what two others left open: the items that she saw, and the entry that stands; none declines a
    /// proposal.
    ReviewSettled {
        items: Vec<DerivedId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] keep: Option<EntryId>,
    }

    /// Somebody is worried. Never guarded.
    SafetyRaised {
        reason: SafetyReason,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] words: Option<String>,
    }

    /// Flags were handed to a named clinician.
    SafetyHanded { flags: Vec<EntryId>, to: String, how: HandedHow }

    /// A licensed clinician assesses these flags.
    SafetyAssessing { flags: Vec<EntryId> }

    /// A licensed clinician resolves exactly these flags, with a note.
    SafetyResolved {
        flags: Vec<EntryId>,
        note: String,
        /// Flags of her other records that were known then: what is not among them was not seen.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] seen: Vec<EntryId>,
    }

    /// The loop is closed, by somebody who saw these flags.
    LoopClosed {
        reason: CloseReason,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] flags_seen: Vec<EntryId>,
        #[serde(default, skip_serializing_if = "is_false")] proposed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] accepts: Option<EntryId>,
    }

    /// A derived task was done, with its real date in `occurred_at`.
    TaskDone {
        task: DerivedId,
        #[serde(default, skip_serializing_if = "Option::is_none")] result: Option<String>,
    }
}

/// When to come back to it: a date, or the next encounter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revisit {
    /// On this day.
    On(Date),
    /// Whenever she is next seen.
    NextEncounter,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
