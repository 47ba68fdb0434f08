//! When the server's log is another one than the device was told of. Everything is kept, and nothing counts as being
//! on the server until it is confirmed again: first every hash held is offered in a flat list, own and others', shown
//! and hidden; what the server lacks is sent to it again with its receipt; then every visible document is fetched
//! anew from the beginning, and what no longer comes is no longer for this device.

use super::{Taken, Untaken, offset, request, settle};
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;
use crate::store::{DeviceRow, Phase, Store, StoreError, StoredChange, Write};
use crate::wire::{
    Ack, AckState, Cursor, Offer, ReconcileAnswer, ReconcileRequest, Status, Token, Unreadable,
    pack, unpack,
};
use jiff::Timestamp;
use rand::RngCore;
use std::collections::{BTreeMap, BTreeSet};

/// Hashes in one round: some 80 bytes each on the way back, far below what a message may have.
const ROUND: u32 = 4_000;

/// Begins, or begins again.
pub(super) fn begin(
    write: &mut Write<'_>,
    mut device: DeviceRow,
    head: Token,
) -> Result<Taken, StoreError> {
    write.unconfirm_all()?;
    // Again within one: the server's log moves under us, or it does not know its own. Not to be asked in a ring.
    let is_stuck = device.phase != Phase::Normal;
    device.phase = Phase::Confirming;
    device.resync = Some((
        Cursor {
            token: head,
            after: None,
        },
        head,
    ));
    write.save_device(&device)?;
    let patients: BTreeSet<_> = write.patients()?.into_iter().collect();
    write.mark_stale(&patients)?;
    Ok(Taken {
        patients,
        more: true,
        is_stuck,
        ..Taken::default()
    })
}

pub(super) fn request(
    store: &Store,
    device: &DeviceRow,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let mut offers: BTreeMap<DocumentId, Vec<ChangeHash>> = BTreeMap::new();
    for (doc, hash) in store.rows().unconfirmed(ROUND)? {
        offers.entry(doc).or_default().push(hash);
    }
    let offers = offers
        .into_iter()
        .map(|(doc, hashes)| Offer { doc, hashes })
        .collect();
    Ok(pack(&ReconcileRequest {
        hello: request::hello(store, device, build, number, now)?,
        offers,
    }))
}

pub(super) fn answered(
    store: &mut Store,
    number: u64,
    body: &[u8],
    rng: &mut dyn RngCore,
    now: Timestamp,
) -> Result<Taken, Untaken> {
    let answer: ReconcileAnswer = unpack(body)?;
    let offset_ms = offset(now, answer.server_now)?;
    if answer.number != number {
        return Err(Unreadable::Content.into());
    }
    Ok(store.write(|write| take(write, &answer, offset_ms, rng, now))?)
}

fn take(
    write: &mut Write<'_>,
    answer: &ReconcileAnswer,
    offset_ms: i64,
    rng: &mut dyn RngCore,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let Some(mut device) = write.device()? else {
        return Ok(Taken::default());
    };
    device.heard(offset_ms, now);
    let told = device.resync.map_or(device.high, |(_, high)| high);
    let head = match answer.status {
        Status::Resync(head) => Some(head),
        Status::Ok if answer.high.seq < told.seq => Some(answer.high),
        Status::Ok => None,
    };
    if let Some(head) = head {
        return begin(write, device, head);
    }
    let before = write.unconfirmed_count()?;
    let (mut touched, mut patients) = (BTreeSet::new(), BTreeSet::new());
    for ack in &answer.acks {
        match receipted(write, ack)? {
            Some(stored) => {
                write.offer_again(&stored, stored.change.device == device.device)?;
                touched.insert(stored.change.doc);
            }
            None => {
                settle::settle(write, device.device, ack, &mut touched)?;
            }
        }
    }
    for hash in &answer.need {
        if let Some(stored) = write.change(*hash)? {
            write.offer_again(&stored, stored.change.device == device.device)?;
            // What was refused in a log that is no more stands again, and what stood on it may be written anew.
            touched.insert(stored.change.doc);
        }
    }
    settle::mend(write, device.device, &touched, &mut patients, rng)?;
    if let Some((_, high)) = device.resync.as_mut() {
        *high = answer.high;
    }
    let after = write.unconfirmed_count()?;
    if after == 0 {
        device.high = answer.high;
        refill(write, &mut device)?;
    }
    write.save_device(&device)?;
    write.mark_stale(&patients)?;
    Ok(Taken {
        patients,
        more: true,
        is_stuck: after > 0 && after >= before,
        ..Taken::default()
    })
}

/// A change that the server keeps in quarantine, though it once said that it has it: its word is shown to it again. Or one
/// that waits with this device: whether it still does is said when it is sent.
fn receipted(write: &Write<'_>, ack: &Ack) -> Result<Option<StoredChange>, StoreError> {
    match ack.state {
        _ if settle::waits_with_us(ack) => write.change(ack.hash),
        AckState::Quarantined(_) | AckState::Decided(..) => Ok(write
            .change(ack.hash)?
            .filter(|stored| stored.receipt.is_some())),
        _ => Ok(None),
    }
}

/// Fetches every visible document anew, from before the first row.
pub(super) fn refill(write: &mut Write<'_>, device: &mut DeviceRow) -> Result<(), StoreError> {
    write.begin_refill()?;
    device.resync = None;
    device.phase = Phase::Refilling;
    device.cursor = Cursor {
        token: Token {
            epoch: device.high.epoch,
            seq: 0,
            chain: [0; 32],
        },
        after: None,
    };
    Ok(())
}
