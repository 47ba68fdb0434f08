//! `SQLite` behind the verbs: one writer whose transactions are immediate and durable, and a reader for pages. Work runs
//! on blocking threads, never on the server's own.

mod account;
mod backup;
mod decision;
mod device;
mod document;
mod log;
mod open;
mod page;
mod projection;
mod push;
mod quarantine;
mod queue;
mod readings;
mod reconcile;
mod rescue;
mod sheet;
mod visibility;

pub use backup::{Copied, Keys, backup, restore};
pub use open::{Place, Settings, init};

use super::{
    CodeDraft, DeviceRow, Doing, Folder, QuarantineRow, SessionRow, Snapshot, Store, StoreError,
};
use crate::receipt::ReceiptKey;
use jiff::Timestamp;
use log::Head;
use queue::Queue;
use readings::Readings;
use reconcile::Digests;
use rusqlite::{Connection, ErrorCode, Params, Transaction, TransactionBehavior};
use sheet::KnownSheet;
use std::sync::{Arc, Mutex, PoisonError};
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId, UserId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::wire::{
    Ack, Decision, DeliveredChange, DocsAnswer, DocsRequest, EnrolAnswer, Heartbeat,
    PushedDocument, ReconcileAnswer, ReconcileRequest, SyncAnswer, SyncRequest,
};

/// Ends the work at a place of a test's choice. In the product there is none.
pub trait Fault: Send + Sync {
    /// Called at each verb's begin, before every statement of it that changes something, before its commit and after;
    /// true ends the work here.
    fn strikes(&self, place: &str) -> bool;
}

/// The database of one server.
#[derive(Clone)]
pub struct Sqlite {
    writer: Arc<Mutex<Connection>>,
    reader: Arc<Mutex<Connection>>,
    key: ReceiptKey,
    known: Arc<KnownSheet>,
    readings: Arc<Readings>,
    digests: Arc<Digests>,
    queue: Queue,
    fault: Option<Arc<dyn Fault>>,
}

/// One transaction with what it needs beside the connection.
pub(crate) struct Verb<'a> {
    db: &'a Transaction<'a>,
    key: &'a ReceiptKey,
    known: &'a KnownSheet,
    readings: &'a Readings,
    fault: Option<&'a dyn Fault>,
    head: Head,
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

    fn run<T>(
        connection: &Mutex<Connection>,
        behavior: TransactionBehavior,
        (key, known, readings): &(ReceiptKey, Arc<KnownSheet>, Arc<Readings>),
        fault: Option<&dyn Fault>,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A panic inside a verb rolled its transaction back: the connection is as good as before.
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let db = connection.transaction_with_behavior(behavior)?;
        let verb = Verb {
            db: &db,
            key,
            known,
            readings,
            fault,
            head: Head::default(),
        };
        verb.step("begin")?;
        let done = run(&verb)?;
        verb.end_log()?;
        verb.step("commit")?;
        db.commit()?;
        // Durable from here on, though nobody has been told.
        step(fault, "committed")?;
        Ok(done)
    }

    fn doing<T: Send + 'static>(
        &self,
        connection: &Arc<Mutex<Connection>>,
        behavior: TransactionBehavior,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Doing<'_, T> {
        let (connection, fault) = (Arc::clone(connection), self.fault.clone());
        let beside = (
            self.key.clone(),
            Arc::clone(&self.known),
            Arc::clone(&self.readings),
        );
        Box::pin(async move {
            tokio::task::spawn_blocking(move || {
                Self::run(&connection, behavior, &beside, fault.as_deref(), run)
            })
            .await
            .unwrap_or(Err(StoreError::Unavailable))
        })
    }

    fn write<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Doing<'_, T> {
        let place = self.queue.join();
        self.doing(&self.writer, TransactionBehavior::Immediate, move |verb| {
            let done = run(verb);
            drop(place);
            done
        })
    }

    fn read<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Verb<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Doing<'_, T> {
        self.doing(&self.reader, TransactionBehavior::Deferred, run)
    }
}

/// What a check of the whole database found.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is the answer to a question of its own"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The bytes of every change are what its fields make, and have its hash.
    pub changes: bool,
    /// The log is dense and every link of its chain holds.
    pub log: bool,
    /// Who sees what, as kept, is who sees what, as defined.
    pub visibility: bool,
    /// Every projection is what recomputing it gives.
    pub projections: bool,
}

impl Verified {
    /// Nothing to complain of.
    pub const SOUND: Self = Self {
        changes: true,
        log: true,
        visibility: true,
        projections: true,
    };
}

impl Sqlite {
    /// Checks the database against itself.
    pub async fn verify(&self, now: Timestamp) -> Result<Verified, StoreError> {
        self.read(move |verb| {
            Ok(Verified {
                changes: verb.changes_hold()?,
                log: verb.log_holds()?,
                visibility: verb.visibility_holds()?,
                projections: verb.projections_hold(now)?,
            })
        })
        .await
    }
}

impl Sqlite {
    /// Computes every projection anew from the changes. Returns how many patients there are.
    pub async fn rebuild(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.write(move |verb| verb.rebuild(now)).await
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

    fn device_of(&self, token_hash: [u8; 32]) -> Doing<'_, Option<DeviceId>> {
        self.read(move |verb| verb.device_of(&token_hash))
    }

    fn issue_code(&self, draft: CodeDraft) -> Doing<'_, ()> {
        self.write(move |verb| verb.issue_code(&draft))
    }

    fn enrol(
        &self,
        code_hash: [u8; 32],
        device: DeviceId,
        token: String,
        now: Timestamp,
    ) -> Doing<'_, EnrolAnswer> {
        self.write(move |verb| verb.enrol(&code_hash, device, token, now))
    }

    fn revoke(&self, device: DeviceId, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| verb.revoke(device, now))
    }

    fn load_sheet(&self, text: String, now: Timestamp) -> Doing<'_, u64> {
        self.write(move |verb| verb.load_sheet(&text, now))
    }

    fn sheet(&self) -> Doing<'_, Organisation> {
        self.read(|verb| Ok(verb.sheet()?.1.as_ref().clone()))
    }

    fn snapshot(&self, now: Timestamp) -> Doing<'_, Snapshot> {
        self.read(move |verb| {
            Ok(Snapshot {
                sheet: verb.sheet()?.1.as_ref().clone(),
                records: verb.readings.as_of(verb, now)?,
                devices: verb.device_rows()?,
            })
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
}
