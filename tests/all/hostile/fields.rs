//! A change whose fields lie, one class after the other: what a change stands on, who wrote it and how long it is.

use super::*;
use warmhand_core::document::{LIMITS, Put};
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{QuarantineReason, RejectReason};

const REAUTHOR: AckState = AckState::Quarantined(QuarantineReason::Reauthor);
const MALFORMED: AckState = AckState::Rejected(RejectReason::Malformed);
const TOO_BIG: AckState = AckState::Rejected(RejectReason::TooBig);

#[test]
fn a_gap_in_seq_goes_into_quarantine() {
    let mut stage = stage();
    let gap = Change {
        seq: stage.change().seq + 1,
        ..stage.change()
    };
    assert_eq!(stage.send(sealed(gap)), REAUTHOR);
    stage.she_goes_on();
}

#[test]
fn a_start_op_that_is_too_high_is_rejected() {
    let mut stage = stage();
    for start_op in [stage.change().start_op + 1, LIMITS.counter - 1] {
        let high = Change {
            start_op,
            ..stage.change()
        };
        assert_eq!(stage.send(sealed(high)), MALFORMED);
    }
    // Beyond what anybody may count to: there is no hash for that.
    let beyond = Change {
        start_op: u64::MAX,
        ..stage.change()
    };
    assert_eq!(stage.send(pushed(beyond, ChangeHash([5; 32]))), MALFORMED);
    stage.she_goes_on();
}

#[test]
fn unknown_deps_are_asked_for_and_an_orphan_goes_into_quarantine() {
    let mut stage = stage();
    let unknown = ChangeHash([3; 32]);
    let hanging = sealed(Change {
        deps: vec![unknown],
        ..stage.change()
    });
    let asked_for = AckState::MissingDeps(vec![unknown]);
    assert_eq!(stage.send(hanging.clone()), asked_for);
    let orphan = PushedChange {
        orphan: true,
        ..hanging
    };
    let recovered = AckState::Quarantined(QuarantineReason::Recovered);
    assert_eq!(stage.send(orphan), recovered);
    stage.she_goes_on();
}

#[test]
fn an_actor_and_seq_that_were_used_go_into_quarantine() {
    let mut stage = stage();
    let twice = Change {
        seq: 2,
        ..stage.edited(|_| ())
    };
    assert_eq!(stage.send(sealed(twice)), REAUTHOR);
    stage.she_goes_on();
}

#[test]
fn a_foreign_actor_goes_into_quarantine_and_so_does_work_that_somebody_else_brings() {
    let mut stage = stage();
    let mut carla = stage.town.device("carla", &["c1"]);
    carla.sync(&stage.town);
    carla.note(&stage.town, stage.record, "hers");
    let hers = request(&mut carla, &stage.town).push[0].changes[0].clone();
    let stolen = Change {
        actor: hers.change.actor,
        seq: 1,
        nonce: Some([1; 16]),
        ..stage.change()
    };
    assert_eq!(stage.send(sealed(stolen)), REAUTHOR);
    // Her own unsent change, without a receipt.
    let recovered = AckState::Quarantined(QuarantineReason::Recovered);
    assert_eq!(stage.send(hers), recovered);
    stage.she_goes_on();
}

#[test]
fn an_entry_in_another_name_than_its_actors_is_rejected() {
    let mut stage = stage();
    let other = stage.edited(|entry| entry["by"] = json!("sup"));
    assert_eq!(stage.send(sealed(other)), MALFORMED);
    let other = stage.edited(|entry| entry["device"] = json!(DeviceId(uuid::Uuid::from_u128(8))));
    assert_eq!(stage.send(sealed(other)), MALFORMED);
    stage.she_goes_on();
}

#[test]
fn a_wrong_hash_is_rejected() {
    let mut stage = stage();
    let wrong = pushed(stage.change(), ChangeHash([5; 32]));
    let rejected = AckState::Rejected(RejectReason::WrongHash);
    assert_eq!(stage.send(wrong), rejected);
    stage.she_goes_on();
}

#[test]
fn what_is_oversized_is_rejected() {
    let mut stage = stage();
    let long = stage.edited(|entry| entry["payload"]["text"] = json!("x".repeat(20_000)));
    assert_eq!(stage.send(sealed(long)), TOO_BIG);
    let of = |count: u128, length: usize| {
        let put = |n| Put {
            id: EntryId(uuid::Uuid::from_u128(n)),
            text: "x".repeat(length),
        };
        let change = Change {
            puts: (0..count).map(put).collect(),
            ..stage.change()
        };
        pushed(change, ChangeHash([5; 32]))
    };
    let (too_long, too_many) = (of(16, 5_000), of(17, 1));
    let too_wide = Change {
        deps: (0..=64).map(|n| ChangeHash([n; 32])).collect(),
        ..stage.change()
    };
    assert_eq!(stage.send(too_long), TOO_BIG);
    assert_eq!(stage.send(too_many), MALFORMED);
    assert_eq!(stage.send(pushed(too_wide, ChangeHash([5; 32]))), MALFORMED);
    // A whole message that is too long is not read.
    stage.refuses(&vec![0; 3 * 1024 * 1024], 413);
    stage.she_goes_on();
}
