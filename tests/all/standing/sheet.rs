//! Who is told the organisation's sheet: devices of which it is known whose they are.

use super::request;
use rusqlite::Connection;
use warmhand_core::app::SyncStep;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{ReconcileAnswer, ReconcileRequest, Status, pack, unpack};
use warmhand_server::store::{ConfirmDraft, Store};
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::Town;

#[test]
fn a_device_that_is_out_of_service_is_told_no_sheet() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    ana.sync(&town);
    let hello = request(&mut ana, &town).hello;
    let asks = || {
        let asked = ReconcileRequest {
            hello: hello.clone(),
            frame: Vec::new(),
            sheet: [0; 32],
        };
        let (status, body) = town.post("/v1/reconcile", Some(&ana.bearer), pack(&asked));
        assert_eq!(status, 200);
        let answer: ReconcileAnswer = unpack(&body).unwrap();
        assert_eq!(answer.status, Status::Ok);
        answer.sheet.map(|sheet| sheet.text)
    };
    assert!(asks().is_some());
    let id: DeviceId = ana.app.id().unwrap();
    town.run(town.store().revoke(id, "sup".into(), town.now()))
        .unwrap();
    assert_eq!(asks(), None);
}

#[test]
fn a_device_of_which_nobody_has_said_whose_it_is_is_told_no_sheet() {
    let mut town = Town::default();
    let older = town.image();
    let mut ana = town.device("ana", &["n1"]);
    ana.sync(&town);
    town.restore(&older);
    ana.sync(&town);
    let hello = request(&mut ana, &town).hello;
    let asked = ReconcileRequest {
        hello,
        frame: Vec::new(),
        sheet: [0; 32],
    };
    let (status, body) = town.post("/v1/reconcile", Some(&ana.bearer), pack(&asked));
    let answer: ReconcileAnswer = unpack(&body).unwrap();
    assert_eq!((status, answer.status), (200, Status::Ok));
    assert_eq!(answer.sheet.map(|sheet| sheet.text), None);
}

#[test]
fn a_device_that_was_confirmed_before_it_spoke_is_given_the_sheet_of_this_log() {
    let mut town = Town::default();
    let named = |name: &str| SHEET.replacen("Ana Duarte", name, 1);
    let older = town.image();
    let mut ana = town.device("ana", &["n1"]);
    let load = |town: &Town, name| town.run(town.store().load_sheet(named(name))).unwrap();
    load(&town, "Ana of before");
    ana.sync(&town);
    town.restore(&older);
    load(&town, "Ana of now");
    let mut is_confirmed = false;
    ana.app.sync_wanted();
    while let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() {
        let (carried, now) = (town.carry(&asked), town.now());
        ana.app.sync_answered(asked.number, &carried, now).unwrap();
        if asked.path == "/v1/reconcile" && !is_confirmed {
            let hers = ConfirmDraft {
                name: "Ana's phone".into(),
                kind: "phone".into(),
                people: vec!["n1".into()],
            };
            let (id, by) = (ana.app.id().unwrap(), "sup".into());
            town.run(town.store().confirm(id, hers, by, town.now()))
                .unwrap();
            is_confirmed = true;
        }
    }
    assert!(is_confirmed);
    let db = Connection::open(ana.file()).unwrap();
    let text = "select text from sheet order by version desc limit 1";
    let text: String = db.query_row(text, [], |row| row.get(0)).unwrap();
    assert_eq!(text, named("Ana of now"));
}
