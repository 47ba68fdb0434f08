//! What comes after she agreed, by the mode in which she is to meet the practice: in person, on the phone together, by
//! portal with a callback, through the coordinator, or with something written in her hand.

use super::call::{next_day, our_call, spoke, their_call};
use super::follow::{self, Booking};
use super::intent::{HALLWAY, HARBOR, Intent, JUNIPER, Practice};
use super::tale::Tale;
use super::visit;
use super::words;
use jiff::ToSpan;
use rand::Rng;
use serde_json::json;
use warmhand_core::domain::code::{DecisionValue, Mode};
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::organisation::Day;

/// From her agreement on: the rest of the visit, and what follows.
pub fn connect(tale: &mut Tale<'_>, intent: &Intent) {
    match intent.mode {
        Mode::InPerson => in_person(tale, intent),
        Mode::Phone => by_phone(tale, intent),
        Mode::Portal => by_portal(tale, intent),
        Mode::Coordinator => through_the_coordinator(tale, intent),
        Mode::Written => written(tale, intent),
    }
}

fn practice(tale: &mut Tale<'_>) -> Practice {
    if tale.rng.random_bool(0.6) {
        HARBOR
    } else {
        JUNIPER
    }
}

/// The usual end: what was booked is followed to its end, or somebody books later.
fn afterwards(
    tale: &mut Tale<'_>,
    intent: &Intent,
    booking: Option<Booking>,
    step: Option<EntryId>,
) {
    if tale.rng.random_bool(0.3) {
        let text = words::one_of(words::NOTES, tale.rng);
        tale.act(2, "AddNote", json!({ "text": text }));
    }
    match booking {
        _ if intent.says == DecisionValue::Withdrew => follow::withdraw(tale, intent),
        Some(booking) => follow::course(tale, intent, booking, true),
        None => follow::connect_later(tale, intent, step, 0),
    }
}

fn in_person(tale: &mut Tale<'_>, intent: &Intent) {
    if !intent.holds(tale, 0.93) {
        return by_phone(tale, intent);
    }
    spoke(tale, 4, HALLWAY, "in_person");
    let booking = intent
        .holds(tale, 0.95)
        .then(|| follow::book(tale, 7, HALLWAY, 1..6, false));
    let step = if booking.is_none() {
        Some(our_call(tale, intent, HALLWAY))
    } else {
        None
    };
    visit::leave(tale, 6);
    afterwards(tale, intent, booking, step);
}

fn by_phone(tale: &mut Tale<'_>, intent: &Intent) {
    let with = practice(tale);
    if intent.holds(tale, 0.82) {
        spoke(tale, 5, with, "voice");
        let booking = intent
            .holds(tale, 0.93)
            .then(|| follow::book(tale, 8, with, 2..10, false));
        let step = if booking.is_none() {
            Some(our_call(tale, intent, with))
        } else {
            None
        };
        visit::leave(tale, 9);
        return afterwards(tale, intent, booking, step);
    }
    let voicemail = tale.rng.random_bool(0.6);
    let outcome = if voicemail {
        "left_voicemail"
    } else {
        "no_answer"
    };
    let retry_at = next_day(tale, 16);
    let tried = json!({
        "with": "partner", "partner": with.id, "outcome": outcome, "retry_at": retry_at.to_string(),
    });
    tale.act(5, "RecordContact", tried);
    let step = if intent.holds(tale, 0.75) {
        Some(our_call(tale, intent, with))
    } else {
        None
    };
    visit::leave(tale, 8);
    if step.is_none() {
        why_she_left(tale);
    }
    afterwards(tale, intent, None, step);
}

fn through_the_coordinator(tale: &mut Tale<'_>, intent: &Intent) {
    tale.hand(intent.visitor.desk.coordinator);
    tale.act(3, "AcceptOwnership", json!({}));
    let with = practice(tale);
    let reached = intent.holds(tale, 0.84);
    if reached {
        spoke(tale, 3, with, "voice");
    }
    let booking =
        (reached && intent.holds(tale, 0.9)).then(|| follow::book(tale, 7, with, 2..9, false));
    let step = if booking.is_none() {
        Some(our_call(tale, intent, with))
    } else {
        None
    };
    visit::leave(tale, 7);
    afterwards(tale, intent, booking, step);
}

fn by_portal(tale: &mut Tale<'_>, intent: &Intent) {
    let friday = Day::of(tale.local().date()) == Day::Fri;
    let with = if friday { JUNIPER } else { HARBOR };
    let sent = json!({
        "with": "partner", "partner": with.id, "channel": "portal", "outcome": "spoke_staff_only",
        "contact_name": "Intake desk",
    });
    tale.act(4, "RecordContact", sent);
    if tale.rng.random_bool(0.25) {
        let booking = follow::book(tale, 6, with, 5..13, false);
        visit::leave(tale, 6);
        return afterwards(tale, intent, Some(booking), None);
    }
    let due = if friday {
        tale.local().date().saturating_add(3.days())
    } else {
        tale.local().date().saturating_add(1.day())
    };
    let hour = if friday { 18 } else { tale.local().hour() };
    let step = their_call(tale, intent, with, due, hour);
    visit::leave(tale, 8);
    if intent.says == DecisionValue::Withdrew {
        return follow::withdraw(tale, intent);
    }
    let kept = intent.holds(tale, 0.72);
    follow::called_back(tale, intent, with, step, kept);
}

fn written(tale: &mut Tale<'_>, intent: &Intent) {
    visit::give(tale);
    let step = if tale.rng.random_bool(0.45) {
        let with = practice(tale);
        Some(our_call(tale, intent, with))
    } else {
        None
    };
    visit::leave(tale, 8);
    if step.is_none() {
        why_she_left(tale);
    }
    afterwards(tale, intent, None, step);
}

fn why_she_left(tale: &mut Tale<'_>) {
    let reason = words::one_of(words::LEFT, tale.rng);
    tale.act(1, "GiveLeaveReason", json!({ "reason": reason }));
}
