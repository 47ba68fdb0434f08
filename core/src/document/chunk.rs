//! A change as Automerge writes it, byte for byte: the chunk of its [binary format], of the one shape that changes have
//! here. To build it by Automerge's own builder costs four times as much, and a first sync builds thousands; that the
//! two write the same is tested with every shape that the bounds allow.
//!
//! [binary format]: https://automerge.org/automerge-binary-format-spec/

use super::change::{Change, ChangeHash, GENESIS_ACTOR, Put};
use sha2::{Digest, Sha256};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHECKSUM: usize = 4;
/// What stands before the body is at most this long.
const HEAD: usize = 16;
/// The kind of chunk that is a change.
const CHANGE: u8 = 1;
/// Columns that are never empty, by what they say and how: id << 4 | type.
mod column {
    pub const OBJECT_ACTOR: u64 = 0x01;
    pub const OBJECT_COUNTER: u64 = 0x02;
    pub const KEY: u64 = 0x15;
    pub const INSERT: u64 = 0x34;
    pub const ACTION: u64 = 0x42;
    pub const VALUE_KIND: u64 = 0x56;
    pub const VALUE: u64 = 0x57;
    pub const PREDECESSORS: u64 = 0x70;
}
/// The action: put.
const PUT: u8 = 1;
/// The kind of a value that is a string, beside its length << 4.
const STRING: u64 = 6;
/// The operation of the genesis change that made the map of entries.
const ENTRIES: u8 = 1;
/// Minus one: one value follows.
const ONE_WRITTEN_OUT: u8 = 0x7f;
/// An id as text.
const ID: usize = 36;

/// The hash and the bytes of a change that is within its bounds.
pub(super) fn chunk(change: &Change) -> (ChangeHash, Vec<u8>) {
    let body = body(change);
    let mut bytes = Vec::with_capacity(HEAD + body.len());
    bytes.extend(MAGIC);
    // Room for the checksum.
    bytes.extend([0; CHECKSUM]);
    bytes.push(CHANGE);
    unsigned(&mut bytes, body.len() as u64);
    bytes.extend(body);
    let hashed = bytes.get(MAGIC.len() + CHECKSUM..).unwrap_or_default();
    let hash: [u8; 32] = Sha256::digest(hashed).into();
    let checksum = bytes.iter_mut().skip(MAGIC.len()).take(CHECKSUM);
    checksum.zip(hash).for_each(|(room, byte)| *room = byte);
    (ChangeHash(hash), bytes)
}

fn body(change: &Change) -> Vec<u8> {
    let (texts, heads) = (change.text_bytes(), 32 * change.deps.len());
    let mut body = Vec::with_capacity(texts + heads + 48 * change.puts.len() + 96);
    unsigned(&mut body, change.deps.len() as u64);
    let mut deps: Vec<_> = change.deps.iter().collect();
    deps.sort_unstable();
    for dep in deps {
        body.extend(dep.0);
    }
    prefixed(&mut body, &change.actor.0);
    unsigned(&mut body, change.seq);
    unsigned(&mut body, change.start_op);
    // No time, and no message.
    body.extend([0, 0]);
    // The author is the first of the actors, the one that made the map of entries the second.
    let is_genesis = change.actor.0 == GENESIS_ACTOR;
    if is_genesis {
        body.push(0);
    } else {
        body.push(1);
        prefixed(&mut body, &GENESIS_ACTOR);
    }
    columns(&mut body, change, u8::from(!is_genesis));
    body
}

fn columns(body: &mut Vec<u8>, change: &Change, maker: u8) {
    let count = u8::try_from(change.puts.len()).unwrap_or(u8::MAX);
    let kinds = runs(change.puts.iter().map(kind));
    let same = so_often(count, 0).len();
    let columns = [
        (column::OBJECT_ACTOR, same),
        (column::OBJECT_COUNTER, same),
        // No key is there twice: they are written out.
        (column::KEY, 1 + (1 + ID) * change.puts.len()),
        (column::INSERT, 1),
        (column::ACTION, same),
        (column::VALUE_KIND, kinds.len()),
        (column::VALUE, change.text_bytes()),
        (column::PREDECESSORS, same),
    ];
    let filled = || columns.iter().filter(|(_, length)| *length > 0);
    unsigned(body, filled().count() as u64);
    for (what, length) in filled() {
        unsigned(body, *what);
        unsigned(body, *length as u64);
    }
    body.extend(so_often(count, maker));
    body.extend(so_often(count, ENTRIES));
    signed(body, -i64::from(count));
    for put in &change.puts {
        let mut text = [0; ID];
        let id = put.id.0.hyphenated().encode_lower(&mut text);
        prefixed(body, id.as_bytes());
    }
    // So often: no.
    body.push(count);
    body.extend(so_often(count, PUT));
    body.extend(kinds);
    for put in &change.puts {
        body.extend(put.text.as_bytes());
    }
    body.extend(so_often(count, 0));
}

fn kind(put: &Put) -> u64 {
    (put.text.len() as u64) << 4 | STRING
}

/// A small number, as often as a change may have entries: of one, that one comes, and which.
fn so_often(count: u8, value: u8) -> [u8; 2] {
    match count {
        1 => [ONE_WRITTEN_OUT, value],
        _ => [count, value],
    }
}

/// Numbers by runs: the count and the value where one comes again at once, otherwise minus the count and the values.
fn runs(values: impl Iterator<Item = u64>) -> Vec<u8> {
    let values: Vec<u64> = values.collect();
    let mut written = Vec::with_capacity(4 * values.len() + 2);
    let mut single: Vec<u64> = Vec::new();
    for run in values.chunk_by(|one, next| one == next) {
        if let [one] = run {
            single.push(*one);
            continue;
        }
        literally(&mut written, &mut single);
        signed(&mut written, signed_count(run.len()));
        run.iter()
            .take(1)
            .for_each(|one| unsigned(&mut written, *one));
    }
    literally(&mut written, &mut single);
    written
}

fn literally(written: &mut Vec<u8>, single: &mut Vec<u64>) {
    if !single.is_empty() {
        signed(written, -signed_count(single.len()));
        single.drain(..).for_each(|one| unsigned(written, one));
    }
}

fn signed_count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn prefixed(bytes: &mut Vec<u8>, content: &[u8]) {
    unsigned(bytes, content.len() as u64);
    bytes.extend(content);
}

fn unsigned(bytes: &mut Vec<u8>, value: u64) {
    // To memory nothing fails.
    let _ = leb128::write::unsigned(bytes, value);
}

fn signed(bytes: &mut Vec<u8>, value: i64) {
    let _ = leb128::write::signed(bytes, value);
}

#[cfg(test)]
mod tests {
    use super::super::change::{Actor, built};
    use super::*;
    use crate::domain::id::{DeviceId, DocumentId, EntryId, UserId};
    use proptest::collection::{btree_map, btree_set, vec};
    use proptest::prelude::*;
    use uuid::Uuid;

    /// Few lengths, so that some come again; long ones for every count of bytes that a length takes.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => ".{0,3}",
            2 => ".{40,60}",
            1 => (0..70_000_usize).prop_map(|length| "x".repeat(length)),
        ]
    }

    prop_compose! {
        fn any_change()(
            puts in btree_map(any::<u128>(), text(), 1..=16),
            deps in btree_set(any::<[u8; 32]>(), 1..=64),
            reversed in any::<bool>(),
            actor in prop_oneof![9 => any::<[u8; 16]>(), 1 => Just(GENESIS_ACTOR)],
            seq in prop_oneof![1..300_u64, 1..1_u64 << 40],
            start_op in prop_oneof![1..300_u64, 1..1_u64 << 40],
        ) -> Change {
            let mut deps: Vec<_> = deps.into_iter().map(ChangeHash).collect();
            if reversed {
                deps.reverse();
            }
            let put = |(id, text)| Put { id: EntryId(Uuid::from_u128(id)), text };
            Change {
                doc: DocumentId(Uuid::nil()),
                actor: Actor(actor),
                seq,
                start_op,
                deps,
                nonce: None,
                device: DeviceId(Uuid::nil()),
                user: UserId::from("n1"),
                puts: puts.into_iter().map(put).collect(),
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_what_automerge_writes(change in any_change()) {
            prop_assert_eq!(chunk(&change), built(&change));
        }

        #[test]
        fn runs_are_those_of_automerge(lengths in vec(0..3_usize, 1..=16)) {
            let put = |(id, length): (u128, usize)| Put {
                id: EntryId(Uuid::from_u128(id)),
                text: "x".repeat(length),
            };
            let change = Change {
                doc: DocumentId(Uuid::nil()),
                actor: Actor([7; 16]),
                seq: 1,
                start_op: 2,
                deps: vec![ChangeHash([9; 32])],
                nonce: None,
                device: DeviceId(Uuid::nil()),
                user: UserId::from("n1"),
                puts: (0..).zip(lengths).map(put).collect(),
            };
            prop_assert_eq!(chunk(&change), built(&change));
        }
    }
}
