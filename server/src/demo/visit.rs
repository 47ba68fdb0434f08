//! A visit: who she is, what she filled in, that somebody saw the need, the offer, and what she said to it. What follows
//! when she agrees is in `modes`.

use super::cast::{self, Visitor};
use super::follow;
use super::modes;
use super::tale::Tale;
use super::words;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::Rng;
use serde_json::{Value, json};
use warmhand_core::domain::code::{DecisionValue, Mode};
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::organisation::Calendar;

/// What a handoff is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intent {
    /// The patient's number.
    pub patient: usize,
    /// Who sees her.
    pub visitor: Visitor,
    /// How she is to meet the practice.
    pub mode: Mode,
    /// What she says to it at first.
    pub says: DecisionValue,
    /// How well things go, about 1: it gets better over the weeks.
    pub luck: f64,
}

impl Intent {
    /// Does something come about that does so with this chance?
    pub fn holds(&self, tale: &mut Tale<'_>, chance: f64) -> bool {
        tale.rng.random_bool((chance * self.luck).clamp(0.02, 0.97))
    }
}

const LANGUAGES: [(&str, bool); 8] = [
    ("en", false),
    ("en", false),
    ("es", false),
    ("en", false),
    ("es", true),
    ("en", false),
    ("vi", true),
    ("ht", true),
];

/// The record is opened, she is described, the visit begins.
pub fn arrive(tale: &mut Tale<'_>, intent: &Intent) {
    tale.open(intent.visitor.desk.site, &cast::patient(intent.patient));
    let (language, interpreter) = LANGUAGES
        .get(intent.patient % LANGUAGES.len())
        .copied()
        .unwrap_or(("en", false));
    let mut said = json!({ "language": language, "callback": cast::callback(intent.patient) });
    if interpreter {
        merge(&mut said, json!({ "interpreter_needed": true }));
    }
    tale.act(1, "DescribePatient", said);
    start(tale, intent);
}

/// A visit begins.
pub fn start(tale: &mut Tale<'_>, intent: &Intent) {
    let (setting, signal) = if intent.visitor.home {
        ("home", "voice_only")
    } else {
        ("clinic", "data")
    };
    let signal = if intent.mode == Mode::Portal {
        "data"
    } else {
        signal
    };
    tale.act(
        1,
        "StartEncounter",
        json!({ "setting": setting, "signal": signal }),
    );
}

/// The visit ends; what was to be written up later has been.
pub fn leave(tale: &mut Tale<'_>, minutes: i64) {
    tale.act(minutes, "EndEncounter", json!({}));
    tale.write_later(None);
}

/// A screen, if she who visits may, and the need.
pub fn identify(tale: &mut Tale<'_>, intent: &Intent) {
    let request = intent.patient % 9 == 4;
    if !intent.visitor.screens || request || intent.patient % 7 == 6 {
        let basis = if request {
            "patient_request"
        } else {
            "judgement"
        };
        tale.act(
            9,
            "IdentifyNeed",
            json!({ "basis": basis, "urgency": "soon" }),
        );
        return;
    }
    let screen = screen(tale, intent, 0);
    let urgency = if intent.patient.is_multiple_of(5) {
        "soon"
    } else {
        "routine"
    };
    tale.act(
        4,
        "IdentifyNeed",
        json!({ "basis": "screen", "screen": screen, "urgency": urgency }),
    );
}

/// A screen with this answer to the item that asks about harm to herself.
pub fn screen(tale: &mut Tale<'_>, intent: &Intent, last: u8) -> EntryId {
    let (instrument, items) = match intent.patient % 4 {
        0 if last == 0 => ("gad7", 7),
        1 => ("phq9", 9),
        _ => ("epds", 10),
    };
    let mut answers: Vec<u8> = (0..items)
        .map(|at| {
            if at < 4 {
                2
            } else {
                tale.rng.random_range(0..=2)
            }
        })
        .collect();
    // Enough for every cutoff, whatever chance says: four times two, and one more two.
    if let Some(fifth) = answers.get_mut(4) {
        *fifth = 2;
    }
    if instrument != "gad7"
        && let Some(answer) = answers.last_mut()
    {
        *answer = last;
    }
    let mode = if intent.visitor.home {
        "interview"
    } else {
        "self"
    };
    tale.act(
        7,
        "RecordScreen",
        json!({ "instrument": instrument, "mode": mode, "items": answers }),
    )
}

/// The offer.
pub fn offer(tale: &mut Tale<'_>, intent: &Intent) {
    let script = match (intent.mode, intent.visitor.home) {
        (Mode::InPerson, _) => "T3",
        (Mode::Coordinator, _) => "T4",
        (Mode::Portal, _) => "T5",
        (_, true) => "T2",
        (_, false) => "T1",
    };
    tale.act(
        3,
        "OfferHandoff",
        json!({ "mode": intent.mode, "script": script }),
    );
}

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

/// She agrees.
pub fn agree(tale: &mut Tale<'_>) {
    tale.act(2, "RecordDecision", json!({ "value": "agreed" }));
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

/// Something is left with her.
pub fn give(tale: &mut Tale<'_>) {
    let what = words::one_of(words::MATERIAL, tale.rng);
    tale.act(2, "GiveMaterial", json!({ "what": what }));
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

/// The coordinator asks again, on the phone.
pub fn ask_by_phone(tale: &mut Tale<'_>, intent: &Intent, wanted: Timestamp) {
    if !follow::coordinator(tale, intent, wanted) {
        return;
    }
    follow::reached_her(tale, 2);
    let said = json!({ "mode": Mode::Coordinator, "script": "T10", "outreach": true });
    tale.act(1, "OfferHandoff", said);
    tale.act(
        2,
        "RecordDecision",
        json!({ "value": "agreed", "outreach": true }),
    );
    let booking = follow::book(tale, 9, modes::JUNIPER, 3..9, true);
    follow::course(tale, intent, booking, true);
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

/// Adds fields to a command's.
pub fn merge(fields: &mut Value, more: Value) {
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
}
