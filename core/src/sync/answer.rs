//! Taking the answer to a sync: each change is settled by its own hash, the page is applied if it continues the stored
//! cursor, and the positions are written in the same transaction.

use super::settle::{decide, mend, patient_of, settle, waits_with_us};
use super::{Taken, Untaken, apply, ours, resync, wipe};
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;
use crate::domain::organisation::Organisation;
use crate::store::{DeviceRow, Enrolment, Phase, Store, StoreError, Write};
use crate::wire::{Ack, BoxKey, DeliveredDocument, Status, SyncAnswer, Withdrawal};
use jiff::{SignedDuration, Timestamp};
use rand::RngCore;
use std::collections::BTreeSet;

/// No answer makes a device wait longer, whatever it says.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn answered(
    store: &mut Store,
    number: u64,
    body: &[u8],
    rng: &mut dyn RngCore,
    now: Timestamp,
) -> Result<Taken, Untaken> {
    let said = |answer: &SyncAnswer| (answer.number, answer.server_now);
    let (answer, offset_ms) = ours(body, number, now, said)?;
    let docs = answer.docs.open()?;
    let taken = store.write(|write| take(write, &answer, docs, offset_ms, rng, now));
    if !matches!(taken, Err(StoreError::Unreadable)) {
        return Ok(taken?);
    }
    let docs = answer.docs.open()?;
    Ok(store.write_passing_over(|write| take(write, &answer, docs, offset_ms, rng, now))?)
}

fn take(
    write: &mut Write<'_>,
    answer: &SyncAnswer,
    docs: Vec<DeliveredDocument>,
    offset_ms: i64,
    rng: &mut dyn RngCore,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let Some(mut device) = write.device()? else {
        return Ok(Taken::default());
    };
    device.heard(offset_ms, now);
    // Under a key that is none nothing could be closed.
    if let Some(key) = answer.box_key.filter(BoxKey::is_sound) {
        device.box_key = key;
    }
    let head = match answer.status {
        Status::Resync(head) => Some(head),
        // A head that goes back is another log, whatever the answer calls itself.
        Status::Ok if answer.high.seq < device.high.seq => Some(answer.high),
        Status::Ok => None,
    };
    if let Some(head) = head {
        return resync::begin(write, device, head);
    }
    let mut taken = Taken {
        spoken_of: Some(spoken_of(answer)),
        ..Taken::default()
    };
    let mut moved = false;
    let mut touched = BTreeSet::new();
    if let Some(new) = &answer.sheet
        && Organisation::parse(&new.text).is_ok()
    {
        write.save_sheet(new.version, &new.text)?;
        taken.patients.extend(write.patients()?);
    }
    for ack in &answer.acks {
        // Kept there until somebody has said whose this device is, and here until then: it has not arrived.
        if answer.unconfirmed && waits_with_us(ack) {
            continue;
        }
        let settled = write.part(|write| settle(write, ack, &mut touched, &mut taken.patients))?;
        moved |= settled.unwrap_or(false);
    }
    device.high = answer.high;
    device.enrolment = match (&answer.withdrawal, answer.unconfirmed) {
        (Some(_), _) => Enrolment::Withdrawn,
        // Silence about a withdrawal says nothing while nobody has said whose this device is.
        (None, true) if device.enrolment == Enrolment::Withdrawn => Enrolment::Withdrawn,
        (None, true) => Enrolment::Unconfirmed,
        (None, false) => Enrolment::In,
    };
    if let Some(withdrawal) = &answer.withdrawal {
        // Nobody works on it any more.
        taken.people = !device.people.is_empty();
        device.people.clear();
        device.signed_in = None;
        moved |= mend(write, device.device, &touched, &mut taken.patients, rng)?;
        return withdraw(write, &device, withdrawal, moved, taken, rng);
    }
    let is_whole = answer.from == device.cursor && !answer.more && !answer.unconfirmed;
    // Silence about people and documents says nothing while nobody has said whose this device is.
    if !answer.unconfirmed {
        let people = (device.people.clone(), device.signed_in.clone());
        device.people.clone_from(&answer.people);
        device.signed_in = device.signed_in.filter(|user| answer.people.contains(user));
        taken.people = people != (device.people.clone(), device.signed_in.clone());
        moved |= page(write, &mut device, answer, docs, &mut touched, &mut taken)?;
    }
    // Last, so that it is written on everything that the page brought.
    moved |= mend(write, device.device, &touched, &mut taken.patients, rng)?;
    // Acted on only here: in step with the server, the whole log applied, and what it decided heard.
    if is_whole && device.phase == Phase::Normal {
        for doc in write.hidden()? {
            write.wipe_drained(doc)?;
        }
    }
    write.save_device(&device)?;
    write.mark_stale(&taken.patients)?;
    // What waits with an unconfirmed device is sent again when the server has asked for patience.
    taken.more |= (moved || !answer.unconfirmed) && !write.outbox(1)?.is_empty();
    // To ask the same again at once would get the same answer.
    taken.is_stuck = taken.more && !moved;
    taken.wait = answer
        .retry_after_ms
        .map(|ms| SignedDuration::from_millis(i64::from(ms)).min(LONGEST_WAIT));
    // Whose it is may be said at any time, and nobody tells it.
    taken.more |= answer.unconfirmed && (moved || taken.wait.is_some());
    Ok(taken)
}

/// The changes of which it speaks. What waits until somebody says whose the device is goes last next time: it is there.
fn spoken_of(answer: &SyncAnswer) -> BTreeSet<ChangeHash> {
    let waits = |ack: &&Ack| answer.unconfirmed && waits_with_us(ack);
    let spoken_of = answer.acks.iter().filter(|ack| !waits(ack));
    spoken_of.map(|ack| ack.hash).collect()
}

/// The device is out of service. Nothing comes down; what it holds goes up, and when all of that was answered and nothing
/// had to be written anew, it wipes.
fn withdraw(
    write: &mut Write<'_>,
    device: &DeviceRow,
    withdrawal: &Withdrawal,
    moved: bool,
    mut taken: Taken,
    rng: &mut dyn RngCore,
) -> Result<Taken, StoreError> {
    let all = write.patients()?;
    let is_wiped = match withdrawal {
        Withdrawal::Wipe(key) => wipe::wipe(write, device, key, rng)?,
        Withdrawal::Drain => false,
    };
    if is_wiped {
        taken.patients.extend(all);
    } else {
        write.save_device(device)?;
        write.mark_stale(&taken.patients)?;
    }
    Ok(Taken {
        more: true,
        // To ask the same again at once would get the same answer.
        is_stuck: !is_wiped && !moved,
        ..taken
    })
}

/// Applies the page. A page of another position is not ours; its acks were good all the same.
fn page(
    write: &mut Write<'_>,
    device: &mut DeviceRow,
    answer: &SyncAnswer,
    docs: Vec<DeliveredDocument>,
    touched: &mut BTreeSet<DocumentId>,
    taken: &mut Taken,
) -> Result<bool, StoreError> {
    if answer.from != device.cursor {
        taken.more = true;
        return Ok(false);
    }
    let patients = &mut taken.patients;
    apply::documents(write, device.device, docs, patients, touched)?;
    for decided in &answer.decided {
        if let Some(doc) = write.part(|write| decide(write, decided))?.flatten() {
            touched.insert(doc);
            taken.patients.extend(patient_of(write, doc)?);
        }
    }
    let moved = answer.cursor != device.cursor;
    device.cursor = answer.cursor;
    taken.more |= answer.more;
    if answer.more {
        return Ok(moved);
    }
    if device.phase == Phase::Refilling {
        taken.patients.extend(write.end_refill()?);
        device.phase = Phase::Normal;
    }
    if write.refetches()?.iter().any(|(_, _, again)| *again) {
        resync::refill(write, device)?;
        taken.more = true;
        return Ok(true);
    }
    Ok(moved)
}
