//! What becomes of changes: written with their entries, settled each by its own hash, marked when the server's log is
//! another one. Never deletes.

use super::document::OPENED;
use super::{ChangeState, Standing, StoreError, Write, readable};
use crate::document::{Actor, ChangeHash, Sealed, beside};
use crate::domain::id::{DocumentId, UserId};
use crate::wire::Receipt;
use rusqlite::params;

fn int(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Unreadable)
}

impl Write<'_> {
    /// Adds a change with its entries.
    pub fn append(
        &mut self,
        sealed: &Sealed,
        state: ChangeState,
        recorded_at: i64,
        receipt: Option<&Receipt>,
    ) -> Result<(), StoreError> {
        let (from, to) = self
            .places(sealed.change.doc)?
            .ok_or(StoreError::Unreadable)?;
        // What lies whole comes before, also when it is opened later.
        self.insert(sealed, state, recorded_at, receipt, [from + OPENED, to])
    }

    /// Adds a change behind those that lie between these places.
    pub(super) fn insert(
        &mut self,
        sealed: &Sealed,
        state: ChangeState,
        recorded_at: i64,
        receipt: Option<&Receipt>,
        [from, to]: [i64; 2],
    ) -> Result<(), StoreError> {
        let change = &sealed.change;
        let fields = beside(sealed).ok_or(StoreError::Unreadable)?;
        self.change(
            "insert into change (place, hash, doc, device, fields, bytes, state, recorded_at,
                 received_at, offset_ms, key, mac)
             values ((select coalesce(max(place) + 1, ?1) from change where place between ?1 and ?2),
                 ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                from,
                to,
                &sealed.hash.0[..],
                &change.doc.as_bytes()[..],
                &change.device.as_bytes()[..],
                fields,
                sealed.bytes,
                state.as_str(),
                recorded_at,
                receipt.map(|r| r.received_at),
                receipt.map(|r| r.offset_ms),
                receipt.map(|r| r.key),
                receipt.map(|r| r.mac.to_vec()),
            ],
        )?;
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
        self.change(
            "update change set state = ?2, reason = ?3, confirmed = 1, relay = 0,
                     received_at = coalesce(?4, received_at), offset_ms = coalesce(?5, offset_ms),
                     key = coalesce(?6, key), mac = coalesce(?7, mac) where hash = ?1",
            params![
                &hash.0[..],
                state.as_str(),
                reason,
                receipt.map(|r| r.received_at),
                receipt.map(|r| r.offset_ms),
                receipt.map(|r| r.key),
                receipt.map(|r| r.mac.to_vec()),
            ],
        )?;
        Ok(())
    }

    /// The server lacks this change: this device's own goes back to the outbox, another's (or one whose entries the
    /// server once wrote anew) is relayed. Until the server speaks of it again it counts as not being there. What it
    /// stands on is asked for anew: in another log it may well be supplied, or written anew without.
    pub fn offer_again(&mut self, change: &Standing) -> Result<(), StoreError> {
        let sql = if change.own && change.state != ChangeState::Aside {
            "update change set state = 'saved', reason = null, confirmed = 1, relay = 0, orphan = 0 where hash = ?1"
        } else {
            "update change set relay = 1, confirmed = 0 where hash = ?1"
        };
        self.change(sql, [&change.hash.0[..]])?;
        Ok(())
    }

    /// What this change stands on cannot be supplied by this device any more. Tells whether that was not known yet.
    pub fn mark_orphan(&mut self, hash: ChangeHash) -> Result<bool, StoreError> {
        let sql = "update change set orphan = 1 where hash = ?1 and orphan = 0";
        Ok(self.change(sql, [&hash.0[..]])? > 0)
    }

    /// The server's log is another one: nothing that it said before is good until it is said again.
    pub fn unconfirm_all(&mut self) -> Result<(), StoreError> {
        self.unconfirm_every_whole()?;
        self.change(
            "update change set confirmed = 0, relay = 0
                 where state in ('accepted', 'remote', 'quarantined', 'rejected', 'aside', 'released', 'dismissed')",
            [],
        )?;
        Ok(())
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
        self.change(
            "insert into actor (doc, user, actor, nonce, seq) values (?1, ?2, ?3, ?4, ?5)
                 on conflict (doc, user) do update set actor = ?3, nonce = ?4, seq = ?5",
            params![
                &doc.as_bytes()[..],
                user.as_str(),
                &actor.0[..],
                &nonce[..],
                int(seq)?
            ],
        )?;
        Ok(())
    }

    /// After a refusal the actor of a change is never used again: what it would write next stands on what was refused. If
    /// nobody can read which it was, none of its document is.
    pub fn retire_actor_of(&mut self, change: &Standing) -> Result<(), StoreError> {
        if let Some(stored) = readable(self.rows.change(change.hash))?.flatten() {
            return self.retire_actor(change.doc, stored.change.actor);
        }
        self.retire_actors(change.doc)
    }

    /// None of a document's actors is used again.
    pub fn retire_actors(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        self.change("delete from actor where doc = ?1", [&doc.as_bytes()[..]])?;
        Ok(())
    }

    /// An actor is never used again.
    pub fn retire_actor(&mut self, doc: DocumentId, actor: Actor) -> Result<(), StoreError> {
        self.change(
            "delete from actor where doc = ?1 and actor = ?2",
            params![&doc.as_bytes()[..], &actor.0[..]],
        )?;
        Ok(())
    }
}
