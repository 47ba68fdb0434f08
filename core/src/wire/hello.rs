//! What the requests of sync carry: who, where in the log, and how the device is.

use crate::domain::id::DocumentId;
use jiff::Timestamp;
use minicbor::{Decode, Encode};

/// The version of these messages and of the entries in them.
pub const SCHEMA: u16 = 1;

/// A position in the organisation's log: the server compares it with its own row. `seq` 0 is before the first row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Token {
    /// A new one after each restore that says so; never reused.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The row.
    #[n(1)]
    pub seq: u64,
    /// The chain up to it.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub chain: [u8; 32],
}

/// How far a device has applied the log; within the next row, up to which document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    /// Applied up to here.
    #[n(0)]
    pub token: Token,
    /// The last document delivered of the row after it.
    #[n(1)]
    pub after: Option<DocumentId>,
}

/// What the requests of sync carry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// A random number, echoed by the answer; an answer with another number is dropped whole.
    #[n(0)]
    pub number: u64,
    /// The build of the software.
    #[n(1)]
    pub build: String,
    /// [`SCHEMA`] of the device.
    #[n(2)]
    pub schema: u16,
    /// The device's clock.
    #[n(3)]
    pub client_now: i64,
    /// The version of the sheet it holds; 0 for none.
    #[n(4)]
    pub sheet_version: u64,
    /// Applied up to here.
    #[n(5)]
    pub cursor: Cursor,
    /// The highest head ever told.
    #[n(6)]
    pub high: Token,
    /// Which of the server's keys for closed boxes it has, by its mark.
    #[n(7)]
    pub box_key: u64,
}

impl Hello {
    /// How far the device's clock is ahead of the server's, in milliseconds. Whatever it says, this has an amount.
    pub fn offset_ms(&self, now: Timestamp) -> i64 {
        let ahead = self.client_now.saturating_sub(now.as_millisecond());
        ahead.max(-i64::MAX)
    }
}

/// How the device is: no patient data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct DeviceState {
    /// Changes not yet on the server.
    #[n(0)]
    pub unsent: u32,
    /// When the oldest of them was recorded.
    #[n(1)]
    pub oldest_unsent_at: Option<i64>,
    /// When the next thing of an unsent record falls due.
    #[n(2)]
    pub next_due_at: Option<i64>,
    /// The clock's offset at the last sync: device minus server.
    #[n(3)]
    pub offset_ms: Option<i64>,
    /// Free space.
    #[n(4)]
    pub free_bytes: Option<u64>,
    /// Its file is encrypted.
    #[n(5)]
    pub is_encrypted: Option<bool>,
}
