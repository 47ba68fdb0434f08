//! Hazards of a yes that nothing came of: no road on which she agrees, or is called off, ends with nobody looking after her,
//! and none on which a practice is to be called that no rule lets anybody call.

use super::follow_up::{callback, outcome, sent, states, tasks};
use super::*;
use warmhand_core::domain::code::{ContactOutcome, TaskKind};
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{Lapse, TaskState};

fn unplanned(ledger: &Ledger) -> Vec<TaskState> {
    states(ledger, TaskKind::Unplanned)
}

fn rebook(ledger: &Ledger) -> Vec<TaskState> {
    states(ledger, TaskKind::Rebook)
}

/// A call that came to this.
fn came_to(outcome: ContactOutcome) -> ContactAttempted {
    ContactAttempted {
        outcome,
        patient_on_line: false,
        ..call(None)
    }
}

fn cancelled(appointment: EntryId) -> AppointmentCancelled {
    said(json!({"appointment": appointment, "cancelled_by": "patient"}))
}

fn phone_yes() -> DecisionRecorded {
    said(json!({"value": "agreed", "patient_initiated": true}))
}

/// She hesitated in a visit that is over; a day has passed.
fn hesitated() -> Ledger {
    let (mut ledger, visit) = identified();
    ledger.says("n1", offer(Some(visit))).unwrap();
    ledger
        .says("n1", decision("hesitant", Some(visit)))
        .unwrap();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    ledger.wait(60 * 24);
    ledger
}

/// She agreed by phone and nothing else happened: that is due on the next working day.
fn agreed_by_phone() -> Ledger {
    let mut ledger = hesitated();
    ledger.says("c1", phone_yes()).unwrap();
    ledger
}

#[test]
fn whoever_agrees_by_phone_is_on_a_list_until_something_is_planned() {
    let mut ledger = agreed_by_phone();
    assert_eq!(states(&ledger, TaskKind::Revisit), [TaskState::Done]);
    assert_eq!(unplanned(&ledger), [TaskState::Open]);
    let due = tasks(&ledger, TaskKind::Unplanned)[0].due_at.unwrap();
    assert_eq!(
        due.to_zoned(ledger.zoned().time_zone().clone()).date(),
        jiff::civil::date(2026, 3, 5)
    );
    // She says it again: that is the same want.
    ledger.says("c1", phone_yes()).unwrap();
    assert_eq!(unplanned(&ledger), [TaskState::Open]);
    let answers: [(&str, Body); 3] = [
        ("booked", booking("har", "2026-03-12T13:00").into()),
        ("a step", callback("2026-03-09T10:00").into()),
        ("not today", decision("not_today", None).into()),
    ];
    for (name, answer) in answers {
        let mut ledger = agreed_by_phone();
        ledger.says("c1", answer).unwrap();
        assert_eq!(unplanned(&ledger), [TaskState::Done], "{name}");
    }
    sent(&mut ledger, "2026-03-06T15:00:00Z");
    assert_eq!(
        unplanned(&ledger),
        [TaskState::Done],
        "the practice promises a call"
    );
    // A referral that nobody promised anything for is no plan.
    let mut ledger = agreed_by_phone();
    let plan = ledger.says("n1", plan(&["name"])).unwrap();
    let bare: ElectronicSent =
        said(json!({"partner": "har", "transport": "portal", "plan": plan, "items": ["name"]}));
    ledger.says("n1", bare).unwrap();
    assert_eq!(unplanned(&ledger), [TaskState::Open]);
}

#[test]
fn whoever_spoke_to_the_front_desk_alone_has_planned_nothing() {
    let mut ledger = agreed_by_phone();
    ledger
        .says("c1", came_to(ContactOutcome::NoAnswer))
        .unwrap();
    ledger
        .says("c1", came_to(ContactOutcome::SpokeStaffOnly))
        .unwrap();
    assert_eq!(states(&ledger, TaskKind::RetryCall), [TaskState::Done]);
    assert_eq!(unplanned(&ledger), [TaskState::Open]);
}

#[test]
fn she_spoke_in_the_visit_and_left_with_nothing_that_has_a_date() {
    let (mut ledger, visit) = agreed();
    ledger.says("n1", call(Some(visit))).unwrap();
    assert_eq!(unplanned(&ledger), [], "somebody is with her");
    let seen: Vec<_> = ledger.entries().iter().map(|e| e.id).collect();
    let ended = EncounterEnded { encounter: visit };
    ledger.says("n1", ended.clone()).unwrap();
    assert_eq!(states(&ledger, TaskKind::NextDay), []);
    assert_eq!(unplanned(&ledger), [TaskState::Open]);
    // Booked meanwhile by somebody who did not see her leave: what was on a list is done, and does not vanish.
    ledger
        .says_seeing("c1", booking("har", "2026-03-12T13:00"), &seen)
        .unwrap();
    assert_eq!(unplanned(&ledger), [TaskState::Done]);

    // With a plan, or with a next-day call for having none, nobody has it twice.
    let (mut ledger, visit) = agreed();
    ledger
        .says("n1", booking("har", "2026-03-12T13:00"))
        .unwrap();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    assert_eq!(
        (unplanned(&ledger), states(&ledger, TaskKind::NextDay)),
        (vec![], vec![])
    );
    let (mut ledger, visit) = agreed();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    assert_eq!(
        (unplanned(&ledger), states(&ledger, TaskKind::NextDay)),
        (vec![], vec![TaskState::Open])
    );
    ledger.says("c1", phone_yes()).unwrap();
    assert_eq!(unplanned(&ledger), []);
}

#[test]
fn a_step_that_was_given_up_is_no_plan() {
    let (mut ledger, visit) = agreed();
    ledger.says("n1", call(Some(visit))).unwrap();
    let step = ledger.says("n1", callback("2026-03-09T10:00")).unwrap();
    let off: NextStepCancelled = said(json!({"step": step, "reason": "they cannot"}));
    ledger.says("n1", off).unwrap();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    assert_eq!(unplanned(&ledger), [TaskState::Open]);
    let step = ledger.says("c1", callback("2026-03-10T10:00")).unwrap();
    assert_eq!(unplanned(&ledger), [TaskState::Done]);
    let mut other = callback("2026-03-11T10:00");
    other.replaces = Some(step);
    ledger.says("c1", other).unwrap();
    assert_eq!(unplanned(&ledger), [TaskState::Done]);
}

#[test]
fn the_call_in_which_she_says_yes_is_no_plan_for_it() {
    let mut ledger = hesitated();
    let ours: NextStepSet = said(
        json!({"what": "our_callback", "due_at": "2026-03-05T10:00[America/New_York]",
        "contact_name": "Carla", "contact_channel": "voice", "contact_value": "555-0142"}),
    );
    let step = ledger.says("n1", ours).unwrap();
    ledger.says("c1", phone_yes()).unwrap();
    assert_eq!(unplanned(&ledger), [], "the step is on the list");
    ledger.says("c1", NextStepFulfilled { step }).unwrap();
    assert_eq!(unplanned(&ledger), [TaskState::Open]);
}

#[test]
fn two_answers_heard_at_once_leave_both_lists_until_a_person_decides() {
    for stands in [0, 1] {
        let mut ledger = hesitated();
        let answers = both(
            &mut ledger,
            ("c1", phone_yes()),
            ("n1", decision("not_today", None)),
        );
        assert_eq!(unplanned(&ledger), [TaskState::Open]);
        settle(&mut ledger, "c1", answers[stands]);
        let expected = [TaskState::Open, TaskState::Lapsed][stands];
        assert_eq!(unplanned(&ledger), [expected]);
    }
}

#[test]
fn while_she_does_not_agree_nobody_is_to_call_a_practice() {
    let waits = |ledger: &Ledger| {
        let kinds = [TaskKind::PromiseMissed, TaskKind::RetryCall];
        kinds.map(|kind| states(ledger, kind))
    };
    for answer in ["not_today", "hesitant"] {
        let (mut ledger, _) = agreed();
        sent(&mut ledger, "2026-03-04T15:00:00Z");
        ledger
            .says("n1", came_to(ContactOutcome::NoAnswer))
            .unwrap();
        let mut hers = came_to(ContactOutcome::NoAnswer);
        hers.with = warmhand_core::domain::code::ContactWith::Patient;
        hers.partner = None;
        ledger.says("n1", hers).unwrap();
        ledger.says("n1", decision(answer, None)).unwrap();
        ledger.wait(60 * 24 * 3);
        let reading = ledger.reading();
        let late: Vec<_> = reading
            .overdue(ledger.now)
            .map(|t| (t.kind, t.partner.is_some()))
            .collect();
        assert_eq!(
            late,
            [(TaskKind::RetryCall, false)],
            "{answer}: she herself may be called"
        );
        assert_eq!(
            states(&ledger, TaskKind::PromiseMissed),
            [TaskState::Paused]
        );
        assert_eq!(states(&ledger, TaskKind::Revisit), [TaskState::Open]);
        assert!(
            ledger
                .says("n1", came_to(ContactOutcome::NoAnswer))
                .is_err(),
            "the rule"
        );
        ledger.says("n1", phone_yes()).unwrap();
        assert_eq!(
            waits(&ledger),
            [vec![TaskState::Open], vec![TaskState::Open; 2]]
        );
    }
}

#[test]
fn that_she_agrees_finds_no_practice_for_her() {
    let (mut ledger, _) = agreed();
    let declined: PartnerDeclined =
        said(json!({"partner": "har", "reason": "no_capacity", "relayed_by": "n1"}));
    ledger.says("n1", declined).unwrap();
    let next = |ledger: &Ledger| states(ledger, TaskKind::TryNextPartner);
    ledger.says("c1", phone_yes()).unwrap();
    assert_eq!(next(&ledger), [TaskState::Open]);
    ledger.says("c1", decision("withdrew", None)).unwrap();
    assert_eq!(next(&ledger), [TaskState::Done]);
}

#[test]
fn a_visit_that_is_called_off_leaves_somebody_to_plan_another() {
    let booked = || {
        let (mut ledger, visit) = agreed();
        let booked = ledger
            .says("n1", booking("har", "2026-03-12T13:00"))
            .unwrap();
        ledger
            .says("n1", EncounterEnded { encounter: visit })
            .unwrap();
        ledger.wait(60);
        (ledger, booked)
    };
    let offs: [(&str, &dyn Fn(EntryId) -> Body); 3] = [
        ("cancelled", &|id| cancelled(id).into()),
        ("told", &|id| outcome(id, "cancelled_partner").into()),
        ("rescheduled", &|id| outcome(id, "rescheduled").into()),
    ];
    for (name, off) in offs {
        let (mut ledger, booked) = booked();
        assert_eq!(rebook(&ledger), []);
        ledger.says("n1", off(booked)).unwrap();
        assert_eq!(rebook(&ledger), [TaskState::Open], "{name}");
        let due = tasks(&ledger, TaskKind::Rebook)[0].due_at.unwrap();
        assert_eq!(
            due.to_zoned(ledger.zoned().time_zone().clone()).date(),
            jiff::civil::date(2026, 3, 5)
        );
        ledger.says("c1", phone_yes()).unwrap();
        assert_eq!(
            (rebook(&ledger), unplanned(&ledger)),
            (vec![TaskState::Open], vec![]),
            "{name}"
        );
        ledger
            .says("c1", booking("har", "2026-03-16T13:00"))
            .unwrap();
        assert_eq!(rebook(&ledger), [TaskState::Done], "{name}");
    }
    // Booked anew, and called off a second time.
    let (mut ledger, id) = booked();
    ledger.says("n1", outcome(id, "rescheduled")).unwrap();
    let mut anew = booking("har", "2026-03-16T13:00");
    anew.rebooks = Some(id);
    let anew = ledger.says("n1", anew).unwrap();
    ledger.says("n1", cancelled(anew)).unwrap();
    let causes = tasks(&ledger, TaskKind::Rebook);
    let open: Vec<_> = causes
        .iter()
        .filter(|t| t.state(ledger.now) == TaskState::Open)
        .collect();
    assert_eq!((causes.len(), open.len()), (2, 1));
}

#[test]
fn nobody_plans_another_where_one_stands_where_she_stopped_it_or_where_the_next_practice_is_to_be_tried()
 {
    let (mut ledger, _) = agreed();
    let first = ledger
        .says("n1", booking("har", "2026-03-12T13:00"))
        .unwrap();
    let mut second = booking("jun", "2026-03-13T13:00");
    second.also = vec![first];
    let second = ledger.says("n1", second).unwrap();
    ledger.says("n1", cancelled(first)).unwrap();
    assert_eq!(rebook(&ledger), []);
    ledger.says("n1", cancelled(second)).unwrap();
    assert_eq!(rebook(&ledger), [TaskState::Open]);

    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-12T13:00"))
        .unwrap();
    ledger.says("n1", decision("withdrew", None)).unwrap();
    ledger.says("n1", cancelled(booked)).unwrap();
    assert_eq!(rebook(&ledger), []);

    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-12T13:00"))
        .unwrap();
    let declined: PartnerDeclined = said(
        json!({"partner": "har", "reason": "no_capacity", "relayed_by": "n1", "appointment": booked}),
    );
    ledger.says("n1", declined).unwrap();
    assert_eq!(
        (rebook(&ledger), states(&ledger, TaskKind::TryNextPartner)),
        (vec![], vec![TaskState::Open])
    );

    // It turned out that she came: nobody has to, and it does not vanish.
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-04T13:00"))
        .unwrap();
    ledger
        .says("n1", outcome(booked, "cancelled_partner"))
        .unwrap();
    ledger.wait(60 * 48);
    ledger.says("n1", outcome(booked, "attended")).unwrap();
    let task = &tasks(&ledger, TaskKind::Rebook)[0];
    assert_eq!(
        (task.state(ledger.now), task.lapse),
        (TaskState::Lapsed, Some(Lapse::HeardOtherwise))
    );
}
