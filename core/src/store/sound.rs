//! Is a file sound? What everything else stands on is looked at before anything is written to it, and all of it if it is
//! small.

use super::StoreError;
use crate::refusal::StorageTrouble;
use rusqlite::Connection;

/// A file of so many pages is read whole in some milliseconds; 16 MB at the usual 4 KB.
pub(super) const SMALL: i64 = 4_096;

/// Who this device is, its sheet, and which documents it knows: what every start reads and every write stands on.
pub(super) const VITAL: [&str; 3] = ["device", "sheet", "document"];

/// Looks before anything is written to a file that is damaged, or somebody else's.
pub(super) fn sound(db: &Connection, version: i64) -> Result<(), StoreError> {
    let tables: i64 = db.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))?;
    if (version == 0) != (tables == 0) || version < 0 {
        return Err(StoreError::Trouble(StorageTrouble::Damaged));
    }
    let pages: i64 = db.query_row("pragma page_count", [], |row| row.get(0))?;
    if pages <= SMALL {
        return whole(db);
    }
    VITAL
        .iter()
        .try_for_each(|table| is_ok(db, &format!("pragma quick_check('{table}')")))
}

/// Reads every page once.
pub(super) fn whole(db: &Connection) -> Result<(), StoreError> {
    is_ok(db, "pragma quick_check(1)")
}

fn is_ok(db: &Connection, check: &str) -> Result<(), StoreError> {
    let said: String = db.query_row(check, [], |row| row.get(0))?;
    if said == "ok" {
        Ok(())
    } else {
        Err(StoreError::Trouble(StorageTrouble::Damaged))
    }
}
