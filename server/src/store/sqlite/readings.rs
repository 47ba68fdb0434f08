//! The reading of every record, kept in memory alone: a page reads from the database only the records of patients of
//! whom the log says something new, and a push computes none. Whatever is in it follows from the rows of the log up to
//! its number; it is never patched, and a process that begins makes it anew.

use super::{StoreError, Verb, int, sound};
use crate::store::Snapshot;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::{Summary, read};

/// So many patients are read at once: nobody else waits longer for the database.
const AT_ONCE: usize = 200;

/// What one server process keeps.
#[derive(Default)]
pub(crate) struct Readings(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Everything up to this row of the log is in it, or waits.
    seq: u64,
    /// By this version of the sheet.
    sheet: u64,
    /// Patients who are still to be read.
    waiting: BTreeSet<PatientId>,
    /// Patients of whom something does not read.
    damaged: BTreeSet<PatientId>,
    records: BTreeMap<DocumentId, Reading>,
}

/// Every record as it reads now.
struct Read {
    records: Vec<Arc<Summary>>,
    /// Patients who are not among them, since something of theirs does not read.
    damaged: usize,
}

struct Reading {
    summary: Arc<Summary>,
    /// Read as of then.
    read_at: Timestamp,
}

impl Reading {
    fn is_good(&self, now: Timestamp) -> bool {
        // A clock that was set back makes a reading one of the future.
        self.read_at <= now && self.summary.is_good(now)
    }
}

impl Readings {
    /// Every record as it reads now, one after the other. Nothing as long as there is more to read first: ask again.
    fn as_of(&self, verb: &Verb<'_>, now: Timestamp) -> Result<Option<Read>, StoreError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (sheet, organisation) = verb.sheet()?;
        kept.follow(verb, sheet.version)?;
        kept.read_waiting(verb, &organisation, now)?;
        if !kept.waiting.is_empty() {
            return Ok(None);
        }
        kept.overtaken(now);
        while !kept.waiting.is_empty() {
            kept.read_waiting(verb, &organisation, now)?;
        }
        let summaries = kept.records.values().map(|r| Arc::clone(&r.summary));
        Ok(Some(Read {
            records: summaries.collect(),
            damaged: kept.damaged.len(),
        }))
    }
}

impl Readings {
    /// Is this what is kept of a record? What is not read yet, or was overtaken by time or by another page's reading of a
    /// newer head, says nothing.
    pub(super) fn agree(
        &self,
        verb: &Verb<'_>,
        fresh: &Summary,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.seq > verb.head()?.seq {
            return Ok(true);
        }
        kept.follow(verb, verb.sheet()?.0.version)?;
        let waits = |patient| kept.waiting.contains(&patient);
        let known = kept.records.get(&fresh.record);
        let known = known.filter(|known| known.is_good(now) && !fresh.patient.is_some_and(waits));
        Ok(known.is_none_or(|known| *known.summary == *fresh))
    }
}

impl Kept {
    /// Notes of whom the log says something new; of everybody, once the sheet is another.
    fn follow(&mut self, verb: &Verb<'_>, sheet: u64) -> Result<(), StoreError> {
        let head = verb.head()?.seq;
        // Once all others were read: it may have been mended.
        if self.waiting.is_empty() {
            self.waiting.append(&mut self.damaged);
        }
        for (doc, patient) in verb.erased_between(self.seq, head)? {
            self.records.remove(&doc);
            self.waiting.extend(patient);
        }
        if self.sheet == sheet {
            self.waiting.extend(verb.patients_since(self.seq)?);
        } else {
            self.waiting.extend(verb.patients()?);
        }
        self.seq = head;
        self.sheet = sheet;
        Ok(())
    }

    /// Notes whose records time alone makes read otherwise.
    fn overtaken(&mut self, now: Timestamp) {
        let stale = self.records.values().filter(|r| !r.is_good(now));
        self.waiting.extend(stale.filter_map(|r| r.summary.patient));
    }

    fn read_waiting(
        &mut self,
        verb: &Verb<'_>,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let some: Vec<PatientId> = self.waiting.iter().take(AT_ONCE).copied().collect();
        for patient in some {
            let folder = match verb.folder(patient, None) {
                Err(StoreError::Unreadable) => {
                    self.records
                        .retain(|_, r| r.summary.patient != Some(patient));
                    self.damaged.insert(patient);
                    self.waiting.remove(&patient);
                    continue;
                }
                folder => folder?,
            };
            self.damaged.remove(&patient);
            for mut summary in read(&folder.patient, &folder.receipts, sheet, now).records {
                summary.shrink();
                let reading = Reading {
                    summary: Arc::new(summary),
                    read_at: now,
                };
                self.records.insert(reading.summary.record, reading);
            }
            self.waiting.remove(&patient);
        }
        Ok(())
    }
}

impl Verb<'_> {
    /// What a page shows; nothing as long as there is more to read first.
    pub(super) fn snapshot(&self, now: Timestamp) -> Result<Option<Snapshot>, StoreError> {
        let Some(read) = self.readings.as_of(self, now)? else {
            return Ok(None);
        };
        Ok(Some(Snapshot {
            sheet: self.sheet()?.1.as_ref().clone(),
            records: read.records,
            damaged: read.damaged,
            devices: self.device_rows()?,
        }))
    }

    /// Of whom something was accepted after this row.
    fn patients_since(&self, seq: u64) -> Result<Vec<PatientId>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select distinct document.patient from change join document on document.id = change.doc
                 where change.seq > ?1",
        )?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([int(seq)?], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| sound(PatientId::from_bytes(id)))
            .collect()
    }
}
