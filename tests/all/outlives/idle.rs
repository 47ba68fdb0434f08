//! A device that waits to be confirmed keeps what it has, and asks again; what an older image lacks comes back whole,
//! however full a record has become meanwhile.

use super::town;
use jiff::SignedDuration;
use serde_json::json;
use warmhand_core::app::SyncStep;
use warmhand_core::document::LIMITS;
use warmhand_core::view::SyncState;
use warmhand_server::store::ConfirmDraft;
use warmhand_server::store::sqlite::Verified;

#[test]
fn a_device_that_waits_keeps_the_records_in_which_it_has_nothing_unsent() {
    let mut town = town();
    let (_, _, record, patient) = town.shared_handoff();
    let older = town.image();
    let mut new = town.device("ngozi", &["n2"]);
    new.sync(&town);
    let had = new.entries(patient);
    town.restore(&older);
    for _ in 0..3 {
        new.sync(&town);
        assert_eq!(new.app.sync_status().unwrap().state, SyncState::Unconfirmed);
        assert!(new.app.holds(record).unwrap());
        assert_eq!(new.entries(patient), had);
        assert_eq!(new.app.patients(town.now()).unwrap().rows.len(), 1);
        // It asks again by itself, and not before it was asked to.
        let SyncStep::Idle(Some(again)) = new.app.sync_next(town.now()).unwrap() else {
            panic!("it waits")
        };
        let wait = town.now().duration_until(again);
        assert_eq!(wait, SignedDuration::from_mins(5));
        town.wait(5);
        let next = new.app.sync_next(town.now()).unwrap();
        assert!(matches!(next, SyncStep::Send(_)), "{next:?}");
    }
    let theirs = ConfirmDraft {
        name: "Lena's phone".into(),
        kind: "phone".into(),
        people: vec!["ma".into()],
    };
    let id = new.app.id().unwrap();
    let confirm = town
        .server()
        .store
        .confirm(id, theirs, "sup".into(), town.now());
    town.run(confirm).unwrap();
    new.sync(&town);
    assert!(!new.app.holds(record).unwrap(), "it is somebody else's now");
    assert_eq!(new.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_the_server_once_had_is_taken_again_into_a_record_that_is_full_by_now() {
    let mut town = town();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    let older = town.image();
    let begins = json!({"StartEncounter": {"record": record, "setting": "home"}});
    ana.does(&town, begins);
    let text = "She called back and asked for another day. ".repeat(90);
    while LIMITS.document - text_bytes(&town, patient) > 2 * text.len() {
        ana.note(&town, record, &text);
        ana.sync(&town);
    }
    town.restore(&older);
    for _ in 0..4 {
        carla.note(&town, record, &text);
    }
    carla.sync(&town);
    for _ in 0..2 {
        ana.sync(&town);
        carla.sync(&town);
    }
    assert!(text_bytes(&town, patient) > LIMITS.document);
    for phone in [&ana, &carla] {
        assert_eq!(phone.app.sync_status().unwrap().state, SyncState::AllSent);
        assert_eq!(phone.entries(patient), town.entries(patient));
    }
    assert_eq!(town.verify(), Verified::SOUND);
    let refused = json!({"AddNote": {"record": record, "text": text}});
    let refused = serde_json::from_value(refused).unwrap();
    assert!(ana.act(&town, refused).is_err(), "nothing new is");
    ana.does(&town, json!({"EndEncounter": {"record": record}}));
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(town.entries(patient), ana.entries(patient));
}

fn text_bytes(
    town: &warmhand_tests::town::Town,
    patient: warmhand_core::domain::id::PatientId,
) -> usize {
    let folder = town.run(town.server().store.folder(patient, None)).unwrap();
    let records = folder.patient.records.iter();
    let entries = records.flat_map(|record| record.entries());
    entries.map(|entry| entry.to_text().unwrap().len()).sum()
}
