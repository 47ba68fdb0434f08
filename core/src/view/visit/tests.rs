//! The check-in that she was promised, which stands until she is asked, and what the handoff's strip says of an earlier visit.

use super::{CheckIn, VisitScreen};
use crate::domain::code::{DecisionReason, DecisionState};
use crate::domain::id::EntryId;
use crate::domain::ledger::{Ledger, said};
use crate::domain::payload::{
    DecisionRecorded, EncounterEnded, EncounterStarted, NeedIdentified, ReviewSettled,
};
use crate::domain::read::Receipts;
use crate::view::HandoffScreen;
use crate::view::bench::laid;
use serde_json::{Value, json};

fn begun() -> Ledger {
    let mut ledger = Ledger::record(1);
    let need: NeedIdentified =
        said(json!({"basis": "judgement", "need": "therapy", "urgency": "routine"}));
    ledger.says("08:30", need);
    ledger
}

fn visit(ledger: &mut Ledger, at: &str) -> EntryId {
    let started: EncounterStarted = said(json!({"setting": "home", "site": "home"}));
    ledger.says(at, started)
}

fn put_aside(revisit: &Value) -> DecisionRecorded {
    said(
        json!({"value": "not_today", "reasons": ["no_time"], "patient_initiated": true, "revisit": revisit}),
    )
}

fn agreed() -> DecisionRecorded {
    said(json!({"value": "agreed", "patient_initiated": true}))
}

fn check_in(ledger: &Ledger) -> Option<CheckIn> {
    laid(vec![ledger.fold()], ledger.id, |desk, summary| {
        VisitScreen::of(desk, summary.stage, Vec::new())
            .unwrap()
            .check_in
    })
}

#[test]
fn a_check_in_stands_though_somebody_who_did_not_know_of_it_heard_yes_later() {
    let mut ledger = begun();
    let seen = ledger.heads();
    let asked = ledger.says_seeing("09:00", put_aside(&json!({"on": "2026-03-03"})), &seen);
    let planned = check_in(&ledger).expect("it is planned");
    assert_eq!((planned.decision, planned.is_now), (asked, true));
    assert_eq!(planned.reasons, [DecisionReason::NoTime]);
    let heard = ledger.says_seeing("10:00", agreed(), &seen);
    assert_eq!(ledger.fold().decision, DecisionState::Disputed);
    assert_eq!(check_in(&ledger).map(|c| c.decision), Some(asked));
    // A person lets the other stand: nobody has to ask.
    let items: Vec<_> = ledger.fold().review.iter().map(|i| i.id).collect();
    let settled: ReviewSettled = said(json!({"items": items, "keep": heard}));
    ledger.says("11:00", settled);
    assert_eq!(check_in(&ledger), None);

    // Whoever knew of it and asked has answered it.
    let mut ledger = begun();
    ledger.says("09:00", put_aside(&json!({"on": "2026-03-03"})));
    ledger.says("10:00", agreed());
    assert_eq!(check_in(&ledger), None);
}

#[test]
fn a_check_in_without_a_day_is_for_the_visit_that_begins_after_it_and_the_one_that_is_due_comes_first()
 {
    let mut ledger = begun();
    let first = visit(&mut ledger, "08:40");
    let seen = ledger.heads();
    let whenever = ledger.says_seeing("09:00", put_aside(&json!("next_encounter")), &seen);
    assert_eq!(
        check_in(&ledger).map(|c| (c.decision, c.is_now)),
        Some((whenever, false))
    );
    // Two who did not know of each other put it aside in two ways: both were promised.
    let later = ledger.says_seeing("09:10", put_aside(&json!({"on": "2026-03-19"})), &seen);
    assert_eq!(
        check_in(&ledger).map(|c| c.decision),
        Some(later),
        "of two to come that with a day"
    );
    ledger.says("09:20", EncounterEnded { encounter: first });
    visit(&mut ledger, "10:00");
    assert_eq!(
        check_in(&ledger).map(|c| (c.decision, c.is_now)),
        Some((whenever, true))
    );
}

#[test]
fn not_today_of_an_earlier_visit_is_no_answer_of_this_one() {
    let not_today = |ledger: &Ledger| {
        laid(vec![ledger.fold()], ledger.id, |desk, summary| {
            let receipts = Receipts::default();
            let screen = HandoffScreen::of(desk, summary.clone(), &receipts, Vec::new());
            screen.unwrap().before_leaving.map(|strip| strip.not_today)
        })
    };
    let mut ledger = begun();
    let first = visit(&mut ledger, "09:00");
    let mut said = put_aside(&json!({"on": "2026-03-03"}));
    said.encounter = Some(first);
    ledger.says("09:10", said.clone());
    assert_eq!(not_today(&ledger), Some(true));
    ledger.says("09:20", EncounterEnded { encounter: first });
    let second = visit(&mut ledger, "10:00");
    assert_eq!(not_today(&ledger), Some(false), "she was not asked yet");
    said.encounter = Some(second);
    ledger.says("10:10", said);
    assert_eq!(not_today(&ledger), Some(true));
}
