//! What comes between a push and its answer: the push is durable, and what its device is told is read after that. It is told
//! the log up to its own push, and nothing of what it may not see any more by then.

use serde_json::json;
use std::sync::{Arc, Mutex};
use warmhand_core::app::SyncStep;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{
    AckState, Delivered, DeliveredDocument, SyncAnswer, SyncRequest, unpack,
};
use warmhand_server::store::sqlite::{Fault, Sqlite};
use warmhand_server::store::{Store, StoreError};
use warmhand_tests::town::{Phone, Town};

type Does = Box<dyn FnOnce() + Send>;

/// Does something once the next push is durable, before its answer is read.
#[derive(Clone, Default)]
struct Between(Arc<Mutex<(usize, Option<Does>)>>);

impl Between {
    fn does(&self, does: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap() = (0, Some(Box::new(does)));
    }
}

impl Fault for Between {
    fn strikes(&self, place: &str) -> Option<StoreError> {
        let due = {
            let (durable, waits) = &mut *self.0.lock().unwrap();
            *durable += usize::from(place == "committed");
            waits.take_if(|_| *durable > 0 && place == "begin")
        };
        if let Some(does) = due {
            does();
        }
        None
    }
}

/// A town in whose server something may come between.
fn town() -> (Town, Between) {
    let between = Between::default();
    (Town::new(Some(Arc::new(between.clone()))), between)
}

/// Another process with the same database does something meanwhile.
fn another<D, F>(town: &Town, does: D) -> impl FnOnce() + Send + use<D, F>
where
    D: FnOnce(Sqlite) -> F + Send + 'static,
    F: Future<Output = Result<(), StoreError>>,
{
    let (folder, keys) = (town.folder().to_owned(), town.keys().clone());
    move || {
        let work = move || {
            let store = Sqlite::open(&folder, keys).unwrap();
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(does(store)).unwrap();
        };
        std::thread::scope(|scope| scope.spawn(work).join().unwrap());
    }
}

/// A phone that has written in a record since somebody else did, and the record.
fn has_something_to_say_and_to_hear(town: &Town) -> (Phone, DocumentId) {
    let (mut ana, mut carla, record, _) = town.shared_handoff();
    carla.note(town, record, "She prefers the morning.");
    carla.sync(town);
    ana.note(town, record, "She was at home.");
    (ana, record)
}

/// Sends, and brings back what the server says.
fn answered(town: &Town, phone: &mut Phone) -> SyncAnswer {
    phone.app.sync_wanted();
    let Ok(SyncStep::Send(asked)) = phone.app.sync_next(town.now()) else {
        panic!("there is something to ask")
    };
    let request: SyncRequest = unpack(&asked.body).unwrap();
    let device = phone.app.id().unwrap();
    let store = &town.server().store;
    town.run(store.sync(device, request, town.now())).unwrap()
}

fn documents(answer: SyncAnswer) -> Vec<DeliveredDocument> {
    answer.docs.open().unwrap()
}

fn is_accepted(answer: &SyncAnswer) -> bool {
    let accepted = |state: &AckState| matches!(state, AckState::Accepted(_));
    !answer.acks.is_empty() && answer.acks.iter().all(|ack| accepted(&ack.state))
}

#[test]
fn a_device_that_was_revoked_between_is_told_nothing_of_records() {
    let (town, between) = town();
    let (mut ana, _) = has_something_to_say_and_to_hear(&town);
    let (device, now): (DeviceId, _) = (ana.app.id().unwrap(), town.now());
    between.does(another(&town, move |store| async move {
        store.revoke(device, "sup".into(), now).await
    }));
    let answer = answered(&town, &mut ana);
    assert!(is_accepted(&answer), "what it said before stands");
    assert!(answer.withdrawal.is_some());
    assert_eq!(documents(answer), []);
}

#[test]
fn what_was_lost_between_is_not_told_and_to_be_forgotten() {
    let (town, between) = town();
    let (mut ana, record) = has_something_to_say_and_to_hear(&town);
    let (device, now): (DeviceId, _) = (ana.app.id().unwrap(), town.now());
    between.does(another(&town, move |store| async move {
        let people = vec!["ma".into()];
        store.set_people(device, people, "sup".into(), now).await
    }));
    let answer = answered(&town, &mut ana);
    assert!(is_accepted(&answer));
    let told = documents(answer);
    assert!(
        told.iter().all(|one| one.content == Delivered::Forget),
        "{told:?}"
    );
    assert!(told.iter().any(|one| one.doc == record));
}

#[test]
fn what_came_into_sight_between_is_told_the_next_time() {
    let (town, between) = town();
    let (_, mut carla, record, patient) = town.shared_handoff();
    let mut bea = town.device("bea", &["ma"]);
    bea.sync(&town);
    let opens = json!({"OpenRecord": {"site": "clinic", "preferred_name": "Noor"}});
    let theirs = bea.does(&town, opens).record.unwrap();
    let (device, now): (DeviceId, _) = (bea.app.id().unwrap(), town.now());
    between.does(another(&town, move |store| async move {
        let people = vec!["ma".into(), "n1".into()];
        store.set_people(device, people, "sup".into(), now).await
    }));
    let head = town.run(town.server().store.head()).unwrap();
    let answer = answered(&town, &mut bea);
    assert!(is_accepted(&answer));
    assert!(answer.cursor.token.seq > head, "up to its own push");
    let now_at = town.run(town.server().store.head()).unwrap();
    assert_eq!(answer.high.seq, now_at, "its people are of now");
    assert!(answer.cursor.token.seq < now_at && !answer.more);
    let told = documents(answer);
    assert!(told.iter().all(|one| one.doc == theirs), "{told:?}");
    carla.note(&town, record, "She prefers the morning.");
    carla.sync(&town);
    bea.sync(&town);
    assert_eq!(bea.entries(patient), carla.entries(patient));
}
