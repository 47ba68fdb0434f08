//! Changes and the documents they make. A change is never deleted by what became of it: it is marked. Which changes
//! make the document is asked of them (`live`), not stored.

use super::{Rows, StoreError};
use crate::document::{Actor, Change, ChangeHash, Put, genesis_hash};
use crate::domain::id::{DeviceId, DocumentId, EntryId, UserId};
use crate::wire::Receipt;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::BTreeSet;

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
    pub(super) fn as_str(self) -> &'static str {
        STATES
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, text)| text)
    }

    /// Is it part of the document, if what it stands on is?
    pub fn is_taken(self) -> bool {
        matches!(self, Self::Saved | Self::Accepted | Self::Remote)
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
    /// What the server said of it is good for the log that the server has now.
    pub confirmed: bool,
    /// Another's change, to be given back to the server, which has lost it.
    pub relay: bool,
    /// What it stands on cannot be supplied.
    pub orphan: bool,
    /// When it was recorded, in milliseconds.
    pub recorded_at: i64,
    /// The server's word for it.
    pub receipt: Option<Receipt>,
}

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

impl StoredChange {
    /// The server's word that it holds this change in the document, if that word is good now.
    pub fn standing_receipt(&self) -> Option<&Receipt> {
        let is_on_server =
            matches!(self.state, ChangeState::Accepted | ChangeState::Remote) && self.confirmed;
        self.receipt.as_ref().filter(|_| is_on_server)
    }
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
    pub fn outbox(&self, at_most: u32) -> Result<Vec<StoredChange>, StoreError> {
        self.changes(
            "where state = 'saved' or relay = 1 order by place limit ?1",
            [at_most],
        )
    }

    /// Changes of which the server has said nothing since its log changed.
    pub fn unconfirmed(&self, at_most: u32) -> Result<Vec<(DocumentId, ChangeHash)>, StoreError> {
        let mut statement =
            self.0.prepare_cached("select doc, hash from change where confirmed = 0 and relay = 0 order by place limit ?1")?;
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

    /// How many changes the server has still to speak of.
    pub fn unconfirmed_count(&self) -> Result<u32, StoreError> {
        Ok(self.0.query_row(
            "select count(*) from change where confirmed = 0 and relay = 0",
            [],
            |row| row.get(0),
        )?)
    }

    /// How many changes wait, and since when the oldest does.
    pub fn unsent(&self) -> Result<(u32, Option<i64>), StoreError> {
        Ok(self.0.query_row(
            "select count(*), min(recorded_at) from change where state = 'saved' or relay = 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
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
}

/// The changes that make the document, causes first: not refused, and standing only on such.
pub fn live(changes: &[StoredChange]) -> Vec<&StoredChange> {
    let mut known: BTreeSet<ChangeHash> = BTreeSet::from([genesis_hash()]);
    let mut live = Vec::new();
    // Once through, but where a change that was kept comes before what it stands on and was fetched again.
    loop {
        let before = live.len();
        for stored in changes.iter().filter(|c| c.state.is_taken()) {
            if !known.contains(&stored.hash)
                && stored.change.deps.iter().all(|dep| known.contains(dep))
            {
                known.insert(stored.hash);
                live.push(stored);
            }
        }
        if live.len() == before {
            return live;
        }
    }
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
