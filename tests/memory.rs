//! What hostile bodies cost in memory, in a process of its own: the peak of everything it holds, the decompressor's own
//! buffers with it, which no Rust allocator sees. One test, so that nothing else is measured.

use std::fs;
use warmhand_tests::bomb::zeros;
use warmhand_tests::town::Town;

/// No body makes the server hold more than this above what it held before.
const BOUND_KB: u64 = 64 * 1024;

/// A field of this process's status, in kB.
fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a Linux machine");
    let line = status.lines().find(|line| line.starts_with(field));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .expect("a number of kB")
}

#[test]
fn no_body_makes_the_server_hold_more_than_64_megabytes() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    ana.sync(&town);
    let bearer = Some(ana.bearer.as_str());
    // After the frame's byte: lists within lists, a list and a text that claim more than there is.
    let deep = [vec![0_u8, 0xa1, 0x18, 99], vec![0x81; 900_000]].concat();
    let claims = |kind: u8| [&[0, 0xa1, 0, kind][..], &u64::MAX.to_be_bytes()].concat();
    let bodies = [
        ("an ordinary window", zeros(900, 21), 413),
        ("a window of 128 MB", zeros(900, 27), 400),
        ("30 MB", vec![0; 30 * 1024 * 1024], 413),
        ("lists in lists", deep, 400),
        ("an endless list", claims(0x9b), 400),
        ("an endless text", claims(0x7b), 400),
    ];
    for (what, body, expected) in bodies {
        // Handed over as it is: what a client holds is not counted.
        let copies: Vec<_> = (0..8).map(|_| body.clone()).collect();
        fs::write("/proc/self/clear_refs", "5").expect("the peak begins anew");
        let before = status("VmRSS");
        std::thread::scope(|scope| {
            for copy in copies {
                scope.spawn(|| {
                    let (status, _) = town.post("/v1/sync", bearer, copy);
                    assert_eq!(status, expected, "{what}");
                });
            }
        });
        let more = status("VmHWM").saturating_sub(before);
        assert!(more < BOUND_KB, "{what}, eight at once: {more} kB");
    }
    assert!(town.verify().log);
}
