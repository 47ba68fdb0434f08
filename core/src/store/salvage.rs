//! What still reads of a file, row by row: whatever does not read costs itself alone. Read on a connection of its own, and
//! after damage to the file on another one, since the cipher reads nothing more through the one that met it.

use super::change::{COLUMNS, stored};
use super::document::ROOM;
use super::{Place, Rows, Store, StoreError, StoredChange, whole_changes};
use crate::domain::id::DocumentId;
use crate::refusal::StorageTrouble;
use rusqlite::Row;
use std::collections::{BTreeMap, BTreeSet};

/// What still reads of a document.
pub struct Salvaged {
    /// Its changes, as they lie here.
    pub changes: Vec<StoredChange>,
    /// Rows of it that do not read.
    pub damaged: u64,
}

impl Store {
    /// Hands over what still reads, document by document. Returns how many places do not.
    pub fn salvage<E: From<StoreError>>(
        &mut self,
        each: impl FnMut(Salvaged) -> Result<(), E>,
    ) -> Result<u64, E> {
        if self.place == Place::Memory {
            return self.hand_over(each);
        }
        let mut reading = Self::open_to_read(&self.place)?;
        reading.begin()?;
        reading.hand_over(each)
    }

    /// All of it as it is at one moment.
    fn begin(&self) -> Result<(), StoreError> {
        Ok(self.db.execute_batch("begin")?)
    }

    fn hand_over<E: From<StoreError>>(
        &mut self,
        mut each: impl FnMut(Salvaged) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut all = 0;
        // The index of hashes has them all, and so have the rows: as far as either reads.
        let mut places = BTreeSet::new();
        for sql in [
            "select place from change indexed by sqlite_autoindex_change_1",
            "select place from change not indexed",
        ] {
            places.extend(self.as_far(&mut all, sql, |row| Ok(row.get::<_, i64>(0)?))?);
        }
        let homes = "select id, home from document";
        let mut homes: BTreeMap<_, _> = self
            .as_far(&mut all, homes, |row| Ok((id(row)?, row.get(1)?)))?
            .into_iter()
            .collect();
        for doc in self.as_far(&mut all, "select doc from whole", id)? {
            homes.entry(doc).or_insert(i64::MAX - ROOM);
        }
        let mut by_home: Vec<(i64, DocumentId)> = homes.into_iter().map(|(d, h)| (h, d)).collect();
        by_home.sort_unstable();
        for (home, doc) in by_home {
            let mut damaged = 0;
            let whole = self.still_reads(&mut damaged, |rows| rows.whole_at(doc))?;
            let mut changes = whole.unwrap_or_default();
            let here: Vec<i64> = places.range(home..home + ROOM).copied().collect();
            for place in here {
                places.remove(&place);
                changes.extend(self.still_reads(&mut damaged, |rows| rows.change_at(place))?);
            }
            all += damaged;
            each(Salvaged { changes, damaged })?;
        }
        // Of documents that do not read themselves.
        for place in places {
            let change = self.still_reads(&mut all, |rows| rows.change_at(place))?;
            let changes = change.into_iter().collect();
            each(Salvaged {
                changes,
                damaged: 1,
            })?;
        }
        Ok(all)
    }

    /// What was read, or none, counted.
    fn still_reads<T>(
        &mut self,
        damaged: &mut u64,
        read: impl FnOnce(Rows<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match read(self.rows()) {
            Err(StoreError::Unreadable) => {}
            Err(trouble) => self.anew(trouble)?,
            read => return read.map(Some),
        }
        *damaged += 1;
        Ok(None)
    }

    /// Of a table what reads, until the file itself does not.
    fn as_far<T>(
        &mut self,
        damaged: &mut u64,
        sql: &str,
        mut of: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        let mut read = || -> Result<(), StoreError> {
            let mut statement = self.db.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                match of(row) {
                    Err(StoreError::Unreadable) => *damaged += 1,
                    one => all.push(one?),
                }
            }
            Ok(())
        };
        if let Err(trouble) = read() {
            self.anew(trouble)?;
            *damaged += 1;
        }
        Ok(all)
    }

    /// Another connection, if it was damage that this one met. Of a page that fails its check the cipher says that it is
    /// not available.
    fn anew(&mut self, trouble: StoreError) -> Result<(), StoreError> {
        let StoreError::Trouble(StorageTrouble::Damaged | StorageTrouble::Unavailable) = trouble
        else {
            return Err(trouble);
        };
        if self.place != Place::Memory {
            *self = Self::open_to_read(&self.place)?;
            self.begin()?;
        }
        Ok(())
    }
}

fn id(row: &Row<'_>) -> Result<DocumentId, StoreError> {
    let id = row.get_ref(0)?.as_blob().ok();
    id.and_then(DocumentId::from_bytes)
        .ok_or(StoreError::Unreadable)
}

impl Rows<'_> {
    fn whole_at(&self, doc: DocumentId) -> Result<Vec<StoredChange>, StoreError> {
        let sql =
            "select pack, size, coalesce((select confirmed = 1 from document where id = doc), 0)
            from whole where doc = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([&doc.as_bytes()[..]])?;
        let Some(row) = rows.next()? else {
            return Ok(Vec::new());
        };
        let pack = row.get_ref(0)?.as_blob();
        let pack = pack.map_err(|_| StoreError::Unreadable)?;
        whole_changes(doc, pack, row.get(1)?, row.get(2)?)
    }

    fn change_at(&self, place: i64) -> Result<StoredChange, StoreError> {
        let sql = format!("select {COLUMNS} from change where place = ?1");
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query([place])?;
        stored(rows.next()?.ok_or(StoreError::Unreadable)?)
    }
}
