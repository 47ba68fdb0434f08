//! An entry: the one thing that is ever stored. It is never changed; a correction is a new entry that points at the
//! old one. An entry's text is read in two steps, its head and then its payload, so that what a newer version wrote
//! survives untouched. Knows neither documents nor databases.

mod reference;

use super::code::{DocumentKind, Role, SelfHarm};
use super::id::{DeviceId, EntryId, PartnerId, PatientId, UserId};
use super::payload::{
    AppointmentBooked, AppointmentCancelled, AppointmentChanged, BarrierRecorded, ConsentRecorded,
    ConsentRevoked, ContactAttempted, ContactRuleSet, DecisionRecorded, ElectronicFailed,
    ElectronicQueued, ElectronicSent, EncounterEnded, EncounterStarted, EnteredInError,
    FlagsLinked, LeaveReasonGiven, LoopClosed, MaterialGiven, NeedIdentified, NextStepCancelled,
    NextStepFulfilled, NextStepSet, Noted, Offered, OutcomeRecorded, OwnerAccepted, OwnerOffered,
    OwnerReleased, PartnerAccepted, PartnerDeclined, PartnerOpened, PartnerTold, PatientArrived,
    PatientDescribed, PatientsLinked, PatientsUnlinked, ReadBack, RecordOpened, ReviewSettled,
    SafetyAssessing, SafetyCallTapped, SafetyHanded, SafetyPanelDismissed, SafetyRaised,
    SafetyResolved, ScreenAmended, ScreenAnswered, ScreenRecorded, ScreenSigned, ScreensOpened,
    ScriptSaid, SharingPlanConfirmed, SudOpened, TaskDone,
};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// The version of this software, written into every entry.
pub const APP: &str = env!("CARGO_PKG_VERSION");

/// An entry's text may have this many bytes.
pub const MAX_ENTRY_BYTES: usize = 16 * 1024;

/// An entry may name so many that it comes after.
pub const MAX_AFTER: usize = 64;

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// What an entry says, by its kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Body {
            $(#[doc = concat!("See [`", stringify!($kind), "`].")] $kind($kind),)*
            /// Written by a newer version: kept, shown as such, of no effect here.
            Unknown(String),
        }

        impl Body {
            /// Every kind that this version knows.
            pub const KINDS: &'static [&'static str] = &[$(stringify!($kind)),*];

            /// The kind as stored.
            pub fn kind(&self) -> &str {
                match self { $(Self::$kind(_) => stringify!($kind),)* Self::Unknown(kind) => kind }
            }

            fn read(kind: &str, payload: &str) -> Result<Self, serde_json::Error> {
                Ok(match kind {
                    $(stringify!($kind) => Self::$kind(serde_json::from_str(payload)?),)*
                    other => Self::Unknown(other.to_owned()),
                })
            }

            fn write(&self) -> Result<Box<RawValue>, serde_json::Error> {
                match self {
                    $(Self::$kind(payload) => serde_json::value::to_raw_value(payload),)*
                    Self::Unknown(_) => serde_json::value::to_raw_value(&()),
                }
            }
        }

        $(impl From<$kind> for Body {
            fn from(payload: $kind) -> Self { Self::$kind(payload) }
        })*
    };
}

kinds! {
    RecordOpened, ScreensOpened, SudOpened, PatientDescribed, EncounterStarted, EncounterEnded, LeaveReasonGiven, ScreenRecorded,
    ScreenAnswered, NeedIdentified, OwnerOffered, OwnerAccepted, OwnerReleased, Offered, DecisionRecorded,
    MaterialGiven, ContactAttempted, NextStepSet, NextStepFulfilled, NextStepCancelled, AppointmentBooked,
    AppointmentChanged, AppointmentCancelled, PatientArrived, OutcomeRecorded, Noted, ReviewSettled, SafetyRaised, SafetyHanded,
    SafetyAssessing, SafetyResolved, LoopClosed, TaskDone, ScreenAmended, ScriptSaid, ReadBack, BarrierRecorded,
    ContactRuleSet, SharingPlanConfirmed, ConsentRecorded, ConsentRevoked, ElectronicQueued, ElectronicSent,
    ElectronicFailed, PartnerAccepted, PartnerDeclined, PartnerOpened, PartnerTold, SafetyPanelDismissed,
    SafetyCallTapped, FlagsLinked, ScreenSigned, PatientsLinked, PatientsUnlinked, EnteredInError,
}

impl Body {
    /// The kind of document that it begins, and whose that is; none: it begins none.
    pub fn opens(&self) -> Option<(DocumentKind, PatientId)> {
        match self {
            Self::RecordOpened(p) => Some((DocumentKind::Record, p.patient)),
            Self::ScreensOpened(p) => Some((DocumentKind::Screens, p.patient)),
            Self::SudOpened(p) => Some((DocumentKind::Sud, p.patient)),
            Self::PartnerOpened(p) => {
                Some((DocumentKind::Partner, PatientId::of_practice(&p.partner)))
            }
            _ => None,
        }
    }

    /// May it lie in a document of this kind? Answers of screens never mix with what everybody on a record may know, nor
    /// those about alcohol and drugs with any other.
    pub fn belongs_in(&self, kind: DocumentKind) -> bool {
        match self {
            Self::ScreenAnswered(p) if p.instrument.is_about_substances() => {
                kind == DocumentKind::Sud
            }
            Self::ScreenAnswered(_) => kind == DocumentKind::Screens,
            Self::PartnerTold(_) => kind == DocumentKind::Partner,
            // An error is taken back where it lies; what nobody here knows lies where a newer version put it.
            Self::EnteredInError(_) | Self::Unknown(_) => true,
            _ => self
                .opens()
                .map_or(kind == DocumentKind::Record, |(begins, _)| begins == kind),
        }
    }

    /// Is it only proposed, for somebody else to accept?
    pub fn is_proposed(&self) -> bool {
        match self {
            Self::PatientDescribed(p) => p.proposed,
            Self::ContactRuleSet(p) => p.proposed,
            Self::AppointmentBooked(p) => p.proposed,
            Self::LoopClosed(p) => p.proposed,
            Self::PatientsLinked(p) => p.proposed,
            Self::PartnerTold(p) => p.proposed,
            _ => false,
        }
    }

    /// The proposal that it accepts.
    pub fn accepts(&self) -> Option<EntryId> {
        match self {
            Self::PatientDescribed(p) => p.accepts,
            Self::ContactRuleSet(p) => p.accepts,
            Self::AppointmentBooked(p) => p.accepts,
            Self::LoopClosed(p) => p.accepts,
            Self::PatientsLinked(p) => p.accepts,
            Self::PartnerTold(p) => p.accepts,
            _ => None,
        }
    }

    /// The same, as a proposal; a kind that cannot be one stays as it is.
    #[must_use]
    pub fn into_proposal(self) -> Self {
        self.propose(true)
    }

    /// The same, stated and no longer proposed.
    #[must_use]
    pub fn into_statement(self) -> Self {
        self.propose(false)
    }

    fn propose(mut self, proposed: bool) -> Self {
        match &mut self {
            Self::PatientDescribed(p) => p.proposed = proposed,
            Self::ContactRuleSet(p) => p.proposed = proposed,
            Self::AppointmentBooked(p) => p.proposed = proposed,
            Self::LoopClosed(p) => p.proposed = proposed,
            Self::PatientsLinked(p) => p.proposed = proposed,
            Self::PartnerTold(p) => p.proposed = proposed,
            _ => {}
        }
        self
    }
}

impl Body {
    /// Is it said also in a record that is full? What is about safety, what a screen found, and that a visit has ended:
    /// room is kept for it.
    pub fn has_kept_room(&self) -> bool {
        let of_the_visit = matches!(
            self,
            Self::EncounterEnded(_) | Self::LeaveReasonGiven(_) | Self::ScreenRecorded(_)
        );
        self.is_safety() || of_the_visit
    }

    /// The practice that does not take her by this: it answered so, or said so in a call.
    pub fn declined_by(&self) -> Option<&PartnerId> {
        match self {
            Self::PartnerDeclined(p) => Some(&p.partner),
            Self::ContactAttempted(p) if p.outcome.refuses() => p.partner.as_ref(),
            _ => None,
        }
    }

    /// Does it raise a safety flag, where it stands?
    pub fn raises_flag(&self) -> bool {
        match self {
            Self::SafetyRaised(_) => true,
            Self::ScreenRecorded(screen) => screen.self_harm == SelfHarm::Yes,
            Self::ScreenAmended(screen) => screen.self_harm == SelfHarm::Yes,
            _ => false,
        }
    }

    /// What anybody who holds the device says at the panel beside a record, also where she may not see it: a worry, whom
    /// she called, and that the panel was put away. It opens nothing to her.
    pub fn is_said_beside(&self) -> bool {
        matches!(
            self,
            Self::SafetyRaised(_) | Self::SafetyCallTapped(_) | Self::SafetyPanelDismissed(_)
        )
    }

    /// Is it about safety alone?
    pub fn is_safety(&self) -> bool {
        matches!(
            self,
            Self::SafetyRaised(_)
                | Self::SafetyHanded(_)
                | Self::SafetyAssessing(_)
                | Self::SafetyResolved(_)
                | Self::SafetyPanelDismissed(_)
                | Self::SafetyCallTapped(_)
                | Self::FlagsLinked(_)
        )
    }
}

/// One entry of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its identity, for ever.
    pub id: EntryId,
    /// Who says so.
    pub by: UserId,
    /// In which role.
    pub role: Role,
    /// On which device.
    pub device: DeviceId,
    /// When, as the person says, it happened: local wall time and zone.
    pub occurred_at: Zoned,
    /// When it was recorded: the device's clock, corrected by the last known offset.
    pub recorded_at: Timestamp,
    /// The newest entries of this document that its author had seen.
    pub after: Vec<EntryId>,
    /// The version that wrote it.
    pub app: String,
    /// What it says.
    pub body: Body,
}

#[derive(Deserialize)]
struct Head<'a> {
    id: EntryId,
    kind: String,
    by: UserId,
    role: Role,
    device: DeviceId,
    occurred_at: Zoned,
    recorded_at: Timestamp,
    after: Vec<EntryId>,
    app: String,
    #[serde(borrow)]
    payload: &'a RawValue,
}

#[derive(Serialize)]
struct Written<'a> {
    id: EntryId,
    kind: &'a str,
    by: &'a UserId,
    role: Role,
    device: DeviceId,
    occurred_at: &'a Zoned,
    recorded_at: Timestamp,
    after: &'a [EntryId],
    app: &'a str,
    payload: Box<RawValue>,
}

/// Why a text is no entry. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Over [`MAX_ENTRY_BYTES`].
    TooLong,
    /// Its head does not read.
    Head,
    /// Its payload does not fit its kind.
    Payload,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "an entry is longer than allowed",
            Self::Head => "an entry's head does not read",
            Self::Payload => "an entry's payload does not fit its kind",
        })
    }
}

impl Entry {
    /// Reads an entry from its stored text. An unknown kind is an entry; a known kind with a payload that does not fit
    /// is malformed.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_ENTRY_BYTES {
            return Err(Malformed::TooLong);
        }
        let head: Head<'_> = serde_json::from_str(text).map_err(|_| Malformed::Head)?;
        let body = Body::read(&head.kind, head.payload.get()).map_err(|_| Malformed::Payload)?;
        Ok(Self {
            id: head.id,
            by: head.by,
            role: head.role,
            device: head.device,
            occurred_at: head.occurred_at,
            recorded_at: head.recorded_at,
            after: head.after,
            app: head.app,
            body,
        })
    }

    /// The text that is stored, once, when the entry is made.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Written {
            id: self.id,
            kind: self.body.kind(),
            by: &self.by,
            role: self.role,
            device: self.device,
            occurred_at: &self.occurred_at,
            recorded_at: self.recorded_at,
            after: &self.after,
            app: &self.app,
            payload: self.body.write()?,
        })
    }
}
