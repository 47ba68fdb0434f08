//! The event table, row by row: who may say it and when, and every rule's refusal by its name. Each entry is asked of
//! the device's rule and handed, forged, to the server's admission; the ledger holds the two to one answer.

#[path = "event/arrival.rs"]
mod arrival;
#[path = "event/closing.rs"]
mod closing;
#[path = "event/connection.rs"]
mod connection;
#[path = "event/safety.rs"]
mod safety;
#[path = "event/sharing.rs"]
mod sharing;
#[path = "event/visit.rs"]
mod visit;

use jiff::ToSpan;
use serde_json::{Value, json};
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::payload::*;
use warmhand_tests::ledger::Ledger;

/// A payload from the JSON in which it is stored.
pub fn said<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("a payload")
}

pub fn encounter() -> EncounterStarted {
    said(json!({"setting": "home", "site": "home"}))
}

pub fn need() -> NeedIdentified {
    said(json!({"basis": "judgement", "need": "therapy", "urgency": "routine", "owner": "c1"}))
}

pub fn offer(encounter: Option<EntryId>) -> Offered {
    said(json!({"mode": "phone", "encounter": encounter}))
}

pub fn decision(value: &str, encounter: Option<EntryId>) -> DecisionRecorded {
    let declined = matches!(value, "hesitant" | "not_today");
    let reasons = if declined {
        json!(["no_time"])
    } else {
        json!([])
    };
    let revisit = declined.then(|| json!({"on": "2026-03-19"}));
    said(json!({"value": value, "encounter": encounter, "reasons": reasons, "revisit": revisit}))
}

pub fn call(encounter: Option<EntryId>) -> ContactAttempted {
    said(json!({
        "with": "partner", "basis": "agreed", "direction": "to_partner", "channel": "voice",
        "outcome": "spoke_directly", "partner": "har", "encounter": encounter, "patient_on_line": true,
    }))
}

pub fn booking(partner: &str, start: &str) -> AppointmentBooked {
    said(json!({
        "partner": partner, "start_local": start, "zone": "America/New_York", "modality": "in_person",
        "booked_by": "staff",
    }))
}

pub fn plan(shared: &[&str]) -> SharingPlanConfirmed {
    let items: Vec<Value> = ["name", "callback", "reason", "alcohol_drug", "scores"]
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
    said(json!({"items": items}))
}

pub fn raised(reason: &str) -> SafetyRaised {
    said(json!({"reason": reason}))
}

/// A visit in which a need was identified; nothing is offered yet.
pub fn identified() -> (Ledger, EntryId) {
    let mut ledger = Ledger::record();
    let visit = ledger.says("n1", encounter()).unwrap();
    ledger.says("n1", need()).unwrap();
    (ledger, visit)
}

/// A visit in which she agreed.
pub fn agreed() -> (Ledger, EntryId) {
    let (mut ledger, visit) = identified();
    ledger.says("n1", offer(Some(visit))).unwrap();
    ledger.says("n1", decision("agreed", Some(visit))).unwrap();
    (ledger, visit)
}

/// Each of these may not say it, in her role.
pub fn none_of(ledger: &mut Ledger, people: &[&str], body: impl Into<Body>) {
    let body = body.into();
    for by in people {
        assert_eq!(
            ledger.says(by, body.clone()),
            Err(Breach::Role),
            "{by}: {}",
            body.kind()
        );
    }
}

/// Each of these may; what they said is taken, one after another.
pub fn all_of(ledger: &mut Ledger, people: &[&str], body: impl Into<Body>) {
    let body = body.into();
    for by in people {
        assert!(
            ledger.says(by, body.clone()).is_ok(),
            "{by}: {}",
            body.kind()
        );
    }
}

#[test]
fn what_is_said_to_have_happened_lies_in_no_future_but_for_a_worry() {
    let mut ledger = Ledger::record();
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let note = || Noted { text: "x".into() };
    let ahead = |ledger: &Ledger, minutes: i64| ledger.zoned().saturating_add(minutes.minutes());
    // Two clocks may differ by five minutes before anybody is told.
    for (minutes, taken) in [(-600, true), (5, true), (6, false), (60 * 24 * 365, false)] {
        let at = ahead(&ledger, minutes);
        let said = ledger.says_at("n1", note(), &seen, at);
        assert_eq!(
            said.err(),
            (!taken).then_some(Breach::InTheFuture),
            "{minutes}"
        );
    }
    let at = ahead(&ledger, 60);
    assert!(
        ledger
            .says_at("n1", raised("staff_concern"), &seen, at)
            .is_ok()
    );
}
