//! What still reads of a file, row by row: whatever does not read costs itself alone. After damage to the file the
//! connection is another one, since the cipher reads nothing more through the one that met it.

use super::change::{COLUMNS, stored};
use super::document::ROOM;
use super::{Rows, Store, StoreError, StoredChange};
use crate::domain::id::DocumentId;
use crate::refusal::StorageTrouble;

/// What still reads of a document.
pub struct Salvaged {
    /// Its changes, as they lie here.
    pub changes: Vec<StoredChange>,
    /// Rows of it that do not read.
    pub damaged: u64,
}

impl Store {
    /// Hands over what still reads, document by document. Returns how many rows do not.
    pub fn salvage<E: From<StoreError>>(
        &mut self,
        mut each: impl FnMut(Salvaged) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut all = 0;
        // The rows themselves are asked only where the index of their hashes does not read.
        let mut places = self.still_reads(&mut all, |rows| rows.places_by_hash())?;
        if places.is_none() {
            places = self.still_reads(&mut all, |rows| rows.places_by_row())?;
        }
        let mut places = places.unwrap_or_default();
        places.sort_unstable();
        let homes = self.still_reads(&mut all, |rows| rows.homes())?;
        for (doc, home) in homes.into_iter().flatten() {
            let mut damaged = 0;
            let lying = self.still_reads(&mut damaged, |rows| rows.lying(doc))?;
            let whole = lying.flatten().map(|lying| lying.whole);
            let mut changes = whole.unwrap_or_default();
            let begins = places.partition_point(|place| *place < home);
            let ends = places.partition_point(|place| *place < home + ROOM);
            for place in places.drain(begins..ends) {
                let change = self.still_reads(&mut damaged, |rows| rows.change_at(place))?;
                changes.extend(change.flatten());
            }
            all += damaged;
            each(Salvaged { changes, damaged })?;
        }
        // Of documents that do not read themselves.
        for place in places {
            let change = self.still_reads(&mut all, |rows| rows.change_at(place))?;
            let changes: Vec<_> = change.flatten().into_iter().collect();
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
            // Of a page that fails its check the cipher says that it is not available.
            Err(StoreError::Trouble(StorageTrouble::Damaged | StorageTrouble::Unavailable)) => {
                if let Some(place) = self.from.clone() {
                    *self = Self::open_to_read(&place)?;
                }
            }
            read => return read.map(Some),
        }
        *damaged += 1;
        Ok(None)
    }
}

impl Rows<'_> {
    fn homes(&self) -> Result<Vec<(DocumentId, i64)>, StoreError> {
        let mut statement = self
            .0
            .prepare("select id, home from document order by home")?;
        let mut rows = statement.query([])?;
        let mut homes = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get_ref(0)?.as_blob().ok();
            let doc = id.and_then(DocumentId::from_bytes);
            homes.push((doc.ok_or(StoreError::Unreadable)?, row.get(1)?));
        }
        Ok(homes)
    }

    fn places_by_hash(&self) -> Result<Vec<i64>, StoreError> {
        self.numbers("select place from change indexed by sqlite_autoindex_change_1")
    }

    fn places_by_row(&self) -> Result<Vec<i64>, StoreError> {
        self.numbers("select place from change not indexed")
    }

    fn numbers(&self, sql: &str) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.0.prepare(sql)?;
        let numbers = statement.query_map([], |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }

    fn change_at(&self, place: i64) -> Result<Option<StoredChange>, StoreError> {
        let sql = format!("select {COLUMNS} from change where place = ?1");
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query([place])?;
        rows.next()?.map(stored).transpose()
    }
}
