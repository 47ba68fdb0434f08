//! A device is taken out of service: what it is told, and what it says once it holds nothing any more.

use super::{BoxHash, BoxKey, SealedBox};
use minicbor::{Decode, Encode};

/// What a device is told that was taken out of service. Nothing else comes down to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Withdrawal {
    /// It still has something to send: that first.
    #[n(0)]
    Drain,
    /// As far as the server knows everything was answered: wipe, what it has not taken sealed under this key.
    #[n(1)]
    Wipe(#[n(0)] BoxKey),
}

/// A device holds nothing any more but its credential and closed boxes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WipedReport {
    /// Echoed.
    #[n(0)]
    pub number: u64,
    /// The build of the software.
    #[n(1)]
    pub build: String,
    /// The device's clock.
    #[n(2)]
    pub client_now: i64,
    /// Every box that it holds.
    #[n(3)]
    pub holds: Vec<BoxHash>,
    /// Those that the server is not known to have, as many as a message has room for.
    #[n(4)]
    pub brings: Vec<SealedBox>,
}

/// The server has noted it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WipedAnswer {
    /// The number of the report.
    #[n(0)]
    pub number: u64,
    /// The server's clock.
    #[n(1)]
    pub server_now: i64,
    /// The boxes that it does not have.
    #[n(2)]
    pub lacks: Vec<BoxHash>,
}
