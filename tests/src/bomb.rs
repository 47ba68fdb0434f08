//! Bombs: bytes that are few and say much. Knows nothing of what they are thrown at.

use sha2::{Digest, Sha256};
use std::io::Write;

/// Automerge's columns of operations on the root map, by what they say and how: id << 4 | type.
mod column {
    pub const KEY: u8 = 0x15;
    pub const INSERT: u8 = 0x34;
    pub const ACTION: u8 = 0x42;
    pub const VALUE_KIND: u8 = 0x56;
    pub const PREDECESSORS: u8 = 0x70;
}

/// A change as Automerge reads it, whole and with the right checksum, that puts nothing under one key so many times (at
/// least twice). Each column is one run: a trillion operations take as few bytes as two.
pub fn run_length(times: u64) -> Vec<u8> {
    let run = |value: &[u8]| [run_of(times), value.to_vec()].concat();
    let columns = [
        (column::KEY, run(&[1, b'k'])),
        // So often: no.
        (column::INSERT, unsigned(times)),
        (column::ACTION, run(&[1])),
        (column::VALUE_KIND, run(&[0])),
        (column::PREDECESSORS, run(&[0])),
    ];
    // It stands on nothing; its actor; its count and its first operation; no time, no message, no other actor.
    let mut body = [&[0, 16][..], &[7; 16], &[1, 1, 0, 0, 0]].concat();
    body.extend(unsigned(columns.len() as u64));
    for (what, bytes) in &columns {
        body.push(*what);
        body.extend(unsigned(bytes.len() as u64));
    }
    body.extend(columns.iter().flat_map(|(_, bytes)| bytes));
    let hashed = [vec![1], unsigned(body.len() as u64), body].concat();
    let hash = Sha256::digest(&hashed);
    [&[0x85, 0x6f, 0x4a, 0x83], &hash[..4], &hashed].concat()
}

/// Zeros, packed: so many megabytes, by a window of so many bits.
pub fn zeros(megabytes: usize, window: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(vec![1_u8], 3).expect("an encoder");
    encoder.window_log(window).expect("a window");
    let block = vec![0_u8; 1024 * 1024];
    for _ in 0..megabytes {
        encoder.write_all(&block).expect("written");
    }
    encoder.finish().expect("packed")
}

fn unsigned(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128::write::unsigned(&mut bytes, value).expect("memory");
    bytes
}

/// The head of a run: how often one value comes.
fn run_of(times: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128::write::signed(&mut bytes, times.cast_signed()).expect("memory");
    bytes
}
