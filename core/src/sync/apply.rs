//! Applying one document of a page. Every change is built anew from its fields and taken only if its hash is the one
//! claimed and it follows what is here; a document that cannot be applied is marked and the page goes on.

use crate::document::{Sealed, genesis_hash, seal};
use crate::domain::code::DocumentKind;
use crate::domain::entry::{Body, Entry};
use crate::domain::id::PatientId;
use crate::store::{ChangeState, DeviceRow, StoreError, StoredChange, Write, counts};
use crate::wire::{Delivered, DeliveredChange, DeliveredDocument};

/// Applies what a page says of one document. Returns the patient whose reading may have changed.
pub(super) fn document(
    write: &mut Write<'_>,
    device: &DeviceRow,
    delivered: &DeliveredDocument,
) -> Result<Option<PatientId>, StoreError> {
    let known = write.document_row(delivered.doc)?;
    let Delivered::Changes(changes, _) = &delivered.content else {
        if known.is_some() {
            write.hide(delivered.doc)?;
        }
        return Ok(known.map(|(_, patient, _)| patient));
    };
    let mut held = write.document(delivered.doc)?;
    let mut patient = known.map(|(_, patient, _)| patient);
    for change in changes {
        if let Some(here) = held.iter_mut().find(|h| h.hash == change.hash) {
            let state = if here.change.device == device.device {
                ChangeState::Accepted
            } else {
                ChangeState::Remote
            };
            write.settle(change.hash, state, None, Some(&change.receipt))?;
            here.state = state;
            continue;
        }
        let sealed = match check(&held, delivered, change) {
            Ok(sealed) => sealed,
            Err(why) => {
                if patient.is_some() {
                    write.mark_delivered(delivered.doc, Some(why))?;
                }
                return Ok(patient);
            }
        };
        if patient.is_none() {
            let Some((kind, whose)) = opening(&sealed) else {
                return Ok(None);
            };
            write.save_document(delivered.doc, kind, whose)?;
            patient = Some(whose);
        }
        let own = sealed.change.device == device.device;
        let state = if own {
            ChangeState::Accepted
        } else {
            ChangeState::Remote
        };
        write.append(
            &sealed,
            state,
            change.receipt.received_at,
            Some(&change.receipt),
        )?;
        if own {
            catch_up(write, &sealed)?;
        }
        held.push(StoredChange {
            hash: sealed.hash,
            change: sealed.change,
            state,
            reason: None,
            confirmed: true,
            relay: false,
            orphan: false,
            recorded_at: change.receipt.received_at,
            receipt: Some(change.receipt),
        });
    }
    write.mark_delivered(delivered.doc, None)?;
    Ok(patient)
}

/// A device restored from its backup meets its own later work: its actor goes on from there.
fn catch_up(write: &mut Write<'_>, sealed: &Sealed) -> Result<(), StoreError> {
    let change = &sealed.change;
    match write.actor(change.doc, &change.user)? {
        Some((actor, nonce, seq)) if actor == change.actor && seq < change.seq => {
            write.save_actor(change.doc, &change.user, actor, &nonce, change.seq)
        }
        _ => Ok(()),
    }
}

/// Does this change follow what is here? Says why not in words that name nobody.
fn check(
    held: &[StoredChange],
    delivered: &DeliveredDocument,
    change: &DeliveredChange,
) -> Result<Sealed, &'static str> {
    if change.change.doc != delivered.doc {
        return Err("a change of another document");
    }
    let sealed = seal(change.change.clone()).map_err(|_| "fields out of bounds")?;
    if sealed.hash != change.hash {
        return Err("the fields do not give the hash");
    }
    if !sealed.change.actor_fits() {
        return Err("an actor that is not its device's");
    }
    let mut last_op = 1;
    for dep in &sealed.change.deps {
        if *dep != genesis_hash() {
            held.iter()
                .find(|h| h.hash == *dep)
                .ok_or("it stands on what is not here")?;
        }
    }
    for ancestor in ancestors(held, &sealed) {
        last_op = last_op.max(ancestor.change.last_op());
    }
    if sealed.change.start_op != last_op + 1 {
        return Err("its first operation does not follow its past");
    }
    let count = counts(held).get(&sealed.change.actor).copied().unwrap_or(0);
    if sealed.change.seq != count + 1 {
        return Err("its count does not follow its actor's");
    }
    Ok(sealed)
}

/// Everything that a change stands on, of what is here.
fn ancestors<'a>(held: &'a [StoredChange], sealed: &Sealed) -> Vec<&'a StoredChange> {
    let mut wanted = sealed.change.deps.clone();
    let mut found: Vec<&StoredChange> = Vec::new();
    while let Some(hash) = wanted.pop() {
        if found.iter().any(|f| f.hash == hash) {
            continue;
        }
        if let Some(stored) = held.iter().find(|h| h.hash == hash) {
            wanted.extend(stored.change.deps.iter().copied());
            found.push(stored);
        }
    }
    found
}

/// What kind of document a first change begins, and whose.
fn opening(sealed: &Sealed) -> Option<(DocumentKind, PatientId)> {
    let first = sealed
        .change
        .puts
        .first()
        .and_then(|put| Entry::parse(&put.text).ok())?;
    match first.body {
        Body::RecordOpened(p) => Some((DocumentKind::Record, p.patient)),
        Body::ScreensOpened(p) => Some((DocumentKind::Screens, p.patient)),
        _ => None,
    }
}
