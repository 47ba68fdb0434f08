//! The log, by what the protocol says of it and by no code of the server's: a row is a CBOR array of the number of its
//! kind and its fields, and extends a chain, `SHA-256(the chain before | the row's number | SHA-256(the row's bytes))`.

use super::all;
use minicbor::Decoder;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, DocumentId, UserId};

/// What a row says, as far as who sees what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A change was accepted in a document.
    Change(DocumentId, ChangeHash),
    /// A version of the sheet came into force; the hash of its text.
    Sheet(u64, Vec<u8>),
    /// Somebody may work on a device.
    PersonOn(DeviceId, UserId),
    /// No longer.
    PersonOff(DeviceId, UserId),
    /// A device is out of service.
    Revoked(DeviceId),
    /// It is in service again.
    Reinstated(DeviceId),
    /// Nothing is left of a document.
    Erased(DocumentId),
    /// Something else.
    Else,
}

impl Told {
    fn read(content: &[u8]) -> Result<Self, minicbor::decode::Error> {
        let mut row = Decoder::new(content);
        row.array()?;
        let kind = row.u32()?;
        row.array()?;
        Ok(match kind {
            0 => Self::Change(row.decode()?, row.decode()?),
            2 => Self::Sheet(row.u64()?, row.bytes()?.to_vec()),
            4 => Self::PersonOn(row.decode()?, row.decode()?),
            5 => Self::Revoked(row.decode()?),
            9 => Self::PersonOff(row.decode()?, row.decode()?),
            10 => Self::Reinstated(row.decode()?),
            12 => Self::Erased(row.decode()?),
            _ => Self::Else,
        })
    }
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Its number.
    pub seq: u64,
    /// What it says.
    pub told: Told,
    /// The chain up to it, computed here.
    pub chain: [u8; 32],
    /// It follows the row before it, and says the same of the chain.
    pub holds: bool,
}

/// The rows after one, up to which the chain is this.
pub fn log_after(db: &Connection, seq: u64, chain: [u8; 32]) -> Vec<LogRow> {
    let sql = "select seq, content, chain from log where seq > ?1 order by seq";
    let (mut last, mut link) = (seq, chain);
    let seq = i64::try_from(seq).expect("a row");
    all(db, sql, [seq], |row| {
        let (seq, content, said): (i64, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let seq = seq.unsigned_abs();
        let mut hash = Sha256::new();
        hash.update(link);
        hash.update(seq.to_be_bytes());
        hash.update(Sha256::digest(&content));
        link = hash.finalize().into();
        let holds = seq == last + 1 && said == link;
        last = seq;
        Ok(LogRow {
            seq,
            told: Told::read(&content).expect("a row"),
            chain: link,
            holds,
        })
    })
}
