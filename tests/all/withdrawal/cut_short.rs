//! A wipe that does not come to its end at once: its process is ended, or somebody reads the file beside it.

use super::boxes::odd;
use super::{
    NAME, asks, assert_nothing_is_left, beside, bytes, day, lies_in, loss, revoke, round, state,
};
use rusqlite::Connection;
use std::fs;
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::view::SyncState;
use warmhand_core::wire::{SyncAnswer, pack, unpack};
use warmhand_tests::struck::Strike;
use warmhand_tests::town::Town;

#[test]
fn a_wipe_that_is_cut_short_anywhere_is_done_at_the_next_start_or_the_next_answer() {
    let town = Town::default();
    let (mut ana, record) = day(&town);
    odd(&ana, &town, record, "words that nobody took");
    ana.sync(&town);
    revoke(&town, &ana);
    let asked = asks(&mut ana, &town);
    let carried = town.carry(&asked);
    let kept = tempfile::tempdir().unwrap();
    let ready = kept.path().join("ready.db");
    Connection::open(ana.file())
        .unwrap()
        .execute("vacuum into ?1", [ready.to_str().unwrap()])
        .unwrap();
    let file = ana.file().to_owned();
    let mut places = Vec::new();
    for at in 0.. {
        ana.replace(|_| {
            for end in ["-wal", "-shm"] {
                let _ = fs::remove_file(beside(&file, end));
            }
            fs::copy(&ready, &file).unwrap();
        });
        let again = asks(&mut ana, &town);
        // The answer to the same question: the number is the only thing that differs.
        let carried = renumbered(&carried, again.number);
        let strike = Strike::at(at);
        ana.app.set_fault(Box::new(strike.clone()));
        let taken = ana.app.sync_answered(again.number, &carried, town.now());
        let cleaned = taken.and_then(|()| ana.app.sync_next(town.now()).map(|_| ()));
        let Some(place) = strike.place() else {
            assert_eq!(cleaned, Ok(()));
            break;
        };
        assert!(cleaned.is_err(), "{place}");
        ana.restart();
        if state(&ana) == SyncState::Wiped {
            assert_nothing_is_left(&file);
        } else {
            // Not one row is gone: the order comes again with the next answer.
            assert!(lies_in(NAME, &bytes(&file)), "{place}");
            ana.sync(&town);
        }
        assert_eq!(state(&ana), SyncState::Wiped, "{place}");
        assert_nothing_is_left(&file);
        places.push(place);
    }
    for place in ["vacuum", "wal_checkpoint(truncate)", "committed"] {
        assert!(places.iter().any(|p| p == place), "{place}");
    }
    assert!(places.len() > 15, "{places:?}");
}

fn renumbered(carried: &Carried, number: u64) -> Carried {
    let Carried::Answer { status, body } = carried else {
        panic!("no answer")
    };
    let mut answer: SyncAnswer = unpack(body).unwrap();
    answer.number = number;
    Carried::Answer {
        status: *status,
        body: pack(&answer),
    }
}

#[test]
fn a_file_that_somebody_reads_beside_us_is_cleaned_once_she_is_done() {
    let town = Town::default();
    let (mut ana, _) = day(&town);
    let id = ana.app.id().unwrap();
    revoke(&town, &ana);
    let reader = Connection::open(ana.file()).unwrap();
    reader
        .execute_batch("begin; select count(*) from change;")
        .unwrap();
    round(&mut ana, &town);
    assert_eq!(state(&ana), SyncState::Wiped);
    // The log still has what she reads: the device does not say that it is done.
    ana.app.sync_wanted();
    assert!(matches!(
        ana.app.sync_next(town.now()),
        Ok(SyncStep::Idle(Some(_)))
    ));
    assert_eq!(loss(&town, id).wiped_at, None);
    reader.execute_batch("commit").unwrap();
    ana.sync(&town);
    assert_eq!(loss(&town, id).wiped_at, Some(town.now()));
    assert_nothing_is_left(ana.file());
}
