//! Every message and its fields. Times are milliseconds since 1970.

use crate::document::{Change, ChangeHash};
use crate::domain::id::{DeviceId, DocumentId, UserId};
use minicbor::{Decode, Encode};

/// The version of these messages and of the entries in them.
pub const SCHEMA: u16 = 1;

/// A position in the organisation's log: the server compares it with its own row. `seq` 0 is before the first row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Token {
    /// A new one after each restore that says so; never reused.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The row.
    #[n(1)]
    pub seq: u64,
    /// The chain up to it.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub chain: [u8; 32],
}

/// How far a device has applied the log; within the next row, up to which document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    /// Applied up to here.
    #[n(0)]
    pub token: Token,
    /// The last document delivered of the row after it.
    #[n(1)]
    pub after: Option<DocumentId>,
}

/// What every request carries.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// A random number, echoed by the answer; an answer with another number is dropped whole.
    #[n(0)]
    pub number: u64,
    /// The build of the software.
    #[n(1)]
    pub build: String,
    /// [`SCHEMA`] of the device.
    #[n(2)]
    pub schema: u16,
    /// The device's clock.
    #[n(3)]
    pub client_now: i64,
    /// The version of the sheet it holds; 0 for none.
    #[n(4)]
    pub sheet_version: u64,
    /// Applied up to here.
    #[n(5)]
    pub cursor: Cursor,
    /// The highest head ever told.
    #[n(6)]
    pub high: Token,
}

/// How the device is: no patient data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct DeviceState {
    /// Changes not yet on the server.
    #[n(0)]
    pub unsent: u32,
    /// When the oldest of them was recorded.
    #[n(1)]
    pub oldest_unsent_at: Option<i64>,
    /// When the next thing of an unsent record falls due.
    #[n(2)]
    pub next_due_at: Option<i64>,
    /// The clock's offset at the last sync: device minus server.
    #[n(3)]
    pub offset_ms: Option<i64>,
    /// Free space.
    #[n(4)]
    pub free_bytes: Option<u64>,
}

/// Push, verify, pull: the one round trip.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SyncRequest {
    /// Who and where.
    #[n(0)]
    pub hello: Hello,
    /// How the device is; stored even if the push fails.
    #[n(1)]
    pub state: DeviceState,
    /// Changes, in causal order within a document.
    #[n(2)]
    pub push: Vec<PushedDocument>,
    /// A page of at most this many bytes of entry text.
    #[n(3)]
    pub page_bytes: u32,
}

/// The changes of one document that the device pushes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PushedDocument {
    /// The document.
    #[n(0)]
    pub doc: DocumentId,
    /// In causal order.
    #[n(1)]
    pub changes: Vec<PushedChange>,
}

/// A pushed change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PushedChange {
    /// The fields.
    #[n(0)]
    pub change: Change,
    /// The hash that they must give.
    #[n(1)]
    pub hash: ChangeHash,
    /// The server's own word that it once had this change.
    #[n(2)]
    pub receipt: Option<Receipt>,
    /// What it stands on can no longer be supplied by this device.
    #[n(3)]
    pub orphan: bool,
}

/// The server's word for an accepted change: input of `read`, proof when the server has lost it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// When the server had it.
    #[n(0)]
    pub received_at: i64,
    /// The author's clock at that sync: device minus server.
    #[n(1)]
    pub offset_ms: i64,
    /// Which key signed.
    #[n(2)]
    pub key: u16,
    /// The first 16 bytes of an HMAC over organisation, document, hash, device, user, times.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub mac: [u8; 16],
}

/// What the server says of one pushed change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ack {
    /// Which.
    #[n(0)]
    pub hash: ChangeHash,
    /// How it stands with it now.
    #[n(1)]
    pub state: AckState,
}

/// How it stands with a change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AckState {
    /// On the server, committed.
    #[n(0)]
    Accepted(#[n(0)] Receipt),
    /// Its entries are on the server in another change.
    #[n(1)]
    AcceptedAs(#[n(0)] ChangeHash, #[n(1)] Receipt),
    /// Kept at the server, not applied; a person decides.
    #[n(2)]
    Quarantined(#[n(0)] QuarantineReason),
    /// Send these first: the server has never seen them.
    #[n(3)]
    MissingDeps(#[n(0)] Vec<ChangeHash>),
    /// Not kept by the server; the device keeps and shows it.
    #[n(4)]
    Rejected(#[n(0)] RejectReason),
}

/// Why a well-formed change is not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum QuarantineReason {
    /// Who wrote it may not see this document.
    #[n(0)]
    Access,
    /// Who wrote it may not do this in her role.
    #[n(1)]
    Role,
    /// The rule of the event does not hold in what she had seen.
    #[n(2)]
    Guard,
    /// It stands on a change in quarantine.
    #[n(3)]
    StandsOn,
    /// The actor's count forks or has a gap, or the actor is another device's: written anew by its device.
    #[n(4)]
    Reauthor,
    /// The device or the person was revoked.
    #[n(5)]
    Revoked,
    /// Relayed without a receipt, or without what it stands on.
    #[n(6)]
    Recovered,
    /// An entry id is used already for another text.
    #[n(7)]
    EntryId,
}

/// Why a change is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RejectReason {
    /// Its fields, or an entry in it, do not read.
    #[n(0)]
    Malformed,
    /// The fields do not give the hash.
    #[n(1)]
    WrongHash,
    /// Over a limit.
    #[n(2)]
    TooBig,
    /// The document is full: go on in a new record.
    #[n(3)]
    Full,
}

/// The answer to a sync.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SyncAnswer {
    /// The number of the request.
    #[n(0)]
    pub number: u64,
    /// Whether the tokens match.
    #[n(1)]
    pub status: Status,
    /// The server's clock.
    #[n(2)]
    pub server_now: i64,
    /// One for every pushed change.
    #[n(3)]
    pub acks: Vec<Ack>,
    /// The page.
    #[n(4)]
    pub docs: Vec<DeliveredDocument>,
    /// The cursor that the page continues.
    #[n(5)]
    pub from: Cursor,
    /// The cursor after it.
    #[n(6)]
    pub cursor: Cursor,
    /// The head of the snapshot that this was computed in.
    #[n(7)]
    pub high: Token,
    /// There is another page.
    #[n(8)]
    pub more: bool,
    /// The sheet, when the device's version differs.
    #[n(9)]
    pub sheet: Option<Sheet>,
    /// Come back after this many milliseconds.
    #[n(10)]
    pub retry_after_ms: Option<u32>,
    /// Who may work on this device.
    #[n(11)]
    pub people: Vec<UserId>,
}

/// Whether the tokens match the server's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Status {
    /// They do.
    #[n(0)]
    Ok,
    /// They do not, nothing of the request was done: reconcile from this head. A normal answer, never an error.
    #[n(1)]
    Resync(#[n(0)] Token),
}

/// The organisation sheet with its version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sheet {
    /// From 1.
    #[n(0)]
    pub version: u64,
    /// The JSON.
    #[n(1)]
    pub text: String,
}

/// What a page says of one document.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeliveredDocument {
    /// The document.
    #[n(0)]
    pub doc: DocumentId,
    /// Its changes, or that it is to be forgotten.
    #[n(1)]
    pub content: Delivered,
}

/// Changes, or the word to forget.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Delivered {
    /// In causal order. `whole`: everything the server has of it.
    #[n(0)]
    Changes(#[n(0)] Vec<DeliveredChange>, #[n(1)] bool),
    /// No longer for this device.
    #[n(1)]
    Forget,
}

/// An accepted change with its receipt.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeliveredChange {
    /// The fields.
    #[n(0)]
    pub change: Change,
    /// The hash that they must give.
    #[n(1)]
    pub hash: ChangeHash,
    /// The server's word.
    #[n(2)]
    pub receipt: Receipt,
}

/// A one-time code for a place on the server.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EnrolRequest {
    /// Echoed.
    #[n(0)]
    pub number: u64,
    /// The code as typed or scanned.
    #[n(1)]
    pub code: String,
    /// The build of the software.
    #[n(2)]
    pub build: String,
    /// The device's clock.
    #[n(3)]
    pub client_now: i64,
}

/// What an enrolled device needs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EnrolAnswer {
    /// Echoed.
    #[n(0)]
    pub number: u64,
    /// Who it is.
    #[n(1)]
    pub device: DeviceId,
    /// Its credential, sent as `Authorization: Bearer`; stored hashed by the server.
    #[n(2)]
    pub token: String,
    /// The device's name.
    #[n(3)]
    pub name: String,
    /// One person's phone, or a shared tablet.
    #[n(4)]
    pub shared: bool,
    /// The head: the device starts at seq 0 and this `high`.
    #[n(5)]
    pub high: Token,
    /// The server's clock.
    #[n(6)]
    pub server_now: i64,
    /// The sheet.
    #[n(7)]
    pub sheet: Sheet,
    /// Who may work on it.
    #[n(8)]
    pub people: Vec<UserId>,
}

/// One round of a resync: what the device holds, as a flat list in parts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReconcileRequest {
    /// Tokens of the resync: cursor is the head given with the `resync` answer, high the highest told since.
    #[n(0)]
    pub hello: Hello,
    /// Hashes by document, own and others', accepted, quarantined and unsent.
    #[n(1)]
    pub offers: Vec<Offer>,
}

/// The hashes of one document that the device holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Offer {
    /// The document.
    #[n(0)]
    pub doc: DocumentId,
    /// What it holds of it.
    #[n(1)]
    pub hashes: Vec<ChangeHash>,
}

/// What the server knows of the offered hashes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReconcileAnswer {
    /// The number of the request.
    #[n(0)]
    pub number: u64,
    /// `Resync` starts it again.
    #[n(1)]
    pub status: Status,
    /// The server's clock.
    #[n(2)]
    pub server_now: i64,
    /// The state of each hash that the server has.
    #[n(3)]
    pub acks: Vec<Ack>,
    /// The hashes that it lacks.
    #[n(4)]
    pub need: Vec<ChangeHash>,
    /// The head of the snapshot that this was computed in.
    #[n(5)]
    pub high: Token,
}

/// How the device is, when there is nothing to sync or a sync failed half-way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Heartbeat {
    /// Who and where.
    #[n(0)]
    pub hello: Hello,
    /// How it is.
    #[n(1)]
    pub state: DeviceState,
}

/// The answer to a heartbeat: confirms nothing of the log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HeartbeatAnswer {
    /// The number of the request.
    #[n(0)]
    pub number: u64,
    /// The server's clock.
    #[n(1)]
    pub server_now: i64,
}
