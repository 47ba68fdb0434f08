//! What a visit is made of: who she is, what she filled in, that somebody saw the need, the offer, and its end.

use super::cast;
use super::intent::Intent;
use super::tale::{Tale, merge};
use super::words;
use rand::Rng;
use serde_json::json;
use warmhand_core::domain::code::Mode;
use warmhand_core::domain::id::EntryId;

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

/// She agrees.
pub fn agree(tale: &mut Tale<'_>) {
    tale.act(2, "RecordDecision", json!({ "value": "agreed" }));
}

/// Something is left with her.
pub fn give(tale: &mut Tale<'_>) {
    let what = words::one_of(words::MATERIAL, tale.rng);
    tale.act(2, "GiveMaterial", json!({ "what": what }));
}
