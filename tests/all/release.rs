//! Work that was kept aside, and a person who decides about it: what she releases is in the record in its author's words,
//! what she dismisses stays out, and its author's device is told.

use serde_json::json;
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_core::view::SyncState;
use warmhand_core::wire::Decision;
use warmhand_server::store::sqlite::Verified;
use warmhand_server::store::{QuarantineRow, StoreError};
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit::asks;

/// A nurse whose phone was out of service when it sent two notes, and was taken back before it heard of that.
fn kept_aside(town: &Town) -> (Phone, DocumentId, PatientId) {
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(town, "Rosa");
    ana.sync(town);
    for text in ["not sent yet", "nor this"] {
        ana.does(town, json!({"AddNote": {"record": record, "text": text}}));
    }
    let id = ana.app.id().unwrap();
    let store = &town.server().store;
    town.run(store.revoke(id, "sup".into(), town.now()))
        .unwrap();
    ana.sends_unheard(town);
    town.run(store.reinstate(id, "sup".into(), town.now()))
        .unwrap();
    ana.sync(town);
    (ana, record, patient)
}

fn waiting(town: &Town) -> Vec<QuarantineRow> {
    town.aside()
}

fn decide(town: &Town, user: &str, row: &QuarantineRow, what: Decision) -> Result<(), StoreError> {
    let store = &town.server().store;
    town.run(store.decide(user.into(), row.hash, what, 11, town.now()))
}

#[test]
fn what_a_person_releases_is_in_the_record_with_what_it_stands_on_in_its_authors_name() {
    let mut town = Town::default();
    let mut carla = town.device("carla", &["c1"]);
    let (mut ana, _, patient) = kept_aside(&town);
    let before = town.entries(patient);
    let image = town.image();
    let rows = waiting(&town);
    assert_eq!(rows.len(), 2);
    let second = &rows[1];
    assert_eq!(
        decide(&town, "c1", second, Decision::Released),
        Err(StoreError::Refused(
            "your role does not include this".into()
        ))
    );
    assert_eq!(town.entries(patient), before);
    decide(&town, "sup", second, Decision::Released).unwrap();
    assert_eq!(waiting(&town), []);
    let after = town.entries(patient);
    assert_eq!(after.len(), before.len() + 2);
    let folder = town.run(town.server().store.folder(patient, None)).unwrap();
    let ana_id = ana.app.id().unwrap();
    for row in &rows {
        let said = &row.entries[0];
        let past = folder
            .patient
            .records
            .iter()
            .find_map(|r| r.past.get(said.id));
        assert_eq!(past, Some(said));
        assert_eq!((said.by.as_str(), said.device), ("n1", ana_id));
    }
    assert!(matches!(
        decide(&town, "sup", second, Decision::Dismissed),
        Err(StoreError::NotFound(_))
    ));
    carla.sync(&town);
    assert_eq!(carla.entries(patient), after);
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(town.verify(), Verified::SOUND);

    // An image of before it is put back: whoever holds it brings it again, with the server's own word.
    town.restore(&image);
    carla.sync(&town);
    assert_eq!(town.entries(patient), after);
    assert_eq!(waiting(&town), []);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_a_person_dismisses_stays_out_and_its_author_is_told() {
    let town = Town::default();
    let (mut ana, _, patient) = kept_aside(&town);
    let before = town.entries(patient);
    let rows = waiting(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::NeedsHelp);
    decide(&town, "sup", &rows[0], Decision::Dismissed).unwrap();
    assert_eq!(waiting(&town), rows[1..]);
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::NeedsHelp);
    decide(&town, "sup", &rows[1], Decision::Dismissed).unwrap();
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(town.entries(patient), before);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_speaks_of_something_that_was_left_out_is_not_released_alone() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, _) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    let made = ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "a slip"}}),
    );
    let slip = made.made.unwrap();
    ana.does(
        &town,
        json!({"VoidEntry": {"record": record, "entry": slip, "reason": "of somebody else"}}),
    );
    let id = ana.app.id().unwrap();
    town.run(town.server().store.revoke(id, "sup".into(), town.now()))
        .unwrap();
    ana.sync(&town);
    let rows = waiting(&town);
    decide(&town, "sup", &rows[0], Decision::Dismissed).unwrap();
    assert_eq!(
        decide(&town, "sup", &rows[1], Decision::Released),
        Err(StoreError::Refused(
            "it speaks of something that is not in the record".into()
        ))
    );
    assert_eq!(waiting(&town), rows[1..]);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_supervisor_sees_what_is_kept_aside_why_and_in_which_words_and_decides_by_a_form_of_her_visit()
{
    let town = Town::default();
    let (_ana, record, patient) = kept_aside(&town);
    let before = town.entries(patient).len();
    let rows = waiting(&town);
    let [first, second] = [&rows[0], &rows[1]].map(|row| hex::encode(row.hash.0));
    let release = format!("/quarantine/{first}/release");
    // Before she has said why she opens the record: that something waits, and none of its words.
    let (status, page) = asks(&town, &[], "GET", "/quarantine", "");
    assert_eq!(status, 200);
    assert!(page.contains("Open the record") && !page.contains("not sent yet"));
    let (status, _) = asks(&town, &[], "POST", &release, "csrf=true");
    assert_eq!((status, town.entries(patient).len()), (303, before));
    let opened = &[record];
    let (status, page) = asks(&town, opened, "GET", "/quarantine", "");
    assert_eq!(status, 200);
    for words in [
        "not sent yet",
        "nor this",
        "From a device or a person no longer in service",
        "Ana Duarte",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let (_, review) = asks(&town, opened, "GET", "/review", "");
    assert!(review.contains("2 pieces of work are kept aside"));
    let (status, _) = asks(&town, opened, "POST", &release, "csrf=false");
    assert_eq!((status, town.entries(patient).len()), (403, before));
    let (status, _) = asks(&town, opened, "POST", &release, "csrf=true");
    assert_eq!((status, town.entries(patient).len()), (303, before + 1));
    let (status, _) = asks(
        &town,
        opened,
        "POST",
        &format!("/quarantine/{first}/dismiss"),
        "csrf=true",
    );
    assert_eq!(status, 404, "it is decided");
    let (status, _) = asks(
        &town,
        opened,
        "POST",
        "/quarantine/xyz/dismiss",
        "csrf=true",
    );
    assert_eq!(status, 404);
    let (status, _) = asks(
        &town,
        opened,
        "POST",
        &format!("/quarantine/{second}/dismiss"),
        "csrf=true",
    );
    assert_eq!((status, town.entries(patient).len()), (303, before + 1));
    let (_, page) = asks(&town, opened, "GET", "/quarantine", "");
    assert!(page.contains("Nothing is kept aside"));
}
