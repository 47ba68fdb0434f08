//! The write-ahead log of the writer: what was committed is durable in it. It is brought into the database beside the
//! writer, who goes on meanwhile; then the writer brings in the little that came since, for only a log of which nothing is
//! left to bring in begins anew. Knows nothing of what is written.

use super::StoreError;
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use warmhand_core::room;

/// With so many pages it is given room: a process that writes less needs none.
const IN_USE: u32 = 64;
/// With so many it is brought in beside the writer.
const LONG: u32 = 2_000;
/// With so many the writer itself does it, since nobody else came to it.
const TOO_LONG: u32 = 16_000;

/// The log of a file, in pages.
pub(super) struct WriteAhead {
    database: PathBuf,
    state: Arc<State>,
    beside: Arc<Mutex<Connection>>,
}

#[derive(Default)]
struct State {
    /// So many are in it after the last commit.
    pages: AtomicU32,
    /// So many of them were brought in since then.
    brought: AtomicU32,
    /// Its file has room for as many as it may have.
    has_room: AtomicBool,
}

impl WriteAhead {
    /// Counts its pages at every commit from here on.
    pub fn watched(db: &mut Connection, path: &Path) -> Result<Self, StoreError> {
        let beside = Connection::open(path)?;
        // Ordinarily it takes what it gets: a writer or reader that is in the way is left alone.
        beside.busy_timeout(Duration::from_secs(5))?;
        beside.pragma_update(None, "synchronous", "full")?;
        Ok(Self {
            database: path.to_owned(),
            state: watched(db, TOO_LONG)?,
            beside: Arc::new(Mutex::new(beside)),
        })
    }

    /// Brings all of it in and leaves an empty file: what was erased lies in it still. Waits for readers, not for ever.
    pub fn emptying(&self) -> impl FnOnce() + Send + use<> {
        let (beside, state) = (Arc::clone(&self.beside), Arc::clone(&self.state));
        move || {
            let beside = beside.lock().unwrap_or_else(PoisonError::into_inner);
            // Were it to fail, the log says it until it is written anew.
            let _ = beside.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
            state.has_room.store(false, Ordering::Relaxed);
        }
    }

    /// Gives it room, if it is in use and has none: once, and then not before it was emptied.
    pub fn make_room(&self) {
        let is_in_use = self.state.pages.load(Ordering::Relaxed) >= IN_USE;
        if is_in_use && !self.state.has_room.swap(true, Ordering::Relaxed) {
            // Were it to fail, it grows as it is written.
            let _ = room::make(&self.database, LONG);
        }
    }

    /// Brings it in, if it has become long: for a thread of its own, on which nobody waits.
    pub fn shortening(&self) -> Option<impl FnOnce() + Send + use<>> {
        let (beside, state) = (Arc::clone(&self.beside), Arc::clone(&self.state));
        let is_long = state.pages.load(Ordering::Relaxed) >= LONG;
        let is_brought = state.brought.load(Ordering::Relaxed) > 0;
        (is_long && !is_brought).then_some(move || {
            // One is enough.
            if let Ok(beside) = beside.try_lock() {
                let sql = "pragma wal_checkpoint(passive)";
                let brought = beside.query_row(sql, [], |row| row.get(2));
                // Were it to fail, the log is only longer; the next commit asks again.
                state.brought.store(brought.unwrap_or(0), Ordering::Relaxed);
            }
        })
    }
}

/// Whatever becomes of the log, the commit stands: what this said of it would be taken for the commit's own failure.
fn watched(db: &mut Connection, too_long: u32) -> Result<Arc<State>, StoreError> {
    let state = Arc::new(State::default());
    let seen = Arc::clone(&state);
    db.wal_hook(Some(move |log: &mut Wal, pages| {
        let pages = u32::try_from(pages).unwrap_or(0);
        seen.pages.store(pages, Ordering::Relaxed);
        let brought = seen.brought.swap(0, Ordering::Relaxed);
        // It may have begun anew meanwhile: then there is nothing to do.
        let has_rest = brought > 0 && pages > brought;
        if has_rest || pages >= too_long {
            let _ = log.checkpoint();
        }
        Ok(())
    }))?;
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::TransactionBehavior;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn a_commit_stands_also_when_the_log_is_too_long_and_cannot_be_brought_in() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let db = Connection::open(folder.path().join("some.db")).unwrap();
            db.pragma_update(None, "journal_mode", "wal").unwrap();
            db
        };
        let mut db = open();
        db.execute_batch("create table some (n integer)").unwrap();
        let state = watched(&mut db, 1).unwrap();
        let begun = db.transaction_with_behavior(TransactionBehavior::Immediate);
        let begun = begun.unwrap();
        begun.execute("insert into some values (1)", []).unwrap();
        // Another brings it in, and waits for this very writer: nobody else may meanwhile.
        let (waits, waiting) = mpsc::channel();
        let mut other = open();
        let (go, gone) = mpsc::channel::<()>();
        let beside = thread::spawn(move || {
            WAIT.with_borrow_mut(|wait| *wait = Some((waits, gone)));
            other.busy_handler(Some(wait)).unwrap();
            other.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
        });
        waiting.recv().unwrap();
        begun.commit().unwrap();
        assert!(state.pages.load(Ordering::Relaxed) >= 1);
        drop(go);
        beside.join().unwrap().unwrap();
        let count: i64 = db
            .query_row("select count(*) from some", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 1);
    }

    type Waits = (mpsc::Sender<()>, mpsc::Receiver<()>);

    thread_local! {
        static WAIT: std::cell::RefCell<Option<Waits>> = const { std::cell::RefCell::new(None) };
    }

    /// Says that it waits, and goes on when it is let.
    fn wait(_: i32) -> bool {
        WAIT.with_borrow(|wait| {
            let (waits, gone) = wait.as_ref().unwrap();
            let _ = waits.send(());
            let _ = gone.recv();
        });
        true
    }
}
