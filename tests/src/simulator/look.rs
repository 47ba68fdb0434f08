//! What a database says, read from its committed state through a connection of its own: the oracles believe no method
//! of the product about what it holds.

mod device;
mod log;

pub use device::{DeviceLook, HeldChange};
pub use log::{Told, log_after};

use rusqlite::{Connection, OpenFlags, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use warmhand_core::document::{Change, ChangeHash, Put, kept};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, UserId};
use warmhand_core::wire::{SealedBox, Token};

/// Opens the database beside the process that has it open.
pub fn open(path: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).expect("the database opens");
    db.set_prepared_statement_cache_capacity(64);
    db
}

fn hash(row: &Row<'_>, at: usize) -> rusqlite::Result<ChangeHash> {
    Ok(ChangeHash::from_bytes(&row.get::<_, Vec<u8>>(at)?).expect("a hash"))
}

fn doc(row: &Row<'_>, at: usize) -> rusqlite::Result<DocumentId> {
    Ok(DocumentId::from_bytes(&row.get::<_, Vec<u8>>(at)?).expect("a document"))
}

fn change(row: &Row<'_>, at: usize) -> rusqlite::Result<Change> {
    Ok(minicbor::decode(&row.get::<_, Vec<u8>>(at)?).expect("a change"))
}

/// A receipt that no key has signed.
pub const VOID: [u8; 10] = [0; 10];

/// A change of which the bytes are kept, too.
fn kept_change(row: &Row<'_>, fields: usize, bytes: usize) -> rusqlite::Result<Change> {
    let (fields, bytes): (Vec<u8>, Vec<u8>) = (row.get(fields)?, row.get(bytes)?);
    Ok(kept(&fields, &bytes).expect("a change"))
}

fn entries(puts: Vec<Put>) -> Vec<(EntryId, String)> {
    puts.into_iter().map(|put| (put.id, put.text)).collect()
}

fn all<T>(
    db: &Connection,
    sql: &str,
    args: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let mut statement = db.prepare_cached(sql).expect("a statement");
    statement
        .query_map(args, read)
        .and_then(Iterator::collect)
        .expect("rows")
}

/// Closed boxes, on a device or at the server.
pub fn boxes(db: &Connection) -> Vec<SealedBox> {
    all(db, "select box from sealed_box", [], |row| {
        row.get(0).map(SealedBox)
    })
}

/// Does the server know that this device is out of service and holds nothing?
pub fn is_known_as_wiped(db: &Connection, device: DeviceId) -> bool {
    let sql =
        "select 1 from device where id = ?1 and revoked_at is not null and wiped_at is not null";
    !all(db, sql, [&device.as_bytes()[..]], |_| Ok(())).is_empty()
}

/// An accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedChange {
    /// Its row.
    pub seq: u64,
    /// Of which document.
    pub doc: DocumentId,
    /// In whose name: device.
    pub device: DeviceId,
    /// In whose name: person.
    pub user: UserId,
    /// Its entries.
    pub entries: Vec<(EntryId, String)>,
}

/// The accepted changes after a row of the log.
pub fn accepted_after(db: &Connection, seq: u64) -> Vec<(ChangeHash, AcceptedChange)> {
    let seq = i64::try_from(seq).expect("a row");
    let sql = "select hash, seq, fields, bytes from change where seq > ?1 order by seq";
    all(db, sql, [seq], |row| {
        let change = kept_change(row, 2, 3)?;
        let accepted = AcceptedChange {
            seq: row.get::<_, i64>(1)?.unsigned_abs(),
            doc: change.doc,
            device: change.device,
            user: change.user,
            entries: entries(change.puts),
        };
        Ok((hash(row, 0)?, accepted))
    })
}

/// A change that lies, or lay, in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lying {
    /// Its fields.
    pub change: Change,
    /// Why, as the wire numbers it.
    pub reason: i64,
    /// A person has decided about it.
    pub is_decided: bool,
}

/// What lies in quarantine.
pub fn quarantine(db: &Connection) -> BTreeMap<ChangeHash, Lying> {
    let sql = "select hash, fields, reason, decision is not null from quarantine";
    let rows = all(db, sql, [], |row| {
        let lying = Lying {
            change: change(row, 1)?,
            reason: row.get(2)?,
            is_decided: row.get(3)?,
        };
        Ok((hash(row, 0)?, lying))
    });
    rows.into_iter().collect()
}

/// The server's own device.
pub fn own_device(db: &Connection) -> DeviceId {
    let sql = "select id from device where kind = 'web'";
    let ids: Vec<Vec<u8>> = all(db, sql, [], |row| row.get(0));
    DeviceId::from_bytes(&ids[0]).expect("a device")
}

/// Is this device out of service?
pub fn is_revoked(db: &Connection, device: DeviceId) -> bool {
    let sql = "select revoked_at is not null from device where id = ?1";
    let found: Vec<bool> = all(db, sql, [&device.as_bytes()[..]], |row| row.get(0));
    found == [true]
}

/// Is this device known at all?
pub fn is_entered(db: &Connection, device: DeviceId) -> bool {
    let sql = "select 1 from device where id = ?1";
    !all(db, sql, [&device.as_bytes()[..]], |_| Ok(())).is_empty()
}

/// Does this device wait for somebody to say whose it is?
pub fn is_unconfirmed(db: &Connection, device: DeviceId) -> bool {
    let sql = "select confirmed = 0 and revoked_at is null from device where id = ?1";
    let found: Vec<bool> = all(db, sql, [&device.as_bytes()[..]], |row| row.get(0));
    found == [true]
}

/// Documents of which nothing was to be left.
pub fn erased(db: &Connection) -> BTreeSet<DocumentId> {
    let all = all(db, "select doc from erased", [], |row| doc(row, 0));
    all.into_iter().collect()
}

/// What the database still says of a document, in rows.
pub fn rows_of(db: &Connection, doc: DocumentId) -> i64 {
    let sql = "select (select count(*) from change where doc = ?1)
        + (select count(*) from quarantine where doc = ?1) + (select count(*) from document where id = ?1)
        + (select count(*) from entry where change not in (select seq from change))";
    all(db, sql, [&doc.as_bytes()[..]], |row| row.get(0))[0]
}

/// The head, and how many rows there are.
pub fn head(db: &Connection) -> (Token, u64) {
    let sql = "select epoch, seq, chain, (select count(*) from log) from head";
    let rows = all(db, sql, [], |row| {
        let token = Token {
            epoch: row.get(0)?,
            seq: row.get::<_, i64>(1)?.unsigned_abs(),
            chain: row.get(2)?,
        };
        Ok((token, row.get::<_, i64>(3)?.unsigned_abs()))
    });
    rows[0]
}

/// The chain up to a row, as it is kept.
pub fn chain_at(db: &Connection, seq: u64) -> Option<Vec<u8>> {
    let seq = i64::try_from(seq).expect("a row");
    let sql = "select chain from log where seq = ?1";
    all(db, sql, [seq], |row| row.get(0)).pop()
}

/// Does the log have this position?
pub fn has_position(db: &Connection, token: &Token) -> bool {
    let is_there = || chain_at(db, token.seq).is_some_and(|chain| chain == token.chain);
    token.epoch == head(db).0.epoch && (token.seq == 0 || is_there())
}

/// The documents that a device may see now, as the server has it, with the row since when.
pub fn visible(db: &Connection, device: DeviceId) -> BTreeMap<DocumentId, u64> {
    let sql = "select doc, from_seq from visibility where device = ?1 and to_seq is null";
    let rows = all(db, sql, [&device.as_bytes()[..]], |row| {
        Ok((doc(row, 0)?, row.get::<_, i64>(1)?.unsigned_abs()))
    });
    rows.into_iter().collect()
}

/// What documents there are, as the server has it.
pub fn documents(db: &Connection) -> BTreeSet<DocumentId> {
    let all = all(db, "select id from document", [], |row| doc(row, 0));
    all.into_iter().collect()
}

/// The sheet in force.
pub fn sheet(db: &Connection) -> String {
    let sql = "select text from sheet order by version desc limit 1";
    all(db, sql, [], |row| row.get(0)).remove(0)
}

/// A version of the sheet.
pub fn sheet_of(db: &Connection, version: u64) -> String {
    let version = i64::try_from(version).expect("a version");
    let sql = "select text from sheet where version = ?1";
    all(db, sql, [version], |row| row.get(0)).remove(0)
}
