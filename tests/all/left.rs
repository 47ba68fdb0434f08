//! What a new sheet leaves behind: records of a site that it no longer names, devices on which nobody of it works, work
//! kept aside of somebody who has left it. Each stays before whoever looks after all sites, and its words before nobody
//! who has not said why.

use rusqlite::Connection;
use serde_json::json;
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_server::store::{QuarantineRow, Store};
use warmhand_tests::organisation::{SHEET, with_supervisor_of_home};
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit::{asks, asks_as, begins, goes_on};

const WORDS: &str = "her sister drives her";

/// A supervisor of the home visits, `hs`, and one of the clinic, `cs`, beside the one of the whole.
fn with_supervisors() -> String {
    let of_the_clinic = r#""people": [
    {"id": "cs", "name": "Cora Stein", "roles": [{"role": "supervisor", "sites": ["clinic"]}]},"#;
    with_supervisor_of_home().replacen(r#""people": ["#, of_the_clinic, 1)
}

fn without_ana(sheet: &str) -> String {
    let (before, rest) = sheet.split_once(r#"    {"id": "n1""#).unwrap();
    let (_, after) = rest.split_once('\n').unwrap();
    format!("{before}{after}")
}

/// The home visits under another code: to a record it is a site that is no more.
fn renamed(sheet: &str) -> String {
    sheet.replace(r#""home""#, r#""county""#)
}

fn load(town: &Town, sheet: String) {
    town.run(town.server().store.load_sheet(sheet)).unwrap();
}

fn sees(town: &Town, user: &str, path: &str, words: &str) -> bool {
    let (status, page) = asks_as(town, (user, &[]), "GET", path, "");
    assert_eq!(status, 200, "{user} at {path}");
    page.contains(words)
}

#[test]
fn records_of_a_site_that_is_gone_are_before_whoever_looks_after_all_sites() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(&town, "Rosalinda Quetzal");
    let worried = json!({"RaiseSafety": {"record": record, "reason": "staff_concern"}});
    ana.does(&town, worried);
    ana.sync(&town);
    load(&town, renamed(&with_supervisors()));
    let (code, at) = (patient.short_code(), format!("/handoffs/{record}"));
    let status = |user: &str, path: &str| asks_as(&town, (user, &[]), "GET", path, "").0;
    for path in [
        "/",
        "/safety",
        "/handoffs",
        "/handoffs?site=home",
        "/?site=home",
    ] {
        assert!(sees(&town, "sup", path, &code), "{path}");
    }
    assert_eq!(status("sup", &at), 200);
    for path in ["/", "/handoffs"] {
        assert!(sees(
            &town,
            "sup",
            path,
            "home, a site no longer on the sheet"
        ));
    }
    assert!(!sees(&town, "sup", "/?site=county", &code));
    for user in ["hs", "cs"] {
        for path in ["/", "/safety", "/handoffs", "/handoffs?site=home"] {
            assert!(!sees(&town, user, path, &code), "{user} at {path}");
        }
        assert_eq!((status(user, &at), status(user, "/?site=home")), (404, 404));
    }

    // Where nobody is there for the whole, whoever has each site of the sheet is.
    let of_each = r#"{"role": "supervisor", "sites": ["county", "clinic"]}"#;
    let sheet = renamed(&with_supervisors()).replacen(r#"{"role": "supervisor"}"#, of_each, 1);
    load(&town, sheet);
    assert!(sees(&town, "sup", "/safety", &code));
    assert!(!sees(&town, "hs", "/safety", &code));
}

#[test]
fn a_device_whose_people_have_left_is_seen_counted_given_away_and_revoked() {
    let town = Town::default();
    let ana = town.device("ana's tablet", &["n1"]);
    let id = ana.app.id().unwrap();
    load(&town, without_ana(&with_supervisors()));
    town.wait(25 * 60);
    let listed = format!("device-{id}");
    let silent = format!("silent-{id}");
    assert!(sees(&town, "sup", "/devices", &listed));
    assert!(sees(&town, "sup", "/devices", "nobody of the sheet; once "));
    assert!(sees(&town, "sup", "/", &silent));
    for user in ["hs", "cs"] {
        assert!(!sees(&town, user, "/devices", &listed), "{user}");
        assert!(!sees(&town, user, "/", &silent), "{user}");
    }
    let people = || {
        let devices = town.run(town.store().devices()).unwrap();
        devices.into_iter().find(|d| d.id == id).unwrap().people
    };
    let path = |act: &str| format!("/devices/{id}/{act}");
    assert!(sees(&town, "sup", &path("revoke"), "nobody of the sheet"));
    let (status, _) = asks(&town, &[], "POST", &path("people"), "csrf=true&person=n2");
    assert_eq!((status, people()), (303, vec!["n2".into()]));
    assert!(sees(&town, "hs", "/devices", &listed), "it is of her site");
    load(&town, without_ana(SHEET).replace("n2", "n3"));
    assert_eq!(
        asks(&town, &[], "POST", &path("revoke"), "csrf=true").0,
        303
    );
}

/// Words of somebody who has left and whose device was taken out of service, of a patient who is not here yet.
fn left_aside(town: &Town) -> (DocumentId, PatientId) {
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(town, "Rosalinda Quetzal");
    ana.note(town, record, WORDS);
    revoke(town, &ana);
    load(town, without_ana(&with_supervisors()));
    ana.sync(town);
    assert!(!town.aside().is_empty());
    (record, patient)
}

fn revoke(town: &Town, phone: &Phone) {
    let id = phone.app.id().unwrap();
    town.run(town.store().revoke(id, "sup".into(), town.now()))
        .unwrap();
}

/// The first of what is kept aside of a record.
fn lying(town: &Town, record: DocumentId) -> QuarantineRow {
    let mut aside = town.aside().into_iter();
    aside.find(|row| row.doc == record).unwrap()
}

/// Opens what is kept aside under this id, and says what is shown before and after that.
fn opens(town: &Town, user: &str, record: DocumentId) {
    let at = format!("/handoffs/{record}");
    let open = format!("{at}/open");
    begins(town, user, &[]);
    let goes_on = |method, path: &str, form| goes_on(town, user, method, path, form);
    let (_, page) = goes_on("GET", "/quarantine", "");
    assert!(page.contains(&format!("href=\"{at}\"")) && !page.contains(WORDS));
    let (status, page) = goes_on("GET", &at, "");
    assert!(status == 200 && page.contains("Why do you open this record?"));
    let hash = hex::encode(lying(town, record).hash.0);
    let (before, release) = (town.aside(), format!("/quarantine/{hash}/release"));
    assert_eq!(goes_on("POST", &release, "csrf=true").0, 303);
    assert_eq!(town.aside(), before, "not without a reason");
    assert_eq!(goes_on("POST", &open, "csrf=true").0, 422);
    assert_eq!(goes_on("POST", &open, "csrf=true&reason=safety").0, 303);
    assert_eq!(goes_on("GET", &at, "").0, 303, "to what is kept aside");
    assert!(goes_on("GET", "/quarantine", "").1.contains(WORDS));
    let db = Connection::open(town.database()).unwrap();
    let sql = "select user, what, record, why from audit order by id desc limit 1";
    let row = db.query_row(sql, [], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get::<_, Vec<u8>>(2)?,
            row.get(3)?,
        ))
    });
    let (by, what, of, why): (String, String, Vec<u8>, String) = row.unwrap();
    assert_eq!(
        (&*by, &*what, &*why),
        (user, "opened a record", "Safety concern")
    );
    assert_eq!(of, record.as_bytes());
}

#[test]
fn what_is_kept_aside_of_a_new_patient_is_before_her_site_alone_and_opens_for_a_reason() {
    let town = Town::default();
    let (record, patient) = left_aside(&town);
    let hash = hex::encode(lying(&town, record).hash.0);
    let cannot = |user: &str| {
        assert!(sees(&town, user, "/quarantine", "Nothing is kept aside"));
        let opened = (user, &[record][..]);
        for act in ["release", "dismiss"] {
            let path = format!("/quarantine/{hash}/{act}");
            assert_eq!(asks_as(&town, opened, "POST", &path, "csrf=true").0, 404);
        }
        let at = format!("/handoffs/{record}");
        assert_eq!(asks_as(&town, opened, "GET", &at, "").0, 404);
    };
    cannot("cs");
    opens(&town, "hs", record);
    // Her author is unknown, and now her site is too.
    load(&town, renamed(&without_ana(&with_supervisors())));
    cannot("cs");
    cannot("hs");
    assert!(sees(&town, "sup", "/quarantine", &patient.short_code()));
    opens(&town, "sup", record);
}

#[test]
fn what_is_kept_aside_of_a_patient_whose_record_is_damaged_opens_for_a_reason() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, _) = ana.handoff(&town, "Rosalinda Quetzal");
    ana.sync(&town);
    ana.note(&town, record, WORDS);
    revoke(&town, &ana);
    ana.sync(&town);
    let db = Connection::open(town.database()).unwrap();
    let sql = "update change set fields = cast(x'ff' || fields as blob) where doc = ?1";
    assert!(db.execute(sql, [&record.as_bytes()[..]]).unwrap() > 0);
    town.close();
    town.open(None);
    assert!(sees(
        &town,
        "sup",
        "/",
        "Cannot be read: records of 1 patient."
    ));
    opens(&town, "sup", record);
}

#[test]
fn where_her_records_are_is_known_before_where_somebody_says_that_she_is_seen() {
    let town = Town::default();
    load(&town, with_supervisors());
    let (mut ana, mut ngozi) = (town.device("ana", &["n1"]), town.device("ngozi", &["n2"]));
    let opens = json!({"OpenRecord": {"site": "clinic", "preferred_name": "Rosalinda Quetzal"}});
    let known = ngozi.does(&town, opens);
    ngozi.sync(&town);
    // Out of service, somebody begins a record of hers at the home visits, and one of somebody new.
    let patient = known.patient.unwrap();
    let begins = json!({"OpenRecord": {"site": "home", "patient": patient}});
    let hers = ngozi.does(&town, begins).record.unwrap();
    let (new, _) = ana.handoff(&town, "Amina");
    for phone in [&mut ngozi, &mut ana] {
        revoke(&town, phone);
        phone.sync(&town);
    }
    let aside = |user: &str| {
        let shows = |record: DocumentId| {
            let hash = hex::encode(lying(&town, record).hash.0);
            sees(&town, user, "/quarantine", &format!("aside-{hash}"))
        };
        [shows(hers), shows(new)]
    };
    assert_eq!(aside("sup"), [true, true]);
    assert_eq!(aside("cs"), [true, false], "she is seen at the clinic");
    assert_eq!(aside("hs"), [false, true]);
}
