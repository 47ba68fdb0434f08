//! Encryption at rest: a key, and whether it opens a file. The cipher itself is `SQLCipher`'s, where the build has it; a
//! build that has none refuses a key. Knows nothing of what the database holds.

use super::StoreError;
use crate::refusal::{Problem, Refusal, StorageTrouble};
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use std::fmt::{self, Write};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// The bytes of a key.
const BYTES: usize = 32;

/// The key of one database: 32 random bytes that the platform keeps. Wiped when it goes, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<[u8; BYTES]>);

impl Key {
    /// Takes the platform's bytes. A key of zeros is what a failed random source or an empty keychain item looks like.
    pub fn new(bytes: &[u8]) -> Result<Self, Refusal> {
        let refused = |problem| Refusal::Invalid {
            field: "key",
            problem,
        };
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(refused(Problem::Empty));
        }
        let bytes = bytes.try_into().map_err(|_| refused(Problem::KeyLength))?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// Gives the key to a fresh connection, before anything is read.
    pub(super) fn unlock(&self, db: &Connection, path: &Path) -> Result<(), StoreError> {
        // The cipher's own log would go where no rule of ours reaches.
        db.execute_batch("pragma cipher_log_level = none")?;
        let mut statement = Zeroizing::new(String::with_capacity(96));
        statement.push_str("pragma key = \"x'");
        for byte in self.0.iter() {
            // Writing to a text cannot fail.
            let _ = write!(statement, "{byte:02x}");
        }
        statement.push_str("'\"");
        db.execute_batch(&statement)?;
        // A wrong key shows at the first reading, and there alone.
        match db.query_row("select count(*) from sqlite_schema", [], |_| Ok(())) {
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if failure.code == ErrorCode::NotADatabase =>
            {
                Err(StoreError::Trouble(why_unreadable(db, path)))
            }
            read => Ok(read?),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Can this build encrypt? Asked of memory, so that a build that cannot leaves no file behind.
pub(super) fn is_there() -> Result<(), StoreError> {
    let version: Option<String> = Connection::open_in_memory()?
        .query_row("pragma cipher_version", [], |row| row.get(0))
        .optional()?;
    match version {
        Some(_) => Ok(()),
        None => Err(StoreError::Trouble(StorageTrouble::CannotEncrypt)),
    }
}

/// The first page does not read. Every page carries a code that only its key makes: if one page of the file is as this
/// key made it, the key is the right one and the file is damaged. So is a file that is not encrypted, or does not consist
/// of whole pages. Otherwise the key is wrong, or nothing of the file is left as it was: these two look the same.
fn why_unreadable(db: &Connection, path: &Path) -> StorageTrouble {
    match whole_pages(db, path).map(|pages| (pages, pages_of_another_key(db))) {
        Some((pages, Ok(others))) if others == pages => StorageTrouble::WrongKey,
        _ => StorageTrouble::Damaged,
    }
}

/// How many pages the file has, if it is of whole pages and its beginning is not that of a plain database.
fn whole_pages(db: &Connection, path: &Path) -> Option<u64> {
    let mut begin = [0; 16];
    File::open(path).ok()?.read_exact(&mut begin).ok()?;
    let size: String = db
        .query_row("pragma cipher_page_size", [], |row| row.get(0))
        .ok()?;
    let (size, length) = (size.parse().ok()?, path.metadata().ok()?.len());
    let is_ours = begin != *b"SQLite format 3\0" && length.checked_rem(size) == Some(0);
    is_ours.then(|| length / size)
}

/// `SQLCipher` names each page whose code is not of this key, in a row of its own.
fn pages_of_another_key(db: &Connection) -> rusqlite::Result<u64> {
    let mut statement = db.prepare("pragma cipher_integrity_check")?;
    let mut rows = statement.query([])?;
    let mut pages = 0;
    while rows.next()?.is_some() {
        pages += 1;
    }
    Ok(pages)
}
