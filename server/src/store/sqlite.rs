//! `SQLite` behind the verbs: one writer whose transactions are immediate and durable, a reader for answers to devices and
//! one for pages. They work on blocking threads, never on the server's own.

mod account;
mod ahead;
mod audit;
mod backup;
mod boxes;
mod damage;
mod decision;
mod device;
mod document;
mod erasure;
mod journal;
mod log;
mod named_keys;
mod open;
mod page;
mod push;
mod quarantine;
mod queue;
mod readings;
mod recent;
mod reconcile;
mod rescue;
mod scope;
mod sheet;
mod standing;
mod unconfirmed;
mod verbs;
mod verify;
mod visibility;
mod wal;
mod withdrawal;
mod writer;

pub use super::check::Verified;
pub use audit::AuditRow;
pub(crate) use audit::Link;
pub use backup::{Copied, Image, Keys, backup, image, restore};
pub use journal::Replayed;
pub use open::{Place, Settings, init};

use super::{Doing, StoreError};
use crate::journal::{Journal, Line};
use crate::key_file::KeyFile;
use ahead::Ahead;
use damage::readable;
use jiff::Timestamp;
use log::Head;
use queue::Queue;
use readings::Readings;
use recent::Recent;
use reconcile::Digests;
use rusqlite::{Connection, ErrorCode, Params, TransactionBehavior};
use sheet::KnownSheet;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use writer::Writer;

/// Ends the work at a place of a test's choice. In the product there is none.
pub trait Fault: Send + Sync {
    /// Called at each verb's begin, before every statement of it that changes something, before its commit and after.
    /// What it returns the work ends with here: [`StoreError::Killed`] the whole process, all else as the database would
    /// have said it.
    fn strikes(&self, place: &str) -> Option<StoreError>;
}

/// The database of one server.
#[derive(Clone)]
pub struct Sqlite {
    reader: Arc<Mutex<Connection>>,
    /// A page takes its time: no device waits for one.
    teller: Arc<Mutex<Connection>>,
    /// Nowhere for one in memory.
    folder: Option<PathBuf>,
    keys: Arc<RwLock<Arc<KeyFile>>>,
    known: Arc<KnownSheet>,
    readings: Arc<Readings>,
    ahead: Arc<Ahead>,
    recent: Arc<Recent>,
    journal: Option<Arc<Journal>>,
    digests: Arc<Digests>,
    queue: Queue,
    fault: Option<Arc<dyn Fault>>,
    /// What is damaged is passed over, where that harms nobody.
    passes_over: bool,
    /// Closed last, since a reader cannot bring in what is left of the write-ahead log.
    writer: Arc<Writer>,
}

/// What a verb needs beside its connection.
struct Beside {
    keys: Arc<KeyFile>,
    known: Arc<KnownSheet>,
    readings: Arc<Readings>,
    ahead: Arc<Ahead>,
    recent: Arc<Recent>,
    journal: Option<Arc<Journal>>,
    fault: Option<Arc<dyn Fault>>,
    passes_over: bool,
}

impl Beside {
    /// Runs one verb within a transaction of this connection.
    fn verb<T>(
        &self,
        db: &Connection,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let verb = Verb {
            db,
            keys: &self.keys,
            known: &self.known,
            readings: &self.readings,
            ahead: &self.ahead,
            recent: &self.recent,
            journal: self.journal.as_deref(),
            fault: self.fault.as_deref(),
            passes_over: self.passes_over,
            head: Head::default(),
            noted: RefCell::default(),
        };
        verb.step("begin")?;
        let done = run(&verb)?;
        verb.end_log()?;
        verb.end_journal()?;
        Ok(done)
    }
}

/// One transaction with what it needs beside the connection.
pub(crate) struct Verb<'a> {
    db: &'a Connection,
    keys: &'a KeyFile,
    known: &'a KnownSheet,
    readings: &'a Readings,
    ahead: &'a Ahead,
    recent: &'a Recent,
    journal: Option<&'a Journal>,
    fault: Option<&'a dyn Fault>,
    passes_over: bool,
    head: Head,
    noted: RefCell<Vec<Line>>,
}

fn step(fault: Option<&dyn Fault>, place: &str) -> Result<(), StoreError> {
    fault
        .and_then(|fault| fault.strikes(place))
        .map_or(Ok(()), Err)
}

impl Verb<'_> {
    fn step(&self, place: &str) -> Result<(), StoreError> {
        step(self.fault, place)
    }

    /// Runs a statement that changes something, and says how many rows. The one door to them, so that a test can end
    /// the work between any two.
    fn change(&self, sql: &str, values: impl Params) -> Result<usize, StoreError> {
        self.step(sql)?;
        Ok(self.db.prepare_cached(sql)?.execute(values)?)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
                _ => Self::Unavailable,
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Unreadable,
            _ => Self::Unavailable,
        }
    }
}

/// A stored value, or the word that it does not read.
fn sound<T>(value: Option<T>) -> Result<T, StoreError> {
    value.ok_or(StoreError::Unreadable)
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MIN)
}

fn int(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Unreadable)
}

impl Sqlite {
    /// Lets a test end this process's work between any two steps.
    #[must_use]
    pub fn with_fault(mut self, fault: Arc<dyn Fault>) -> Self {
        self.fault = Some(fault);
        self
    }

    fn beside(&self) -> Beside {
        Beside {
            keys: self.keys(),
            known: Arc::clone(&self.known),
            readings: Arc::clone(&self.readings),
            ahead: Arc::clone(&self.ahead),
            recent: Arc::clone(&self.recent),
            journal: self.journal.clone(),
            fault: self.fault.clone(),
            passes_over: self.passes_over,
        }
    }

    /// Reads on this connection, for whoever has no other work to do meanwhile.
    fn read_on<T>(
        connection: &Mutex<Connection>,
        beside: &Beside,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A panic inside a verb rolled its transaction back: the connection is as good as before.
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let db = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        beside.verb(&db, run)
    }

    /// Writes, for whoever has no other work to do meanwhile.
    fn write_now<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let beside = self.beside();
        let mut done = self.writer.submit(move |db| beside.verb(db, run));
        self.writer
            .work(self.journal.as_deref(), self.fault.as_deref());
        done.try_recv().unwrap_or(Err(StoreError::Unavailable))
    }

    fn write<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Doing<'_, T> {
        let (writer, beside) = (Arc::clone(&self.writer), self.beside());
        let (journal, fault) = (self.journal.clone(), self.fault.clone());
        let place = self.queue.join();
        Box::pin(async move {
            let piece = writer.submit(move |db| {
                let done = beside.verb(db, run);
                drop(place);
                done
            });
            let done = writer.done(piece, journal.as_ref(), fault.as_ref()).await;
            if let Some(shorten) = writer.shortening() {
                tokio::task::spawn_blocking(shorten);
            }
            done
        })
    }

    fn read<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Doing<'_, T> {
        self.read_by(&self.reader, run)
    }

    fn read_by<T: Send + 'static>(
        &self,
        connection: &Arc<Mutex<Connection>>,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Doing<'_, T> {
        let (connection, beside) = (Arc::clone(connection), self.beside());
        Box::pin(async move {
            tokio::task::spawn_blocking(move || Self::read_on(&connection, &beside, run))
                .await
                .unwrap_or(Err(StoreError::Unavailable))
        })
    }
}
