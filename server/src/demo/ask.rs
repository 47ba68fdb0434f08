//! A whole first visit: what she says to the offer, and, where it was not today, that it is asked again. What follows when
//! she agrees is in `modes`.

use super::follow::ask_by_phone;
use super::intent::Intent;
use super::modes;
use super::tale::{Tale, merge};
use super::visit::{agree, arrive, give, identify, leave, offer, start};
use super::words;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::Rng;
use serde_json::json;
use warmhand_core::domain::code::{DecisionValue, Mode};
use warmhand_core::domain::organisation::Calendar;

/// A whole first visit, and whatever follows from it.
pub fn first(tale: &mut Tale<'_>, intent: &Intent) {
    if !tale.has_time(65) {
        return;
    }
    // With a baby on one arm it is sometimes written up in the car, a good while later.
    if intent.visitor.home && intent.patient % 8 == 3 && tale.has_time(190) {
        tale.write_later(Some(SignedDuration::from_mins(100)));
    }
    arrive(tale, intent);
    identify(tale, intent);
    offer(tale, intent);
    match intent.says {
        DecisionValue::Agreed | DecisionValue::Withdrew => {
            agree(tale);
            modes::connect(tale, intent);
        }
        DecisionValue::Hesitant | DecisionValue::NotToday => {
            not_today(tale, intent);
            again(tale, intent);
        }
        DecisionValue::DoNotAskAgain => never(tale, intent),
    }
}

/// Not today, with a reason and a day to come back to it; the visit ends.
fn not_today(tale: &mut Tale<'_>, intent: &Intent) {
    const REASONS: [&[&str]; 6] = [
        &["needs_time"],
        &["wants_to_ask_family"],
        &["no_time", "worried_who_finds_out"],
        &["bad_past_experience"],
        &["cost"],
        &["prefers_not_to_say"],
    ];
    let value = if intent.says == DecisionValue::Hesitant {
        "hesitant"
    } else {
        "not_today"
    };
    let reasons = REASONS
        .get(intent.patient % REASONS.len())
        .copied()
        .unwrap_or(&["needs_time"]);
    let on = revisit_on(tale);
    let mut said = json!({ "value": value, "reasons": reasons, "revisit": { "on": on } });
    if tale.rng.random_bool(0.6) {
        let words = words::one_of(words::NOT_TODAY, tale.rng);
        merge(&mut said, json!({ "words": words }));
    }
    tale.act(2, "RecordDecision", said);
    if tale.rng.random_bool(0.5) {
        give(tale);
    }
    leave(tale, 14);
}

fn revisit_on(tale: &mut Tale<'_>) -> Date {
    let days = tale.rng.random_range(5..10);
    Calendar::default().business_day_after(tale.local().date(), days)
}

fn never(tale: &mut Tale<'_>, intent: &Intent) {
    let words = words::one_of(words::NEVER, tale.rng);
    let said = json!({ "value": "do_not_ask_again", "reasons": ["prefers_other_support"], "words": words });
    tale.act(2, "RecordDecision", said);
    give(tale);
    leave(tale, 12);
    let (tablet, coordinator) = (intent.visitor.desk.tablet, intent.visitor.desk.coordinator);
    if tale.turn(tablet, coordinator, tale.at() + 18.hours()) {
        tale.act(1, "CloseLoop", json!({ "reason": "patient_choice" }));
    }
}

/// The visit on the day that was agreed upon, in which it is asked again.
fn again(tale: &mut Tale<'_>, intent: &Intent) {
    let Some(on) = last_revisit(tale) else { return };
    let hour = 9 + i8::try_from(intent.patient % 5).unwrap_or(0);
    let wanted: Timestamp = tale.diary.at(on, hour, 25);
    if !tale.turn(intent.visitor.device, intent.visitor.user, wanted) {
        // Whoever visited her cannot.
        return ask_by_phone(tale, intent, wanted);
    }
    if !tale.has_time(50) {
        return;
    }
    let intent = Intent {
        mode: if intent.visitor.home {
            Mode::Phone
        } else {
            intent.mode
        },
        ..*intent
    };
    start(tale, &intent);
    offer(tale, &intent);
    if tale.rng.random_bool(0.7) {
        agree(tale);
        modes::connect(tale, &intent);
    } else {
        not_today(tale, &intent);
        again(tale, &intent);
    }
}

fn last_revisit(tale: &Tale<'_>) -> Option<Date> {
    use warmhand_core::domain::payload::Revisit;
    use warmhand_core::usecase::Command;
    tale.steps
        .iter()
        .rev()
        .find_map(|step| match &step.command {
            Command::RecordDecision(decision) => match decision.revisit {
                Some(Revisit::On(date)) => Some(date),
                _ => None,
            },
            _ => None,
        })
}
