//! The end of a device that was taken out of service: once every change that it holds was answered, it closes what
//! nobody has taken in boxes for the server and deletes everything else; from then on it says that it holds nothing.

use super::{Taken, Untaken, ours};
use crate::store::{DeviceRow, Phase, Store, StoreError, StoredChange, Write};
use crate::wire::{
    BoxKey, MAX_MESSAGE, PushedChange, PushedDocument, SealedBox, WipedAnswer, WipedReport, pack,
};
use jiff::Timestamp;
use rand::RngCore;

/// A report carries at most so many bytes of boxes, unless a single one has more.
const BOX_BYTES: usize = MAX_MESSAGE / 4;

/// Wipes, if nothing here waits for an answer and what nobody has taken is closed in boxes. Tells whether it did.
pub(super) fn wipe(
    write: &mut Write<'_>,
    device: &DeviceRow,
    key: &BoxKey,
    rng: &mut dyn RngCore,
) -> Result<bool, StoreError> {
    if !write.is_answered()? {
        return Ok(false);
    }
    let Some(untaken) = write.untaken()? else {
        return Ok(false);
    };
    let close = |stored| SealedBox::close(key, device.device, &pack(&handed(stored)), rng);
    // Under a key that is none nothing is closed, and then nothing is given up.
    let Some(boxes) = untaken.into_iter().map(close).collect::<Option<Vec<_>>>() else {
        return Ok(false);
    };
    write.wipe(device, &boxes)?;
    Ok(true)
}

/// A change as whoever opens the box finds it.
fn handed(stored: StoredChange) -> PushedDocument {
    PushedDocument {
        doc: stored.change.doc,
        changes: vec![PushedChange {
            hash: stored.hash,
            receipt: stored.receipt,
            // Nobody can be asked for what it stands on.
            orphan: true,
            change: stored.change,
        }],
    }
}

/// What a wiped device has to say.
pub(super) fn request(
    store: &Store,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let boxes = store.rows().boxes()?;
    let holds = boxes.iter().map(|(hash, ..)| *hash).collect();
    let mut bytes = 0;
    let mut brings: Vec<SealedBox> = Vec::new();
    for (_, closed, _) in boxes.into_iter().filter(|(.., delivered)| !delivered) {
        bytes += closed.0.len();
        if bytes > BOX_BYTES && !brings.is_empty() {
            break;
        }
        brings.push(closed);
    }
    Ok(pack(&WipedReport {
        number,
        build: build.to_owned(),
        client_now: now.as_millisecond(),
        holds,
        brings,
    }))
}

pub(super) fn answered(
    store: &mut Store,
    number: u64,
    body: &[u8],
    now: Timestamp,
) -> Result<Taken, Untaken> {
    let said = |answer: &WipedAnswer| (answer.number, answer.server_now);
    let (answer, _) = ours(body, number, now, said)?;
    let more = !answer.lacks.is_empty();
    Ok(store.write(|write| {
        let mut is_stuck = false;
        if let Some(mut device) = write.device()?.filter(|device| device.phase.is_wiped()) {
            // A server that keeps none of what it was brought is not brought it again at once.
            is_stuck = !write.save_delivered_boxes(&answer.lacks)? && more;
            device.phase = if more { Phase::Wiped } else { Phase::Ended };
            device.last_answer_at = Some(now.as_millisecond());
            device.signed_off = false;
            write.save_device(&device)?;
        }
        Ok::<_, StoreError>(Taken {
            more,
            is_stuck,
            ..Taken::default()
        })
    })?)
}
