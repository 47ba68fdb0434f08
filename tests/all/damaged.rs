//! A record that does not read any more is in the way of nobody else: not on the server, not on a device.

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

fn note(phone: &mut Phone, town: &Town, record: DocumentId, text: &str) {
    phone.does(town, json!({"AddNote": {"record": record, "text": text}}));
}

fn state(phone: &Phone) -> (SyncState, u32) {
    let status = phone.app.sync_status().expect("a status");
    (status.state, status.count)
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
        note(&mut ana, &town, record, "she called back");
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
    // Of what it would take to begin another record for her nothing is half done.
    let again = json!({"OpenRecord": {"site": "home", "patient": hers}});
    ana.does(&town, again);
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::ToSend, 2));
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
        note(&mut ana, &town, record, "she called back");
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
        note(&mut carla, &town, record, "her sister drives her");
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
    note(&mut ana, &town, sound, "she is well");
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    let rescued = ana.app.rescue(&mut Vec::new(), None).expect("a file");
    assert!(rescued.damaged > 0 && rescued.documents > 0, "{rescued:?}");

    damage(ana.file(), damaged, false);
    ana.restart();
    note(&mut carla, &town, damaged, "she has moved");
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
        note(&mut ana, &town, record, "her sister drives her");
    }
    ana.sync(&town);
    note(&mut carla, &town, sound, "she called back");
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

/// So many rows hold what came whole of a record.
fn whole_of(phone: &Phone, record: DocumentId) -> u32 {
    let db = Connection::open(phone.file()).expect("a database");
    let sql = "select count(*) from whole where doc = ?1";
    db.query_row(sql, [&record.as_bytes()[..]], |row| row.get(0))
        .expect("a count")
}

#[test]
fn what_does_not_read_and_the_server_lacks_stays() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let image = town.image();
    let (record, patient) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    carla.sync(&town);
    without_signal(&mut carla, &town);
    damage_whole(&carla, record);
    carla.restart();
    town.restore(&image);
    carla.sync(&town);
    // Perhaps it is the only copy.
    assert_eq!(state(&carla), (SyncState::NeedsHelp, 1));
    assert_eq!(whole_of(&carla, record), 1);
    assert_eq!(names(&carla, &town).len(), 1);
    // Taken out of service it keeps it, too: nobody has it in a box.
    let id = carla.app.id().expect("a device");
    town.run(town.store().revoke(id, town.now()))
        .expect("revoked");
    carla.sync(&town);
    assert_eq!(whole_of(&carla, record), 1);
    town.run(town.store().reinstate(id, town.now()))
        .expect("back");
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(ana.entries(patient).len(), 10);
    assert_eq!(whole_of(&carla, record), 1);
}

#[test]
fn what_waits_with_an_unconfirmed_device_goes_with_every_push() {
    let mut town = Town::default();
    let image = town.image();
    let mut ana = town.device("ana", &["n1"]);
    let (first, _) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    note(&mut ana, &town, first, "she called back");
    town.restore(&image);
    let mut later = None;
    for _ in 0..6 {
        ana.app.sync_wanted();
        let Ok(SyncStep::Send(asked)) = ana.app.sync_next(town.now()) else {
            break;
        };
        let carried = town.carry(&asked);
        ana.app
            .sync_answered(asked.number, &carried, town.now())
            .expect("taken");
        // Something else is written while they compare.
        later.get_or_insert_with(|| ana.handoff(&town, "Noor"));
    }
    let kept: BTreeSet<_> = town.aside().into_iter().map(|row| row.doc).collect();
    assert!(kept.contains(&first), "{kept:?}");
    assert!(kept.len() > 1, "{kept:?}");
}

#[test]
fn a_comparison_goes_through_beside_a_record_that_the_server_cannot_read() {
    let mut town = Town::default();
    let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
    let (sound, patient) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    carla.sync(&town);
    damage(&town.database(), damaged, true);
    let image = town.image();
    note(&mut ana, &town, sound, "she called back");
    ana.sync(&town);
    carla.sync(&town);
    for phone in [&mut ana, &mut carla] {
        town.restore(&image);
        phone.sync(&town);
        // Of that one nobody can say that it is there.
        let status = phone.app.sync_status().expect("a status");
        let waits: Vec<_> = status.unsent.iter().map(|row| row.record).collect();
        assert_eq!(waits, [damaged], "{status:?}");
        assert_ne!(status.state, SyncState::Comparing);
        assert_eq!(phone.app.holds(damaged), Ok(true));
    }
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    note(&mut carla, &town, sound, "her sister drives her");
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));

    damage(&town.database(), damaged, false);
    ana.sync(&town);
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::AllSent, 0));
    assert_eq!(state(&carla), (SyncState::AllSent, 0));
    assert_eq!(carla.entries(hers), ana.entries(hers));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_comparison_goes_through_beside_a_record_that_the_device_cannot_read() {
    for is_whole in [false, true] {
        let mut town = Town::default();
        let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
        let (sound, patient) = ana.handoff(&town, "Noor");
        let mut bea = town.device("bea", &["n1"]);
        ana.sync(&town);
        let image = town.image();
        // The server will have less of either than the device has.
        for record in [damaged, sound] {
            note(&mut ana, &town, record, "she called back");
        }
        ana.sync(&town);
        for phone in [&mut carla, &mut bea] {
            phone.sync(&town);
        }
        let device = if is_whole { &mut bea } else { &mut ana };
        without_signal(device, &town);
        if is_whole {
            damage_whole(device, damaged);
        } else {
            damage(device.file(), damaged, true);
        }
        device.restart();
        town.restore(&image);
        device.sync(&town);
        assert_ne!(state(device).0, SyncState::Comparing, "{is_whole}");
        carla.sync(&town);
        device.sync(&town);
        carla.sync(&town);
        assert_eq!(carla.entries(patient), device.entries(patient));
        assert_eq!(state(&carla), (SyncState::AllSent, 0));
        // It may have what the server lacks: nothing is put in its place.
        assert_eq!(state(device), (SyncState::NeedsHelp, 1));
        let refused = device.app.patient(hers).map(|_| ());
        assert_eq!(refused, Err(Refusal::Storage(StorageTrouble::Damaged)));
        if is_whole {
            assert_eq!(whole_of(device, damaged), 1);
        } else {
            damage(device.file(), damaged, false);
            device.restart();
            device.sync(&town);
            assert_eq!(state(device), (SyncState::AllSent, 0));
            assert_eq!(carla.entries(hers), device.entries(hers));
        }
    }
}

#[test]
fn what_is_kept_aside_and_does_not_read_is_said_on_every_page() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    let id = ana.app.id().expect("a device");
    town.run(town.store().revoke(id, town.now()))
        .expect("revoked");
    for text in ["she called back", "her sister drives her"] {
        note(&mut ana, &town, record, text);
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

#[test]
fn what_the_server_cannot_take_keeps_nothing_else_from_being_sent() {
    let town = Town::default();
    let (mut ana, mut carla, damaged, _) = town.shared_handoff();
    let (sound, patient) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    carla.sync(&town);
    damage(&town.database(), damaged, true);
    // More than one request holds.
    for n in 0..450 {
        note(
            &mut ana,
            &town,
            damaged,
            &format!("she was called {n} times"),
        );
    }
    note(&mut ana, &town, sound, "she called back");
    for _ in 0..2 {
        ana.sync(&town);
    }
    carla.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    damage(&town.database(), damaged, false);
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::AllSent, 0));
}

#[test]
fn a_device_that_cannot_read_all_of_it_ends_all_the_same() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    let id = ana.app.id().expect("a device");
    note(&mut ana, &town, record, "she called back");
    let sql = "update change set fields = cast(x'ff' || fields as blob) where state = 'accepted'";
    let db = Connection::open(ana.file()).expect("a database");
    assert!(db.execute(sql, []).expect("written") > 0);
    drop(db);
    ana.restart();
    town.run(town.store().revoke(id, town.now()))
        .expect("revoked");
    for _ in 0..3 {
        ana.sync(&town);
    }
    assert_eq!(state(&ana).0, SyncState::Wiped);
    assert_eq!(town.aside().len(), 1);
    let devices = town.run(town.store().devices()).expect("devices");
    let row = devices.iter().find(|row| row.id == id).expect("hers");
    assert!(row.loss.is_some(), "{row:?}");
}

#[test]
fn what_came_since_and_does_not_read_takes_nothing_away() {
    let mut town = Town::default();
    let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
    let (sound, _) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    let mut bea = town.device("bea", &["n1"]);
    bea.sync(&town);
    let image = town.image();
    note(&mut ana, &town, sound, "she called back");
    ana.sync(&town);
    carla.sync(&town);
    // Put back, the log goes on otherwise, and with what she never had.
    town.restore(&image);
    note(&mut bea, &town, sound, "she is well");
    bea.sync(&town);
    note(&mut ana, &town, damaged, "her sister drives her");
    ana.sync(&town);
    let newest = |is_damaged| {
        let fields = if is_damaged {
            "cast(x'ff' || fields as blob)"
        } else {
            "substr(fields, 2)"
        };
        let sql = format!(
            "update change set fields = {fields} where seq = (select max(seq) from change where doc = ?1)"
        );
        let db = Connection::open(town.database()).expect("a database");
        assert_eq!(db.execute(&sql, [&damaged.as_bytes()[..]]), Ok(1));
    };
    newest(true);
    carla.sync(&town);
    assert_eq!(state(&carla), (SyncState::AllSent, 0));
    assert_eq!(carla.app.holds(damaged), Ok(true));
    assert_eq!(carla.entries(hers).len(), 10);
    newest(false);
    refill(&carla);
    carla.sync(&town);
    assert_eq!(carla.entries(hers), ana.entries(hers));
}

#[test]
fn what_is_kept_on_the_device_alone_and_does_not_read_keeps_it_from_being_wiped() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    let id = ana.app.id().expect("a device");
    // As after a refusal: the server does not keep it.
    let sql =
        "update change set state = 'rejected', reason = 0, fields = cast(x'ff' || fields as blob)
         where place = (select max(place) from change where doc = ?1)";
    let db = Connection::open(ana.file()).expect("a database");
    assert_eq!(db.execute(sql, [&record.as_bytes()[..]]), Ok(1));
    ana.restart();
    town.run(town.store().revoke(id, town.now()))
        .expect("revoked");
    for _ in 0..3 {
        ana.sync(&town);
    }
    let count = "select count(*) from change where state = 'rejected'";
    let left: u32 = db.query_row(count, [], |row| row.get(0)).expect("a count");
    assert_eq!(left, 1);
}

#[test]
fn whatever_an_unconfirmed_device_holds_comes_to_the_server() {
    let mut town = Town::default();
    let image = town.image();
    let mut ana = town.device("ana", &["n1"]);
    let (first, _) = ana.handoff(&town, "Rosa");
    for n in 0..450 {
        note(&mut ana, &town, first, &format!("she was called {n} times"));
    }
    let (last, _) = ana.handoff(&town, "Noor");
    town.restore(&image);
    for _ in 0..4 {
        ana.sync(&town);
    }
    assert_eq!(state(&ana).0, SyncState::Unconfirmed);
    let kept: BTreeSet<_> = town.aside().into_iter().map(|row| row.doc).collect();
    assert!(kept.contains(&first) && kept.contains(&last), "{kept:?}");
}
