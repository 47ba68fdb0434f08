//! Keys that are added: the newest signs, the older ones check for ever, a database names those it was signed with.

use super::{Kept, restoring, text, town, words};
use std::path::Path;
use warmhand_core::view::SyncState;
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::{Keys, Sqlite, Verified, image, restore};
use warmhand_tests::cli::{refused, said};
use warmhand_tests::town::Town;

/// Which keys signed what the server gives out now.
fn signed_by(town: &Town) -> Vec<u16> {
    let changes = town.run(town.server().store.changes()).unwrap();
    let mut keys: Vec<u16> = changes.iter().map(|change| change.receipt.key).collect();
    keys.dedup();
    keys
}

#[test]
fn a_running_server_takes_a_new_key_and_receipts_of_the_old_one_are_taken_for_ever() {
    let mut town = town();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    let kept = Kept::of(&town);
    ana.note(&town, record, "signed with the first key");
    ana.sync(&town);
    carla.sync(&town);
    let all = town.entries(patient);
    let store = || town.server().store.look_at_keys();
    assert_eq!(town.run(store()), Ok(None));

    let (is_done, told) = said(&["keys", "rotate", "--data", text(town.folder())]);
    assert!(
        is_done && told.contains("Key 2 signs from now on"),
        "{told}"
    );
    assert_eq!(signed_by(&town), [1]);
    assert_eq!(town.run(store()), Ok(Some(2)));
    assert_eq!(town.run(store()), Ok(None));
    assert_eq!(signed_by(&town), [2]);
    ana.note(&town, record, "signed with the second key");
    ana.sync(&town);

    // Carla has the first note under the first key, and nobody else has it: an older image, the author lost.
    let both = KeyFile::load(town.folder()).unwrap();
    let anew = tempfile::tempdir().unwrap();
    restore(
        &kept.file("copy.db"),
        anew.path(),
        &Keys::Same(&both),
        [8; 16],
    )
    .unwrap();
    drop(ana);
    town.restore_under(&anew, both);
    assert_ne!(town.entries(patient), all);
    carla.sync(&town);
    assert_eq!(town.entries(patient), all);
    assert_eq!(carla.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_receipt_of_a_key_that_is_lost_is_no_receipt() {
    let mut town = town();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    let kept = Kept::of(&town);
    let before = town.entries(patient);
    ana.note(&town, record, "after the backup");
    ana.sync(&town);
    carla.sync(&town);
    drop(ana);
    let anew = tempfile::tempdir().unwrap();
    let copy = kept.file("copy.db");
    let line = [
        "restore",
        text(&copy),
        "--without-receipts",
        "--data",
        text(anew.path()),
    ];
    let (is_done, told) = said(&line);
    assert!(
        is_done && told.contains("Without the lost keys nothing proves"),
        "{told}"
    );
    let others = KeyFile::load(anew.path()).unwrap();
    assert_eq!(others.signing(), 2, "no number is used twice");
    town.restore_under(&anew, others);
    carla.sync(&town);
    assert_eq!(town.entries(patient), before);
    assert_eq!(super::waiting(&town).len(), 1);
}

#[test]
fn keys_that_lack_one_that_signed_are_refused_wherever_they_come_from() {
    let town = town();
    let data = text(town.folder()).to_owned();
    let place = Kept::of(&town);
    let (first, second) = (place.file("first"), place.file("second"));
    let (is_done, told) = said(&["keys", "export", text(&first), "--data", &data]);
    assert!(is_done && told.contains("1 key"), "{told}");
    assert!(refused(&["keys", "export", text(&first), "--data", &data]).contains("exists already"));
    said(&["keys", "rotate", "--data", &data]);
    let (is_done, shown) = said(&["keys", "show", "--data", &data]);
    let (keys, last) = shown.trim_end().rsplit_once('\n').unwrap();
    assert!(is_done && keys.lines().count() == 2, "{shown}");
    assert!(last.starts_with("rescue files are closed for "), "{shown}");
    assert!(
        shown.contains("checks") && shown.contains("signs"),
        "{shown}"
    );
    assert!(!shown.contains("0909"), "{shown}");
    said(&["keys", "export", text(&second), "--data", &data]);

    // The backup of before the rotation is content with either copy; the journal is not, and neither is a later backup.
    let anew = tempfile::tempdir().unwrap();
    let (copy, journal) = (place.file("copy.db"), place.file("warmhand.journal"));
    std::fs::copy(town.folder().join("warmhand.journal"), &journal).unwrap();
    let with = |copy: &Path, keys: &Path| restoring([copy, keys, &journal], anew.path());
    let line = with(&copy, &first);
    assert!(refused(&words(&line)).contains("the journal names key 2"));
    let later = place.file("later.db");
    said(&["backup", text(&later), "--data", &data]);
    assert_eq!(image(&later).unwrap().keys.len(), 2);
    let old = KeyFile::read(&first).unwrap();
    let lacking = "the key file lacks key 2 with which this database was signed; put back the copy that has it";
    assert_eq!(
        Sqlite::open(town.folder(), old.clone()).err(),
        Some(StoreError::Refused(lacking.into()))
    );
    assert!(restore(&later, anew.path(), &Keys::Same(&old), [8; 16]).is_err());
    assert_eq!(std::fs::read_dir(anew.path()).unwrap().count(), 0);

    // The running server does not take an older copy either.
    town.run(town.server().store.look_at_keys()).unwrap();
    old.replace(town.folder()).unwrap();
    assert_eq!(
        town.run(town.server().store.look_at_keys()),
        Err(StoreError::Refused(lacking.into()))
    );
    assert_eq!(signed_by(&town), [0_u16; 0]);
    std::fs::copy(&second, town.folder().join("warmhand.keys")).unwrap();
    assert_eq!(town.run(town.server().store.look_at_keys()), Ok(None));

    let line = with(&later, &second);
    let (is_done, told) = said(&words(&line));
    assert!(is_done, "{told}");
}
