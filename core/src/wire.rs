//! The messages of sync, the same on both ends: CBOR with integer keys, unknown keys ignored, zstd where it pays.
//! Says what may be said; who may say it is the server's, what to make of it the engine's.

mod frame;
mod message;

pub use frame::{MAX_MESSAGE, Unreadable, pack, unpack};
pub use message::*;
