//! The next page of a device that fetches many, read while it takes the one before.

use super::super::open::reading;
use super::super::{Sqlite, StoreError, Verb};
use jiff::Timestamp;
use std::sync::TryLockError;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::Cursor;

/// Pages of the database in memory, in KiB: each is read once.
const CACHE_KIB: i64 = 512;

impl Sqlite {
    /// Reads the page after this cursor, unless another's is being read. In memory there is no second connection.
    pub(in super::super) fn read_ahead(
        &self,
        device: DeviceId,
        page_bytes: u32,
        from: Cursor,
        now: Timestamp,
    ) {
        let Some(folder) = self.folder.clone() else {
            return;
        };
        let mut beside = self.beside();
        // Nobody waits for it: there is no work to end.
        beside.fault = None;
        let read = move || -> Result<(), StoreError> {
            let mut reader = match beside.ahead.reader.try_lock() {
                Ok(reader) => reader,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(()),
            };
            let connection = match &mut *reader {
                Some(connection) => connection,
                none => {
                    let connection = reading(&folder)?;
                    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
                    none.insert(connection)
                }
            };
            let db = connection.transaction()?;
            beside.verb(&db, |verb| verb.read_ahead(device, page_bytes, from, now))
        };
        // If it fails, the page is read when it is asked for.
        if self.fault.is_some() {
            // A test that ends the work anywhere has nothing running beside it.
            let _ = read();
        } else {
            tokio::task::spawn_blocking(read);
        }
    }
}

impl Verb<'_> {
    fn read_ahead(
        &self,
        device: DeviceId,
        page_bytes: u32,
        from: Cursor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let room = self.room(page_bytes, self.is_sheet_after(&from)?, &[])?;
        let asked = self.asked(device, from, room)?;
        if self.ahead.has_room(&asked, now) {
            self.ahead.put(asked, now, self.page(&asked, &[], &[])?);
        }
        Ok(())
    }
}
