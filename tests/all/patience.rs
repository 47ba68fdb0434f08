//! Many devices at once: who finds a long queue before the writer is asked for patience, each for another while.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use warmhand_core::app::SyncStep;
use warmhand_core::wire::{SyncRequest, unpack};
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::Fault;
use warmhand_tests::town::Town;

/// Keeps the writer while it is shut.
#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opens: Condvar,
}

impl Gate {
    fn shut(&self, is_shut: bool) {
        *self.is_shut.lock().unwrap() = is_shut;
        self.opens.notify_all();
    }
}

impl Fault for Gate {
    fn strikes(&self, _: &str) -> Option<StoreError> {
        let is_shut = self.is_shut.lock().unwrap();
        drop(self.opens.wait_while(is_shut, |is_shut| *is_shut).unwrap());
        None
    }
}

/// All of them begun before the first of them is done: also the last, which a runtime that shares itself out would put off.
async fn together<T>(gate: &Gate, mut all: Vec<impl Future<Output = T> + Unpin>) -> Vec<T> {
    gate.shut(true);
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    let begun = poll_fn(|context| {
        let waiting = all.iter_mut().zip(&mut done);
        for (one, done) in waiting.filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(came) = Pin::new(one).poll(context) {
                *done = Some(came);
            }
        }
        gate.shut(false);
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    tokio::task::unconstrained(begun).await;
    done.into_iter().flatten().collect()
}

#[test]
fn who_finds_a_long_queue_is_asked_to_come_back_each_after_another_while() {
    let gate = Arc::new(Gate::default());
    let town = Town::new(Some(gate.clone()));
    let mut ana = town.device("ana", &["n1"]);
    ana.sync(&town);
    ana.app.sync_wanted();
    let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to ask")
    };
    let device = ana.app.id().unwrap();
    let store = &town.server().store;
    let request: SyncRequest = unpack(&asked.body).unwrap();
    let all: Vec<_> = (0..400_u64)
        .map(|n| {
            let mut request = request.clone();
            request.hello.number = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            store.sync(device, request, town.now())
        })
        .collect();
    let told: Vec<_> = town
        .run(together(&gate, all))
        .into_iter()
        .map(|one| one.unwrap().retry_after_ms)
        .collect();
    let early: BTreeSet<_> = told[..20].iter().flatten().collect();
    assert!(early.len() > 15, "each another while: {told:?}");
    assert!(
        early.iter().all(|ms| (900..3_000).contains(*ms)),
        "{told:?}"
    );
    assert!(told[210..].iter().all(Option::is_none), "{told:?}");
}
