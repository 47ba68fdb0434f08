//! How a device is, when there is nothing else to say.

use super::{DeviceState, Hello};
use minicbor::{Decode, Encode};

/// How the device is, when there is nothing to sync or a sync failed half-way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Heartbeat {
    /// Who and where.
    #[n(0)]
    pub hello: Hello,
    /// How it is.
    #[n(1)]
    pub state: DeviceState,
}

/// The answer to a heartbeat: confirms nothing of the log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HeartbeatAnswer {
    /// The number of the request.
    #[n(0)]
    pub number: u64,
    /// The server's clock.
    #[n(1)]
    pub server_now: i64,
}
