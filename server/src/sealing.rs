//! The key pairs of sealed boxes: what a wiped device keeps of what nobody took, and what is carried in a rescue file, is
//! closed under the public half of the newest, and opened here alone. They follow from the key file, so that whoever keeps a copy of that keeps these too.

use crate::key_file::KeyFile;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{BoxKey, BoxOpener, SealedBox};

const PURPOSE: &[u8] = b"wh-sealed-box-1";

/// Under which boxes are closed from now on.
pub fn closing(keys: &KeyFile) -> BoxKey {
    keys.closing(|| BoxOpener::of(&keys.derive(keys.signing(), PURPOSE)).key())
}

/// What a device put into a box, whichever key it was closed under; none if it is none of these.
pub fn open(keys: &KeyFile, device: DeviceId, closed: &SealedBox) -> Option<Vec<u8>> {
    let marks = keys.marks();
    let newest_first = marks.iter().rev();
    newest_first
        .map(|(mark, _)| BoxOpener::of(&keys.derive(mark.id, PURPOSE)))
        .find_map(|opener| opener.open(device, closed))
}
