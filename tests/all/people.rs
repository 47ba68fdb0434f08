//! People come to a device and leave it: whoever is taken off is signed out, what only she could see is forgotten, and
//! what she had not sent still arrives.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::json;
use std::collections::BTreeSet;
use warmhand_core::domain::id::{DeviceId, UserId};
use warmhand_core::domain::visibility::{Scope, Viewer};
use warmhand_core::refusal::Refusal;
use warmhand_core::wire::QuarantineReason;
use warmhand_server::store::sqlite::Verified;
use warmhand_server::store::{QuarantineRow, StoreError};
use warmhand_tests::organisation::{SHEET, sheet};
use warmhand_tests::town::{Phone, Town};

fn set_people(town: &Town, device: DeviceId, people: &[&str]) -> Result<(), StoreError> {
    let people: Vec<UserId> = people.iter().map(|p| (*p).into()).collect();
    town.run(
        town.server()
            .store
            .set_people(device, people, "sup".into(), town.now()),
    )
}

fn waiting(town: &Town) -> Vec<QuarantineRow> {
    town.aside()
}

fn sign_in(phone: &mut Phone, town: &Town, user: &str) {
    phone.does(town, json!({"SignIn": {"user": user}}));
}

/// A tablet of a nurse of the home visits and an assistant of the clinic, with a record of the nurse's.
fn tablet(town: &Town) -> (Phone, warmhand_core::domain::id::DocumentId) {
    let mut tablet = town.device("tablet", &["n1", "ma"]);
    let (record, _) = tablet.handoff(town, "Rosa");
    tablet.sync(town);
    (tablet, record)
}

#[test]
fn whoever_is_taken_off_is_signed_out_and_what_only_she_could_see_is_forgotten() {
    let town = Town::default();
    let (mut tablet, record) = tablet(&town);
    let id = tablet.app.id().unwrap();
    let mut other = town.device("other", &["n2"]);
    other.sync(&town);
    set_people(&town, id, &["ma"]).unwrap();
    assert_eq!(town.verify(), Verified::SOUND);
    tablet.sync(&town);
    assert_eq!(tablet.app.people().unwrap(), ["ma".into()]);
    assert_eq!(tablet.app.signed_in().unwrap(), None);
    assert!(!tablet.app.holds(record).unwrap());
    sign_in(&mut tablet, &town, "ma");
    assert!(tablet.app.patients(town.now()).unwrap().rows.is_empty());
    assert!(other.app.holds(record).unwrap());
    // And it comes back whole with her.
    set_people(&town, id, &["n1", "ma"]).unwrap();
    tablet.sync(&town);
    sign_in(&mut tablet, &town, "n1");
    assert!(tablet.app.handoff(record, town.now()).is_ok());
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn what_she_wrote_before_the_device_could_know_is_hers_and_nothing_after_it() {
    let town = Town::default();
    let mut tablet = town.device("tablet", &["n1", "n2"]);
    let (record, patient) = tablet.handoff(&town, "Rosa");
    tablet.sync(&town);
    let id = tablet.app.id().unwrap();
    let before = town.entries(patient).len();
    let note = |phone: &mut Phone, text: &str| {
        phone.does(&town, json!({"AddNote": {"record": record, "text": text}}));
    };
    note(&mut tablet, "while she was on it");
    set_people(&town, id, &["n2"]).unwrap();
    // The device asks, is told, and the answer is lost: she goes on writing.
    tablet.app.sync_wanted();
    let asked = match tablet.app.sync_next(town.now()).unwrap() {
        warmhand_core::app::SyncStep::Send(asked) => asked,
        other @ warmhand_core::app::SyncStep::Idle(_) => panic!("{other:?}"),
    };
    town.carry(&asked);
    note(&mut tablet, "and while it did not know");
    tablet.sync(&town);
    assert_eq!(town.entries(patient).len(), before + 2);
    assert_eq!(waiting(&town), []);
    assert_eq!(
        tablet.app.signed_in().unwrap(),
        None,
        "the device knows, and she is off it"
    );

    // Its next request shows that it knows. A copy of before, put into another phone, cannot go back behind that.
    tablet.sync(&town);
    let stale = stale_request(&town, &asked);
    let (status, _) = town.post("/v1/sync", Some(&tablet.bearer), stale);
    assert_eq!(status, 200);
    let rows = waiting(&town);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].reason, QuarantineReason::Revoked);
    assert_eq!(town.entries(patient).len(), before + 2);
    assert_eq!(town.verify(), Verified::SOUND);
}

/// The same request as the device once sent it, with other words in its name and under a fresh actor of hers.
fn stale_request(town: &Town, asked: &warmhand_core::app::Outgoing) -> Vec<u8> {
    use warmhand_core::document::{Actor, seal};
    use warmhand_core::domain::id::EntryId;
    use warmhand_core::wire::{SyncRequest, pack, unpack};
    let mut request: SyncRequest = unpack(&asked.body).unwrap();
    let pushed = &mut request.push[0].changes[0];
    let change = &mut pushed.change;
    let mut entry: serde_json::Value = serde_json::from_str(&change.puts[0].text).unwrap();
    let id = EntryId::new(town.now(), &mut ChaCha20Rng::seed_from_u64(3));
    entry["id"] = json!(id);
    entry["payload"]["text"] = json!("in her name, after she left");
    change.puts[0].id = id;
    change.puts[0].text = entry.to_string();
    change.actor = Actor::derive(change.device, &change.user, change.doc, &[9; 16]);
    change.nonce = Some([9; 16]);
    change.seq = 1;
    pushed.hash = seal(change.clone()).unwrap().hash;
    pack(&request)
}

#[test]
fn what_she_wrote_after_the_device_knew_lies_in_quarantine() {
    let town = Town::default();
    let (mut tablet, record) = tablet(&town);
    let id = tablet.app.id().unwrap();
    tablet.does(
        &town,
        json!({"AddNote": {"record": record, "text": "only she sees this record"}}),
    );
    set_people(&town, id, &["ma"]).unwrap();
    tablet.sync(&town);
    // She was allowed when it last synced; the record is no longer to be seen from this device.
    let rows = waiting(&town);
    assert_eq!((rows.len(), rows[0].reason), (1, QuarantineReason::Access));
    let signed_out = tablet.act(
        &town,
        serde_json::from_value(json!({"SignIn": {"user": "n1"}})).unwrap(),
    );
    assert_eq!(signed_out, Err(Refusal::SignedOut));
}

#[test]
fn whoever_leaves_the_sheet_is_off_every_device() {
    let town = Town::default();
    let mut tablet = town.device("tablet", &["n1", "n2"]);
    let (record, patient) = tablet.handoff(&town, "Rosa");
    tablet.sync(&town);
    let before = town.entries(patient).len();
    let note = |phone: &mut Phone, text: &str| {
        phone.does(&town, json!({"AddNote": {"record": record, "text": text}}));
    };
    note(&mut tablet, "before she left");
    let nurse = r#"    {"id": "n1", "name": "Ana Duarte", "roles": [{"role": "nurse", "sites": ["home"]}]},
"#;
    let without = SHEET.replacen(nurse, "", 1);
    assert_ne!(without, SHEET);
    town.run(town.server().store.load_sheet(without)).unwrap();
    tablet.sync(&town);
    assert_eq!(
        town.entries(patient).len(),
        before + 1,
        "the device did not know"
    );
    assert_eq!(tablet.app.people().unwrap(), ["n2".into()]);
    assert_eq!(tablet.app.signed_in().unwrap(), None);
    // She is on it again as soon as she is on the sheet.
    town.run(town.server().store.load_sheet(SHEET.into()))
        .unwrap();
    tablet.sync(&town);
    sign_in(&mut tablet, &town, "n1");
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_device_is_not_taken_from_everybody_and_given_to_nobody_who_is_unknown() {
    let town = Town::default();
    let tablet = town.device("tablet", &["n1", "ma"]);
    let id = tablet.app.id().unwrap();
    let head = || town.run(town.server().store.head()).unwrap();
    let before = head();
    assert_eq!(
        set_people(&town, id, &[]),
        Err(StoreError::Refused(
            "say who works on the device; to take it from everybody, revoke it".into()
        ))
    );
    assert_eq!(
        set_people(&town, id, &["n1", "nobody"]),
        Err(StoreError::Refused(
            "\"nobody\" is not among the organisation's people".into()
        ))
    );
    assert_eq!(set_people(&town, id, &["ma", "n1"]), Ok(()));
    assert_eq!(head(), before, "nobody came and nobody went");
    town.run(town.server().store.revoke(id, "sup".into(), town.now()))
        .unwrap();
    assert!(matches!(
        set_people(&town, id, &["n1"]),
        Err(StoreError::NotFound(_))
    ));
}

#[test]
fn an_older_copy_of_a_device_does_not_bring_back_who_has_left_the_sheet() {
    let town = Town::default();
    let mut tablet = town.device("tablet", &["n1", "n2"]);
    let (record, patient) = tablet.handoff(&town, "Rosa");
    tablet.sync(&town);
    let note = json!({"AddNote": {"record": record, "text": "before she left"}});
    tablet.does(&town, note);
    tablet.app.sync_wanted();
    let asked = match tablet.app.sync_next(town.now()).unwrap() {
        warmhand_core::app::SyncStep::Send(asked) => asked,
        other @ warmhand_core::app::SyncStep::Idle(_) => panic!("{other:?}"),
    };
    town.carry(&asked);
    let nurse = r#"    {"id": "n1", "name": "Ana Duarte", "roles": [{"role": "nurse", "sites": ["home"]}]},
"#;
    let without = SHEET.replacen(nurse, "", 1);
    town.run(town.server().store.load_sheet(without)).unwrap();
    // It hears of it, and shows that it has.
    tablet.sync(&town);
    tablet.sync(&town);
    let before = town.entries(patient);
    let (status, _) = town.post(
        "/v1/sync",
        Some(&tablet.bearer),
        stale_request(&town, &asked),
    );
    assert_eq!(status, 200);
    let rows = waiting(&town);
    let reasons: Vec<_> = rows.iter().map(|row| row.reason).collect();
    assert_eq!(reasons, [QuarantineReason::Revoked]);
    assert_eq!(town.entries(patient), before);
}

#[test]
fn the_last_person_of_a_shared_tablet_sees_what_she_may_see_and_not_what_is_left_on_it() {
    let sheet = sheet();
    let (ma, elsewhere) = ("ma".into(), BTreeSet::from([Scope::Site("home".into())]));
    let sees = |is_shared: bool| {
        let people = [UserId::from("ma")];
        Viewer::of(is_shared, &people, sheet.person(&ma)).sees(&elsewhere)
    };
    assert!(!sees(true));
    assert!(sees(false), "on her own phone lies what she was sent");
}
