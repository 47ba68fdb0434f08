//! Opening: a file that is durable, or memory when that is asked for by name. A damaged file, one in use and one of a
//! newer version are told apart before anything is written.

use super::cipher::{self, Key};
use super::{Store, StoreError};
use crate::refusal::StorageTrouble;
use rusqlite::Connection;
use std::path::PathBuf;
use std::time::Duration;

const SCHEMA: &str = include_str!("schema.sql");
const VERSION: i64 = 1;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, durable.
    File(PathBuf),
    /// A file, durable and encrypted.
    Encrypted(PathBuf, Key),
    /// Memory, gone with the process: for stories and tests.
    Memory,
}

impl Store {
    /// Opens the database, making it if there is none.
    pub fn open(place: &Place) -> Result<Self, StoreError> {
        if let Place::Encrypted(..) = place {
            cipher::is_there()?;
        }
        let db = match place {
            Place::File(path) | Place::Encrypted(path, _) => Connection::open(path)?,
            Place::Memory => Connection::open_in_memory()?,
        };
        db.busy_timeout(Duration::from_secs(2))?;
        if let Place::Encrypted(path, key) = place {
            key.unlock(&db, path)?;
        }
        db.pragma_update(None, "foreign_keys", true)?;
        let version: i64 =
            db.query_row("select user_version from pragma_user_version", [], |row| {
                row.get(0)
            })?;
        if version > VERSION {
            return Err(StoreError::Trouble(StorageTrouble::Newer));
        }
        sound(&db, version)?;
        if *place != Place::Memory {
            durable(&db)?;
        }
        if version == 0 {
            db.execute_batch(&format!(
                "begin immediate; {SCHEMA} pragma user_version = {VERSION}; commit;"
            ))?;
        }
        Ok(Self { db, fault: None })
    }
}

/// Reads every page once, before anything is written to a file that is damaged, or somebody else's.
fn sound(db: &Connection, version: i64) -> Result<(), StoreError> {
    let tables: i64 = db.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))?;
    let said: String = db.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
    if said != "ok" || (version == 0) != (tables == 0) || version < 0 {
        return Err(StoreError::DAMAGED);
    }
    Ok(())
}

/// An acknowledged write must survive a power loss: write-ahead log, and every commit on the disk before it returns.
fn durable(db: &Connection) -> Result<(), StoreError> {
    let mode: String = db.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
    db.pragma_update(None, "synchronous", "full")?;
    let synchronous: i64 = db.query_row("pragma synchronous", [], |row| row.get(0))?;
    if mode != "wal" || synchronous != 2 {
        return Err(StoreError::Trouble(StorageTrouble::Unavailable));
    }
    Ok(())
}

#[cfg(test)]
impl Store {
    /// A disk that has room for so many pages more.
    pub(crate) fn allow_pages(&self, more: i64) {
        let pages: i64 = self
            .db
            .query_row("pragma page_count", [], |row| row.get(0))
            .unwrap();
        self.db
            .query_row(
                &format!("pragma max_page_count = {}", pages + more),
                [],
                |_| Ok(()),
            )
            .unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(place: &Place) -> Option<StorageTrouble> {
        match Store::open(place) {
            Err(StoreError::Trouble(trouble)) => Some(trouble),
            Err(StoreError::Killed) | Ok(_) => None,
        }
    }

    #[test]
    fn each_kind_of_unusable_file_has_its_own_sentence_and_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.db");
        std::fs::write(
            &path,
            b"this is a letter and no database, long enough to look like one ".repeat(40),
        )
        .unwrap();
        let before = std::fs::read(&path).unwrap();
        assert_eq!(
            trouble(&Place::File(path.clone())),
            Some(StorageTrouble::Damaged)
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);

        assert_eq!(
            trouble(&Place::File(folder.path().to_owned())),
            Some(StorageTrouble::Unavailable)
        );

        let other = folder.path().join("other.db");
        Connection::open(&other)
            .unwrap()
            .execute_batch("create table letter (text text)")
            .unwrap();
        assert_eq!(
            trouble(&Place::File(other.clone())),
            Some(StorageTrouble::Damaged),
            "somebody else's database"
        );

        // Memory counts only when it is asked for by name.
        assert_eq!(
            trouble(&Place::File(":memory:".into())),
            Some(StorageTrouble::Unavailable)
        );

        let newer = folder.path().join("newer.db");
        drop(Store::open(&Place::File(newer.clone())).unwrap());
        Connection::open(&newer)
            .unwrap()
            .pragma_update(None, "user_version", 99)
            .unwrap();
        assert_eq!(trouble(&Place::File(newer)), Some(StorageTrouble::Newer));
    }

    #[test]
    fn a_build_without_a_cipher_refuses_a_key_and_leaves_no_file() {
        if cipher::is_there().is_ok() {
            return; // Built together with the phone's library: what it then does is tested there.
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.db");
        let key = Key::new(&[7; 32]).unwrap();
        assert_eq!(
            trouble(&Place::Encrypted(path.clone(), key)),
            Some(StorageTrouble::CannotEncrypt)
        );
        assert!(!path.exists());
    }

    #[test]
    fn a_page_that_was_damaged_is_found_when_the_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.db");
        let mut store = Store::open(&Place::File(path.clone())).unwrap();
        store
            .write(|write| write.save_sheet(1, &"x".repeat(40_000)))
            .unwrap();
        drop(store);
        let mut bytes = std::fs::read(&path).unwrap();
        let text = bytes
            .windows(100)
            .rposition(|window| window == [b'x'; 100])
            .unwrap();
        // The page numbers of a long text's chain lie at the beginnings of its pages.
        let page = text / 4_096 * 4_096;
        bytes[page - 4_096..page - 4_092].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(trouble(&Place::File(path)), Some(StorageTrouble::Damaged));
    }

    #[test]
    fn a_file_that_another_process_holds_is_told_from_a_damaged_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.db");
        let mut store = Store::open(&Place::File(path.clone())).unwrap();
        store.db.busy_timeout(Duration::ZERO).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("begin immediate").unwrap();
        assert_eq!(
            store.write(|write| write.save_sheet(1, "x")),
            Err(StoreError::Trouble(StorageTrouble::Busy))
        );
        other.execute_batch("rollback").unwrap();
        assert_eq!(store.write(|write| write.save_sheet(1, "x")), Ok(()));
        drop(store);
        other
            .execute_batch("pragma locking_mode = exclusive; begin exclusive")
            .unwrap();
        assert_eq!(trouble(&Place::File(path)), Some(StorageTrouble::Busy));
    }

    #[test]
    fn a_full_disk_refuses_the_write_and_keeps_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&Place::File(folder.path().join("device.db"))).unwrap();
        store.allow_pages(1);
        let written = store.write(|write| write.save_sheet(1, &"x".repeat(100_000)));
        assert_eq!(written, Err(StoreError::Trouble(StorageTrouble::Full)));
        assert_eq!(store.rows().sheet(), Ok(None));
    }
}
