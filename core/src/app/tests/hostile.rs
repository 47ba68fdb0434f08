//! Pages whose fields lie: a document that does not apply is marked, the others land, nothing panics.

use super::*;
use crate::document::seal;
use rand::{Rng, RngCore};

/// The log of a device with one record of three changes, and one of another device's.
fn log() -> (Server, DocumentId, DocumentId) {
    let mut server = Server::default();
    let mut other = enrolled(&mut server, 2);
    let bad = patient_of(&open_record(&mut other, "Bad").unwrap()).1;
    note(&mut other, bad, "one").unwrap();
    note(&mut other, bad, "two").unwrap();
    let good = patient_of(&open_record(&mut other, "Good").unwrap()).1;
    run(&mut other, &mut server).unwrap();
    (server, bad, good)
}

/// Delivers the log to a fresh device after a field of the record's change at this place was changed, sealed anew if
/// asked for, so that only the field itself can give it away.
fn deliver(at: usize, sealed: bool, edit: impl Fn(&mut DeliveredChange)) -> (App, DocumentId) {
    let (mut server, bad, good) = log();
    let mut app = enrolled(&mut server, 1);
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    let mut docs = answer.docs.open().unwrap();
    for document in &mut docs {
        if let (true, Delivered::Changes(changes)) = (document.doc == bad, &mut document.content) {
            edit(&mut changes[at]);
            if sealed {
                changes[at].hash = seal(changes[at].change.clone()).unwrap().hash;
            }
        }
    }
    answer.docs = Parcel::of(&docs);
    app.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 200,
            body: pack(&answer),
        },
        now(),
    )
    .unwrap();
    assert_eq!(app.holds(good), Ok(true), "the other document lands");
    let refetches = app.store.rows().refetches().unwrap();
    assert_eq!(
        refetches.iter().map(|(doc, ..)| *doc).collect::<Vec<_>>(),
        [bad]
    );
    // Asked for again, and whole this time.
    run(&mut app, &mut server).unwrap();
    assert_eq!(shown(&app, bad).len(), 4);
    assert_eq!(app.store.rows().refetches(), Ok(Vec::new()));
    (app, bad)
}

#[test]
fn a_wrong_hash_is_found() {
    deliver(1, false, |c| c.hash.0[0] ^= 1);
    deliver(1, false, |c| c.change.puts.clear());
    deliver(1, false, |c| c.change.puts[0].text.push(' '));
    deliver(0, false, |c| c.change.deps.clear());
}

#[test]
fn a_gap_in_seq_is_found() {
    deliver(1, true, |c| c.change.seq = 3);
}

#[test]
fn a_start_op_that_is_too_high_is_found() {
    deliver(1, false, |c| c.change.start_op = u64::MAX);
    deliver(1, true, |c| c.change.start_op += 1);
}

#[test]
fn unknown_deps_and_another_document_are_found() {
    deliver(1, true, |c| c.change.deps = vec![ChangeHash([7; 32])]);
    deliver(1, true, |c| c.change.doc = DocumentId(Uuid::nil()));
}

#[test]
fn a_foreign_actor_is_found() {
    deliver(1, true, |c| c.change.user = UserId::from("n2"));
    deliver(1, true, |c| c.change.device = DeviceId(Uuid::nil()));
    deliver(1, true, |c| c.change.actor.0[0] ^= 1);
    // Also where the device knows nothing else of the document.
    deliver(0, true, |c| c.change.user = UserId::from("n2"));
    deliver(0, true, |c| c.change.nonce = Some([1; 16]));
}

#[test]
fn an_entry_id_is_not_taken_for_a_second_text() {
    let (server, bad, _) = log();
    let used = server
        .log
        .iter()
        .find(|c| c.change.doc == bad)
        .unwrap()
        .change
        .puts[0]
        .id;
    deliver(1, true, move |c| c.change.puts[0].id = used);
}

#[test]
fn a_document_of_an_unknown_kind_is_noted_and_not_asked_for_in_a_ring() {
    let (mut server, bad, good) = log();
    let text = server.log[0].change.puts[0]
        .text
        .replace("RecordOpened", "LedgerOpened");
    server
        .log
        .retain(|c| c.change.doc == good || c.change.seq == 1);
    server.log[0].change.puts[0].text = text;
    server.log[0].hash = seal(server.log[0].change.clone()).unwrap().hash;
    let mut app = enrolled(&mut server, 1);
    assert_eq!(run(&mut app, &mut server), Ok(1));
    assert_eq!((app.holds(bad), app.holds(good)), (Ok(false), Ok(true)));
    assert_eq!(app.store.rows().refetches().unwrap().len(), 1);
}

#[test]
fn no_bytes_make_the_device_panic_or_lose_anything() {
    let (mut server, ..) = log();
    let mut app = enrolled(&mut server, 1);
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for round in 0..300 {
        let asked = asks(&mut app);
        if asked.path == "/v1/heartbeat" {
            app.sync_answered(asked.number, &Carried::Failed, now())
                .unwrap();
            continue;
        }
        let Carried::Answer { body, .. } = server.clone().carry(&asked) else {
            panic!("it answers")
        };
        // Unpacked first, or most mutations would only break the packing: the answer, or the page in it.
        let mut mutant = |plain: Vec<u8>| {
            let mut body = [vec![0], plain].concat();
            for _ in 0..=round % 4 {
                let at = rng.random_range(1..body.len());
                body[at] = if rng.random() {
                    rng.next_u32().to_le_bytes()[0]
                } else {
                    body[at].wrapping_add(1)
                };
            }
            body
        };
        let body = match unpack::<SyncAnswer>(&body) {
            Ok(mut answer) if round % 2 == 0 => {
                let docs = answer.docs.open().unwrap();
                answer.docs = mutant(minicbor::to_vec(&docs).unwrap()).into();
                pack(&answer)
            }
            _ => mutant(match body.split_first().unwrap() {
                (1, packed) => zstd::decode_all(packed).unwrap(),
                (_, plain) => plain.to_vec(),
            }),
        };
        app.sync_answered(asked.number, &Carried::Answer { status: 200, body }, now())
            .unwrap();
        assert_eq!(app.store.rows().document(record).unwrap().len(), 1);
    }
}

#[test]
fn a_page_that_does_not_read_is_no_answer_and_is_asked_for_again() {
    for page in [&b""[..], &[9], &[0, 0xff], &[1, 2, 3]] {
        let (mut server, bad, good) = log();
        let mut app = enrolled(&mut server, 1);
        let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
        let asked = asks(&mut app);
        let mut answer = server.clone().sync(&unpack(&asked.body).unwrap());
        answer.docs = page.to_vec().into();
        let body = pack(&answer);
        let carried = Carried::Answer { status: 200, body };
        app.sync_answered(asked.number, &carried, now()).unwrap();
        // Also what it acknowledges is nothing.
        assert_eq!(app.sync_status().unwrap().count, 1);
        assert_eq!(app.holds(bad), Ok(false));
        run(&mut app, &mut server).unwrap();
        assert_eq!(app.sync_status().unwrap().count, 0);
        for doc in [bad, good, record] {
            assert_eq!(app.holds(doc), Ok(true));
        }
    }
}
