//! The power fails: of the write-ahead log only a first part is on the disk, whole frames and a torn one. Every commit
//! that was acknowledged had been made durable before, and whatever the disk kept opens, is sound and has it.

use super::{Ground, Look, wrote};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::fs;
use std::path::Path;
use warmhand_core::app::{App, Carried, Place, SyncStep};
use warmhand_core::document::ChangeHash;
use warmhand_core::wire::{AckState, SyncAnswer, unpack};
use warmhand_server::store::sqlite::{Sqlite, Verified};
use warmhand_tests::load::device::Device;
use warmhand_tests::load::server::{self as load, morning};
use warmhand_tests::victim::{self, Disk, beside, changes, left};

const HEADER: usize = victim::HEADER as usize;
const FRAME: usize = victim::FRAME as usize;

/// The log without a frame that a kill has cut short, of which nobody was told, and without the room behind it.
fn whole_frames(path: &Path) -> Vec<u8> {
    let mut log = fs::read(path).unwrap();
    log.truncate(victim::written(path) as usize);
    let torn = log.len().saturating_sub(HEADER) % FRAME;
    log.truncate(log.len() - torn);
    log
}

/// Where a log may end: at every frame's end, and at some byte within every frame.
fn ends(log: &[u8]) -> Vec<usize> {
    assert_eq!((log.len() - HEADER) % FRAME, 0, "frames of another size");
    let whole = (HEADER..=log.len()).step_by(FRAME);
    let torn = whole.clone().skip(1).enumerate();
    let torn = torn.map(|(n, end)| end - 1 - n * 997 % (FRAME - 1));
    [0, 1, HEADER - 1]
        .into_iter()
        .chain(whole)
        .chain(torn)
        .collect()
}

/// The same length with nothing in its last frame: the file grew, and its bytes did not reach the disk. How much of it is
/// what was written.
fn hollow(log: &[u8], end: usize) -> (Vec<u8>, usize) {
    let intact = end.saturating_sub(FRAME).max(HEADER.min(end));
    let mut log = log[..end].to_vec();
    log[intact..].fill(0);
    (log, intact)
}

/// How far the log of this database was last made durable, by what the disk said.
fn durable(said: &[String], name: &str) -> Option<u64> {
    let line = said
        .iter()
        .rev()
        .find_map(|line| line.strip_prefix("synced "))?;
    line.strip_prefix(name)?.strip_prefix("-wal ")?.parse().ok()
}

#[test]
fn a_device_whose_power_fails_within_any_frame_has_what_it_acknowledged() {
    let ground = Ground::new();
    let listening = ground.serve();
    drop(ground.device("ana.db", "n1", &listening.url, 1));
    let (file, disk) = (ground.file("ana.db"), Disk::watched(ground.files.path()));
    let before = fs::read(&file).unwrap();
    let mut victim = ground.device_apart("ana.db", &listening.url, 5, Some(&disk));
    victim.until(|said| wrote(said).len() >= 12);
    let said = victim.kill();
    let log = whole_frames(&beside(&file, "-wal"));
    assert_eq!(
        fs::read(&file).unwrap(),
        before,
        "the whole run is in the log"
    );

    // Every acknowledged command with the size of the log that had been made durable before it was acknowledged.
    let mut kept: Vec<(u64, String)> = Vec::new();
    for (at, line) in said.iter().enumerate() {
        let Some(text) = line.strip_prefix("wrote ") else {
            continue;
        };
        let size = durable(&said[..at], "ana.db").expect("nothing was made durable");
        let last = kept.last().map_or(0, |(size, _)| *size);
        assert!(size > last, "{text} was acknowledged before it was durable");
        kept.push((size, text.to_owned()));
    }
    let ends = ends(&log);
    println!("{} places, {} commands", ends.len(), kept.len());
    let copy = ground.file("lost.db");
    for end in ends {
        // A last frame without its bytes is lost as well.
        let cut = (log[..end].to_vec(), end);
        for (log, intact) in [cut, hollow(&log, end)] {
            left(&before, &log, &copy);
            let rng = Box::new(ChaCha8Rng::seed_from_u64(end as u64));
            App::open(&Place::File(copy.clone()), rng)
                .unwrap_or_else(|why| panic!("cut at {end}: {why}"));
            let there = kept.iter().filter(|(size, _)| *size <= intact as u64);
            Look::of(&copy).holds(there.map(|(_, text)| text));
        }
    }
}

/// What the server acknowledged, with the size of its log that had been made durable by then.
fn acknowledged(device: &mut Device, said: impl Fn() -> Vec<String>) -> Vec<(u64, ChangeHash)> {
    let mut promised = Vec::new();
    for n in 0..6 {
        let opened = json!({"OpenRecord": {"site": "home", "preferred_name": format!("p{n}")}});
        let record = device.does(opened, morning()).record;
        device.does(
            json!({"AddNote": {"record": record, "text": format!("t{n}")}}),
            morning(),
        );
        device.app.sync_wanted();
        let before = durable(&said(), "warmhand.db").unwrap_or_default();
        while let SyncStep::Send(asked) = device.app.sync_next(morning()).unwrap() {
            let carried = device.carry(&asked);
            let Carried::Answer { status: 200, body } = &carried else {
                panic!("no answer")
            };
            let answer: SyncAnswer = unpack(body).unwrap();
            let size = durable(&said(), "warmhand.db").expect("nothing was made durable");
            for ack in answer.acks {
                assert!(matches!(ack.state, AckState::Accepted(_)));
                assert!(size > before, "it was acknowledged before it was durable");
                promised.push((size, ack.hash));
            }
            device
                .app
                .sync_answered(asked.number, &carried, morning())
                .unwrap();
        }
    }
    promised
}

#[test]
fn a_server_whose_power_fails_within_any_frame_has_what_it_acknowledged() {
    let ground = Ground::new();
    let (mut ana, victim, _) = ground.watched();
    let before = fs::read(ground.database()).unwrap();
    let promised = acknowledged(&mut ana, || victim.said());
    drop(victim.kill());
    let log = whole_frames(&beside(&ground.database(), "-wal"));
    assert_eq!(
        fs::read(ground.database()).unwrap(),
        before,
        "the whole run is in the log"
    );
    assert_eq!(promised.len(), 12);

    let ends = ends(&log);
    println!("{} places, {} changes", ends.len(), promised.len());
    let folder = ground.file("lost");
    fs::create_dir(&folder).unwrap();
    for end in ends {
        let cut = (log[..end].to_vec(), end);
        for (log, intact) in [cut, hollow(&log, end)] {
            left(&before, &log, &folder.join("warmhand.db"));
            let held = opened(&ground, &folder);
            for (size, hash) in &promised {
                assert!(
                    *size > intact as u64 || held.contains(hash),
                    "lost, cut at {end}"
                );
            }
        }
    }
}

/// Opens what is left, with the product; it is sound. The changes that it has.
fn opened(ground: &Ground, folder: &Path) -> Vec<ChangeHash> {
    let store = Sqlite::open(folder, load::key()).unwrap();
    let verified = ground.runtime.block_on(store.verify(morning())).unwrap();
    assert_eq!(verified, Verified::SOUND);
    drop(store);
    let db = rusqlite::Connection::open(folder.join("warmhand.db")).unwrap();
    assert!(warmhand_tests::victim::is_whole(&db));
    changes(&db).into_keys().collect()
}
