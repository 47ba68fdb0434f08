//! The key pair of sealed boxes: what a wiped device keeps of what nobody took is closed under its public half, and opened
//! here alone. It follows from the key file, so that whoever keeps a copy of that keeps this too.

use crate::receipt::ReceiptKey;
use warmhand_core::wire::BoxOpener;

/// The pair that belongs to a key.
pub fn opener(key: &ReceiptKey) -> BoxOpener {
    BoxOpener::of(&key.derive(b"wh-sealed-box-1"))
}
