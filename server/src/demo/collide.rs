//! Two people who cannot see each other's work: both book, or one hears yes and the other not today, or one hears that
//! she came and the other that she did not. Most are settled the next day; the last of each kind waits for a person.

use super::call::spoke;
use super::cast::{AT_HOME, Visitor};
use super::follow::{self, book, coordinator, reached_her};
use super::intent::{HARBOR, Intent, JUNIPER};
use super::tale::{Standing, Tale};
use super::visit;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use std::ops::Range;
use warmhand_core::domain::code::{DecisionValue, Mode};
use warmhand_core::domain::organisation::Calendar;

/// What two people leave for a third to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collision {
    /// Two bookings.
    TwoBooked,
    /// Yes and not today.
    Disputed,
    /// Came and did not come.
    Outcome,
}

/// The intent of such a handoff: a nurse at home, and the coordinator of her site.
pub fn intent(patient: usize) -> Intent {
    let nurses: Vec<&Visitor> = AT_HOME.iter().filter(|v| v.screens).collect();
    let [first, ..] = AT_HOME;
    let visitor = nurses
        .get(patient % nurses.len().max(1))
        .map_or(first, |v| **v);
    Intent {
        patient,
        visitor,
        mode: Mode::Phone,
        says: DecisionValue::Agreed,
        luck: 1.0,
    }
}

/// The whole tale. `settled`: somebody decides the next day.
pub fn collide(tale: &mut Tale<'_>, intent: &Intent, what: Collision, settled: bool) {
    // The day before, at the desk: a paper form that was filled in at the last visit.
    tale.open(
        intent.visitor.desk.site,
        &super::cast::patient(intent.patient),
    );
    let screen = visit::screen(tale, intent, 0);
    tale.act(
        2,
        "IdentifyNeed",
        json!({ "basis": "screen", "screen": screen }),
    );
    let day = Calendar::default().business_day_after(tale.local().date(), 1);
    let before = tale.standing();
    match what {
        Collision::TwoBooked => {
            two_booked(tale, intent, tale.diary.at(day, 10, 5), &before, settled);
        }
        Collision::Disputed => disputed(tale, intent, tale.diary.at(day, 10, 20), &before, settled),
        Collision::Outcome => outcome(tale, intent, settled),
    }
}

/// Two hours before the tablet could know what the phone knows.
pub fn unseen(
    tale: &mut Tale<'_>,
    intent: &Intent,
    before: &Standing,
    morning: Timestamp,
) -> Option<Standing> {
    let visit_ended = tale.meanwhile(before.clone());
    coordinator(tale, intent, morning + SignedDuration::from_mins(175)).then_some(visit_ended)
}

fn at_home(tale: &mut Tale<'_>, intent: &Intent, morning: Timestamp) -> bool {
    if !tale.diary.is_regular(morning)
        || !tale.turn(intent.visitor.device, intent.visitor.user, morning)
    {
        return false;
    }
    visit::start(tale, intent);
    visit::offer(tale, intent);
    true
}

fn two_booked(
    tale: &mut Tale<'_>,
    intent: &Intent,
    morning: Timestamp,
    before: &Standing,
    settled: bool,
) {
    if !at_home(tale, intent, morning) {
        return;
    }
    visit::agree(tale);
    spoke(tale, 5, HARBOR, "voice");
    book(tale, 7, HARBOR, 6..9, false);
    visit::leave(tale, 12);
    let Some(visit_ended) = unseen(tale, intent, before, morning) else {
        return;
    };
    let theirs = by_phone_she_agrees(tale, intent, 4..7);
    tale.join(visit_ended);
    if !settled || !coordinator(tale, intent, tale.at() + 18.hours()) {
        return;
    }
    reached_her(tale, 2);
    tale.act(2, "SettleReview", json!({ "keep": theirs.id.to_string() }));
    let told = json!({
        "with": "partner", "partner": HARBOR.id, "contact_name": HARBOR.contact, "outcome": "spoke_staff_only",
    });
    tale.act(5, "RecordContact", told);
    follow::course(tale, intent, theirs, false);
}

/// She agrees on the phone, and a first visit is booked so many days ahead.
pub fn by_phone_she_agrees(
    tale: &mut Tale<'_>,
    intent: &Intent,
    days: Range<i64>,
) -> follow::Booking {
    reached_her(tale, 2);
    tale.act(
        1,
        "OfferHandoff",
        json!({ "mode": Mode::Coordinator, "script": "T4", "outreach": true }),
    );
    tale.act(
        1,
        "RecordDecision",
        json!({ "value": "agreed", "outreach": true }),
    );
    let said = json!({
        "with": "partner", "partner": JUNIPER.id, "contact_name": JUNIPER.contact, "outcome": "spoke_staff_only",
    });
    tale.act(4, "RecordContact", said);
    let with = if intent.patient.is_multiple_of(2) {
        JUNIPER
    } else {
        HARBOR
    };
    book(tale, 3, with, days, true)
}

fn disputed(
    tale: &mut Tale<'_>,
    intent: &Intent,
    morning: Timestamp,
    before: &Standing,
    settled: bool,
) {
    if !at_home(tale, intent, morning) {
        return;
    }
    let on = Calendar::default().business_day_after(tale.local().date(), 6);
    let said = json!({
        "value": "not_today", "reasons": ["wants_to_ask_family"], "revisit": { "on": on },
        "words": "Let me talk to my mother first.",
    });
    tale.act(3, "RecordDecision", said);
    visit::leave(tale, 15);
    let Some(visit_ended) = unseen(tale, intent, before, morning) else {
        return;
    };
    reached_her(tale, 2);
    tale.act(
        1,
        "OfferHandoff",
        json!({ "mode": Mode::Phone, "script": "T1", "outreach": true }),
    );
    let agreed = tale.act(
        1,
        "RecordDecision",
        json!({ "value": "agreed", "outreach": true }),
    );
    tale.join(visit_ended);
    if !settled || !coordinator(tale, intent, tale.at() + 18.hours()) {
        return;
    }
    reached_her(tale, 3);
    tale.act(2, "SettleReview", json!({ "keep": agreed.to_string() }));
    let booking = book(tale, 9, JUNIPER, 4..8, true);
    follow::course(tale, intent, booking, false);
}

fn outcome(tale: &mut Tale<'_>, intent: &Intent, settled: bool) {
    if !coordinator(tale, intent, tale.at() + 18.hours()) {
        return;
    }
    let booking = by_phone_she_agrees(tale, intent, 4..7);
    let booked = tale.standing();
    let day = Calendar::default().business_day_after(tale.diary.date(booking.start), 1);
    let morning = tale.diary.at(day, 10, 40);
    if !tale.diary.is_regular(morning)
        || !tale.turn(intent.visitor.device, intent.visitor.user, morning)
    {
        return;
    }
    visit::start(tale, intent);
    let said =
        json!({ "appointment": booking.id.to_string(), "value": "no_show", "source": "patient" });
    tale.act(6, "RecordOutcome", said);
    visit::leave(tale, 25);
    let Some(visit_ended) = unseen(tale, intent, &booked, morning) else {
        return;
    };
    let said = json!({ "appointment": booking.id.to_string(), "value": "attended" });
    let attended = tale.act(1, "RecordOutcome", said);
    tale.join(visit_ended);
    if settled && coordinator(tale, intent, tale.at() + 18.hours()) {
        let said = json!({
            "with": "partner", "partner": booking.with.id, "contact_name": booking.with.contact,
            "outcome": "spoke_staff_only",
        });
        tale.act(2, "RecordContact", said);
        tale.act(1, "SettleReview", json!({ "keep": attended.to_string() }));
        tale.act(2, "CloseLoop", json!({ "reason": "attended" }));
    }
}
