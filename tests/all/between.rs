//! What comes between a push and its answer: the push is durable, and what its device is told is read after that. It is told
//! the log up to its own push, and nothing of what it may not see any more by then.

use rusqlite::Connection;
use serde_json::json;
use std::sync::{Arc, Mutex};
use warmhand_core::app::SyncStep;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{
    AckState, Delivered, DeliveredDocument, SyncAnswer, SyncRequest, unpack,
};
use warmhand_server::store::sqlite::{Fault, Sqlite, Verified};
use warmhand_server::store::{ConfirmDraft, Store, StoreError};
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

/// What it sends, and which it is.
fn asks(town: &Town, phone: &mut Phone) -> (DeviceId, SyncRequest) {
    phone.app.sync_wanted();
    let Ok(SyncStep::Send(asked)) = phone.app.sync_next(town.now()) else {
        panic!("there is something to ask")
    };
    (phone.app.id().unwrap(), unpack(&asked.body).unwrap())
}

/// Sends, and brings back what the server says.
fn answered(town: &Town, phone: &mut Phone) -> SyncAnswer {
    let (device, request) = asks(town, phone);
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

#[test]
fn a_document_that_comes_whole_may_be_of_later_and_the_device_knows_how_much_later() {
    let (town, between) = town();
    let (_, mut carla, record, patient) = town.shared_handoff();
    let mut bea = town.device("bea", &["ma"]);
    bea.sync(&town);
    let (now, id) = (town.now(), bea.app.id().unwrap());
    let people = vec!["ma".into(), "n1".into()];
    let store = &town.server().store;
    town.run(store.set_people(id, people, "sup".into(), now))
        .unwrap();
    let opens = json!({"OpenRecord": {"site": "clinic", "preferred_name": "Noor"}});
    bea.does(&town, opens);
    carla.note(&town, record, "She prefers the morning.");
    let (device, pushed) = asks(&town, &mut carla);
    between.does(another(&town, move |store| async move {
        store.sync(device, pushed, now).await.map(|_| ())
    }));
    let answer = answered(&town, &mut bea);
    assert!(is_accepted(&answer));
    let (cursor, high) = (answer.cursor.token.seq, answer.high.seq);
    let now_at = town.run(town.server().store.head()).unwrap();
    assert!(cursor < now_at, "up to its own push");
    assert_eq!(high, now_at, "and it may have heard of later");
    let whole = documents(answer).into_iter().find(|one| one.doc == record);
    assert!(matches!(whole.unwrap().content, Delivered::Whole(_)));
    for _ in 0..2 {
        bea.sync(&town);
        carla.sync(&town);
    }
    assert_eq!(bea.entries(patient), carla.entries(patient));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn whoever_was_unconfirmed_when_it_pushed_is_told_so_though_it_was_confirmed_between() {
    let (town, between) = town();
    let (mut ana, _, record, patient) = town.shared_handoff();
    ana.note(&town, record, "She was at home.");
    let (device, now) = (ana.app.id().unwrap(), town.now());
    let db = Connection::open(town.database()).unwrap();
    let sql = "update device set confirmed = 0 where id = ?1";
    db.execute(sql, [&device.as_bytes()[..]]).unwrap();
    between.does(another(&town, move |store| async move {
        let draft = ConfirmDraft {
            name: "Ana's phone".into(),
            kind: "phone".into(),
            people: vec!["n1".into()],
        };
        store.confirm(device, draft, "sup".into(), now).await
    }));
    let answer = answered(&town, &mut ana);
    assert!(answer.unconfirmed && !is_accepted(&answer));
    assert_eq!(documents(answer), []);
    for _ in 0..2 {
        ana.sync(&town);
    }
    let (said, there) = (ana.entries(patient), town.entries(patient));
    assert_eq!(there.len(), said.len());
    assert_eq!(town.aside(), []);
}

#[test]
fn a_page_that_was_read_ahead_is_not_told_where_something_came_between() {
    let (town, between) = town();
    let mut ana = town.device("ana", &["n1"]);
    for name in ["Noor", "Amina", "Ruth", "Rosa"] {
        ana.handoff(&town, name);
    }
    ana.sync(&town);
    let mut carla = town.device("carla", &["c1"]);
    let store = &town.server().store;
    let (device, mut asked) = asks(&town, &mut carla);
    asked.page_bytes = 1;
    let first = town.run(store.sync(device, asked.clone(), town.now()));
    let first = first.unwrap();
    assert!(first.more);
    // It asks for the next, which is read by then.
    asked.hello.number += 1;
    (asked.hello.cursor, asked.hello.high) = (first.cursor, first.high);
    let now = town.now();
    between.does(another(&town, move |store| async move {
        let people = vec!["pp".into()];
        store.set_people(device, people, "sup".into(), now).await
    }));
    let next = town.run(store.sync(device, asked, now)).unwrap();
    let told = documents(next);
    assert!(
        told.iter().all(|one| one.content == Delivered::Forget),
        "{told:?}"
    );
}
