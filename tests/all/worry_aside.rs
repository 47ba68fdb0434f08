//! A worry that the rules kept out of a record: it stands first among the open flags and on the page of what is kept
//! aside, before anybody has said why she looks, and nobody but a licensed clinician leaves it out.

use serde_json::json;
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_core::wire::Decision;
use warmhand_server::store::{QuarantineRow, Store, StoreError};
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit::asks;

const WORDS: &str = "she would not say where she sleeps";

/// A device out of service that says, after a note, that somebody is worried.
fn kept_aside(town: &Town) -> (Phone, DocumentId, PatientId) {
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(town, "Rosalinda Quetzal");
    ana.sync(town);
    ana.note(town, record, "not sent yet");
    let worried =
        json!({"RaiseSafety": {"record": record, "reason": "staff_concern", "words": WORDS}});
    ana.does(town, worried);
    let id = ana.app.id().unwrap();
    town.run(town.store().revoke(id, "sup".into(), town.now()))
        .unwrap();
    town.wait(30);
    ana.sync(town);
    (ana, record, patient)
}

fn worry(town: &Town) -> QuarantineRow {
    let mut aside = town.aside().into_iter();
    aside.find(QuarantineRow::is_worry).expect("it waits")
}

fn decide(town: &Town, row: &QuarantineRow, decision: Decision) -> Result<(), StoreError> {
    let decided = town
        .store()
        .decide("sup".into(), row.hash, decision, 7, town.now());
    town.run(decided)
}

fn page(town: &Town, path: &str) -> String {
    let (status, page) = asks(town, &[], "GET", path, "");
    assert_eq!(status, 200, "{path}");
    page
}

#[test]
fn a_worry_that_is_kept_aside_stands_first_among_the_flags() {
    let town = Town::default();
    assert!(page(&town, "/safety").contains("No safety flag is open."));
    let (_ana, _, patient) = kept_aside(&town);
    assert_eq!(town.aside().len(), 2, "a note lies beside it");
    let code = patient.short_code();
    for path in ["/", "/safety"] {
        let page = page(&town, path);
        assert!(page.contains("Raised by"), "{path}");
        assert!(page.contains("and kept aside"), "{path}");
        assert!(page.contains(&code), "{path}");
        assert!(!page.contains(WORDS), "{path}: without a reason");
    }
    assert!(page(&town, "/safety").contains("1 open"));
    let aside = page(&town, "/quarantine");
    let (worry, note) = (hex::encode(worry(&town).hash.0), town.aside()[0].hash);
    let note = hex::encode(note.0);
    assert_ne!(worry, note);
    let at = |id: &str| aside.find(&format!("aside-{id}")).expect("it is there");
    assert!(at(&worry) < at(&note), "though the note came first");
    assert!(aside.contains("somebody was worried") && !aside.contains(WORDS));
}

#[test]
fn nobody_but_a_licensed_clinician_leaves_a_worry_out() {
    let town = Town::default();
    let (_ana, record, _) = kept_aside(&town);
    let row = worry(&town);
    let before = town.aside();
    assert!(matches!(
        decide(&town, &row, Decision::Dismissed),
        Err(StoreError::Refused(_))
    ));
    assert_eq!(town.aside(), before);
    let (_, page) = asks(&town, &[record], "GET", "/quarantine", "");
    let dismiss = format!("/quarantine/{}/dismiss", hex::encode(row.hash.0));
    assert!(page.contains(WORDS) && !page.contains(&dismiss));
    assert!(page.contains("left out by a licensed clinician alone"));
    // A note is for any supervisor to leave out.
    decide(&town, &before[0], Decision::Dismissed).unwrap();
    let clinician = SHEET.replacen(
        r#"[{"role": "supervisor"}]"#,
        r#"[{"role": "supervisor"}], "licensed_clinician": true"#,
        1,
    );
    town.run(town.store().load_sheet(clinician)).unwrap();
    let (_, page) = asks(&town, &[record], "GET", "/quarantine", "");
    assert!(page.contains(&dismiss));
    decide(&town, &row, Decision::Dismissed).unwrap();
    assert_eq!(town.aside(), []);
}

#[test]
fn a_worry_that_is_put_into_the_record_is_a_flag_like_any() {
    let town = Town::default();
    let (_ana, record, _) = kept_aside(&town);
    decide(&town, &worry(&town), Decision::Released).unwrap();
    let flags = page(&town, "/safety");
    assert!(flags.contains(&format!("/handoffs/{record}")));
    assert!(flags.contains("1 open") && !flags.contains("and kept aside"));
}
