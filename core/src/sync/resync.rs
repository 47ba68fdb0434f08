//! When the server's log is another one than the device was told of. Everything is kept, and nothing counts as being
//! on the server until it is confirmed again: first every hash held is offered in a flat list, own and others', shown
//! and hidden; what the server lacks is sent to it again with its receipt; then every visible document is fetched
//! anew from the beginning, and what no longer comes is no longer for this device.

use super::{Taken, Untaken, request, settle, sheet};
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;
use crate::store::{DeviceRow, Phase, Store, StoreError, Write};
use crate::wire::{
    Cursor, Offer, ReconcileAnswer, ReconcileRequest, Status, Token, Unreadable, pack, unpack,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Hashes in one round: some 40 bytes each, far below what a message may have.
const ROUND: u32 = 4_000;

/// Begins, or begins again.
pub(super) fn begin(
    write: &mut Write<'_>,
    mut device: DeviceRow,
    head: Token,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    write.unconfirm_all()?;
    device.phase = Phase::Confirming;
    device.resync = Some((
        Cursor {
            token: head,
            after: None,
        },
        head,
    ));
    write.save_device(&device)?;
    let patients = write.patients()?.into_iter().collect();
    reindex(write, &patients, now)?;
    Ok(Taken {
        patients,
        more: true,
        wait: None,
    })
}

fn reindex(
    write: &mut Write<'_>,
    patients: &std::collections::BTreeSet<crate::domain::id::PatientId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(sheet) = sheet(write)? {
        for patient in patients {
            write.index(*patient, &sheet, now)?;
        }
    }
    Ok(())
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
    now: Timestamp,
) -> Result<Taken, Untaken> {
    let answer: ReconcileAnswer = unpack(body)?;
    if answer.number != number {
        return Err(Unreadable::Content.into());
    }
    Ok(store.write(|write| take(write, &answer, now))?)
}

fn take(
    write: &mut Write<'_>,
    answer: &ReconcileAnswer,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let Some(mut device) = write.device()? else {
        return Ok(Taken::default());
    };
    device.last_answer_at = Some(now.as_millisecond());
    if let Status::Resync(head) = answer.status {
        return begin(write, device, head, now);
    }
    let mut patients = std::collections::BTreeSet::new();
    for ack in &answer.acks {
        patients.extend(settle::settle(write, ack)?);
    }
    for hash in &answer.need {
        if let Some(stored) = write.change(*hash)? {
            write.offer_again(*hash, stored.change.device == device.device)?;
        }
    }
    if let Some((_, high)) = device.resync.as_mut() {
        *high = answer.high;
    }
    if write.unconfirmed(1)?.is_empty() {
        device.high = answer.high;
        refill(write, &mut device)?;
    }
    write.save_device(&device)?;
    reindex(write, &patients, now)?;
    Ok(Taken {
        patients,
        more: true,
        wait: None,
    })
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
