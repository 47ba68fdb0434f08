//! The reading of every record, kept in memory, so that a page reads from the database only what changed since the last
//! one. A cache: whatever is in it follows from the rows of the log up to its number.

use super::{StoreError, Verb, int, sound};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_core::domain::read::{Summary, read};

/// What one server process keeps.
#[derive(Default)]
pub(crate) struct Readings(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Everything is in it up to this row of the log.
    seq: u64,
    records: BTreeMap<DocumentId, Reading>,
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
    /// Every record as it reads now, one after the other.
    pub(super) fn as_of(
        &self,
        verb: &Verb<'_>,
        now: Timestamp,
    ) -> Result<Vec<Arc<Summary>>, StoreError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = kept.follow(verb).and_then(|()| kept.read_anew(verb, now));
        if taken.is_err() {
            *kept = Kept::default();
        }
        taken?;
        let summaries = kept.records.values().map(|r| Arc::clone(&r.summary));
        Ok(summaries.collect())
    }
}

impl Kept {
    /// Takes what the log has added.
    fn follow(&mut self, verb: &Verb<'_>) -> Result<(), StoreError> {
        let head = verb.head()?.seq;
        let mut statement = verb
            .db
            .prepare_cached("select record, read_at, summary from record_row where seq > ?1")?;
        let mut rows = statement.query([int(self.seq)?])?;
        while let Some(row) = rows.next()? {
            let record = row.get_ref(0)?.as_blob().map_err(|_| StoreError::Damaged)?;
            let text = row.get_ref(2)?.as_str().map_err(|_| StoreError::Damaged)?;
            let mut summary: Summary =
                serde_json::from_str(text).map_err(|_| StoreError::Damaged)?;
            summary.shrink();
            let reading = Reading {
                summary: Arc::new(summary),
                read_at: super::instant(row.get(1)?),
            };
            self.records
                .insert(sound(DocumentId::from_bytes(record))?, reading);
        }
        self.seq = head;
        Ok(())
    }

    /// Reads again what time alone has overtaken.
    fn read_anew(&mut self, verb: &Verb<'_>, now: Timestamp) -> Result<(), StoreError> {
        let stale = self.records.values().filter(|r| !r.is_good(now));
        let patients: BTreeSet<PatientId> = stale.filter_map(|r| r.summary.patient).collect();
        if patients.is_empty() {
            return Ok(());
        }
        let (_, sheet) = verb.sheet()?;
        for patient in patients {
            let folder = verb.folder(patient, None)?;
            let fresh = read(&folder.patient, &folder.receipts, &sheet, now).records;
            for mut summary in fresh {
                summary.shrink();
                let reading = Reading {
                    summary: Arc::new(summary),
                    read_at: now,
                };
                self.records.insert(reading.summary.record, reading);
            }
        }
        Ok(())
    }
}
