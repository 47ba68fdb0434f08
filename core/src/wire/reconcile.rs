//! Comparing what a device holds with what the server has, after the log became another.

use super::{Ack, Hello, Status, Token};
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;
use minicbor::{Decode, Encode};

/// One round of a resync: what the device holds, as a flat list in parts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReconcileRequest {
    /// Tokens of the resync: cursor is the head given with the `resync` answer, high the highest told since.
    #[n(0)]
    pub hello: Hello,
    /// Hashes by document, own and others', accepted, quarantined and unsent.
    #[n(1)]
    pub offers: Vec<Offer>,
}

/// The hashes of one document that the device holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Offer {
    /// The document.
    #[n(0)]
    pub doc: DocumentId,
    /// What it holds of it.
    #[n(1)]
    pub hashes: Vec<ChangeHash>,
}

/// What the server knows of the offered hashes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReconcileAnswer {
    /// The number of the request.
    #[n(0)]
    pub number: u64,
    /// `Resync` starts it again.
    #[n(1)]
    pub status: Status,
    /// The server's clock.
    #[n(2)]
    pub server_now: i64,
    /// The state of each hash that the server has.
    #[n(3)]
    pub acks: Vec<Ack>,
    /// The hashes that it lacks.
    #[n(4)]
    pub need: Vec<ChangeHash>,
    /// The head of the snapshot that this was computed in.
    #[n(5)]
    pub high: Token,
}
