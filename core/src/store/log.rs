//! The write-ahead log: what was committed is durable in it. Bringing it into the database, and making room in it, is done
//! when nobody waits for an entry to be saved or an answer to be taken.

use super::{Store, StoreError};
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::fs::OpenOptions;
use std::io::{Read, copy, repeat};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// With so many pages in it the log is given room at the next quiet moment: a device that writes less needs none.
const IN_USE: u32 = 64;
/// With so many it is brought in.
const LONG: u32 = 1_000;
/// With so many it is not waited for one.
const TOO_LONG: u32 = 4_000;
/// What one page takes in the log's file: its frame and itself.
const FRAME: u64 = 24 + 4_096;

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

/// Makes room for so many pages in the log's file. A commit whose log has to grow for it makes the disk write down where
/// the new parts lie as well, which takes as long again; and what is to be saved when the disk is full finds room here.
/// What is added says nothing and is added at the end: `SQLite` reads its log up to the first frame that is none.
///
/// # Errors
/// When the disk has no room for it, or there is no log: it grows as it is written then.
pub fn make_room(db: &Connection, pages: u32) -> std::io::Result<()> {
    let Some(path) = db.path().filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let mut path = PathBuf::from(path).into_os_string();
    path.push("-wal");
    // Appending, the system puts it behind whatever is written to it meanwhile.
    let mut log = OpenOptions::new().append(true).open(path)?;
    let lacking = (u64::from(pages) * FRAME).saturating_sub(log.metadata()?.len());
    if lacking > 0 {
        copy(&mut repeat(0).take(lacking), &mut log)?;
        log.sync_data()?;
    }
    Ok(())
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
        if pages >= IN_USE {
            let _ = make_room(&self.db, LONG);
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
        make_room(&db, 100).unwrap();
        assert!(length() >= 100 * FRAME);
        db.execute_batch("insert into some values (2)").unwrap();
        let before = length();
        make_room(&db, 100).unwrap();
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
        assert!(make_room(&Connection::open_in_memory().unwrap(), 100).is_ok());
    }
}
