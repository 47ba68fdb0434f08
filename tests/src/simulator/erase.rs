//! Somebody orders that nothing of a record be left: what the truth makes of it, and what must hold from then on.

use super::fault::Fault;
use super::look::{self, DeviceLook};
use super::oracle::{Failure, Oracle, holds};
use super::world::World;
use std::collections::BTreeSet;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DocumentId, EntryId};
use warmhand_server::store::{Store, StoreError};

impl World {
    pub(super) fn erase(&mut self, k: u8) -> Result<(), Failure> {
        self.server.refresh();
        let accepted = self.server.accepted.values().map(|change| change.doc);
        let kept = self
            .server
            .quarantine
            .values()
            .map(|lying| lying.change.doc);
        let documents: BTreeSet<DocumentId> = accepted.chain(kept).collect();
        if documents.is_empty() {
            return Ok(());
        }
        let at = usize::from(k) % documents.len();
        let doc = documents.into_iter().nth(at).expect("one of them");
        let kept = self.server.quarantine.values();
        let kept = kept.filter(|lying| lying.change.doc == doc);
        let mut kept: BTreeSet<EntryId> = kept
            .flat_map(|lying| lying.change.puts.iter().map(|put| put.id))
            .collect();
        let accepted = self.server.accepted.values();
        let accepted = accepted.filter(|change| change.doc == doc);
        kept.extend(accepted.flat_map(|change| change.entries.iter().map(|(id, _)| *id)));
        let boxed = self.boxed_there().into_iter();
        let boxed = boxed.filter(|boxed| boxed.doc == doc);
        kept.extend(boxed.flat_map(|boxed| boxed.entries));
        let store = self.server.store();
        let why = "recorded for the wrong person".to_owned();
        let done = store.erase(doc, false, "sup".into(), why, self.server_now());
        let done = self.server.run(done);
        let struck = self.server.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, true);
        }
        let is_typed = matches!(done, Ok(1) | Err(StoreError::Refused(_)));
        holds(Oracle::Typed, is_typed || struck.is_some(), || {
            format!("erasing {doc} was answered with {done:?}")
        })?;
        self.says(|| format!("    erase {doc}: {done:?}"));
        if done.is_ok() {
            self.tally.count(Fault::RecordErased);
            self.truth.erased.insert(doc);
        }
        if look::erased(&self.server.eyes).contains(&doc) {
            self.forget_entries(&kept);
        }
        let new = self.server.refresh();
        self.check_server(&new)
    }

    /// What was erased once stays so, whatever is put back; and nobody is promised anything of it any more.
    pub(super) fn check_erased(&mut self) -> Result<(), Failure> {
        let erased = look::erased(&self.server.eyes);
        let forgotten = self.truth.erased.difference(&erased).next();
        holds(Oracle::Erased, forgotten.is_none(), || {
            format!("the server has forgotten that {forgotten:?} is erased")
        })?;
        for doc in &erased {
            let rows = look::rows_of(&self.server.eyes, *doc);
            holds(Oracle::Erased, rows == 0, || {
                format!("{doc} is erased and the server has {rows} rows of it")
            })?;
        }
        if erased.is_empty() {
            return Ok(());
        }
        let boxed = self.boxed_there().into_iter();
        let left = boxed.map(|b| b.doc).find(|doc| erased.contains(doc));
        holds(Oracle::Erased, left.is_none(), || {
            format!("{left:?} is erased and lies in a box at the server")
        })?;
        self.truth.erased = erased;
        for d in 0..self.devices.len() {
            if self.devices[d].lives() {
                let look = self.devices[d].look();
                let mut entries = self.erased_in(&look);
                let boxed = self.opened(d, &look.boxes);
                let boxed = boxed.filter(|boxed| self.truth.erased.contains(&boxed.doc));
                entries.extend(boxed.flat_map(|boxed| boxed.entries));
                self.forget_entries(&entries);
            }
        }
        let server = &self.server;
        let gone = server
            .accepted
            .values()
            .filter(|change| self.truth.erased.contains(&change.doc));
        let gone: Vec<EntryId> = gone
            .flat_map(|c| c.entries.iter().map(|(id, _)| *id))
            .collect();
        self.forget_entries(&gone.into_iter().collect());
        let erased = &self.truth.erased;
        self.server
            .accepted
            .retain(|_, change| !erased.contains(&change.doc));
        Ok(())
    }

    /// The entries that a device has of what is erased.
    pub(super) fn erased_in(&self, look: &DeviceLook) -> BTreeSet<EntryId> {
        let changes = look.changes.values();
        let erased = changes.filter(|held| self.truth.erased.contains(&held.doc));
        erased
            .flat_map(|held| held.entries.iter().map(|(id, _)| *id))
            .collect()
    }

    /// The changes of it.
    pub(super) fn erased_changes(&self, look: &DeviceLook) -> BTreeSet<ChangeHash> {
        let changes = look.changes.iter();
        let erased = changes.filter(|(_, held)| self.truth.erased.contains(&held.doc));
        erased.map(|(hash, _)| *hash).collect()
    }

    pub(super) fn forget_entries(&mut self, entries: &BTreeSet<EntryId>) {
        let truth = &mut self.truth;
        truth.gone.extend(entries);
        truth.promised.retain(|entry, _| !entries.contains(entry));
        truth.released.retain(|entry| !entries.contains(entry));
    }

    /// At rest nothing of it is on any device.
    pub(super) fn check_erased_on(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        let changes = look.changes.values().map(|held| held.doc);
        let all = changes.chain(look.documents.keys().copied());
        let left = all.into_iter().find(|doc| self.truth.erased.contains(doc));
        holds(Oracle::Erased, left.is_none(), || {
            format!("device {d} still has {left:?}, which is erased")
        })
    }
}
