//! Calls: she speaks with a practice, or the next step is one of ours or of theirs.

use super::intent::{Intent, Practice};
use super::tale::Tale;
use jiff::Zoned;
use jiff::civil::Date;
use rand::Rng;
use serde_json::json;
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::organisation::Calendar;

/// She speaks with the practice, and is introduced.
pub fn spoke(tale: &mut Tale<'_>, minutes: i64, with: Practice, channel: &str) {
    let said = json!({
        "with": "partner", "partner": with.id, "contact_name": with.contact, "channel": channel,
        "outcome": "spoke_directly", "patient_on_line": true, "introduced_by_name": true,
        "context_given": tale.rng.random_bool(0.8),
    });
    tale.act(minutes, "RecordContact", said);
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
