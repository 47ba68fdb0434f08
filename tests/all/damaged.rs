//! A record that does not read any more is in the way of nobody else: not on the server, not on a device.

#[path = "damaged/beside.rs"]
mod beside;
#[path = "damaged/compared.rs"]
mod compared;
#[path = "damaged/ending.rs"]
mod ending;
#[path = "damaged/held_up.rs"]
mod held_up;

use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::domain::id::DocumentId;
use warmhand_core::refusal::{Refusal, StorageTrouble};
use warmhand_core::view::{Help, SyncState};
use warmhand_server::store::sqlite::Verified;
use warmhand_server::store::{Snapshot, Store};
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit::asks;

/// What lies beside the changes of a record, with a byte before it; or without it again.
fn damage(file: &Path, record: DocumentId, is_damaged: bool) {
    let fields = if is_damaged {
        "cast(x'ff' || fields as blob)"
    } else {
        "substr(fields, 2)"
    };
    let sql = format!("update change set fields = {fields} where doc = ?1");
    let db = Connection::open(file).expect("a database");
    let count = db.execute(&sql, [&record.as_bytes()[..]]);
    assert!(count.expect("written") > 0);
}

fn state(phone: &Phone) -> (SyncState, u32) {
    let status = phone.app.sync_status().expect("a status");
    (status.state, status.count)
}

/// Takes a device out of service.
fn revoke(town: &Town, phone: &Phone) {
    let id = phone.app.id().expect("a device");
    town.run(town.store().revoke(id, "sup".into(), town.now()))
        .expect("revoked");
}

/// What a server says that has just begun.
fn snapshot(town: &mut Town) -> Snapshot {
    town.close();
    town.open(None);
    town.run(town.store().snapshot(town.now())).expect("a page")
}

/// As a device notes it of which a change could not be applied: everything is asked for again.
fn refill(phone: &Phone) {
    let db = Connection::open(phone.file()).expect("a database");
    let sql = "insert into refetch (doc, reason) values (randomblob(16), 'it stands on what is not here')";
    assert_eq!(db.execute(sql, []), Ok(1));
}

#[test]
fn a_record_that_the_server_cannot_read_holds_up_nothing_else() {
    let mut town = Town::default();
    let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
    let (sound, patient) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    carla.sync(&town);
    damage(&town.database(), damaged, true);
    let seen = snapshot(&mut town);
    assert_eq!((seen.records.len(), seen.damaged), (1, 1));
    assert_eq!(seen.records[0].record, sound);

    for record in [damaged, sound] {
        ana.note(&town, record, "she called back");
    }
    ana.sync(&town);
    // What the server did not take is not said to be there.
    assert_eq!(state(&ana), (SyncState::ToSend, 1));
    carla.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    let mut bea = town.device("bea", &["n1"]);
    bea.sync(&town);
    assert_eq!(bea.app.holds(sound), Ok(true));
    assert_eq!(bea.app.holds(damaged), Ok(false));
    assert!(!town.verify().changes);

    // A device that fetches everything anew keeps what it has of it.
    refill(&carla);
    carla.sync(&town);
    assert_eq!(carla.app.holds(damaged), Ok(true));
    assert_eq!(carla.entries(hers).len(), 10);
    // Another record may be begun for her, and a worry is seen.
    let again = json!({"OpenRecord": {"site": "home", "patient": hers}});
    let again = ana.does(&town, again).record.expect("a record");
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::ToSend, 1));
    carla.sync(&town);
    assert_eq!(carla.app.holds(again), Ok(true));
    let head = town.run(town.store().head());
    ana.sync(&town);
    assert_eq!(town.run(town.store().head()), head);

    damage(&town.database(), damaged, false);
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::AllSent, 0));
    let seen = snapshot(&mut town);
    assert_eq!((seen.records.len(), seen.damaged), (3, 0));
    assert_eq!(town.verify(), Verified::SOUND);
    // What was passed over comes with the comparison after a backup was put back.
    let image = town.image();
    town.restore(&image);
    bea.sync(&town);
    assert_eq!(bea.app.holds(damaged), Ok(true));
}

/// Who is on the caseload.
fn names(phone: &Phone, town: &Town) -> BTreeSet<Option<String>> {
    let screen = phone.app.patients(town.now()).expect("the caseload");
    screen.rows.into_iter().map(|row| row.name).collect()
}

/// Patients of whom something does not read.
fn unread(phone: &Phone, town: &Town) -> u32 {
    let screen = phone.app.today(town.now());
    screen.expect("the first screen").unread
}

/// What a shell does after an entry: it tries to send, and the lists are made ready meanwhile.
fn without_signal(phone: &mut Phone, town: &Town) {
    phone.app.sync_wanted();
    if let Ok(SyncStep::Send(asked)) = phone.app.sync_next(town.now()) {
        let failed = phone
            .app
            .sync_answered(asked.number, &Carried::Failed, town.now());
        failed.expect("taken");
    }
}

#[test]
fn a_record_that_a_device_cannot_read_holds_up_nothing_else() {
    let mut town = Town::default();
    let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
    let (sound, patient) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    carla.sync(&town);
    for record in [damaged, sound] {
        ana.note(&town, record, "she called back");
    }
    without_signal(&mut ana, &town);
    let before = names(&ana, &town);
    damage(ana.file(), damaged, true);
    ana.restart();

    // Nobody vanishes from a list, and what cannot be sent is said.
    assert_eq!(names(&ana, &town), before);
    assert_eq!(unread(&ana, &town), 0, "what was read last is what is here");
    let status = ana.app.sync_status().expect("a status");
    assert_eq!((status.state, status.count), (SyncState::NeedsHelp, 2));
    let help: Vec<_> = status
        .unsent
        .iter()
        .map(|row| (row.record, row.help))
        .collect();
    assert!(help.contains(&(damaged, Some(Help::Damaged))), "{help:?}");
    assert!(help.contains(&(sound, None)), "{help:?}");
    assert!(matches!(
        ana.app.handoff(damaged, town.now()),
        Err(Refusal::Storage(StorageTrouble::Damaged))
    ));

    let image = town.image();
    // All else is sent, and comes.
    for record in [damaged, sound] {
        carla.note(&town, record, "her sister drives her");
    }
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::NeedsHelp, 1));
    assert_eq!(unread(&ana, &town), 1);
    assert_eq!(names(&ana, &town), before);
    carla.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    // Also once the server was put back, and by a file.
    town.restore(&image);
    ana.note(&town, sound, "she is well");
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    let rescued = ana.app.rescue(&mut Vec::new(), None).expect("a file");
    assert!(rescued.damaged > 0 && rescued.documents > 0, "{rescued:?}");

    damage(ana.file(), damaged, false);
    ana.restart();
    carla.note(&town, damaged, "she has moved");
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::AllSent, 0));
    assert_eq!(unread(&ana, &town), 0);
    carla.sync(&town);
    assert_eq!(carla.entries(hers), ana.entries(hers));
}

#[test]
fn what_came_whole_and_does_not_read_holds_up_nothing_else() {
    let town = Town::default();
    let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
    let (sound, patient) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    carla.sync(&town);
    without_signal(&mut carla, &town);
    damage_whole(&carla, damaged);
    carla.restart();
    carla.app.today(town.now()).expect("the first screen");
    let refused = carla.app.patient(hers).map(|_| ());
    assert_eq!(refused, Err(Refusal::Storage(StorageTrouble::Damaged)));
    let rescued = carla.app.rescue(&mut Vec::new(), None).expect("a file");
    // Of Rosa her answers, of Noor hers and the record.
    assert_eq!((rescued.documents, rescued.damaged), (3, 1));
    for record in [damaged, sound] {
        ana.note(&town, record, "her sister drives her");
    }
    ana.sync(&town);
    carla.note(&town, sound, "she called back");
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(state(&carla), (SyncState::AllSent, 0));
    assert_eq!(carla.entries(patient), ana.entries(patient));
    // Something came for it, and with that all of it once more.
    assert_eq!(carla.entries(hers), ana.entries(hers));
    let rescued = carla.app.rescue(&mut Vec::new(), None).expect("a file");
    assert_eq!((rescued.documents, rescued.damaged), (4, 0));
}

/// A byte before what came whole of a record.
fn damage_whole(phone: &Phone, record: DocumentId) {
    let db = Connection::open(phone.file()).expect("a database");
    let sql = "update whole set pack = cast(x'00' || pack as blob) where doc = ?1";
    assert_eq!(db.execute(sql, [&record.as_bytes()[..]]), Ok(1));
}

#[test]
fn what_is_kept_aside_and_does_not_read_is_said_on_every_page() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    revoke(&town, &ana);
    for text in ["she called back", "her sister drives her"] {
        ana.note(&town, record, text);
    }
    ana.sync(&town);
    assert_eq!(town.aside().len(), 2);
    let missing = |path| {
        let (status, page) = asks(&town, &[], "GET", path, "");
        assert_eq!(status, 200, "{path}");
        page.contains("Cannot be read: 1 piece of work kept aside.")
    };
    let pages = ["/", "/quarantine", "/review", "/handoffs", "/devices"];
    assert!(!pages.into_iter().any(missing));
    let sql = "update quarantine set fields = cast(x'ff' || fields as blob)
         where hash = (select min(hash) from quarantine)";
    let db = Connection::open(town.database()).expect("a database");
    assert_eq!(db.execute(sql, []), Ok(1));
    assert_eq!(town.aside().len(), 1);
    assert!(pages.into_iter().all(missing));
}
