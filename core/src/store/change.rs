//! Changes and the documents they make. A change is never deleted by what became of it: it is marked. Which changes
//! make the document is asked of them (`live`), not stored.

use super::{Rows, StoreError, Write};
use crate::document::{Actor, Change, ChangeHash, Put, Sealed, genesis_hash};
use crate::domain::code::DocumentKind;
use crate::domain::id::{DeviceId, DocumentId, EntryId, PatientId, UserId};
use crate::wire::Receipt;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeState {
    /// On this device alone: it is in the outbox.
    Saved,
    /// Written here, acknowledged by the server.
    Accepted,
    /// Written elsewhere, delivered by the server.
    Remote,
    /// Kept by the server, not applied.
    Quarantined,
    /// Not kept by the server; kept here.
    Rejected,
    /// Its entries are on the server in another change; kept with its receipt.
    Aside,
}

const STATES: [(ChangeState, &str); 6] = [
    (ChangeState::Saved, "saved"),
    (ChangeState::Accepted, "accepted"),
    (ChangeState::Remote, "remote"),
    (ChangeState::Quarantined, "quarantined"),
    (ChangeState::Rejected, "rejected"),
    (ChangeState::Aside, "aside"),
];

impl ChangeState {
    fn as_str(self) -> &'static str {
        STATES
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, text)| text)
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        STATES
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(state, _)| *state)
            .ok_or(StoreError::DAMAGED)
    }
}

/// A change as it lies here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChange {
    /// Its fields.
    pub change: Change,
    /// Its hash.
    pub hash: ChangeHash,
    /// What became of it.
    pub state: ChangeState,
    /// Why the server did not apply it, as the wire numbers it.
    pub reason: Option<i64>,
    /// The server's word is good for the log it has now.
    pub confirmed: bool,
    /// To be given back to the server.
    pub relay: bool,
    /// What it stands on cannot be supplied.
    pub orphan: bool,
    /// When it was recorded, in milliseconds.
    pub recorded_at: i64,
    /// The server's word for it.
    pub receipt: Option<Receipt>,
}

/// What is to be sent, in the order of writing.
pub type Outgoing = Vec<StoredChange>;

const COLUMNS: &str =
    "hash, doc, actor, seq, start_op, deps, nonce, device, user, state, reason, confirmed, relay,
    orphan, recorded_at, received_at, offset_ms, key, mac";

struct Bare {
    stored: StoredChange,
    state: String,
    sound: bool,
}

fn bare(row: &Row<'_>) -> rusqlite::Result<Bare> {
    let bytes = |at: usize| row.get::<_, Vec<u8>>(at);
    let (hash, doc, actor, deps, device) = (bytes(0)?, bytes(1)?, bytes(2)?, bytes(5)?, bytes(7)?);
    let nonce: Option<Vec<u8>> = row.get(6)?;
    let (received_at, offset_ms): (Option<i64>, Option<i64>) = (row.get(15)?, row.get(16)?);
    let (key, mac): (Option<u16>, Option<Vec<u8>>) = (row.get(17)?, row.get(18)?);
    let receipt = match (
        received_at,
        offset_ms,
        key,
        mac.and_then(|m| m.try_into().ok()),
    ) {
        (Some(received_at), Some(offset_ms), Some(key), Some(mac)) => Some(Receipt {
            received_at,
            offset_ms,
            key,
            mac,
        }),
        _ => None,
    };
    let ids = (
        ChangeHash::from_bytes(&hash),
        DocumentId::from_bytes(&doc),
        <[u8; 16]>::try_from(actor).ok(),
        DeviceId::from_bytes(&device),
    );
    let sound = ids.0.is_some() && ids.1.is_some() && ids.2.is_some() && ids.3.is_some();
    let nil = uuid::Uuid::nil();
    let change = Change {
        doc: ids.1.unwrap_or(DocumentId(nil)),
        actor: Actor(ids.2.unwrap_or_default()),
        seq: row.get::<_, i64>(3)?.unsigned_abs(),
        start_op: row.get::<_, i64>(4)?.unsigned_abs(),
        deps: deps
            .chunks_exact(32)
            .filter_map(ChangeHash::from_bytes)
            .collect(),
        nonce: nonce.and_then(|n| n.try_into().ok()),
        device: ids.3.unwrap_or(DeviceId(nil)),
        user: UserId(row.get(8)?),
        puts: Vec::new(),
    };
    let stored = StoredChange {
        change,
        hash: ids.0.unwrap_or(ChangeHash([0; 32])),
        state: ChangeState::Saved,
        reason: row.get(10)?,
        confirmed: row.get(11)?,
        relay: row.get(12)?,
        orphan: row.get(13)?,
        recorded_at: row.get(14)?,
        receipt,
    };
    Ok(Bare {
        stored,
        state: row.get(9)?,
        sound,
    })
}

impl Rows<'_> {
    fn changes(
        &self,
        tail: &str,
        args: impl rusqlite::Params,
    ) -> Result<Vec<StoredChange>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached(&format!("select {COLUMNS} from change {tail}"))?;
        let bare: Vec<Bare> = statement.query_map(args, bare)?.collect::<Result<_, _>>()?;
        bare.into_iter()
            .map(|bare| {
                if !bare.sound {
                    return Err(StoreError::DAMAGED);
                }
                let mut stored = bare.stored;
                stored.state = ChangeState::read(&bare.state)?;
                stored.change.puts = self.puts(stored.hash)?;
                Ok(stored)
            })
            .collect()
    }

    fn puts(&self, change: ChangeHash) -> Result<Vec<Put>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("select id, text from entry where change = ?1 order by at")?;
        let puts: Vec<(Vec<u8>, String)> = statement
            .query_map([&change.0[..]], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        puts.into_iter()
            .map(|(id, text)| {
                Ok(Put {
                    id: EntryId::from_bytes(&id).ok_or(StoreError::DAMAGED)?,
                    text,
                })
            })
            .collect()
    }

    /// All changes of a document, in the order in which they came here: causes first.
    pub fn document(&self, doc: DocumentId) -> Result<Vec<StoredChange>, StoreError> {
        self.changes("where doc = ?1 order by place", [&doc.as_bytes()[..]])
    }

    /// One change.
    pub fn change(&self, hash: ChangeHash) -> Result<Option<StoredChange>, StoreError> {
        Ok(self.changes("where hash = ?1", [&hash.0[..]])?.pop())
    }

    /// What waits to be sent: a query, never a list of its own.
    pub fn outbox(&self, at_most: u32) -> Result<Outgoing, StoreError> {
        self.changes(
            "where state = 'saved' or relay = 1 order by place limit ?1",
            [at_most],
        )
    }

    /// Changes whose place on the server is not confirmed since the log changed.
    pub fn unconfirmed(&self, at_most: u32) -> Result<Vec<(DocumentId, ChangeHash)>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select doc, hash from change where confirmed = 0 order by place limit ?1",
        )?;
        let rows: Vec<(Vec<u8>, Vec<u8>)> = statement
            .query_map([at_most], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(doc, hash)| {
                DocumentId::from_bytes(&doc)
                    .zip(ChangeHash::from_bytes(&hash))
                    .ok_or(StoreError::DAMAGED)
            })
            .collect()
    }

    /// How many changes wait, and since when the oldest does.
    pub fn unsent(&self) -> Result<(u32, Option<i64>), StoreError> {
        Ok(self.0.query_row(
            "select count(*), min(recorded_at) from change where state = 'saved'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    /// Kind, patient and whether it is hidden.
    pub fn document_row(
        &self,
        doc: DocumentId,
    ) -> Result<Option<(DocumentKind, PatientId, bool)>, StoreError> {
        let row: Option<(String, Vec<u8>, bool)> = self
            .0
            .prepare_cached("select kind, patient, hidden from document where id = ?1")?
            .query_row([&doc.as_bytes()[..]], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        row.map(|(kind, patient, hidden)| {
            let kind = DocumentKind::ALL
                .iter()
                .find(|k| k.as_str() == kind)
                .ok_or(StoreError::DAMAGED)?;
            Ok((
                *kind,
                PatientId::from_bytes(&patient).ok_or(StoreError::DAMAGED)?,
                hidden,
            ))
        })
        .transpose()
    }

    /// The documents of a patient that are shown, of one kind.
    pub fn documents_of(
        &self,
        patient: PatientId,
        kind: DocumentKind,
    ) -> Result<Vec<DocumentId>, StoreError> {
        self.document_ids(
            "select id from document where patient = ?1 and kind = ?2 and hidden = 0 order by id",
            params![&patient.as_bytes()[..], kind.as_str()],
        )
    }

    /// Documents that are hidden, and those whose last page could not be applied.
    pub fn troubled(&self) -> Result<(Vec<DocumentId>, u32), StoreError> {
        let hidden = self.document_ids("select id from document where hidden = 1", [])?;
        let again = self.0.query_row(
            "select count(*) from document where refetch is not null and tries < 3",
            [],
            |row| row.get(0),
        )?;
        Ok((hidden, again))
    }

    pub(super) fn document_ids(
        &self,
        sql: &str,
        args: impl rusqlite::Params,
    ) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let ids: Vec<Vec<u8>> = statement
            .query_map(args, |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| DocumentId::from_bytes(id).ok_or(StoreError::DAMAGED))
            .collect()
    }

    /// The actor of a person in a document on this device: actor, nonce, last count.
    pub fn actor(
        &self,
        doc: DocumentId,
        user: &UserId,
    ) -> Result<Option<(Actor, [u8; 16], u64)>, StoreError> {
        let row: Option<(Vec<u8>, Vec<u8>, i64)> = self
            .0
            .prepare_cached("select actor, nonce, seq from actor where doc = ?1 and user = ?2")?
            .query_row(params![&doc.as_bytes()[..], user.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        row.map(|(actor, nonce, seq)| {
            let (actor, nonce) = (actor.try_into().ok(), nonce.try_into().ok());
            actor
                .zip(nonce)
                .map(|(a, n)| (Actor(a), n, seq.unsigned_abs()))
                .ok_or(StoreError::DAMAGED)
        })
        .transpose()
    }

    /// The text under an entry id, if this device holds one.
    pub fn entry_text(&self, id: EntryId) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("select text from entry where id = ?1 limit 1")?;
        Ok(statement
            .query_row([&id.as_bytes()[..]], |row| row.get(0))
            .optional()?)
    }
}

/// The changes that make the document: not refused, and standing only on such.
pub fn live(changes: &[StoredChange]) -> Vec<&StoredChange> {
    let mut known: BTreeSet<ChangeHash> = BTreeSet::from([genesis_hash()]);
    let mut live = Vec::new();
    for stored in changes {
        let taken = matches!(
            stored.state,
            ChangeState::Saved | ChangeState::Accepted | ChangeState::Remote
        );
        if taken && stored.change.deps.iter().all(|dep| known.contains(dep)) {
            known.insert(stored.hash);
            live.push(stored);
        }
    }
    live
}

/// What the next change stands on: the heads, and one more than the highest operation.
pub fn tip(live: &[&StoredChange]) -> (Vec<ChangeHash>, u64) {
    let stood_on: BTreeSet<ChangeHash> = live
        .iter()
        .flat_map(|c| c.change.deps.iter().copied())
        .collect();
    let mut heads: Vec<_> = live
        .iter()
        .map(|c| c.hash)
        .filter(|hash| !stood_on.contains(hash))
        .collect();
    if heads.is_empty() {
        heads.push(genesis_hash());
    }
    heads.sort_unstable();
    let last = live.iter().map(|c| c.change.last_op()).max().unwrap_or(1);
    (heads, last + 1)
}

/// The last count of every actor of a document.
pub fn counts(changes: &[StoredChange]) -> BTreeMap<Actor, u64> {
    let mut counts = BTreeMap::new();
    for stored in changes {
        let count = counts.entry(stored.change.actor).or_insert(0);
        *count = stored.change.seq.max(*count);
    }
    counts
}

fn int(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::DAMAGED)
}

impl Write<'_> {
    /// Notes a document; one that is known and hidden is shown again.
    pub fn save_document(
        &mut self,
        doc: DocumentId,
        kind: DocumentKind,
        patient: PatientId,
    ) -> Result<(), StoreError> {
        self.step("save_document")?;
        self.db
            .prepare_cached(
                "insert into document (id, kind, patient) values (?1, ?2, ?3)
                 on conflict (id) do update set hidden = 0, fresh = 1",
            )?
            .execute(params![
                &doc.as_bytes()[..],
                kind.as_str(),
                &patient.as_bytes()[..]
            ])?;
        Ok(())
    }

    /// Adds a change with its entries.
    pub fn append(
        &mut self,
        sealed: &Sealed,
        state: ChangeState,
        recorded_at: i64,
        receipt: Option<&Receipt>,
    ) -> Result<(), StoreError> {
        self.step("append_change")?;
        let change = &sealed.change;
        let deps: Vec<u8> = change.deps.iter().flat_map(|dep| dep.0).collect();
        self.db
            .prepare_cached(
                "insert into change (hash, doc, actor, seq, start_op, deps, nonce, device, user, bytes, state,
                     recorded_at, received_at, offset_ms, key, mac)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            )?
            .execute(params![
                &sealed.hash.0[..], &change.doc.as_bytes()[..], &change.actor.0[..], int(change.seq)?,
                int(change.start_op)?, deps, change.nonce.as_ref().map(|n| &n[..]), &change.device.as_bytes()[..],
                change.user.as_str(), sealed.bytes, state.as_str(), recorded_at, receipt.map(|r| r.received_at),
                receipt.map(|r| r.offset_ms), receipt.map(|r| r.key), receipt.map(|r| r.mac.to_vec()),
            ])?;
        for (at, put) in change.puts.iter().enumerate() {
            self.step("append_entry")?;
            self.db
                .prepare_cached("insert into entry (change, at, id, text) values (?1, ?2, ?3, ?4)")?
                .execute(params![
                    &sealed.hash.0[..],
                    int(at as u64)?,
                    &put.id.as_bytes()[..],
                    put.text
                ])?;
        }
        Ok(())
    }

    /// Settles one change by its hash.
    pub fn settle(
        &mut self,
        hash: ChangeHash,
        state: ChangeState,
        reason: Option<i64>,
        receipt: Option<&Receipt>,
    ) -> Result<(), StoreError> {
        self.step("settle")?;
        self.db
            .prepare_cached(
                "update change set state = ?2, reason = ?3, confirmed = 1, relay = 0,
                     received_at = coalesce(?4, received_at), offset_ms = coalesce(?5, offset_ms),
                     key = coalesce(?6, key), mac = coalesce(?7, mac) where hash = ?1",
            )?
            .execute(params![
                &hash.0[..],
                state.as_str(),
                reason,
                receipt.map(|r| r.received_at),
                receipt.map(|r| r.offset_ms),
                receipt.map(|r| r.key),
                receipt.map(|r| r.mac.to_vec()),
            ])?;
        Ok(())
    }

    /// The server lacks this change: it is to be given (back) to it.
    pub fn offer_again(&mut self, hash: ChangeHash, own: bool) -> Result<(), StoreError> {
        self.step("offer_again")?;
        let sql = if own {
            "update change set state = 'saved', confirmed = 1 where hash = ?1"
        } else {
            "update change set relay = 1, confirmed = 1 where hash = ?1"
        };
        self.db.prepare_cached(sql)?.execute([&hash.0[..]])?;
        Ok(())
    }

    /// What this change stands on cannot be supplied by this device any more.
    pub fn mark_orphan(&mut self, hash: ChangeHash) -> Result<(), StoreError> {
        self.step("mark_orphan")?;
        self.db
            .prepare_cached("update change set orphan = 1 where hash = ?1")?
            .execute([&hash.0[..]])?;
        Ok(())
    }

    /// The server's log is another one: nothing that it said before is good until it is said again.
    pub fn unconfirm_all(&mut self) -> Result<(), StoreError> {
        self.step("unconfirm_all")?;
        self.db.execute(
            "update change set confirmed = 0, relay = 0 where state in ('accepted', 'remote', 'quarantined', 'aside')",
            [],
        )?;
        Ok(())
    }

    /// Before every visible document is fetched anew: which of them came is noted from here on.
    pub fn begin_refill(&mut self) -> Result<(), StoreError> {
        self.step("begin_refill")?;
        self.db.execute(
            "update document set fresh = 0, tries = tries + (refetch is not null)",
            [],
        )?;
        Ok(())
    }

    /// Afterwards: what did not come, and holds nothing that only this device has, is no longer for it.
    pub fn end_refill(&mut self) -> Result<(), StoreError> {
        self.step("end_refill")?;
        self.db.execute(
            "update document set hidden = 1 where fresh = 0
                 and not exists (select 1 from change where doc = document.id and state = 'saved')",
            [],
        )?;
        Ok(())
    }

    /// Notes that a document came, or why it could not be applied.
    pub fn mark_delivered(
        &mut self,
        doc: DocumentId,
        refetch: Option<&str>,
    ) -> Result<(), StoreError> {
        self.step("mark_delivered")?;
        self.db
            .prepare_cached(
                "update document set fresh = 1, hidden = 0, refetch = ?2 where id = ?1",
            )?
            .execute(params![&doc.as_bytes()[..], refetch])?;
        Ok(())
    }

    /// Stops showing a document.
    pub fn hide(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        self.step("hide")?;
        self.db
            .prepare_cached("update document set hidden = 1 where id = ?1")?
            .execute([&doc.as_bytes()[..]])?;
        self.db
            .prepare_cached("delete from record_index where record = ?1")?
            .execute([&doc.as_bytes()[..]])?;
        Ok(())
    }

    /// Wipes a hidden document, if the server holds every change of it, accepted or in quarantine. What it refused
    /// stays here.
    pub fn wipe_drained(&mut self, doc: DocumentId) -> Result<bool, StoreError> {
        self.step("wipe_drained")?;
        let held: i64 = self
            .db
            .prepare_cached(
                "select count(*) from change where doc = ?1
                 and (state in ('saved', 'rejected', 'quarantined') or relay = 1 or confirmed = 0)",
            )?
            .query_row([&doc.as_bytes()[..]], |row| row.get(0))?;
        if held > 0 {
            return Ok(false);
        }
        for sql in [
            "delete from entry where change in (select hash from change where doc = ?1)",
            "delete from change where doc = ?1",
            "delete from actor where doc = ?1",
            "delete from document where id = ?1",
        ] {
            self.step("wipe")?;
            self.db
                .prepare_cached(sql)?
                .execute([&doc.as_bytes()[..]])?;
        }
        Ok(true)
    }

    /// Notes the actor of a person in a document.
    pub fn save_actor(
        &mut self,
        doc: DocumentId,
        user: &UserId,
        actor: Actor,
        nonce: &[u8; 16],
        seq: u64,
    ) -> Result<(), StoreError> {
        self.step("save_actor")?;
        self.db
            .prepare_cached(
                "insert into actor (doc, user, actor, nonce, seq) values (?1, ?2, ?3, ?4, ?5)
                 on conflict (doc, user) do update set actor = ?3, nonce = ?4, seq = ?5",
            )?
            .execute(params![
                &doc.as_bytes()[..],
                user.as_str(),
                &actor.0[..],
                &nonce[..],
                int(seq)?
            ])?;
        Ok(())
    }

    /// After a refusal an actor is never used again: what it would write next stands on what was refused.
    pub fn retire_actor(&mut self, doc: DocumentId, actor: Actor) -> Result<(), StoreError> {
        self.step("retire_actor")?;
        self.db
            .prepare_cached("delete from actor where doc = ?1 and actor = ?2")?
            .execute(params![&doc.as_bytes()[..], &actor.0[..]])?;
        Ok(())
    }
}
