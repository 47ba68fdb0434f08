//! Shapes for every decoder: small as bytes, and large or endless as what they say.

use uuid::Uuid;
use warmhand_core::domain::id::{DeviceId, EntryId};
use warmhand_core::wire::{MAX_MESSAGE, Packed, PackedActor, Texts};
use warmhand_tests::bomb::run_length;

/// A document with one text, in which one id is named over and over.
fn one_id(times: usize) -> Vec<u8> {
    let packed = Packed {
        actors: vec![PackedActor {
            nonce: [1; 16],
            device: DeviceId(Uuid::nil()),
            user: "n1".into(),
        }],
        by: vec![0],
        back: vec![vec![1]],
        puts: vec![1],
        texts: Texts {
            plain: vec![format!("\u{1}{}", "\u{2}".repeat(times))],
            ids: vec![7; 16],
        },
        ids: [(0, EntryId(Uuid::nil()))].into(),
        received: vec![0],
        offsets: vec![0],
        keys: vec![0],
        macs: vec![0; 10],
        heads: [0; 8],
    };
    minicbor::to_vec(packed).unwrap()
}

/// Shapes that are small as bytes and large, or endless, as what they say.
pub fn swollen() -> Vec<(&'static str, Vec<u8>)> {
    let framed = |cbor: Vec<u8>| [vec![0], cbor].concat();
    let many = |head: &[u8], each: u8| framed([head, &vec![each; 900_000]].concat());
    let packed = |plain: &[u8]| {
        let packed = zstd::bulk::compress(plain, 3).unwrap();
        [vec![1], packed].concat()
    };
    // A map with the key 11 (the people of an answer), and a list of empty names.
    let names = [
        &[0xac, 0x0b, 0x9a, 0, 0x0d, 0xbb, 0xa0][..],
        &vec![0x60; 900_000],
    ]
    .concat();
    vec![
        ("lists in lists", many(&[0x9f], 0x81)),
        ("lists without an end", many(&[0xa1, 0x02], 0x9f)),
        (
            "maps in maps under a key that nobody knows",
            many(&[0xa1, 0x18, 99], 0xa1),
        ),
        ("tags", many(&[0xa1, 0x02], 0xc1)),
        ("an id", one_id(900_000)),
        ("an id, as often as it may be", one_id(MAX_MESSAGE / 36 - 1)),
        ("names", framed(names.clone())),
        ("names, packed", packed(&names)),
        ("zeros, packed", packed(&vec![0; 64 * MAX_MESSAGE])),
        ("runs without a length", run_length(1 << 40)),
        ("the same as a message", framed(run_length(1 << 40))),
        (
            "deeper JSON",
            [vec![b'['; 400_000], vec![b']'; 400_000]].concat(),
        ),
        ("objects in objects", b"{\"a\":".repeat(200_000)),
        (
            "tables in tables",
            [b"a".to_vec(), b".a".repeat(200_000), b"=1".to_vec()].concat(),
        ),
        (
            "lists of TOML",
            [b"a=".to_vec(), vec![b'['; 400_000]].concat(),
        ),
    ]
}
