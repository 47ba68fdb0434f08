//! Bodies that are small and would unfold into more than there is: runs of a length that nobody has, what zstd packs well,
//! and what lies within itself.

use super::*;
use minicbor::Encoder;
use warmhand_core::wire::{Hello, ReconcileAnswer, ReconcileRequest, RejectReason};
use warmhand_tests::bomb;

/// So many operations in some ninety bytes.
pub const TIMES: u64 = 1 << 40;

/// An encoded message in which these bytes stand for a part of it.
fn in_place_of<T: minicbor::Encode<()>>(
    message: &impl minicbor::Encode<()>,
    part: &T,
    bytes: &[u8],
) -> Vec<u8> {
    let message = minicbor::to_vec(message).unwrap();
    let part = minicbor::to_vec(part).unwrap();
    let mut places = message.windows(part.len());
    let at = places.position(|place| place == part).expect("it is in it");
    let mut put = Encoder::new(Vec::new());
    put.bytes(bytes).unwrap();
    let rest = &message[at + part.len()..];
    [&[0], &message[..at], put.writer(), rest].concat()
}

#[test]
fn the_bomb_is_a_change_that_automerge_unfolds() {
    use automerge::{AutoCommit, ROOT, ReadDoc};
    let (few, many) = (bomb::run_length(2), bomb::run_length(10_000));
    let document = AutoCommit::load(&many).unwrap();
    assert_eq!(document.get_all(ROOT, "k").unwrap().len(), 10_000);
    assert!(many.len() < few.len() + 16);
    assert!(bomb::run_length(TIMES).len() < few.len() + 32);
}

#[test]
fn a_run_length_bomb_is_refused_wherever_it_lies() {
    let mut stage = stage();
    let bomb = bomb::run_length(TIMES);
    stage.refuses(&bomb, 400);
    stage.refuses(&[&[0], &bomb[..]].concat(), 400);
    let packed = zstd::bulk::compress(&bomb, 3).unwrap();
    stage.refuses(&[&[1], &packed[..]].concat(), 400);
    // In the place of a change's fields, of its documents, and of a round of a comparison. Whoever is asked for less than a
    // sync reads no further than that.
    let door = [("/v1/sync", true)];
    let in_change = in_place_of(&stage.honest, &stage.change(), &bomb);
    stage.refuses_at(&door, &in_change, 400);
    let in_push = in_place_of(&stage.honest, &stage.honest.push, &bomb);
    stage.refuses_at(&door, &in_push, 400);
    let before = stage.said();
    let asked = ReconcileRequest {
        hello: hello(&stage),
        frame: bomb.clone(),
        sheet: [0; 32],
    };
    let bearer = Some(stage.ana.bearer.as_str());
    let (status, body) = stage.town.post("/v1/reconcile", bearer, pack(&asked));
    assert_eq!(status, 200);
    let answer: ReconcileAnswer = unpack(&body).unwrap();
    assert!(answer.frame.is_empty(), "nothing to what does not read");
    assert_eq!(stage.said().since(&before), BTreeMap::new());
    // As the text of an entry it is a text.
    let mut told = stage.edited(|_| ());
    told.puts[0].text = String::from_utf8_lossy(&bomb).into_owned();
    let malformed = AckState::Rejected(RejectReason::Malformed);
    assert_eq!(stage.send(sealed(told)), malformed);
    stage.she_goes_on();
}

fn hello(stage: &Stage) -> Hello {
    stage.honest.hello.clone()
}

#[test]
fn a_compressed_bomb_is_refused() {
    let stage = stage();
    // Half a gigabyte, and the same looking back further than is allowed.
    for (window, expected) in [(21, 413), (27, 400)] {
        let bomb = bomb::zeros(512, window);
        assert!(bomb.len() < 1024 * 1024);
        stage.refuses(&bomb, expected);
    }
    // One that unfolds into another: only the outer one is ever unpacked.
    let nested = zstd::bulk::compress(&bomb::zeros(512, 21), 3).unwrap();
    stage.refuses(&[&[1], &nested[..]].concat(), 400);
    stage.she_goes_on();
}

#[test]
fn deep_nesting_is_refused_wherever_it_lies() {
    let mut stage = stage();
    let malformed = AckState::Rejected(RejectReason::Malformed);
    let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    let json = |depth| String::from_utf8(deep(depth)).unwrap();
    // As an entry, and within one.
    let mut all = stage.edited(|_| ());
    all.puts[0].text = json(5_000);
    assert_eq!(stage.send(sealed(all)), malformed);
    let mut within = stage.edited(|entry| entry["payload"]["text"] = json!("HERE"));
    within.puts[0].text = within.puts[0].text.replace("\"HERE\"", &json(5_000));
    assert_eq!(stage.send(sealed(within)), malformed);
    // Lists in a list, and maps under a key that nobody knows.
    let many = |head: &[u8], each| [head, &vec![each; 900_000]].concat();
    for body in [
        many(&[0], 0x81),
        many(&[0, 0xa1, 0x18, 99], 0xa1),
        many(&[0, 0xa1, 0x02], 0x9f),
        many(&[0, 0xa1, 0x02], 0xc1),
    ] {
        stage.refuses(&body, 400);
    }
    stage.she_goes_on();
}

#[test]
fn what_only_a_newer_version_would_read_is_kept_however_deep_it_is() {
    let stage = stage();
    let mut newer = stage.edited(|entry| {
        entry["kind"] = json!("SomethingOfTomorrow");
        entry["payload"] = json!("HERE");
    });
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    newer.puts[0].text = newer.puts[0].text.replace("\"HERE\"", &deep);
    let id = newer.puts[0].id.to_string();
    assert!(matches!(stage.alone(sealed(newer)), AckState::Accepted(_)));
    let mut carla = stage.town.device("carla", &["c1"]);
    carla.sync(&stage.town);
    assert!(carla.entries(stage.patient).contains(&id));
    let screen = carla.app.handoff(stage.record, stage.town.now()).unwrap();
    let row = screen.timeline.iter().find(|row| !row.is_known);
    assert_eq!(row.unwrap().kind, "SomethingOfTomorrow");
    stage.others_go_on();
}
