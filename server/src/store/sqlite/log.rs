//! The organisation's log: everything that a client is ever told is a row, and every row extends a chain of hashes. The
//! counter row is written last, so that a reader who sees a head sees everything below it.

use super::{StoreError, Verb, int, sound};
use minicbor::{Decode, Encode};
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};
use std::cell::Cell;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId, UserId};
use warmhand_core::wire::Token;

/// A row of the log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum Row {
    /// A change was accepted.
    #[n(0)]
    Change(
        #[n(0)] DocumentId,
        #[n(1)] ChangeHash,
        #[n(2)] DeviceId,
        #[n(3)] UserId,
        #[n(4)] i64,
        #[n(5)] i64,
    ),
    /// A change was put in quarantine.
    #[n(1)]
    Quarantined(#[n(0)] DocumentId, #[n(1)] ChangeHash, #[n(2)] u8),
    /// A new version of the sheet is in force.
    #[n(2)]
    Sheet(
        #[n(0)] u64,
        #[cbor(n(1), with = "minicbor::bytes")] [u8; 32],
    ),
    /// A device was enrolled.
    #[n(3)]
    DeviceEnrolled(#[n(0)] DeviceId),
    /// A person may work on a device.
    #[n(4)]
    PersonOn(#[n(0)] DeviceId, #[n(1)] UserId),
    /// A device was taken out of service.
    #[n(5)]
    Revoked(#[n(0)] DeviceId),
    /// A patient's records may be seen through this.
    #[n(6)]
    ScopeOn(#[n(0)] PatientId, #[n(1)] String, #[n(2)] String),
    /// No longer.
    #[n(7)]
    ScopeOff(#[n(0)] PatientId, #[n(1)] String, #[n(2)] String),
    /// A person decided about a change in quarantine.
    #[n(8)]
    Decided(
        #[n(0)] DocumentId,
        #[n(1)] ChangeHash,
        #[n(2)] u8,
        #[n(3)] UserId,
    ),
    /// A person may no longer work on a device.
    #[n(9)]
    PersonOff(#[n(0)] DeviceId, #[n(1)] UserId),
    /// A device is in service again.
    #[n(10)]
    Reinstated(#[n(0)] DeviceId),
    /// A device said, then, that it holds nothing any more.
    #[n(11)]
    Wiped(#[n(0)] DeviceId, #[n(1)] i64),
    /// Somebody ordered that nothing of a document be left.
    #[n(12)]
    Erased(#[n(0)] DocumentId),
    /// Who sees what was computed anew: what came of it is told from here on.
    #[n(13)]
    Rebuilt,
}

impl Row {
    fn kind(&self) -> &'static str {
        match self {
            Self::Change(..) => "change",
            Self::Quarantined(..) => "quarantined",
            Self::Sheet(..) => "sheet",
            Self::DeviceEnrolled(_) => "device_enrolled",
            Self::PersonOn(..) => "person_on",
            Self::Revoked(_) => "revoked",
            Self::ScopeOn(..) => "scope_on",
            Self::ScopeOff(..) => "scope_off",
            Self::Decided(..) => "decided",
            Self::PersonOff(..) => "person_off",
            Self::Reinstated(_) => "reinstated",
            Self::Wiped(..) => "wiped",
            Self::Erased(_) => "erased",
            Self::Rebuilt => "rebuilt",
        }
    }
}

/// `chain_n`: the chain before, the row's number, the hash of its whole content. CBOR says the length of every field.
pub(super) fn chain(before: &[u8; 32], seq: u64, content: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(seq.to_be_bytes());
    hash.update(Sha256::digest(content));
    hash.finalize().into()
}

/// The head as one transaction has it: read once, and its row is written last.
#[derive(Clone, Default)]
pub(super) struct Head {
    token: Cell<Option<Token>>,
    is_moved: Cell<bool>,
}

impl Head {
    /// Nothing was added since.
    pub fn put_back(&self, before: &Self) {
        self.token.set(before.token.get());
        self.is_moved.set(before.is_moved.get());
    }
}

impl Verb<'_> {
    pub(super) fn begin_log(&self, epoch: [u8; 16]) -> Result<(), StoreError> {
        self.change(
            "insert into head (id, epoch, seq, chain) values (1, ?1, 0, ?2)",
            params![&epoch[..], &[0_u8; 32][..]],
        )?;
        Ok(())
    }

    /// The head of the log, as a position.
    pub(super) fn head(&self) -> Result<Token, StoreError> {
        if let Some(head) = self.head.token.get() {
            return Ok(head);
        }
        let (epoch, seq, chain): (Vec<u8>, i64, Vec<u8>) = self
            .db
            .prepare_cached("select epoch, seq, chain from head")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let head = Token {
            epoch: sound(epoch.try_into().ok())?,
            seq: seq.unsigned_abs(),
            chain: sound(chain.try_into().ok())?,
        };
        self.head.token.set(Some(head));
        Ok(head)
    }

    /// Adds a row; the head is after it from here on for this transaction, and for everybody with its end.
    pub(super) fn append(&self, row: &Row) -> Result<u64, StoreError> {
        let head = self.head()?;
        let seq = head.seq + 1;
        let content = minicbor::to_vec(row).map_err(|_| StoreError::Unreadable)?;
        let chain = chain(&head.chain, seq, &content);
        self.change(
            "insert into log (seq, kind, content, chain) values (?1, ?2, ?3, ?4)",
            params![int(seq)?, row.kind(), content, &chain[..]],
        )?;
        self.head.token.set(Some(Token { seq, chain, ..head }));
        self.head.is_moved.set(true);
        Ok(seq)
    }

    /// Writes the counter row, last of everything that this transaction changes.
    pub(super) fn end_log(&self) -> Result<(), StoreError> {
        if self.head.is_moved.get() {
            let head = self.head()?;
            self.change(
                "update head set seq = ?1, chain = ?2",
                params![int(head.seq)?, &head.chain[..]],
            )?;
        }
        Ok(())
    }

    /// The position of a row.
    pub(super) fn token(&self, seq: u64) -> Result<Token, StoreError> {
        let head = self.head()?;
        if seq == 0 {
            return Ok(Token {
                seq: 0,
                chain: [0; 32],
                ..head
            });
        }
        let chain: Vec<u8> = self
            .db
            .prepare_cached("select chain from log where seq = ?1")?
            .query_row([int(seq)?], |row| row.get(0))?;
        Ok(Token {
            epoch: head.epoch,
            seq,
            chain: sound(chain.try_into().ok())?,
        })
    }

    /// Is this a position of this very log?
    pub(super) fn matches(&self, token: &Token) -> Result<bool, StoreError> {
        let head = self.head()?;
        if token.epoch != head.epoch || token.seq > head.seq {
            return Ok(false);
        }
        if token.seq == 0 {
            return Ok(true);
        }
        let chain: Option<Vec<u8>> = self
            .db
            .prepare_cached("select chain from log where seq = ?1")?
            .query_row([int(token.seq)?], |row| row.get(0))
            .optional()?;
        Ok(chain.is_some_and(|chain| chain == token.chain))
    }
}
