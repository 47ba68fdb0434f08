//! Taking the answer to a sync: each change is settled by its own hash, the page is applied if it continues the stored
//! cursor, and the positions are written in the same transaction.

use super::{Taken, Untaken, apply, resync, sheet};
use crate::domain::id::PatientId;
use crate::domain::organisation::Organisation;
use crate::store::{ChangeState, Phase, Store, StoreError, Write};
use crate::wire::{
    Ack, AckState, Delivered, QuarantineReason, RejectReason, Status, SyncAnswer, Unreadable,
    unpack,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

pub(super) fn answered(
    store: &mut Store,
    number: u64,
    body: &[u8],
    now: Timestamp,
) -> Result<Taken, Untaken> {
    let answer: SyncAnswer = unpack(body)?;
    if answer.number != number {
        return Err(Unreadable::Content.into());
    }
    Ok(store.write(|write| take(write, &answer, now))?)
}

fn take(write: &mut Write<'_>, answer: &SyncAnswer, now: Timestamp) -> Result<Taken, StoreError> {
    let Some(mut device) = write.device()? else {
        return Ok(Taken::default());
    };
    device.offset_ms = now.as_millisecond() - answer.server_now;
    device.last_answer_at = Some(now.as_millisecond());
    device.signed_off = false;
    let head = match answer.status {
        Status::Resync(head) => Some(head),
        // A head that goes back is another log, whatever the answer calls itself.
        Status::Ok if answer.high.seq < device.high.seq => Some(answer.high),
        Status::Ok => None,
    };
    if let Some(head) = head {
        return resync::begin(write, device, head, now);
    }
    let mut patients = BTreeSet::new();
    if let Some(new) = &answer.sheet
        && Organisation::parse(&new.text).is_ok()
    {
        write.save_sheet(new.version, &new.text)?;
        patients.extend(write.patients()?);
    }
    for ack in &answer.acks {
        patients.extend(settle(write, ack)?);
    }
    device.people.clone_from(&answer.people);
    if device
        .signed_in
        .as_ref()
        .is_some_and(|user| !device.people.contains(user))
    {
        device.signed_in = None;
    }
    device.high = answer.high;
    let mut more = answer.more;
    // A page of another position is not ours; the acks are good all the same.
    if answer.from == device.cursor {
        for delivered in &answer.docs {
            patients.extend(apply::document(write, &device, delivered)?);
        }
        device.cursor = answer.cursor;
        if device.phase == Phase::Refilling && !answer.more {
            write.end_refill()?;
            device.phase = Phase::Normal;
        }
    } else {
        more = true;
    }
    let forgotten = answer
        .docs
        .iter()
        .filter(|d| d.content == Delivered::Forget)
        .count();
    let (hidden, again) = write.troubled()?;
    if device.phase == Phase::Normal && again > 0 && !answer.more {
        resync::refill(write, &mut device)?;
        more = true;
    }
    for doc in hidden {
        // Acted on only here, after an answer that is in step.
        if device.phase == Phase::Normal {
            write.wipe_drained(doc)?;
        }
    }
    write.save_device(&device)?;
    if let Some(sheet) = sheet(write)? {
        for patient in &patients {
            write.index(*patient, &sheet, now)?;
        }
    }
    let waiting = !write.outbox(1)?.is_empty();
    let wait = answer
        .retry_after_ms
        .map(|ms| SignedDuration::from_millis(i64::from(ms)));
    Ok(Taken {
        patients,
        more: more || waiting || forgotten > 0,
        wait,
    })
}

/// One acknowledgement: the state of exactly this hash.
pub(super) fn settle(write: &mut Write<'_>, ack: &Ack) -> Result<Option<PatientId>, StoreError> {
    let Some(stored) = write.change(ack.hash)? else {
        return Ok(None);
    };
    let Some(device) = write.device()? else {
        return Ok(None);
    };
    let own = stored.change.device == device.device;
    match &ack.state {
        AckState::Accepted(receipt) => {
            let state = if own {
                ChangeState::Accepted
            } else {
                ChangeState::Remote
            };
            write.settle(ack.hash, state, None, Some(receipt))?;
        }
        AckState::AcceptedAs(_, receipt) => {
            write.settle(ack.hash, ChangeState::Aside, None, Some(receipt))?;
            write.retire_actor(stored.change.doc, stored.change.actor)?;
        }
        AckState::Quarantined(reason) => {
            write.settle(
                ack.hash,
                ChangeState::Quarantined,
                Some(reason_number(*reason)),
                None,
            )?;
            write.retire_actor(stored.change.doc, stored.change.actor)?;
        }
        AckState::Rejected(reason) => {
            write.settle(
                ack.hash,
                ChangeState::Rejected,
                Some(reject_number(*reason)),
                None,
            )?;
            write.retire_actor(stored.change.doc, stored.change.actor)?;
        }
        AckState::MissingDeps(missing) => {
            for hash in missing {
                let here = write.change(*hash)?;
                let supply = here.filter(|s| {
                    !matches!(s.state, ChangeState::Rejected | ChangeState::Quarantined)
                });
                match supply {
                    Some(dep) => write.offer_again(*hash, dep.change.device == device.device)?,
                    None => write.mark_orphan(ack.hash)?,
                }
            }
        }
    }
    Ok(write
        .document_row(stored.change.doc)?
        .map(|(_, patient, _)| patient))
}

fn reason_number(reason: QuarantineReason) -> i64 {
    reason as i64
}

fn reject_number(reason: RejectReason) -> i64 {
    reason as i64
}

/// The server does not take this device any more: nothing is lost, nothing is wiped, it is said.
pub(super) fn signed_off(write: &mut Write<'_>) -> Result<(), StoreError> {
    if let Some(mut device) = write.device()? {
        device.signed_off = true;
        write.save_device(&device)?;
    }
    Ok(())
}
