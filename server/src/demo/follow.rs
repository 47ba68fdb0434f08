//! What follows a visit: the call that is tried again, the booking, the reminder, whether she came, the rescue when she
//! did not, and the end of the loop. All of it done by the coordinator, on her own tablet.

use super::call;
use super::intent::{HARBOR, Intent, JUNIPER, Practice};
use super::tale::{Tale, merge};
use super::words;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::Rng;
use serde_json::json;
use std::ops::Range;
use warmhand_core::domain::code::Mode;
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::organisation::Calendar;

/// A visit that was booked.
#[derive(Clone, Copy, Debug)]
pub struct Booking {
    /// The stand-in of its entry.
    pub id: EntryId,
    /// With whom.
    pub with: Practice,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it is.
    pub start: Timestamp,
}

const HOURS: [(i8, i8); 8] = [
    (9, 0),
    (9, 30),
    (10, 30),
    (11, 0),
    (13, 0),
    (14, 0),
    (15, 30),
    (16, 0),
];

/// The coordinator's turn, on her own tablet.
pub fn coordinator(tale: &mut Tale<'_>, intent: &Intent, wanted: Timestamp) -> bool {
    let desk = intent.visitor.desk;
    tale.turn(desk.tablet, desk.coordinator, wanted)
}

/// A time so many days from now, on a working day.
fn slot(tale: &mut Tale<'_>, days: Range<i64>) -> DateTime {
    let ahead = tale.rng.random_range(days);
    let mut day = tale.local().date().saturating_add(ahead.days());
    if !Calendar::default().works_on(day) {
        day = Calendar::default().business_day_after(day, 1);
    }
    let (hour, minute) = HOURS
        .get(tale.rng.random_range(0..HOURS.len()))
        .copied()
        .unwrap_or((10, 0));
    day.at(hour, minute, 0, 0)
}

/// A first visit is booked, in the visit or by phone outside of one.
pub fn book(
    tale: &mut Tale<'_>,
    minutes: i64,
    with: Practice,
    days: Range<i64>,
    outreach: bool,
) -> Booking {
    let local = slot(tale, days);
    let start = tale.diary.at(local.date(), local.hour(), local.minute());
    let modality = match tale.rng.random_range(0..5) {
        0 => "video",
        1 => "phone",
        _ => "in_person",
    };
    let said = json!({
        "partner": with.id, "start_local": local.to_string(), "modality": modality, "minutes": 50, "outreach": outreach,
    });
    let id = tale.act(minutes, "BookAppointment", said);
    let made_at = tale.at();
    Booking {
        id,
        with,
        made_at,
        start,
    }
}

/// She is reached by phone.
pub fn reached_her(tale: &mut Tale<'_>, minutes: i64) {
    tale.act(
        minutes,
        "RecordContact",
        json!({ "with": "patient", "outcome": "spoke_directly" }),
    );
}

/// Nobody was reached in the visit, or nothing was booked: the coordinator calls until somebody answers.
pub fn connect_later(tale: &mut Tale<'_>, intent: &Intent, step: Option<EntryId>, tried: u32) {
    if !coordinator(tale, intent, tale.at() + 17.hours()) {
        return;
    }
    let with = if tried == 0 { HARBOR } else { JUNIPER };
    if tried < 2 && tale.rng.random_bool(0.25) {
        let retry_at = call::next_day(tale, 16);
        let said = json!({
            "with": "partner", "partner": with.id, "outcome": "left_voicemail", "retry_at": retry_at.to_string(),
        });
        tale.act(2, "RecordContact", said);
        fulfil(tale, step);
        call::our_call(tale, intent, with);
        let again = last_made(tale);
        return connect_later(tale, intent, again, tried + 1);
    }
    // What is only written, or sent, comes to a visit less often.
    let likely = match intent.mode {
        Mode::Written => 0.5,
        Mode::Portal => 0.65,
        _ => 0.8,
    };
    if intent.holds(tale, likely) {
        let said = json!({
            "with": "partner", "partner": with.id, "contact_name": with.contact, "outcome": "spoke_staff_only",
        });
        tale.act(3, "RecordContact", said);
        reached_her(tale, 6);
        fulfil(tale, step);
        let booking = book(tale, 3, with, 4..14, true);
        return course(tale, intent, booking, true);
    }
    reached_her(tale, 4);
    fulfil(tale, step);
    tale.act(
        1,
        "RecordDecision",
        json!({ "value": "withdrew", "reasons": ["not_needed_now"], "outreach": true }),
    );
    tale.act(2, "CloseLoop", json!({ "reason": "patient_choice" }));
}

fn last_made(tale: &Tale<'_>) -> Option<EntryId> {
    tale.steps.last().and_then(|step| step.makes.made)
}

fn fulfil(tale: &mut Tale<'_>, step: Option<EntryId>) {
    if let Some(step) = step {
        tale.act(1, "FulfilNextStep", json!({ "step": step.to_string() }));
    }
}

/// The practice calls her back, in time or late, and tells us so.
pub fn called_back(
    tale: &mut Tale<'_>,
    intent: &Intent,
    with: Practice,
    step: EntryId,
    in_time: bool,
) {
    let hours = if in_time { 14 } else { 27 };
    if !coordinator(tale, intent, tale.at() + hours.hours()) {
        return;
    }
    let said = json!({
        "with": "partner", "partner": with.id, "direction": "partner_to_patient", "contact_name": with.contact,
        "outcome": "spoke_directly", "patient_on_line": true,
    });
    tale.act(2, "RecordContact", said);
    fulfil(tale, Some(step));
    if intent.holds(tale, 0.8) {
        let booking = book(tale, 2, with, 4..13, true);
        course(tale, intent, booking, true);
    } else {
        connect_later(tale, intent, None, 1);
    }
}

/// She changed her mind some days later.
pub fn withdraw(tale: &mut Tale<'_>, intent: &Intent) {
    if !coordinator(tale, intent, tale.at() + 44.hours()) {
        return;
    }
    let booked: Option<EntryId> = tale.steps.iter().rev().find_map(|s| {
        matches!(
            s.command,
            warmhand_core::usecase::Command::BookAppointment(_)
        )
        .then_some(s.makes.made)
        .flatten()
    });
    let said =
        json!({ "with": "patient", "direction": "from_patient", "outcome": "spoke_directly" });
    tale.act(2, "RecordContact", said);
    if let Some(booked) = booked {
        tale.act(
            1,
            "CancelAppointment",
            json!({ "appointment": booked.to_string(), "cancelled_by": "patient" }),
        );
    }
    let said = json!({
        "value": "withdrew", "patient_initiated": true, "reasons": ["already_has_help"], "outreach": true,
    });
    tale.act(1, "RecordDecision", said);
    tale.act(2, "CloseLoop", json!({ "reason": "already_in_care" }));
}

/// From a booking to its end.
pub fn course(tale: &mut Tale<'_>, intent: &Intent, booking: Booking, first: bool) {
    let booking = if first && tale.rng.random_bool(0.06) {
        moved(tale, intent, booking)
    } else {
        booking
    };
    if first && tale.rng.random_bool(0.06) {
        return called_off(tale, intent, booking);
    }
    remind(tale, intent, booking);
    let after = booking.start + SignedDuration::from_mins(75);
    if !coordinator(tale, intent, after) {
        return;
    }
    let likely = match intent.mode {
        Mode::InPerson => 0.88,
        Mode::Phone => 0.82,
        Mode::Coordinator => 0.76,
        Mode::Portal => 0.58,
        Mode::Written => 0.45,
    };
    let came = !first || tale.rng.random_bool(likely);
    let value = if came { "attended" } else { "no_show" };
    tale.act(
        1,
        "RecordOutcome",
        json!({ "appointment": booking.id.to_string(), "value": value }),
    );
    if came {
        if tale.rng.random_bool(0.9) {
            tale.act(3, "CloseLoop", json!({ "reason": "attended" }));
        }
        return;
    }
    rescue(tale, intent, booking);
}

/// On the day before, if there is such a day; always when the visit is still to come.
fn remind(tale: &mut Tale<'_>, intent: &Intent, booking: Booking) {
    let start = booking.start.to_zoned(tale.diary.zone.clone());
    let due = start.saturating_sub(1.day()).timestamp();
    let to_come = booking.start > tale.diary.now;
    // Booked for so soon that she was told a moment ago, there is nothing to remind her of.
    if due <= booking.made_at || due > tale.diary.now || !to_come && !tale.rng.random_bool(0.3) {
        return;
    }
    let standing = tale.standing();
    let wanted = tale
        .diary
        .working_before(due - SignedDuration::from_mins(40))
        .max(tale.at());
    if coordinator(tale, intent, wanted) {
        if tale.at() + SignedDuration::from_mins(5) < booking.start {
            let said = json!({ "kind": "reminder", "cause": booking.id.to_string(), "result": "spoke with her" });
            tale.act(2, "CompleteTask", said);
        } else {
            // Too short for a reminder: nothing was done in this turn.
            tale.meanwhile(standing);
        }
    }
}

fn moved(tale: &mut Tale<'_>, intent: &Intent, booking: Booking) -> Booking {
    let standing = tale.standing();
    let early = booking.start - SignedDuration::from_hours(30);
    if !coordinator(tale, intent, tale.at() + 20.hours()) || tale.at() > early {
        tale.meanwhile(standing);
        return booking;
    }
    let local = slot(tale, 3..8);
    let start = tale.diary.at(local.date(), local.hour(), local.minute());
    let said = json!({ "appointment": booking.id.to_string(), "start_local": local.to_string() });
    tale.act(2, "ChangeAppointment", said);
    Booking { start, ..booking }
}

fn called_off(tale: &mut Tale<'_>, intent: &Intent, booking: Booking) {
    let standing = tale.standing();
    let wanted = tale
        .diary
        .working_before(booking.start - SignedDuration::from_hours(26))
        .max(tale.at());
    if !coordinator(tale, intent, wanted) || tale.at() > booking.start {
        tale.meanwhile(standing);
        return course(tale, intent, booking, false);
    }
    let reason = words::one_of(words::CALLED_OFF, tale.rng);
    let said = json!({ "appointment": booking.id.to_string(), "cancelled_by": "patient", "reason": reason });
    tale.act(2, "CancelAppointment", said);
    let booking = book(tale, 4, booking.with, 3..8, true);
    course(tale, intent, booking, false);
}

/// She did not come: somebody calls her, and asks what was in the way.
fn rescue(tale: &mut Tale<'_>, intent: &Intent, booking: Booking) {
    if !coordinator(tale, intent, tale.at() + 19.hours()) {
        return;
    }
    reached_her(tale, 3);
    let why = words::one_of(words::MISSED, tale.rng);
    tale.act(1, "AddNote", json!({ "text": why }));
    if tale.rng.random_bool(0.75) {
        let booking = book(tale, 3, booking.with, 2..7, true);
        course(tale, intent, booking, false);
        return;
    }
    let on = Calendar::default().business_day_after(tale.local().date(), 9);
    let mut said = json!({ "value": "not_today", "reasons": ["no_time"], "outreach": true });
    merge(&mut said, json!({ "revisit": { "on": on } }));
    tale.act(2, "RecordDecision", said);
    let wanted = tale.diary.at(on, 10, 50);
    ask_by_phone(tale, intent, wanted);
}

/// The coordinator asks again, on the phone.
pub fn ask_by_phone(tale: &mut Tale<'_>, intent: &Intent, wanted: Timestamp) {
    if !coordinator(tale, intent, wanted) {
        return;
    }
    reached_her(tale, 2);
    let said = json!({ "mode": Mode::Coordinator, "script": "T10", "outreach": true });
    tale.act(1, "OfferHandoff", said);
    tale.act(
        2,
        "RecordDecision",
        json!({ "value": "agreed", "outreach": true }),
    );
    let booking = book(tale, 9, JUNIPER, 3..9, true);
    course(tale, intent, booking, true);
}
