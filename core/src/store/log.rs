//! The write-ahead log: what was committed is durable in it. Bringing it into the database, and making room in it, is done
//! when nobody waits for an entry to be saved or an answer to be taken.

use super::{Store, StoreError};
use crate::room;
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// With so many pages in it the log is given room at the next quiet moment: a device that writes less needs none.
const IN_USE: u32 = 64;
/// With so many it is brought in.
const LONG: u32 = 1_000;
/// With so many it is not waited for one.
const TOO_LONG: u32 = 4_000;

/// Counts the log's pages at every commit from here on. Whatever becomes of bringing it in, the commit stands: what this
/// said of it would be taken for the commit's own failure.
pub(super) fn watched(db: &mut Connection) -> Result<Arc<AtomicU32>, StoreError> {
    let pages = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&pages);
    db.wal_hook(Some(move |log: &mut Wal, pages| {
        let pages = u32::try_from(pages).unwrap_or(0);
        seen.store(pages, Ordering::Relaxed);
        if pages >= TOO_LONG {
            let _ = log.checkpoint();
        }
        Ok(())
    }))?;
    Ok(pages)
}

impl Store {
    /// A quiet moment: a long log is brought into the database, and one that is in use has room. Were either to fail, saving
    /// only takes longer.
    pub fn settle_log(&self) {
        let pages = self.log_pages.load(Ordering::Relaxed);
        if pages >= LONG {
            let _ = self
                .db
                .query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
        }
        if pages >= IN_USE
            && let Some(path) = self.db.path()
        {
            let _ = room::make(Path::new(path), LONG);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_in_the_log_says_nothing_and_keeps_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let open = || {
            let db = Connection::open(&path).unwrap();
            db.pragma_update(None, "journal_mode", "wal").unwrap();
            db
        };
        let length = || {
            std::fs::metadata(folder.path().join("some.db-wal"))
                .unwrap()
                .len()
        };
        let db = open();
        db.execute_batch("create table some (n integer); insert into some values (1)")
            .unwrap();
        room::make(&path, 100).unwrap();
        assert!(length() >= 100 * 4_096);
        db.execute_batch("insert into some values (2)").unwrap();
        let before = length();
        room::make(&path, 100).unwrap();
        assert_eq!(length(), before, "there is room already");
        // Whoever finds the files as they are at a loss of power reads everything that was committed.
        let lost = folder.path().join("lost");
        std::fs::create_dir(&lost).unwrap();
        for name in ["some.db", "some.db-wal"] {
            std::fs::copy(folder.path().join(name), lost.join(name)).unwrap();
        }
        let found = Connection::open(lost.join("some.db")).unwrap();
        let sum: i64 = found
            .query_row("select sum(n) from some", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sum, 3);
        let check: String = found
            .query_row("pragma integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(check, "ok");
        assert!(room::make(&folder.path().join("none.db"), 100).is_err());
    }
}
