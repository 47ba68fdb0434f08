//! The loop: closed by a person, open again as soon as something relevant appears that she had not seen, or a safety
//! flag that she did not name. Nothing is dropped because a loop is closed.

use super::Receipts;
use crate::domain::code::{CloseReason, SelfHarm};
use crate::domain::code::{OutcomeValue, ScreenResult};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::Record;
use crate::domain::id::EntryId;
use crate::domain::join::Patient;
use crate::domain::payload::LoopClosed;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A turn of the loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoopPoint {
    /// Why it was closed; none where it opened again.
    pub closed: Option<CloseReason>,
    /// When; none while a receipt is missing.
    pub at: Option<Timestamp>,
}

/// The history, from the first closing on. The last point tells how it stands; no point is before the one before it.
pub(super) fn history(patient: &Patient, record: &Record, receipts: &Receipts) -> Vec<LoopPoint> {
    let mut points: Vec<LoopPoint> = Vec::new();
    let mut closings: Vec<_> = record.closings.iter().collect();
    closings.sort_by_key(|(e, _)| (e.occurred_at.timestamp(), e.id));
    for (at, (closing, said)) in closings.iter().enumerate() {
        let closed_at = closing.occurred_at.timestamp();
        if points.last().is_none_or(|p| p.closed.is_none()) {
            points.push(LoopPoint {
                closed: Some(said.reason),
                at: Some(closed_at),
            });
        }
        // What a later closing had not seen either opens that one again, not this one.
        let next = closings.get(at + 1);
        let here = record.past.standing().iter().filter(|e| {
            e.id != closing.id
                && !record.past.saw(closing.id, e.id)
                && is_relevant(record, closing, e)
                && next.is_none_or(|(later, _)| record.past.saw(later.id, e.id))
        });
        let flags = patient.flags.iter().filter(|f| {
            !names(said, f.id)
                && !record.past.saw(closing.id, f.id)
                && next.is_none_or(|(_, later)| names(later, f.id))
        });
        let reopened: Vec<Option<Timestamp>> = here
            .chain(flags.map(|f| &f.entry))
            .map(|e| reopened_at(record, receipts, closing, e))
            .filter(|reopened| {
                // Known only after a closing that had seen it: then it was never open.
                let next_at = next.map(|(later, _)| later.occurred_at.timestamp());
                reopened
                    .zip(next_at)
                    .is_none_or(|(open, next)| open <= next)
            })
            .collect();
        if let Some(first) = reopened.first() {
            let known = reopened.iter().copied().flatten().min();
            points.push(LoopPoint {
                closed: None,
                at: known.or(*first),
            });
        }
    }
    points
}

fn names(said: &LoopClosed, flag: EntryId) -> bool {
    said.flags_seen.contains(&flag)
}

/// When this entry opened the loop again: at its own time if its author knew of the closing, else when both were known.
/// What somebody who knew of the closing writes up of an earlier time opens it when it is written, not before it closed.
fn reopened_at(
    record: &Record,
    receipts: &Receipts,
    closing: &Entry,
    entry: &Arc<Entry>,
) -> Option<Timestamp> {
    let (at, closed_at) = (
        entry.occurred_at.timestamp(),
        closing.occurred_at.timestamp(),
    );
    let known = match record.past.saw(entry.id, closing.id) {
        true if at >= closed_at => Some(at),
        true => Some(entry.recorded_at),
        false => receipts.both_received_at(entry.id, closing.id),
    };
    known.map(|known| known.max(closed_at))
}

fn is_relevant(record: &Record, closing: &Entry, entry: &Entry) -> bool {
    match &entry.body {
        Body::NeedIdentified(_)
        | Body::Offered(_)
        | Body::DecisionRecorded(_)
        | Body::NextStepSet(_)
        | Body::AppointmentBooked(_)
        | Body::AppointmentChanged(_)
        | Body::AppointmentCancelled(_)
        | Body::ContactAttempted(_)
        | Body::ElectronicSent(_)
        | Body::PartnerDeclined(_)
        | Body::ConsentRevoked(_)
        | Body::SafetyRaised(_) => true,
        Body::ScreenRecorded(p) => {
            p.result == ScreenResult::Positive || p.self_harm == SelfHarm::Yes
        }
        Body::ScreenAmended(p) => {
            p.result == ScreenResult::Positive || p.self_harm == SelfHarm::Yes
        }
        Body::PatientArrived(p) => {
            known_outcome(record, closing, p.appointment) != Some(OutcomeValue::Attended)
        }
        Body::EnteredInError(p) => unsays(record, closing, entry, p.entry),
        Body::OutcomeRecorded(p) => known_outcome(record, closing, p.appointment) != Some(p.value),
        _ => false,
    }
}

/// Does it take back, and not in question, what whoever closed it went by: what she decided, or what became of a visit?
fn unsays(record: &Record, closing: &Entry, void: &Entry, target: EntryId) -> bool {
    let holds = record.voided.iter().any(|v| v.by.id == void.id);
    let went_by = record
        .past
        .get(target)
        .is_some_and(|e| matches!(e.body, Body::OutcomeRecorded(_) | Body::DecisionRecorded(_)));
    holds && went_by && record.past.saw(closing.id, target)
}

/// The outcome that the closing's author knew.
fn known_outcome(record: &Record, closing: &Entry, appointment: EntryId) -> Option<OutcomeValue> {
    record
        .entries()
        .iter()
        .rev()
        .filter(|e| record.past.saw(closing.id, e.id))
        .find_map(|e| match &e.body {
            Body::OutcomeRecorded(p) if p.appointment == appointment => Some(p.value),
            _ => None,
        })
}
