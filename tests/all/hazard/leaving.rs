//! Every way to leave a visit, and what stays on whose list after it: something that has a date and a name, unless she wished
//! that nothing stay, or said that she is to be asked when she is next seen.

use super::follow_up::{callback, sent};
use super::*;
use std::collections::BTreeSet;
use warmhand_core::domain::code::{ContactBasis, ContactOutcome, LeaveCheck, TaskKind};
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{TaskReading, TaskState};

/// What is said before she leaves.
type Way = fn(&mut Ledger, EntryId);

pub(super) fn says(ledger: &mut Ledger, body: impl Into<Body>) -> EntryId {
    ledger.says("n1", body).expect("the rules allow it")
}

fn came_to(outcome: ContactOutcome) -> ContactAttempted {
    ContactAttempted {
        outcome,
        patient_on_line: outcome == ContactOutcome::SpokeDirectly,
        ..call(None)
    }
}

pub(super) fn at(partner: &str, outcome: ContactOutcome) -> ContactAttempted {
    ContactAttempted {
        partner: Some(partner.into()),
        ..came_to(outcome)
    }
}

fn in_visit(outcome: ContactOutcome, visit: EntryId) -> ContactAttempted {
    ContactAttempted {
        encounter: Some(visit),
        ..came_to(outcome)
    }
}

fn she_says(ledger: &mut Ledger, value: &str, visit: EntryId) {
    says(ledger, offer(Some(visit)));
    says(ledger, decision(value, Some(visit)));
}

pub(super) fn declined(partner: &str) -> PartnerDeclined {
    said(json!({"partner": partner, "reason": "no_capacity", "relayed_by": "n1"}))
}

pub(super) fn declined_visit(partner: &str, appointment: EntryId) -> PartnerDeclined {
    PartnerDeclined {
        appointment: Some(appointment),
        ..declined(partner)
    }
}

/// A referral to this practice waits to be sent.
pub(super) fn queues(ledger: &mut Ledger, partner: &str) {
    let plan = says(ledger, plan(&["name"]));
    let queued =
        json!({"partner": partner, "transport": "portal", "plan": plan, "items": ["name"]});
    says(ledger, said::<ElectronicQueued>(queued));
}

fn cancelled(appointment: EntryId) -> AppointmentCancelled {
    said(json!({"appointment": appointment, "cancelled_by": "partner"}))
}

/// What is to do now, and held back by nothing.
pub(super) fn open(ledger: &Ledger) -> Vec<TaskReading> {
    let all = ledger.reading().tasks.into_iter();
    all.filter(|t| t.state(ledger.now) == TaskState::Open)
        .collect()
}

pub(super) fn kinds(ledger: &Ledger) -> BTreeSet<TaskKind> {
    open(ledger).iter().map(|t| t.kind).collect()
}

/// By which name, what is said, how the leave-check reads, and what stays.
fn ways() -> Vec<(&'static str, Way, LeaveCheck, &'static [TaskKind])> {
    use ContactOutcome as Came;
    use LeaveCheck::{Fail, Pass};
    use TaskKind as Kind;
    vec![
        ("nothing was offered", |_, _| (), Fail, &[Kind::NextDay]),
        (
            "offered, and no answer",
            |l, v| {
                says(l, offer(Some(v)));
            },
            Fail,
            &[Kind::NextDay],
        ),
        (
            "a yes alone",
            |l, v| she_says(l, "agreed", v),
            Fail,
            &[Kind::NextDay],
        ),
        (
            "voicemail",
            |l, v| {
                she_says(l, "agreed", v);
                says(l, in_visit(Came::LeftVoicemail, v));
            },
            Fail,
            &[Kind::NextDay, Kind::RetryCall],
        ),
        (
            "the front desk alone",
            |l, v| {
                she_says(l, "agreed", v);
                says(l, in_visit(Came::SpokeStaffOnly, v));
            },
            Fail,
            &[Kind::NextDay],
        ),
        (
            "the practice is full",
            |l, v| {
                she_says(l, "agreed", v);
                says(l, in_visit(Came::PartnerNoCapacity, v));
            },
            Fail,
            &[Kind::NextDay, Kind::TryNextPartner],
        ),
        (
            "she spoke to them, and nothing has a date",
            |l, v| {
                she_says(l, "agreed", v);
                says(l, in_visit(Came::SpokeDirectly, v));
            },
            Pass,
            &[Kind::Unplanned],
        ),
        (
            "she called them herself, and nobody heard what she wants",
            |l, v| {
                let call = in_visit(Came::SpokeDirectly, v);
                says(
                    l,
                    ContactAttempted {
                        basis: ContactBasis::PatientCalls,
                        ..call
                    },
                );
            },
            Pass,
            &[Kind::NothingPlanned],
        ),
        (
            "a referral was sent, and the practice promises a call",
            |l, v| {
                she_says(l, "agreed", v);
                sent(l, "2026-03-06T15:00:00Z");
            },
            Fail,
            &[Kind::NextDay, Kind::PromiseMissed],
        ),
        (
            "a referral waits to be sent",
            |l, v| {
                she_says(l, "agreed", v);
                queues(l, "har");
            },
            Fail,
            &[Kind::NextDay, Kind::SendReferral],
        ),
        (
            "the practice calls her on a day",
            |l, v| {
                she_says(l, "agreed", v);
                says(l, callback("2026-03-09T10:00"));
            },
            Pass,
            &[Kind::PromiseMissed],
        ),
        (
            "we call her on a day",
            |l, v| {
                she_says(l, "agreed", v);
                let ours = callback("2026-03-09T10:00");
                says(
                    l,
                    NextStepSet {
                        what: warmhand_core::domain::code::StepKind::OurCallback,
                        partner: None,
                        ..ours
                    },
                );
            },
            Pass,
            &[Kind::NextStep],
        ),
        (
            "a step that was given up",
            |l, v| {
                she_says(l, "agreed", v);
                let step = says(l, callback("2026-03-09T10:00"));
                says(
                    l,
                    said::<NextStepCancelled>(json!({"step": step, "reason": "they cannot"})),
                );
            },
            Fail,
            &[Kind::NextDay],
        ),
        (
            "booked",
            |l, v| {
                she_says(l, "agreed", v);
                says(l, booking("har", "2026-03-12T13:00"));
            },
            Pass,
            &[Kind::Reminder, Kind::AttendanceCheck],
        ),
        (
            "booked, and called off",
            |l, v| {
                she_says(l, "agreed", v);
                let booked = says(l, booking("har", "2026-03-12T13:00"));
                says(l, cancelled(booked));
            },
            Fail,
            &[Kind::NextDay],
        ),
        (
            "booked, and declined",
            |l, v| {
                she_says(l, "agreed", v);
                let booked = says(l, booking("har", "2026-03-12T13:00"));
                says(l, declined_visit("har", booked));
            },
            Fail,
            &[Kind::NextDay, Kind::TryNextPartner],
        ),
        (
            "not today",
            |l, v| she_says(l, "not_today", v),
            Pass,
            &[Kind::Revisit],
        ),
        (
            "she hesitates",
            |l, v| she_says(l, "hesitant", v),
            Pass,
            &[Kind::Revisit],
        ),
        (
            "agreed, and then not today",
            |l, v| {
                she_says(l, "agreed", v);
                says(l, decision("not_today", Some(v)));
            },
            Pass,
            &[Kind::Revisit],
        ),
        (
            "taken back",
            |l, v| {
                she_says(l, "agreed", v);
                says(l, decision("withdrew", Some(v)));
            },
            Fail,
            &[Kind::NextDay],
        ),
        (
            "never again, with nothing left with her",
            |l, v| {
                she_says(l, "do_not_ask_again", v);
            },
            Fail,
            &[Kind::NextDay],
        ),
        (
            "never again, with something left with her: her wish",
            |l, v| {
                she_says(l, "do_not_ask_again", v);
                says(
                    l,
                    said::<MaterialGiven>(json!({"what": "hotline card", "encounter": v})),
                );
            },
            Pass,
            &[],
        ),
        (
            "the loop was closed in it",
            |l, _| {
                says(
                    l,
                    said::<LoopClosed>(json!({"reason": "already_in_care", "flags_seen": []})),
                );
            },
            Pass,
            &[],
        ),
    ]
}

#[test]
fn whichever_way_she_leaves_something_stays_that_has_a_date_and_a_name() {
    for (name, way, check, expected) in ways() {
        let (mut ledger, visit) = identified();
        way(&mut ledger, visit);
        says(&mut ledger, EncounterEnded { encounter: visit });
        assert_eq!(ledger.reading().encounters[0].leave_check, check, "{name}");
        ledger.wait(15);
        let expected: BTreeSet<TaskKind> = expected.iter().copied().collect();
        assert_eq!(kinds(&ledger), expected, "{name}");
        for task in open(&ledger) {
            assert!(task.due_at.is_some() && !task.owners.is_empty(), "{name}");
        }
        assert_eq!(open(&ledger).len(), expected.len(), "{name}: nothing twice");
    }
}
