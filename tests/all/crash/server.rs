//! The server's process is killed again and again while devices push to it and pull from it.

use super::{Ground, Look, Verified};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::document::ChangeHash;
use warmhand_core::wire::{AckState, SyncAnswer, unpack};
use warmhand_tests::load::device::Device;
use warmhand_tests::load::server::morning;
use warmhand_tests::victim::{begin_log_anew, changes};

const KILLS: u64 = 120;
const PEOPLE: [&str; 4] = ["n1", "n2", "c1", "n1"];

/// A device under load: it writes, sends and fetches until the server is gone. What the server said that it has.
fn work(device: &mut Device, seed: u64, answers: &AtomicUsize) -> Vec<ChangeHash> {
    let mut promised = Vec::new();
    let mut now = morning();
    for n in 0_i64.. {
        now += jiff::SignedDuration::from_hours(1);
        let name = format!("{seed}-{n}-{}", device.app.id().unwrap());
        let opened = device.does(
            json!({"OpenRecord": {"site": "home", "preferred_name": name}}),
            now,
        );
        let note = json!({"AddNote": {"record": opened.record, "text": format!("note {name}")}});
        device.does(note, now);
        device.app.sync_wanted();
        while let SyncStep::Send(asked) = device.app.sync_next(now).unwrap() {
            let carried = device.carry(&asked);
            if let Carried::Answer { status: 200, body } = &carried
                && let Ok(answer) = unpack::<SyncAnswer>(body)
            {
                let accepted = answer.acks.iter();
                let accepted = accepted.filter(|ack| matches!(ack.state, AckState::Accepted(_)));
                promised.extend(accepted.map(|ack| ack.hash));
            }
            device
                .app
                .sync_answered(asked.number, &carried, now)
                .unwrap();
            answers.fetch_add(1, Ordering::SeqCst);
            if carried == Carried::Failed {
                return promised;
            }
        }
    }
    promised
}

#[test]
fn a_server_that_is_killed_under_load_has_all_that_it_acknowledged_and_nothing_twice() {
    let ground = Ground::new();
    let listening = ground.serve();
    let mut devices: Vec<_> = PEOPLE
        .iter()
        .zip(2_000..)
        .map(|(user, seed)| ground.device(&seed.to_string(), user, &listening.url, seed))
        .collect();
    drop(listening);
    let mut promised = BTreeSet::new();
    for seed in 0..KILLS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (enough, bytes) = (rng.random_range(0..10), rng.random_range(0..40) * 4_096);
        let (mut victim, url) = ground.serve_apart(None);
        let answers = AtomicUsize::new(0);
        thread::scope(|scope| {
            let working: Vec<_> = devices
                .iter_mut()
                .map(|device| {
                    device.server.clone_from(&url);
                    let answers = &answers;
                    scope.spawn(move || work(device, seed, answers))
                })
                .collect();
            let has = |more: usize| answers.load(Ordering::SeqCst) >= enough + more;
            victim.until(|_| has(0));
            victim.until_it_writes(&ground.database(), bytes, |_| has(4));
            drop(victim.kill());
            for device in working {
                promised.extend(device.join().unwrap());
            }
        });
        ground.look_at_copy(&ground.database()).holds([]);
        let held = changes(&Connection::open(ground.file("copy.db")).unwrap());
        begin_log_anew(&ground.database());
        let lost = promised.iter().find(|hash| !held.contains_key(*hash));
        assert_eq!(lost, None, "acknowledged and lost at kill {seed}");
    }
    println!("{KILLS} kills, {} changes acknowledged", promised.len());
    assert!(promised.len() as u64 > 2 * KILLS);
    same_everywhere(&ground, devices);
}

/// With a server that lives, everything arrives, once.
fn same_everywhere(ground: &Ground, mut devices: Vec<Device>) {
    let (victim, url) = ground.serve_apart(None);
    // Twice: what the last one sends, the first one fetches.
    for _ in 0..2 {
        for device in &mut devices {
            device.server.clone_from(&url);
            device.sync(morning() + jiff::SignedDuration::from_hours(10_000));
            assert!(device.is_green());
        }
    }
    drop((victim, devices));
    assert_eq!(ground.verify(), Verified::SOUND);
    let there = Look::of(&ground.database());
    there.holds([]);
    for (_, seed) in PEOPLE.iter().zip(2_000..) {
        assert_eq!(Look::of(&ground.file(&seed.to_string())), there);
    }
}
