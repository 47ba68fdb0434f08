//! The truth about sending.

use crate::code::{DocumentId, Timestamp};
pub use warmhand_core::view::SyncStatusScreen;
use warmhand_core::view::{Help, SyncState, UnsentRow};

/// How sending stands: counts records, not changes.
#[uniffi::remote(Record)]
pub struct SyncStatusScreen {
    /// In one word.
    pub state: SyncState,
    /// Records with something that is not on the server.
    pub unsent: Vec<UnsentRow>,
    /// When the server last answered.
    pub last_answer_at: Option<Timestamp>,
    /// The device's clock against the server's, in milliseconds; ahead is positive.
    pub clock_offset_ms: Option<i64>,
}

/// How sending stands, in one word.
#[uniffi::remote(Enum)]
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
}

/// A record with something that is not on the server.
#[uniffi::remote(Record)]
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

/// Why something unsent needs a person.
#[uniffi::remote(Enum)]
pub enum Help {
    /// The server keeps it and a person decides.
    Quarantined,
    /// The server cannot keep it; it is kept here.
    Rejected,
}
