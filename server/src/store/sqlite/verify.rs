//! Checking a database against itself, part by part. Each part is a short reading transaction of its own, so that a check
//! beside a serving server holds up nobody; all parts in one transaction are a check of one moment.

mod begun;
mod stored;

use super::audit::Audited;
use super::document::{COLUMNS, ChangeRow, change_row, folder};
use super::log::{Row, chain};
use super::open::reading;
use super::{Sqlite, StoreError, Verb, int, sound};
use crate::admission::Held;
use crate::store::Doing;
use crate::store::check::{Check, Next, Verified};
use begun::is_said;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;
use std::sync::Mutex;
use warmhand_core::document::{Sealed, seal};
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};
use warmhand_core::domain::read::read;

/// Rows of a part: some milliseconds.
const ROWS: u64 = 500;
/// Patients of a part, each read anew from all her changes.
const PATIENTS: u64 = 20;

impl Sqlite {
    /// Checks the whole database as it is at one moment.
    pub async fn verify(&self, now: Timestamp) -> Result<Verified, StoreError> {
        let check = self
            .read(move |verb| {
                let mut check = Check::default();
                while !check.is_done() && check.next != Next::Journal {
                    check = verb.check(check, now)?;
                }
                Ok(check)
            })
            .await?;
        Ok(self.check_apart(check, now).await?.found)
    }

    /// Computes anew from the changes who sees what. Returns how many patients there are.
    pub async fn rebuild(&self) -> Result<usize, StoreError> {
        self.write(|verb: &Verb<'_>| verb.rebuild()).await
    }

    /// One part, on a connection that nobody else waits for.
    pub(super) fn check_apart(&self, so_far: Check, now: Timestamp) -> Doing<'_, Check> {
        if so_far.next == Next::Journal {
            return Box::pin(async move {
                let check = self.read(move |verb| verb.check(so_far, now)).await?;
                if check.found.journal {
                    return Ok(check);
                }
                // Between a line and its commit it seems not to hold: asked again when nobody writes.
                self.write(move |verb| verb.check(so_far, now)).await
            });
        }
        let Some(folder) = self.folder.clone() else {
            return self.read(move |verb| verb.check(so_far, now));
        };
        let beside = self.beside();
        Box::pin(async move {
            tokio::task::spawn_blocking(move || {
                let apart = Mutex::new(reading(&folder)?);
                Self::read_on(&apart, &beside, |verb| verb.check(so_far, now))
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

/// What does not read is what a check is for: it goes on.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Damaged | StoreError::Unreadable) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Does the log say the same of a change that lies here?
fn is_told(held: &ChangeRow, told: Option<&[u8]>) -> bool {
    let row = Row::Change(
        held.change.doc,
        held.hash,
        held.change.device,
        held.change.user.clone(),
        held.times.received_at.as_millisecond(),
        held.times.offset_ms,
    );
    is_said(&row, told)
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
            Next::Records(after) => self.check_records(&mut found, after, now)?,
            Next::Audit(after, link) => match self.check_audit(after, link, ROWS)? {
                Audited::Until(last, link) => Next::Audit(last, link),
                Audited::Whole => Next::Journal,
                Audited::BreaksAt(row) => {
                    found.audit_breaks_at = Some(row);
                    Next::Journal
                }
            },
            Next::Journal => {
                found.journal = self.journal_holds()?;
                Next::Done
            }
            Next::Done => Next::Done,
        };
        Ok(Check { found, next })
    }

    /// Do the fields of every change make its bytes and its hash, and is it what the log says that came?
    fn check_changes(&self, holds: &mut bool, after: u64) -> Result<Next, StoreError> {
        let mut statement = self.db.prepare_cached(&format!(
            "select {COLUMNS}, log.content, change.doc, change.user
                 from change left join log on log.seq = change.seq
                 where change.seq > ?1 order by change.seq limit ?2"
        ))?;
        let mut rows = statement.query(params![int(after)?, int(ROWS)?])?;
        let (mut last, mut count) = (after, 0);
        while let Some(row) = rows.next()? {
            let (seq, bytes): (i64, Vec<u8>) = (row.get(0)?, row.get(3)?);
            let told: Option<Vec<u8>> = row.get(6)?;
            let (doc, user): (Vec<u8>, String) = (row.get(7)?, row.get(8)?);
            let makes = |held: ChangeRow| {
                let is_told = is_told(&held, told.as_deref())
                    && held.change.doc.as_bytes()[..] == doc
                    && held.change.user.0 == user;
                let same = |sealed: Sealed| sealed.hash == held.hash && sealed.bytes == bytes;
                seal(held.change).is_ok_and(same) && is_told
            };
            *holds &= readable(change_row(row))?.is_some_and(makes);
            (last, count) = (seq.unsigned_abs(), count + 1);
        }
        Ok(if count < ROWS {
            Next::Log(0, [0; 32])
        } else {
            Next::Changes(last)
        })
    }

    /// Is the log dense, does every link hold, and is every change here of which it tells?
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
        *holds &= self.has_changes_between(after, last)?;
        if last - after == ROWS {
            return Ok(Next::Log(last, link));
        }
        let head = self.head()?;
        *holds &= head.seq == last && head.chain == link;
        Ok(Next::Visibility(None, None))
    }

    /// Is every change here of which the log tells in the rows (after, last], but for what was erased?
    fn has_changes_between(&self, after: u64, last: u64) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select content from log where kind = 'change' and seq > ?1 and seq <= ?2
                 and not exists (select 1 from change where change.seq = log.seq)",
        )?;
        let mut rows = statement.query([int(after)?, int(last)?])?;
        while let Some(row) = rows.next()? {
            let content: Vec<u8> = row.get(0)?;
            let is_erased = match minicbor::decode(&content) {
                Ok(Row::Change(doc, ..)) => self.is_erased(doc)?,
                _ => false,
            };
            if !is_erased {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Does a device see what it should of these documents, and from where it should?
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
            *holds &= !after.is_empty() || self.people_began_rightly(device)?;
            *holds &= self.visibility_holds(device, &docs)? && self.began_rightly(device, &docs)?;
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
            None => Next::Records(None),
            Some(id) => Next::Visibility(Some(sound(DeviceId::from_bytes(&id))?), None),
        })
    }

    /// Does every entry of these patients read, does every record fold, are the scopes those of the fold, and is what is
    /// kept in memory what reading it again gives?
    fn check_records(
        &self,
        found: &mut Verified,
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
            let (mut scopes, mut documents) = (BTreeSet::new(), Vec::new());
            for (id, kind) in self.documents_of(patient)? {
                let Some(document) = readable(self.document(id))? else {
                    found.records = false;
                    continue;
                };
                let reads = |held: &Held| {
                    let ids = held.change.puts.iter().map(|put| put.id);
                    ids.eq(held.entries.iter().map(|entry| entry.id))
                };
                // No index keeps a change from being accepted twice in its document.
                let hashes: BTreeSet<_> = document.held.iter().map(|held| held.hash).collect();
                found.changes &= hashes.len() == document.held.len();
                let is_whole = document.held.iter().all(reads) && document.record().is_opened();
                found.records &= is_whole;
                found.documents &= self.comes_out_as_stored(id, &document)?;
                scopes.extend(document.record().scopes());
                if kind != DocumentKind::Partner {
                    documents.push(document);
                }
            }
            found.visibility &=
                self.has_scopes(patient, &scopes)? && self.scopes_began_rightly(patient)?;
            let folder = folder(patient, &documents);
            for fresh in read(&folder.patient, &folder.receipts, &sheet, now).records {
                found.records &= self.readings.agree(self, &fresh, now)?;
            }
            last = Some(patient);
        }
        Ok(match last.filter(|_| !is_last) {
            None => Next::Audit(0, None),
            Some(patient) => Next::Records(Some(patient)),
        })
    }
}
