//! Applying one document of a page. Every change is built anew from its fields and taken only if its hash is the one
//! claimed and it follows what is here; a document that cannot be applied is marked and the page goes on.

use super::arrived::{Arrived, each, opening};
use super::ground::Ground;
use super::reauthor;
use super::settle::{patient_of, whose};
use crate::document::{Change, ChangeHash, Sealed, seal};
use crate::domain::id::{DeviceId, DocumentId, PatientId};
use crate::store::{ChangeState, StoreError, StoredChange, Write};
use crate::wire::{Delivered, DeliveredChange, DeliveredDocument, Receipt};
use std::collections::{BTreeMap, BTreeSet};

/// Applies what a page says of each of these documents. Adds the patients whose reading may have changed, and the documents.
pub(super) fn documents(
    write: &mut Write<'_>,
    device: DeviceId,
    delivered: Vec<DeliveredDocument>,
    patients: &mut BTreeSet<PatientId>,
    touched: &mut BTreeSet<DocumentId>,
) -> Result<(), StoreError> {
    let mut waiting = Vec::with_capacity(delivered.len());
    for one in delivered {
        // Of what else comes nobody asks it.
        let is_whole = matches!(one.content, Delivered::Whole(_));
        let is_here = is_whole
            && write
                .part(|write| whose(write, one.doc))?
                .flatten()
                .is_some();
        waiting.push((one, is_here));
    }
    each(waiting, device, |doc, arrived| {
        if let Some(patient) = write.part(|write| document(write, device, doc, arrived))? {
            patients.extend(patient);
            touched.insert(doc);
        } else {
            // Nothing can be put beside what does not read; that it came is noted, and that lists are without it. What came
            // whole is asked for anew, to be put in its place.
            if write.lies_unread(doc)? {
                write.save_refetch(doc, "what is here of it does not read", true)?;
            }
            write.show(doc)?;
            patients.extend(patient_of(write, doc)?);
        }
        Ok(())
    })
}

fn document(
    write: &mut Write<'_>,
    device: DeviceId,
    doc: DocumentId,
    arrived: Arrived,
) -> Result<Option<PatientId>, StoreError> {
    let patient = whose(write, doc)?;
    let coming: Vec<Coming> = match arrived {
        Arrived::New(_, _, row) if patient.is_some() => {
            // Twice in one page.
            row.changes(doc)?.into_iter().map(Coming::Fields).collect()
        }
        Arrived::New(kind, whose, row) => {
            write.save_document(doc, kind, whose)?;
            write.save_whole(doc, &row)?;
            write.save_delivered(doc)?;
            return Ok(Some(whose));
        }
        Arrived::Changes(changes) if changes.is_empty() => {
            // The server passes over what it cannot read: what is here of it stays.
            write.show(doc)?;
            return Ok(patient);
        }
        Arrived::Changes(changes) => changes.into_iter().map(Coming::Fields).collect(),
        Arrived::Whole(changes) => {
            if write.passes_over() {
                write.make_room(doc)?;
            }
            changes.into_iter().map(Coming::Built).collect()
        }
        Arrived::Unpackable(why) => {
            write.save_refetch(doc, &why.to_string(), true)?;
            return Ok(patient);
        }
        Arrived::Erased => {
            write.erase(doc)?;
            return Ok(patient);
        }
        Arrived::Forget => {
            if patient.is_some() {
                write.hide(doc)?;
            }
            return Ok(patient);
        }
    };
    changes(write, device, doc, patient, coming)
}

/// What is here of a document.
#[derive(Default)]
struct Here {
    held: BTreeMap<ChangeHash, StoredChange>,
    ground: Ground,
}

impl Here {
    fn of(write: &Write<'_>, doc: DocumentId) -> Result<Self, StoreError> {
        let held = write.document(doc)?;
        Ok(Self {
            ground: Ground::of(&held),
            held: held.into_iter().map(|held| (held.hash, held)).collect(),
        })
    }
}

fn changes(
    write: &mut Write<'_>,
    device: DeviceId,
    doc: DocumentId,
    mut patient: Option<PatientId>,
    coming: Vec<Coming>,
) -> Result<Option<PatientId>, StoreError> {
    let mut here = match patient {
        Some(_) => Here::of(write, doc)?,
        None => Here::default(),
    };
    for change in coming {
        let (hash, receipt) = (change.hash(), *change.receipt());
        let own = change.fields().device == device;
        let state = if own {
            ChangeState::Accepted
        } else {
            ChangeState::Remote
        };
        if let Some(held) = here.held.get(&hash) {
            let stands_anew = held.state != state;
            if !held.is_settled(state, &receipt) {
                write.open_whole(doc)?;
                write.settle(hash, state, None, Some(&receipt))?;
            }
            if stands_anew {
                // What was refused stands after all, and what stands on it with it.
                here = Here::of(write, doc)?;
            }
            continue;
        }
        if here.ground.has(hash) {
            continue;
        }
        let theirs = change.fields();
        if here.ground.has_count(theirs.actor, theirs.seq)
            && reauthor::fork(write, doc, theirs.actor, theirs.seq)?
        {
            here = Here::of(write, doc)?;
        }
        let sealed = change.sealed(doc).and_then(|sealed| {
            here.ground.check(&sealed)?;
            Ok(sealed)
        });
        let sealed = match sealed {
            Ok(sealed) => sealed,
            Err(why) => {
                write.save_refetch(doc, why, true)?;
                return Ok(patient);
            }
        };
        if patient.is_none() {
            let Some((kind, whose)) = opening(&sealed) else {
                write.save_refetch(
                    doc,
                    "a kind of document that this version does not know",
                    false,
                )?;
                return Ok(None);
            };
            write.save_document(doc, kind, whose)?;
            patient = Some(whose);
        }
        write.append(&sealed, state, receipt.received_at, Some(&receipt))?;
        if own {
            catch_up(write, &sealed)?;
        }
        here.ground.add(&sealed);
    }
    write.save_delivered(doc)?;
    Ok(patient)
}

/// A change on its way in.
enum Coming {
    /// As fields, with the hash that they must give.
    Fields(DeliveredChange),
    /// Built anew, in a document whose heads are the ones claimed.
    Built((Sealed, Receipt)),
}

impl Coming {
    fn hash(&self) -> ChangeHash {
        match self {
            Self::Fields(delivered) => delivered.hash,
            Self::Built(built) => built.0.hash,
        }
    }

    fn fields(&self) -> &Change {
        match self {
            Self::Fields(delivered) => &delivered.change,
            Self::Built(built) => &built.0.change,
        }
    }

    fn receipt(&self) -> &Receipt {
        match self {
            Self::Fields(delivered) => &delivered.receipt,
            Self::Built(built) => &built.1,
        }
    }

    /// Built from its fields alone. Says why it cannot be in words that name nobody.
    fn sealed(self, doc: DocumentId) -> Result<Sealed, &'static str> {
        let delivered = match self {
            Self::Built(built) => return Ok(built.0),
            Self::Fields(delivered) => delivered,
        };
        if delivered.change.doc != doc {
            return Err("a change of another document");
        }
        let sealed = seal(delivered.change).map_err(|_| "fields out of bounds")?;
        if sealed.hash != delivered.hash {
            return Err("the fields do not give the hash");
        }
        Ok(sealed)
    }
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
