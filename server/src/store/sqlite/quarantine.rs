//! Work that is kept and not applied, and what admission asks about it.

use super::log::Row;
use super::{StoreError, Verb, instant, readable, sound};
use crate::admission::Elsewhere;
use crate::store::{Aside, QuarantineRow};
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;
use std::sync::Arc;
use warmhand_core::document::{Change, ChangeHash, Put};
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId};
use warmhand_core::wire::{AckState, Decision, QuarantineReason};

/// What a fork, a gap or a foreign actor held up is written anew by its device; where that has not happened after so
/// long, a person looks.
const HEALS_WITHIN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// So many changes that wait for a person are kept of what one device brings: a year's work of one who was never refused.
const MOST_OF_ONE: i64 = 5_000;

/// A change in quarantine.
#[derive(Clone, Debug)]
pub(super) struct Lying {
    pub hash: ChangeHash,
    pub change: Change,
    pub reason: QuarantineReason,
    pub since: Timestamp,
    pub decided: Option<Decision>,
}

impl Lying {
    /// How it stands with it, as an answer.
    pub(super) fn state(&self) -> AckState {
        match self.decided {
            Some(decision) => AckState::Decided(self.reason, decision),
            None => AckState::Quarantined(self.reason),
        }
    }

    /// Does a worry lie in it?
    pub(super) fn is_worry(&self) -> bool {
        let entries = self.change.puts.iter();
        let mut entries = entries.filter_map(|put| Entry::parse(&put.text).ok());
        entries.any(|entry| entry.body.raises_flag())
    }
}

fn lying(row: &rusqlite::Row<'_>) -> Result<Lying, StoreError> {
    let blob = |at: usize| {
        row.get_ref(at)?
            .as_blob()
            .map_err(|_| StoreError::Unreadable)
    };
    let decided: Option<i64> = row.get(4)?;
    Ok(Lying {
        hash: sound(ChangeHash::from_bytes(blob(0)?))?,
        change: minicbor::decode(blob(1)?).map_err(|_| StoreError::Unreadable)?,
        reason: sound(QuarantineReason::of(row.get(2)?))?,
        since: instant(row.get(3)?),
        decided: decided
            .map(|number| match number {
                0 => Ok(Decision::Released),
                1 => Ok(Decision::Dismissed),
                _ => Err(StoreError::Unreadable),
            })
            .transpose()?,
    })
}

impl Verb<'_> {
    /// Has a device brought as much as is kept of one? Nobody decides about more; a phone that was stolen could fill the disk.
    /// The server's own, by which a person brings a rescue file, may bring any number.
    pub(super) fn has_brought_all(&self, sender: DeviceId) -> Result<bool, StoreError> {
        let sql = "select count(*) from (select 1 from quarantine where sender = ?1 and decided is null limit ?2)";
        let mut statement = self.db.prepare_cached(sql)?;
        let args = params![&sender.as_bytes()[..], MOST_OF_ONE];
        let count: i64 = statement.query_row(args, |row| row.get(0))?;
        Ok(count >= MOST_OF_ONE && sender != self.web_device()?)
    }

    /// Keeps a change without applying it.
    pub(super) fn set_aside(
        &self,
        sender: DeviceId,
        (change, hash): (&Change, ChangeHash),
        reason: QuarantineReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let fields = minicbor::to_vec(change).map_err(|_| StoreError::Unreadable)?;
        let number = reason as u8;
        self.append(&Row::Quarantined(change.doc, hash, number))?;
        self.change(
            "insert into quarantine (hash, doc, device, reason, fields, since, sender)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                &hash.0[..],
                &change.doc.as_bytes()[..],
                &change.device.as_bytes()[..],
                number,
                fields,
                now.as_millisecond(),
                &sender.as_bytes()[..],
            ],
        )?;
        Ok(())
    }

    /// A change is accepted after all.
    pub(super) fn lift(&self, hash: ChangeHash) -> Result<(), StoreError> {
        self.change("delete from quarantine where hash = ?1", [&hash.0[..]])?;
        Ok(())
    }

    /// A change that lies, or lay, in quarantine.
    pub(super) fn quarantined(&self, hash: ChangeHash) -> Result<Option<Lying>, StoreError> {
        Ok(self.lying("where hash = ?1", [&hash.0[..]])?.pop())
    }

    /// Everything that lies, or lay, in quarantine: causes first.
    pub(super) fn lying(
        &self,
        condition: &str,
        args: impl rusqlite::Params,
    ) -> Result<Vec<Lying>, StoreError> {
        let rows = self.lying_rows(condition, args)?;
        let lying = rows.into_iter().map(|(_, lying)| lying);
        let mut all = lying.collect::<Result<Vec<_>, _>>()?;
        causes_first(&mut all);
        Ok(all)
    }

    /// The same in no order, without what does not read.
    pub(super) fn lying_as_far(
        &self,
        condition: &str,
        args: impl rusqlite::Params,
    ) -> Result<Vec<Lying>, StoreError> {
        let rows = self.lying_rows(condition, args)?;
        let read = rows.into_iter().map(|(_, lying)| readable(lying));
        read.filter_map(Result::transpose).collect()
    }

    /// Lies something of a document here, or lay?
    pub(super) fn lies_aside(&self, doc: DocumentId) -> Result<bool, StoreError> {
        let sql = "select exists (select 1 from quarantine where doc = ?1)";
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_row([&doc.as_bytes()[..]], |row| row.get(0))?)
    }

    /// The same, as far as each reads.
    fn lying_rows(
        &self,
        condition: &str,
        args: impl rusqlite::Params,
    ) -> Result<Vec<AsFar>, StoreError> {
        let mut statement = self.db.prepare_cached(&format!(
            "select hash, fields, reason, since, decision from quarantine {condition}"
        ))?;
        let mut rows = statement.query(args)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push((row.get_ref(4)? == ValueRef::Null, lying(row)));
        }
        Ok(all)
    }

    /// How a known hash of a document stands here; nothing of one that is lacking.
    pub(super) fn state_of(
        &self,
        doc: DocumentId,
        hash: ChangeHash,
    ) -> Result<Option<AckState>, StoreError> {
        if let Some(receipt) = self.receipt_in(doc, hash)? {
            return Ok(Some(AckState::Accepted(receipt)));
        }
        Ok(self.quarantined(hash)?.map(|lying| lying.state()))
    }

    /// Has a record this very entry?
    pub(super) fn has_entry(&self, put: &Put) -> Result<bool, StoreError> {
        Ok(self.entry_text(put.id)?.as_ref() == Some(&put.text))
    }

    /// What waits for a person. An entry that lies in several changes, since its device wrote it anew, is in the newest
    /// alone; one that is in a record, or that a person has dismissed, is in none.
    pub(super) fn before_the_reviewer(&self, now: Timestamp) -> Result<Aside, StoreError> {
        let (mut all, mut damaged) = (Vec::new(), 0);
        // What was decided is asked only where something of the same document is not.
        let open = "where doc in (select doc from quarantine where decided is null)";
        for (is_open, lying) in self.lying_rows(open, [])? {
            match self.readable(lying)? {
                Some(lying) => all.push(lying),
                None => damaged += usize::from(is_open),
            }
        }
        causes_first(&mut all);
        let healing = healing(&all, now);
        let mut answered: BTreeSet<EntryId> = all
            .iter()
            .filter(|l| l.decided == Some(Decision::Dismissed))
            .flat_map(|l| l.change.puts.iter().map(|put| put.id))
            .collect();
        all.retain(|l| l.decided.is_none() && !healing.contains(&l.hash));
        all.sort_by_key(|l| (l.since, l.change.start_op, l.hash));
        let mut rows = Vec::new();
        for lying in all.into_iter().rev() {
            let mut entries = Vec::new();
            for put in &lying.change.puts {
                let has_entry = self.readable(self.has_entry(put))?.unwrap_or(false);
                if !has_entry && answered.insert(put.id) {
                    entries.extend(Entry::parse(&put.text).ok().map(Arc::new));
                }
            }
            if !entries.is_empty() {
                rows.push(self.row(lying, entries)?);
            }
        }
        rows.reverse();
        Ok(Aside { rows, damaged })
    }

    fn row(&self, lying: Lying, entries: Vec<Arc<Entry>>) -> Result<QuarantineRow, StoreError> {
        let known = self.document_row(lying.change.doc)?;
        let opened = known.or_else(|| super::push::opened(&lying.change));
        Ok(QuarantineRow {
            hash: lying.hash,
            doc: lying.change.doc,
            patient: opened.map(|(_, patient)| patient),
            device: lying.change.device,
            user: lying.change.user,
            reason: lying.reason,
            since: lying.since,
            entries,
        })
    }
}

/// Is it still to be decided about, and what is it?
type AsFar = (bool, Result<Lying, StoreError>);

/// A change's first operation is above all of its past.
fn causes_first(all: &mut [Lying]) {
    all.sort_by_key(|l| (l.change.start_op, l.since, l.hash));
}

/// What its device is about to write anew: a mechanical refusal, and what stands on one.
fn healing(causes_first: &[Lying], now: Timestamp) -> BTreeSet<ChangeHash> {
    let mut healing = BTreeSet::new();
    for lying in causes_first {
        let is_young = now.duration_since(lying.since) < HEALS_WITHIN;
        let is_mechanical = match lying.reason {
            QuarantineReason::Reauthor => true,
            QuarantineReason::StandsOn => lying.change.deps.iter().any(|dep| healing.contains(dep)),
            _ => false,
        };
        if is_mechanical && is_young {
            healing.insert(lying.hash);
        }
    }
    healing
}

impl Elsewhere for Verb<'_> {
    type Error = StoreError;

    fn is_quarantined(&self, hash: ChangeHash) -> Result<bool, StoreError> {
        Ok(self.quarantined(hash)?.is_some())
    }

    fn entry_text(&self, id: EntryId) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select change from entry where id = ?1 limit 1")?;
        let seq: Option<i64> = statement
            .query_row([&id.as_bytes()[..]], |row| row.get(0))
            .optional()?;
        let Some(seq) = seq else { return Ok(None) };
        let rows = self.changes("seq = ?1", [seq])?;
        let mut puts = rows.into_iter().flat_map(|row| row.change.puts);
        Ok(puts.find(|put| put.id == id).map(|put| put.text))
    }
}
