//! Opening: a file that is durable, or memory when that is asked for by name. A damaged file, one in use and one of a
//! newer version are told apart before anything is written. A small file is read whole for that; of a large one the
//! parts on which everything else stands, and `check` reads the rest beside the running app.

use super::cipher::{self, Key};
use super::sheet::KnownSheet;
use super::sound::{sound, whole};
use super::{Store, StoreError, log};
use crate::refusal::StorageTrouble;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

const SCHEMA: &str = include_str!("schema.sql");
const VERSION: i64 = 1;
/// More than there are: a statement that falls out is planned anew at every use, which costs more than running it.
const STATEMENTS: usize = 128;

/// What `SQLite` takes for memory, where a file is meant: nothing in it would be durable.
const IN_MEMORY: &str = ":memory:";

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
        let (mut db, version) = connected(place, for_its_owner)?;
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
        let log_pages = log::watched(&mut db)?;
        Ok(Self::of(db, log_pages, place))
    }

    /// Opens a file that need not be sound, for what still reads. Nothing is written to it.
    pub fn open_to_read(place: &Place) -> Result<Self, StoreError> {
        if let Place::File(path) | Place::Encrypted(path, _) = place
            && !path.is_file()
        {
            return Err(StoreError::Trouble(StorageTrouble::Unavailable));
        }
        let (mut db, version) = connected(place, |_| ())?;
        match version {
            VERSION => {}
            newer if newer > VERSION => return Err(StoreError::Trouble(StorageTrouble::Newer)),
            _ => return Err(StoreError::Trouble(StorageTrouble::Damaged)),
        }
        db.pragma_update(None, "query_only", true)?;
        // Nor is what lies in the log brought in.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let log_pages = log::watched(&mut db)?;
        Ok(Self::of(db, log_pages, place))
    }

    fn of(db: Connection, log_pages: Arc<AtomicU32>, place: &Place) -> Self {
        Self {
            db,
            log_pages,
            known: KnownSheet::default(),
            is_encrypted: matches!(place, Place::Encrypted(..)),
            fault: None,
            place: place.clone(),
            unread: BTreeSet::new(),
        }
    }

    /// Reads every page of a file that may be open, and writes nothing: takes as long as the file is large, so a shell
    /// calls it beside the running app.
    pub fn check(place: &Place) -> Result<(), StoreError> {
        let (Place::File(path) | Place::Encrypted(path, _)) = place else {
            return Ok(());
        };
        let db = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        db.busy_timeout(Duration::from_secs(2))?;
        if let Place::Encrypted(path, key) = place {
            key.unlock(&db, path)?;
        }
        whole(&db)
    }
}

/// A connection, unlocked, and the version of what lies there. `begin`: a file that is not there yet.
fn connected(place: &Place, begin: impl Fn(&Path)) -> Result<(Connection, i64), StoreError> {
    if let Place::Encrypted(..) = place {
        cipher::is_there()?;
    }
    let db = match place {
        Place::File(path) | Place::Encrypted(path, _) => {
            if path.as_os_str() == IN_MEMORY {
                return Err(StoreError::Trouble(StorageTrouble::Unavailable));
            }
            begin(path);
            Connection::open(path)?
        }
        Place::Memory => Connection::open_in_memory()?,
    };
    db.busy_timeout(Duration::from_secs(2))?;
    if let Place::Encrypted(path, key) = place {
        key.unlock(&db, path)?;
    }
    planned_once(&db)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // What is kept for a moment only is no file of its own, which nothing would encrypt.
    db.pragma_update(None, "temp_store", "memory")?;
    let version = db.query_row("select user_version from pragma_user_version", [], |row| {
        row.get(0)
    })?;
    Ok((db, version))
}

/// Begins a file that nobody but its owner reads; what `SQLite` puts beside it is like it. If it cannot, opening it says why.
fn for_its_owner(path: &Path) {
    let mut begun = OpenOptions::new();
    begun.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut begun, 0o600);
    begun.open(path).ok();
}

/// Every statement is planned once and for all values: otherwise `SQLite` plans it anew whenever other ones are bound.
fn planned_once(db: &Connection) -> Result<(), StoreError> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
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
    use super::super::sound::{SMALL, VITAL};
    use super::*;

    fn trouble(place: &Place) -> Option<StorageTrouble> {
        match Store::open(place) {
            Err(StoreError::Trouble(trouble)) => Some(trouble),
            Err(StoreError::Killed | StoreError::Unreadable) | Ok(_) => None,
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

    /// A file too large to be read whole at every start.
    fn large(path: &std::path::Path) {
        let store = Store::open(&Place::File(path.to_owned())).unwrap();
        store
            .db
            .execute_batch(
                "insert into document (id, home, kind, patient) values (x'01', 0, 'record', x'02');
                 with recursive n (n) as (select 1 union all select n + 1 from n where n < 5000)
                 insert into change (place, hash, doc, device, fields, bytes, state, recorded_at)
                     select n, randomblob(32), x'01', x'03', x'04', zeroblob(4000), 'remote', 0 from n;",
            )
            .unwrap();
        let pages: i64 = store
            .db
            .query_row("pragma page_count", [], |row| row.get(0))
            .unwrap();
        assert!(pages > SMALL);
    }

    /// Damages the page at which this table or index begins.
    fn damage(path: &std::path::Path, name: &str) {
        let root: u32 = Connection::open(path)
            .unwrap()
            .query_row(
                "select rootpage from sqlite_schema where name = ?1",
                [name],
                |row| row.get(0),
            )
            .unwrap();
        let mut bytes = std::fs::read(path).unwrap();
        let end = root as usize * 4_096;
        bytes[end - 4_096..end].fill(0xff);
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn of_a_large_file_the_vital_parts_are_checked_at_every_start_and_the_rest_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.db");
        let place = Place::File(path.clone());
        large(&path);
        assert_eq!(Store::check(&place), Ok(()));
        for table in VITAL {
            let copy = folder.path().join(table);
            std::fs::copy(&path, &copy).unwrap();
            damage(&copy, table);
            assert_eq!(
                trouble(&Place::File(copy)),
                Some(StorageTrouble::Damaged),
                "{table}"
            );
        }
        damage(&path, "change");
        assert_eq!(
            Store::check(&place),
            Err(StoreError::Trouble(StorageTrouble::Damaged))
        );
        // A start does not read it, and whoever does is told: nothing of it is taken for what it is not.
        let mut store = Store::open(&place).unwrap();
        let written = store.write(|write| {
            write.unconfirm_all()?;
            Ok(())
        });
        assert_eq!(written, Err(StoreError::Trouble(StorageTrouble::Damaged)));
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
