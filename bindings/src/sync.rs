//! What a carrier takes and brings, what a command made, and what may have changed.

use crate::code::{DocumentId, EntryId, PatientId, Timestamp};
pub use warmhand_core::app::{Carried, Outgoing, Rescued, SyncStep, Topic};
pub use warmhand_core::usecase::Outcome;

/// A path on the server.
pub(crate) type ServerPath = &'static str;

uniffi::custom_type!(ServerPath, String, {
    remote,
    lower: |path| path.to_owned(),
    // Paths go out and never come in.
    try_lift: |_path| Err(crate::Refusal::unreadable("path").into()),
});

/// What may have changed: read again what is shown of it.
#[uniffi::remote(Enum)]
pub enum Topic {
    /// Records, and with them every list.
    Records,
    /// How sending stands.
    Sync,
    /// Who is signed in, or who may be.
    People,
}

/// What the carrier is to do.
#[uniffi::remote(Enum)]
pub enum SyncStep {
    /// Carry this and bring back the answer.
    Send(Outgoing),
    /// Nothing before this time, unless something is recorded or the link comes up; without one, nothing at all.
    Idle(Option<Timestamp>),
}

/// A request for the carrier: POST, `Content-Type: application/cbor`, over TLS, following no redirect.
#[uniffi::remote(Record)]
pub struct Outgoing {
    /// The number under which its answer is taken.
    pub number: u64,
    /// Where on the server.
    pub path: ServerPath,
    /// The credential for `Authorization: Bearer`; none while enrolling.
    pub bearer: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the carrier brings back.
#[uniffi::remote(Enum)]
pub enum Carried {
    /// An answer, whatever its status.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// None came, or the server could not be trusted.
    Failed,
}

/// What a command made.
#[uniffi::remote(Record)]
pub struct Outcome {
    /// The patient that it is about.
    pub patient: Option<PatientId>,
    /// The record that it was written in.
    pub record: Option<DocumentId>,
    /// The entry that names what was made (an encounter, an offer, an appointment, a flag).
    pub made: Option<EntryId>,
}

/// What was written for a rescue.
#[uniffi::remote(Record)]
pub struct Rescued {
    /// So many documents.
    pub documents: u64,
    /// So many changes in them.
    pub changes: u64,
    /// So many of these the server has never acknowledged.
    pub unsent: u64,
    /// So many places of the file do not read any more: what lies there is not in it.
    pub damaged: u64,
}
