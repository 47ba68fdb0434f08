//! Opening a data folder, and making one. A folder without a database, a damaged one and one of a newer version are
//! told apart before anything is written.

use super::ahead::Ahead;
use super::log::Head;
use super::named_keys::{lacks, named_keys};
use super::queue::Queue;
use super::readings::Readings;
use super::recent::Recent;
use super::sheet::KnownSheet;
use super::writer::Writer;
use super::{Sqlite, StoreError, Verb};
use crate::journal::Journal;
use crate::key_file::KeyFile;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

const SCHEMA: &str = include_str!("schema.sql");
pub(super) const VERSION: i64 = 1;
/// Pages of the database in memory, in KiB, for answers to devices: mostly the log has gone on, and each is read anew.
const TELLER_CACHE_KIB: i64 = 512;
/// The same for the writer, who is alone in writing: what many devices of many sites write at once is looked up all over it.
const WRITER_CACHE_KIB: i64 = 6 * 1024;
/// More than there are: a statement that falls out is planned anew at every use, which costs more than running it.
const STATEMENTS: usize = 128;
pub(super) const FILE: &str = "warmhand.db";

/// Where a server keeps its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder, durable.
    Folder(PathBuf),
    /// Memory, gone with the process: for stories and tests.
    Memory,
}

/// What a new server begins with.
pub struct Settings<'a> {
    /// The sheet as JSON.
    pub sheet: &'a str,
    /// The first epoch of the log.
    pub epoch: [u8; 16],
    /// The keys that sign receipts and prove devices.
    pub keys: KeyFile,
    /// The id of the server's own device.
    pub web: warmhand_core::domain::id::DeviceId,
}

/// Makes a new database: the schema, the log's beginning, the sheet, the server's own device.
pub fn init(place: &Place, settings: &Settings<'_>) -> Result<Sqlite, StoreError> {
    let mut db = match place {
        Place::Memory => Connection::open_in_memory()?,
        Place::Folder(folder) => {
            let path = folder.join(FILE);
            for_its_owner(&path)?;
            Connection::open(path)?
        }
    };
    prepare(&db, place)?;
    if version(&db)? != 0 {
        return Err(StoreError::Refused(
            "there is an organisation in this folder already".into(),
        ));
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&format!("{SCHEMA} pragma user_version = {VERSION};"))?;
    let verb = Verb {
        db: &transaction,
        keys: &settings.keys,
        known: &KnownSheet::default(),
        readings: &Readings::default(),
        ahead: &Ahead::default(),
        recent: &Recent::default(),
        journal: None,
        fault: None,
        passes_over: false,
        head: Head::default(),
        noted: RefCell::default(),
    };
    verb.begin_log(settings.epoch)?;
    verb.name_keys(&settings.keys)?;
    verb.load_sheet(settings.sheet)?;
    verb.add_web_device(settings.web)?;
    verb.end_log()?;
    transaction.commit()?;
    finish(db, place, settings.keys.clone())
}

/// Begins a file that nobody but its owner reads; what `SQLite` puts beside it is like it.
fn for_its_owner(path: &Path) -> Result<(), StoreError> {
    let begun = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match begun {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(StoreError::Unavailable),
        _ => Ok(()),
    }
}

impl Sqlite {
    /// Opens the database of a data folder with the keys beside it.
    pub fn open(folder: &Path, keys: KeyFile) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Err(StoreError::Empty);
        }
        let db = Connection::open_with_flags(
            &path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        db.busy_timeout(Duration::from_secs(5))?;
        match version(&db)? {
            0 => return Err(StoreError::Empty),
            VERSION => {}
            _ => return Err(StoreError::Newer),
        }
        let lacking = keys.lacks(&named_keys(&db)?);
        if !lacking.is_empty() {
            return Err(lacks(&lacking, "database"));
        }
        let place = Place::Folder(folder.to_owned());
        prepare(&db, &place)?;
        let store = finish(db, &place, keys)?;
        store.name_all()?;
        Ok(store)
    }

    /// Is there a database in this folder?
    pub fn exists(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// The database of a folder, and what `SQLite` puts beside it; whether or not they are there.
    pub fn files(folder: &Path) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|end| folder.join(format!("{FILE}{end}")))
    }
}

pub(super) fn version(db: &Connection) -> Result<i64, StoreError> {
    Ok(
        db.query_row("select user_version from pragma_user_version", [], |row| {
            row.get(0)
        })?,
    )
}

/// Every statement is planned once and for all values: otherwise `SQLite` plans it anew whenever other ones are bound.
fn planned_once(db: &Connection) -> Result<(), StoreError> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Every commit is on the disk before it returns: an acknowledged change survives a power loss.
fn prepare(db: &Connection, place: &Place) -> Result<(), StoreError> {
    db.busy_timeout(Duration::from_secs(5))?;
    planned_once(db)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten: little is, and it was somebody's words.
    db.pragma_update(None, "secure_delete", true)?;
    // What a savepoint keeps to go back to is no file of its own.
    db.pragma_update(None, "temp_store", "memory")?;
    if *place == Place::Memory {
        return Ok(());
    }
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    let mode: String = db.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
    db.pragma_update(None, "synchronous", "full")?;
    let synchronous: i64 = db.query_row("pragma synchronous", [], |row| row.get(0))?;
    if mode != "wal" || synchronous != 2 {
        return Err(StoreError::Unavailable);
    }
    Ok(())
}

fn finish(db: Connection, place: &Place, keys: KeyFile) -> Result<Sqlite, StoreError> {
    let (writer, reader, teller, folder) = match place {
        // Memory is one connection: it serves all.
        Place::Memory => {
            let writer = Writer::in_memory(db);
            let (reader, teller) = (writer.connection(), writer.connection());
            (writer, reader, teller, None)
        }
        Place::Folder(folder) => {
            let writer = Writer::in_file(db, &folder.join(FILE))?;
            let reader = Arc::new(Mutex::new(reading(folder)?));
            let teller = reading(folder)?;
            teller.pragma_update(None, "cache_size", -TELLER_CACHE_KIB)?;
            (
                writer,
                reader,
                Arc::new(Mutex::new(teller)),
                Some(folder.clone()),
            )
        }
    };
    Ok(Sqlite {
        writer: Arc::new(writer),
        reader,
        teller,
        keys: Arc::new(RwLock::new(Arc::new(keys))),
        known: Arc::default(),
        readings: Arc::default(),
        ahead: Arc::default(),
        recent: Arc::default(),
        journal: folder.as_deref().map(Journal::of).map(Arc::new),
        folder,
        digests: Arc::default(),
        queue: Queue::default(),
        fault: None,
        passes_over: false,
    })
}

/// A connection of its own that changes nothing.
pub(super) fn reading(folder: &Path) -> Result<Connection, StoreError> {
    let reader = Connection::open_with_flags(folder.join(FILE), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    reader.busy_timeout(Duration::from_secs(5))?;
    planned_once(&reader)?;
    Ok(reader)
}
