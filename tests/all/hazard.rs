//! The twenty ways in which two people who could not see each other's work may collide, each with its safe rule, the
//! question that it opens, and what settles it.

#[path = "hazard/fallen.rs"]
mod fallen;
#[path = "hazard/follow_up.rs"]
mod follow_up;
#[path = "hazard/handoff.rs"]
mod handoff;
#[path = "hazard/identity.rs"]
mod identity;
#[path = "hazard/leaving.rs"]
mod leaving;
#[path = "hazard/person.rs"]
mod person;
#[path = "hazard/screen.rs"]
mod screen;
#[path = "hazard/spent.rs"]
mod spent;
#[path = "hazard/unplanned.rs"]
mod unplanned;
#[path = "hazard/unsaid.rs"]
mod unsaid;
#[path = "hazard/worry.rs"]
mod worry;

use crate::event::*;
use serde_json::json;
use warmhand_core::domain::code::ReviewKind;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::EntryId;
use warmhand_tests::ledger::Ledger;

/// Two people say two things, neither having seen the other's.
pub fn both(
    ledger: &mut Ledger,
    one: (&str, impl Into<Body>),
    other: (&str, impl Into<Body>),
) -> [EntryId; 2] {
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let a = ledger
        .says_seeing(one.0, one.1, &seen)
        .expect("the first may");
    let b = ledger
        .says_seeing(other.0, other.1, &seen)
        .expect("the second may");
    [a, b]
}

/// The questions that stand open, of which kind.
pub fn open(ledger: &Ledger) -> Vec<ReviewKind> {
    let reading = ledger.reading();
    reading
        .review
        .iter()
        .filter(|i| i.is_open())
        .map(|i| i.kind)
        .collect()
}

/// A person settles every open question for this entry.
pub fn settle(ledger: &mut Ledger, by: &str, keep: EntryId) {
    let record = ledger.fold();
    let items = record
        .review
        .iter()
        .filter(|i| i.is_open() && i.choices.contains(&keep));
    let items: Vec<_> = items.map(|i| i.id).collect();
    let settled: warmhand_core::domain::payload::ReviewSettled =
        said(json!({"items": items, "keep": keep}));
    ledger.says(by, settled).expect("settled");
}
