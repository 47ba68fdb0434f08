//! Hazards of follow-up: a visit that was moved under somebody's tick, a wish that was taken back, and a yes that nothing
//! came of. Of each somebody keeps looking after her.

use super::*;
use warmhand_core::domain::code::{AppointmentStatus, DecisionState, TaskKind};
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{Lapse, TaskReading, TaskState};

/// The tasks of a kind, in their order.
pub fn tasks(ledger: &Ledger, kind: TaskKind) -> Vec<TaskReading> {
    let all = ledger.reading().tasks.into_iter();
    all.filter(|t| t.kind == kind).collect()
}

/// How they stand now.
pub fn states(ledger: &Ledger, kind: TaskKind) -> Vec<TaskState> {
    let all = tasks(ledger, kind);
    all.iter().map(|t| t.state(ledger.now)).collect()
}

fn tick(ledger: &mut Ledger, by: &str, kind: TaskKind) {
    let task = tasks(ledger, kind)[0].id;
    ledger.says(by, TaskDone { task, result: None }).unwrap();
}

fn moved(appointment: EntryId, at: &str) -> AppointmentChanged {
    said(json!({"appointment": appointment, "start_local": at, "zone": "America/New_York"}))
}

pub fn outcome(appointment: EntryId, value: &str) -> OutcomeRecorded {
    said(json!({"appointment": appointment, "value": value, "source": "partner"}))
}

pub fn callback(due: &str) -> NextStepSet {
    said(
        json!({"what": "partner_callback", "due_at": format!("{due}[America/New_York]"), "contact_name": "Mia",
        "contact_channel": "voice", "contact_value": "555-0142", "partner": "har"}),
    )
}

pub fn sent(ledger: &mut Ledger, due: &str) -> EntryId {
    let plan = ledger.says("n1", plan(&["name"])).unwrap();
    let sent: ElectronicSent = said(
        json!({"partner": "har", "transport": "portal", "plan": plan, "items": ["name"], "promise_due_at": due}),
    );
    ledger.says("n1", sent).unwrap()
}

#[test]
fn whoever_moves_a_visit_is_to_remind_her_and_to_ask_anew() {
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-10T14:00"))
        .unwrap();
    let reminder = |ledger: &Ledger| states(ledger, TaskKind::Reminder);
    let check = |ledger: &Ledger| states(ledger, TaskKind::AttendanceCheck);
    ledger.wait(60 * 24 * 6);
    tick(&mut ledger, "c1", TaskKind::Reminder);
    tick(&mut ledger, "c1", TaskKind::AttendanceCheck);
    assert_eq!(
        (reminder(&ledger), check(&ledger)),
        (vec![TaskState::Done], vec![TaskState::Done])
    );
    // One of two who move it to the same hour has reminded her of it.
    let [_, later] = both(
        &mut ledger,
        ("n1", moved(booked, "2026-03-24T14:00")),
        ("c1", moved(booked, "2026-03-24T14:00")),
    );
    assert_eq!(
        (reminder(&ledger), check(&ledger)),
        (vec![TaskState::Open], vec![TaskState::Open])
    );
    let task = tasks(&ledger, TaskKind::Reminder)[0].id;
    ledger
        .says_seeing("c1", TaskDone { task, result: None }, &[later])
        .unwrap();
    assert_eq!(reminder(&ledger), [TaskState::Done]);
    // Moved to an hour that is near: that she was told nobody says.
    ledger
        .says("n1", moved(booked, "2026-03-10T09:00"))
        .unwrap();
    let reminder = &tasks(&ledger, TaskKind::Reminder)[0];
    assert_ne!(reminder.state(ledger.now), TaskState::Lapsed);
}

#[test]
fn a_tick_that_knew_of_no_move_is_of_the_old_hour() {
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-10T14:00"))
        .unwrap();
    let task = tasks(&ledger, TaskKind::Reminder)[0].id;
    both(
        &mut ledger,
        ("c1", TaskDone { task, result: None }),
        ("n1", moved(booked, "2026-03-24T14:00")),
    );
    assert_eq!(states(&ledger, TaskKind::Reminder), [TaskState::Open]);
}

#[test]
fn a_no_show_of_the_hour_that_was_moved_answers_for_no_other_hour() {
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-04T13:00"))
        .unwrap();
    ledger.wait(60 * 28);
    let [thursday, tuesday] = both(
        &mut ledger,
        ("c1", moved(booked, "2026-03-06T13:00")),
        ("n1", outcome(booked, "no_show")),
    );
    assert_eq!(open(&ledger), [ReviewKind::TwoValues]);
    settle(&mut ledger, "c1", thursday);
    assert_eq!(
        states(&ledger, TaskKind::AttendanceCheck),
        [TaskState::Open]
    );
    assert_eq!(states(&ledger, TaskKind::NoShowRescue), [TaskState::Lapsed]);
    // She stays away at the new hour as well: that is a call of its own, and the other one stays where it was.
    ledger.wait(60 * 48);
    let missed = ledger.says("n1", outcome(booked, "no_show")).unwrap();
    assert_eq!(
        states(&ledger, TaskKind::AttendanceCheck),
        [TaskState::Done]
    );
    let rescues: Vec<_> = tasks(&ledger, TaskKind::NoShowRescue)
        .iter()
        .map(|t| (t.cause, t.state(ledger.now)))
        .collect();
    assert_eq!(
        rescues,
        [(tuesday, TaskState::Lapsed), (missed, TaskState::Open)]
    );
}

#[test]
fn that_nobody_could_find_out_is_no_answer_and_a_person_may_leave_it_at_that() {
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-04T13:00"))
        .unwrap();
    ledger.wait(60 * 28);
    let check = |ledger: &Ledger| states(ledger, TaskKind::AttendanceCheck);
    ledger.says("n1", outcome(booked, "unknown")).unwrap();
    assert_eq!(check(&ledger), [TaskState::Open]);
    ledger.says("n1", outcome(booked, "attended")).unwrap();
    assert_eq!(check(&ledger), [TaskState::Done]);
    // The practice takes its word back.
    ledger.says("n1", outcome(booked, "unknown")).unwrap();
    assert_eq!(check(&ledger), [TaskState::Open]);
    assert_eq!(
        ledger.reading().appointments[0].status,
        AppointmentStatus::Booked
    );
    tick(&mut ledger, "c1", TaskKind::AttendanceCheck);
    assert_eq!(check(&ledger), [TaskState::Done]);
}

#[test]
fn a_wish_that_she_took_back_ends_no_promise() {
    let missed = |ledger: &Ledger| states(ledger, TaskKind::PromiseMissed);
    let (mut ledger, _) = agreed();
    sent(&mut ledger, "2026-03-04T15:00:00Z");
    ledger.says("n1", decision("withdrew", None)).unwrap();
    let stopped = &tasks(&ledger, TaskKind::PromiseMissed)[0];
    assert_eq!(
        (stopped.state(ledger.now), stopped.lapse),
        (TaskState::Lapsed, Some(Lapse::NoLongerMeant))
    );
    ledger.says("n1", decision("agreed", None)).unwrap();
    assert_eq!(missed(&ledger), [TaskState::Open]);
    ledger.wait(60 * 24 + 2);
    assert!(tasks(&ledger, TaskKind::PromiseMissed)[0].is_overdue(ledger.now));
    // What is promised after she agreed again is a promise of its own: the first one ended when she stopped it.
    sent(&mut ledger, "2026-03-06T15:00:00Z");
    assert_eq!(missed(&ledger), [TaskState::Lapsed, TaskState::Open]);
    ledger.says("n1", decision("withdrew", None)).unwrap();
    assert_eq!(missed(&ledger), [TaskState::Lapsed, TaskState::Lapsed]);
}

#[test]
fn while_it_is_in_question_whether_she_stopped_it_a_promise_waits() {
    let missed = |ledger: &Ledger| states(ledger, TaskKind::PromiseMissed);
    // A callback whose date differs from the promise is a task beside it.
    let (mut ledger, _) = agreed();
    sent(&mut ledger, "2026-03-04T15:00:00Z");
    ledger.says("n1", callback("2026-03-05T10:00")).unwrap();
    both(
        &mut ledger,
        ("n2", decision("withdrew", None)),
        ("c1", decision("agreed", None)),
    );
    assert_eq!(ledger.fold().decision, DecisionState::Disputed);
    assert_eq!(missed(&ledger), [TaskState::Paused, TaskState::Paused]);
    // Said anew by somebody who had seen both.
    ledger.says("c1", decision("agreed", None)).unwrap();
    assert_eq!(ledger.fold().decision, DecisionState::Agreed);
    assert_eq!(missed(&ledger), [TaskState::Open, TaskState::Open]);

    let (mut ledger, _) = agreed();
    sent(&mut ledger, "2026-03-04T15:00:00Z");
    let [stopped, _] = both(
        &mut ledger,
        ("n2", decision("withdrew", None)),
        ("c1", decision("agreed", None)),
    );
    settle(&mut ledger, "c1", stopped);
    assert_eq!(missed(&ledger), [TaskState::Lapsed], "the wish stands");
}

#[test]
fn that_she_agrees_is_no_plan_and_the_call_after_a_missed_visit_stays_until_there_is_one() {
    let answers: [(&str, Body, TaskState); 5] = [
        ("yes", decision("agreed", None).into(), TaskState::Open),
        (
            "not today",
            decision("not_today", None).into(),
            TaskState::Done,
        ),
        ("no", decision("withdrew", None).into(), TaskState::Done),
        (
            "booked",
            booking("har", "2026-03-12T13:00").into(),
            TaskState::Done,
        ),
        (
            "a step",
            callback("2026-03-09T10:00").into(),
            TaskState::Done,
        ),
    ];
    for (name, answer, state) in answers {
        let (mut ledger, _) = agreed();
        let booked = ledger
            .says("n1", booking("har", "2026-03-04T13:00"))
            .unwrap();
        ledger.wait(60 * 28);
        ledger.says("n1", outcome(booked, "no_show")).unwrap();
        ledger.says("c1", answer.clone()).unwrap();
        assert_eq!(states(&ledger, TaskKind::NoShowRescue), [state], "{name}");

        let (mut ledger, visit) = agreed();
        ledger
            .says("n1", EncounterEnded { encounter: visit })
            .unwrap();
        ledger.wait(60 * 24);
        ledger.says("c1", answer).unwrap();
        assert_eq!(states(&ledger, TaskKind::NextDay), [state], "{name}");
    }
}
