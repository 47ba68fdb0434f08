//! When somebody is worried: the flag, the hand-over to the clinician on call, and what she did about it. The flag comes
//! before everything else in the visit; the handoff goes on beside it.

use super::call;
use super::collide;
use super::follow;
use super::intent::{HALLWAY, HARBOR, Intent};
use super::tale::Tale;
use super::visit;
use super::words;
use jiff::{SignedDuration, ToSpan, Zoned};
use serde_json::json;
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::organisation::Calendar;

const REASONS: [&str; 3] = ["staff_concern", "no_sleep_high_energy", "violence"];

/// A worry at a home visit, handed over by phone. Later the clinician writes up what she did, and somebody calls.
pub fn at_home(tale: &mut Tale<'_>, intent: &Intent) {
    visit::arrive(tale, intent);
    let (flag, handed) = raise(tale, intent);
    visit::identify(tale, intent);
    visit::offer(tale, intent);
    visit::agree(tale);
    call::spoke(tale, 4, HARBOR, "voice");
    let booking = follow::book(tale, 6, HARBOR, 1..3, false);
    visit::leave(tale, 5);
    let (clinician, _) = intent.visitor.desk.clinician;
    let wanted = tale.at() + SignedDuration::from_mins(30);
    if !tale.turn(intent.visitor.desk.room, clinician, wanted) {
        return;
    }
    // She acted at once and on the phone; what she writes now says so.
    let when = |minutes: i64| handed.saturating_add(minutes.minutes()).to_string();
    tale.act(
        1,
        "AssessSafety",
        json!({ "flags": [flag.to_string()], "at": when(9) }),
    );
    let note = words::one_of(words::RESOLVED, tale.rng);
    tale.act(
        4,
        "ResolveSafety",
        json!({ "flags": [flag.to_string()], "note": note, "at": when(52) }),
    );
    if call_next_day(tale, intent) {
        follow::course(tale, intent, booking, false);
    }
}

/// The flag, and the call to the clinician.
fn raise(tale: &mut Tale<'_>, intent: &Intent) -> (EntryId, Zoned) {
    let nth = intent.patient % REASONS.len();
    let reason = REASONS.get(nth).copied().unwrap_or("staff_concern");
    let said = words::WORRIES.get(nth).copied().unwrap_or_default();
    let flag = tale.act(6, "RaiseSafety", json!({ "reason": reason, "words": said }));
    let (_, name) = intent.visitor.desk.clinician;
    tale.act(9, "HandSafety", json!({ "to": name, "how": "phone" }));
    (flag, tale.local())
}

/// An answer on a form, seen in the clinic by a clinician who assesses at once.
pub fn in_clinic(tale: &mut Tale<'_>, intent: &Intent) {
    visit::arrive(tale, intent);
    let flag = visit::screen(tale, intent, 1);
    tale.hand(intent.visitor.desk.clinician.0);
    tale.act(3, "AssessSafety", json!({ "flags": [flag.to_string()] }));
    tale.act(
        2,
        "IdentifyNeed",
        json!({ "basis": "screen", "screen": flag, "urgency": "urgent" }),
    );
    visit::offer(tale, intent);
    visit::agree(tale);
    call::spoke(tale, 4, HALLWAY, "in_person");
    let booking = follow::book(tale, 5, HALLWAY, 1..3, false);
    let note = words::one_of(words::RESOLVED, tale.rng);
    tale.act(
        8,
        "ResolveSafety",
        json!({ "flags": [flag.to_string()], "note": note }),
    );
    visit::leave(tale, 4);
    if call_next_day(tale, intent) {
        follow::course(tale, intent, booking, false);
    }
}

/// On the next working day somebody calls her, whatever was resolved.
fn call_next_day(tale: &mut Tale<'_>, intent: &Intent) -> bool {
    let day = Calendar::default().business_day_after(tale.local().date(), 1);
    let called = follow::coordinator(tale, intent, tale.diary.at(day, 9, 20));
    if called {
        follow::reached_her(tale, 2);
    }
    called
}

/// A worry of the last hour: raised at home and handed over, and nobody has written yet what came of it.
pub fn just_now(tale: &mut Tale<'_>, intent: &Intent) {
    visit::arrive(tale, intent);
    raise(tale, intent);
    visit::leave(tale, 2);
}

/// A loop that was closed and is open again: she came to her visit, the coordinator closed it, and at her home somebody
/// was worried who could not know. The flag was handed over; the clinician has not written yet what came of it.
pub fn reopens(tale: &mut Tale<'_>, intent: &Intent) {
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
    if !follow::coordinator(tale, intent, tale.at() + 18.hours()) {
        return;
    }
    let booking = collide::by_phone_she_agrees(tale, intent, 1..2);
    let booked = tale.standing();
    let day = Calendar::default().business_day_after(tale.diary.date(booking.start), 1);
    let morning = tale.diary.at(day, 10, 30);
    if !tale.diary.is_regular(morning)
        || !tale.turn(intent.visitor.device, intent.visitor.user, morning)
    {
        return;
    }
    visit::start(tale, intent);
    raise(tale, intent);
    visit::leave(tale, 14);
    let Some(visit_ended) = collide::unseen(tale, intent, &booked, morning) else {
        return;
    };
    let came = json!({ "appointment": booking.id.to_string(), "value": "attended" });
    tale.act(1, "RecordOutcome", came);
    tale.act(3, "CloseLoop", json!({ "reason": "attended" }));
    tale.join(visit_ended);
}
