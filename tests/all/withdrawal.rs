//! A device is taken out of service: what it holds goes up first, then it wipes itself and says so, and nothing of it is
//! lost on the way. It is asked of the file's own bytes.

#[path = "withdrawal/boxes.rs"]
mod boxes;
#[path = "withdrawal/cut_short.rs"]
mod cut_short;

use rusqlite::Connection;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::refusal::Refusal;
use warmhand_core::view::SyncState;
use warmhand_core::wire::QuarantineReason;
use warmhand_server::store::sqlite::Verified;
use warmhand_server::store::{DeviceRow, LossRow, QuarantineRow};
use warmhand_tests::town::{Phone, Town};

const NAME: &str = "Rosalinda Quetzal";

fn revoke(town: &Town, phone: &Phone) {
    let id = phone.app.id().unwrap();
    town.run(town.server().store.revoke(id, "sup".into(), town.now()))
        .unwrap();
}

fn waiting(town: &Town) -> Vec<QuarantineRow> {
    town.aside()
}

fn row(town: &Town, id: DeviceId) -> DeviceRow {
    let rows = town.run(town.server().store.devices()).unwrap();
    rows.into_iter().find(|row| row.id == id).unwrap()
}

fn loss(town: &Town, id: DeviceId) -> LossRow {
    row(town, id).loss.unwrap()
}

fn state(phone: &Phone) -> SyncState {
    phone.app.sync_status().unwrap().state
}

/// The request that it would send now; whoever carries it may lose the answer.
fn asks(phone: &mut Phone, town: &Town) -> warmhand_core::app::Outgoing {
    phone.app.sync_wanted();
    match phone.app.sync_next(town.now()).unwrap() {
        SyncStep::Send(asked) => asked,
        SyncStep::Idle(_) => panic!("nothing to ask"),
    }
}

/// One request and its answer. Tells where it went.
fn round(phone: &mut Phone, town: &Town) -> &'static str {
    let asked = asks(phone, town);
    let carried = town.carry(&asked);
    assert!(matches!(carried, Carried::Answer { status: 200, .. }));
    phone
        .app
        .sync_answered(asked.number, &carried, town.now())
        .unwrap();
    asked.path
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Every byte that lies on the disk for a device.
fn bytes(file: &Path) -> Vec<u8> {
    let mut all = fs::read(file).unwrap();
    for end in ["-wal", "-shm", "-journal"] {
        all.extend(fs::read(beside(file, end)).unwrap_or_default());
    }
    all
}

fn lies_in(words: &str, bytes: &[u8]) -> bool {
    bytes.windows(words.len()).any(|w| w == words.as_bytes())
}

/// What must not be left: patients, what was written, people, the sheet, the device's name.
const WORDS: [&str; 6] = [
    NAME,
    "said at her door",
    "Ana Duarte",
    "Harbor Counseling",
    "ana's phone",
    "AppointmentBooked",
];

fn assert_nothing_is_left(file: &Path) {
    let left = bytes(file);
    for words in WORDS {
        assert!(!lies_in(words, &left), "\"{words}\" is left in the file");
    }
}

/// A nurse's phone with a record that the server has and a note that it does not.
fn day(town: &Town) -> (Phone, DocumentId) {
    let mut ana = town.device("ana's phone", &["n1"]);
    let (record, _) = ana.handoff(town, NAME);
    ana.sync(town);
    ana.note(town, record, "said at her door");
    (ana, record)
}

#[test]
fn a_revoked_device_sends_what_it_holds_then_nothing_of_it_is_left_in_its_file() {
    let town = Town::default();
    let (mut ana, record) = day(&town);
    let id = ana.app.id().unwrap();
    assert!(WORDS.iter().all(|words| lies_in(words, &bytes(ana.file()))));
    revoke(&town, &ana);
    let seen = row(&town, id);
    assert_eq!(seen.loss.unwrap().patients, 1);
    assert_eq!(seen.loss.unwrap().is_encrypted, Some(false));
    assert_eq!(seen.loss.unwrap().wiped_at, None);
    town.wait(5);
    assert_eq!(round(&mut ana, &town), "/v1/sync");
    assert_eq!(state(&ana), SyncState::Wiped);
    // It is told, not yet confirmed; nothing was brought down with the order.
    assert_eq!(loss(&town, id).wiped_at, None);
    let rows = waiting(&town);
    assert_eq!((rows.len(), rows[0].reason), (1, QuarantineReason::Revoked));
    town.wait(5);
    assert_eq!(round(&mut ana, &town), "/v1/wiped");
    assert_eq!(loss(&town, id).wiped_at, Some(town.now()));
    assert_eq!(
        loss(&town, id).boxes,
        1,
        "what waits for a person goes along"
    );
    assert_eq!(row(&town, id).unsent, 0);
    assert_nothing_is_left(ana.file());
    // Nor after its process ends, and it stays what it is.
    ana.restart();
    assert_nothing_is_left(ana.file());
    assert_eq!(state(&ana), SyncState::Wiped);
    assert_eq!(ana.app.today(town.now()), Err(Refusal::Withdrawn));
    assert_eq!(ana.app.patients(town.now()), Err(Refusal::Withdrawn));
    assert_eq!(
        ana.app.handoff(record, town.now()).unwrap_err(),
        Refusal::Withdrawn
    );
    let command = serde_json::from_value(json!({"SignIn": {"user": "n1"}})).unwrap();
    assert_eq!(ana.act(&town, command), Err(Refusal::Withdrawn));
    let calls = ana.app.safety_panel(Some(record), town.now()).calls;
    let numbers: Vec<_> = calls
        .iter()
        .map(|line| line.ways[0].value.as_str())
        .collect();
    assert_eq!(numbers, ["911", "988", "1-833-852-6262"]);
    assert_eq!(waiting(&town).len(), 1, "its box brings nothing twice");
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_wipe_waits_for_the_answer_to_every_change() {
    let town = Town::default();
    let (mut ana, record) = day(&town);
    revoke(&town, &ana);
    // Written while the request that leads to the order is on its way.
    let asked = asks(&mut ana, &town);
    ana.note(&town, record, "while it was on its way");
    let carried = town.carry(&asked);
    ana.app
        .sync_answered(asked.number, &carried, town.now())
        .unwrap();
    assert_eq!(state(&ana), SyncState::Withdrawn);
    assert!(lies_in(NAME, &bytes(ana.file())));
    assert_eq!(ana.app.patients(town.now()), Err(Refusal::Withdrawn));
    let unsent = ana.app.sync_status_at(town.now()).unwrap().unsent;
    assert!(!unsent.is_empty() && unsent.iter().all(|row| row.name.is_none()));
    assert_eq!(waiting(&town).len(), 1);
    ana.sync(&town);
    assert_eq!(waiting(&town).len(), 2);
    assert_eq!(state(&ana), SyncState::Wiped);
    assert_nothing_is_left(ana.file());
}

#[test]
fn a_wipe_never_outruns_a_resync() {
    let mut town = Town::default();
    let (mut ana, record) = day(&town);
    let mut carla = town.device("carla", &["c1"]);
    let older = town.image();
    ana.sync(&town);
    carla.sync(&town);
    let (_, patient) = (
        record,
        ana.app.patients(town.now()).unwrap().rows[0].patient,
    );
    let whole = town.entries(patient);
    drop(carla);
    town.restore(&older);
    assert!(town.entries(patient).len() < whole.len());
    revoke(&town, &ana);
    assert_eq!(round(&mut ana, &town), "/v1/sync");
    assert_eq!(state(&ana), SyncState::Comparing);
    assert!(lies_in(NAME, &bytes(ana.file())));
    ana.sync(&town);
    // What the older database lacked came back by the server's own word, and only then the device wiped.
    assert_eq!(town.entries(patient), whole);
    assert_eq!(state(&ana), SyncState::Wiped);
    assert_nothing_is_left(ana.file());
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_device_that_is_taken_back_while_it_drains_keeps_everything() {
    let town = Town::default();
    let (mut ana, record) = day(&town);
    let id = ana.app.id().unwrap();
    revoke(&town, &ana);
    let asked = asks(&mut ana, &town);
    ana.note(&town, record, "while it was on its way");
    let carried = town.carry(&asked);
    ana.app
        .sync_answered(asked.number, &carried, town.now())
        .unwrap();
    assert_eq!(state(&ana), SyncState::Withdrawn);
    town.run(town.server().store.reinstate(id, "sup".into(), town.now()))
        .unwrap();
    ana.sync(&town);
    let again = json!({"SignIn": {"user": "n1"}});
    ana.does(&town, again);
    assert_eq!(ana.app.patients(town.now()).unwrap().rows.len(), 1);
    // What came while it was out of service waits for a person, and with it what stands on it.
    assert_eq!(waiting(&town).len(), 2);
    assert_eq!(row(&town, id).loss, None);
    assert_eq!(town.verify(), Verified::SOUND);
    // A wiped one does not come back; its place is made anew, also on the same phone.
    revoke(&town, &ana);
    ana.sync(&town);
    assert!(
        town.run(town.server().store.reinstate(id, "sup".into(), town.now()))
            .is_err()
    );
    let code = town
        .run(
            town.server()
                .issue_code("again".into(), "phone".into(), vec!["n1".into()]),
        )
        .unwrap();
    let asked = ana.app.enrol(&code.text, town.now());
    let carried = town.carry(&asked);
    ana.app
        .sync_answered(asked.number, &carried, town.now())
        .unwrap();
    assert_ne!(ana.app.id().unwrap(), id);
    ana.does(&town, json!({"SignIn": {"user": "n1"}}));
    ana.sync(&town);
    assert_eq!(ana.app.patients(town.now()).unwrap().rows.len(), 1);
    assert_eq!(loss(&town, id).boxes, 2, "what came of the old one stays");
}

#[test]
fn a_lost_phone_that_comes_back_from_an_old_backup_sends_into_quarantine_and_wipes_itself_again() {
    let town = Town::default();
    let (mut ana, record) = day(&town);
    let id = ana.app.id().unwrap();
    let backup = tempfile::tempdir().unwrap();
    let copy = backup.path().join("device.db");
    Connection::open(ana.file())
        .unwrap()
        .execute("vacuum into ?1", [copy.to_str().unwrap()])
        .unwrap();
    ana.note(&town, record, "after the backup");
    ana.sync(&town);
    revoke(&town, &ana);
    let before = town.entries(ana_patient(&ana, &town));
    ana.sync(&town);
    assert!(loss(&town, id).wiped_at.is_some());

    // Somebody puts the backup into another phone, works on it without a signal, and goes online with it.
    let file = ana.file().to_owned();
    ana.replace(|_| {
        for end in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(&file, end));
        }
        fs::copy(&copy, &file).unwrap();
    });
    assert!(lies_in(NAME, &bytes(ana.file())));
    ana.note(&town, record, "written by whoever has it now");
    town.wait(5);
    round(&mut ana, &town);
    assert_eq!(loss(&town, id).wiped_at, None, "it holds something again");
    ana.sync(&town);
    let patient = before_patient(&town);
    assert_eq!(
        town.entries(patient),
        before,
        "nothing of it is in the record"
    );
    assert_eq!(waiting(&town).len(), 1);
    assert_eq!(loss(&town, id).wiped_at, Some(town.now()));
    assert_nothing_is_left(ana.file());
    assert_eq!(town.verify(), Verified::SOUND);
}

fn ana_patient(ana: &Phone, town: &Town) -> warmhand_core::domain::id::PatientId {
    ana.app.patients(town.now()).unwrap().rows[0].patient
}

fn before_patient(town: &Town) -> warmhand_core::domain::id::PatientId {
    town.run(town.server().store.patients()).unwrap()[0]
}
