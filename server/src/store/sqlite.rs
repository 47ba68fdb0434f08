//! `SQLite` behind the verbs: one writer whose transactions are immediate and durable, and a reader for pages. Work runs
//! on blocking threads, never on the server's own.

mod account;
mod backup;
mod confirm;
mod decision;
mod device;
mod document;
mod journal;
mod keys;
mod log;
mod open;
mod page;
mod push;
mod quarantine;
mod queue;
mod readings;
mod reconcile;
mod rescue;
mod scope;
mod sheet;
mod verify;
mod visibility;
mod withdrawal;
mod writer;

pub use super::check::Verified;
pub use backup::{Copied, Image, Keys, backup, image, restore};
pub use journal::Replayed;
pub use open::{Place, Settings, init};

use super::check::Check;
use super::{
    BoxRow, CodeDraft, ConfirmDraft, DeviceRow, Doing, Folder, QuarantineRow, SessionRow, Snapshot,
    Store, StoreError,
};
use crate::journal::{Journal, Line};
use crate::key_file::KeyFile;
use jiff::Timestamp;
use log::Head;
use queue::Queue;
use readings::Readings;
use reconcile::Digests;
use rusqlite::{Connection, ErrorCode, Params, TransactionBehavior};
use sheet::KnownSheet;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId, UserId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::wire::{
    Ack, Decision, DeliveredChange, DocsAnswer, DocsRequest, EnrolAnswer, Heartbeat,
    PushedDocument, ReconcileAnswer, ReconcileRequest, SyncAnswer, SyncRequest, WipedAnswer,
    WipedReport,
};
use writer::Writer;

/// Ends the work at a place of a test's choice. In the product there is none.
pub trait Fault: Send + Sync {
    /// Called at each verb's begin, before every statement of it that changes something, before its commit and after;
    /// true ends the work here.
    fn strikes(&self, place: &str) -> bool;
}

/// The database of one server.
#[derive(Clone)]
pub struct Sqlite {
    writer: Arc<Writer>,
    reader: Arc<Mutex<Connection>>,
    /// Nowhere for one in memory.
    folder: Option<PathBuf>,
    keys: Arc<RwLock<Arc<KeyFile>>>,
    known: Arc<KnownSheet>,
    readings: Arc<Readings>,
    journal: Option<Arc<Journal>>,
    digests: Arc<Digests>,
    queue: Queue,
    fault: Option<Arc<dyn Fault>>,
}

/// What a verb needs beside its connection.
struct Beside {
    keys: Arc<KeyFile>,
    known: Arc<KnownSheet>,
    readings: Arc<Readings>,
    journal: Option<Arc<Journal>>,
    fault: Option<Arc<dyn Fault>>,
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
            journal: self.journal.as_deref(),
            fault: self.fault.as_deref(),
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
    journal: Option<&'a Journal>,
    fault: Option<&'a dyn Fault>,
    head: Head,
    noted: RefCell<Vec<Line>>,
}

fn step(fault: Option<&dyn Fault>, place: &str) -> Result<(), StoreError> {
    if fault.is_some_and(|fault| fault.strikes(place)) {
        Err(StoreError::Killed)
    } else {
        Ok(())
    }
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
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Damaged,
            _ => Self::Unavailable,
        }
    }
}

/// A stored value, or the word that the file is damaged.
fn sound<T>(value: Option<T>) -> Result<T, StoreError> {
    value.ok_or(StoreError::Damaged)
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MIN)
}

fn int(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Damaged)
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
            journal: self.journal.clone(),
            fault: self.fault.clone(),
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
        let fault = self.fault.clone();
        let mut done = self.writer.submit(move |db| beside.verb(db, run));
        self.writer.work(fault.as_deref());
        done.try_recv().unwrap_or(Err(StoreError::Unavailable))
    }

    fn write<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Doing<'_, T> {
        let (writer, beside, fault) = (Arc::clone(&self.writer), self.beside(), self.fault.clone());
        let place = self.queue.join();
        Box::pin(async move {
            let done = writer.submit(move |db| {
                let done = beside.verb(db, run);
                drop(place);
                done
            });
            let working = tokio::task::spawn_blocking(move || writer.work(fault.as_deref()));
            let done = done.await.unwrap_or(Err(StoreError::Unavailable));
            drop(working);
            done
        })
    }

    fn read<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Doing<'_, T> {
        let (reader, beside) = (Arc::clone(&self.reader), self.beside());
        Box::pin(async move {
            tokio::task::spawn_blocking(move || Self::read_on(&reader, &beside, run))
                .await
                .unwrap_or(Err(StoreError::Unavailable))
        })
    }
}

impl Store for Sqlite {
    fn sync(
        &self,
        device: DeviceId,
        request: SyncRequest,
        now: Timestamp,
    ) -> Doing<'_, SyncAnswer> {
        let queue = self.queue.clone();
        self.write(move |verb| {
            let mut answer = verb.sync(device, &request, now)?;
            answer.retry_after_ms = queue.patience(request.hello.number);
            Ok(answer)
        })
    }

    fn reconcile(
        &self,
        device: DeviceId,
        request: ReconcileRequest,
        now: Timestamp,
    ) -> Doing<'_, ReconcileAnswer> {
        let digests = Arc::clone(&self.digests);
        self.read(move |verb| verb.reconcile(device, &request, &digests, now))
    }

    fn docs(
        &self,
        device: DeviceId,
        request: DocsRequest,
        now: Timestamp,
    ) -> Doing<'_, DocsAnswer> {
        let digests = Arc::clone(&self.digests);
        self.read(move |verb| verb.docs(device, &request, &digests, now))
    }

    fn rescue(&self, docs: Vec<PushedDocument>, now: Timestamp) -> Doing<'_, Vec<Ack>> {
        self.write(move |verb| verb.rescue(&docs, now))
    }

    fn heartbeat(&self, device: DeviceId, beat: Heartbeat, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| verb.seen(device, &beat.hello, &beat.state, now))
    }

    fn device_of(&self, credential: String, now: Timestamp) -> Doing<'_, Option<DeviceId>> {
        self.known_or_proven(credential, now)
    }

    fn issue_code(&self, draft: CodeDraft) -> Doing<'_, ()> {
        self.write(move |verb| verb.issue_code(&draft))
    }

    fn enrol(
        &self,
        code_hash: [u8; 32],
        device: DeviceId,
        now: Timestamp,
    ) -> Doing<'_, EnrolAnswer> {
        self.write(move |verb| verb.enrol(&code_hash, device, now))
    }

    fn confirm(&self, device: DeviceId, draft: ConfirmDraft, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| verb.confirm(device, &draft, now))
    }

    fn revoke(&self, device: DeviceId, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| verb.revoke(device, now))
    }

    fn reinstate(&self, device: DeviceId, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| verb.reinstate(device, now))
    }

    fn set_people(&self, device: DeviceId, people: Vec<UserId>, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| verb.set_people(device, &people, now))
    }

    fn wiped(
        &self,
        device: DeviceId,
        report: WipedReport,
        now: Timestamp,
    ) -> Doing<'_, WipedAnswer> {
        self.write(move |verb| verb.wiped(device, &report, now))
    }

    fn boxes(&self, device: DeviceId) -> Doing<'_, Vec<BoxRow>> {
        self.read(move |verb| verb.boxes(device))
    }

    fn load_sheet(&self, text: String) -> Doing<'_, u64> {
        self.write(move |verb| verb.load_sheet(&text))
    }

    fn sheet(&self) -> Doing<'_, Organisation> {
        self.read(|verb| Ok(verb.sheet()?.1.as_ref().clone()))
    }

    fn snapshot(&self, now: Timestamp) -> Doing<'_, Snapshot> {
        Box::pin(async move {
            loop {
                let whole = self.read(move |verb| verb.snapshot(now)).await?;
                if let Some(snapshot) = whole {
                    return Ok(snapshot);
                }
            }
        })
    }

    fn devices(&self) -> Doing<'_, Vec<DeviceRow>> {
        self.read(|verb: &Verb<'_>| verb.device_rows())
    }

    fn folder(&self, patient: PatientId, as_known_at: Option<Timestamp>) -> Doing<'_, Folder> {
        self.read(move |verb| verb.folder(patient, as_known_at))
    }

    fn patients(&self) -> Doing<'_, Vec<PatientId>> {
        self.read(|verb: &Verb<'_>| verb.patients())
    }

    fn record_bytes(&self, record: DocumentId) -> Doing<'_, Vec<Vec<u8>>> {
        self.read(move |verb| verb.record_bytes(record))
    }

    fn changes(&self) -> Doing<'_, Vec<DeliveredChange>> {
        self.read(|verb| {
            Ok(verb
                .changes("1", [])?
                .into_iter()
                .map(|row| verb.delivered(row))
                .collect())
        })
    }

    fn author(
        &self,
        user: UserId,
        record: DocumentId,
        body: Body,
        seed: u64,
        now: Timestamp,
    ) -> Doing<'_, ()> {
        self.write(move |verb| verb.author(&user, record, body, seed, now))
    }

    fn quarantine(&self, now: Timestamp) -> Doing<'_, Vec<QuarantineRow>> {
        self.read(move |verb| verb.before_the_reviewer(now))
    }

    fn decide(
        &self,
        user: UserId,
        hash: ChangeHash,
        decision: Decision,
        seed: u64,
        now: Timestamp,
    ) -> Doing<'_, ()> {
        self.write(move |verb| verb.decide(&user, hash, decision, seed, now))
    }

    fn save_account(&self, user: UserId, password_hash: String) -> Doing<'_, ()> {
        self.write(move |verb| verb.save_account(&user, &password_hash))
    }

    fn account(&self, user: UserId) -> Doing<'_, Option<String>> {
        self.read(move |verb| verb.account(&user))
    }

    fn save_session(&self, token_hash: [u8; 32], session: SessionRow) -> Doing<'_, ()> {
        self.write(move |verb| verb.save_session(&token_hash, &session))
    }

    fn session(&self, token_hash: [u8; 32]) -> Doing<'_, Option<SessionRow>> {
        self.read(move |verb| verb.session(&token_hash))
    }

    fn end_session(&self, token_hash: [u8; 32]) -> Doing<'_, ()> {
        self.write(move |verb| verb.end_session(&token_hash))
    }

    fn audit(
        &self,
        at: Timestamp,
        user: UserId,
        what: &'static str,
        record: Option<DocumentId>,
        why: String,
    ) -> Doing<'_, ()> {
        self.write(move |verb| verb.audit(at, &user, what, record, &why))
    }

    fn head(&self) -> Doing<'_, u64> {
        self.read(|verb| Ok(verb.head()?.seq))
    }

    fn look_at_keys(&self) -> Doing<'_, Option<u16>> {
        self.take_keys()
    }

    fn check(&self, so_far: Check, now: Timestamp) -> Doing<'_, Check> {
        self.check_apart(so_far, now)
    }
}
