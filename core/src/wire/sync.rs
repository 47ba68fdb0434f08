//! The one round trip: push, verify, pull.

use super::{
    Ack, BoxKey, Columns, Cursor, Decided, DeviceState, Hello, Packed, Parcel, Receipt, Token,
    Withdrawal,
};
use crate::document::{Change, ChangeHash};
use crate::domain::id::{DocumentId, UserId};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

/// Push, verify, pull: the one round trip.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SyncRequest {
    /// Who and where.
    #[n(0)]
    pub hello: Hello,
    /// How the device is; stored even if the push fails.
    #[n(1)]
    pub state: DeviceState,
    /// Changes, in causal order within a document.
    #[n(2)]
    pub push: Vec<PushedDocument>,
    /// The documents of a page are at most so many bytes, before it is packed.
    #[n(3)]
    pub page_bytes: u32,
}

/// The changes of one document that the device pushes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PushedDocument {
    /// The document.
    #[n(0)]
    pub doc: DocumentId,
    /// In causal order.
    #[n(1)]
    pub changes: Vec<PushedChange>,
}

/// A pushed change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PushedChange {
    /// The fields.
    #[n(0)]
    pub change: Change,
    /// The hash that they must give.
    #[n(1)]
    pub hash: ChangeHash,
    /// The server's own word that it once had this change.
    #[n(2)]
    pub receipt: Option<Receipt>,
    /// What it stands on can no longer be supplied by this device.
    #[n(3)]
    pub orphan: bool,
}

/// The answer to a sync.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SyncAnswer {
    /// The number of the request.
    #[n(0)]
    pub number: u64,
    /// Whether the tokens match.
    #[n(1)]
    pub status: Status,
    /// The server's clock.
    #[n(2)]
    pub server_now: i64,
    /// One for every pushed change.
    #[n(3)]
    pub acks: Vec<Ack>,
    /// The page.
    #[n(4)]
    pub docs: Parcel<Vec<DeliveredDocument>>,
    /// The cursor that the page continues.
    #[n(5)]
    pub from: Cursor,
    /// The cursor after it.
    #[n(6)]
    pub cursor: Cursor,
    /// The head of the snapshot that this was computed in.
    #[n(7)]
    pub high: Token,
    /// There is another page.
    #[n(8)]
    pub more: bool,
    /// The sheet, when the device's version differs.
    #[n(9)]
    pub sheet: Option<Sheet>,
    /// Come back after this many milliseconds.
    #[n(10)]
    pub retry_after_ms: Option<u32>,
    /// Who may work on this device.
    #[n(11)]
    pub people: Vec<UserId>,
    /// What people decided, in the rows of this page, about quarantined work of this device.
    #[n(12)]
    pub decided: Vec<Decided>,
    /// The device is out of service: nothing comes down, and it is to hold nothing once all that it holds is answered.
    #[n(13)]
    pub withdrawal: Option<Withdrawal>,
    /// The server has been put back from a backup that is older than this device, and nobody has said yet whose it is:
    /// what it pushes is kept, and nothing is told.
    #[cbor(n(14), default)]
    pub unconfirmed: bool,
    /// Under which boxes are closed from now on, when the device has another key.
    #[n(15)]
    pub box_key: Option<BoxKey>,
}

/// Whether the tokens match the server's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Status {
    /// They do.
    #[n(0)]
    Ok,
    /// They do not, nothing of the request was done: reconcile from this head. A normal answer, never an error.
    #[n(1)]
    Resync(#[n(0)] Token),
}

/// The organisation sheet with its version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sheet {
    /// From 1.
    #[n(0)]
    pub version: u64,
    /// The JSON.
    #[n(1)]
    pub text: String,
}

impl Sheet {
    /// Of its version and its text.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.version.to_be_bytes());
        digest.update(&self.text);
        digest.finalize().into()
    }
}

/// What a page says of one document.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeliveredDocument {
    /// The document.
    #[n(0)]
    pub doc: DocumentId,
    /// Its changes, or that it is to be forgotten.
    #[n(1)]
    pub content: Delivered,
}

/// Changes, the whole, or the word to forget or to erase.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Delivered {
    /// In causal order.
    #[n(0)]
    Changes(#[n(0)] Vec<DeliveredChange>),
    /// No longer for this device.
    #[n(1)]
    Forget,
    /// Everything that the server has of it.
    #[n(2)]
    Whole(#[n(0)] Columns),
    /// For nobody any more: somebody ordered that nothing of it be left.
    #[n(3)]
    Erased,
}

impl Delivered {
    /// Everything that the server has of a document, as small as it gets.
    pub fn whole(changes: Vec<DeliveredChange>) -> Self {
        match Packed::of(&changes) {
            Some(packed) => Self::Whole(Columns::of(&packed)),
            None => Self::Changes(changes),
        }
    }
}

/// An accepted change with its receipt.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeliveredChange {
    /// The fields.
    #[n(0)]
    pub change: Change,
    /// The hash that they must give.
    #[n(1)]
    pub hash: ChangeHash,
    /// The server's word.
    #[n(2)]
    pub receipt: Receipt,
}
