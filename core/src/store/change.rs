//! Changes and the documents they make. A change is never deleted by what became of it: it is marked. Which changes
//! make the document is asked of them (`live`), not stored.

use super::{Rows, StoreError, readable};
use crate::document::{Actor, Change, ChangeHash, genesis_hash, kept};
use crate::domain::id::{DocumentId, UserId};
use crate::wire::{QuarantineReason, Receipt};
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
    /// Its entries were written anew on this device, in another change.
    Superseded,
    /// It lay in quarantine until a person released it: its entries are on the server in another change.
    Released,
    /// It lay in quarantine until a person decided that its entries stay out of the record.
    Dismissed,
}

const STATES: [(ChangeState, &str); 9] = [
    (ChangeState::Saved, "saved"),
    (ChangeState::Accepted, "accepted"),
    (ChangeState::Remote, "remote"),
    (ChangeState::Quarantined, "quarantined"),
    (ChangeState::Rejected, "rejected"),
    (ChangeState::Aside, "aside"),
    (ChangeState::Superseded, "superseded"),
    (ChangeState::Released, "released"),
    (ChangeState::Dismissed, "dismissed"),
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

    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        STATES
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(state, _)| *state)
            .ok_or(StoreError::Unreadable)
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

pub(super) const COLUMNS: &str = "hash, fields, state, reason, confirmed, relay, orphan, recorded_at, received_at, offset_ms, key, mac, bytes";

fn receipt(row: &Row<'_>) -> Result<Option<Receipt>, StoreError> {
    let (received_at, offset_ms): (Option<i64>, Option<i64>) = (row.get(8)?, row.get(9)?);
    let key: Option<u16> = row.get(10)?;
    let mac = row.get_ref(11)?.as_blob_or_null();
    let mac = mac.map_err(|_| StoreError::Unreadable)?;
    let mac = mac
        .map(|mac| mac.try_into().map_err(|_| StoreError::Unreadable))
        .transpose()?;
    Ok(received_at.zip(offset_ms).zip(key).zip(mac).map(
        |(((received_at, offset_ms), key), mac)| Receipt {
            received_at,
            offset_ms,
            key,
            mac,
        },
    ))
}

pub(super) fn stored(row: &Row<'_>) -> Result<StoredChange, StoreError> {
    let blob = |at: usize| {
        row.get_ref(at)?
            .as_blob()
            .map_err(|_| StoreError::Unreadable)
    };
    let state = row
        .get_ref(2)?
        .as_str()
        .map_err(|_| StoreError::Unreadable)?;
    Ok(StoredChange {
        change: kept(blob(1)?, blob(12)?).ok_or(StoreError::Unreadable)?,
        hash: ChangeHash::from_bytes(blob(0)?).ok_or(StoreError::Unreadable)?,
        state: ChangeState::read(state)?,
        reason: row.get(3)?,
        confirmed: row.get(4)?,
        relay: row.get(5)?,
        orphan: row.get(6)?,
        recorded_at: row.get(7)?,
        receipt: receipt(row)?,
    })
}

impl StoredChange {
    /// Why it lies, or lay, in quarantine.
    pub fn quarantine_reason(&self) -> Option<QuarantineReason> {
        match self.state {
            ChangeState::Quarantined | ChangeState::Released | ChangeState::Dismissed => {
                self.reason.and_then(QuarantineReason::of)
            }
            _ => None,
        }
    }

    /// Is this all that the server says of it?
    pub fn is_settled(&self, state: ChangeState, receipt: &Receipt) -> bool {
        self.state == state
            && self.reason.is_none()
            && self.confirmed
            && !self.relay
            && self.receipt.as_ref() == Some(receipt)
    }

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
        let mut rows = statement.query(args)?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            changes.push(stored(row)?);
        }
        Ok(changes)
    }

    /// All changes of a document, in the order in which they came here: causes first.
    pub fn document(&self, doc: DocumentId) -> Result<Vec<StoredChange>, StoreError> {
        let Some(lying) = self.lying(doc)? else {
            return Ok(Vec::new());
        };
        let mut changes = lying.whole;
        changes.extend(self.changes("where place between ?1 and ?2 order by place", lying.places)?);
        Ok(changes)
    }

    /// The same, without what does not read.
    pub fn document_as_far(&self, doc: DocumentId) -> Result<Vec<StoredChange>, StoreError> {
        let Some((from, to)) = self.places(doc)? else {
            return Ok(Vec::new());
        };
        let lying = readable(self.lying(doc))?.flatten();
        let mut changes = lying.map_or_else(Vec::new, |lying| lying.whole);
        let sql =
            format!("select {COLUMNS} from change where place between ?1 and ?2 order by place");
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query([from, to])?;
        while let Some(row) = rows.next()? {
            changes.extend(readable(stored(row))?);
        }
        Ok(changes)
    }

    /// One change that lies by itself.
    pub fn change(&self, hash: ChangeHash) -> Result<Option<StoredChange>, StoreError> {
        Ok(self.changes("where hash = ?1", [&hash.0[..]])?.pop())
    }

    /// What waits to be sent: a query, never a list of its own. What stands in its document behind a change that does not
    /// read waits with that.
    pub fn outbox(&self, at_most: u32) -> Result<Vec<StoredChange>, StoreError> {
        self.outbox_without(&BTreeSet::new(), at_most)
    }

    /// The same, without what waits in these documents.
    pub fn outbox_without(
        &self,
        held_up: &BTreeSet<DocumentId>,
        at_most: u32,
    ) -> Result<Vec<StoredChange>, StoreError> {
        let is_held_up =
            |doc: &[u8]| DocumentId::from_bytes(doc).is_some_and(|doc| held_up.contains(&doc));
        let sql = format!(
            "select {COLUMNS}, doc from change where state = 'saved' or relay = 1 order by place"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let (mut waiting, mut damaged) = (Vec::new(), BTreeSet::new());
        let most = usize::try_from(at_most).unwrap_or(usize::MAX);
        while waiting.len() < most
            && let Some(row) = rows.next()?
        {
            let doc: Vec<u8> = row.get("doc")?;
            if damaged.contains(&doc) || is_held_up(&doc) {
                continue;
            }
            match readable(stored(row))? {
                Some(change) => waiting.push(change),
                None => {
                    damaged.insert(doc);
                }
            }
        }
        Ok(waiting)
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
                    .ok_or(StoreError::Unreadable)
            })
            .collect()
    }

    /// Documents in which something is not, or no longer, part of what is read.
    pub fn set_aside(&self) -> Result<BTreeSet<DocumentId>, StoreError> {
        let sql = "select distinct doc from change
            where state in ('quarantined', 'rejected', 'superseded', 'released', 'dismissed')";
        let mut statement = self.0.prepare_cached(sql)?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| DocumentId::from_bytes(id).ok_or(StoreError::Unreadable))
            .collect()
    }

    /// How many changes the server has still to speak of; a document that lies whole counts as one.
    pub fn unconfirmed_count(&self) -> Result<u32, StoreError> {
        let sql = "select (select count(*) from change where confirmed = 0 and relay = 0)
            + (select count(*) from document where confirmed <> 1 and confirmed = 0)";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// How many changes wait, and since when the oldest does.
    pub fn unsent(&self) -> Result<(u32, Option<i64>), StoreError> {
        let sql =
            "select count(*), min(recorded_at) from change where state = 'saved' or relay = 1";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
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
                .ok_or(StoreError::Unreadable)
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
