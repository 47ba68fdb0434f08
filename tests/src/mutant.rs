//! Real bytes, made wrong: a seed with a few things done to it that decoders stumble over. The same random source makes
//! the same mutant.

use rand::seq::IndexedRandom;
use rand::{Rng, RngCore};

/// Heads of CBOR that promise much, tokens of JSON and TOML out of place, and what no text holds.
const PIECES: [&[u8]; 22] = [
    &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x5b, 0, 0, 0, 1, 0, 0, 0, 0],
    &[0x7a, 0xff, 0xff, 0xff, 0xff],
    &[0x9f],
    &[0xbf],
    &[0x5f],
    &[0x7f],
    &[0xff],
    &[0xf6],
    &[0xc1],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
    b"[[[[[[[[",
    b"{\"\":",
    b"\"",
    b"-1e999",
    b"99999999999999999999",
    b"\\ud800",
    b"\r\n\0",
    b"-009999-12-31T23:59:60.999999999-25:00[Nowhere/Land]",
];

/// One of these seeds, made wrong in one to five places.
pub fn mutant(seeds: &[Vec<u8>], rng: &mut dyn RngCore) -> Vec<u8> {
    let mut bytes = seeds.choose(rng).cloned().unwrap_or_default();
    for _ in 0..rng.random_range(1..=5) {
        once(&mut bytes, seeds, rng);
    }
    bytes
}

fn span(length: usize, rng: &mut dyn RngCore) -> std::ops::Range<usize> {
    let from = rng.random_range(0..=length);
    from..(from + rng.random_range(0..=32)).min(length)
}

fn once(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], rng: &mut dyn RngCore) {
    let at = rng.random_range(0..=bytes.len());
    match rng.random_range(0..9) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << rng.random_range(0..8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = rng.random();
            }
        }
        2 => {
            // A number's last byte, one up or down.
            if let Some(byte) = bytes.get_mut(at) {
                *byte = byte.wrapping_add(if rng.random() { 1 } else { 255 });
            }
        }
        3 => drop(bytes.drain(span(bytes.len(), rng))),
        4 => {
            let again = bytes[span(bytes.len(), rng)].to_vec();
            bytes.splice(at..at, again);
        }
        5 => {
            let piece = PIECES.choose(rng).copied().unwrap_or_default();
            bytes.splice(at..at, piece.iter().copied());
        }
        6 => {
            let piece = PIECES.choose(rng).copied().unwrap_or_default();
            let to = (at + piece.len()).min(bytes.len());
            bytes.splice(at..to, piece.iter().copied());
        }
        7 => {
            let other = seeds.choose(rng).cloned().unwrap_or_default();
            let part = other[span(other.len(), rng)].to_vec();
            bytes.splice(at..at, part);
        }
        _ => bytes.truncate(at),
    }
}
