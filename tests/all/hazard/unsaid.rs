//! Hazards of what did not take place: a call that only waits, a promise of which half was given up, a check that somebody
//! else of her house answered, and a loop that was closed on a word that was taken back.

use super::follow_up::{callback, outcome, sent, states, tasks};
use super::*;
use warmhand_core::domain::code::{ContactOutcome, ContactWith, Grade, TaskKind};
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::TaskState;

fn missed(ledger: &Ledger) -> Vec<TaskState> {
    states(ledger, TaskKind::PromiseMissed)
}

fn cancels(step: EntryId) -> NextStepCancelled {
    said(json!({"step": step, "reason": "entered twice"}))
}

#[test]
fn a_promise_of_a_step_set_twice_runs_until_both_are_given_up() {
    for first in [0, 1] {
        let (mut ledger, _) = agreed();
        let steps = both(
            &mut ledger,
            ("n1", callback("2026-03-05T10:00")),
            ("c1", callback("2026-03-05T10:00")),
        );
        assert_eq!(missed(&ledger), [TaskState::Open], "one promise");
        ledger.says("n1", cancels(steps[first])).unwrap();
        assert_eq!(missed(&ledger), [TaskState::Open], "{first}");
        ledger.says("n1", cancels(steps[1 - first])).unwrap();
        assert_eq!(missed(&ledger), [TaskState::Lapsed], "{first}");
    }
    // The practice has called, whichever of the two says so.
    let (mut ledger, _) = agreed();
    let [_, step] = both(
        &mut ledger,
        ("n1", callback("2026-03-05T10:00")),
        ("c1", callback("2026-03-05T10:00")),
    );
    ledger.says("c1", NextStepFulfilled { step }).unwrap();
    assert_eq!(missed(&ledger), [TaskState::Done]);
}

#[test]
fn what_a_referral_promises_is_not_given_up_with_a_step() {
    // The step was agreed under the referral's promise, or the referral went while the step's ran.
    for referral_first in [true, false] {
        let (mut ledger, _) = agreed();
        if referral_first {
            sent(&mut ledger, "2026-03-05T15:00:00Z");
        }
        let step = ledger.says("n1", callback("2026-03-05T10:00")).unwrap();
        if !referral_first {
            sent(&mut ledger, "2026-03-05T15:00:00Z");
        }
        ledger.says("n1", cancels(step)).unwrap();
        let promises = ledger.reading().promises;
        assert_eq!(
            (promises.len(), promises[0].ended_at),
            (1, None),
            "{referral_first}"
        );
        assert_eq!(missed(&ledger), [TaskState::Open], "{referral_first}");
        let declined: PartnerDeclined =
            said(json!({"partner": "har", "reason": "no_capacity", "relayed_by": "n1"}));
        ledger.says("n1", declined).unwrap();
        assert_eq!(missed(&ledger), [TaskState::Lapsed], "{referral_first}");
    }
}

#[test]
fn what_waits_to_be_sent_has_reached_nobody() {
    let (mut ledger, _) = agreed();
    let attempt = |outcome| ContactAttempted {
        outcome,
        patient_on_line: false,
        ..call(None)
    };
    let open = |ledger: &Ledger| {
        let kinds = [TaskKind::RetryCall, TaskKind::SendReferral];
        let all = kinds.map(|kind| states(ledger, kind)).concat();
        let open = all.iter().filter(|s| **s == TaskState::Open);
        (all.len(), open.count())
    };
    ledger
        .says("n1", attempt(ContactOutcome::NoAnswer))
        .unwrap();
    ledger
        .says("n1", attempt(ContactOutcome::QueuedNotSent))
        .unwrap();
    assert_eq!(open(&ledger), (2, 2));
    ledger
        .says("n1", attempt(ContactOutcome::LeftVoicemail))
        .unwrap();
    assert_eq!(open(&ledger), (3, 1));

    let (mut ledger, _) = agreed();
    let plan = ledger.says("n1", plan(&["name"])).unwrap();
    let queued: ElectronicQueued =
        said(json!({"partner": "har", "transport": "portal", "plan": plan, "items": ["name"]}));
    ledger.says("n1", queued).unwrap();
    ledger
        .says("n1", attempt(ContactOutcome::QueuedNotSent))
        .unwrap();
    assert_eq!(open(&ledger), (2, 2));
}

#[test]
fn only_she_can_say_how_she_is_on_the_day_after() {
    let mut ledger = Ledger::record();
    ledger.says("d1", raised("staff_concern")).unwrap();
    ledger.wait(60 * 25);
    let hers = |outcome| ContactAttempted {
        with: ContactWith::Patient,
        outcome,
        partner: None,
        patient_on_line: false,
        direction: warmhand_core::domain::code::Direction::ToPatient,
        ..call(None)
    };
    let check = |ledger: &Ledger| states(ledger, TaskKind::SafetyNextDay);
    ledger
        .says("n1", hers(ContactOutcome::SpokeStaffOnly))
        .unwrap();
    assert_eq!(check(&ledger), [TaskState::Open]);
    ledger
        .says("n1", hers(ContactOutcome::SpokeDirectly))
        .unwrap();
    assert_eq!(check(&ledger), [TaskState::Done]);
}

fn closed(ledger: &mut Ledger) -> EntryId {
    let closed: LoopClosed = said(json!({"reason": "attended"}));
    ledger.says("n1", closed).unwrap()
}

fn is_closed(ledger: &Ledger) -> bool {
    ledger.reading().closed.is_some()
}

fn void(entry: EntryId) -> EnteredInError {
    EnteredInError {
        entry,
        reason: "another patient".to_owned(),
    }
}

#[test]
fn what_was_closed_on_a_word_opens_when_that_is_taken_back() {
    let seen_to = || {
        let (mut ledger, _) = agreed();
        let decided = ledger.entries().last().unwrap().id;
        let booked = ledger
            .says("n1", booking("har", "2026-03-04T13:00"))
            .unwrap();
        ledger.wait(60 * 28);
        let came = ledger.says("n1", outcome(booked, "attended")).unwrap();
        let note = ledger
            .says(
                "n1",
                Noted {
                    text: "well".into(),
                },
            )
            .unwrap();
        closed(&mut ledger);
        assert!(is_closed(&ledger));
        (ledger, came, decided, note)
    };
    let (mut ledger, came, decided, note) = seen_to();
    ledger.says("sup", void(note)).unwrap();
    assert!(is_closed(&ledger), "nobody closed it on a note");
    ledger.says("sup", void(came)).unwrap();
    assert!(!is_closed(&ledger));
    let check = &tasks(&ledger, TaskKind::AttendanceCheck)[0];
    assert_eq!(check.state(ledger.now), TaskState::Open);
    let (mut ledger, ..) = {
        let mut all = seen_to();
        all.0.says("sup", void(decided)).unwrap();
        all
    };
    assert!(!is_closed(&ledger));
    closed(&mut ledger);
    assert!(is_closed(&ledger), "closed by somebody who knew");
}

#[test]
fn a_referral_that_the_closing_had_not_seen_opens_it() {
    let (mut ledger, _) = agreed();
    let plan = ledger.says("n1", plan(&["name"])).unwrap();
    let went: ElectronicSent =
        said(json!({"partner": "har", "transport": "portal", "plan": plan, "items": ["name"]}));
    let gone: LoopClosed = said(json!({"reason": "transferred_out"}));
    both(&mut ledger, ("n1", gone), ("c1", went));
    assert!(!is_closed(&ledger));
}

#[test]
fn a_step_with_a_practice_that_declined_her_is_none_to_leave_with() {
    let left = |what: &str, declines: &str| {
        let (mut ledger, visit) = agreed();
        let declined: PartnerDeclined =
            said(json!({"partner": "har", "reason": "no_capacity", "relayed_by": "n1"}));
        if declines == "before the step" {
            ledger.says("n1", declined.clone()).unwrap();
        }
        let mut step = callback("2026-03-05T10:00");
        step.what = said(json!(what));
        ledger.says("n1", step).unwrap();
        if declines == "before she left" {
            ledger.says("n1", declined.clone()).unwrap();
        }
        ledger.wait(5);
        ledger
            .says("n1", EncounterEnded { encounter: visit })
            .unwrap();
        ledger.wait(5);
        if declines == "after she left" {
            ledger.says("n1", declined).unwrap();
        }
        ledger.fold().encounters[0].grade
    };
    assert_eq!(left("partner_callback", "before she left"), Grade::W0);
    assert_eq!(left("partner_callback", "after she left"), Grade::W1);
    assert_eq!(left("partner_callback", "before the step"), Grade::W1);
    assert_eq!(left("our_callback", "before she left"), Grade::W1);
}
