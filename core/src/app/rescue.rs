//! Everything that a device holds, for a file that somebody carries to the server when the device cannot sync any more.
//! Nothing of the device changes.

use super::App;
use crate::document::ChangeHash;
use crate::refusal::{Refusal, StorageTrouble};
use crate::store::{ChangeState, Salvaged, StoredChange};
use crate::wire::{BoxKey, MAX_MESSAGE, PushedChange, PushedDocument, RescueFile};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// A part holds at most this many bytes of entry text, unless a single change has more.
const PART_BYTES: usize = MAX_MESSAGE / 4;
/// What a change costs beside its entries' text.
const HEAD_BYTES: usize = 1_024;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// So many documents.
    pub documents: u64,
    /// So many changes in them.
    pub changes: u64,
    /// So many of these the server has never acknowledged.
    pub unsent: u64,
    /// So many places of the file do not read any more: what lies there is not in it.
    pub damaged: u64,
}

impl App {
    /// Writes everything that this device holds, hidden and refused work and that of others too, with its receipts. What
    /// it has written anew itself is in it once. Only its server can open it, or, where that has lost its keys, whoever has
    /// the other half of the key that is named.
    pub fn rescue(
        &mut self,
        out: &mut dyn Write,
        named: Option<BoxKey>,
    ) -> Result<Rescued, Refusal> {
        let device = self.store.rows().device()?.ok_or(Refusal::NotEnrolled)?;
        let key = named.unwrap_or(device.box_key);
        let begun = RescueFile::begin(out, device.device, key, &mut *self.rng);
        let mut file = Parts {
            file: begun.map_err(trouble)?,
            docs: Vec::new(),
            bytes: 0,
            rescued: Rescued::default(),
        };
        let damaged = self.store.salvage(|Salvaged { changes, damaged }| {
            // What was written anew may be what does not read.
            let is_kept = |stored: &StoredChange| damaged > 0 || is_kept(stored);
            let kept = changes.into_iter().filter(is_kept).collect();
            file.document(causes_first(kept)).map_err(trouble)
        })?;
        file.rescued.damaged = damaged;
        file.part(true).map_err(trouble)?;
        Ok(file.rescued)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn trouble(error: io::Error) -> Refusal {
    Refusal::Storage(match error.kind() {
        io::ErrorKind::StorageFull => StorageTrouble::Full,
        _ => StorageTrouble::Unavailable,
    })
}

/// Its entries are in another change of this device, and no receipt speaks of it.
fn is_kept(stored: &StoredChange) -> bool {
    stored.state != ChangeState::Superseded || stored.receipt.is_some()
}

/// A change that was kept may lie before one that it stands on and that was fetched again.
fn causes_first(mut waiting: Vec<StoredChange>) -> Vec<StoredChange> {
    let mut ordered = Vec::with_capacity(waiting.len());
    let mut later: BTreeSet<ChangeHash> = waiting.iter().map(|stored| stored.hash).collect();
    while !waiting.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|stored| {
            let is_ready = !stored.change.deps.iter().any(|dep| later.contains(dep));
            if is_ready {
                later.remove(&stored.hash);
            }
            is_ready
        });
        if ready.is_empty() {
            // Hashes cannot stand on one another in a ring: nothing of a sound file is left here.
            ordered.extend(rest);
            break;
        }
        ordered.extend(ready);
        waiting = rest;
    }
    ordered
}

struct Parts<'a> {
    file: RescueFile<'a>,
    docs: Vec<PushedDocument>,
    bytes: usize,
    rescued: Rescued,
}

impl Parts<'_> {
    fn document(&mut self, changes: Vec<StoredChange>) -> io::Result<()> {
        self.rescued.documents += u64::from(!changes.is_empty());
        for stored in changes {
            let bytes = stored.change.text_bytes() + HEAD_BYTES;
            if self.bytes + bytes > PART_BYTES && !self.docs.is_empty() {
                self.part(false)?;
            }
            self.bytes += bytes;
            self.rescued.changes += 1;
            self.rescued.unsent += u64::from(stored.receipt.is_none());
            let doc = stored.change.doc;
            let pushed = PushedChange {
                hash: stored.hash,
                receipt: stored.receipt,
                // Nobody can be asked for what it stands on.
                orphan: true,
                change: stored.change,
            };
            match self.docs.last_mut().filter(|last| last.doc == doc) {
                Some(last) => last.changes.push(pushed),
                None => self.docs.push(PushedDocument {
                    doc,
                    changes: vec![pushed],
                }),
            }
        }
        Ok(())
    }

    fn part(&mut self, is_last: bool) -> io::Result<()> {
        self.bytes = 0;
        self.file.write(std::mem::take(&mut self.docs), is_last)
    }
}
