//! Devices and people are taken away: what a supervisor does, and what must hold of a device that wiped itself.

use super::fault::Fault;
use super::look::{self, DeviceLook};
use super::oracle::{Failure, Oracle, holds};
use super::world::World;
use std::collections::BTreeSet;
use std::fs;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DocumentId, EntryId, UserId};
use warmhand_core::wire::{PushedDocument, SealedBox, unpack};
use warmhand_server::sealing;
use warmhand_server::store::{ConfirmDraft, Store, StoreError};

/// What lies in the file of a device that was used: names, entries, the sheet.
const WORDS: [&str; 4] = ["Rosa", "RecordOpened", "Harbor Counseling", "recorded_at\""];

/// A change in a box.
pub(super) struct Boxed {
    pub doc: DocumentId,
    pub hash: ChangeHash,
    pub entries: Vec<EntryId>,
}

impl World {
    pub(super) fn reinstate(&mut self, d: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d).filter(|d| self.devices[*d].revoked) else {
            return Ok(());
        };
        let store = self.server.store();
        let done =
            self.server
                .run(store.reinstate(self.devices[d].id, "sup".into(), self.server_now()));
        let struck = self.server.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, true);
        }
        let refused =
            |error: &StoreError| matches!(error, StoreError::NotFound(_) | StoreError::Refused(_));
        let is_typed = done.as_ref().err().is_none_or(refused);
        holds(Oracle::Typed, is_typed || struck.is_some(), || {
            format!("taking device {d} back was answered with {done:?}")
        })?;
        if done.is_ok() {
            self.devices[d].revoked = false;
            self.tally.count(Fault::DeviceReinstated);
        }
        let new = self.server.refresh();
        self.check_server(&new)
    }

    /// All of its own people, all but one, or one more.
    pub(super) fn set_people(&mut self, d: u8, k: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let own = &self.devices[d].people;
        let mut people: Vec<UserId> = own.clone();
        match k % 4 {
            0 => {}
            1 => drop(people.remove(0)),
            2 => drop(people.pop()),
            _ => people.push("sup".into()),
        }
        if people.is_empty() {
            people.push("a2".into());
        }
        let store = self.server.store();
        let done = self.server.run(store.set_people(
            self.devices[d].id,
            people.clone(),
            "sup".into(),
            self.server_now(),
        ));
        let struck = self.server.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, true);
        }
        let refused =
            |error: &StoreError| matches!(error, StoreError::NotFound(_) | StoreError::Refused(_));
        let is_typed = done.as_ref().err().is_none_or(refused);
        holds(Oracle::Typed, is_typed || struck.is_some(), || {
            format!("{people:?} on device {d} was answered with {done:?}")
        })?;
        self.says(|| format!("    {people:?} on device {d}: {done:?}"));
        if done.is_ok() {
            self.tally.count(Fault::PeopleChanged);
        }
        let new = self.server.refresh();
        self.check_server(&new)
    }

    /// Somebody says whose a device is, if the server does not know it.
    pub(super) fn confirm(&mut self, d: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let id = self.devices[d].id;
        if !self.server.is_unconfirmed(id) {
            return Ok(());
        }
        let draft = ConfirmDraft {
            name: format!("device {d}"),
            kind: "tablet".to_owned(),
            people: self.devices[d].people.clone(),
        };
        let store = self.server.store();
        let done = self
            .server
            .run(store.confirm(id, draft, "sup".into(), self.server_now()));
        let struck = self.server.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, true);
        }
        holds(Oracle::Typed, done.is_ok() || struck.is_some(), || {
            format!("confirming device {d} was answered with {done:?}")
        })?;
        self.says(|| format!("    device {d} is known again: {done:?}"));
        if done.is_ok() {
            self.tally.count(Fault::DeviceConfirmed);
        }
        let new = self.server.refresh();
        self.check_server(&new)
    }

    /// What is in boxes of a device, change by change.
    pub(super) fn opened(&self, d: usize, boxes: &[SealedBox]) -> impl Iterator<Item = Boxed> {
        let keys = self.server.keys.clone();
        let device = self.devices[d].id;
        let open = |closed: &SealedBox| sealing::open(&keys, device, closed);
        let opened: Vec<Vec<u8>> = boxes.iter().filter_map(open).collect();
        let documents = opened
            .into_iter()
            .map(|bytes| unpack::<PushedDocument>(&bytes).expect("a change"));
        documents
            .flat_map(|document| document.changes)
            .map(|pushed| {
                let puts = pushed.change.puts.iter();
                Boxed {
                    doc: pushed.change.doc,
                    hash: pushed.hash,
                    entries: puts.map(|put| put.id).collect(),
                }
            })
    }

    /// Everything in boxes at the server.
    pub(super) fn boxed_there(&self) -> Vec<Boxed> {
        let kept = look::boxes(&self.server.eyes);
        let all = 0..self.devices.len();
        all.flat_map(|d| self.opened(d, &kept)).collect()
    }

    /// Every entry in a box, on a living device or at the server.
    pub(super) fn entries_in_boxes(&self) -> BTreeSet<EntryId> {
        let mut within = self.boxed_there();
        for d in 0..self.devices.len() {
            if self.devices[d].lives() {
                within.extend(self.opened(d, &self.devices[d].look().boxes));
            }
        }
        within.into_iter().flat_map(|boxed| boxed.entries).collect()
    }

    /// It wiped itself just now: what was refused and is in no record went into a box.
    pub(super) fn check_boxed(
        &mut self,
        d: usize,
        before: &DeviceLook,
        after: &DeviceLook,
        held: &BTreeSet<EntryId>,
    ) -> Result<(), Failure> {
        self.tally.count(Fault::DeviceWiped);
        self.says(|| format!("    device {d} wiped itself, {} boxes", after.boxes.len()));
        let boxed: Vec<_> = self.opened(d, &after.boxes).collect();
        if !boxed.is_empty() {
            self.tally.count(Fault::BoxClosed);
        }
        let refused = before.changes.iter().filter(|(_, held)| held.is_refused());
        let told = std::mem::take(&mut self.devices[d].told);
        let refused = refused.map(|(hash, _)| *hash).chain(told.refused);
        // What was erased is in no box: this very answer may have said so.
        let erased = self.erased_changes(before);
        for hash in refused.filter(|hash| !erased.contains(hash)) {
            let entries = before.changes.get(&hash).map(|change| &change.entries);
            let is_on_server =
                entries.is_some_and(|entries| entries.iter().all(|(id, _)| held.contains(id)));
            let is_boxed = boxed.iter().any(|boxed| boxed.hash == hash);
            holds(Oracle::Wiped, is_on_server || is_boxed, || {
                format!("device {d} wiped {hash:?}, which was refused and is in no box")
            })?;
        }
        Ok(())
    }

    /// It holds nothing, and shows nothing.
    pub(super) fn check_wiped(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        let rows = look.changes.len() + look.documents.len() + look.refetches.len();
        let is_empty = rows == 0 && look.sheet.is_empty() && look.signed_in.is_none();
        holds(Oracle::Wiped, is_empty, || {
            format!("device {d} wiped itself and still has {rows} rows")
        })
    }

    /// At rest: its file has not one word left, and the server knows that it ended and has its boxes.
    pub(super) fn check_ended(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        self.check_wiped(d, look)?;
        let device = &self.devices[d];
        for end in ["", "-wal"] {
            let mut path = device.path.clone().into_os_string();
            path.push(end);
            let bytes = fs::read(path).unwrap_or_default();
            let lies = |word: &&str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
            let left = WORDS.iter().find(|word| lies(word));
            holds(Oracle::Wiped, left.is_none(), || {
                format!("device {d} wiped itself and its file{end} still says {left:?}")
            })?;
        }
        let is_known = look::is_known_as_wiped(&self.server.eyes, device.id);
        holds(Oracle::Wiped, is_known, || {
            format!("device {d} wiped itself and the server does not know")
        })?;
        let there = look::boxes(&self.server.eyes);
        let is_erased = |closed: &SealedBox| {
            let mut within = self.opened(d, std::slice::from_ref(closed));
            within.any(|boxed| self.truth.erased.contains(&boxed.doc))
        };
        let mut boxes = look.boxes.iter();
        let is_there = boxes.all(|closed| there.contains(closed) || is_erased(closed));
        holds(Oracle::Wiped, is_there, || {
            format!("the server lacks a box of device {d}")
        })
    }
}
