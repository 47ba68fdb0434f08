//! Opening a data folder, and making one. A folder without a database, a damaged one and one of a newer version are
//! told apart before anything is written.

use super::log::Head;
use super::queue::Queue;
use super::readings::Readings;
use super::sheet::KnownSheet;
use super::{Sqlite, StoreError, Verb};
use crate::receipt::ReceiptKey;
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SCHEMA: &str = include_str!("schema.sql");
pub(super) const VERSION: i64 = 1;
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
    /// The first epoch of the log, which also names the organisation in receipts.
    pub epoch: [u8; 16],
    /// The key that signs receipts.
    pub key: ReceiptKey,
    /// The id of the server's own device.
    pub web: warmhand_core::domain::id::DeviceId,
}

/// Makes a new database: the schema, the log's beginning, the sheet, the server's own device.
pub fn init(place: &Place, settings: &Settings<'_>, now: Timestamp) -> Result<Sqlite, StoreError> {
    let mut db = match place {
        Place::Memory => Connection::open_in_memory()?,
        Place::Folder(folder) => Connection::open(folder.join(FILE))?,
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
        key: &settings.key,
        known: &KnownSheet::default(),
        readings: &Readings::default(),
        fault: None,
        head: Head::default(),
    };
    verb.begin_log(settings.epoch, settings.key.mark())?;
    verb.load_sheet(settings.sheet, now)?;
    verb.add_web_device(settings.web)?;
    verb.end_log()?;
    transaction.commit()?;
    finish(db, place, settings.key.clone())
}

impl Sqlite {
    /// Opens the database of a data folder with the key beside it.
    pub fn open(folder: &Path, key: ReceiptKey) -> Result<Self, StoreError> {
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
        if key_mark(&db)? != key.mark() {
            return Err(StoreError::Refused(
                "receipt.key is not the key of this database; put back its copy".into(),
            ));
        }
        let place = Place::Folder(folder.to_owned());
        prepare(&db, &place)?;
        finish(db, &place, key)
    }

    /// Is there a database in this folder?
    pub fn exists(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }
}

pub(super) fn key_mark(db: &Connection) -> Result<[u8; 8], StoreError> {
    let mark: Vec<u8> = db.query_row("select key_mark from head", [], |row| row.get(0))?;
    mark.try_into().map_err(|_| StoreError::Damaged)
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
    if *place == Place::Memory {
        return Ok(());
    }
    let mode: String = db.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
    db.pragma_update(None, "synchronous", "full")?;
    let synchronous: i64 = db.query_row("pragma synchronous", [], |row| row.get(0))?;
    if mode != "wal" || synchronous != 2 {
        return Err(StoreError::Unavailable);
    }
    Ok(())
}

fn finish(db: Connection, place: &Place, key: ReceiptKey) -> Result<Sqlite, StoreError> {
    let writer = Arc::new(Mutex::new(db));
    let reader = match place {
        // Memory is one connection: it serves both.
        Place::Memory => Arc::clone(&writer),
        Place::Folder(folder) => {
            let reader =
                Connection::open_with_flags(folder.join(FILE), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            reader.busy_timeout(Duration::from_secs(5))?;
            planned_once(&reader)?;
            Arc::new(Mutex::new(reader))
        }
    };
    Ok(Sqlite {
        writer,
        reader,
        key,
        known: Arc::default(),
        readings: Arc::default(),
        digests: Arc::default(),
        queue: Queue::default(),
        fault: None,
    })
}
