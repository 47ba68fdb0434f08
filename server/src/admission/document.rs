//! A document as admission sees it: its accepted changes and what they stand on.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use warmhand_core::document::{Change, ChangeHash};
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{DocumentId, EntryId};
use warmhand_core::domain::read::ReceiptTimes;

/// An accepted change with its entries.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its hash.
    pub hash: ChangeHash,
    /// Its fields.
    pub change: Change,
    /// Its entries, read.
    pub entries: Vec<Arc<Entry>>,
    /// When the server had it.
    pub times: ReceiptTimes,
}

/// The accepted changes of one document, causes first.
#[derive(Clone, Debug)]
pub struct Document {
    /// Which.
    pub id: DocumentId,
    /// Its changes.
    pub held: Vec<Held>,
    /// The ids of all its entries.
    pub entry_ids: BTreeSet<EntryId>,
    /// Bytes of entry text.
    pub text_bytes: usize,
    /// The fold of all of it, once somebody asked.
    record: OnceCell<Record>,
}

impl Document {
    /// A document of these changes.
    pub fn new(id: DocumentId, held: Vec<Held>) -> Self {
        let mut document = Self {
            id,
            held: Vec::new(),
            entry_ids: BTreeSet::new(),
            text_bytes: 0,
            record: OnceCell::new(),
        };
        for change in held {
            document.push(change);
        }
        document
    }

    /// Adds an accepted change.
    pub fn push(&mut self, held: Held) {
        self.text_bytes += held.change.text_bytes();
        self.entry_ids.extend(held.entries.iter().map(|e| e.id));
        self.held.push(held);
        self.record.take();
    }

    /// The fold of everything in it.
    pub fn record(&self) -> &Record {
        self.record
            .get_or_init(|| Record::of(self.id, &self.entries()))
    }

    /// The change of this hash, if it is part of it.
    pub fn held_as(&self, hash: ChangeHash) -> Option<&Held> {
        self.held.iter().find(|held| held.hash == hash)
    }

    /// Is this change part of it?
    pub fn has(&self, hash: ChangeHash) -> bool {
        self.held_as(hash).is_some()
    }

    fn ancestors(&self, deps: &[ChangeHash]) -> Vec<&Held> {
        let mut wanted: BTreeSet<ChangeHash> = deps.iter().copied().collect();
        // Causes lie before their effects: one walk from the end finds them all.
        let mut found: Vec<&Held> = Vec::new();
        for held in self.held.iter().rev() {
            if wanted.remove(&held.hash) {
                wanted.extend(held.change.deps.iter().copied());
                found.push(held);
            }
        }
        found.reverse();
        found
    }

    /// The record as the author of a change on these had it.
    pub fn past(&self, deps: &[ChangeHash]) -> Cow<'_, Record> {
        let ancestors = self.ancestors(deps);
        // Mostly she had all of it.
        if ancestors.len() == self.held.len() {
            return Cow::Borrowed(self.record());
        }
        let entries: Vec<_> = ancestors
            .into_iter()
            .flat_map(|h| h.entries.iter().cloned())
            .collect();
        Cow::Owned(Record::of(self.id, &entries))
    }

    /// The highest operation below these; the genesis change has the first.
    pub fn last_op(&self, deps: &[ChangeHash]) -> u64 {
        self.ancestors(deps)
            .into_iter()
            .map(|h| h.change.last_op())
            .max()
            .unwrap_or(1)
    }

    /// All entries.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.held
            .iter()
            .flat_map(|h| h.entries.iter().cloned())
            .collect()
    }
}
