//! How a device is, when nothing else gets through.

use super::{DeviceState, Hello};
use minicbor::{Decode, Encode};

/// How the device is, after requests that failed.
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
