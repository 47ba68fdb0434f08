//! What stood when she left, and what a void may take away that somebody else went on with.

use super::Record;
use crate::domain::code::{Grade, LeaveCheck, ReviewKind};
use crate::domain::id::EntryId;
use crate::domain::ledger::{Ledger, said};
use crate::domain::payload::{
    AppointmentBooked, AppointmentChanged, ContactAttempted, DecisionRecorded, EncounterEnded,
    EncounterStarted, EnteredInError, NeedIdentified, NextStepSet, Noted, Offered, OutcomeRecorded,
    ReviewSettled,
};
use serde_json::json;

fn need() -> NeedIdentified {
    said(json!({"basis": "judgement", "need": "therapy", "urgency": "routine"}))
}

fn agreed() -> DecisionRecorded {
    said(json!({"value": "agreed"}))
}

fn begins(ledger: &mut Ledger, at: &str) -> EntryId {
    let began: EncounterStarted = said(json!({"setting": "home", "site": "home"}));
    ledger.says(at, began)
}

fn leaves(ledger: &mut Ledger, at: &str, encounter: EntryId) {
    ledger.says(at, EncounterEnded { encounter });
}

fn booking() -> AppointmentBooked {
    said(json!({
        "partner": "har", "start_local": "2026-03-06T10:00", "zone": "America/New_York", "modality": "in_person",
        "booked_by": "staff",
    }))
}

fn outcome(appointment: EntryId, value: &str) -> OutcomeRecorded {
    said(json!({"appointment": appointment, "value": value, "source": "partner"}))
}

/// From ten o'clock; the appointment is made at a quarter past.
fn booked_in_a_visit() -> (Ledger, EntryId, EntryId) {
    let mut ledger = Ledger::record(1);
    let encounter = begins(&mut ledger, "10:00");
    ledger.says("10:01", need());
    ledger.says("10:10", agreed());
    let appointment = ledger.says("10:15", booking());
    (ledger, encounter, appointment)
}

fn left(ledger: &Ledger) -> (Grade, LeaveCheck) {
    let encounter = &ledger.fold().encounters[0];
    (encounter.grade, encounter.leave_check)
}

const WITH_IT: (Grade, LeaveCheck) = (Grade::W2, LeaveCheck::Pass);
const WITHOUT: (Grade, LeaveCheck) = (Grade::W0, LeaveCheck::Fail);

#[test]
fn a_visit_that_the_practice_called_off_before_she_left_is_no_plan_that_she_left_with() {
    for value in ["cancelled_partner", "cancelled_patient", "rescheduled"] {
        let (mut ledger, encounter, appointment) = booked_in_a_visit();
        ledger.says("10:45", outcome(appointment, value));
        leaves(&mut ledger, "11:00", encounter);
        assert_eq!(left(&ledger), WITHOUT, "{value}");
        // What becomes of it later never changes a grade.
        ledger.says("15:00", outcome(appointment, "attended"));
        assert_eq!(left(&ledger), WITHOUT, "{value}");
    }
    let (mut ledger, encounter, appointment) = booked_in_a_visit();
    leaves(&mut ledger, "11:00", encounter);
    ledger.says("12:00", outcome(appointment, "cancelled_partner"));
    assert_eq!(left(&ledger), WITH_IT);
    // Before she left somebody had put it right, or moved the visit.
    let (mut ledger, encounter, appointment) = booked_in_a_visit();
    ledger.says("10:45", outcome(appointment, "cancelled_partner"));
    ledger.says("10:50", outcome(appointment, "unknown"));
    leaves(&mut ledger, "11:00", encounter);
    assert_eq!(left(&ledger), WITH_IT);
    let (mut ledger, encounter, appointment) = booked_in_a_visit();
    ledger.says("10:45", outcome(appointment, "rescheduled"));
    let moved: AppointmentChanged = said(
        json!({"appointment": appointment, "start_local": "2026-03-09T10:00", "zone": "America/New_York"}),
    );
    ledger.says("10:50", moved);
    leaves(&mut ledger, "11:00", encounter);
    assert_eq!(left(&ledger), WITH_IT);
}

#[test]
fn nor_is_one_that_a_person_settled_away() {
    for (at, stood) in [("10:45", WITHOUT), ("12:00", WITH_IT)] {
        let mut ledger = Ledger::record(1);
        let seen = ledger.heads();
        let kept = ledger.says_seeing("09:00", booking(), &seen);
        let began: EncounterStarted = said(json!({"setting": "home", "site": "home"}));
        let encounter = ledger.says_seeing("10:00", began, &seen);
        ledger.says_seeing("10:01", need(), &[encounter]);
        let its = ledger.entries.last().unwrap().id;
        ledger.says_seeing("10:15", booking(), &[its]);
        let items: Vec<_> = ledger.fold().review.iter().map(|item| item.id).collect();
        assert_eq!(items.len(), 1);
        let settled: ReviewSettled = said(json!({"items": items, "keep": kept}));
        if at < "11:00" {
            ledger.says(at, settled);
            leaves(&mut ledger, "11:00", encounter);
        } else {
            leaves(&mut ledger, "11:00", encounter);
            ledger.says(at, settled);
        }
        assert_eq!(left(&ledger), stood, "{at}");
    }
}

fn voids(entry: EntryId) -> EnteredInError {
    EnteredInError {
        entry,
        reason: "another patient".to_owned(),
    }
}

/// Whoever identified the need takes it back, unseen by the one who goes on with it.
fn met_by(goes_on: impl FnOnce(&mut Ledger, &[EntryId])) -> (Ledger, EntryId, EntryId, Record) {
    let mut ledger = Ledger::record(1);
    let need = ledger.says("09:00", need());
    let void = ledger.says_seeing("10:00", voids(need), &[need]);
    goes_on(&mut ledger, &[need]);
    let record = ledger.fold();
    (ledger, need, void, record)
}

#[test]
fn a_need_taken_back_unseen_stays_while_somebody_went_on_with_it() {
    let call: ContactAttempted = said(json!({
        "with": "partner", "basis": "agreed", "direction": "to_partner", "channel": "voice", "outcome": "no_answer",
        "partner": "har",
    }));
    let step: NextStepSet = said(json!({
        "what": "partner_callback", "due_at": "2026-03-05T10:00-05:00[America/New_York]", "contact_name": "Mia",
        "contact_channel": "voice", "contact_value": "555-0142",
    }));
    let offer: Offered = said(json!({"mode": "phone"}));
    let sent: crate::domain::payload::ElectronicSent = said(
        json!({"partner": "har", "transport": "portal", "plan": EntryId(uuid::Uuid::from_u128(9)), "items": []}),
    );
    let bodies: [crate::domain::entry::Body; 6] = [
        offer.into(),
        agreed().into(),
        step.into(),
        booking().into(),
        call.into(),
        sent.into(),
    ];
    for body in bodies {
        let kind = body.kind().to_owned();
        let (.., record) = met_by(|ledger, seen| {
            ledger.says_seeing("10:05", body, seen);
        });
        let open: Vec<_> = record.review.iter().filter(|i| i.is_open()).collect();
        assert!(record.need.is_some(), "{kind}");
        assert!(
            open.iter().all(|i| i.kind == ReviewKind::VoidDisputed) && open.len() == 1,
            "{kind}"
        );
    }
    // A note goes on with nothing.
    let (.., record) = met_by(|ledger, seen| {
        let text = "slept badly".to_owned();
        ledger.says_seeing("10:05", Noted { text }, seen);
    });
    assert!(record.need.is_none() && record.review.is_empty());
}

#[test]
fn she_left_with_nothing_and_is_looked_after_until_a_person_has_decided() {
    let went_on = |ledger: &mut Ledger, seen: &[EntryId]| {
        let began: EncounterStarted = said(json!({"setting": "home", "site": "home"}));
        let encounter = ledger.says_seeing("10:05", began, seen);
        let decided = DecisionRecorded {
            encounter: Some(encounter),
            ..agreed()
        };
        let decided = ledger.says_seeing("10:10", decided, &[encounter]);
        ledger.says_seeing("11:00", EncounterEnded { encounter }, &[decided]);
    };
    for kept in [false, true] {
        let (mut ledger, need, void, record) = met_by(went_on);
        assert!(record.need.is_some());
        assert_eq!(left(&ledger).1, LeaveCheck::Fail);
        let items: Vec<_> = record.review.iter().map(|item| item.id).collect();
        let decided = record.decisions[0].entry.id;
        let keep = if kept { decided } else { void };
        let settled: ReviewSettled = said(json!({"items": items, "keep": keep}));
        ledger.says("12:00", settled);
        let record = ledger.fold();
        assert_eq!(record.need.is_some(), kept);
        assert_eq!(record.past.stands(need), kept);
        assert!(record.review.iter().all(|item| !item.is_open()));
    }
}
