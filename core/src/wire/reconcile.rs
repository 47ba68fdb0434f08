//! Comparing what a device holds with what the server has, document by document, after the log became another: some
//! rounds of set reconciliation at the head that was given with `resync`.

use super::{Hello, Sheet, Status, Token};
use minicbor::{Decode, Encode};

/// One round of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReconcileRequest {
    /// Tokens of the resync: cursor is the head given with the `resync` answer, high the highest told since.
    #[n(0)]
    pub hello: Hello,
    /// What reconciliation says next.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub frame: Vec<u8>,
    /// Digest of the sheet: in another log its number may mean another one.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub sheet: [u8; 32],
}

/// The server's side of a round.
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
    /// What reconciliation answers: nothing to a frame that does not read.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub frame: Vec<u8>,
    /// Of everything that this device may see at the position: whatever reconciliation found has to come out as this.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// The sheet, when it is another.
    #[n(5)]
    pub sheet: Option<Sheet>,
    /// The head of the snapshot that this was computed in.
    #[n(6)]
    pub high: Token,
}
