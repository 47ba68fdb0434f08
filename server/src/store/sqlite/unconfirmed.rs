//! Devices that were enrolled after the backup that was put back: their credentials prove them, the database does not know
//! them. They give what they have and are told nothing, until somebody says whose they are.

use super::journal::nameless;
use super::log::Row;
use super::push::Push;
use super::{Sqlite, StoreError, Verb};
use crate::account::token_hash;
use crate::admission::Sender;
use crate::journal::{Event, Place};
use crate::store::{ConfirmDraft, Doing};
use jiff::Timestamp;
use rusqlite::params;
use std::cell::OnceCell;
use std::sync::Arc;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{AckState, PushedChange, PushedDocument, QuarantineReason};

impl Sqlite {
    /// The device of a credential: known by it, or proven by our keys.
    pub(super) fn known_or_proven(
        &self,
        credential: String,
        now: Timestamp,
    ) -> Doing<'_, Option<DeviceId>> {
        Box::pin(async move {
            let hash = token_hash(&credential);
            let known = self.read(move |verb| verb.device_of(&hash)).await?;
            if known.is_some() {
                return Ok(known);
            }
            match self.keys().device_of(&credential) {
                Some(device) => {
                    self.write(move |verb| verb.proven(device, &hash, now))
                        .await
                }
                None => Ok(None),
            }
        })
    }
}

impl Verb<'_> {
    /// A device that is not known by this credential, and whose credential it is; entered if it is not known at all.
    fn proven(
        &self,
        device: DeviceId,
        token_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<DeviceId>, StoreError> {
        if device == self.web_device()? {
            return Ok(None);
        }
        if !self.enter(&nameless(device), Some(token_hash), now)? {
            // The journal knew of it; from now on it is known by its credential as any other.
            self.change(
                "update device set token = ?2 where id = ?1 and token is null",
                params![&device.as_bytes()[..], &token_hash[..]],
            )?;
        }
        Ok(Some(device))
    }

    /// Enters a device that waits to be confirmed. Says whether it was not there.
    pub(super) fn enter(
        &self,
        place: &Place,
        token_hash: Option<&[u8; 32]>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.is_known(place.device)? {
            return Ok(false);
        }
        let proposed = serde_json::to_string(&place.people).map_err(|_| StoreError::Unreadable)?;
        self.change(
            "insert into device (id, name, kind, token, last_seen_at, confirmed, proposed)
                 values (?1, ?2, ?3, ?4, ?5, 0, ?6)",
            params![
                &place.device.as_bytes()[..],
                place.name,
                place.kind,
                token_hash.map(|hash| &hash[..]),
                token_hash.map(|_| now.as_millisecond()),
                proposed
            ],
        )?;
        self.append(&Row::DeviceEnrolled(place.device))?;
        Ok(true)
    }

    pub(super) fn is_known(&self, device: DeviceId) -> Result<bool, StoreError> {
        Ok(self
            .db
            .prepare_cached("select exists (select 1 from device where id = ?1)")?
            .query_row([&device.as_bytes()[..]], |row| row.get(0))?)
    }

    /// Was it enrolled here, or has somebody said since whose it is?
    pub(super) fn is_confirmed(&self, device: DeviceId) -> Result<bool, StoreError> {
        Ok(self
            .db
            .prepare_cached("select confirmed from device where id = ?1")?
            .query_row([&device.as_bytes()[..]], |row| row.get(0))?)
    }

    /// Somebody says whose it is.
    pub(super) fn confirm(
        &self,
        device: DeviceId,
        draft: &ConfirmDraft,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.check_place(&draft.name, &draft.kind, &draft.people)?;
        if !self.is_known(device)? || self.is_revoked(device)? || self.is_confirmed(device)? {
            return Err(StoreError::NotFound(
                "there is no such device that waits to be confirmed",
            ));
        }
        let place = Place {
            device,
            name: draft.name.trim().to_owned(),
            kind: draft.kind.clone(),
            people: draft.people.clone(),
        };
        self.confirm_as(&place, now)?;
        self.note(Event::Confirmed(place), now);
        Ok(())
    }

    pub(super) fn confirm_as(&self, place: &Place, now: Timestamp) -> Result<(), StoreError> {
        self.change(
            "update device set confirmed = 1, name = ?2, kind = ?3, proposed = '[]' where id = ?1",
            params![&place.device.as_bytes()[..], place.name, place.kind],
        )?;
        self.put_people_on(place.device, &place.people)?;
        self.judge_anew(place.device, now)
    }

    /// What it sent while nobody had said whose it is, causes first, as if it came now.
    fn judge_anew(&self, device: DeviceId, now: Timestamp) -> Result<(), StoreError> {
        let waiting = self.lying(
            "where device = ?1 and reason = ?2 and decided is null",
            params![&device.as_bytes()[..], QuarantineReason::Unconfirmed as u8],
        )?;
        let mut documents: Vec<PushedDocument> = Vec::new();
        for lying in waiting {
            let change = PushedChange {
                hash: lying.hash,
                receipt: None,
                orphan: false,
                change: lying.change,
            };
            let doc = change.change.doc;
            match documents.iter_mut().find(|pushed| pushed.doc == doc) {
                Some(pushed) => pushed.changes.push(change),
                None => documents.push(PushedDocument {
                    doc,
                    changes: vec![change],
                }),
            }
        }
        let (_, sheet) = self.sheet()?;
        let people = self.people(device)?;
        let sheets = [Arc::clone(&sheet)];
        let sender = Sender {
            device,
            people: &people,
            revoked: self.is_revoked(device)?,
            confirmed: true,
            sheets: &sheets,
        };
        let offset_ms: Option<i64> = self.db.query_row(
            "select offset_ms from device where id = ?1",
            [&device.as_bytes()[..]],
            |row| row.get(0),
        )?;
        let push = Push {
            sender,
            sheet: &sheet,
            viewers: OnceCell::new(),
            offset_ms: offset_ms.unwrap_or_default(),
            now,
        };
        self.recent.erased(self.last_erasure()?);
        for document in &documents {
            // What meets a damaged record lies where it lay.
            self.part(|| self.take_lying(&push, document))?;
        }
        Ok(())
    }

    fn take_lying(&self, push: &Push<'_>, document: &PushedDocument) -> Result<(), StoreError> {
        for pushed in &document.changes {
            self.lift(pushed.hash)?;
        }
        let acks = self.take(push, document)?;
        for (ack, pushed) in acks.iter().zip(&document.changes) {
            // What does not fit any more stays before a person; it is thrown away by nobody. Where only what it stands on is
            // lacking, its device goes on without that.
            let reason = match ack.state {
                AckState::Rejected(_) => QuarantineReason::Recovered,
                AckState::MissingDeps(_) => QuarantineReason::StandsOn,
                _ => continue,
            };
            let (sender, lies) = (push.sender.device, (&pushed.change, pushed.hash));
            self.set_aside(sender, lies, reason, push.now)?;
        }
        Ok(())
    }

    /// The reason under which work of an unconfirmed device lies: all of it under one, whatever of its own it stands on,
    /// so that it is judged anew as a whole.
    pub(super) fn reason_of(
        &self,
        push: &Push<'_>,
        pushed: &PushedChange,
        reason: QuarantineReason,
    ) -> Result<QuarantineReason, StoreError> {
        let sender = &push.sender;
        let is_own = pushed.change.device == sender.device;
        if sender.confirmed || sender.revoked || !is_own {
            return Ok(reason);
        }
        match reason {
            // What it stands on was turned away, and without that its device may well go on.
            QuarantineReason::Recovered => return Ok(QuarantineReason::Unconfirmed),
            QuarantineReason::StandsOn => {}
            _ => return Ok(reason),
        }
        for dep in &pushed.change.deps {
            let lying = self.quarantined(*dep)?;
            if lying.is_some_and(|lying| lying.reason != QuarantineReason::Unconfirmed) {
                return Ok(reason);
            }
        }
        Ok(QuarantineReason::Unconfirmed)
    }
}
