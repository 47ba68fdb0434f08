//! What lies beside the record: the answers of screens, and what staff are told about practices, each a document of its
//! own with its own readers.

use serde_json::json;
use warmhand_core::app::SyncStep;
use warmhand_core::domain::code::{Accepting, SelfHarm};
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::town::Town;

#[test]
fn what_one_was_told_about_a_practice_reaches_everybody() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut lena = town.device("lena", &["d1"]);
    let har = "har".into();
    ana.does(
        &town,
        json!({"TellPartner": {"partner": "har", "accepting": "no", "verified": true}}),
    );
    town.wait(5);
    lena.does(
        &town,
        json!({"TellPartner": {"partner": "har", "accepting": "wait", "wait_days": 10}}),
    );
    for _ in 0..2 {
        ana.sync(&town);
        lena.sync(&town);
    }
    for phone in [&ana, &lena] {
        let practice = phone.app.practice(&har).unwrap();
        assert_eq!(practice.told.len(), 2);
        let last = practice.accepting.unwrap();
        assert_eq!((last.value, last.by.as_str()), (Accepting::Wait, "d1"));
        assert_eq!(practice.verified.unwrap().by.as_str(), "n1");
    }
    assert_eq!(
        ana.app.patients(town.now()).unwrap().rows.len(),
        0,
        "no patient is made of it"
    );
    assert_eq!(town.verify(), Verified::SOUND);
    assert!(matches!(
        ana.app.sync_next(town.now()).unwrap(),
        SyncStep::Idle(_)
    ));
}

#[test]
fn another_version_of_a_screen_keeps_its_answers_where_only_some_may_look() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut lena = town.device("lena", &["d1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    let screen = ana.app.patient(patient).unwrap().0.records[0].screens[0]
        .entry
        .id;
    let version = ana
        .does(
            &town,
            json!({"AmendScreen": {"record": record, "screen": screen, "mode": "interview",
                "items": [2, 2, 1, 2, 1, 1, 2, 1, 1], "reason": "misread"}}),
        )
        .made
        .unwrap();
    for _ in 0..2 {
        ana.sync(&town);
        lena.sync(&town);
    }
    let there = lena.app.patient(patient).unwrap().0;
    let read = &there.records[0].screens[0];
    assert_eq!((read.versions.len(), read.self_harm), (2, SelfHarm::Yes));
    assert_eq!(there.flags[0].id, version);
    assert!(ana.entries(patient).len() >= lena.entries(patient).len());
    assert_eq!(town.verify(), Verified::SOUND);
}
