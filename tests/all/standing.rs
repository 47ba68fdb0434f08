//! Who may write where is asked of each change: what was turned away before it, or carried for somebody else, opens no
//! door.

#[path = "standing/crowded.rs"]
mod crowded;
#[path = "standing/sheet.rs"]
mod sheet;

use serde_json::{Value, json};
use uuid::Uuid;
use warmhand_core::app::SyncStep;
use warmhand_core::document::{Actor, Change, ChangeHash, seal};
use warmhand_core::domain::id::{EntryId, PatientId};
use warmhand_core::wire::{
    AckState, Decision, DocsAnswer, DocsRequest, DocumentDigest, Offer, PushedChange,
    PushedDocument, QuarantineReason, Status, SyncAnswer, SyncRequest, pack, unpack,
};
use warmhand_server::store::Store;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::{Phone, Town};

fn pushed(change: Change) -> PushedChange {
    PushedChange {
        hash: seal(change.clone()).expect("within bounds").hash,
        change,
        receipt: None,
        orphan: false,
    }
}

/// The next request of a phone.
fn request(phone: &mut Phone, town: &Town) -> SyncRequest {
    phone.app.sync_wanted();
    let SyncStep::Send(asked) = phone.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to send")
    };
    phone.bearer = asked.bearer.clone().unwrap();
    unpack(&asked.body).unwrap()
}

fn sends(phone: &Phone, town: &Town, request: &SyncRequest) -> Vec<AckState> {
    let (status, body) = town.post("/v1/sync", Some(&phone.bearer), pack(request));
    assert_eq!(status, 200);
    let answer: SyncAnswer = unpack(&body).unwrap();
    answer.acks.into_iter().map(|ack| ack.state).collect()
}

/// The change with its entry edited, under this id.
fn edited(change: &Change, id: u128, edit: impl FnOnce(&mut Value)) -> Change {
    let mut change = change.clone();
    let put = &mut change.puts[0];
    let mut entry: Value = serde_json::from_str(&put.text).unwrap();
    put.id = EntryId(Uuid::from_u128(
        0x0195_0000_0000_7000_8000_0000_0000_0000 + id,
    ));
    entry["id"] = json!(put.id);
    edit(&mut entry);
    put.text = entry.to_string();
    change
}

/// The same as somebody else of the device says it, whatever the device would have let her do.
fn in_the_name_of(change: &Change, (user, role): (&str, &str), id: u128) -> Change {
    let said = edited(change, id, |entry| {
        entry["by"] = json!(user);
        entry["role"] = json!(role);
    });
    let (user, nonce) = (user.into(), [7; 16]);
    Change {
        actor: Actor::derive(said.device, &user, said.doc, &nonce),
        seq: 1,
        nonce: Some(nonce),
        user,
        ..said
    }
}

#[test]
fn what_was_turned_away_first_opens_no_record_of_a_patient_whom_she_may_not_see() {
    let town = Town::default();
    let (_, _, record, patient) = town.shared_handoff();
    let mut tam = town.device("tam", &["ma"]);
    tam.sync(&town);
    let own = tam.does(
        &town,
        json!({"OpenRecord": {"site": "clinic", "preferred_name": "Nobody"}}),
    );
    let own = own.record.unwrap();
    tam.does(
        &town,
        json!({"AddNote": {"record": own, "text": "not yet"}}),
    );
    let mut request = request(&mut tam, &town);
    let changes = request.push[0].changes.clone();
    let [opening, note] = &changes[..] else {
        panic!("two changes")
    };
    let opens = |patient: PatientId, id| {
        let opens = edited(&opening.change, id, |entry| {
            entry["payload"]["patient"] = json!(patient);
        });
        let puts = vec![opens.puts[0].clone()];
        pushed(Change { puts, ..opens })
    };
    let wrong = PushedChange {
        hash: ChangeHash([5; 32]),
        ..opens(PatientId(Uuid::from_u128(7)), 1)
    };
    // Of nobody, that opens nothing, and the same alone.
    let firsts = [Some(wrong), Some(note.clone()), None];
    for (id, first) in (2..).zip(firsts) {
        let hers = opens(patient, id);
        let changes = first.into_iter().chain([hers]).collect();
        request.push = vec![PushedDocument { doc: own, changes }];
        let states = sends(&tam, &town, &request);
        let access = AckState::Quarantined(QuarantineReason::Access);
        assert_eq!(states.last(), Some(&access), "{states:?}");
    }
    let mut other = town.device("tam too", &["ma"]);
    other.sync(&town);
    assert!(!other.app.holds(record).unwrap());
}

#[test]
fn whoever_carries_what_another_wrote_may_not_write_behind_it() {
    let mut town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    let mut tam = town.device("tam", &["ma"]);
    tam.sync(&town);
    let older = town.image();
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "lost"}}),
    );
    ana.sync(&town);
    let all = town.run(town.store().changes()).unwrap();
    let lost = all.last().unwrap().clone();
    town.restore(&older);
    let (device, user) = (tam.app.id().unwrap(), "ma".into());
    let nonce = [7; 16];
    let behind = edited(&lost.change, 3, |entry| {
        entry["by"] = json!("ma");
        entry["role"] = json!("assistant");
        entry["device"] = json!(device);
        entry["after"] = json!([lost.change.puts[0].id]);
    });
    let behind = Change {
        actor: Actor::derive(device, &user, record, &nonce),
        seq: 1,
        start_op: lost.change.last_op() + 1,
        deps: vec![lost.hash],
        nonce: Some(nonce),
        device,
        user,
        ..behind
    };
    let mut request = request(&mut tam, &town);
    let carried = PushedChange {
        hash: lost.hash,
        change: lost.change,
        receipt: Some(lost.receipt),
        orphan: false,
    };
    request.push = vec![PushedDocument {
        doc: record,
        changes: vec![carried, pushed(behind)],
    }];
    let states = sends(&tam, &town, &request);
    assert!(matches!(states[0], AckState::Accepted(_)), "{states:?}");
    assert_eq!(states[1], AckState::Quarantined(QuarantineReason::Access));
}

#[test]
fn nobody_writes_where_another_person_of_her_device_sees_and_she_does_not() {
    let town = Town::default();
    let mut tablet = town.device("tablet", &["n1", "ma"]);
    let (record, patient) = tablet.handoff(&town, "Rosa");
    tablet.sync(&town);
    let before = town.entries(patient);
    tablet.note(&town, record, "from the clinic");
    let another = json!({"OpenRecord": {"site": "home", "patient": patient}});
    tablet.does(&town, another);
    let mut request = request(&mut tablet, &town);
    for (id, document) in (1..).zip(&mut request.push) {
        let said = in_the_name_of(&document.changes[0].change, ("ma", "assistant"), id);
        document.changes = vec![pushed(said)];
    }
    sends(&tablet, &town, &request);
    let rows = town.aside();
    let reasons: Vec<_> = rows.iter().map(|row| row.reason).collect();
    assert_eq!(reasons, [QuarantineReason::Access; 2]);
    assert_eq!(town.entries(patient), before);
    let mut own = town.device("tam", &["ma"]);
    own.sync(&town);
    assert!(!own.app.holds(record).unwrap(), "it opened nothing for her");
    // Of a record that she began herself there both may be: she works at its site.
    tablet.does(&town, json!({"SignIn": {"user": "ma"}}));
    let hers = tablet.does(
        &town,
        json!({"OpenRecord": {"site": "clinic", "preferred_name": "Noor"}}),
    );
    let hers = hers.record.unwrap();
    tablet.does(&town, json!({"AddNote": {"record": hers, "text": "ours"}}));
    tablet.sync(&town);
    assert_eq!(town.aside().len(), 2);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn one_role_at_a_site_is_not_made_wider_by_another_elsewhere() {
    let town = Town::default();
    let nurse =
        r#"{"id": "n1", "name": "Ana Duarte", "roles": [{"role": "nurse", "sites": ["home"]}]}"#;
    let wider = r#"{"id": "n1", "name": "Ana Duarte", "roles": [{"role": "nurse", "sites": ["home"]}, {"role": "administrator"}]}"#;
    let sheet = SHEET.replacen(nurse, wider, 1);
    assert_ne!(sheet, SHEET);
    town.run(town.store().load_sheet(sheet)).unwrap();
    let mut tam = town.device("tam", &["ma"]);
    let opened = tam.does(
        &town,
        json!({"OpenRecord": {"site": "clinic", "preferred_name": "Noor"}}),
    );
    let (mut ana, at_clinic) = (town.device("ana", &["n1"]), opened.record.unwrap());
    let (at_home, _) = ana.handoff(&town, "Rosa");
    tam.sync(&town);
    ana.sync(&town);
    assert_eq!(ana.app.holds(at_home), Ok(true));
    assert_eq!(ana.app.holds(at_clinic), Ok(false));
}

#[test]
fn what_a_person_left_out_stays_out_in_whichever_change_it_comes_again() {
    let town = Town::default();
    let (mut ana, _, record, patient) = town.shared_handoff();
    let before = town.entries(patient);
    let note = json!({"AddNote": {"record": record, "text": "not hers at all"}});
    ana.does(&town, note);
    let id = ana.app.id().unwrap();
    let mut request = request(&mut ana, &town);
    town.run(town.store().revoke(id, "sup".into(), town.now()))
        .unwrap();
    sends(&ana, &town, &request);
    town.run(town.store().reinstate(id, "sup".into(), town.now()))
        .unwrap();
    let [row] = &town.aside()[..] else {
        panic!("one waits")
    };
    let decide = town
        .store()
        .decide("sup".into(), row.hash, Decision::Dismissed, 11, town.now());
    town.run(decide).unwrap();
    // Its device has not heard of that, and writes the same anew.
    let change = request.push[0].changes[0].change.clone();
    let nonce = [7; 16];
    let anew = Change {
        actor: Actor::derive(id, &change.user, change.doc, &nonce),
        nonce: Some(nonce),
        seq: 1,
        ..change
    };
    request.push[0].changes = vec![pushed(anew)];
    for _ in 0..2 {
        let [AckState::Decided(_, Decision::Dismissed)] = sends(&ana, &town, &request)[..] else {
            panic!("it was decided about")
        };
    }
    assert_eq!(town.aside(), []);
    assert_eq!(town.entries(patient), before);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_the_server_only_asks_about_is_still_unsent() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    let note = json!({"AddNote": {"record": record, "text": "she called back"}});
    ana.does(&town, note);
    let mut request = request(&mut ana, &town);
    let change = request.push[0].changes[0].change.clone();
    let deps = vec![ChangeHash([5; 32])];
    request.push[0].changes = vec![pushed(Change { deps, ..change })];
    let [AckState::MissingDeps(_)] = &sends(&ana, &town, &request)[..] else {
        panic!("it stands on what is not here")
    };
    let id = ana.app.id().unwrap();
    let devices = town.run(town.store().devices()).unwrap();
    let row = devices.iter().find(|row| row.id == id).unwrap();
    assert_eq!(row.unsent, 1);
}

#[test]
fn beside_many_answers_no_document_is_given() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    let hello = request(&mut ana, &town).hello;
    let asks = |hashes: u8| {
        let hash =
            |n: u8, of: u8| ChangeHash(std::array::from_fn(|at| if at == 0 { n } else { of }));
        let offer = |n: u8| Offer {
            doc: record,
            hashes: (0..=255).map(|of| hash(n, of)).collect(),
        };
        let asked = DocsRequest {
            hello: hello.clone(),
            offers: (0..hashes).map(offer).collect(),
            wanted: vec![DocumentDigest::of(record, Vec::new())],
        };
        let (status, body) = town.post("/v1/docs", Some(&ana.bearer), pack(&asked));
        assert_eq!(status, 200);
        let answer: DocsAnswer = unpack(&body).unwrap();
        (answer.status == Status::Ok, answer.need.len(), answer.given)
    };
    assert_eq!(asks(8), (true, 2_048, 0));
    // There is no such document.
    assert_eq!(asks(1), (false, 256, 0));
}

#[test]
fn the_same_entry_in_another_change_is_no_other_entry() {
    let town = Town::default();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    ana.note(&town, record, "She was at home.");
    let mut request = request(&mut ana, &town);
    let said = request.push[0].changes[0].change.clone();
    assert!(matches!(
        sends(&ana, &town, &request)[..],
        [AckState::Accepted(_)]
    ));
    // Its device forgot that it had said it, and says it under another actor.
    let nonce = [7; 16];
    let again = Change {
        actor: Actor::derive(said.device, &said.user, said.doc, &nonce),
        seq: 1,
        nonce: Some(nonce),
        ..said
    };
    request.push[0].changes = vec![pushed(again)];
    assert!(matches!(
        sends(&ana, &town, &request)[..],
        [AckState::Accepted(_)]
    ));
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(ana.entries(patient), town.entries(patient));
    assert_eq!(carla.entries(patient), town.entries(patient));
}
