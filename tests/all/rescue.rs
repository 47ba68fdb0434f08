//! A device that cannot sync any more: what it holds is carried to the server in a file, and nothing is lost or invented
//! on the way.

use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use warmhand_core::domain::id::PatientId;
use warmhand_core::view::SyncState;
use warmhand_core::wire::{Decision, QuarantineReason};
use warmhand_server::store::QuarantineRow;
use warmhand_server::store::sqlite::Verified;
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
    let rows = town.run(town.server().store.quarantine(town.now()));
    rows.unwrap()
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
        .rescue(&mut fs::File::create(&file).unwrap())
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
    let sentence = format!(
        "{at}: it does not open with the keys here: it was written for another server, or has changed; copy it again"
    );
    assert_eq!(refusal(&flipped), sentence);
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
    assert!(!folder.path().join("new").exists());
}
