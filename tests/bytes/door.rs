//! The same bytes at the doors: a server's whole router, and a device that is answered. Whatever comes, each says what it
//! may say, keeps what it had, and goes on working.

use super::{alone, seeds};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use warmhand_core::app::{Carried, Outgoing, SyncStep};
use warmhand_core::wire::{SyncAnswer, unpack};
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::mutant::mutant;
use warmhand_tests::town::{Phone, Town};

const REQUESTS: u64 = 400;

fn plain(message: &impl minicbor::Encode<()>) -> Vec<u8> {
    [vec![0], minicbor::to_vec(message).unwrap()].concat()
}

/// A town with a handoff, and the request in which its nurse would send one more note.
fn asked() -> (Town, Phone, Outgoing) {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, _) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "one more"}}),
    );
    let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to send")
    };
    (town, ana, asked)
}

#[test]
fn the_server_answers_whatever_is_posted_and_stays_sound() {
    alone(|| {
        let (town, mut ana, asked) = asked();
        // Whoever says that she is wiped is out of service from then on.
        let mut lena = town.device("lena", &["d1"]);
        lena.sync(&town);
        let (hers, lenas) = (asked.bearer.as_deref(), Some(lena.bearer.as_str()));
        let honest: warmhand_core::wire::SyncRequest = unpack(&asked.body).unwrap();
        let doors = [
            ("/v1/sync", hers, vec![plain(&honest)]),
            ("/v1/sync", hers, seeds("sync_request")),
            ("/v1/reconcile", hers, seeds("reconcile_request")),
            ("/v1/docs", hers, seeds("docs_request")),
            ("/v1/heartbeat", hers, seeds("heartbeat")),
            ("/v1/enrol", hers, seeds("enrol_request")),
            ("/v1/wiped", lenas, seeds("wiped_report")),
        ];
        let mut told = std::collections::BTreeMap::<u16, usize>::new();
        for (path, bearer, seeds) in doors {
            for seed in 0..REQUESTS {
                let body = mutant(&seeds, &mut ChaCha8Rng::seed_from_u64(seed));
                let (status, _) = town.post(path, bearer, body);
                *told.entry(status).or_default() += 1;
            }
        }
        println!("{told:?}");
        for status in told.keys() {
            assert!([200, 400, 404, 413, 426, 429].contains(status), "{status}");
        }
        assert_eq!(town.verify(), Verified::SOUND);
        ana.sync(&town);
        assert_eq!(town.verify(), Verified::SOUND);
    });
}

#[test]
fn a_device_takes_or_drops_whatever_answers_it_and_goes_on() {
    alone(|| {
        let (town, mut ana, asked) = asked();
        let honest: SyncAnswer = match town.carry(&asked) {
            Carried::Answer { status: 200, body } => unpack(&body).unwrap(),
            other => panic!("{other:?}"),
        };
        for seed in 0..REQUESTS {
            town.wait(60);
            ana.app.sync_wanted();
            let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() else {
                continue;
            };
            // The number fits, so that it is read at all.
            let answer = SyncAnswer {
                number: asked.number,
                ..honest.clone()
            };
            let body = mutant(&[plain(&answer)], &mut ChaCha8Rng::seed_from_u64(seed));
            let carried = Carried::Answer { status: 200, body };
            let taken = ana.app.sync_answered(asked.number, &carried, town.now());
            assert!(taken.is_ok(), "{taken:?}");
        }
        ana.restart();
        ana.sync(&town);
        ana.sync(&town);
        assert!(ana.app.sync_status().unwrap().unsent.is_empty());
        assert_eq!(town.verify(), Verified::SOUND);
    });
}
