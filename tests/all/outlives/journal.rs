//! The journal is on the disk before the database says the same; what it knows more is said to the database again before
//! anybody is answered; damaged, it is refused.

use super::{Kept, device, restoring, revoke, text, town, words};
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use warmhand_core::domain::id::DeviceId;
use warmhand_server::journal::{Event, Journal, Line};
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::{Fault, Replayed, Sqlite, Verified};
use warmhand_tests::cli::{refused, said};
use warmhand_tests::town::Town;

/// Ends the work at a named place in a named way, once it is armed.
struct At(&'static str, StoreError, AtomicBool);

impl Fault for At {
    fn strikes(&self, place: &str) -> Option<StoreError> {
        let strikes = place == self.0 && self.2.load(Ordering::SeqCst);
        strikes.then(|| self.1.clone())
    }
}

fn revoked(town: &Town) -> Vec<DeviceId> {
    let lines = Journal::of(town.folder()).lines().unwrap();
    let revoked = lines.into_iter().filter_map(|line| match line.event {
        Event::Revoked(device) => Some(device),
        _ => None,
    });
    revoked.collect()
}

#[test]
fn a_revocation_is_in_the_journal_before_it_is_committed_and_holds_though_the_commit_never_came() {
    for (place, ends, outlives) in [
        ("journal", StoreError::Killed, false),
        ("commit", StoreError::Killed, true),
        // Whoever asked was told that it was not done.
        ("commit", StoreError::Full, false),
    ] {
        let fault = Arc::new(At(place, ends.clone(), AtomicBool::new(false)));
        let mut town = Town::new(Some(fault.clone()));
        let ana = town.device("ana", &["n1"]);
        let id = ana.app.id().unwrap();
        fault.2.store(true, Ordering::SeqCst);
        let done = town.run(town.server().store.revoke(id, "sup".into(), town.now()));
        assert_eq!(done, Err(ends));
        assert_eq!(revoked(&town).contains(&id), outlives, "{place}");
        fault.2.store(false, Ordering::SeqCst);
        assert_eq!(device(&town, &ana).revoked_at, None);
        let at = town.now();
        town.close();
        town.wait(60);
        town.open(None);
        // As of when it was said, before anybody was answered.
        assert_eq!(
            device(&town, &ana).revoked_at,
            outlives.then_some(at),
            "{place}"
        );
        assert_eq!(town.verify(), Verified::SOUND);
        town.close();
        let store = Sqlite::open(town.folder(), town.keys().clone()).unwrap();
        assert_eq!(store.replay(), Ok(Replayed::default()), "once is enough");
    }
}

#[test]
fn an_image_that_is_put_in_place_by_hand_is_brought_up_to_the_journal_as_well() {
    let mut town = town();
    let ana = town.device("ana", &["n1"]);
    let kept = Kept::of(&town);
    revoke(&town, &ana);
    town.close();
    kept.put_in_place(&town);
    let (_, told) = said(&["verify", "--data", text(town.folder())]);
    assert!(told.contains("is not sound"), "{told}");
    town.open(None);
    assert!(device(&town, &ana).revoked_at.is_some());
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_journal_that_is_gone_is_begun_again_with_what_the_database_knows() {
    let mut town = town();
    let (ana, carla) = (town.device("ana", &["n1"]), town.device("carla", &["c1"]));
    revoke(&town, &ana);
    town.close();
    fs::remove_file(town.folder().join("warmhand.journal")).unwrap();
    town.open(None);
    assert_eq!(revoked(&town), [ana.app.id().unwrap()]);
    // Also while the server runs.
    fs::remove_file(town.folder().join("warmhand.journal")).unwrap();
    revoke(&town, &carla);
    let both = [&ana, &carla].map(|phone| phone.app.id().unwrap());
    assert_eq!(BTreeSet::from_iter(revoked(&town)), BTreeSet::from(both));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_damaged_journal_is_refused_in_one_sentence_and_a_torn_last_line_is_not() {
    let mut town = town();
    let (ana, carla) = (town.device("ana", &["n1"]), town.device("carla", &["c1"]));
    let kept = Kept::of(&town);
    revoke(&town, &ana);
    revoke(&town, &carla);
    let kept = kept.and_beside(&town);
    town.close();
    let journal = kept.file("warmhand.journal");
    let (copy, keys) = (kept.file("copy.db"), kept.file("warmhand.keys"));
    let sound = fs::read(&journal).unwrap();
    let anew = tempfile::tempdir().unwrap();
    let line = restoring([&copy, &keys, &journal], anew.path());
    let mut bytes = sound.clone();
    bytes[30] ^= 1;
    fs::write(&journal, &bytes).unwrap();
    assert!(refused(&words(&line)).contains("line 1 of the journal is damaged"));
    assert_eq!(fs::read_dir(anew.path()).unwrap().count(), 0);
    // A server does not go on with it either: what it cannot read may be a revocation.
    fs::copy(&journal, town.folder().join("warmhand.journal")).unwrap();
    let store = Sqlite::open(town.folder(), town.keys().clone()).unwrap();
    let sentence = store.replay().unwrap_err().to_string();
    assert!(sentence.contains("line 1 of the journal"), "{sentence}");
    drop(store);
    let (is_sound, told) = said(&["verify", "--data", text(town.folder())]);
    assert!(
        !is_sound && told.contains("line 1 of the journal is damaged"),
        "{told}"
    );

    fs::write(&journal, &sound[..sound.len() - 9]).unwrap();
    let (is_done, told) = said(&words(&line));
    assert!(is_done && told.contains("        1  revoked"), "{told}");
    let lines = Journal::of(anew.path()).lines().unwrap();
    assert!(
        lines
            .iter()
            .any(|line| line.event == Event::Revoked(ana.app.id().unwrap()))
    );
    assert!(
        lines
            .iter()
            .all(|line| line.event != Event::Revoked(carla.app.id().unwrap()))
    );
}

#[test]
fn a_revocation_that_the_database_does_not_know_is_found() {
    let town = town();
    let unknown = Event::Revoked(DeviceId(uuid::Uuid::from_u128(9)));
    let line = Line {
        at: town.now(),
        event: unknown,
    };
    Journal::of(town.folder()).append(&[line]).unwrap();
    let found = Verified {
        journal: false,
        ..Verified::SOUND
    };
    assert_eq!(town.verify(), found);
}

#[test]
fn a_device_that_was_not_taken_back_in_the_end_is_not_in_service_after_a_restore() {
    let fault = Arc::new(At("commit", StoreError::Killed, AtomicBool::new(false)));
    let mut town = Town::new(Some(fault.clone()));
    let ana = town.device("ana", &["n1"]);
    let id = ana.app.id().unwrap();
    let kept = Kept::of(&town);
    revoke(&town, &ana);
    // The process ends between the journal's line and the commit.
    fault.2.store(true, Ordering::SeqCst);
    let done = town.run(town.server().store.reinstate(id, "sup".into(), town.now()));
    assert_eq!(done, Err(StoreError::Killed));
    town.close();
    town.open(None);
    assert!(device(&town, &ana).revoked_at.is_some());
    town.close();
    kept.put_in_place(&town);
    town.open(None);
    assert!(device(&town, &ana).revoked_at.is_some());
    assert_eq!(town.verify(), Verified::SOUND);
}
