//! The truth about sending: how many records wait, since when, and which need help and why. Counts records, not
//! changes; "to send" outranks "cannot connect".

use super::when::Length;
use crate::domain::id::DocumentId;
use crate::wire::{QuarantineReason, RejectReason};
use jiff::Timestamp;
use serde::Serialize;

/// The screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SyncStatusScreen {
    /// In one word.
    pub state: SyncState,
    /// Records with something that is not on the server.
    pub unsent: Vec<UnsentRow>,
    /// When the server last answered.
    pub last_answer_at: Option<Timestamp>,
    /// The device's clock against the server's, in milliseconds; ahead is positive.
    pub clock_offset_ms: Option<i64>,
    /// So many records wait.
    pub count: u32,
    /// For how long the longest of them.
    pub waits_for: Option<Length>,
    /// How long ago the server last answered.
    pub silent_for: Option<Length>,
    /// The clock is off by more than five minutes, and in which direction.
    pub clock_off: Option<ClockOff>,
}

/// The device's clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClockOff {
    /// By so much.
    pub by: Length,
    /// It is ahead; else behind.
    pub is_ahead: bool,
}

impl ClockOff {
    /// More than five minutes, or nothing to speak of.
    pub fn of(offset_ms: i64) -> Option<Self> {
        let off = jiff::SignedDuration::from_millis(offset_ms);
        (off.abs() > jiff::SignedDuration::from_mins(5)).then(|| Self {
            by: Length::of(off.abs()),
            is_ahead: off.is_positive(),
        })
    }
}

/// How sending stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// Everything recorded here is on the server.
    AllSent,
    /// Something is to be sent.
    ToSend,
    /// The server asked to compare everything; nothing counts as sent until it is confirmed again.
    Comparing,
    /// Something needs a person.
    NeedsHelp,
    /// The server no longer takes this device; its work is kept.
    SignedOff,
    /// App and server are of versions that do not know each other: one of them has to be updated, and until then everything
    /// is kept here.
    NeedsUpdate,
    /// The server was put back from a copy that is older than this device: until somebody there says whose it is, what it
    /// sends is kept aside and nothing new comes.
    Unconfirmed,
    /// The server has not answered for longer than the organisation allows: no name is shown until it does.
    Locked,
    /// This device was taken out of service; what it holds is on its way to the practice.
    Withdrawn,
    /// This device was taken out of service and holds nothing any more; its records are at the practice.
    Wiped,
}

impl SyncStatusScreen {
    /// The same without a name: how much waits, and not for whom.
    #[must_use]
    pub fn nameless(mut self, state: SyncState) -> Self {
        self.state = state;
        for row in &mut self.unsent {
            row.name = None;
        }
        self
    }
}

/// A record with something that is not on the server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnsentRow {
    /// The record; answers of a screen count for the record that they belong to.
    pub record: DocumentId,
    /// The patient's name.
    pub name: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// What became of it, if it needs help.
    pub help: Option<Help>,
    /// Why, where the server said so: of several reasons the one that explains the others.
    pub why: Option<Why>,
}

/// What became of a change that needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Help {
    /// The server keeps it and a person decides.
    Quarantined,
    /// The server cannot keep it; it is kept here.
    Rejected,
    /// Something of it does not read on this device any more and cannot be sent: the practice is to be told what was
    /// recorded, and a rescue file carries what still reads.
    Damaged,
}

/// Why the server did not put something into its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Who wrote it may not see the record.
    Access,
    /// It is not in the role of who wrote it.
    Role,
    /// A rule of the record did not hold in what its author had seen.
    Rule,
    /// It stands on other work that is kept aside or is not there.
    StandsOn,
    /// Its device, or who wrote it, was taken out of service.
    OutOfService,
    /// It was given back without proof of who wrote it.
    Unproven,
    /// Nobody has said yet whose the device is.
    Unconfirmed,
    /// The record holds something else under the same name.
    Taken,
    /// It does not read there.
    Unreadable,
    /// It is too long.
    TooLong,
    /// The record is full: go on in a new one.
    Full,
    /// Nothing of the record may be left.
    Erased,
    /// Too much of this device waits for a person already.
    Crowded,
}

impl From<QuarantineReason> for Why {
    fn from(reason: QuarantineReason) -> Self {
        match reason {
            QuarantineReason::Access => Self::Access,
            QuarantineReason::Role => Self::Role,
            QuarantineReason::Guard => Self::Rule,
            QuarantineReason::StandsOn => Self::StandsOn,
            QuarantineReason::Revoked => Self::OutOfService,
            QuarantineReason::Recovered => Self::Unproven,
            QuarantineReason::Unconfirmed => Self::Unconfirmed,
            QuarantineReason::Reauthor | QuarantineReason::EntryId => Self::Taken,
        }
    }
}

impl From<RejectReason> for Why {
    fn from(reason: RejectReason) -> Self {
        match reason {
            RejectReason::Malformed | RejectReason::WrongHash => Self::Unreadable,
            RejectReason::TooBig => Self::TooLong,
            RejectReason::Full => Self::Full,
            RejectReason::Erased => Self::Erased,
            RejectReason::Crowded => Self::Crowded,
        }
    }
}
