//! Steps that took place, promises that were kept and visits that nobody ended, with nothing after them: a plan is one as
//! long as it leads on, and then somebody has her on a list again.

use super::follow_up::{callback, outcome, sent, states, tasks};
use super::leaving::{at, declined, kinds, open, says};
use super::*;
use jiff::civil::date;
use std::collections::BTreeSet;
use warmhand_core::domain::code::{ContactBasis, ContactOutcome, LeaveCheck, StepKind, TaskKind};
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
    ledger.wait(15);
    assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
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
    ledger.wait(15);
    assert_eq!(due_on(&ledger), Some(date(2026, 3, 10)));
    says(&mut ledger, booking("jun", "2026-03-12T13:00"));
    let done = [TaskState::Done; 2];
    assert_eq!(states(&ledger, TaskKind::NothingPlanned), done);
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
    assert_eq!(kinds(&ledger), BTreeSet::new(), "she is still at it");
    ledger.now = ledger.reading().good_until.expect("not for long");
    assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
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
        ledger.wait(15);
        assert_eq!(states(&ledger, TaskKind::PromiseMissed), [TaskState::Done]);
        let left = match by_step {
            true => TaskKind::NothingPlanned,
            // Sending alone has no date and no name: she left with no plan.
            false => TaskKind::NextDay,
        };
        assert_eq!(kinds(&ledger), only(left), "{by_step}");
    }
}

#[test]
fn a_visit_that_nobody_ends_leaves_somebody_to_call_her_unless_she_has_a_plan() {
    for (says_yes, kind) in [
        (false, TaskKind::NothingPlanned),
        (true, TaskKind::Unplanned),
    ] {
        let (mut ledger, visit) = if says_yes { agreed() } else { identified() };
        assert_eq!(kinds(&ledger), BTreeSet::new());
        ledger.wait(60 * 12 + 15);
        assert_eq!(kinds(&ledger), only(kind));
        assert_eq!(due_on(&ledger), Some(date(2026, 3, 4)));
        // Ended at last, it is the same call.
        leaves(&mut ledger, visit);
        assert_eq!(kinds(&ledger), only(kind));
        assert_eq!(tasks(&ledger, kind).len(), 1);
    }

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
    ledger.wait(15);
    assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
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
                basis: ContactBasis::PatientCalls,
                ..call(Some(visit))
            };
            says(&mut ledger, call);
        }
        let step = says(&mut ledger, ours("2026-03-05T10:00"));
        leaves(&mut ledger, visit);
        assert_eq!(kinds(&ledger), only(TaskKind::NextStep), "one is enough");
        ledger.wait(60 * 48);
        says(&mut ledger, NextStepFulfilled { step });
        ledger.wait(15);
        assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned), "{spoke}");
        assert_eq!(due_on(&ledger), Some(date(2026, 3, 6)));
        says(&mut ledger, offer(None));
        says(&mut ledger, decision("not_today", None));
        assert_eq!(states(&ledger, TaskKind::NothingPlanned), [TaskState::Done]);
    }
}

/// She left on a step, and on three days somebody ticked what there was.
fn ticked() -> Ledger {
    let (mut ledger, visit) = agreed();
    says(&mut ledger, ours("2026-03-05T10:00"));
    leaves(&mut ledger, visit);
    for day in [4, 5, 6] {
        let task = open(&ledger)[0].id;
        ledger.says("c1", TaskDone { task, result: None }).unwrap();
        ledger.wait(15);
        assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
        assert_eq!(due_on(&ledger), Some(date(2026, 3, day)));
        ledger.wait(60 * 23);
    }
    ledger
}

#[test]
fn a_tick_alone_plans_nothing() {
    let closed: LoopClosed = said(json!({"reason": "already_in_care", "flags_seen": []}));
    for body in [
        Body::from(decision("not_today", None)),
        decision("withdrew", None).into(),
        closed.into(),
    ] {
        let mut ledger = ticked();
        let one_of_them = says(&mut ledger, body);
        let left = kinds(&ledger);
        assert!(!left.contains(&TaskKind::NothingPlanned), "{one_of_them}");
        assert_eq!(tasks(&ledger, TaskKind::NothingPlanned).len(), 3);
    }
}

#[test]
fn a_need_that_is_seen_after_she_left_or_by_phone_is_on_a_list() {
    let mut ledger = Ledger::record();
    let visit = says(&mut ledger, encounter());
    leaves(&mut ledger, visit);
    ledger.wait(60);
    says(&mut ledger, need());
    ledger.wait(15);
    assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
    says(&mut ledger, offer(None));
    assert_eq!(
        kinds(&ledger),
        only(TaskKind::NothingPlanned),
        "no answer yet"
    );
    says(&mut ledger, decision("not_today", None));
    assert_eq!(kinds(&ledger), only(TaskKind::Revisit));
}

#[test]
fn a_check_that_was_ticked_and_told_nothing_leaves_her_on_a_list_until_somebody_knows() {
    let (mut ledger, visit) = agreed();
    let booked = says(&mut ledger, booking("har", "2026-03-04T13:00"));
    leaves(&mut ledger, visit);
    ledger.wait(60 * 48);
    let task = tasks(&ledger, TaskKind::AttendanceCheck)[0].id;
    ledger.says("c1", TaskDone { task, result: None }).unwrap();
    ledger.wait(15);
    assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
    says(&mut ledger, outcome(booked, "attended"));
    assert_eq!(kinds(&ledger), BTreeSet::new());
    let asked = states(&ledger, TaskKind::NothingPlanned);
    assert_eq!(asked, [TaskState::Done]);
}

#[test]
fn she_spoke_to_a_practice_and_nobody_heard_what_she_wants() {
    let (mut ledger, visit) = identified();
    let call = ContactAttempted {
        basis: ContactBasis::PatientCalls,
        ..call(Some(visit))
    };
    says(&mut ledger, call);
    leaves(&mut ledger, visit);
    let passed = ledger.reading().encounters.last().map(|e| e.leave_check);
    assert_eq!(passed, Some(LeaveCheck::Pass));
    ledger.wait(15);
    assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
}

#[test]
fn whoever_wished_to_be_asked_no_more_is_not_called_after_another_visit() {
    let (mut ledger, first) = agreed();
    says(&mut ledger, decision("withdrew", Some(first)));
    leaves(&mut ledger, first);
    let before = tasks(&ledger, TaskKind::NextDay).len();
    ledger.wait(60 * 24 * 50);
    let visit = says(&mut ledger, encounter());
    leaves(&mut ledger, visit);
    let after = tasks(&ledger, TaskKind::NextDay).len();
    assert_eq!(after, before, "she said nothing in this one");
    assert!(!kinds(&ledger).contains(&TaskKind::NothingPlanned));
}

#[test]
fn what_happens_once_a_visit_cannot_go_on_any_more_is_not_of_it_however_late_it_is_ended() {
    let (mut ledger, visit) = agreed();
    ledger.wait(60 * 23);
    says(&mut ledger, booking("har", "2026-03-12T13:00"));
    ledger.wait(60);
    leaves(&mut ledger, visit);
    let read = ledger.reading().encounters[0].leave_check;
    assert_eq!(read, LeaveCheck::Fail);
}

#[test]
fn a_practice_that_drops_her_once_she_came_leaves_her_on_a_list() {
    let (mut ledger, visit) = agreed();
    let booked = says(&mut ledger, booking("har", "2026-03-04T13:00"));
    leaves(&mut ledger, visit);
    ledger.wait(60 * 48);
    says(&mut ledger, outcome(booked, "attended"));
    ledger.wait(60 * 24 * 30);
    assert_eq!(kinds(&ledger), BTreeSet::new());
    says(&mut ledger, declined("har"));
    assert_eq!(kinds(&ledger), only(TaskKind::TryNextPartner));
    says(&mut ledger, at("jun", ContactOutcome::SpokeStaffOnly));
    ledger.wait(15);
    assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
}

#[test]
fn a_step_of_somebody_who_may_not_see_the_record_any_more_is_theirs_too_whose_record_it_is() {
    let (mut ledger, _) = agreed();
    let step = NextStepSet {
        owner: Some("d1".into()),
        ..ours("2026-03-05T10:00")
    };
    says(&mut ledger, step);
    let owners = |ledger: &Ledger| tasks(ledger, TaskKind::NextStep)[0].owners.clone();
    assert_eq!(owners(&ledger), ["d1".into()]);
    let mut others = ledger.fold().owners;
    others.push("d1".into());
    let people = ledger.sheet.people.iter_mut();
    for lena in people.filter(|p| p.id == "d1".into()) {
        lena.roles[0].sites = vec!["clinic".into()];
    }
    assert_eq!(owners(&ledger), others);
}

#[test]
fn whoever_stopped_it_and_is_offered_it_again_is_not_left_alone_with_that() {
    for (word, stays) in [("withdrew", true), ("do_not_ask_again", false)] {
        let (mut ledger, first) = agreed();
        says(&mut ledger, decision(word, Some(first)));
        leaves(&mut ledger, first);
        let before = kinds(&ledger);
        ledger.wait(60 * 24 * 50);
        let visit = says(&mut ledger, encounter());
        says(&mut ledger, offer(Some(visit)));
        leaves(&mut ledger, visit);
        let now = tasks(&ledger, TaskKind::NextDay);
        let of_it = now.iter().any(|task| task.cause == visit);
        assert_eq!(of_it, stays, "{word}, {before:?}");
    }
}

#[test]
fn a_visit_begun_by_a_clock_that_was_a_year_ahead_does_not_go_on_for_a_year() {
    let (mut ledger, visit) = identified();
    leaves(&mut ledger, visit);
    let year = jiff::SignedDuration::from_hours(24 * 365);
    ledger.now += year;
    says(&mut ledger, encounter());
    ledger.now -= year;
    assert!(ledger.fold().visit_at(ledger.now).is_none());
    let task = open(&ledger)[0].id;
    let done = TaskDone { task, result: None };
    ledger.says("c1", done).unwrap();
    ledger.wait(15);
    assert_eq!(kinds(&ledger), only(TaskKind::NothingPlanned));
}
