//! Checking a database against itself, part by part. Each part is a short reading transaction of its own, so that a check
//! beside a serving server holds up nobody; all parts in one transaction are a check of one moment.

use super::document::{COLUMNS, change_row};
use super::log::chain;
use super::open::reading;
use super::readings::Readings;
use super::{Sqlite, StoreError, Verb, int, sound};
use crate::store::Doing;
use crate::store::check::{Check, Next, Verified};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use std::sync::Mutex;
use warmhand_core::document::{Sealed, seal};
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};
use warmhand_core::domain::read::{Summary, read};

/// Rows of a part: some milliseconds.
const ROWS: u64 = 500;
/// Patients of a part, each read anew from all her changes.
const PATIENTS: u64 = 20;

impl Sqlite {
    /// Checks the whole database as it is at one moment.
    pub async fn verify(&self, now: Timestamp) -> Result<Verified, StoreError> {
        self.read(move |verb| {
            let mut check = Check::default();
            while !check.is_done() {
                check = verb.check(check, now)?;
            }
            Ok(check.found)
        })
        .await
    }

    /// Computes every projection anew from the changes. Returns how many patients there are.
    pub async fn rebuild(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.write(move |verb| verb.rebuild(now)).await
    }

    /// One part, on a connection that nobody else waits for.
    pub(super) fn check_apart(&self, so_far: Check, now: Timestamp) -> Doing<'_, Check> {
        let Some(folder) = self.folder.clone() else {
            return self.read(move |verb| verb.check(so_far, now));
        };
        let beside = self.beside();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || {
                let apart = Mutex::new(reading(&folder)?);
                let check = |verb: &Verb<'_>| verb.check(so_far, now);
                Self::run(&apart, TransactionBehavior::Deferred, &beside, check)
            })
            .await
            .unwrap_or(Err(StoreError::Unavailable))
        })
    }
}

/// A part that is not full is the last of its kind: what is added meanwhile is of the next check, so that this one ends.
fn is_full(count: usize, most: u64) -> bool {
    u64::try_from(count).is_ok_and(|count| count >= most)
}

impl Verb<'_> {
    /// The next part.
    fn check(&self, so_far: Check, now: Timestamp) -> Result<Check, StoreError> {
        let Check { mut found, next } = so_far;
        let next = match next {
            Next::Changes(after) => self.check_changes(&mut found.changes, after)?,
            Next::Log(after, link) => self.check_log(&mut found.log, after, link)?,
            Next::Visibility(device, after) => {
                self.check_visibility(&mut found.visibility, device, after)?
            }
            Next::Projections(after) => {
                self.check_projections(&mut found.projections, after, now)?
            }
            Next::Kept(differed) => self.check_kept(&mut found.projections, differed, now)?,
            Next::Journal => {
                found.journal = self.journal_holds()?;
                Next::Done
            }
            Next::Done => Next::Done,
        };
        Ok(Check { found, next })
    }

    /// Do the fields of every change make its bytes and its hash?
    fn check_changes(&self, holds: &mut bool, after: u64) -> Result<Next, StoreError> {
        let mut statement = self.db.prepare_cached(&format!(
            "select {COLUMNS}, bytes from change where seq > ?1 order by seq limit ?2"
        ))?;
        let mut rows = statement.query(params![int(after)?, int(ROWS)?])?;
        let (mut last, mut count) = (after, 0);
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(5)?;
            let held = change_row(row)?;
            let same = |sealed: Sealed| sealed.hash == held.hash && sealed.bytes == bytes;
            *holds &= seal(held.change).is_ok_and(same);
            (last, count) = (held.seq, count + 1);
        }
        Ok(if count < ROWS {
            Next::Log(0, [0; 32])
        } else {
            Next::Changes(last)
        })
    }

    /// Is the log dense, and does every link hold?
    fn check_log(
        &self,
        holds: &mut bool,
        after: u64,
        mut link: [u8; 32],
    ) -> Result<Next, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select seq, content, chain from log where seq > ?1 order by seq limit ?2",
        )?;
        let mut rows = statement.query(params![int(after)?, int(ROWS)?])?;
        let mut last = after;
        while let Some(row) = rows.next()? {
            let (seq, content, stored): (i64, Vec<u8>, Vec<u8>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            link = chain(&link, last + 1, &content);
            last += 1;
            if seq.unsigned_abs() != last || stored != link {
                *holds = false;
                return Ok(Next::Visibility(None, None));
            }
        }
        if last - after == ROWS {
            return Ok(Next::Log(last, link));
        }
        let head = self.head()?;
        *holds &= head.seq == last && head.chain == link;
        Ok(Next::Visibility(None, None))
    }

    /// Does a device see what it should of these documents?
    fn check_visibility(
        &self,
        holds: &mut bool,
        device: Option<DeviceId>,
        after: Option<DocumentId>,
    ) -> Result<Next, StoreError> {
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let mut statement = self
            .db
            .prepare_cached("select id from document where id > ?1 order by id limit ?2")?;
        let ids: Vec<Vec<u8>> = statement
            .query_map(params![after, int(ROWS)?], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let ids = ids.iter().map(|id| sound(DocumentId::from_bytes(id)));
        let docs = ids.collect::<Result<Vec<_>, _>>()?;
        if let Some(device) = device {
            *holds &= self.visibility_holds(device, &docs)?;
            if let Some(last) = docs.last().filter(|_| is_full(docs.len(), ROWS)) {
                return Ok(Next::Visibility(Some(device), Some(*last)));
            }
        }
        let before = device.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let next: Option<Vec<u8>> = self
            .db
            .prepare_cached(
                "select id from device where kind != 'web' and id > ?1 order by id limit 1",
            )?
            .query_row([before], |row| row.get(0))
            .optional()?;
        Ok(match next {
            None => Next::Projections(None),
            Some(id) => Next::Visibility(Some(sound(DeviceId::from_bytes(&id))?), None),
        })
    }

    /// Is every projection of these patients what recomputing it gives?
    fn check_projections(
        &self,
        holds: &mut bool,
        after: Option<PatientId>,
        now: Timestamp,
    ) -> Result<Next, StoreError> {
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let mut statement = self.db.prepare_cached(
            "select distinct patient from document where patient > ?1 order by patient limit ?2",
        )?;
        let ids: Vec<Vec<u8>> = statement
            .query_map(params![after, int(PATIENTS)?], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let (_, sheet) = self.sheet()?;
        let is_last = !is_full(ids.len(), PATIENTS);
        let mut last = None;
        for id in ids {
            let patient = sound(PatientId::from_bytes(&id))?;
            let folder = self.folder(patient, None)?;
            for fresh in read(&folder.patient, &folder.receipts, &sheet, now).records {
                *holds &= self.is_projected(&fresh, now)?;
            }
            last = Some(patient);
        }
        Ok(match last.filter(|_| !is_last) {
            None => Next::Kept(None),
            Some(patient) => Next::Projections(Some(patient)),
        })
    }

    /// Is this what pages read? A row that time has overtaken is read anew by whoever asks, and says nothing.
    fn is_projected(&self, fresh: &Summary, now: Timestamp) -> Result<bool, StoreError> {
        let row: Option<(i64, String)> = self
            .db
            .prepare_cached("select read_at, summary from record_row where record = ?1")?
            .query_row([&fresh.record.as_bytes()[..]], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((read_at, text)) = row else {
            return Ok(false);
        };
        let Ok(stored) = serde_json::from_str::<Summary>(&text) else {
            return Ok(false);
        };
        let is_good = super::instant(read_at) <= now && stored.is_good(now);
        Ok(!is_good || stored == *fresh)
    }

    /// Is there a projection of nothing? And is what is kept in memory what is stored? A page may have read a newer head
    /// meanwhile: then the two are looked at again.
    fn check_kept(
        &self,
        holds: &mut bool,
        differed: Option<u64>,
        now: Timestamp,
    ) -> Result<Next, StoreError> {
        let strays: i64 = self.db.query_row(
            "select count(*) from record_row where record not in (select id from document)",
            [],
            |row| row.get(0),
        )?;
        *holds &= strays == 0;
        let stored = Readings::default().as_of(self, now)?;
        if stored == self.readings.as_of(self, now)? {
            return Ok(Next::Journal);
        }
        let head = self.head()?.seq;
        if differed == Some(head) {
            *holds = false;
            return Ok(Next::Journal);
        }
        Ok(Next::Kept(Some(head)))
    }
}
