//! What a change that comes may stand on: what is here of its document, each change with its place in the past, each actor
//! with its last count, each entry id with its text.

use crate::document::{Actor, Change, ChangeHash, Sealed, genesis_hash};
use crate::domain::id::{DeviceId, EntryId, UserId};
use crate::store::{StoredChange, live};
use std::collections::BTreeMap;

/// What a change of this document may stand on.
#[derive(Default)]
pub(super) struct Ground {
    /// Every change held; with its last operation if it is part of the document.
    changes: BTreeMap<ChangeHash, Option<u64>>,
    /// The last count of every actor, and whose it is.
    actors: BTreeMap<Actor, (u64, DeviceId, UserId)>,
    /// The text under every entry id.
    texts: BTreeMap<EntryId, String>,
}

impl Ground {
    /// Of everything that is held of a document.
    pub fn of(held: &[StoredChange]) -> Self {
        let mut ground = Self {
            changes: held.iter().map(|h| (h.hash, None)).collect(),
            ..Self::default()
        };
        for StoredChange { change, hash, .. } in live(held) {
            ground.add_fields(*hash, change);
        }
        ground
    }

    /// Is this change here, whatever became of it?
    pub fn has(&self, hash: ChangeHash) -> bool {
        self.changes.contains_key(&hash)
    }

    /// The change is part of the document from here on.
    pub fn add(&mut self, sealed: &Sealed) {
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
    pub fn has_count(&self, actor: Actor, seq: u64) -> bool {
        self.actors
            .get(&actor)
            .is_some_and(|(last, _, _)| seq <= *last)
    }

    /// Does this change follow what is here? Says why not in words that name nobody.
    pub fn check(&self, sealed: &Sealed) -> Result<(), &'static str> {
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
        Ok(())
    }
}
