//! The sync, proved by simulation: many histories with every kind of fault, and every history that once failed.

use std::fs;
use std::path::Path;
use warmhand_tests::simulator::{Fault, History, Kept, Simulator, run};

/// So many in every run; any other range by `simulate`.
const SEEDS: u64 = 2_000;

#[test]
fn every_oracle_holds_in_every_history_and_every_fault_is_hit() {
    let done = run(0..SEEDS, || ());
    if let Some((seed, failure)) = &done.failure {
        panic!("seed {seed}: {failure}\nsimulate --seeds 1 --from {seed} cuts it down");
    }
    assert_eq!(done.tally.missing(), Vec::<Fault>::new(), "never hit");
    assert!(done.tally.operations >= 40 * SEEDS);
    assert!(
        done.tally.server_places.len() > 15,
        "{:?}",
        done.tally.server_places
    );
    assert!(
        done.tally.device_places.len() > 15,
        "{:?}",
        done.tally.device_places
    );
}

#[test]
fn a_seed_is_the_same_history_every_time() {
    for seed in [3, 11] {
        let history = History::of(seed);
        assert!(history.operations.len() >= 40);
        let (one, other) = (Simulator::default(), Simulator::default());
        let (one, other) = (one.play(&history, true), other.play(&history, true));
        assert_eq!(one.trace, other.trace);
        assert_eq!(one.tally, other.tally);
        assert!(one.trace.len() > history.operations.len());
    }
}

#[test]
fn a_history_survives_its_text() {
    let kept = Kept {
        says: "something \"quoted\"".to_owned(),
        waits_for: Some("a rule".to_owned()),
        history: History::of(7),
    };
    assert_eq!(Kept::parse(&kept.to_text()), Ok(kept));
}

#[test]
fn every_history_that_once_failed_holds_or_says_what_it_waits_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("simulator");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let simulator = Simulator::default();
    for file in files {
        let kept = Kept::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        let played = simulator.play(&kept.history, false);
        let name = file.display();
        match (&kept.waits_for, played.failure) {
            (None, Some(failure)) => panic!("{name}: {failure}"),
            (Some(rule), None) => panic!("{name} holds: it waits for {rule} no longer"),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
}
