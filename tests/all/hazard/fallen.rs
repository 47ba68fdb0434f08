//! Plans that fell through after she had left: somebody stays at it, by a task that says what is next or by her yes alone.

use super::follow_up::{callback, outcome, states};
use super::leaving::{at, declined, declined_visit, kinds, open, queues, says};
use super::*;
use std::collections::BTreeSet;
use warmhand_core::domain::code::{ContactOutcome, TaskKind};
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::TaskState;

/// She left with a call promised for a day; the practice declined her after that.
fn promise_declined() -> Ledger {
    let (mut ledger, visit) = agreed();
    says(&mut ledger, callback("2026-03-09T10:00"));
    says(&mut ledger, EncounterEnded { encounter: visit });
    ledger.wait(60 * 24);
    says(&mut ledger, declined("har"));
    ledger
}

#[test]
fn a_promise_that_was_declined_is_no_plan_however_far_the_next_practice_was_tried() {
    let mut ledger = promise_declined();
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::TryNextPartner]));
    ledger.wait(30);
    says(&mut ledger, at("jun", ContactOutcome::LeftVoicemail));
    let both = BTreeSet::from([TaskKind::RetryCall, TaskKind::Unplanned]);
    assert_eq!(kinds(&ledger), both);
    ledger.wait(30);
    says(&mut ledger, at("jun", ContactOutcome::SpokeStaffOnly));
    let left = open(&ledger);
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::Unplanned]));
    let zone = ledger.zoned().time_zone().clone();
    let due = left[0].due_at.map(|at| at.to_zoned(zone).date());
    assert_eq!(
        due,
        Some(jiff::civil::date(2026, 3, 5)),
        "counted from the decline"
    );
    assert!(!left[0].owners.is_empty());
    says(&mut ledger, booking("jun", "2026-03-12T13:00"));
    assert_eq!(states(&ledger, TaskKind::Unplanned), [TaskState::Done]);

    // Booked there at once it was on nobody's list.
    let mut ledger = promise_declined();
    says(&mut ledger, booking("jun", "2026-03-12T13:00"));
    assert_eq!(states(&ledger, TaskKind::Unplanned), []);
    // And ticked off without a plan it is.
    let mut ledger = promise_declined();
    let task = open(&ledger)[0].id;
    ledger.says("c1", TaskDone { task, result: None }).unwrap();
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::Unplanned]));
}

#[test]
fn a_practice_that_says_on_the_phone_that_it_is_full_has_declined() {
    let (mut ledger, visit) = agreed();
    says(&mut ledger, callback("2026-03-09T10:00"));
    says(&mut ledger, EncounterEnded { encounter: visit });
    ledger.wait(60 * 24);
    says(&mut ledger, at("har", ContactOutcome::PartnerNoCapacity));
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::TryNextPartner]));
    ledger.wait(30);
    says(&mut ledger, at("jun", ContactOutcome::SpokeStaffOnly));
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::Unplanned]));
}

#[test]
fn a_call_after_a_missed_visit_that_was_only_tried_leaves_her_on_a_list() {
    let (mut ledger, visit) = agreed();
    let booked = says(&mut ledger, booking("har", "2026-03-04T13:00"));
    says(&mut ledger, EncounterEnded { encounter: visit });
    ledger.wait(60 * 48);
    says(&mut ledger, outcome(booked, "no_show"));
    let task = open(&ledger)[0].id;
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::NoShowRescue]));
    ledger.wait(5);
    ledger.says("c1", TaskDone { task, result: None }).unwrap();
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::Unplanned]));
}

#[test]
fn nothing_is_sent_to_a_practice_that_has_declined_her() {
    let (mut ledger, visit) = agreed();
    says(&mut ledger, EncounterEnded { encounter: visit });
    queues(&mut ledger, "har");
    assert_eq!(states(&ledger, TaskKind::SendReferral), [TaskState::Open]);
    ledger.wait(5);
    says(&mut ledger, declined("har"));
    assert_eq!(states(&ledger, TaskKind::SendReferral), [TaskState::Done]);
}

#[test]
fn a_visit_booked_after_a_missed_one_and_then_declined_leaves_somebody_at_it() {
    let (mut ledger, visit) = agreed();
    let first = says(&mut ledger, booking("har", "2026-03-04T13:00"));
    says(&mut ledger, EncounterEnded { encounter: visit });
    ledger.wait(60 * 48);
    says(&mut ledger, outcome(first, "no_show"));
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::NoShowRescue]));
    ledger.wait(5);
    let anew = says(&mut ledger, booking("jun", "2026-03-12T13:00"));
    ledger.wait(5);
    says(&mut ledger, declined_visit("jun", anew));
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::TryNextPartner]));
    ledger.wait(5);
    says(&mut ledger, at("har", ContactOutcome::SpokeStaffOnly));
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::Unplanned]));
}

#[test]
fn a_yes_in_a_visit_that_nobody_ends_is_on_a_list_once_the_visit_cannot_go_on() {
    let (mut ledger, visit) = agreed();
    assert_eq!(states(&ledger, TaskKind::Unplanned), []);
    let until = ledger
        .reading()
        .good_until
        .expect("it reads otherwise then");
    let before = ledger.now;
    ledger.now = until;
    assert_eq!(states(&ledger, TaskKind::Unplanned), [TaskState::Open]);
    assert!(until > before && open(&ledger)[0].due_at > Some(until));
    // Ended at last, it is the same call.
    says(&mut ledger, EncounterEnded { encounter: visit });
    assert_eq!(kinds(&ledger), BTreeSet::from([TaskKind::Unplanned]));
}
