//! A device that cannot sync any more: what it holds is carried to the server in a file, and nothing is lost or invented
//! on the way.

use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use warmhand_core::domain::id::PatientId;
use warmhand_core::view::SyncState;
use warmhand_core::wire::{BoxKey, Decision, QuarantineReason};
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::QuarantineRow;
use warmhand_server::store::sqlite::{Keys, Verified, backup, restore};
use warmhand_tests::cli::{refused, said};
use warmhand_tests::town::{Phone, Town};

/// A folder for the file, and the town's key where the command looks for it.
fn ground(town: &Town) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    if !town.folder().join("warmhand.keys").exists() {
        town.keys().save(town.folder()).unwrap();
    }
    (folder, town.folder().to_str().unwrap().to_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The device's process is gone; its file goes into a rescue file.
fn exported(phone: Phone, folder: &TempDir) -> PathBuf {
    let (device, file) = (folder.path().join("lost.db"), folder.path().join("rescue"));
    phone.leave(&device);
    let (went_well, told) = said(&["rescue", "export", text(&device), text(&file)]);
    assert!(went_well, "{told}");
    file
}

fn imported(file: &Path, data: &str) -> String {
    let (went_well, told) = said(&["rescue", "import", text(file), "--data", data]);
    assert!(went_well, "{told}");
    told
}

fn waiting(town: &Town) -> Vec<QuarantineRow> {
    town.aside()
}

fn release(town: &Town, row: &QuarantineRow, seed: u64) {
    let store = &town.server().store;
    let decided = store.decide("sup".into(), row.hash, Decision::Released, seed, town.now());
    town.run(decided).unwrap();
}

fn note(phone: &mut Phone, town: &Town, patient: PatientId, text: &str) {
    let (patient, _) = phone.app.patient(patient).unwrap();
    let record = patient.records[0].id;
    phone.does(town, json!({"AddNote": {"record": record, "text": text}}));
}

/// How many changes the command says are there, set aside, decided about, not kept.
fn counted(told: &str) -> Vec<usize> {
    let numbers = told.lines().skip(1);
    numbers
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect()
}

#[test]
fn unsent_work_of_a_lost_device_waits_for_a_person_who_releases_it() {
    let town = Town::default();
    let (folder, data) = ground(&town);
    let (mut ana, mut carla, _, patient) = town.shared_handoff();
    let before = town.entries(patient);
    note(&mut ana, &town, patient, "not sent yet");
    note(&mut ana, &town, patient, "nor this");
    let held = ana.entries(patient);
    let file = exported(ana, &folder);
    let bytes = fs::read(&file).unwrap();
    for words in ["not sent yet", "Rosa"] {
        let is_clear = bytes.windows(words.len()).any(|w| w == words.as_bytes());
        assert!(!is_clear, "whoever finds the file reads \"{words}\"");
    }
    let told = imported(&file, &data);
    let [there, 2, 0, 0] = counted(&told)[..] else {
        panic!("{told}")
    };
    assert_eq!(town.entries(patient), before);
    let rows = waiting(&town);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].reason, QuarantineReason::Recovered);

    // Brought once more, it is the same once more.
    assert_eq!(counted(&imported(&file, &data)), [there, 2, 0, 0]);
    assert_eq!(waiting(&town).len(), 2);
    for (row, seed) in rows.iter().zip(11..) {
        release(&town, row, seed);
    }
    assert_eq!(town.entries(patient), held);
    carla.sync(&town);
    assert_eq!(carla.entries(patient), held);
    assert_eq!(counted(&imported(&file, &data)), [there, 0, 2, 0]);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_an_older_backup_lacks_comes_back_out_of_a_file_by_its_receipts() {
    let mut town = Town::default();
    let (mut ana, mut carla, _, patient) = town.shared_handoff();
    let older = town.image();
    note(&mut ana, &town, patient, "after the backup");
    ana.sync(&town);
    carla.sync(&town);
    let whole = town.entries(patient);
    town.restore(&older);
    assert!(town.entries(patient).len() < whole.len());
    let (folder, data) = ground(&town);
    // Carla's device has the only copy left, and it is Ana's work.
    let file = exported(carla, &folder);
    let told = imported(&file, &data);
    assert_eq!(counted(&told)[1..], [0, 0, 0], "{told}");
    assert_eq!(town.entries(patient), whole);
    assert_eq!(waiting(&town), []);
    assert_eq!(town.verify(), Verified::SOUND);
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(ana.entries(patient), whole);
}

#[test]
fn a_device_that_was_thought_lost_and_comes_back_says_nothing_twice() {
    let town = Town::default();
    let (folder, data) = ground(&town);
    let (mut ana, _, _, patient) = town.shared_handoff();
    note(&mut ana, &town, patient, "not sent yet");
    let (held, file) = (ana.entries(patient), folder.path().join("rescue"));
    // It still runs: it writes the file itself.
    let rescued = ana
        .app
        .rescue(&mut fs::File::create(&file).unwrap(), None)
        .unwrap();
    assert_eq!(rescued.unsent, 1);
    imported(&file, &data);
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::NeedsHelp);
    release(&town, &waiting(&town)[0], 11);
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(ana.entries(patient), held);
    assert_eq!(town.entries(patient), held);
}

#[test]
fn a_file_of_a_device_that_nobody_knows_is_taken_only_when_that_is_said_and_then_into_quarantine() {
    let (there, here) = (Town::default(), Town::default());
    let (folder, data) = ground(&here);
    let mut ana = there.device("ana", &["n1"]);
    ana.handoff(&there, "Rosa");
    let file = exported(ana, &folder);
    let line = ["rescue", "import", text(&file), "--data", &data];
    let sentence = refused(&line);
    assert!(sentence.contains("does not know"), "{sentence}");
    assert_eq!(waiting(&here), []);
    let (went_well, told) = said(&[&line[..], &["--of-unknown-device"]].concat());
    assert!(went_well, "{told}");
    assert_eq!(counted(&told)[0], 0, "{told}");
    assert!(!waiting(&here).is_empty());
    assert_eq!(here.verify(), Verified::SOUND);
}

#[test]
fn a_file_that_is_no_rescue_file_or_not_whole_is_refused_and_nothing_of_it_is_taken() {
    let town = Town::default();
    let (folder, data) = ground(&town);
    let mut ana = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    let file = exported(ana, &folder);
    let whole = fs::read(&file).unwrap();
    let wrong = folder.path().join("wrong");
    let import = ["rescue", "import", text(&wrong), "--data", &data];
    let refusal = |bytes: &[u8]| {
        fs::write(&wrong, bytes).unwrap();
        refused(&import)
    };
    let at = wrong.display();
    assert_eq!(refusal(b"a letter"), format!("{at}: it is no rescue file"));
    let cut = format!("{at}: it is not whole; copy it again");
    assert_eq!(refusal(&whole[..whole.len() - 1]), cut);
    assert_eq!(refusal(&[&whole[..], b"more"].concat()), cut);
    let mut flipped = whole.clone();
    flipped[90] ^= 0x55;
    assert_eq!(refusal(&flipped), closed(&wrong));
    assert_eq!(town.run(town.server().store.patients()).unwrap(), []);
    assert_eq!(waiting(&town), []);

    let device = folder.path().join("lost.db");
    let missing = folder.path().join("none.db");
    let export =
        |device: &Path, file: &Path| refused(&["rescue", "export", text(device), text(file)]);
    let none = format!("there is no file {}", missing.display());
    assert_eq!(export(&missing, &folder.path().join("new")), none);
    assert!(!missing.exists());
    assert!(
        export(&device, &file).contains("cannot be written"),
        "never in another's place"
    );
    let letter = export(&wrong, &folder.path().join("new"));
    assert!(
        letter.contains("damaged or is no Warmhand database"),
        "{letter}"
    );
    let hint = "; or it is encrypted, and then the phone's own app writes the rescue file";
    assert!(letter.ends_with(hint), "{letter}");
    // One that begins in the clear is not.
    fs::write(&wrong, &fs::read(&device).unwrap()[..100]).unwrap();
    let cut = export(&wrong, &folder.path().join("new"));
    assert!(!cut.contains("encrypted"), "{cut}");
    assert!(!folder.path().join("new").exists());
}

/// What the command says when another's keys are asked to open the file.
fn closed(file: &Path) -> String {
    format!(
        "{}: it does not open with the keys here: it was written for another server, or has changed; copy it again",
        file.display()
    )
}

/// How many changes went into a file of this device, for the keys that it knows or for those that are named.
fn written(phone: &mut Phone, file: &Path, named: Option<BoxKey>) -> u64 {
    let mut out = fs::File::create(file).unwrap();
    phone.app.rescue(&mut out, named).unwrap().changes
}

#[test]
fn a_key_that_was_added_closes_what_comes_after_it_and_opens_what_came_before() {
    let town = Town::default();
    let (folder, data) = ground(&town);
    let (mut ana, _, _, patient) = town.shared_handoff();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    let first = folder.path().join("first");
    town.keys().export(&first).unwrap();
    written(&mut ana, &before, None);
    let (went_well, told) = said(&["keys", "rotate", "--data", &data]);
    assert!(went_well, "{told}");
    town.run(town.server().store.look_at_keys()).unwrap();
    ana.sync(&town);
    note(&mut ana, &town, patient, "not sent yet");
    written(&mut ana, &after, None);
    assert_eq!(counted(&imported(&before, &data))[1..], [0, 0, 0]);
    // The first key alone opens the older file and not the newer one.
    let with = |file: &Path| {
        let line = [
            "rescue",
            "import",
            text(file),
            "--keys",
            text(&first),
            "--data",
            &data,
        ];
        said(&line)
    };
    assert!(with(&before).0);
    let (went_well, told) = with(&after);
    assert!(!went_well && told.contains(&closed(&after)), "{told}");
    assert_eq!(counted(&imported(&after, &data))[1..], [1, 0, 0]);
}

#[test]
fn a_server_that_lost_its_keys_takes_what_was_closed_for_the_new_ones_and_with_an_older_copy_the_rest()
 {
    let mut town = Town::default();
    let (folder, _) = ground(&town);
    let (mut ana, mut carla, _, patient) = town.shared_handoff();
    let backup_of = folder.path().join("copy.db");
    backup(town.folder(), &backup_of).unwrap();
    let older_keys = folder.path().join("older keys");
    town.keys().export(&older_keys).unwrap();
    note(&mut ana, &town, patient, "not sent yet");
    let other = KeyFile::new([1; 16], [2; 32], jiff::Timestamp::UNIX_EPOCH);
    let anew = tempfile::tempdir().unwrap();
    restore(&backup_of, anew.path(), &Keys::Lost(&other), [8; 16]).unwrap();
    town.restore_under(&anew, other);
    let data = ground(&town).1;

    let file = folder.path().join("for the old keys");
    written(&mut ana, &file, None);
    assert_eq!(
        refused(&["rescue", "import", text(&file), "--data", &data]),
        closed(&file)
    );
    let line = [
        "rescue",
        "import",
        text(&file),
        "--keys",
        text(&older_keys),
        "--data",
        &data,
    ];
    let (went_well, told) = said(&line);
    assert!(went_well, "{told}");
    assert!(counted(&told)[1] > 0, "her note waits for a person: {told}");

    // Where no copy is left, the device is told for whom to close it.
    let (_, shown) = said(&["keys", "show", "--data", &data]);
    let key: BoxKey = shown.split_whitespace().last().unwrap().parse().unwrap();
    let named = folder.path().join("for the new keys");
    let changes = written(&mut ana, &named, Some(key));
    let told = counted(&imported(&named, &data));
    assert_eq!(told.iter().sum::<usize>() as u64, changes);

    // And one that still reaches the server has its key from then on, though it is out of step.
    carla.sync(&town);
    let file = folder.path().join("after a word with the server");
    written(&mut carla, &file, None);
    imported(&file, &data);
    assert_eq!(town.verify(), Verified::SOUND);
}
