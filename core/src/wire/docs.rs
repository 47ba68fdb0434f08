//! Document by document: what a device holds and the server may lack, what the server has and the device lacks.

use super::{Ack, DeliveredDocument, DocumentDigest, Hello, Status, Token};
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;
use minicbor::{Decode, Encode};

/// What a device holds, as a flat list in parts, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DocsRequest {
    /// Tokens of the resync: cursor is the head given with the `resync` answer, high the highest told since.
    #[n(0)]
    pub hello: Hello,
    /// Hashes by document, own and others', accepted, quarantined and unsent.
    #[n(1)]
    pub offers: Vec<Offer>,
    /// Documents to be brought whole, as a comparison named them.
    #[n(2)]
    pub wanted: Vec<DocumentDigest>,
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

/// What the server knows of the offered hashes, and the documents, as far as there is room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DocsAnswer {
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
    /// Whole documents; what the device may not see any more is not among them.
    #[n(6)]
    pub docs: Vec<DeliveredDocument>,
    /// So many of the wanted ones are answered, in their order.
    #[n(7)]
    pub given: u32,
}
