//! The write-ahead log: what was committed is durable in it. Bringing it into the database is done when nobody waits for
//! an entry to be saved or an answer to be taken.

use super::{Store, StoreError};
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// With so many pages in it the log is brought in at the next quiet moment.
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
    /// A quiet moment: a long log is brought into the database. Were it to fail, the log is only longer.
    pub fn settle_log(&self) {
        if self.log_pages.load(Ordering::Relaxed) >= LONG {
            let _ = self
                .db
                .query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
        }
    }
}
