//! The next pages of a device that fetches many, read while it takes the one before.

use super::super::ahead::Reading;
use super::super::open::reading;
use super::super::{Sqlite, StoreError, Verb};
use jiff::Timestamp;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::Cursor;

/// Pages of the database in memory, in KiB: each is read once.
const CACHE_KIB: i64 = 512;

impl Sqlite {
    /// Reads what follows this cursor, page by page as long as there is room, unless something is being read. In memory there
    /// is no second connection.
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
        let Some(begun) = self.ahead.begin(device, from) else {
            return;
        };
        let mut beside = self.beside();
        // Nobody waits for it: there is no work to end.
        beside.fault = None;
        let read = move || -> Result<(), StoreError> {
            let mut reader = beside.ahead.reader();
            let connection = match &mut *reader {
                Some(connection) => connection,
                none => {
                    let connection = reading(&folder)?;
                    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
                    none.insert(connection)
                }
            };
            let mut last = Some(from);
            while let Some(from) = last {
                let db = connection.transaction()?;
                last = beside.verb(&db, |verb| {
                    verb.read_ahead(&begun, device, page_bytes, from, now)
                })?;
            }
            Ok(())
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
    /// Reads one more page for a device for which all was read up to this cursor. Where it ends; none if there is no room, or
    /// nothing more.
    fn read_ahead(
        &self,
        reading: &Reading,
        device: DeviceId,
        page_bytes: u32,
        from: Cursor,
        now: Timestamp,
    ) -> Result<Option<Cursor>, StoreError> {
        let head = self.head()?;
        let Some(from) = self.ahead.next(&self.asked(device, from, 0, head), now) else {
            return Ok(None);
        };
        reading.at(from);
        let room = self.room(page_bytes, from, self.is_sheet_after(&from)?, &[])?;
        let asked = self.asked(device, from, room, head);
        let page = self.page(&asked, &[], &[])?;
        let end = page.end();
        self.ahead.put(asked, now, page.packed());
        Ok(Some(end))
    }
}
