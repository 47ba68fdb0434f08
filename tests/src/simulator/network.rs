//! What is on its way: requests and answers, each lost, repeated or overtaken by itself.

use std::collections::BTreeSet;
use std::rc::Rc;
use warmhand_core::app::Outgoing;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::EntryId;

/// An answer of the server.
#[derive(Clone, Debug)]
pub struct Answer {
    /// To which request.
    pub number: u64,
    /// Where that was sent.
    pub path: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Every entry that the server held when it answered, accepted or in quarantine.
    pub held: Rc<BTreeSet<EntryId>>,
    /// Every change that it had accepted when it answered.
    pub accepted: Rc<BTreeSet<ChangeHash>>,
}

/// A message that is on its way.
#[derive(Clone, Debug)]
pub enum Message {
    /// From a device.
    Request(usize, Outgoing),
    /// To a device.
    Answer(usize, Answer),
}

impl Message {
    /// Whose it is.
    pub fn device(&self) -> usize {
        match self {
            Self::Request(device, _) | Self::Answer(device, _) => *device,
        }
    }
}

/// More than so many are not on their way at once.
pub const ROOM: usize = 8;
