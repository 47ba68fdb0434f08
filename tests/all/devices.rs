//! Devices as a supervisor has them before her, on the page and from the terminal: who works on one, and what is known of
//! one that is lost. No patient is named there.

use serde_json::json;
use std::path::Path;
use warmhand_core::wire::QuarantineReason;
use warmhand_tests::cli::{refused, said};
use warmhand_tests::load::device::Device;
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit::asks;

fn tablet(town: &Town) -> Phone {
    let mut tablet = town.device("tablet", &["n1", "n2"]);
    let (record, _) = tablet.handoff(town, "Rosalinda Quetzal");
    tablet.sync(town);
    tablet.does(
        town,
        json!({"AddNote": {"record": record, "text": "not sent"}}),
    );
    tablet
}

#[test]
fn the_list_says_of_a_lost_device_what_is_known_and_names_nobody() {
    let town = Town::default();
    let mut tablet = tablet(&town);
    let id = tablet.app.id().unwrap();
    let says = |words: &str| {
        let (status, page) = asks(&town, &[], "GET", "/devices", "");
        assert_eq!(status, 200);
        assert!(page.contains(words), "\"{words}\" is not in {page}");
        assert!(!page.contains("Rosalinda"));
        page
    };
    says("active");
    let (status, page) = asks(&town, &[], "GET", &format!("/devices/{id}/revoke"), "");
    assert_eq!(status, 200);
    assert!(page.contains("Then it wipes itself"));
    let revoke = format!("/devices/{id}/revoke");
    assert_eq!(asks(&town, &[], "POST", &revoke, "csrf=false").0, 403);
    assert_eq!(asks(&town, &[], "POST", &revoke, "csrf=true").0, 303);
    let page = says("Not yet seen since it was revoked");
    assert!(
        page.contains(
            "Records of at most 1 patient · nothing unsent when last seen · not encrypted"
        )
    );
    town.wait(10);
    tablet.app.sync_wanted();
    let warmhand_core::app::SyncStep::Send(asked) = tablet.app.sync_next(town.now()).unwrap()
    else {
        panic!("nothing to ask")
    };
    let carried = town.carry(&asked);
    says("and told to wipe; it has not confirmed it");
    // Asked once more, what a person may do is on a page of its own.
    let (status, page) = asks(&town, &[], "GET", &format!("/devices/{id}/reinstate"), "");
    assert_eq!(status, 200);
    assert!(page.contains("it shows their records again"));
    tablet
        .app
        .sync_answered(asked.number, &carried, town.now())
        .unwrap();
    tablet.sync(&town);
    let page = says("Confirmed wiped");
    assert!(page.contains("1 closed box of work that nobody had taken"));
    assert!(page.contains("Records of at most 1 patient"));
    let reinstate = format!("/devices/{id}/reinstate");
    assert_eq!(asks(&town, &[], "GET", &reinstate, "").0, 404);
    assert_eq!(asks(&town, &[], "POST", &reinstate, "csrf=true").0, 409);
}

#[test]
fn a_supervisor_changes_who_works_on_a_device_and_is_told_what_cannot_be() {
    let town = Town::default();
    let mut tablet = tablet(&town);
    let id = tablet.app.id().unwrap();
    let path = format!("/devices/{id}/people");
    let (status, page) = asks(&town, &[], "GET", &path, "");
    assert_eq!(status, 200);
    assert!(page.contains(r#"value="n1" checked"#) && page.contains(r#"value="d1">"#));
    let (status, page) = asks(&town, &[], "POST", &path, "csrf=true");
    assert_eq!(status, 422);
    assert!(page.contains("to take it from everybody, revoke it"));
    assert_eq!(
        asks(&town, &[], "POST", &path, "csrf=true&person=nobody").0,
        404
    );
    let (status, _) = asks(&town, &[], "POST", &path, "csrf=true&person=n2&person=d1");
    assert_eq!(status, 303);
    tablet.sync(&town);
    assert_eq!(tablet.app.people().unwrap(), ["d1".into(), "n2".into()]);
    assert_eq!(tablet.app.signed_in().unwrap(), None);
    let waiting = town.aside();
    assert_eq!(waiting, [], "she was on it when it last heard from here");
}

fn typed(data: &Path, words: &[&str]) -> String {
    let mut line = vec!["device"];
    line.extend(words);
    line.extend(["--data", data.to_str().unwrap()]);
    let (went_well, text) = said(&line);
    assert!(went_well, "{text}");
    text
}

/// A town whose folder the program can open: with its key beside the database.
fn ground(town: &Town) -> std::path::PathBuf {
    town.keys().save(town.folder()).unwrap();
    town.folder().to_owned()
}

#[test]
fn the_same_is_done_from_the_terminal() {
    let town = Town::default();
    let mut tablet = tablet(&town);
    let id = tablet.app.id().unwrap().to_string();
    let data = ground(&town);
    let listed = typed(&data, &["list"]);
    assert!(listed.contains(&id) && listed.contains("tablet (tablet; n1, n2), last seen"));
    assert!(
        typed(&data, &["people", "tablet", "--people", "n2,d1"])
            .starts_with("From its next contact on n2, d1 work on tablet.")
    );
    typed(&data, &["people", &id, "--people", "n1,n2"]);
    typed(&data, &["revoke", "tablet"]);
    typed(&data, &["reinstate", "tablet"]);
    typed(&data, &["revoke", "tablet"]);
    assert!(typed(&data, &["list"]).contains("not yet seen since; records of at most 1 patients"));
    town.wait(5);
    tablet.sync(&town);
    let rows = town.aside();
    assert_eq!((rows.len(), rows[0].reason), (1, QuarantineReason::Revoked));
    assert!(typed(&data, &["list"]).contains("confirmed wiped"));
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("boxes.jsonl");
    let told = typed(&data, &["boxes", "tablet", file.to_str().unwrap()]);
    assert!(told.contains("1 changes. 0 boxes are of another key"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("not sent") && text.contains("\"by\":\"n1\""));
    let again = [
        "device",
        "boxes",
        "tablet",
        file.to_str().unwrap(),
        "--data",
    ];
    let again: Vec<&str> = again.into_iter().chain(data.to_str()).collect();
    assert!(refused(&again).contains("exists already"));
    let unknown = [
        "device",
        "revoke",
        "phone",
        "--data",
        data.to_str().unwrap(),
    ];
    assert_eq!(
        refused(&unknown),
        "there is no device \"phone\"; \"warmhand device list\" prints those there are"
    );
}

#[test]
fn a_phone_is_one_persons_from_the_first_day_on() {
    let town = Town::default();
    let server = town.server();
    let place = |kind: &str, people: &[&str]| {
        let people = people.iter().map(|user| (*user).into()).collect();
        town.run(server.issue_code("hers".into(), kind.into(), people))
    };
    let sentence = "a phone is one person's; what several people work on is a tablet";
    let refused = place("phone", &["n1", "n2"]).map(|_| ());
    assert_eq!(refused.unwrap_err().to_string(), sentence);
    place("tablet", &["n1", "n2"]).unwrap();
    let code = place("phone", &["n1"]).unwrap();
    let mut hers = Device::open(&town.folder().join("hers.db"), "", 3);
    let asked = hers.app.enrol(&code.text, town.now());
    let carried = town.carry(&asked);
    let taken = hers.app.sync_answered(asked.number, &carried, town.now());
    taken.unwrap();
    let id = hers.app.id().unwrap();
    let people = |people: &[&str]| {
        let people = people.iter().map(|user| (*user).into()).collect();
        town.run(server.store.set_people(id, people, town.now()))
    };
    assert_eq!(people(&["n1", "n2"]).unwrap_err().to_string(), sentence);
    people(&["n2"]).unwrap();
}
