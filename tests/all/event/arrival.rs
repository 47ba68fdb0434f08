//! Rows of a visit that is only proposed, and of one to which she came: between booked and what became of it.

use super::*;
use warmhand_core::domain::code::{AppointmentStatus, Stage, TaskKind};
use warmhand_core::domain::read::TaskState;

#[test]
fn she_arrives_on_the_day_and_what_became_of_the_visit_is_still_asked() {
    let (mut ledger, visit) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-04T13:00"))
        .unwrap();
    let arrived =
        |id: EntryId| -> PatientArrived { said(json!({"appointment": id, "source": "partner"})) };
    assert_eq!(ledger.says("n1", arrived(booked)), Err(Breach::TooEarly));
    // Half an hour before its time, on its day.
    ledger.wait(60 * 26 + 30);
    assert_eq!(
        ledger.says("n1", arrived(visit)),
        Err(Breach::NoSuchAppointment)
    );
    none_of(&mut ledger, &["d1", "a2", "sup", "adm"], arrived(booked));
    all_of(&mut ledger, &["n1", "c1", "p1", "pp"], arrived(booked));
    let reading = ledger.reading();
    assert_eq!(reading.appointments[0].status, AppointmentStatus::Arrived);
    assert!(reading.appointments[0].kept);
    assert_eq!(reading.stage, Stage::Booked);
    let check = |ledger: &Ledger| {
        let now = ledger.now;
        let tasks = ledger.reading().tasks;
        let found = tasks.iter().find(|t| t.kind == TaskKind::AttendanceCheck);
        found.map(|t| t.state(now))
    };
    assert_eq!(check(&ledger), Some(TaskState::Open));
    ledger.wait(60);
    let outcome: OutcomeRecorded =
        said(json!({"appointment": booked, "value": "attended", "source": "partner"}));
    ledger.says("n1", outcome).unwrap();
    let reading = ledger.reading();
    assert_eq!(reading.appointments[0].status, AppointmentStatus::Attended);
    assert_eq!(check(&ledger), Some(TaskState::Done));
    let off: AppointmentCancelled = said(json!({"appointment": booked, "cancelled_by": "patient"}));
    ledger.says("n1", off).unwrap();
    let other: OutcomeRecorded =
        said(json!({"appointment": booked, "value": "rescheduled", "source": "partner"}));
    ledger.says("n1", other).unwrap();
    assert_eq!(
        ledger.says("n1", arrived(booked)),
        Err(Breach::AppointmentOver)
    );
}

#[test]
fn somebody_who_arrived_cannot_have_stayed_away_nor_have_been_called_off() {
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-04T13:00"))
        .unwrap();
    ledger.wait(60 * 28);
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let arrived: PatientArrived = said(json!({"appointment": booked, "source": "partner"}));
    let missed: OutcomeRecorded =
        said(json!({"appointment": booked, "value": "no_show", "source": "partner"}));
    let came = ledger.says_seeing("n1", arrived, &seen).unwrap();
    ledger.says_seeing("c1", missed, &seen).unwrap();
    let reading = ledger.reading();
    assert_eq!(
        reading.appointments[0].status,
        AppointmentStatus::OutcomeDisputed
    );
    let open: Vec<_> = reading.review.iter().filter(|i| i.is_open()).collect();
    assert_eq!(open.len(), 1);
    let settled: ReviewSettled = said(json!({"items": [open[0].id], "keep": came}));
    ledger.says("c1", settled).unwrap();
    assert_eq!(
        ledger.reading().appointments[0].status,
        AppointmentStatus::Arrived
    );
}

#[test]
fn a_proposed_visit_is_said_to_be_proposed_until_somebody_answers_it() {
    let (mut ledger, _) = agreed();
    let mut proposed = booking("har", "2026-03-05T13:00");
    proposed.proposed = true;
    let one = ledger.says("pp", proposed.clone()).unwrap();
    let other = ledger.says("pp", proposed).unwrap();
    let statuses = |ledger: &Ledger| -> Vec<(EntryId, AppointmentStatus, bool)> {
        let rows = ledger.reading().appointments;
        rows.iter().map(|a| (a.id, a.status, a.kept)).collect()
    };
    assert_eq!(
        statuses(&ledger),
        [
            (one, AppointmentStatus::Proposed, false),
            (other, AppointmentStatus::Proposed, false)
        ]
    );
    assert_eq!(
        ledger.reading().stage,
        Stage::Connecting,
        "nothing is booked"
    );
    assert!(ledger.reading().tasks.is_empty());
    let mut accepted = booking("har", "2026-03-05T13:00");
    accepted.accepts = Some(one);
    let made = ledger.says("n1", accepted).unwrap();
    let declined: ReviewSettled = said(json!({"items": [ledger.reading().proposals[1].id]}));
    ledger.says("n1", declined).unwrap();
    assert_eq!(statuses(&ledger), [(made, AppointmentStatus::Booked, true)]);
}
