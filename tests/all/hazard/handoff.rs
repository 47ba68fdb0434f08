//! Hazards of the handoff: bookings, decisions, ownership, the loop, outcomes, steps, errors.

use super::*;
use warmhand_core::domain::code::{AppointmentStatus, DecisionState, Stage, TaskKind};
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::TaskState;

#[test]
fn h1_two_appointments_booked_both_stand_until_a_person_keeps_one_and_calls_the_other_practice() {
    let (mut ledger, _) = agreed();
    let [har, jun] = both(
        &mut ledger,
        ("n1", booking("har", "2026-03-16T14:00")),
        ("c1", booking("jun", "2026-03-12T09:00")),
    );
    assert_eq!(open(&ledger), [ReviewKind::TwoBooked]);
    let reading = ledger.reading();
    assert_eq!(reading.stage, Stage::NeedsAPerson);
    assert!(
        reading
            .appointments
            .iter()
            .all(|a| a.status == AppointmentStatus::Booked)
    );
    let item = &reading.review[0];
    assert_eq!(
        (item.owners.clone(), item.told.clone()),
        (vec!["c1".into()], vec!["n1".into()])
    );
    assert_eq!(item.opened_at.is_some(), item.due_at.is_some());
    settle(&mut ledger, "c1", jun);
    let record = ledger.fold();
    assert_eq!(
        record.appointment(har).unwrap().status,
        AppointmentStatus::Superseded
    );
    let task = |ledger: &Ledger| {
        let reading = ledger.reading();
        let task = reading
            .tasks
            .iter()
            .find(|t| t.kind == TaskKind::CallOtherPartner)
            .unwrap();
        (task.partner.clone(), task.state(ledger.now))
    };
    assert_eq!(task(&ledger), (Some("har".into()), TaskState::Open));
    // A closed loop does not tell the practice that still expects her.
    let gone: AppointmentCancelled = said(json!({"appointment": jun, "cancelled_by": "patient"}));
    ledger.says("c1", gone).unwrap();
    let closed: LoopClosed = said(json!({"reason": "patient_choice"}));
    ledger.says("c1", closed).unwrap();
    assert_eq!(ledger.reading().stage, Stage::Closed);
    assert_eq!(task(&ledger), (Some("har".into()), TaskState::Open));
    ledger.says("c1", call(None)).unwrap();
    assert_eq!(task(&ledger).1, TaskState::Done);
}

#[test]
fn h1_two_settlements_that_differ_open_the_question_again() {
    let (mut ledger, _) = agreed();
    let [har, jun] = both(
        &mut ledger,
        ("n1", booking("har", "2026-03-16T14:00")),
        ("c1", booking("jun", "2026-03-12T09:00")),
    );
    let item = ledger.fold().review[0].id;
    let keeps = |keep: EntryId| -> ReviewSettled { said(json!({"items": [item], "keep": keep})) };
    both(&mut ledger, ("n1", keeps(har)), ("c1", keeps(jun)));
    assert_eq!(open(&ledger), [ReviewKind::TwoBooked]);
    let live = |ledger: &Ledger| {
        ledger
            .fold()
            .appointments
            .iter()
            .filter(|a| a.is_live())
            .count()
    };
    assert_eq!(live(&ledger), 2, "both bookings live again");
    settle(&mut ledger, "sup", jun);
    assert_eq!((open(&ledger).len(), live(&ledger)), (0, 1));
}

#[test]
fn h2_agreed_and_not_today_stop_what_goes_out_and_pause_what_is_to_be_done() {
    let (mut ledger, visit) = identified();
    ledger.says("n1", offer(Some(visit))).unwrap();
    let step: NextStepSet = said(
        json!({"what": "our_callback", "due_at": "2026-03-05T13:00-05:00[America/New_York]",
        "contact_name": "Mia", "contact_channel": "voice", "contact_value": "555-0142", "partner": "har"}),
    );
    ledger.says("n1", step).unwrap();
    let [yes, _] = both(
        &mut ledger,
        ("n1", decision("agreed", Some(visit))),
        ("c1", decision("not_today", Some(visit))),
    );
    assert_eq!(open(&ledger), [ReviewKind::DecisionDisputed]);
    let record = ledger.fold();
    assert_eq!(
        (record.decision, record.decisions.len()),
        (DecisionState::Disputed, 2)
    );
    assert_eq!(ledger.says("n1", call(None)), Err(Breach::Disputed));
    assert_eq!(ledger.says("n1", plan(&["name"])), Err(Breach::Disputed));
    ledger.wait(60 * 24 * 4);
    let state = |ledger: &Ledger, kind| {
        let reading = ledger.reading();
        let task = reading
            .tasks
            .iter()
            .find(|t| t.kind == kind)
            .expect("it stays")
            .clone();
        (task.state(ledger.now), task.is_overdue(ledger.now))
    };
    assert_eq!(
        state(&ledger, TaskKind::NextStep),
        (TaskState::Paused, false)
    );
    assert_eq!(state(&ledger, TaskKind::Revisit), (TaskState::Open, false));
    settle(&mut ledger, "c1", yes);
    assert_eq!(ledger.fold().decision, DecisionState::Agreed);
    assert_eq!(state(&ledger, TaskKind::NextStep), (TaskState::Open, true));
}

#[test]
fn h12_two_who_took_it_both_hold_it_until_one_releases_it() {
    let (mut ledger, _) = identified();
    let taking = || OwnerAccepted { offer: None };
    both(&mut ledger, ("n1", taking()), ("n2", taking()));
    assert_eq!(ledger.fold().owners, vec!["n1".into(), "n2".into()]);
    assert!(open(&ledger).is_empty());
    ledger.says("n1", decision_by_phone()).unwrap();
    let owners = ledger.reading().tasks[0].owners.clone();
    assert_eq!(owners, vec!["n1".into(), "n2".into()], "on both lists");
    ledger.says("n1", OwnerReleased {}).unwrap();
    assert_eq!(ledger.fold().owners, vec!["n2".into()]);
}

fn decision_by_phone() -> DecisionRecorded {
    said(
        json!({"value": "not_today", "reasons": ["cost"], "revisit": {"on": "2026-03-19"}, "patient_initiated": true}),
    )
}

#[test]
fn h13_a_closed_loop_opens_again_for_news_that_its_closing_had_not_seen() {
    for news in [
        Body::from(decision("withdrew", None)),
        Body::from(offer(None)),
        Body::from(call(None)),
        Body::from(raised("staff_concern")),
        Body::from(booking("jun", "2026-04-02T09:00")),
    ] {
        let (mut ledger, _) = agreed();
        let closing: LoopClosed = said(json!({"reason": "already_in_care"}));
        both(&mut ledger, ("c1", closing), ("n1", news.clone()));
        let reading = ledger.reading();
        assert_eq!(
            (reading.closed, reading.loop_history.len()),
            (None, 2),
            "{}",
            news.kind()
        );
        assert!(open(&ledger).is_empty(), "no question is asked");
    }
    for other in [
        Body::from(Noted { text: "x".into() }),
        Body::from(encounter()),
    ] {
        let (mut ledger, _) = agreed();
        let closing: LoopClosed = said(json!({"reason": "already_in_care"}));
        both(&mut ledger, ("c1", closing), ("n1", other.clone()));
        assert!(ledger.reading().closed.is_some(), "{}", other.kind());
    }
}

#[test]
fn h14_attended_and_no_show_count_neither_way_and_the_rescue_stays() {
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-04T13:00"))
        .unwrap();
    ledger.wait(60 * 48);
    let outcome = |value: &str| -> OutcomeRecorded {
        said(json!({"appointment": booked, "value": value, "source": "partner"}))
    };
    let [came, _] = both(
        &mut ledger,
        ("c1", outcome("attended")),
        ("n1", outcome("no_show")),
    );
    assert_eq!(open(&ledger), [ReviewKind::OutcomeDisputed]);
    let reading = ledger.reading();
    assert_eq!(
        reading.appointments[0].status,
        AppointmentStatus::OutcomeDisputed
    );
    assert_eq!(reading.days_to_attended, None);
    let rescue = reading
        .tasks
        .iter()
        .find(|t| t.kind == TaskKind::NoShowRescue)
        .unwrap();
    assert_eq!(rescue.state(ledger.now), TaskState::Open);
    settle(&mut ledger, "c1", came);
    assert_eq!(
        ledger.reading().appointments[0].status,
        AppointmentStatus::Attended
    );
    assert!(open(&ledger).is_empty());
}

#[test]
fn h15_a_step_fulfilled_while_its_date_was_changed_stays_on_the_list_by_the_earlier_date() {
    let (mut ledger, _) = agreed();
    let step = |due: &str, replaces: Option<EntryId>| -> NextStepSet {
        said(
            json!({"what": "our_callback", "due_at": format!("{due}[America/New_York]"), "contact_name": "Mia",
            "contact_channel": "voice", "contact_value": "555-0142", "replaces": replaces}),
        )
    };
    let first = ledger.says("n1", step("2026-03-05T13:00", None)).unwrap();
    both(
        &mut ledger,
        ("n1", NextStepFulfilled { step: first }),
        ("c1", step("2026-03-06T13:00", Some(first))),
    );
    assert!(open(&ledger).is_empty());
    let reading = ledger.reading();
    let steps: Vec<_> = reading
        .tasks
        .iter()
        .filter(|t| t.kind == TaskKind::NextStep)
        .collect();
    assert_eq!(steps.len(), 2, "both are kept");
    let live: Vec<_> = steps
        .iter()
        .filter(|t| t.state(ledger.now) == TaskState::Open)
        .collect();
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].due_at.unwrap().to_string(), "2026-03-05T18:00:00Z");
    // Changed once more by somebody who knew of both, it is due when she says.
    let changed = live[0].cause;
    ledger
        .says("c1", step("2026-03-09T13:00", Some(changed)))
        .unwrap();
    let reading = ledger.reading();
    let mut live = reading
        .tasks
        .iter()
        .filter(|t| t.kind == TaskKind::NextStep && t.state(ledger.now) == TaskState::Open);
    let due = live.next().and_then(|t| t.due_at).unwrap();
    assert_eq!(due.to_string(), "2026-03-09T17:00:00Z");
    assert!(live.next().is_none());
}

#[test]
fn h18_what_comes_days_late_is_folded_like_anything_and_marked() {
    let (mut ledger, visit) = agreed();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    let entries = ledger.entries();
    let received = |e: &std::sync::Arc<warmhand_core::domain::entry::Entry>| {
        let received_at = e.recorded_at + jiff::SignedDuration::from_hours(50);
        (
            e.id,
            warmhand_core::domain::read::ReceiptTimes {
                received_at,
                offset_ms: -400_000,
            },
        )
    };
    let receipts = warmhand_core::domain::read::Receipts(entries.iter().map(received).collect());
    let late =
        warmhand_core::domain::read::read(&ledger.joined(), &receipts, &ledger.sheet, ledger.now);
    let (late, prompt) = (&late.records[0], ledger.reading());
    assert_eq!(late.arrived_late.len(), entries.len());
    assert_eq!(
        late.clock_off as usize,
        entries.len(),
        "a clock more than five minutes off is marked"
    );
    assert_eq!((prompt.arrived_late.len(), prompt.clock_off), (0, 0));
    assert_eq!(
        (late.grade, late.encounters.clone()),
        (prompt.grade, prompt.encounters),
        "nothing else differs"
    );
}

#[test]
fn h19_two_notes_are_both_kept_each_with_its_author() {
    let mut ledger = Ledger::record();
    let note = |text: &str| Noted { text: text.into() };
    both(
        &mut ledger,
        ("n1", note("slept badly")),
        ("c1", note("slept well")),
    );
    assert!(open(&ledger).is_empty());
    let notes: Vec<_> = ledger
        .entries()
        .iter()
        .filter(|e| matches!(e.body, Body::Noted(_)))
        .map(|e| e.by.to_string())
        .collect();
    assert_eq!(notes, ["n1", "c1"]);
}

#[test]
fn h20_an_error_called_while_somebody_went_on_with_it_waits_for_a_person_and_takes_nothing_away() {
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-16T14:00"))
        .unwrap();
    let moved: AppointmentChanged = said(
        json!({"appointment": booked, "start_local": "2026-03-17T14:00", "zone": "America/New_York"}),
    );
    let void = EnteredInError {
        entry: booked,
        reason: "wrong patient".into(),
    };
    let [error, _] = both(&mut ledger, ("n1", void), ("c1", moved));
    assert_eq!(open(&ledger), [ReviewKind::VoidDisputed]);
    assert_eq!(
        ledger.fold().appointments[0].slot.local.to_string(),
        "2026-03-17T14:00:00"
    );
    settle(&mut ledger, "sup", error);
    assert!(ledger.fold().appointments.is_empty());

    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-16T14:00"))
        .unwrap();
    let off: AppointmentCancelled = said(json!({"appointment": booked, "cancelled_by": "patient"}));
    let void = EnteredInError {
        entry: booked,
        reason: "wrong patient".into(),
    };
    let [_, edit_again] = both(&mut ledger, ("n1", void), ("c1", off));
    settle(&mut ledger, "c1", edit_again);
    assert_eq!(
        ledger.fold().appointments[0].status,
        AppointmentStatus::Cancelled
    );
}

#[test]
fn any_other_fact_said_two_ways_keeps_both_and_the_earlier_one_acts() {
    let (mut ledger, visit) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-16T14:00"))
        .unwrap();
    let moved = |at: &str| -> AppointmentChanged {
        said(json!({"appointment": booked, "start_local": at, "zone": "America/New_York"}))
    };
    both(
        &mut ledger,
        ("n1", moved("2026-03-18T14:00")),
        ("c1", moved("2026-03-17T14:00")),
    );
    assert_eq!(open(&ledger), [ReviewKind::TwoValues]);
    assert_eq!(
        ledger.fold().appointments[0].slot.local.to_string(),
        "2026-03-17T14:00:00"
    );

    let end = EncounterEnded { encounter: visit };
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    ledger.wait(40);
    let at = ledger.zoned().saturating_sub(jiff::ToSpan::minutes(30));
    let later = ledger.zoned();
    ledger.says_at("n1", end.clone(), &seen, later).unwrap();
    ledger.says_at("c1", end, &seen, at.clone()).unwrap();
    assert_eq!(
        ledger.fold().encounters[0].ended,
        Some(at),
        "of two ends the earlier counts"
    );
    assert_eq!(open(&ledger).len(), 2);
    let names = |name: &str| -> PatientDescribed { said(json!({"preferred_name": name})) };
    both(&mut ledger, ("n1", names("Rosa")), ("c1", names("Rosita")));
    assert_eq!(open(&ledger).len(), 3);
}
