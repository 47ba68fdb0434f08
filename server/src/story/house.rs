//! The server of a story: a real one, in memory, whose clock the story sets. Requests reach its router without a
//! socket. Knows no step and no device core.

use super::form;
use crate::clock::SetClock;
use crate::store::Store;
use jiff::Timestamp;
use std::sync::Arc;
use warmhand_core::app::{Carried, Outgoing};
use warmhand_core::domain::id::DeviceId;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::{Reading, read};
use warmhand_core::wire::DeliveredChange;
