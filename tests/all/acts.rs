//! What a person does on the dashboard is in the audit log with it: where the log takes no row, as on a full disk,
//! nothing was done, and whoever comes later finds no act without its author.

use rusqlite::Connection;
use serde_json::json;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::domain::payload::Noted;
use warmhand_server::store::{DeviceRow, Store};
use warmhand_tests::town::Town;
use warmhand_tests::visit::asks;

/// The audit log takes no row while this is done.
fn without_room(town: &Town, done: impl FnOnce()) {
    let db = Connection::open(town.database()).unwrap();
    let full = "create trigger full before insert on audit begin select raise(abort, 'full'); end";
    db.execute_batch(full).unwrap();
    done();
    db.execute_batch("drop trigger full").unwrap();
}

/// Everything in the log: who, what, why.
fn audited(town: &Town) -> Vec<(String, String, String)> {
    let db = Connection::open(town.database()).unwrap();
    let mut rows = db
        .prepare("select user, what, why from audit order by id")
        .unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn device(town: &Town, id: DeviceId) -> DeviceRow {
    let mut devices = town.run(town.store().devices()).unwrap().into_iter();
    devices.find(|row| row.id == id).unwrap()
}

#[test]
fn nothing_is_done_with_a_device_that_the_audit_does_not_keep() {
    let town = Town::default();
    let tablet = town.device("tablet", &["n1", "n2"]);
    let id = tablet.app.id().unwrap();
    let path = |act: &str| format!("/devices/{id}/{act}");
    let acts = [
        (path("people"), "csrf=true&person=n2"),
        (path("revoke"), "csrf=true"),
        (path("reinstate"), "csrf=true"),
    ];
    for (path, form) in &acts {
        let before = device(&town, id);
        without_room(&town, || {
            assert_eq!(asks(&town, &[], "POST", path, form).0, 503, "{path}");
        });
        assert_eq!(device(&town, id), before, "{path}");
        assert_eq!(asks(&town, &[], "POST", path, form).0, 303, "{path}");
        assert_ne!(device(&town, id), before, "{path}");
    }
    let line = |what: &str, why: String| ("sup".to_owned(), what.to_owned(), why);
    assert_eq!(
        audited(&town),
        [
            line(
                "changed a device's people",
                format!("{id} \"tablet\", for n2; by sup")
            ),
            line("revoked a device", id.to_string()),
            line("took a device back", id.to_string()),
        ]
    );
}

#[test]
fn nothing_is_said_or_let_into_a_record_that_the_audit_does_not_keep() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    let note = json!({"AddNote": {"record": record, "text": "not sent yet"}});
    ana.does(&town, note);
    let id = ana.app.id().unwrap();
    town.run(town.store().revoke(id, "sup".into(), town.now()))
        .unwrap();
    ana.sync(&town);
    let before = (town.entries(patient), town.aside());
    let release = format!("/quarantine/{}/release", hex::encode(before.1[0].hash.0));
    let says = || {
        let body = Body::from(Noted {
            text: "she was asked".into(),
        });
        let (user, now) = ("sup".into(), town.now());
        town.run(town.store().author(user, record, body, 7, now))
    };
    without_room(&town, || {
        assert_eq!(asks(&town, &[record], "POST", &release, "csrf=true").0, 503);
        assert!(says().is_err());
    });
    assert_eq!((town.entries(patient), town.aside()), before);
    assert_eq!(asks(&town, &[record], "POST", &release, "csrf=true").0, 303);
    says().unwrap();
    let what: Vec<String> = audited(&town)
        .into_iter()
        .map(|(_, what, _)| what)
        .collect();
    assert_eq!(
        what,
        [
            "revoked a device",
            "released work kept aside",
            "wrote in a record"
        ]
    );
}
