//! When the server's log is another one than the device was told of. Everything is kept, and nothing counts as being on
//! the server until it is confirmed again. First documents are compared, as far as the server once had them: those that
//! are the same on both sides are confirmed with that. Of all others, and of what lies in quarantine, was turned away
//! or was kept aside, every hash held is offered in a flat list, own and others', shown and hidden; what the server
//! lacks is sent to it again with its receipt; what is lacking here is fetched whole, and what the server does not show
//! is no longer for this device. A comparison that twice ends with something else than the server has is not made a
//! third time: then every hash is offered, and every visible document is fetched anew from the beginning.

use super::compare::{Compared, Rounds};
use super::{Taken, Untaken, apply, ours, request, settle};
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;
use crate::domain::organisation::Organisation;
use crate::store::{DeviceRow, Enrolment, Phase, Standing, Store, StoreError, Write};
use crate::wire::{
    Ack, AckState, Cursor, DocsAnswer, DocsRequest, Offer, ReconcileAnswer, ReconcileRequest,
    Status, Token, pack,
};
use jiff::Timestamp;
use rand::RngCore;
use std::collections::{BTreeMap, BTreeSet};

/// Hashes in one request: some 80 bytes each on the way back, far below what a message may have.
const ROUND: u32 = 4_000;
/// Documents that are asked for in one request: more than one answer has room for.
const WANTED: u32 = 1_000;
/// A comparison that ended wrong so often is not made again.
const MOST_FAILURES: u32 = 2;

/// A comparison under way: it lies in memory alone, and a device that is ended begins it again.
#[derive(Debug)]
pub(super) struct Comparison {
    /// At this position.
    at: Token,
    rounds: Option<Rounds>,
    failures: u32,
}

/// Begins, or begins again.
pub(super) fn begin(
    write: &mut Write<'_>,
    mut device: DeviceRow,
    head: Token,
) -> Result<Taken, StoreError> {
    write.unconfirm_all()?;
    // Again within one: the server's log moves under us, or it does not know its own. Not to be asked in a ring.
    let is_stuck = device.phase != Phase::Normal;
    device.phase = Phase::Comparing;
    if device.enrolment == Enrolment::Unconfirmed {
        // Of another log: this one says in its next answer how it is here.
        device.enrolment = Enrolment::In;
    }
    device.resync = Some((
        Cursor {
            token: head,
            after: None,
        },
        head,
    ));
    write.want_nothing()?;
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

/// The next round of a comparison; a new one if none is under way at this position.
pub(super) fn compare(
    store: &Store,
    comparison: &mut Option<Comparison>,
    device: &DeviceRow,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let hello = request::hello(store, device, build, number, now)?;
    let at = hello.cursor.token;
    let mut current = comparison.take().filter(|current| current.at == at);
    if current
        .as_ref()
        .is_none_or(|current| current.rounds.is_none())
    {
        current = Some(Comparison {
            at,
            rounds: Rounds::begin(store.rows().holding()?),
            failures: current.map_or(0, |current| current.failures),
        });
    }
    *comparison = current;
    let rounds = comparison.as_ref().and_then(|c| c.rounds.as_ref());
    Ok(pack(&ReconcileRequest {
        hello,
        frame: rounds.map_or_else(Vec::new, |rounds| rounds.frame().to_vec()),
        sheet: store.rows().sheet_digest()?,
    }))
}

pub(super) fn compared(
    store: &mut Store,
    comparison: &mut Option<Comparison>,
    number: u64,
    body: &[u8],
    now: Timestamp,
) -> Result<Taken, Untaken> {
    let said = |answer: &ReconcileAnswer| (answer.number, answer.server_now);
    let (answer, offset_ms) = ours(body, number, now, said)?;
    // If it cannot be written down what comes of it, it begins again.
    let current = comparison.take();
    let (taken, next) = store.write(|write| take_round(write, current, &answer, offset_ms, now))?;
    *comparison = next;
    Ok(taken)
}

fn take_round(
    write: &mut Write<'_>,
    comparison: Option<Comparison>,
    answer: &ReconcileAnswer,
    offset_ms: i64,
    now: Timestamp,
) -> Result<(Taken, Option<Comparison>), StoreError> {
    let Some(mut device) = write.device()? else {
        return Ok((Taken::default(), None));
    };
    device.heard(offset_ms, now);
    if let Some(head) = another_log(&device, answer.status, &answer.high) {
        return Ok((begin(write, device, head)?, None));
    }
    let mut patients = BTreeSet::new();
    if let Some(sheet) = &answer.sheet
        && Organisation::parse(&sheet.text).is_ok()
    {
        write.save_sheet(sheet.version, &sheet.text)?;
        patients.extend(write.patients()?);
    }
    device.told(answer.high);
    let mut next = comparison;
    let rounds = next.as_mut().and_then(|current| current.rounds.take());
    match rounds.map(|rounds| rounds.take(&answer.frame, &answer.digest)) {
        Some(Compared::GoesOn(rounds)) => {
            if let Some(current) = next.as_mut() {
                current.rounds = Some(rounds);
            }
        }
        Some(Compared::Proven(same, there)) => {
            next = None;
            write.begin_refill()?;
            for doc in same {
                write.confirm_document(doc)?;
            }
            write.open_unconfirmed()?;
            for digest in there {
                write.want(digest)?;
            }
            device.phase = Phase::Fetching;
            patients.extend(write.patients()?);
            end(write, &mut device)?;
        }
        Some(Compared::Unproven) | None => {
            let failures = next.as_mut().map_or(MOST_FAILURES, |current| {
                current.failures += 1;
                current.failures
            });
            if failures >= MOST_FAILURES {
                next = None;
                write.open_unconfirmed()?;
                device.phase = Phase::Confirming;
            }
        }
    }
    write.save_device(&device)?;
    write.mark_stale(&patients)?;
    let taken = Taken {
        patients,
        more: true,
        ..Taken::default()
    };
    Ok((taken, next))
}

/// What is held and not confirmed, in parts; with the last part, what is wanted.
pub(super) fn request(
    store: &Store,
    device: &DeviceRow,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let mut offers: BTreeMap<DocumentId, Vec<ChangeHash>> = BTreeMap::new();
    let unconfirmed = store.rows().unconfirmed(ROUND)?;
    let is_last = unconfirmed.len() < ROUND as usize;
    for (doc, hash) in unconfirmed {
        offers.entry(doc).or_default().push(hash);
    }
    let offers = offers
        .into_iter()
        .map(|(doc, hashes)| Offer { doc, hashes })
        .collect();
    let wanted = if is_last { WANTED } else { 0 };
    Ok(pack(&DocsRequest {
        hello: request::hello(store, device, build, number, now)?,
        offers,
        wanted: store.rows().wanted(wanted)?,
    }))
}

pub(super) fn answered(
    store: &mut Store,
    number: u64,
    body: &[u8],
    rng: &mut dyn RngCore,
    now: Timestamp,
) -> Result<Taken, Untaken> {
    let said = |answer: &DocsAnswer| (answer.number, answer.server_now);
    let (answer, offset_ms) = ours(body, number, now, said)?;
    let taken = store.write(|write| take(write, answer, offset_ms, rng, now));
    if !matches!(taken, Err(StoreError::Unreadable)) {
        return Ok(taken?);
    }
    let (answer, offset_ms) = ours(body, number, now, said)?;
    Ok(store.write_passing_over(|write| take(write, answer, offset_ms, rng, now))?)
}

fn take(
    write: &mut Write<'_>,
    answer: DocsAnswer,
    offset_ms: i64,
    rng: &mut dyn RngCore,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let Some(mut device) = write.device()? else {
        return Ok(Taken::default());
    };
    device.heard(offset_ms, now);
    if let Some(head) = another_log(&device, answer.status, &answer.high) {
        return begin(write, device, head);
    }
    let (before, phase) = (write.unconfirmed_count()?, device.phase);
    let (mut touched, mut patients) = (BTreeSet::new(), BTreeSet::new());
    for ack in &answer.acks {
        match receipted(write, ack)? {
            Some(standing) => {
                write.offer_again(&standing)?;
                touched.insert(standing.doc);
                patients.extend(settle::patient_of(write, standing.doc)?);
            }
            None => {
                write.part(|write| settle::settle(write, ack, &mut touched, &mut patients))?;
            }
        }
    }
    for hash in &answer.need {
        if let Some(standing) = write.standing(*hash)? {
            write.offer_again(&standing)?;
            // What was refused in a log that is no more stands again, and what stood on it may be written anew.
            touched.insert(standing.doc);
            patients.extend(settle::patient_of(write, standing.doc)?);
        }
    }
    apply::documents(
        write,
        device.device,
        answer.docs,
        &mut patients,
        &mut touched,
    )?;
    // They were asked for with the last of the hashes.
    let given = if before < ROUND { answer.given } else { 0 };
    for digest in write.wanted(given.min(WANTED))? {
        write.had(digest)?;
    }
    settle::mend(write, device.device, &touched, &mut patients, rng)?;
    device.told(answer.high);
    let after = write.unconfirmed_count()?;
    end(write, &mut device)?;
    write.save_device(&device)?;
    write.mark_stale(&patients)?;
    Ok(Taken {
        patients,
        more: true,
        is_stuck: after >= before && given == 0 && device.phase == phase,
        ..Taken::default()
    })
}

/// The head of another log than the one in which this resync is. A head that goes back is one, whatever the answer calls
/// itself.
fn another_log(device: &DeviceRow, status: Status, high: &Token) -> Option<Token> {
    let told = device.resync.map_or(device.high, |(_, high)| high);
    match status {
        Status::Resync(head) => Some(head),
        Status::Ok if high.seq < told.seq => Some(*high),
        Status::Ok => None,
    }
}

/// Once every hash is answered and, after a comparison, every document that it found lacking is here.
fn end(write: &mut Write<'_>, device: &mut DeviceRow) -> Result<(), StoreError> {
    if write.unconfirmed_count()? > 0 {
        return Ok(());
    }
    let Some((cursor, high)) = device.resync else {
        return Ok(());
    };
    match device.phase {
        // What has not come is not for this device; but only a page says so. To one that waits until somebody says whose it
        // is nothing was shown, and it keeps what it has.
        Phase::Fetching if write.wanted(1)?.is_empty() => {
            device.phase = Phase::Refilling;
            device.resync = None;
            (device.cursor, device.high) = (cursor, high);
        }
        Phase::Confirming => {
            device.high = high;
            refill(write, device)?;
        }
        _ => {}
    }
    Ok(())
}

/// A change that the server keeps in quarantine, though it once said that it has it: its word is shown to it again. Or one
/// that waits with this device: whether it still does is said when it is sent.
fn receipted(write: &Write<'_>, ack: &Ack) -> Result<Option<Standing>, StoreError> {
    match ack.state {
        _ if settle::waits_with_us(ack) => write.standing(ack.hash),
        AckState::Quarantined(_) | AckState::Decided(..) => Ok(write
            .standing(ack.hash)?
            .filter(|standing| standing.is_receipted)),
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
