//! An app that speaks of documents in a version that the server does not know: whatever it asks, it is told to be updated,
//! shows that, and loses nothing; once both know each other everything goes on by itself.

use warmhand_core::app::{Carried, Outgoing, SyncStep};
use warmhand_core::view::SyncState;
use warmhand_core::wire::{
    DocsRequest, Heartbeat, Hello, ReconcileRequest, SCHEMA, SyncRequest, pack, unpack,
};
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::struck::Said;
use warmhand_tests::town::{Phone, Town};

fn asks(phone: &mut Phone, town: &Town) -> Outgoing {
    phone.app.sync_wanted();
    match phone.app.sync_next(town.now()).unwrap() {
        SyncStep::Send(asked) => asked,
        SyncStep::Idle(_) => panic!("nothing to ask"),
    }
}

/// The same request as an app of this version would say it.
fn said_in(schema: u16, asked: &Outgoing) -> Outgoing {
    let of = |hello: &mut Hello| hello.schema = schema;
    let body = match asked.path {
        "/v1/sync" => {
            let mut request: SyncRequest = unpack(&asked.body).unwrap();
            of(&mut request.hello);
            pack(&request)
        }
        "/v1/reconcile" => {
            let mut request: ReconcileRequest = unpack(&asked.body).unwrap();
            of(&mut request.hello);
            pack(&request)
        }
        "/v1/docs" => {
            let mut request: DocsRequest = unpack(&asked.body).unwrap();
            of(&mut request.hello);
            pack(&request)
        }
        "/v1/heartbeat" => {
            let mut request: Heartbeat = unpack(&asked.body).unwrap();
            of(&mut request.hello);
            pack(&request)
        }
        other => panic!("{other} names no version"),
    };
    Outgoing {
        body,
        ..asked.clone()
    }
}

fn state(phone: &Phone) -> SyncState {
    phone.app.sync_status().unwrap().state
}

/// It asks in this version: nothing is written at the server or, but for what it shows, here.
fn is_told_to_be_updated(phone: &mut Phone, town: &Town, path: &str, schema: u16) {
    let asked = asks(phone, town);
    assert_eq!(asked.path, path);
    let said = |phone: &Phone| [Said::by(&town.database()), Said::by(phone.file())];
    let before = said(phone);
    let carried = town.carry(&said_in(schema, &asked));
    let Carried::Answer { status, body } = &carried else {
        panic!("no answer")
    };
    assert_eq!(*status, 426, "{path}");
    let sentence = String::from_utf8_lossy(body);
    assert!(sentence.contains("update whichever is older"), "{sentence}");
    let app = &mut phone.app;
    app.sync_answered(asked.number, &carried, town.now())
        .unwrap();
    assert_eq!(said(phone), before);
    assert_eq!(state(phone), SyncState::NeedsUpdate);
}

#[test]
fn a_sync_in_an_unknown_version_is_told_so_and_what_was_recorded_waits() {
    for schema in [SCHEMA + 1, u16::MAX, 0] {
        let town = Town::default();
        let mut ana = town.device("ana", &["n1"]);
        let (record, patient) = ana.handoff(&town, "Rosa");
        is_told_to_be_updated(&mut ana, &town, "/v1/sync", schema);
        is_told_to_be_updated(&mut ana, &town, "/v1/sync", schema);
        // It says how it is all the same, in any version, and goes on showing what has to be done.
        let asked = asks(&mut ana, &town);
        assert_eq!(asked.path, "/v1/heartbeat");
        let carried = town.carry(&said_in(schema, &asked));
        assert!(matches!(carried, Carried::Answer { status: 200, .. }));
        let app = &mut ana.app;
        app.sync_answered(asked.number, &carried, town.now())
            .unwrap();
        assert_eq!(state(&ana), SyncState::NeedsUpdate);
        let devices = town.run(town.server().store.devices()).unwrap();
        assert!(devices.iter().any(|device| device.unsent > 0));
        // Work goes on meanwhile, and nothing counts as sent.
        ana.note(&town, record, "while it waits");
        assert_eq!(ana.app.sync_status().unwrap().count, 1);
        let hers = ana.entries(patient);
        // Both know each other again.
        ana.restart();
        ana.sync(&town);
        assert_eq!(state(&ana), SyncState::AllSent);
        assert_eq!(town.entries(patient), hers);
        assert_eq!(town.verify(), Verified::SOUND);
    }
}

#[test]
fn each_request_of_a_resync_in_an_unknown_version_is_told_so_and_nothing_is_forgotten() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (_, patient) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    let hers = ana.entries(patient);
    // The log becomes another one: it compares.
    let older = town.image();
    let (record, _) = ana.handoff(&town, "Imani");
    ana.sync(&town);
    town.restore(&older);
    let asked = asks(&mut ana, &town);
    let carried = town.carry(&asked);
    let app = &mut ana.app;
    app.sync_answered(asked.number, &carried, town.now())
        .unwrap();
    let mut met = Vec::new();
    for _ in 0..20 {
        let path = asks(&mut ana, &town).path;
        if path == "/v1/sync" {
            break;
        }
        if !met.contains(&path) {
            is_told_to_be_updated(&mut ana, &town, path, SCHEMA + 1);
            met.push(path);
        }
        let asked = asks(&mut ana, &town);
        let carried = town.carry(&asked);
        let app = &mut ana.app;
        app.sync_answered(asked.number, &carried, town.now())
            .unwrap();
    }
    assert_eq!(met, ["/v1/reconcile", "/v1/docs"]);
    ana.sync(&town);
    assert_eq!(state(&ana), SyncState::AllSent);
    assert_eq!(ana.app.holds(record), Ok(true));
    assert_eq!(town.entries(patient), hers);
    assert_eq!(town.verify(), Verified::SOUND);
}
