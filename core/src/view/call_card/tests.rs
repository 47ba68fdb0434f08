//! What the card tells of why, on which number, and when to try again.

use super::{CallCard, SharedPiece};
use crate::domain::code::{NeedKind, TaskKind};
use crate::domain::id::DeviceId;
use crate::domain::join::Patient;
use crate::domain::ledger::{Ledger, PATIENT, said};
use crate::domain::organisation::Organisation;
use crate::domain::payload::{
    ConsentRecorded, ContactAttempted, ContactRuleSet, DecisionRecorded, NeedIdentified,
    SharingPlanConfirmed,
};
use crate::domain::read::{Receipts, read};
use crate::usecase::Desk;
use jiff::Timestamp;
use rand::SeedableRng;
use serde_json::json;
use std::cell::RefCell;

/// The practice lies three hours behind the site and closes in the early afternoon there.
const SHEET: &str = r#"{"name": "Sample", "zone": "America/New_York", "sites": [{"id": "home", "name": "Home visiting"}],
    "people": [{"id": "n1", "name": "Ana Duarte", "roles": [{"role": "nurse"}]}],
    "partners": [{"id": "har", "name": "Harbor Counseling", "zone": "America/Los_Angeles",
        "calendar": {"opens": "08:00", "closes": "13:00", "holidays": ["2026-03-04"]}}]}"#;

/// The card of a ledger at noon.
fn card(ledger: &Ledger) -> (CallCard, Option<Timestamp>) {
    let now: Timestamp = "2026-03-03T17:00:00Z".parse().unwrap();
    let sheet = Organisation::parse(SHEET).unwrap();
    let patient = Patient::of(PATIENT, vec![ledger.fold()]);
    let reading = read(&patient, &Receipts::default(), &sheet, now);
    let mut tasks = reading.records[0].tasks.iter();
    let retry = tasks.find(|t| t.kind == TaskKind::RetryCall);
    let retry = retry.and_then(|t| t.due_at);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let desk = Desk {
        now,
        person: &sheet.people[0],
        device: DeviceId(uuid::Uuid::from_u128(1)),
        sheet: &sheet,
        patient: Some(&patient),
        record: patient.records.first(),
        reading: Some(&reading),
        rng: RefCell::new(&mut rng),
    };
    (CallCard::of(&desk, None, |_| None).unwrap(), retry)
}

fn agreed(need: &str, shared: &[&str]) -> Ledger {
    let mut ledger = Ledger::record(1);
    let identified: NeedIdentified =
        said(json!({"basis": "judgement", "need": need, "urgency": "routine"}));
    ledger.says("10:00", identified);
    let decided: DecisionRecorded = said(json!({"value": "agreed"}));
    ledger.says("10:05", decided);
    let all = ["name", "callback", "reason", "alcohol_drug", "safety"];
    let items: Vec<_> = all
        .iter()
        .map(|kind| {
            let choice = if shared.contains(kind) {
                "share"
            } else {
                "withhold"
            };
            json!({"kind": kind, "choice": choice})
        })
        .collect();
    let plan: SharingPlanConfirmed = said(json!({"items": items}));
    ledger.says("10:10", plan);
    ledger
}

fn reason(ledger: &Ledger) -> Option<NeedKind> {
    let (card, _) = card(ledger);
    let mut shared = card.shared.into_iter();
    let reason = shared.find_map(|piece| match piece {
        SharedPiece::Reason(need) => Some(need),
        _ => None,
    });
    reason.unwrap()
}

fn consent(kind: &str) -> ConsentRecorded {
    said(json!({"kind": kind, "partners": ["har"]}))
}

#[test]
fn the_general_reason_tells_no_piece_that_she_withholds() {
    let told = |need, shared: &[&str]| reason(&agreed(need, shared));
    assert_eq!(told("therapy", &["reason"]), Some(NeedKind::Therapy));
    assert_eq!(told("sud", &["reason"]), None);
    assert_eq!(told("crisis_followup", &["reason"]), None);
    assert_eq!(
        told("crisis_followup", &["reason", "safety"]),
        Some(NeedKind::CrisisFollowup)
    );
}

#[test]
fn nor_that_she_needs_help_with_substances_without_a_consent_that_covers_it() {
    let mut ledger = agreed("sud", &["reason", "alcohol_drug"]);
    assert_eq!(reason(&ledger), None);
    ledger.says("10:20", consent("hipaa_authorization"));
    assert_eq!(reason(&ledger), None);
    ledger.says("10:30", consent("part2_specific"));
    assert_eq!(reason(&ledger), Some(NeedKind::Sud));
}

#[test]
fn a_number_for_texts_is_not_given_as_one_to_call() {
    let mut ledger = agreed("therapy", &["callback"]);
    for (channel, value) in [("voice", "555-0100"), ("text", "555-0122")] {
        let rule: ContactRuleSet = said(json!({
            "channel": channel, "value": value, "voicemail_ok": true, "text_ok": true, "say_org_name_ok": true,
        }));
        ledger.says("10:20", rule);
    }
    let callback = SharedPiece::Callback(vec!["555-0100".to_owned()]);
    assert!(card(&ledger).0.shared.contains(&callback));
}

#[test]
fn the_card_says_to_try_again_when_the_task_does() {
    let mut ledger = agreed("therapy", &[]);
    let call: ContactAttempted = said(json!({
        "with": "partner", "basis": "agreed", "direction": "to_partner", "channel": "voice", "outcome": "no_answer",
        "partner": "har",
    }));
    ledger.says("12:00", call);
    let (card, task) = card(&ledger);
    assert!(task.is_some());
    assert_eq!(card.retry.map(|when| when.at), task);
}
