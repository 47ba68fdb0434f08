//! A process with its files: it ends, its power fails, an older copy of its files is put back. What a commit wrote and
//! nobody was told of may be lost in part, cut at any byte.

use crate::victim::beside;
use rusqlite::Connection;
use std::fs;
use std::path::Path;

/// A copy of a database.
#[derive(Clone)]
pub struct Image {
    database: Vec<u8>,
}

impl Image {
    /// Copies a database that nobody is writing to.
    pub fn of(database: &Path, eyes: &Connection) -> Self {
        eyes.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
            .expect("a checkpoint");
        Self {
            database: fs::read(database).expect("a database"),
        }
    }

    /// Puts it where no process is.
    pub fn put(&self, database: &Path) {
        clear(database);
        fs::write(database, &self.database).expect("written");
    }
}

fn clear(database: &Path) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(database, end));
    }
}

/// What lies on the disk while a process has it open.
pub struct Disk {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Disk {
    /// Reads it.
    pub fn of(database: &Path) -> Self {
        Self {
            database: fs::read(database).expect("a database"),
            log: fs::read(beside(database, "-wal")).unwrap_or_default(),
        }
    }

    /// Of the last commit, of which nobody was told, a part is lost; then the power is back.
    pub fn put_cut(mut self, database: &Path, part: u8) {
        let (before, after) = last_commit(&self.log);
        let kept = before + (after - before) * usize::from(part % 8 + 1) / 8;
        self.log.truncate(kept);
        clear(database);
        fs::write(database, &self.database).expect("written");
        fs::write(beside(database, "-wal"), &self.log).expect("written");
    }
}

/// Where what was committed last ends in the log beside a database, and of which log: a commit after which it ends where it
/// ended before has written nothing.
pub fn log_end(database: &Path) -> (Vec<u8>, usize) {
    let log = fs::read(beside(database, "-wal")).unwrap_or_default();
    let salt = log.get(16..24).unwrap_or_default().to_vec();
    (salt, last_commit(&log).1)
}

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Where the last commit of a write-ahead log begins and ends: the format is SQLite's and does not change.
fn last_commit(log: &[u8]) -> (usize, usize) {
    let word = |at: usize| {
        let bytes = log.get(at..at + 4).and_then(|b| b.try_into().ok());
        bytes.map(u32::from_be_bytes)
    };
    let (Some(page), Some(salt)) = (word(8), log.get(16..24)) else {
        return (log.len(), log.len());
    };
    let (mut before, mut last, mut at) = (HEADER, HEADER, HEADER);
    while log.get(at + 8..at + 16) == Some(salt) && at + FRAME_HEADER + page as usize <= log.len() {
        let is_commit = word(at + 4) != Some(0);
        at += FRAME_HEADER + page as usize;
        if is_commit {
            (before, last) = (last, at);
        }
    }
    (before, last)
}
