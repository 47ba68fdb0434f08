//! More people than a change may stand on write beside one another without signal, and more is said than a document
//! holds: whoever comes next can still save.

use serde_json::json;
use std::collections::BTreeSet;
use warmhand_core::document::LIMITS;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_core::domain::payload::Noted;
use warmhand_core::view::SyncState;
use warmhand_server::store::Store;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::town::{Phone, Town};

/// A record in which more wrote at once than a change may stand on, on the server and on a device that has all of it.
fn wide(town: &Town) -> (Vec<Phone>, Phone, DocumentId, PatientId) {
    let count = LIMITS.deps + 6;
    let mut last = town.device("last", &["n1"]);
    let made = last.does(
        town,
        json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}}),
    );
    let (record, patient) = (made.record.unwrap(), made.patient.unwrap());
    last.sync(town);
    let mut phones: Vec<Phone> = (0..count)
        .map(|n| town.device(&format!("phone {n}"), &["n1"]))
        .collect();
    for phone in &mut phones {
        phone.sync(town);
        town.wait(1);
        phone.note(town, record, "nobody was at home");
    }
    for phone in &mut phones {
        phone.sync(town);
    }
    last.sync(town);
    assert_eq!(heads(&last, patient), count);
    (phones, last, record, patient)
}

/// So many entries have been seen by no other.
fn heads(phone: &Phone, patient: PatientId) -> usize {
    let (patient, _) = phone.app.patient(patient).unwrap();
    let record = &patient.records[0];
    let named: BTreeSet<_> = record.entries().iter().flat_map(|e| &e.after).collect();
    let entries = record.entries().iter();
    entries.filter(|e| !named.contains(&e.id)).count()
}

fn is_green(phone: &Phone) -> bool {
    phone.app.sync_status().unwrap().state == SyncState::AllSent
}

#[test]
fn whoever_comes_after_too_many_saves_and_brings_some_of_them_together() {
    let town = Town::default();
    let (mut phones, mut last, record, patient) = wide(&town);
    last.note(&town, record, "she called back");
    last.sync(&town);
    assert!(is_green(&last));
    assert_eq!(heads(&last, patient), 7);
    // One who had a part of it alone goes on from there.
    let first = &mut phones[0];
    first.note(&town, record, "again nobody");
    first.sync(&town);
    first.note(&town, record, "on her way");
    first.sync(&town);
    last.sync(&town);
    assert!(is_green(first) && is_green(&last));
    assert_eq!(heads(&last, patient), 1);
    assert_eq!(first.entries(patient), last.entries(patient));
    assert_eq!(town.entries(patient), last.entries(patient));
    assert_eq!(town.aside().len(), 0);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_page_writes_after_too_many() {
    let town = Town::default();
    let (_phones, mut last, record, patient) = wide(&town);
    let body = Body::Noted(Noted {
        text: "seen".into(),
    });
    let store = town.store();
    town.run(store.author("sup".into(), record, body, 7, town.now()))
        .unwrap();
    last.sync(&town);
    assert_eq!(heads(&last, patient), 7);
    assert_eq!(town.entries(patient), last.entries(patient));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_forked_is_written_anew_after_too_many() {
    let town = Town::default();
    let (mut phones, mut last, record, patient) = wide(&town);
    let phone = &mut phones[3];
    let copy = tempfile::tempdir().unwrap();
    let kept = copy.path().join("kept.db");
    phone.replace(|path| assert!(std::fs::copy(path, &kept).is_ok()));
    phone.note(&town, record, "before the phone was put back");
    phone.sync(&town);
    phone.replace(|path| assert!(std::fs::copy(&kept, path).is_ok()));
    phone.note(&town, record, "under the same count");
    phone.note(&town, record, "and one on top of it");
    for _ in 0..2 {
        phone.sync(&town);
        last.sync(&town);
    }
    assert!(is_green(phone));
    assert_eq!(phone.entries(patient), last.entries(patient));
    assert_eq!(town.entries(patient), last.entries(patient));
    assert_eq!(town.aside().len(), 0);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_is_told_about_a_practice_goes_on_in_another_document_when_one_is_full() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut lena = town.device("lena", &["d1"]);
    let (har, many) = ("har".into(), 2 * LIMITS.document / 4_000);
    for n in 0..many {
        let note = format!("{n} {}", "They call back on Mondays. ".repeat(140));
        ana.does(
            &town,
            json!({"TellPartner": {"partner": "har", "note": note}}),
        );
    }
    ana.sync(&town);
    lena.sync(&town);
    for phone in [&ana, &lena] {
        assert!(is_green(phone));
        assert_eq!(phone.app.practice(&har).unwrap().told.len(), many);
    }
}

#[test]
fn each_of_too_many_proposals_can_be_accepted() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let har = "har".into();
    let told = json!({"TellPartner": {"partner": "har", "accepting": "no"}});
    ana.does(&town, told);
    ana.sync(&town);
    let mut phones: Vec<Phone> = (0..LIMITS.deps + 6)
        .map(|n| town.device(&format!("phone {n}"), &["d1"]))
        .collect();
    let proposes = json!({"TellPartner": {"partner": "har", "verified": true, "proposed": true}});
    for phone in &mut phones {
        phone.sync(&town);
        town.wait(1);
        phone.does(&town, proposes.clone());
    }
    for phone in &mut phones {
        phone.sync(&town);
    }
    ana.sync(&town);
    let proposals = ana.app.partner(&har, town.now()).unwrap().proposals;
    assert_eq!(proposals.len(), phones.len());
    for at in [0, phones.len() / 2, phones.len() - 1] {
        assert!(proposals[at].can_accept);
        ana.act(&town, proposals[at].accept.clone()).unwrap();
    }
    ana.sync(&town);
    assert!(is_green(&ana));
    assert_eq!(town.aside().len(), 0);
    assert_eq!(town.verify(), Verified::SOUND);
}
