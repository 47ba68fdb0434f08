//! What a device fetches page by page: each page raises what it was told, also one that is not the last.

use serde_json::json;
use warmhand_core::app::{Carried, Outgoing, SyncStep};
use warmhand_core::wire::{SyncAnswer, SyncRequest, pack, unpack};
use warmhand_tests::town::Town;

/// The answer if the device has hardly any room.
fn first_page(town: &Town, asked: &Outgoing) -> Carried {
    let mut request: SyncRequest = unpack(&asked.body).unwrap();
    request.page_bytes = 1;
    let (status, body) = town.post(asked.path, asked.bearer.as_deref(), pack(&request));
    Carried::Answer { status, body }
}

#[test]
fn what_was_acknowledged_beside_a_first_page_is_offered_again_to_a_server_that_lost_it() {
    let mut town = Town::default();
    let (mut ana, mut carla) = (town.device("ana", &["n1"]), town.device("carla", &["c1"]));
    ana.sync(&town);
    carla.handoff(&town, "Noor");
    carla.handoff(&town, "Imani");
    carla.sync(&town);
    let image = town.image();
    let opens = json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}});
    let patient = ana.does(&town, opens).patient.unwrap();
    ana.app.sync_wanted();
    let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() else {
        panic!("there is something to say")
    };
    let page = first_page(&town, &asked);
    let Carried::Answer { body, .. } = &page else {
        panic!("an answer")
    };
    let answer: SyncAnswer = unpack(body).unwrap();
    assert!(answer.more, "it is not the last page");
    let lost = answer.high.seq;
    ana.app
        .sync_answered(asked.number, &page, town.now())
        .unwrap();
    assert_eq!(ana.app.sync_status().unwrap().count, 0, "all is there");
    town.restore(&image);
    assert!(town.run(town.server().store.head()).unwrap() < lost);
    assert!(town.entries(patient).is_empty());
    ana.sync(&town);
    assert!(!ana.entries(patient).is_empty());
    assert_eq!(town.entries(patient), ana.entries(patient));
}
