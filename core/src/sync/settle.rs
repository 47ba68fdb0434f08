//! What the server says of a change, by its own hash: acknowledged, decided about, or wanted with what it stands on; and
//! the documents that were spoken of, healed.

use super::reauthor;
use crate::domain::id::{DeviceId, DocumentId, PatientId};
use crate::store::{ChangeState, Standing, StoreError, Write, readable};
use crate::wire::{Ack, AckState, Decided, Decision, QuarantineReason, RejectReason};
use rand::RngCore;
use std::collections::BTreeSet;

/// Does the server keep this only until it is said whose the device is?
pub(super) fn waits_with_us(ack: &Ack) -> bool {
    ack.state == AckState::Quarantined(QuarantineReason::Unconfirmed)
}

/// Heals the documents that an answer spoke of. Tells whether anything was written anew.
pub(super) fn mend(
    write: &mut Write<'_>,
    device: DeviceId,
    touched: &BTreeSet<DocumentId>,
    patients: &mut BTreeSet<PatientId>,
    rng: &mut dyn RngCore,
) -> Result<bool, StoreError> {
    let mut is_mended = false;
    for doc in write.set_aside()?.intersection(touched) {
        let mut healed = write.part(|write| reauthor::heal(write, device, *doc, rng))?;
        if healed.is_none() {
            // It may be an actor that does not read: another is begun.
            healed = write.part(|write| {
                write.retire_actors(*doc)?;
                reauthor::heal(write, device, *doc, rng)
            })?;
        }
        // What was superseded in this transaction, and has to be written anew in it, was read in it.
        if healed.is_none() && readable(write.document(*doc))?.is_some() {
            return Err(StoreError::Unreadable);
        }
        is_mended |= healed.unwrap_or(false);
        patients.extend(patient_of(write, *doc)?);
    }
    Ok(is_mended)
}

/// Whose document it is, if it is here.
pub(super) fn whose(write: &Write<'_>, doc: DocumentId) -> Result<Option<PatientId>, StoreError> {
    Ok(write.document_row(doc)?.map(|(_, patient, _)| patient))
}

/// Whose reading changes with it: nobody's, if whose it is does not read.
pub(super) fn patient_of(
    write: &Write<'_>,
    doc: DocumentId,
) -> Result<Option<PatientId>, StoreError> {
    Ok(readable(whose(write, doc))?.flatten())
}

/// A person decided about work of this device that lay in quarantine. Tells in which document.
pub(super) fn decide(
    write: &mut Write<'_>,
    decided: &Decided,
) -> Result<Option<DocumentId>, StoreError> {
    let lies = |s: &Standing| matches!(s.state, ChangeState::Saved | ChangeState::Quarantined);
    let Some(standing) = write.standing(decided.hash)?.filter(lies) else {
        return Ok(None);
    };
    let state = decided_state(decided.decision);
    write.settle(decided.hash, state, Some(decided.reason as i64), None)?;
    write.retire_actor_of(&standing)?;
    Ok(Some(standing.doc))
}

fn decided_state(decision: Decision) -> ChangeState {
    match decision {
        Decision::Released => ChangeState::Released,
        Decision::Dismissed => ChangeState::Dismissed,
    }
}

/// One acknowledgement: the state of exactly this hash. Says whether it changed anything.
pub(super) fn settle(
    write: &mut Write<'_>,
    ack: &Ack,
    touched: &mut BTreeSet<DocumentId>,
    patients: &mut BTreeSet<PatientId>,
) -> Result<bool, StoreError> {
    let Some(standing) = write.standing(ack.hash)? else {
        return Ok(false);
    };
    let waited = standing.waits || !standing.confirmed;
    let doc = standing.doc;
    if ack.state == AckState::Rejected(RejectReason::Erased) {
        patients.extend(patient_of(write, doc)?);
        write.erase(doc)?;
        return Ok(true);
    }
    touched.insert(doc);
    patients.extend(patient_of(write, doc)?);
    let (state, reason, receipt) = match &ack.state {
        AckState::Accepted(receipt) if standing.own => (ChangeState::Accepted, None, Some(receipt)),
        AckState::Accepted(receipt) => (ChangeState::Remote, None, Some(receipt)),
        // Its own receipt stays beside it: the new one is of the other change.
        AckState::AcceptedAs(..) => (ChangeState::Aside, None, None),
        // What was written anew has gone its own way.
        _ if standing.state == ChangeState::Superseded => return Ok(false),
        AckState::Quarantined(reason) => (ChangeState::Quarantined, Some(*reason as i64), None),
        AckState::Decided(reason, decision) => {
            (decided_state(*decision), Some(*reason as i64), None)
        }
        AckState::Rejected(reason) => (ChangeState::Rejected, Some(*reason as i64), None),
        AckState::MissingDeps(missing) => return supply(write, &standing, missing),
    };
    write.settle(ack.hash, state, reason, receipt)?;
    if !state.is_taken() {
        write.retire_actor_of(&standing)?;
    }
    Ok(waited || state != standing.state)
}

/// What the server lacks goes before; what this device cannot supply is said to be so.
fn supply(
    write: &mut Write<'_>,
    standing: &Standing,
    missing: &[crate::document::ChangeHash],
) -> Result<bool, StoreError> {
    let mut changed = false;
    // What lies whole and does not read cannot be supplied.
    write.apart(|write| write.open_whole(standing.doc))?;
    for hash in missing {
        let refused = |s: &Standing| !s.state.is_taken() && s.state != ChangeState::Aside;
        match write.standing(*hash)?.filter(|s| !refused(s)) {
            Some(dep) if dep.waits => {}
            Some(dep) => {
                write.offer_again(&dep)?;
                changed = true;
            }
            None => {
                changed |= write.mark_orphan(standing.hash)?;
            }
        }
    }
    Ok(changed)
}

/// The server does not take this device any more: nothing is lost, nothing is wiped, it is said.
pub(super) fn signed_off(write: &mut Write<'_>) -> Result<(), StoreError> {
    if let Some(mut device) = write.device()? {
        device.signed_off = true;
        write.save_device(&device)?;
    }
    Ok(())
}
