//! Pushes that wait for the writer are committed together. Whatever ends that, at whatever place: nobody is told of what is
//! not there, a full disk takes back what it struck and nothing of its neighbours, and whoever asks again has it taken.

use rusqlite::Connection;
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use warmhand_core::app::SyncStep;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, PatientId};
use warmhand_core::view::SyncState;
use warmhand_core::wire::{AckState, SyncRequest, unpack};
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::{Fault, Verified};
use warmhand_tests::town::{Phone, Town};

/// Holds the writer where it begins next, and ends what it does after that at a place of its choice.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<Turn>, Condvar)>);

#[derive(Default)]
struct Turn {
    holds: bool,
    is_held: bool,
    /// How many commits are to come of which this knows.
    commits: usize,
    /// After so many places more.
    left: usize,
    with: Option<StoreError>,
    struck: Option<String>,
    /// A process that has ended does nothing any more.
    is_over: bool,
}

impl Gate {
    /// From now on whoever writes next is held.
    fn close(&self) {
        self.0.0.lock().unwrap().holds = true;
    }

    /// Returns once somebody is.
    fn is_held(&self) {
        let turn = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(turn, |turn| !turn.is_held).unwrap());
    }

    /// Lets her go on; what is committed after her ends at this place, so.
    fn open(&self, place: usize, with: StoreError) {
        let mut turn = self.0.0.lock().unwrap();
        (turn.holds, turn.commits, turn.left, turn.with) = (false, 2, place, Some(with));
        self.0.1.notify_all();
    }

    fn struck(&self) -> Option<String> {
        self.0.0.lock().unwrap().struck.clone()
    }
}

impl Fault for Gate {
    fn strikes(&self, place: &str) -> Option<StoreError> {
        let mut turn = self.0.0.lock().unwrap();
        if turn.holds {
            turn.is_held = true;
            self.0.1.notify_all();
            drop(self.0.1.wait_while(turn, |turn| turn.holds).unwrap());
            return None;
        }
        if turn.is_over {
            return Some(StoreError::Killed);
        }
        // The second commit is that of those who waited.
        let is_theirs = turn.commits == 1;
        if place == "committed" {
            turn.commits = turn.commits.saturating_sub(1);
        }
        if !is_theirs {
            return None;
        }
        if turn.left > 0 {
            turn.left -= 1;
            return None;
        }
        let with = turn.with.take()?;
        turn.struck = Some(place.to_owned());
        turn.is_over = with == StoreError::Killed;
        Some(with)
    }
}

/// Which of its changes a phone is told are there.
type Told = Result<Vec<ChangeHash>, StoreError>;

/// What a phone sends, and which it is.
fn asks(town: &Town, phone: &mut Phone) -> (DeviceId, SyncRequest) {
    phone.app.sync_wanted();
    let Ok(SyncStep::Send(asked)) = phone.app.sync_next(town.now()) else {
        panic!("there is something to ask")
    };
    (phone.app.id().unwrap(), unpack(&asked.body).unwrap())
}

async fn begun<T>(work: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>) {
    poll_fn(|cx| {
        assert!(work.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Three phones with something to say wait while somebody else is written down. What each said, and what of it she is told is there.
fn sent(
    town: &Town,
    gate: &Gate,
    phones: &mut [Phone; 3],
    (place, with): (usize, StoreError),
) -> Vec<(Vec<ChangeHash>, Told)> {
    let asked = phones.each_mut().map(|phone| asks(town, phone));
    let said = asked.each_ref().map(|(_, request)| {
        let changes = request.push.iter().flat_map(|doc| &doc.changes);
        changes.map(|change| change.hash).collect()
    });
    let (store, now) = (&town.server().store, town.now());
    town.run(async {
        gate.close();
        let mut first = store.save_account("sup".into(), "a hash".to_owned());
        begun(&mut first).await;
        gate.is_held();
        let mut others = asked.map(|(device, request)| store.sync(device, request, now));
        for other in &mut others {
            begun(other).await;
        }
        gate.open(place, with);
        first.await.unwrap();
        let mut all = Vec::new();
        for (said, other) in said.into_iter().zip(others) {
            let told = other.await.map(|answer| {
                let acks = answer.acks.into_iter();
                let acks = acks.filter(|ack| matches!(ack.state, AckState::Accepted(_)));
                acks.map(|ack| ack.hash).collect()
            });
            all.push((said, told));
        }
        all
    })
}

/// Strikes the n-th place of three pushes that are committed together, and says where that was; nowhere if they have fewer.
fn struck(place: usize, with: &StoreError) -> Option<String> {
    let gate = Gate::default();
    let mut town = Town::new(Some(Arc::new(gate.clone())));
    let mut phones = ["n1", "n2", "c1"].map(|user| town.device(user, &[user]));
    let (record, patient) = phones[0].handoff(&town, "Rosa");
    phones[0].sync(&town);
    for phone in &mut phones {
        phone.sync(&town);
        phone.note(&town, record, "said at the same time");
    }
    let told = sent(&town, &gate, &mut phones, (place, with.clone()));
    let at = gate.struck();
    town.close();
    let there: BTreeSet<Vec<u8>> = {
        let db = Connection::open(town.database()).unwrap();
        let mut hashes = db.prepare("select hash from change").unwrap();
        let hashes = hashes.query_map([], |row| row.get(0)).unwrap();
        hashes.map(Result::unwrap).collect()
    };
    for (said, told) in &told {
        if let Ok(accepted) = told {
            assert_eq!(accepted, said);
        }
        // Durable before anybody is told, and nothing of what failed before that.
        let is_durable = told.is_ok() || at.as_deref() == Some("committed");
        for hash in said {
            assert_eq!(there.contains(&hash.0[..]), is_durable, "{place}, {at:?}");
        }
    }
    let failed = told.iter().filter(|(_, told)| told.is_err()).count();
    let expected = match (at.as_deref(), with) {
        (None, _) => 0,
        (Some("commit" | "committed"), _) | (_, StoreError::Killed) => 3,
        _ => 1,
    };
    assert_eq!(failed, expected, "{place}, {at:?}: {told:?}");
    town.open(None);
    for _ in 0..2 {
        for phone in &mut phones {
            phone.restart();
            phone.sync(&town);
        }
    }
    is_same(&town, &phones, patient);
    at
}

fn is_same(town: &Town, phones: &[Phone], patient: PatientId) {
    for phone in phones {
        assert_eq!(phone.entries(patient), town.entries(patient));
        assert_eq!(phone.app.sync_status().unwrap().state, SyncState::AllSent);
    }
    assert_eq!(town.verify(), Verified::SOUND);
}

/// Every place of them in turn.
fn at_every_place(with: &StoreError) {
    let places: Vec<String> = (0..).map_while(|place| struck(place, with)).collect();
    let begins = places.iter().filter(|place| *place == "begin").count();
    assert_eq!(begins, 3, "three are committed together: {places:?}");
    assert_eq!(places.last().map(String::as_str), Some("committed"));
}

#[test]
fn a_process_that_ends_leaves_all_of_them_or_none() {
    at_every_place(&StoreError::Killed);
}

#[test]
fn a_full_disk_takes_back_the_one_that_it_struck() {
    at_every_place(&StoreError::Full);
}
