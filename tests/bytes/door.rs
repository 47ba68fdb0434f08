//! The same bytes at the doors: a server's whole router, and a device that is answered. Whatever comes, each says what it
//! may say, keeps what it had, and goes on working.

use super::{alone, seeds};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use warmhand_core::app::{Carried, Outgoing, SyncStep};
use warmhand_core::wire::{DocsAnswer, ReconcileAnswer, SyncAnswer, unpack};
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

#[test]
fn a_device_that_compares_takes_or_drops_whatever_answers_it_and_goes_on() {
    alone(|| {
        let mut town = Town::default();
        let mut ana = town.device("ana", &["n1"]);
        let (record, patient) = ana.handoff(&town, "Rosa");
        ana.sync(&town);
        let older = town.image();
        ana.note(&town, record, "after the image");
        ana.sync(&town);
        town.restore(&older);
        let (frames, hers) = (seeds("reconcile_frame"), ana.entries(patient));
        let mut met = std::collections::BTreeMap::<&str, usize>::new();
        for seed in 0..REQUESTS {
            town.wait(60);
            ana.app.sync_wanted();
            let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() else {
                continue;
            };
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut carried = town.carry(&asked);
            let Carried::Answer { status: 200, body } = &mut carried else {
                panic!("{carried:?}")
            };
            *met.entry(asked.path).or_default() += 1;
            match asked.path {
                "/v1/reconcile" => {
                    let mut answer: ReconcileAnswer = unpack(body).unwrap();
                    answer.frame = mutant(&[answer.frame, frames[0].clone()], &mut rng);
                    *body = plain(&answer);
                }
                "/v1/docs" => {
                    let answer: DocsAnswer = unpack(body).unwrap();
                    *body = mutant(&[plain(&answer)], &mut rng);
                }
                // Honest: so that it comes to compare again.
                _ => {}
            }
            let taken = ana.app.sync_answered(asked.number, &carried, town.now());
            assert!(taken.is_ok(), "{taken:?}");
        }
        println!("{met:?}");
        assert!(met["/v1/reconcile"] > 1 && met["/v1/docs"] > 1);
        // Whatever it was made to believe of the server, what it has it keeps.
        ana.restart();
        ana.sync(&town);
        assert_eq!(ana.entries(patient), hers);
        assert_eq!(town.verify(), Verified::SOUND);
    });
}
