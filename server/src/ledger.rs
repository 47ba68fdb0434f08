//! A document as the server holds it while changes for it are judged: who wrote what on which past. Grows as changes
//! are admitted; knows no store and no rule of any event.

use crate::admission::Admitted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use warmhand_core::document::{Actor, Change, ChangeHash, genesis_hash};
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::entry::{Body, Entry};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PatientId, UserId};
use warmhand_core::wire::{QuarantineReason, Receipt};

/// The highest operation of the genesis change.
const GENESIS_OP: u64 = 1;

struct Node {
    last_op: u64,
    deps: Vec<ChangeHash>,
    entries: Vec<EntryId>,
    receipt: Receipt,
}

/// Whose an actor is, and how far it has written.
#[derive(Clone, Debug)]
pub struct Writer {
    /// Its device.
    pub device: DeviceId,
    /// Its person.
    pub user: UserId,
    /// Its count of changes.
    pub seq: u64,
    /// Its last change.
    pub tip: ChangeHash,
}

/// An entry with the text that stands for it.
#[derive(Clone, Debug)]
pub struct Written {
    /// As read.
    pub entry: Arc<Entry>,
    /// As stored.
    pub text: String,
}

/// A document while it is judged.
pub struct Ledger {
    /// Which.
    pub doc: DocumentId,
    /// What kind, and whose; none while it is empty.
    pub opened: Option<(DocumentKind, PatientId)>,
    /// Bytes of entry text.
    pub text_bytes: usize,
    /// Bytes of everything else that its changes carry.
    pub frame_bytes: usize,
    /// Changes of this document that lie in quarantine.
    pub quarantined: BTreeMap<ChangeHash, QuarantineReason>,
    nodes: BTreeMap<ChangeHash, Node>,
    writers: BTreeMap<Actor, Writer>,
    entries: BTreeMap<EntryId, Written>,
    admitted_now: BTreeMap<ChangeHash, UserId>,
}

impl Ledger {
    /// An empty document.
    pub fn new(doc: DocumentId) -> Self {
        Self {
            doc,
            opened: None,
            text_bytes: 0,
            frame_bytes: 0,
            quarantined: BTreeMap::new(),
            nodes: BTreeMap::new(),
            writers: BTreeMap::new(),
            entries: BTreeMap::new(),
            admitted_now: BTreeMap::new(),
        }
    }

    /// Adds a change that the server already has; in the order of the log.
    pub fn add(&mut self, change: &Change, hash: ChangeHash, receipt: Receipt, entries: &[Arc<Entry>]) {
        self.opened = self.opened.or_else(|| entries.first().and_then(|first| opening(&first.body)));
        self.text_bytes += change.text_bytes();
        self.frame_bytes += frame_bytes(change);
        let written = Writer { device: change.device, user: change.user.clone(), seq: change.seq, tip: hash };
        self.writers.insert(change.actor, written);
        for (entry, put) in entries.iter().zip(&change.puts) {
            let written = || Written { entry: Arc::clone(entry), text: put.text.clone() };
            self.entries.entry(entry.id).or_insert_with(written);
        }
        let ids = entries.iter().map(|e| e.id).collect();
        self.nodes.insert(hash, Node { last_op: change.last_op(), deps: change.deps.clone(), entries: ids, receipt });
        self.quarantined.remove(&hash);
    }

    /// Adds a change that was just admitted.
    pub fn admit(&mut self, admitted: &Admitted) {
        let sealed = &admitted.sealed;
        self.add(&sealed.change, sealed.hash, admitted.receipt, &admitted.entries);
        self.admitted_now.insert(sealed.hash, sealed.change.user.clone());
    }

    /// The receipt of an accepted change.
    pub fn accepted(&self, hash: ChangeHash) -> Option<Receipt> {
        self.nodes.get(&hash).map(|node| node.receipt)
    }

    /// Whose an actor is.
    pub fn writer(&self, actor: Actor) -> Option<&Writer> {
        self.writers.get(&actor)
    }

    /// The actor with which this person writes on this device, with its count.
    pub fn actor_of(&self, device: DeviceId, user: &UserId) -> Option<(Actor, u64)> {
        self.writers.iter().find(|(_, w)| w.device == device && w.user == *user).map(|(actor, w)| (*actor, w.seq))
    }

    /// An entry by its id.
    pub fn entry(&self, id: EntryId) -> Option<&Written> {
        self.entries.get(&id)
    }

    /// Every entry.
    pub fn all(&self) -> Vec<Arc<Entry>> {
        self.entries.values().map(|w| Arc::clone(&w.entry)).collect()
    }

    /// Changes that no other stands on; the genesis change while there is none.
    pub fn heads(&self) -> Vec<ChangeHash> {
        let covered: BTreeSet<_> = self.nodes.values().flat_map(|n| &n.deps).collect();
        let heads: Vec<_> = self.nodes.keys().filter(|hash| !covered.contains(hash)).copied().collect();
        if heads.is_empty() { vec![genesis_hash()] } else { heads }
    }

    /// Everything that these changes stand on, themselves included.
    pub fn past(&self, deps: &[ChangeHash]) -> CausalPast<'_> {
        let mut seen = BTreeSet::new();
        let mut waiting = deps.to_vec();
        while let Some(hash) = waiting.pop() {
            if let Some(node) = self.nodes.get(&hash)
                && seen.insert(hash)
            {
                waiting.extend_from_slice(&node.deps);
            }
        }
        CausalPast { ledger: self, changes: seen }
    }
}

/// The past of a change.
pub struct CausalPast<'a> {
    ledger: &'a Ledger,
    changes: BTreeSet<ChangeHash>,
}

impl CausalPast<'_> {
    /// Does it hold this change?
    pub fn holds(&self, hash: ChangeHash) -> bool {
        self.changes.contains(&hash)
    }

    /// The highest operation in it.
    pub fn last_op(&self) -> u64 {
        self.changes.iter().filter_map(|h| self.ledger.nodes.get(h)).map(|n| n.last_op).max().unwrap_or(GENESIS_OP)
    }

    /// The ids of its entries.
    pub fn ids(&self) -> BTreeSet<EntryId> {
        self.changes.iter().filter_map(|h| self.ledger.nodes.get(h)).flat_map(|n| n.entries.iter().copied()).collect()
    }

    /// Its entries.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.ids().iter().filter_map(|id| self.ledger.entry(*id)).map(|w| Arc::clone(&w.entry)).collect()
    }

    /// Does it hold a change that this person wrote and that was admitted in the push at hand?
    pub fn holds_fresh_of(&self, user: &UserId) -> bool {
        self.ledger.admitted_now.iter().any(|(hash, by)| by == user && self.changes.contains(hash))
    }
}

/// The kind and patient of a document that begins with this.
pub fn opening(body: &Body) -> Option<(DocumentKind, PatientId)> {
    match body {
        Body::RecordOpened(p) => Some((DocumentKind::Record, p.patient)),
        Body::ScreensOpened(p) => Some((DocumentKind::Screens, p.patient)),
        _ => None,
    }
}

/// What a change takes on the wire beside its text.
pub fn frame_bytes(change: &Change) -> usize {
    160 + 34 * change.deps.len() + 20 * change.puts.len()
}
