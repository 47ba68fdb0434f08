//! Room in the write-ahead log of a database, made beforehand. For a device and for the server; knows nothing of what is
//! written.

use std::fs::OpenOptions;
use std::io::{Read, Result, copy, repeat};
use std::path::Path;

/// What the log's file begins with.
const HEADER: u64 = 32;
/// What one page of 4 KB takes in it: its frame and itself.
const FRAME: u64 = 24 + 4_096;

/// Makes room for so many pages in the log's file. A commit whose log has to grow for it makes the disk write down where
/// the new parts lie as well, which takes as long again; and what is to be saved when the disk is full finds room here.
/// What is added says nothing and is added at the end: `SQLite` reads its log up to the first frame that is none, and keeps
/// no locks on this file, which closing it here would give up.
///
/// # Errors
/// When the disk has no room for it, or there is no log: it grows as it is written then.
pub fn make(database: &Path, pages: u32) -> Result<()> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    // Appending, the system puts it behind whatever is written to it meanwhile.
    let mut log = OpenOptions::new().append(true).open(log)?;
    let lacking = (HEADER + u64::from(pages) * FRAME).saturating_sub(log.metadata()?.len());
    if lacking > 0 {
        copy(&mut repeat(0).take(lacking), &mut log)?;
        log.sync_data()?;
    }
    Ok(())
}
