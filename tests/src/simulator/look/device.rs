//! What a device's database says: its changes, those that lie by themselves and those of documents that lie whole, its
//! documents and its positions.

use super::{VOID, all, boxes, doc, entries, hash, kept_change};
use crate::victim::whole;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::document::{Change, ChangeHash, genesis_hash};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PatientId, UserId};
use warmhand_core::store::ChangeState;
use warmhand_core::wire::{Cursor, SealedBox, Token};

/// A change as a device has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldChange {
    /// Of which document.
    pub doc: DocumentId,
    /// Who wrote it, where.
    pub device: DeviceId,
    /// What the device says became of it.
    pub state: String,
    /// To be given back to the server.
    pub relay: bool,
    /// The server's word for it lies beside it.
    pub receipted: bool,
    /// With a receipt that is worth nothing.
    pub is_void: bool,
    /// Why the server did not take it, as the wire numbers it.
    pub reason: Option<i64>,
    /// What it stands on.
    pub deps: Vec<ChangeHash>,
    /// Its highest operation.
    pub last_op: u64,
    /// Its entries.
    pub entries: Vec<(EntryId, String)>,
}

impl HeldChange {
    /// Its fields alone.
    fn of(change: Change) -> Self {
        Self {
            doc: change.doc,
            device: change.device,
            state: String::new(),
            relay: false,
            receipted: false,
            is_void: false,
            reason: None,
            last_op: change.last_op(),
            deps: change.deps,
            entries: entries(change.puts),
        }
    }

    /// In the outbox.
    pub fn waits(&self) -> bool {
        self.state == "saved" || self.relay
    }

    /// Refused by the server.
    pub fn is_refused(&self) -> bool {
        matches!(self.state.as_str(), "quarantined" | "rejected")
    }

    /// Written anew elsewhere, or decided about by a person.
    pub fn is_settled(&self) -> bool {
        matches!(self.state.as_str(), "superseded" | "released" | "dismissed")
    }

    fn is_taken(&self) -> bool {
        matches!(self.state.as_str(), "saved" | "accepted" | "remote")
    }
}

/// A device's database.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceLook {
    /// Every change.
    pub changes: BTreeMap<ChangeHash, HeldChange>,
    /// Every document with its patient, and whether it is hidden.
    pub documents: BTreeMap<DocumentId, (String, PatientId, bool)>,
    /// Documents that did not apply.
    pub refetches: BTreeMap<DocumentId, String>,
    /// Applied up to here.
    pub cursor: Cursor,
    /// The highest head told.
    pub high: Token,
    /// The highest head told since a resync began.
    pub resync_high: Option<Token>,
    /// How it stands with the server.
    pub phase: String,
    /// The sheet.
    pub sheet: String,
    /// Who is signed in.
    pub signed_in: Option<UserId>,
    /// Boxes that it keeps closed.
    pub boxes: Vec<SealedBox>,
}

impl DeviceLook {
    /// Reads it all.
    pub fn of(db: &Connection) -> Self {
        let sql =
            "select hash, fields, state, relay, coalesce(mac <> zeroblob(10), false), reason, bytes,
            coalesce(mac = zeroblob(10), false) from change";
        let changes = all(db, sql, [], |row| {
            let change = kept_change(row, 1, 6)?;
            let held = HeldChange {
                state: row.get(2)?,
                relay: row.get(3)?,
                receipted: row.get(4)?,
                reason: row.get(5)?,
                is_void: row.get(7)?,
                ..HeldChange::of(change)
            };
            Ok((hash(row, 0)?, held))
        });
        // Never without a receipt, and settled.
        let whole = whole(db).into_iter().flat_map(|(_, changes)| changes);
        let whole = whole.map(|stored| {
            let is_own = stored.state == ChangeState::Accepted;
            let mac = stored.receipt.expect("a receipt").mac;
            let held = HeldChange {
                state: if is_own { "accepted" } else { "remote" }.to_owned(),
                receipted: mac != VOID,
                is_void: mac == VOID,
                ..HeldChange::of(stored.change)
            };
            (stored.hash, held)
        });
        let documents = all(
            db,
            "select id, kind, patient, hidden from document",
            [],
            |row| {
                let patient = PatientId::from_bytes(&row.get::<_, Vec<u8>>(2)?).expect("a patient");
                Ok((doc(row, 0)?, (row.get(1)?, patient, row.get(3)?)))
            },
        );
        let refetches = all(db, "select doc, reason from refetch", [], |row| {
            Ok((doc(row, 0)?, row.get(1)?))
        });
        let sql = "select cursor, high, phase, signed_in, coalesce((select text from sheet), ''), resync_high from device";
        let one = all(db, sql, [], |row| {
            let (cursor, high): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let (signed_in, resync): (Option<String>, Option<Vec<u8>>) = (row.get(3)?, row.get(5)?);
            Ok(Self {
                changes: BTreeMap::new(),
                documents: BTreeMap::new(),
                refetches: BTreeMap::new(),
                cursor: minicbor::decode(&cursor).expect("a cursor"),
                high: minicbor::decode(&high).expect("a token"),
                resync_high: resync.map(|high| minicbor::decode(&high).expect("a token")),
                phase: row.get(2)?,
                sheet: row.get(4)?,
                signed_in: signed_in.map(UserId),
                boxes: Vec::new(),
            })
        });
        Self {
            changes: changes.into_iter().chain(whole).collect(),
            documents: documents.into_iter().collect(),
            refetches: refetches.into_iter().collect(),
            boxes: boxes(db),
            ..one.into_iter().next().expect("a device")
        }
    }

    /// It holds nothing any more.
    pub fn is_wiped(&self) -> bool {
        matches!(self.phase.as_str(), "wiping" | "wiped" | "ended")
    }

    /// The changes that make the documents: not refused, and standing only on such.
    pub fn live(&self) -> BTreeSet<ChangeHash> {
        let mut live = BTreeSet::from([genesis_hash()]);
        loop {
            let before = live.len();
            for (hash, held) in &self.changes {
                if held.is_taken() && held.deps.iter().all(|dep| live.contains(dep)) {
                    live.insert(*hash);
                }
            }
            if live.len() == before {
                return live;
            }
        }
    }

    /// The entries that are part of a document here.
    pub fn entries_of(&self, doc: DocumentId) -> BTreeMap<EntryId, String> {
        let live = self.live();
        let own =
            |(hash, held): &(&ChangeHash, &HeldChange)| held.doc == doc && live.contains(hash);
        let changes = self.changes.iter().filter(own);
        changes.flat_map(|(_, held)| held.entries.clone()).collect()
    }

    /// Is what waits in this document told of that record? What she answered is told of any record of hers.
    pub fn is_home(&self, record: DocumentId, doc: DocumentId) -> bool {
        let (home, lies) = (self.documents.get(&record), self.documents.get(&doc));
        let is_hers = home.zip(lies).is_some_and(|(home, lies)| home.1 == lies.1);
        let is_of_answers = lies.is_some_and(|lies| lies.0 != "record");
        record == doc || is_hers && is_of_answers
    }

    /// Every entry that is here in whatever state.
    pub fn entries(&self) -> BTreeSet<EntryId> {
        let all = self.changes.values().flat_map(|held| &held.entries);
        all.map(|(id, _)| *id).collect()
    }

    /// Entries that are here with the server's word for them.
    pub fn receipted(&self) -> BTreeSet<EntryId> {
        let all = self.changes.values().filter(|held| held.receipted);
        all.flat_map(|held| &held.entries)
            .map(|(id, _)| *id)
            .collect()
    }
}
