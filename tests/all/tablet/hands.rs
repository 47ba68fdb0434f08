//! Records that change hands, sites and sheets: what somebody wrote in she goes on seeing, and what she may not read she
//! does not write in.

use super::{APART, hand, sheet};
use serde_json::json;
use warmhand_core::refusal::Refusal;
use warmhand_server::store::Store;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::town::Town;

#[test]
fn whoever_owns_a_record_sees_it_until_another_takes_it_over() {
    let town = Town::default();
    town.run(town.store().load_sheet(sheet(&[APART]))).unwrap();
    let mut tablet = town.device("tablet", &["n1", "n2", "c1"]);
    tablet.sync(&town);
    let opened = tablet.does(
        &town,
        json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}}),
    );
    let record = opened.record.unwrap();
    let sees = |tablet: &mut warmhand_tests::town::Phone, user: &str| {
        hand(tablet, &town, user);
        let listed = tablet.app.patients(town.now()).unwrap().rows.len() == 1;
        let seen = tablet.app.handoff(record, town.now()).map(|_| ());
        assert_eq!(listed, seen.is_ok(), "{seen:?}");
        listed
    };
    assert!(!sees(&mut tablet, "n2"));
    hand(&mut tablet, &town, "n1");
    let need = json!({"IdentifyNeed": {"record": record, "basis": "judgement", "owner": "n2"}});
    tablet.does(&town, need);
    assert!(sees(&mut tablet, "n2"), "it is hers");
    tablet.sync(&town);
    assert!(sees(&mut tablet, "n2"));
    hand(&mut tablet, &town, "c1");
    tablet.does(&town, json!({"AcceptOwnership": {"record": record}}));
    assert!(!sees(&mut tablet, "n2"), "it is another's");
    tablet.sync(&town);
    assert!(!sees(&mut tablet, "n2"));
    assert!(sees(&mut tablet, "n1") && sees(&mut tablet, "c1"));
    assert_eq!(town.aside(), []);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_visit_that_she_has_begun_she_ends_wherever_she_works_by_then() {
    let town = Town::default();
    let mut tablet = town.device("tablet", &["n1", "n2"]);
    let opens = |name: &str| json!({"OpenRecord": {"site": "home", "preferred_name": name}});
    let [rosa, mei] = ["Rosa", "Mei"].map(|name| tablet.does(&town, opens(name)).record.unwrap());
    hand(&mut tablet, &town, "n2");
    let start = json!({"StartEncounter": {"record": rosa, "setting": "home"}});
    tablet.does(&town, start);
    tablet.sync(&town);
    assert_eq!(tablet.app.patients(town.now()).unwrap().rows.len(), 2);
    town.run(town.store().load_sheet(sheet(&[APART]))).unwrap();
    tablet.sync(&town);
    let (app, now) = (&tablet.app, town.now());
    let lost = Err(Refusal::NotHere("the record"));
    assert_eq!(app.visit(mei, now).map(|_| ()), lost);
    assert_eq!(app.visit(rosa, now).map(|_| ()), Ok(()));
    tablet.does(&town, json!({"EndEncounter": {"record": rosa}}));
    tablet.sync(&town);
    assert_eq!(town.aside(), []);
}

#[test]
fn what_she_takes_down_lies_where_she_may_read_it() {
    let town = Town::default();
    let allows = r#""settings": {"doula_may_screen": true}, "partners": ["#;
    let sheet = sheet(&[(r#""partners": ["#, allows)]);
    town.run(town.store().load_sheet(sheet)).unwrap();
    let mut tablet = town.device("tablet", &["n1", "d1"]);
    tablet.sync(&town);
    let (record, patient) = tablet.handoff(&town, "Rosa");
    tablet.sync(&town);
    // A doula does not read what the nurse took down, and says nothing beside it.
    hand(&mut tablet, &town, "d1");
    for _ in 0..2 {
        let form = json!({"RecordScreen": {"record": record, "instrument": "gad7", "mode": "interview",
            "items": [1, 0, 1, 0, 1, 0, 0]}});
        tablet.does(&town, form);
        town.wait(60);
    }
    tablet.sync(&town);
    assert_eq!(town.aside(), []);
    let answers = tablet.app.patient(patient).unwrap().0.answers;
    let mut forms: Vec<_> = answers
        .iter()
        .map(|document| document.forms.len())
        .collect();
    forms.sort_unstable();
    assert_eq!(forms, [1, 2], "hers lie together");
    assert_eq!(town.verify(), Verified::SOUND);
}
