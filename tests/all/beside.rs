//! What lies beside the record: the answers of screens, and what staff are told about practices, each a document of its
//! own with its own readers.

use serde_json::json;
use warmhand_core::app::SyncStep;
use warmhand_core::domain::code::{Accepting, SelfHarm};
use warmhand_core::domain::id::DocumentId;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::town::{Phone, Town};

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

/// The documents that began as this kind, on the server.
fn begun_as(town: &Town, kind: &str) -> Vec<DocumentId> {
    let all = town.run(town.server().store.changes()).unwrap();
    let begun = all.iter().filter(|delivered| {
        let puts = &delivered.change.puts;
        puts.iter().any(|put| put.text.contains(kind))
    });
    begun.map(|delivered| delivered.change.doc).collect()
}

#[test]
fn what_she_answers_about_alcohol_lies_apart_and_is_no_whole_sites() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    ana.does(
        &town,
        json!({"RecordScreen": {"record": record, "instrument": "audit_c", "mode": "interview", "items": [1, 1, 2]}}),
    );
    let mut others = [
        ("ngozi", "n2"),
        ("lena", "d1"),
        ("patel", "p1"),
        ("carla", "c1"),
    ]
    .map(|(name, user)| town.device(name, &[user]));
    ana.sync(&town);
    for phone in &mut others {
        phone.sync(&town);
        assert!(phone.app.holds(record).unwrap());
        let there = phone.app.patient(patient).unwrap().0;
        assert_eq!(there.records[0].screens.len(), 2, "its result, in a word");
    }
    let (sud, screens) = (
        begun_as(&town, "SudOpened"),
        begun_as(&town, "ScreensOpened"),
    );
    assert_eq!((sud.len(), screens.len()), (1, 1));
    assert_ne!(sud, screens);
    let answered = begun_as(&town, "ScreenAnswered");
    assert!(answered.contains(&sud[0]) && answered.contains(&screens[0]));
    assert!(!answered.contains(&record));
    let hold = |others: &[Phone], doc| -> Vec<bool> {
        others.iter().map(|p| p.app.holds(doc).unwrap()).collect()
    };
    // A nurse of the site who has nothing to do with her, a doula, a provider there, and whoever looks after her.
    assert_eq!(hold(&others, sud[0]), [false, false, true, true]);
    assert_eq!(hold(&others, screens[0]), [true, false, true, true]);
    assert!(ana.app.holds(sud[0]).unwrap(), "she asked it herself");
    others[0].does(
        &town,
        json!({"AddNote": {"record": record, "text": "stands in"}}),
    );
    others[0].sync(&town);
    others[0].sync(&town);
    assert!(!hold(&others, sud[0])[0], "a note opens nothing");
    ana.does(
        &town,
        json!({"OfferOwnership": {"record": record, "to": "n2"}}),
    );
    ana.sync(&town);
    others[0].sync(&town);
    others[0].does(&town, json!({"AcceptOwnership": {"record": record}}));
    others[0].sync(&town);
    others[0].sync(&town);
    assert_eq!(hold(&others, sud[0]), [true, false, true, true]);
    ana.sync(&town);
    assert!(ana.app.holds(sud[0]).unwrap(), "she took it down herself");
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_is_proposed_about_a_practice_can_be_accepted_in_whichever_document_it_lies() {
    let town = Town::default();
    let mut phones = [("lena", "d1"), ("doula", "d1"), ("ana", "n1")]
        .map(|(name, user)| town.device(name, &[user]));
    let told = json!({"TellPartner": {"partner": "har", "verified": true, "proposed": true}});
    // Each begins a document of its own.
    for phone in &mut phones {
        town.wait(1);
        phone.does(&town, told.clone());
    }
    for _ in 0..2 {
        phones.iter_mut().for_each(|phone| phone.sync(&town));
    }
    let [_, _, ana] = &mut phones;
    let har = "har".into();
    for left in (1..=3).rev() {
        let screen = ana.app.partner(&har, town.now()).unwrap();
        assert_eq!(screen.proposals.len(), left);
        assert!(screen.proposals.iter().all(|row| row.can_accept));
        ana.act(&town, screen.proposals[0].accept.clone()).unwrap();
    }
    ana.sync(&town);
    assert_eq!(town.aside().len(), 0);
    assert_eq!(town.verify(), Verified::SOUND);
}
