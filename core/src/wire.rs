//! The messages of sync, the same on both ends: CBOR with integer keys, unknown keys ignored, zstd where it pays.
//! Says what may be said; who may say it is the server's, what to make of it the engine's.
//! Times are milliseconds since 1970.

mod ack;
mod docs;
mod enrol;
mod frame;
mod heartbeat;
mod hello;
mod holding;
mod packed;
mod parcel;
mod reconcile;
mod rescue;
mod sealed_box;
mod sync;
mod texts;
mod withdrawal;

pub use ack::*;
pub use docs::*;
pub use enrol::*;
pub use frame::{MAX_MESSAGE, Unreadable, encoded_len, pack, unpack};
pub use heartbeat::*;
pub use hello::*;
pub use holding::{DocumentDigest, Holding, MAX_FRAME, digest_of};
pub use packed::*;
pub use parcel::Parcel;
pub use reconcile::*;
pub use rescue::*;
pub use sealed_box::*;
pub use sync::*;
pub use texts::Texts;
pub use withdrawal::*;
