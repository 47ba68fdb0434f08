//! A change as plain fields, its hash and its bytes. Refuses to know documents: causality is checked by whoever holds
//! them.

use crate::domain::id::{DeviceId, DocumentId, EntryId, UserId};
use automerge::legacy::{Key, ObjectId, Op, OpType};
use automerge::{ActorId, ExpandedChange, ObjType};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::fmt;
use std::num::NonZeroU64;
use std::sync::LazyLock;

/// The hash of a change: SHA-256 as Automerge computes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ChangeHash(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl ChangeHash {
    /// Reads a hash from its 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// Who writes in one document: one per device, user, document and nonce; never shared, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Actor(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl Actor {
    /// The first 16 bytes of SHA-256(device | user | document | nonce): nobody can take another device's actor.
    pub fn derive(device: DeviceId, user: &UserId, doc: DocumentId, nonce: &[u8; 16]) -> Self {
        let mut hash = Sha256::new();
        hash.update(device.as_bytes());
        hash.update([0]);
        hash.update(user.as_str().as_bytes());
        hash.update([0]);
        hash.update(doc.as_bytes());
        hash.update(nonce);
        let mut actor = [0; 16];
        actor.copy_from_slice(hash.finalize().get(..16).unwrap_or(&[0; 16]));
        Self(actor)
    }
}

/// One entry's text under its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Put {
    /// The key.
    #[n(0)]
    pub id: EntryId,
    /// The entry as JSON text, never rewritten.
    #[n(1)]
    pub text: String,
}

/// A change as fields: everything that its hash covers, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Change {
    /// The document.
    #[n(0)]
    pub doc: DocumentId,
    /// The actor.
    #[n(1)]
    pub actor: Actor,
    /// The actor's count of changes in this document, from 1.
    #[n(2)]
    pub seq: u64,
    /// One more than the highest operation of its past.
    #[n(3)]
    pub start_op: u64,
    /// The heads it stands on; the genesis change for a document's first.
    #[n(4)]
    pub deps: Vec<ChangeHash>,
    /// The nonce of the actor, with its first change.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub nonce: Option<[u8; 16]>,
    /// The device that wrote it.
    #[n(6)]
    pub device: DeviceId,
    /// The person who wrote it.
    #[n(7)]
    pub user: UserId,
    /// Its entries, in order.
    #[n(8)]
    pub puts: Vec<Put>,
}

/// Bounds on one change and one document.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries in a change.
    pub puts: usize,
    /// Heads that a change may stand on.
    pub deps: usize,
    /// Bytes of entry text in a change.
    pub text: usize,
    /// Bytes of entry text in a document; beyond it a new record is begun.
    pub document: usize,
    /// Beyond that, bytes kept free for what is said about safety, and for the end of a visit.
    pub safety: usize,
    /// No counter reaches this: room is left below what `SQLite` and JavaScript can hold.
    pub counter: u64,
}

/// The bounds in force.
pub const LIMITS: Limits = Limits {
    puts: 16,
    deps: 64,
    text: 64 * 1024,
    document: 256 * 1024,
    safety: 64 * 1024,
    counter: 1 << 40,
};

/// Why fields are no change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsound {
    /// No entry, or more than allowed, or two under one id.
    Puts,
    /// More heads than allowed, or one twice.
    Deps,
    /// More text than allowed.
    TooBig,
    /// A counter is zero or beyond its bound.
    Counter,
}

impl Change {
    /// Checks bounds, so that building the change costs little whatever the fields say.
    pub fn check(&self) -> Result<(), Unsound> {
        let distinct = |mut ids: Vec<&[u8]>| {
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            ids.len() == count
        };
        if self.puts.is_empty()
            || self.puts.len() > LIMITS.puts
            || !distinct(self.puts.iter().map(|p| &p.id.as_bytes()[..]).collect())
        {
            return Err(Unsound::Puts);
        }
        if self.deps.is_empty()
            || self.deps.len() > LIMITS.deps
            || !distinct(self.deps.iter().map(|d| &d.0[..]).collect())
        {
            return Err(Unsound::Deps);
        }
        if self.text_bytes() > LIMITS.text {
            return Err(Unsound::TooBig);
        }
        let counters = 1..LIMITS.counter;
        if !counters.contains(&self.seq)
            || !counters.contains(&self.start_op)
            || (self.seq == 1) != self.nonce.is_some()
        {
            return Err(Unsound::Counter);
        }
        Ok(())
    }

    /// Bytes of entry text.
    pub fn text_bytes(&self) -> usize {
        self.puts.iter().map(|put| put.text.len()).sum()
    }

    /// The highest operation of this change.
    pub fn last_op(&self) -> u64 {
        self.start_op + self.puts.len() as u64 - 1
    }

    /// Is the actor the one that its device, user, document and nonce make?
    pub fn actor_fits(&self) -> bool {
        self.nonce.is_none_or(|nonce| {
            Actor::derive(self.device, &self.user, self.doc, &nonce) == self.actor
        })
    }
}

pub(super) const GENESIS_ACTOR: [u8; 16] = *b"warmhand/schema1";

static GENESIS: LazyLock<(ChangeHash, Vec<u8>)> = LazyLock::new(|| {
    let op = Op {
        action: OpType::Make(ObjType::Map),
        obj: ObjectId::Root,
        key: Key::Map("entries".into()),
        pred: Vec::new().into(),
        insert: false,
    };
    build(&GENESIS_ACTOR, 1, NonZeroU64::MIN, &[], vec![op])
});

/// The hash of the constant change with which every document begins.
pub fn genesis_hash() -> ChangeHash {
    GENESIS.0
}

/// The bytes of the genesis change.
pub(super) fn genesis_bytes() -> &'static [u8] {
    &GENESIS.1
}

/// The change that these fields describe, by Automerge's own builder.
#[cfg(test)]
pub(super) fn built(change: &Change) -> (ChangeHash, Vec<u8>) {
    let start_op = NonZeroU64::new(change.start_op).unwrap();
    let entries = ObjectId::Id(automerge::legacy::OpId::new(
        1,
        &ActorId::from(&GENESIS_ACTOR[..]),
    ));
    let op = |put: &Put| Op {
        action: OpType::Put(automerge::ScalarValue::Str(put.text.as_str().into())),
        obj: entries.clone(),
        key: Key::Map(put.id.to_string().into()),
        pred: Vec::new().into(),
        insert: false,
    };
    let ops = change.puts.iter().map(op).collect();
    build(&change.actor.0, change.seq, start_op, &change.deps, ops)
}

fn build(
    actor: &[u8],
    seq: u64,
    start_op: NonZeroU64,
    deps: &[ChangeHash],
    operations: Vec<Op>,
) -> (ChangeHash, Vec<u8>) {
    let mut deps: Vec<_> = deps
        .iter()
        .map(|dep| automerge::ChangeHash(dep.0))
        .collect();
    deps.sort_unstable();
    let built = automerge::Change::from(ExpandedChange {
        operations,
        actor_id: ActorId::from(actor),
        hash: None,
        seq,
        start_op,
        time: 0,
        message: None,
        deps,
        extra_bytes: Vec::new(),
        author: None,
    });
    (ChangeHash(built.hash().0), built.raw_bytes().to_vec())
}
