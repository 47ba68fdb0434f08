//! What comes after she agreed, by the mode in which she is to meet the practice: in person, on the phone together, by
//! portal with a callback, through the coordinator, or with something written in her hand.

use super::follow::{self, Booking};
use super::tale::Tale;
use super::visit::{self, Intent};
use super::words;
use jiff::civil::Date;
use jiff::{ToSpan, Zoned};
use rand::Rng;
use serde_json::json;
use warmhand_core::domain::code::{DecisionValue, Mode};
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::organisation::{Calendar, Day};

/// A practice: its code, who answers there, and on which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Its code.
    pub id: &'static str,
    /// Who answers.
    pub contact: &'static str,
    /// The number.
    pub number: &'static str,
}

/// Promises a call within 24 hours of the clock.
pub const HARBOR: Practice = Practice {
    id: "harbor",
    contact: "Grace Abernathy",
    number: "555-0142",
};
/// Promises a call within one working day.
pub const JUNIPER: Practice = Practice {
    id: "juniper",
    contact: "Desmond Pryce",
    number: "555-0117",
};
/// In the house.
pub const HALLWAY: Practice = Practice {
    id: "hallway",
    contact: "Kwame Osei, LCSW",
    number: "555-0163",
};

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

/// She speaks with the practice, and is introduced.
pub fn spoke(tale: &mut Tale<'_>, minutes: i64, with: Practice, channel: &str) {
    let said = json!({
        "with": "partner", "partner": with.id, "contact_name": with.contact, "channel": channel,
        "outcome": "spoke_directly", "patient_on_line": true, "introduced_by_name": true,
        "context_given": tale.rng.random_bool(0.8),
    });
    tale.act(minutes, "RecordContact", said);
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

/// The next step is a call of ours, on the next working day, together with her.
pub fn our_call(tale: &mut Tale<'_>, intent: &Intent, with: Practice) -> EntryId {
    let due = next_day(tale, 15);
    let said = json!({
        "what": "three_way_call", "due_at": due.to_string(), "contact_name": with.contact,
        "contact_value": with.number, "partner": with.id, "owner": intent.visitor.desk.coordinator,
    });
    tale.act(3, "SetNextStep", said)
}

/// The next step is the practice's call: a promise.
pub fn their_call(
    tale: &mut Tale<'_>,
    intent: &Intent,
    with: Practice,
    day: Date,
    hour: i8,
) -> EntryId {
    let minute = tale.local().minute();
    let due = tale
        .diary
        .at(day, hour, minute)
        .to_zoned(tale.diary.zone.clone());
    let said = json!({
        "what": "partner_callback", "due_at": due.to_string(), "contact_name": with.contact, "contact_channel": "voice",
        "contact_value": with.number, "partner": with.id, "owner": intent.visitor.desk.coordinator,
    });
    tale.act(3, "SetNextStep", said)
}

/// An hour of the next working day.
pub fn next_day(tale: &Tale<'_>, hour: i8) -> Zoned {
    let day = Calendar::default().business_day_after(tale.local().date(), 1);
    tale.diary
        .at(day, hour, 0)
        .to_zoned(tale.diary.zone.clone())
}
