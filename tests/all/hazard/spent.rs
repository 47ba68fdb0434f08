//! Steps that took place, promises that were kept and visits that nobody ended, with nothing after them: a plan is one as
//! long as it leads on, and then somebody has her on a list again.

use super::follow_up::{callback, sent, states, tasks};
use super::leaving::{at, kinds, open, says};
use super::*;
use jiff::civil::date;
use std::collections::BTreeSet;
use warmhand_core::domain::code::{ContactOutcome, LeaveCheck, StepKind, TaskKind};
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::TaskState;

fn ours(due: &str) -> NextStepSet {
    NextStepSet {
        what: StepKind::OurCallback,
        partner: None,
        ..callback(due)
    }
}

fn leaves(ledger: &mut Ledger, visit: EntryId) {
    says(ledger, EncounterEnded { encounter: visit });
}

fn only(kind: TaskKind) -> BTreeSet<TaskKind> {
    BTreeSet::from([kind])
}

/// On which local day the only open task is due.
fn due_on(ledger: &Ledger) -> Option<jiff::civil::Date> {
    let all = open(ledger);
    assert_eq!(all.len(), 1, "{:?}", kinds(ledger));
    let zone = ledger.zoned().time_zone().clone();
    all[0].due_at.map(|at| at.to_zoned(zone).date())
}

#[test]
fn a_step_that_took_place_with_nothing_after_it_is_no_plan_any_more() {
    let (mut ledger, visit) = agreed();
    let step = says(&mut ledger, ours("2026-03-05T10:00"));
    leaves(&mut ledger, visit);
    assert_eq!(kinds(&ledger), only(TaskKind::NextStep));
    ledger.wait(60 * 48);
    says(&mut ledger, NextStepFulfilled { step });
    assert_eq!(kinds(&ledger), only(TaskKind::Unplanned));
    assert_eq!(
        due_on(&ledger),
        Some(date(2026, 3, 6)),
        "from when it took place"
    );
    // Another step in its place, and that one took place as well.
    let other = says(&mut ledger, ours("2026-03-09T10:00"));
    assert_eq!(kinds(&ledger), only(TaskKind::NextStep));
    ledger.wait(60 * 24 * 4);
    says(&mut ledger, NextStepFulfilled { step: other });
    assert_eq!(due_on(&ledger), Some(date(2026, 3, 10)));
    says(&mut ledger, booking("jun", "2026-03-12T13:00"));
    assert_eq!(states(&ledger, TaskKind::Unplanned), [TaskState::Done]);
}

#[test]
fn a_step_set_anew_and_then_taken_leads_no_further_either() {
    let (mut ledger, visit) = agreed();
    let step = says(&mut ledger, ours("2026-03-05T10:00"));
    leaves(&mut ledger, visit);
    let anew = NextStepSet {
        replaces: Some(step),
        ..ours("2026-03-06T10:00")
    };
    let anew = says(&mut ledger, anew);
    assert_eq!(kinds(&ledger), only(TaskKind::NextStep));
    says(&mut ledger, NextStepFulfilled { step: anew });
    assert_eq!(kinds(&ledger), only(TaskKind::Unplanned));
}

#[test]
fn a_practice_that_kept_its_promise_and_booked_nothing_leaves_her_on_a_list() {
    for by_step in [true, false] {
        let (mut ledger, visit) = agreed();
        match by_step {
            true => says(&mut ledger, callback("2026-03-09T10:00")),
            false => sent(&mut ledger, "2026-03-06T15:00:00Z"),
        };
        leaves(&mut ledger, visit);
        ledger.wait(60 * 24);
        says(&mut ledger, at("har", ContactOutcome::SpokeDirectly));
        assert_eq!(states(&ledger, TaskKind::PromiseMissed), [TaskState::Done]);
        let left = match by_step {
            true => TaskKind::Unplanned,
            // Sending alone has no date and no name: she left with no plan.
            false => TaskKind::NextDay,
        };
        assert_eq!(kinds(&ledger), only(left), "{by_step}");
    }
}

#[test]
fn a_visit_that_nobody_ends_leaves_somebody_to_call_her_unless_she_has_a_plan() {
    let (mut ledger, visit) = identified();
    assert_eq!(kinds(&ledger), BTreeSet::new());
    let turns = ledger
        .reading()
        .good_until
        .expect("it reads otherwise then");
    ledger.now = turns;
    assert_eq!(kinds(&ledger), only(TaskKind::NextDay));
    assert_eq!(due_on(&ledger), Some(date(2026, 3, 4)));
    leaves(&mut ledger, visit);
    assert_eq!(kinds(&ledger), only(TaskKind::NextDay), "the same call");

    let (mut ledger, _) = identified();
    says(&mut ledger, ours("2026-03-05T10:00"));
    ledger.wait(60 * 13);
    assert_eq!(kinds(&ledger), only(TaskKind::NextStep));

    let mut ledger = Ledger::record();
    says(&mut ledger, encounter());
    ledger.wait(60 * 13);
    assert_eq!(kinds(&ledger), BTreeSet::new(), "no need is known");
}

#[test]
fn the_call_of_the_next_day_is_to_make_again_once_the_step_that_answered_it_led_to_nothing() {
    let (mut ledger, visit) = identified();
    leaves(&mut ledger, visit);
    ledger.wait(60);
    let step = says(&mut ledger, ours("2026-03-10T10:00"));
    assert_eq!(kinds(&ledger), only(TaskKind::NextStep));
    ledger.wait(60 * 24 * 7);
    says(
        &mut ledger,
        said::<NextStepCancelled>(json!({"step": step, "reason": "they moved"})),
    );
    assert_eq!(kinds(&ledger), only(TaskKind::NextDay));
    assert_eq!(
        due_on(&ledger),
        Some(date(2026, 3, 11)),
        "not late from the start"
    );
}

#[test]
fn she_left_on_a_step_alone_and_nobody_heard_what_she_wants() {
    for spoke in [true, false] {
        let (mut ledger, visit) = identified();
        if spoke {
            let call = ContactAttempted {
                basis: warmhand_core::domain::code::ContactBasis::PatientCalls,
                ..call(Some(visit))
            };
            says(&mut ledger, call);
        }
        let step = says(&mut ledger, ours("2026-03-05T10:00"));
        leaves(&mut ledger, visit);
        assert_eq!(kinds(&ledger), only(TaskKind::NextStep), "one is enough");
        ledger.wait(60 * 48);
        says(&mut ledger, NextStepFulfilled { step });
        assert_eq!(kinds(&ledger), only(TaskKind::NextDay), "{spoke}");
        assert_eq!(due_on(&ledger), Some(date(2026, 3, 6)));
        says(&mut ledger, offer(None));
        says(&mut ledger, decision("not_today", None));
        assert_eq!(states(&ledger, TaskKind::NextDay), [TaskState::Done]);
    }
}

/// She called the practice herself, nobody heard what she wants, and she left.
fn undecided(ledger: &mut Ledger, visit: EntryId) {
    let call = ContactAttempted {
        basis: warmhand_core::domain::code::ContactBasis::PatientCalls,
        ..call(Some(visit))
    };
    says(ledger, call);
    leaves(ledger, visit);
    let passed = ledger.reading().encounters.last().map(|e| e.leave_check);
    assert_eq!(passed, Some(LeaveCheck::Pass));
}

#[test]
fn what_was_heard_in_a_visit_and_written_after_it_answers_the_call_and_does_not_undo_it() {
    let (mut ledger, visit) = identified();
    says(&mut ledger, offer(Some(visit)));
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let within = ledger.zoned();
    ledger.wait(20);
    undecided(&mut ledger, visit);
    assert_eq!(kinds(&ledger), only(TaskKind::NextDay));
    let word = decision("not_today", Some(visit));
    ledger.says_at("n1", word, &seen, within).unwrap();
    assert_eq!(states(&ledger, TaskKind::NextDay), [TaskState::Done]);
    assert_eq!(kinds(&ledger), only(TaskKind::Revisit));
}

#[test]
fn what_she_said_in_january_was_not_heard_in_march() {
    let (mut ledger, first) = identified();
    says(&mut ledger, offer(Some(first)));
    says(&mut ledger, decision("not_today", Some(first)));
    leaves(&mut ledger, first);
    ledger.wait(60 * 24 * 50);
    let visit = says(&mut ledger, encounter());
    undecided(&mut ledger, visit);
    let now = tasks(&ledger, TaskKind::NextDay);
    assert_eq!(now.len(), 1);
    assert_eq!(
        (now[0].cause, now[0].state(ledger.now)),
        (visit, TaskState::Open)
    );

    // By her wish nobody asks.
    let (mut ledger, first) = agreed();
    says(&mut ledger, decision("withdrew", Some(first)));
    leaves(&mut ledger, first);
    let before = tasks(&ledger, TaskKind::NextDay).len();
    ledger.wait(60 * 24 * 50);
    let visit = says(&mut ledger, encounter());
    undecided(&mut ledger, visit);
    assert_eq!(tasks(&ledger, TaskKind::NextDay).len(), before);
}
