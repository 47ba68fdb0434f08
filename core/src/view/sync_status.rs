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
    /// Why it needs help, if it does.
    pub help: Option<Help>,
}

/// Why a change needs a person.
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

impl From<QuarantineReason> for Help {
    fn from(_: QuarantineReason) -> Self {
        Self::Quarantined
    }
}

impl From<RejectReason> for Help {
    fn from(_: RejectReason) -> Self {
        Self::Rejected
    }
}
