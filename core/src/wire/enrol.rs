//! A one-time code becomes a device.

use super::{BoxKey, Sheet, Token};
use crate::domain::id::{DeviceId, UserId};
use minicbor::{Decode, Encode};

/// A one-time code for a place on the server.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EnrolRequest {
    /// Echoed.
    #[n(0)]
    pub number: u64,
    /// The code as typed or scanned.
    #[n(1)]
    pub code: String,
    /// The build of the software.
    #[n(2)]
    pub build: String,
    /// The device's clock.
    #[n(3)]
    pub client_now: i64,
}

/// What an enrolled device needs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EnrolAnswer {
    /// Echoed.
    #[n(0)]
    pub number: u64,
    /// Who it is.
    #[n(1)]
    pub device: DeviceId,
    /// Its credential, sent as `Authorization: Bearer`; stored hashed by the server.
    #[n(2)]
    pub token: String,
    /// The device's name.
    #[n(3)]
    pub name: String,
    /// One person's phone, or a shared tablet.
    #[n(4)]
    pub shared: bool,
    /// The head: the device starts at seq 0 and this `high`.
    #[n(5)]
    pub high: Token,
    /// The server's clock.
    #[n(6)]
    pub server_now: i64,
    /// The sheet.
    #[n(7)]
    pub sheet: Sheet,
    /// Who may work on it.
    #[n(8)]
    pub people: Vec<UserId>,
    /// Under which it closes what it hands over for the server alone.
    #[n(9)]
    pub box_key: BoxKey,
}
