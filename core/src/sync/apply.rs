//! Applying one document of a page. Every change is built anew from its fields and taken only if its hash is the one
//! claimed and it follows what is here; a document that cannot be applied is marked and the page goes on.

use super::reauthor;
use crate::document::{Actor, Change, ChangeHash, Sealed, genesis_hash, seal};
use crate::domain::code::DocumentKind;
use crate::domain::entry::Entry;
use crate::domain::id::{DeviceId, DocumentId, EntryId, PatientId, UserId};
use crate::store::{ChangeState, StoreError, StoredChange, Write, live};
use crate::wire::{Delivered, DeliveredChange, DeliveredDocument, Receipt};
use std::collections::BTreeMap;

/// Applies what a page says of one document. Returns the patient whose reading may have changed.
pub(super) fn document(
    write: &mut Write<'_>,
    device: DeviceId,
    delivered: &DeliveredDocument,
) -> Result<Option<PatientId>, StoreError> {
    let doc = delivered.doc;
    let mut patient = write.document_row(doc)?.map(|(_, patient, _)| patient);
    let is_here = patient.is_some();
    let coming: Vec<Coming<'_>> = match &delivered.content {
        Delivered::Changes(changes) => changes.iter().map(Coming::Fields).collect(),
        Delivered::Whole(packed) => match packed.rebuild(doc) {
            Ok(built) => built
                .into_iter()
                .map(|one| Coming::Built(Box::new(one)))
                .collect(),
            Err(why) => {
                write.save_refetch(doc, &why.to_string(), true)?;
                return Ok(patient);
            }
        },
        Delivered::Erased => {
            write.erase(doc)?;
            return Ok(patient);
        }
        Delivered::Forget => {
            if patient.is_some() {
                write.hide(doc)?;
            }
            return Ok(patient);
        }
    };
    let mut read: Option<Ground> = None;
    for change in coming {
        let (hash, receipt) = (change.hash(), *change.receipt());
        let own = change.fields().device == device;
        let state = if own {
            ChangeState::Accepted
        } else {
            ChangeState::Remote
        };
        let held = if is_here { write.change(hash)? } else { None };
        if let Some(held) = held {
            if !held.is_settled(state, &receipt) {
                write.settle(hash, state, None, Some(&receipt))?;
            }
            if held.state != state {
                // What was refused stands after all, and what stands on it with it.
                read = None;
            }
            continue;
        }
        let mut ground = match read.take() {
            Some(ground) => ground,
            None => Ground::of(write, doc)?,
        };
        let theirs = change.fields();
        if ground.has_count(theirs.actor, theirs.seq)
            && reauthor::fork(write, doc, theirs.actor, theirs.seq)?
        {
            ground = Ground::of(write, doc)?;
        }
        let sealed = change.sealed(doc).and_then(|sealed| ground.check(sealed));
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
        ground.add(&sealed);
        read = Some(ground);
    }
    write.save_delivered(doc)?;
    Ok(patient)
}

/// A change on its way in.
enum Coming<'a> {
    /// As fields, with the hash that they must give.
    Fields(&'a DeliveredChange),
    /// Built anew, in a document whose heads are the ones claimed.
    Built(Box<(Sealed, Receipt)>),
}

impl Coming<'_> {
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
        let sealed = seal(delivered.change.clone()).map_err(|_| "fields out of bounds")?;
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

/// What a change of this document may stand on.
#[derive(Default)]
struct Ground {
    /// Every change held; with its last operation if it is part of the document.
    changes: BTreeMap<ChangeHash, Option<u64>>,
    /// The last count of every actor, and whose it is.
    actors: BTreeMap<Actor, (u64, DeviceId, UserId)>,
    /// The text under every entry id.
    texts: BTreeMap<EntryId, String>,
}

impl Ground {
    fn of(write: &Write<'_>, doc: DocumentId) -> Result<Self, StoreError> {
        let held = write.document(doc)?;
        let mut ground = Self {
            changes: held.iter().map(|h| (h.hash, None)).collect(),
            ..Self::default()
        };
        for StoredChange { change, hash, .. } in live(&held) {
            ground.add_fields(*hash, change);
        }
        Ok(ground)
    }

    fn add(&mut self, sealed: &Sealed) {
        self.add_fields(sealed.hash, &sealed.change);
    }

    fn add_fields(&mut self, hash: ChangeHash, change: &Change) {
        self.changes.insert(hash, Some(change.last_op()));
        let count = self
            .actors
            .entry(change.actor)
            .or_insert_with(|| (0, change.device, change.user.clone()));
        count.0 = count.0.max(change.seq);
        for put in &change.puts {
            self.texts.insert(put.id, put.text.clone());
        }
    }

    /// Was this count of an actor given to another change?
    fn has_count(&self, actor: Actor, seq: u64) -> bool {
        self.actors
            .get(&actor)
            .is_some_and(|(last, _, _)| seq <= *last)
    }

    /// Does this change follow what is here? Says why not in words that name nobody.
    fn check(&self, sealed: Sealed) -> Result<Sealed, &'static str> {
        let change = &sealed.change;
        // A dependency's last operation is above all of its own past: so the highest of them is the past's.
        let mut last_op = 1;
        for dep in change.deps.iter().filter(|dep| **dep != genesis_hash()) {
            let dep = self
                .changes
                .get(dep)
                .copied()
                .flatten()
                .ok_or("it stands on what is not here")?;
            last_op = last_op.max(dep);
        }
        if change.start_op != last_op + 1 {
            return Err("its first operation does not follow its past");
        }
        let fits = match self.actors.get(&change.actor) {
            None => change.seq == 1 && change.actor_fits(),
            Some((seq, device, user)) => {
                change.seq == seq + 1 && change.device == *device && change.user == *user
            }
        };
        if !fits {
            return Err("it does not follow its actor's last change");
        }
        if change.puts.iter().any(|put| {
            self.texts
                .get(&put.id)
                .is_some_and(|text| *text != put.text)
        }) {
            return Err("an entry id that is used for another text");
        }
        Ok(sealed)
    }
}

/// What kind of document a first change begins, and whose.
fn opening(sealed: &Sealed) -> Option<(DocumentKind, PatientId)> {
    let first = sealed.change.puts.first()?;
    Entry::parse(&first.text).ok()?.body.opens()
}
