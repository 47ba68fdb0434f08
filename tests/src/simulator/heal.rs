//! What must hold of refused work: it stays with its author, what stood on it goes on without it, and nothing of it lies
//! before a person twice.

use super::fault::Fault;
use super::look::{self, DeviceLook, HeldChange};
use super::oracle::{Failure, Oracle, holds};
use super::world::World;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::document::{ChangeHash, genesis_hash};
use warmhand_core::domain::id::EntryId;
use warmhand_core::wire::QuarantineReason;
use warmhand_server::store::Store;

fn is_of_standing(reason: i64) -> bool {
    let standing = [
        QuarantineReason::Access,
        QuarantineReason::Revoked,
        QuarantineReason::Recovered,
    ];
    standing.iter().any(|one| *one as i64 == reason)
}

impl World {
    /// An entry lies at most once before the reviewer: on her page, and, where the refusal is of the person, in the table.
    pub(super) fn check_once(&self) -> Result<(), Failure> {
        if self.server.quarantine.is_empty() {
            return Ok(());
        }
        let store = self.server.store();
        let read = || self.server.run(store.quarantine(self.server_now()));
        let rows = self.server.blows.spared(read).expect("the quarantine").rows;
        let mut shown = BTreeSet::new();
        let mut all = rows.iter().flat_map(|row| &row.entries);
        let twice = all.find(|entry| !shown.insert(entry.id)).map(|e| e.id);
        holds(Oracle::Once, twice.is_none(), || {
            format!("{twice:?} is shown to the reviewer twice")
        })?;
        let own = look::own_device(&self.server.eyes);
        let mut lies = BTreeSet::new();
        for (hash, lying) in &self.server.quarantine {
            if lying.is_decided || !self.lies_by_standing(*hash) {
                continue;
            }
            // A phone that was put back has forgotten what it wrote anew, and does so again; her page shows it once.
            let author = self.devices.iter().find(|d| d.id == lying.change.device);
            if author.is_some_and(|device| device.was_put_back) {
                continue;
            }
            for put in &lying.change.puts {
                // What was written on a page and written anew at its release is the server's twice: both logs are lost, and
                // two devices give back what each has of them.
                if lying.change.device == own && self.truth.written_anew.contains(&put.id) {
                    continue;
                }
                // Forged entries may come as often as somebody forges them.
                let written = self.truth.written.get(&put.id);
                let is_honest = written.is_some_and(|written| written.text == put.text);
                holds(Oracle::Once, !is_honest || lies.insert(put.id), || {
                    format!("{} lies twice in quarantine", put.id)
                })?;
            }
        }
        Ok(())
    }

    /// Refused for who wrote it, or standing on such.
    fn lies_by_standing(&self, hash: ChangeHash) -> bool {
        let Some(lying) = self.server.quarantine.get(&hash) else {
            return false;
        };
        let stands_on = lying.reason == QuarantineReason::StandsOn as i64;
        is_of_standing(lying.reason)
            || stands_on
                && lying
                    .change
                    .deps
                    .iter()
                    .any(|dep| self.lies_by_standing(*dep))
    }

    /// What was refused is still there, or its device has written it anew.
    pub(super) fn check_refused_kept(
        &mut self,
        d: usize,
        look: &DeviceLook,
    ) -> Result<(), Failure> {
        let (mut anew, mut gone) = (Vec::new(), Vec::new());
        for hash in &self.devices[d].told.refused {
            let held = look
                .changes
                .get(hash)
                .filter(|held| !held.entries.is_empty());
            // Forgotten with its document, after the server had its entries in another change.
            if held.is_none() && self.is_in_records(*hash) {
                gone.push(*hash);
                continue;
            }
            holds(Oracle::Refused, held.is_some(), || {
                format!("device {d} lost its refused change {hash:?}")
            })?;
            let Some(held) = held.filter(|held| held.state == "superseded") else {
                continue;
            };
            let has = |id: &EntryId| {
                let others = look
                    .changes
                    .values()
                    .filter(|other| other.state != "superseded");
                others
                    .into_iter()
                    .any(|o| o.entries.iter().any(|(other, _)| other == id))
            };
            let is_elsewhere = held.entries.iter().all(|(id, _)| has(id));
            holds(Oracle::Refused, is_elsewhere, || {
                format!("device {d} says that it wrote {hash:?} anew and did not")
            })?;
            anew.push(*hash);
        }
        for hash in anew {
            self.devices[d].told.refused.remove(&hash);
            self.tally.count(Fault::WrittenAnew);
        }
        for hash in gone {
            self.devices[d].told.refused.remove(&hash);
        }
        Ok(())
    }

    /// Does every entry of this change, which lies in quarantine, stand in a record?
    fn is_in_records(&self, hash: ChangeHash) -> bool {
        let Some(lying) = self.server.quarantine.get(&hash) else {
            return false;
        };
        let texts = self.in_records();
        let puts = &lying.change.puts;
        puts.iter()
            .all(|put| texts.get(&put.id).is_some_and(|text| **text == put.text))
    }

    /// At rest nothing of a device's own waits for a refusal that is not its own: it stands on somebody who was refused,
    /// or an entry of it speaks of one that was. And nothing that can be read was turned away as if it could not.
    pub(super) fn check_healed(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        let texts = self.in_records();
        let id = self.devices[d].id;
        for (hash, held) in &look.changes {
            if held.device == id && held.state == "rejected" {
                let is_odd = held
                    .entries
                    .iter()
                    .any(|(id, _)| self.truth.odd.contains(id));
                holds(Oracle::Quiet, is_odd, || {
                    format!("device {d} was told that {hash:?}, which reads, does not")
                })?;
            }
            if held.device != id || held.state != "quarantined" {
                continue;
            }
            let reason = held.reason.unwrap_or(-1);
            let is_mechanical = reason == QuarantineReason::Reauthor as i64;
            holds(Oracle::Quiet, !is_mechanical, || {
                format!("device {d} did not write {hash:?} anew")
            })?;
            // Once receipts were worth nothing, what others had given back was kept aside, and for its sake what stood on it:
            // that waits for a person, also where its author gave hers back later.
            let is_orphan = |held: &HeldChange| !self.receipts_void && is_orphan(look, held);
            let is_on_another = reason == QuarantineReason::StandsOn as i64 || is_orphan(held);
            if !is_on_another || rests_on_standing(look, held, &is_orphan) {
                continue;
            }
            let known = look.entries_of(held.doc);
            for (entry, text) in &held.entries {
                let is_there = texts.contains_key(entry);
                let others = look.changes.iter().filter(|(other, _)| *other != hash);
                let waits_there = others
                    .filter(|(_, other)| other.is_refused() || other.state == "dismissed")
                    .any(|(_, other)| other.entries.iter().any(|(id, _)| id == entry));
                let stays =
                    known.is_empty() || waits_there || speaks_of_refused(look, held, text, &known);
                holds(Oracle::Quiet, is_there || stays, || {
                    format!("device {d} left entry {entry} behind with what it stood on")
                })?;
            }
        }
        Ok(())
    }
}

/// Does it stand on what was refused for who wrote it, or on what is not here?
fn rests_on_standing(
    look: &DeviceLook,
    held: &HeldChange,
    is_orphan: &impl Fn(&HeldChange) -> bool,
) -> bool {
    held.deps
        .iter()
        .filter(|dep| **dep != genesis_hash())
        .any(|dep| {
            look.changes.get(dep).is_none_or(|below| {
                // Why it was rejected is numbered apart.
                let is_refused =
                    below.state != "rejected" && (below.is_refused() || below.is_settled());
                is_refused && below.reason.is_some_and(is_of_standing) && !is_orphan(below)
                    || rests_on_standing(look, below, is_orphan)
            })
        })
}

/// Kept at the server because what it stands on was not taken there.
fn is_orphan(look: &DeviceLook, held: &HeldChange) -> bool {
    let recovered = held.reason == Some(QuarantineReason::Recovered as i64);
    let is_refused = |below: &HeldChange| {
        let of_itself = below.state == "quarantined" && !below.reason.is_some_and(is_of_standing);
        below.state == "rejected" || of_itself
    };
    let on_refused = |dep: &ChangeHash| look.changes.get(dep).is_some_and(is_refused);
    recovered && held.deps.iter().any(on_refused)
}

/// Does an entry speak of another that is here and not in the record?
fn speaks_of_refused(
    look: &DeviceLook,
    held: &HeldChange,
    text: &str,
    known: &BTreeMap<EntryId, String>,
) -> bool {
    let value: Value = serde_json::from_str(text).expect("JSON");
    let payload = value["payload"].to_string();
    let of_it = look.changes.values().filter(|other| other.doc == held.doc);
    let mut all = of_it.flat_map(|other| &other.entries);
    all.any(|(id, _)| !known.contains_key(id) && payload.contains(&id.to_string()))
}
