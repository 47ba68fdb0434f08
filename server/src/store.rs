//! The server's storage in this application's verbs: each is a whole transaction, durable when it returns. `SQLite` is
//! the one backend today. Knows no HTTP and no page.

pub mod audit;
pub mod check;
pub mod sqlite;

pub use audit::ordered;
use check::Check;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::entry::{Body, Entry};
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId, UserId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::{Receipts, Summary};
use warmhand_core::wire::{
    Ack, BoxHash, Decision, DeliveredChange, DocsAnswer, DocsRequest, EnrolAnswer, Heartbeat,
    PushedDocument, QuarantineReason, ReconcileAnswer, ReconcileRequest, SyncAnswer, SyncRequest,
    WipedAnswer, WipedReport,
};

/// Why a verb was not done; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room left.
    #[error("the disk is full; free some space, nothing was lost")]
    Full,
    /// Another process holds it.
    #[error("the database is in use by another process; stop that one first")]
    Busy,
    /// Not a database, or a damaged one.
    #[error(
        "the database is damaged or is none; keep the folder as it is and restore a backup beside it"
    )]
    Damaged,
    /// A stored value does not read: it is damaged, in a database that may be sound otherwise.
    #[error(
        "something in the database is damaged; keep the folder as it is and restore a backup beside it"
    )]
    Unreadable,
    /// Written by a newer version.
    #[error("the database was written by a newer version of warmhand; run that version")]
    Newer,
    /// Nothing there yet.
    #[error(
        "there is no organisation here yet; name its folder with --data, or begin one there: warmhand init --organisation FILE --supervisor NAME"
    )]
    Empty,
    /// Cannot be opened, read or written.
    #[error("the database cannot be read or written")]
    Unavailable,
    /// What was asked for is not there.
    #[error("{0}")]
    NotFound(&'static str),
    /// A rule does not hold.
    #[error("{0}")]
    Refused(String),
    /// A test ended the work here.
    #[error("the work was ended")]
    Killed,
}

/// What a verb returns.
pub type Doing<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// A device that has not spoken for longer is silent.
const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Has a device that last spoke then not spoken for longer than a day? One that never spoke has not.
pub fn is_silent(last_seen_at: Option<Timestamp>, now: Timestamp) -> bool {
    now.duration_since(last_seen_at.unwrap_or(Timestamp::MIN)) > SILENT_AFTER
}

/// A device as the server last saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// `phone`, `tablet` or `web`.
    pub kind: String,
    /// Who may work on it.
    pub people: Vec<UserId>,
    /// When it last spoke.
    pub last_seen_at: Option<Timestamp>,
    /// Unsent changes then.
    pub unsent: u32,
    /// When the oldest of these was recorded, as far as it has said.
    pub oldest_unsent_at: Option<Timestamp>,
    /// When something of an unsent record falls due.
    pub next_due_at: Option<Timestamp>,
    /// Its clock: device minus server.
    pub offset_ms: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// What is known of what went with it, if it was.
    pub loss: Option<LossRow>,
    /// It was enrolled here, or somebody has said since whose it is.
    pub is_confirmed: bool,
    /// While it is not: who worked on it, as far as the journal says.
    pub proposed: Vec<UserId>,
}

/// What is known of a device that was taken out of service. No name of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossRow {
    /// Records of so many patients lay on it at most when it last spoke, beside what it had not sent.
    pub patients: u32,
    /// Its file was encrypted, as it said itself.
    pub is_encrypted: Option<bool>,
    /// When it said that it holds nothing any more.
    pub wiped_at: Option<Timestamp>,
    /// So many changes that nobody had taken came from it in closed boxes.
    pub boxes: u32,
}

/// What became of the boxes that came while their key was missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenedBoxes {
    /// So many were taken, as if they came today.
    pub taken: usize,
    /// So many could be opened and not be taken: something that they stand on is damaged. They stay as they are.
    pub left: usize,
}

/// A box that came from a wiped device.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxRow {
    /// Its name.
    pub hash: BoxHash,
    /// When it came.
    pub since: Timestamp,
    /// What is in it; none if this server's key does not open it.
    pub within: Option<PushedDocument>,
}

/// What somebody says of a device that was enrolled after the backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmDraft {
    /// Its name.
    pub name: String,
    /// `phone` or `tablet`.
    pub kind: String,
    /// Who may work on it.
    pub people: Vec<UserId>,
}

/// A place for a device, waiting for its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeDraft {
    /// SHA-256 of the code.
    pub hash: [u8; 32],
    /// The device's name.
    pub name: String,
    /// `phone` or `tablet`.
    pub kind: String,
    /// Who may work on it.
    pub people: Vec<UserId>,
    /// Good until then.
    pub expires_at: Timestamp,
}

/// A visit to the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Who.
    pub user: UserId,
    /// Her token against forged forms.
    pub csrf: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When she last asked for something.
    pub used_at: Timestamp,
    /// Why she opens records, once chosen: by record.
    pub reasons: BTreeMap<DocumentId, String>,
}

/// Everything that pages count.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The sheet.
    pub sheet: Organisation,
    /// Every record.
    pub records: Vec<Arc<Summary>>,
    /// Patients who are not among them, since something of theirs does not read.
    pub damaged: usize,
    /// Every device but the server's own.
    pub devices: Vec<DeviceRow>,
}

/// A patient with her records and receipts.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Joined.
    pub patient: Patient,
    /// When the server had each entry.
    pub receipts: Receipts,
}

/// What is kept and not applied, for a person to decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aside {
    /// What reads.
    pub rows: Vec<QuarantineRow>,
    /// So many changes there do not, and are in no row.
    pub damaged: usize,
}

/// Work that is kept and not applied, as it lies before a person: every entry once.
#[derive(Clone, Debug, PartialEq)]
pub struct QuarantineRow {
    /// The change by whose hash it is decided about.
    pub hash: ChangeHash,
    /// Of which document.
    pub doc: DocumentId,
    /// Whose records it is about, as far as is known.
    pub patient: Option<PatientId>,
    /// From which device.
    pub device: DeviceId,
    /// Who wrote it.
    pub user: UserId,
    /// Why.
    pub reason: QuarantineReason,
    /// Since when.
    pub since: Timestamp,
    /// What is to be decided.
    pub entries: Vec<Arc<Entry>>,
}

impl QuarantineRow {
    /// Does a worry about her lie in it? Whatever kept it aside, somebody was worried.
    pub fn is_worry(&self) -> bool {
        self.entries.iter().any(|entry| entry.body.raises_flag())
    }
}

/// The verbs. `now` is the server's clock; nothing is ordered or refused by it. What `by` or `user` does is in the audit log
/// with it: the one is never there without the other.
pub trait Store: Send + Sync {
    /// Verifies positions and takes a push; once that is durable, reads the answer, as one snapshot.
    fn sync(&self, device: DeviceId, request: SyncRequest, now: Timestamp)
    -> Doing<'_, SyncAnswer>;
    /// One round of a comparison.
    fn reconcile(
        &self,
        device: DeviceId,
        request: ReconcileRequest,
        now: Timestamp,
    ) -> Doing<'_, ReconcileAnswer>;
    /// What a device holds answered for, and what it lacks.
    fn docs(&self, device: DeviceId, request: DocsRequest, now: Timestamp)
    -> Doing<'_, DocsAnswer>;
    /// Takes what somebody brings in a file: our own receipts admit, everything else waits for a person.
    fn rescue(&self, docs: Vec<PushedDocument>, now: Timestamp) -> Doing<'_, Vec<Ack>>;
    /// Notes how a device is.
    fn heartbeat(&self, device: DeviceId, beat: Heartbeat, now: Timestamp) -> Doing<'_, ()>;
    /// The device of a credential; revoked ones too. One that only our keys know again is entered, to be confirmed.
    fn device_of(&self, credential: String, now: Timestamp) -> Doing<'_, Option<DeviceId>>;
    /// Makes room for a device.
    fn issue_code(&self, draft: CodeDraft) -> Doing<'_, ()>;
    /// A code becomes a device, once. The answer's number is left 0.
    fn enrol(
        &self,
        code_hash: [u8; 32],
        device: DeviceId,
        now: Timestamp,
    ) -> Doing<'_, EnrolAnswer>;
    /// Somebody says whose an unconfirmed device is; what it has sent meanwhile is judged anew.
    fn confirm(
        &self,
        device: DeviceId,
        draft: ConfirmDraft,
        by: UserId,
        now: Timestamp,
    ) -> Doing<'_, ()>;
    /// Takes a device out of service; what it has not sent is still taken, into quarantine, and then it is told to wipe.
    fn revoke(&self, device: DeviceId, by: UserId, now: Timestamp) -> Doing<'_, ()>;
    /// Takes it back, as long as it is not wiped.
    fn reinstate(&self, device: DeviceId, by: UserId, now: Timestamp) -> Doing<'_, ()>;
    /// Who works on a device from now on.
    fn set_people(
        &self,
        device: DeviceId,
        people: Vec<UserId>,
        by: UserId,
        now: Timestamp,
    ) -> Doing<'_, ()>;
    /// Notes that a device holds nothing any more, and keeps the boxes that it brings.
    fn wiped(
        &self,
        device: DeviceId,
        report: WipedReport,
        now: Timestamp,
    ) -> Doing<'_, WipedAnswer>;
    /// The boxes that came from a device, opened as far as may be.
    fn boxes(&self, device: DeviceId) -> Doing<'_, Vec<BoxRow>>;
    /// Takes what lies in boxes that came while their key was missing, if it is here now.
    fn open_boxes(&self, now: Timestamp) -> Doing<'_, OpenedBoxes>;
    /// Puts a new version of the sheet in force.
    fn load_sheet(&self, text: String) -> Doing<'_, u64>;
    /// The sheet in force.
    fn sheet(&self) -> Doing<'_, Organisation>;
    /// Everything that pages count, as it reads now.
    fn snapshot(&self, now: Timestamp) -> Doing<'_, Snapshot>;
    /// Every device.
    fn devices(&self) -> Doing<'_, Vec<DeviceRow>>;
    /// A patient with all her records; with a time: as known then.
    fn folder(&self, patient: PatientId, as_known_at: Option<Timestamp>) -> Doing<'_, Folder>;
    /// Every patient.
    fn patients(&self) -> Doing<'_, Vec<PatientId>>;
    /// A record's changes as bytes, causes first.
    fn record_bytes(&self, record: DocumentId) -> Doing<'_, Vec<Vec<u8>>>;
    /// Every accepted change with its receipt, causes first.
    fn changes(&self) -> Doing<'_, Vec<DeliveredChange>>;
    /// Writes an entry in a record for somebody on a page, by the same admission as any device's.
    fn author(
        &self,
        user: UserId,
        record: DocumentId,
        body: Body,
        seed: u64,
        now: Timestamp,
    ) -> Doing<'_, ()>;
    /// Takes everything out that a record says, or all of its patient's documents, here and on every device. Returns how
    /// many documents that were.
    fn erase(
        &self,
        record: DocumentId,
        whole_patient: bool,
        user: UserId,
        why: String,
        now: Timestamp,
    ) -> Doing<'_, usize>;
    /// What lies in quarantine for a person to decide, the oldest first.
    fn quarantine(&self, now: Timestamp) -> Doing<'_, Aside>;
    /// A person decides about a change in quarantine. Released with what it stands on, its entries are written anew by the
    /// server's own device.
    fn decide(
        &self,
        user: UserId,
        hash: ChangeHash,
        decision: Decision,
        seed: u64,
        now: Timestamp,
    ) -> Doing<'_, ()>;
    /// Saves a password's hash.
    fn save_account(&self, user: UserId, password_hash: String) -> Doing<'_, ()>;
    /// A password's hash.
    fn account(&self, user: UserId) -> Doing<'_, Option<String>>;
    /// Was it taken out of service?
    fn is_revoked(&self, device: DeviceId) -> Doing<'_, bool>;
    /// Begins a visit, if what she proved herself with is still her password's hash. Says whether it did.
    fn begin_session(
        &self,
        token_hash: [u8; 32],
        session: SessionRow,
        proved_by: String,
    ) -> Doing<'_, bool>;
    /// Notes that somebody was there. Says whether the visit still lasts: one that has ended is not begun again.
    fn touch_session(&self, token_hash: [u8; 32], now: Timestamp) -> Doing<'_, bool>;
    /// Opens a record for the rest of a visit; why is in the audit log with it. Says whether the visit still lasts.
    fn open_record(
        &self,
        token_hash: [u8; 32],
        record: DocumentId,
        why: String,
        now: Timestamp,
    ) -> Doing<'_, bool>;
    /// A visit.
    fn session(&self, token_hash: [u8; 32]) -> Doing<'_, Option<SessionRow>>;
    /// Ends a visit.
    fn end_session(&self, token_hash: [u8; 32]) -> Doing<'_, ()>;
    /// Writes into the audit log: who, what, which record, why.
    fn audit(
        &self,
        at: Timestamp,
        user: UserId,
        what: &'static str,
        record: Option<DocumentId>,
        why: String,
    ) -> Doing<'_, ()>;
    /// The head of the log.
    fn head(&self) -> Doing<'_, u64>;
    /// Takes a newer key from the key file; tells its number if there is one.
    fn look_at_keys(&self) -> Doing<'_, Option<u16>>;
    /// One more part of a check of everything: short, and in nobody's way.
    fn check(&self, so_far: Check, now: Timestamp) -> Doing<'_, Check>;
}
