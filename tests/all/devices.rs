//! Devices as a supervisor has them before her, on the page and from the terminal: who works on one, and what is known of
//! one that is lost. No patient is named there.

use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use warmhand_core::wire::QuarantineReason;
use warmhand_tests::cli::{refused, said};
use warmhand_tests::load::device::Device;
use warmhand_tests::organisation::with_supervisor_of_home;
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit::{asks, asks_as};

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

/// The newest line of the audit: who, what, why.
fn audited(town: &Town) -> (String, String, String) {
    let db = rusqlite::Connection::open(town.database()).unwrap();
    let sql = "select user, what, why from audit order by id desc limit 1";
    db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
}

#[test]
fn whoever_looks_after_one_site_puts_nobody_on_a_device_who_sees_another() {
    let town = Town::default();
    let tablet = tablet(&town);
    let id = tablet.app.id().unwrap();
    let sheet = with_supervisor_of_home();
    town.run(town.server().store.load_sheet(sheet)).unwrap();
    let people = format!("/devices/{id}/people");
    let enrolled = || {
        let db = rusqlite::Connection::open(town.database()).unwrap();
        let sql = "select count(*) from enrol_code where used_at is null";
        db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let hers = |method, path: &str, form: &str| asks_as(&town, ("hs", &[]), method, path, form);
    let form = |user: &str| format!("csrf=true&name=Hers&kind=phone&person={user}");
    let is_offered = |page: &str, user: &str| page.contains(&format!("value=\"{user}\""));

    // Nurse and doula of the home visits; not who works at both sites, at every site, or for the house as a whole.
    let (mine, not_mine) = (
        ["n1", "d1"],
        ["n2", "p1", "c1", "a2", "ma", "sup", "adm", "pp"],
    );
    for path in ["/devices", &people] {
        let (_, page) = hers("GET", path, "");
        assert!(mine.iter().all(|user| is_offered(&page, user)), "{page}");
        for user in not_mine {
            assert!(!is_offered(&page, user), "{user} on {path}");
        }
        let (_, page) = asks(&town, &[], "GET", path, "");
        let mut all = mine.iter().chain(&not_mine);
        assert!(all.all(|user| is_offered(&page, user)), "{page}");
    }
    // Nor does she get a place for them by typing the form herself.
    for user in not_mine {
        let (status, page) = hers("POST", "/devices", &form(user));
        assert_eq!((status, enrolled()), (422, 0), "{user}");
        assert!(page.contains("choose people of your sites alone"), "{page}");
        let named = format!("csrf=true&person=n1&person={user}");
        let (status, _) = hers("POST", &people, &named);
        assert_eq!(status, 404, "{user}");
    }
    assert_eq!(
        town.run(town.server().store.devices()).unwrap()[1].people,
        ["n1".into(), "n2".into()]
    );

    assert_eq!(hers("POST", "/devices", &form("n1")).0, 200);
    let line = |user: &str, what: &str, why: String| (user.to_owned(), what.to_owned(), why);
    let made = "made a device code";
    let why = "\"Hers\" (phone), for n1; by hs".to_owned();
    assert_eq!((audited(&town), enrolled()), (line("hs", made, why), 1));
    assert_eq!(asks(&town, &[], "POST", "/devices", &form("c1")).0, 200);
    let why = "\"Hers\" (phone), for c1; by sup".to_owned();
    assert_eq!(audited(&town), line("sup", made, why));
    // Who works elsewhere too stays on the device: she is not hers to take off either.
    assert_eq!(hers("POST", &people, "csrf=true&person=d1").0, 303);
    let why = format!("{id} \"tablet\", for n2, d1; by hs");
    let what = "changed a device's people";
    assert_eq!(audited(&town), line("hs", what, why));
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
    let why = format!("{id} \"tablet\", for n1, n2; by the terminal");
    let line = |what: &str, why: &str| ("the terminal".to_owned(), what.to_owned(), why.to_owned());
    assert_eq!(audited(&town), line("changed a device's people", &why));
    typed(&data, &["revoke", "tablet"]);
    assert_eq!(audited(&town), line("revoked a device", &id));
    typed(&data, &["reinstate", "tablet"]);
    assert_eq!(audited(&town), line("took a device back", &id));
    typed(&data, &["revoke", "tablet"]);
    assert!(typed(&data, &["list"]).contains("not yet seen since; records of at most 1 patients"));
    town.wait(5);
    tablet.sync(&town);
    let rows = town.aside();
    assert_eq!((rows.len(), rows[0].reason), (1, QuarantineReason::Revoked));
    assert!(typed(&data, &["list"]).contains("confirmed wiped"));
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("boxes.jsonl");
    let order = ["--by", "sup", "--why", "she asks what is missing"];
    let opened = [&["boxes", "tablet", file.to_str().unwrap()], &order[..]].concat();
    let told = typed(&data, &opened);
    assert!(told.contains("1 changes. 0 boxes are of another key"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("not sent") && text.contains("\"by\":\"n1\""));
    let line = |more: &[&'static str]| {
        let mut line = vec!["device", "boxes", "tablet", file.to_str().unwrap()];
        line.extend(more);
        line.extend(["--data", data.to_str().unwrap()]);
        refused(&line)
    };
    let why = format!("{id} \"tablet\": she asks what is missing");
    let kept = ("sup".to_owned(), "opened a device's boxes".to_owned(), why);
    assert_eq!(audited(&town), kept);
    assert!(line(&order).contains("exists already"));
    std::fs::remove_file(&file).unwrap();
    // Nobody is given them who says no reason, or may not order it; and then the audit says nothing of it.
    assert!(line(&["--by", "sup", "--why", " "]).contains("say why"));
    let sentence = line(&["--by", "n1", "--why", "she wants to know"]);
    assert!(
        sentence.contains("no administrator or supervisor"),
        "{sentence}"
    );
    assert!(!file.exists());
    assert_eq!(audited(&town), kept);
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
fn what_lies_in_a_box_about_alcohol_and_drugs_is_written_only_where_that_is_said() {
    let town = Town::default();
    let mut tablet = tablet(&town);
    let (record, _) = tablet.handoff(&town, "Imani Duarte");
    let screen =
        json!({"record": record, "instrument": "audit_c", "mode": "interview", "items": [1, 1, 2]});
    tablet.does(&town, json!({"RecordScreen": screen}));
    let data = ground(&town);
    typed(&data, &["revoke", "tablet"]);
    town.wait(5);
    tablet.sync(&town);
    let out = tempfile::tempdir().unwrap();
    let written = |name: &str, more: &[&str]| {
        let file = out.path().join(name);
        let order = ["--by", "sup", "--why", "she asks what is missing"];
        let line = ["boxes", "tablet", file.to_str().unwrap()];
        let told = typed(&data, &[&line[..], &order, more].concat());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        (told, std::fs::read_to_string(&file).unwrap())
    };
    let (told, without) = written("without", &[]);
    assert!(without.contains("not sent"), "{without}");
    assert!(!without.contains("SudOpened"), "{without}");
    assert!(told.contains("were left out"), "{told}");
    let (told, with) = written("with", &["--alcohol-and-drugs"]);
    assert!(with.contains("SudOpened"), "{with}");
    assert!(with.lines().count() > without.lines().count());
    assert!(!told.contains("were left out"), "{told}");
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
        town.run(
            server
                .store
                .set_people(id, people, "sup".into(), town.now()),
        )
    };
    assert_eq!(people(&["n1", "n2"]).unwrap_err().to_string(), sentence);
    people(&["n2"]).unwrap();
}
