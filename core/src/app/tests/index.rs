//! What lists and the first screen read: the same as reading every record anew, whoever wrote the index and whenever it
//! is asked.

use super::*;
use crate::domain::code::Role;
use crate::domain::read::{Summary, read};
use crate::domain::visibility::Viewer;
use crate::store::ListRow;
use crate::view::TodayScreen;
use jiff::ToSpan;
use jiff::tz::TimeZone;

fn anew(app: &App, at: Timestamp) -> Vec<Summary> {
    let (rows, sheet) = (app.store.rows(), app.sheet().unwrap());
    let mut all: Vec<Summary> = rows
        .patients()
        .unwrap()
        .into_iter()
        .flat_map(|patient| {
            let held = rows.patient(patient).unwrap();
            read(&held.patient, &held.receipts, &sheet, at).records
        })
        .collect();
    all.sort_by_key(|summary| summary.record);
    all
}

/// Holds the index against the records, at a time.
fn check(app: &App, at: Timestamp) {
    let (rows, sheet) = (app.store.rows(), app.sheet().unwrap());
    let fresh = anew(app, at);
    for user in ["n1", "n2"] {
        let viewer = Viewer::OneOf(sheet.person(&UserId::from(user)).unwrap());
        let mut stored = rows.summaries(&viewer, &sheet, at).unwrap();
        stored.sort_by_key(|summary| summary.record);
        assert_eq!(stored, fresh);
        let mut listed = rows.list(&viewer, &sheet, at).unwrap();
        listed.sort_by_key(|row| row.record);
        let rows_anew: Vec<_> = fresh.iter().map(ListRow::of).collect();
        assert_eq!(listed, rows_anew);
        let user = UserId::from(user);
        let today =
            |records: &[Summary]| TodayScreen::of(records, &sheet, &user, &TimeZone::UTC, at);
        let concerning = rows.concerning(&user, &viewer, &sheet, at).unwrap().records;
        assert_eq!(today(&concerning), today(&fresh));
    }
    // Of neither of them anything is there for somebody who looks after no patients, or for nobody.
    let mut other = sheet.person(&UserId::from("n1")).unwrap().clone();
    (other.id, other.roles[0].role) = (UserId::from("adm"), Role::Administrator);
    for viewer in [Viewer::OneOf(&other), Viewer::Nobody] {
        assert_eq!(rows.summaries(&viewer, &sheet, at), Ok(Vec::new()));
        assert_eq!(rows.list(&viewer, &sheet, at), Ok(Vec::new()));
        let concerning = rows.concerning(&other.id, &viewer, &sheet, at);
        assert!(concerning.unwrap().records.is_empty());
    }
}

fn does(app: &mut App, command: serde_json::Value) {
    let command = serde_json::from_value(command).unwrap();
    app.dispatch(command, now()).unwrap();
}

#[test]
fn the_index_says_what_reading_every_record_anew_says() {
    let mut server = Server::default();
    let (mut app, mut other) = (enrolled(&mut server, 1), enrolled(&mut server, 2));
    for (n, name) in ["Ada", "Rosa", "Mei"].into_iter().enumerate() {
        let record = patient_of(&open_record(&mut app, name).unwrap()).1;
        check(&app, now());
        for command in [
            serde_json::json!({"IdentifyNeed": {"record": record, "basis": "judgement", "owner": "n1"}}),
            serde_json::json!({"OfferHandoff": {"record": record, "mode": "phone", "outreach": true}}),
            serde_json::json!({"RecordDecision": {"record": record, "value": "not_today", "reasons": ["other"],
                "revisit": {"on": "2026-03-05"}, "outreach": true}}),
        ] {
            does(&mut app, command);
            check(&app, now());
        }
        if n == 1 {
            does(
                &mut app,
                serde_json::json!({"RaiseSafety": {"record": record, "reason": "staff_concern"}}),
            );
        }
        run(&mut app, &mut server).unwrap();
        run(&mut other, &mut server).unwrap();
        note(&mut other, record, "She called back.").unwrap();
        run(&mut other, &mut server).unwrap();
        run(&mut app, &mut server).unwrap();
        for days in [0, 1, 2, 30] {
            check(&app, now() + (24 * days).hours());
            check(&other, now() + (24 * days).hours());
        }
    }
    assert!(!app.today(now()).unwrap().flags.is_empty());
    assert!(!app.today(now()).unwrap().later.is_empty());
    // A document that is no longer for this device leaves every list.
    let gone = anew(&other, now()).first().unwrap().record;
    server.gone.insert(gone);
    run(&mut other, &mut server).unwrap();
    check(&other, now());
}
