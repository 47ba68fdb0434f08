//! What a person does about other records than the one that does not read.

use super::*;
use warmhand_core::wire::{AckState, QuarantineReason, SyncRequest, unpack};
use warmhand_server::store::ConfirmDraft;

/// What a phone has to send.
fn unsent(phone: &mut Phone, town: &Town) -> SyncRequest {
    phone.app.sync_wanted();
    let SyncStep::Send(asked) = phone.app.sync_next(town.now()).expect("a step") else {
        panic!("nothing to send")
    };
    unpack(&asked.body).expect("it reads")
}

/// What the server has at hand is gone with its process; until then it may know better than its disk.
fn forgets(town: &mut Town) {
    town.close();
    town.open(None);
}

#[test]
fn what_a_rescue_file_has_of_others_is_taken() {
    let mut town = Town::default();
    let (mut ana, _, damaged, _) = town.shared_handoff();
    let (sound, _) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    damage(&town.database(), damaged, true);
    forgets(&mut town);
    for record in [damaged, sound] {
        ana.note(&town, record, "she called back");
    }
    let docs = unsent(&mut ana, &town).push;
    assert_eq!(docs.len(), 2);
    let acks = town
        .run(town.store().rescue(docs, town.now()))
        .expect("taken");
    let states: Vec<_> = acks.into_iter().map(|ack| ack.state).collect();
    let recovered = AckState::Quarantined(QuarantineReason::Recovered);
    assert_eq!(states, [recovered]);
}

#[test]
fn a_device_that_wrote_in_it_can_be_confirmed() {
    let mut town = Town::default();
    let (_, _, damaged, _) = town.shared_handoff();
    let older = town.image();
    let mut new = town.device("ngozi", &["n2"]);
    new.sync(&town);
    town.restore(&older);
    new.sync(&town);
    new.note(&town, damaged, "she called back");
    let (other, _) = new.handoff(&town, "Noor");
    new.sync(&town);
    damage(&town.database(), damaged, true);
    forgets(&mut town);
    let hers = ConfirmDraft {
        name: "Ngozi's phone".into(),
        kind: "phone".into(),
        people: vec!["n2".into()],
    };
    let id = new.app.id().expect("a device");
    let confirmed = town.run(town.store().confirm(id, hers, "sup".into(), town.now()));
    assert_eq!(confirmed, Ok(()));
    let waits: Vec<_> = town.aside().iter().map(|row| row.doc).collect();
    assert_eq!(waits, [damaged], "what was said elsewhere is there");
    let mut carla = town.device("carla", &["c1"]);
    carla.sync(&town);
    assert_eq!(carla.app.holds(other), Ok(true));
}

#[test]
fn her_other_records_can_be_erased_and_all_of_them() {
    let town = Town::default();
    let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
    let again = json!({"OpenRecord": {"site": "home", "patient": hers}});
    let other = ana.does(&town, again).record.expect("a record");
    ana.sync(&town);
    carla.sync(&town);
    damage(&town.database(), damaged, true);
    let erase = |record, whole_patient| {
        let (by, why) = ("sup".into(), "recorded for the wrong person".into());
        town.run(
            town.store()
                .erase(record, whole_patient, by, why, town.now()),
        )
    };
    assert_eq!(erase(other, false), Ok(1));
    carla.sync(&town);
    assert_eq!(carla.app.holds(other), Ok(false));
    assert_eq!(carla.app.holds(damaged), Ok(true), "nobody lost it");
    // With what she answered.
    assert_eq!(erase(damaged, true), Ok(2));
    carla.sync(&town);
    assert_eq!(carla.app.holds(damaged), Ok(false));
}

#[test]
fn what_never_became_a_record_is_erased_with_its_patient() {
    let town = Town::default();
    let (mut ana, _, record, hers) = town.shared_handoff();
    let again = json!({"OpenRecord": {"site": "home", "patient": hers}});
    ana.does(&town, again);
    revoke(&town, &ana);
    ana.sync(&town);
    assert_eq!(town.aside().len(), 1);
    let (by, why) = ("sup".into(), "she asked for it".into());
    let erased = town.run(town.store().erase(record, true, by, why, town.now()));
    assert_eq!(erased, Ok(3));
    assert_eq!(town.aside(), []);
}
