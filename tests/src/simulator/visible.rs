//! What must hold of who sees what: by the log, told without the server; and the server says the same.

use super::look::{self, DeviceLook, HeldChange};
use super::oracle::{Failure, Oracle, holds};
use super::told::hashes;
use super::world::World;
use std::collections::BTreeSet;
use warmhand_core::domain::id::DocumentId;
use warmhand_core::wire::{Delivered, DeliveredDocument};

impl World {
    /// Every row follows the one before, and its chain is what hashing it anew gives.
    pub(super) fn check_log(&self) -> Result<(), Failure> {
        let (sight, head) = (&self.server.sight, &self.server.head);
        holds(Oracle::Log, sight.broken.is_none(), || {
            format!("row {:?} of the log does not hold", sight.broken)
        })?;
        let is_head = (head.seq, head.chain) == (sight.row, sight.chain);
        holds(Oracle::Log, is_head, || {
            format!("the head says {}, the last row is {}", head.seq, sight.row)
        })
    }

    /// The server believes of each device what follows from the log.
    pub(super) fn check_sight(&self) -> Result<(), Failure> {
        let sight = &self.server.sight;
        for (d, device) in self.devices.iter().enumerate() {
            let server = look::visible(&self.server.eyes, device.id);
            for (doc, told) in sight.must(device.id) {
                let is_seen = server.get(&doc).is_some_and(|since| *since <= told);
                holds(Oracle::Exact, is_seen, || {
                    format!(
                        "device {d} may see {doc} since row {told}, and the server keeps it back"
                    )
                })?;
            }
            let hidden = server.keys().find(|doc| !sight.may(device.id, **doc));
            holds(Oracle::Visible, hidden.is_none(), || {
                format!("device {d} may not see {hidden:?}, and the server shows it")
            })?;
        }
        Ok(())
    }

    /// What is brought may be seen, and is there; what is to be forgotten may not be seen any more.
    pub(super) fn check_delivered(
        &self,
        d: usize,
        docs: &[DeliveredDocument],
    ) -> Result<(), Failure> {
        let (sight, id) = (&self.server.sight, self.devices[d].id);
        let visible = sight.must(id);
        for delivered in docs {
            let doc = delivered.doc;
            let is_lost = delivered.content == Delivered::Forget;
            holds(
                Oracle::Exact,
                !is_lost || !visible.contains_key(&doc),
                || format!("device {d} is told to forget {doc}, which it may see"),
            )?;
            let Some(hashes) = hashes(delivered) else {
                continue;
            };
            holds(Oracle::Visible, sight.may(id, doc), || {
                format!("document {doc} was delivered to device {d}, which may not see it")
            })?;
            let accepted = &self.server.accepted;
            let is_there = hashes.iter().all(|hash| accepted.contains_key(hash));
            holds(Oracle::NeverFalse, is_there, || {
                "a delivered change is not committed".to_owned()
            })?;
        }
        Ok(())
    }

    /// Everything that is visible up to its cursor is there, and nothing is shown that was lost up to there.
    pub(super) fn check_exact(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        if !look::has_position(&self.server.eyes, &look.cursor.token) {
            return Ok(());
        }
        let c = look.cursor.token.seq;
        let (sight, id) = (&self.server.sight, self.devices[d].id);
        let visible = sight.must(id);
        for (hash, change) in &self.server.accepted {
            let since = visible.get(&change.doc).filter(|since| **since <= c);
            let is_due = since.is_some() && change.seq <= c;
            let is_here =
                look.changes.contains_key(hash) || look.refetches.contains_key(&change.doc);
            holds(Oracle::Exact, !is_due || is_here, || {
                format!(
                    "device {d} at row {c} lacks change {hash:?} of row {}",
                    change.seq
                )
            })?;
        }
        for (doc, told) in sight.lost(id) {
            let hidden = look.documents.get(&doc).map(|(_, _, hidden)| *hidden);
            let is_due = told <= c && look.phase == "normal";
            let own_refused = |held: &HeldChange| held.doc == doc && held.is_refused();
            let is_kept = || look.changes.values().any(own_refused);
            holds(
                Oracle::Exact,
                !is_due || hidden != Some(false) || is_kept(),
                || format!("device {d} at row {c} shows {doc}, lost at row {told}"),
            )?;
        }
        Ok(())
    }

    /// Every accepted document has somebody on the sheet who sees it, and the server knows of it.
    pub(super) fn check_seen(&self) -> Result<(), Failure> {
        for (doc, is_seen) in self.server.sight.documents() {
            holds(Oracle::Seen, is_seen, || {
                format!("nobody can see document {doc}")
            })?;
        }
        let documents: BTreeSet<DocumentId> =
            self.server.sight.documents().map(|(doc, _)| doc).collect();
        let known = look::documents(&self.server.eyes);
        holds(Oracle::Seen, documents == known, || {
            format!("the server knows of documents {known:?}, and there are {documents:?}")
        })
    }
}
