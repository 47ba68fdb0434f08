//! How to reach her, as sentences: each number with what may be left there, her language, her pronouns.

use super::sentence;
use crate::dashboard::page::SentenceRow;
use crate::dashboard::words;
use warmhand_core::domain::code::Channel;
use warmhand_core::domain::fold::Number;
use warmhand_core::domain::join::Patient;

/// How she may be reached, over all her records: of two instructions the stricter, until she has been asked.
pub(super) fn rows(patient: &Patient) -> Vec<SentenceRow> {
    let numbers = patient.numbers.iter();
    let mut rows: Vec<SentenceRow> = numbers.map(|number| on_number(patient, number)).collect();
    if let Some(language) = patient.language() {
        let with = if patient.interpreter_needed() == Some(true) {
            ", with an interpreter"
        } else {
            ""
        };
        rows.push(SentenceRow::new(
            "reach-language",
            &format!("{}{with}", words::language(language)),
            "",
        ));
    }
    if let Some(pronouns) = patient.pronouns() {
        rows.push(SentenceRow::new("reach-pronouns", pronouns, ""));
    }
    rows
}

/// A number, with what may be left there: by the rule of its own means.
fn on_number(patient: &Patient, number: &Number) -> SentenceRow {
    let (key, verb, message) = match number.channel {
        Channel::Text => ("text", "Text", "send a text"),
        _ => ("call", "Call", "leave voicemail"),
    };
    let of = |n: &&Number| n.channel == number.channel;
    let rule = patient.reach.iter().find(|r| r.channel == number.channel);
    let detail = match rule {
        _ if patient.numbers.iter().filter(of).count() > 1 => {
            "two numbers: verify before leaving any message".to_owned()
        }
        Some(rule) if rule.disputed => format!("do not {message}: conflicting instructions"),
        Some(rule) => sentence::rule(
            [rule.voicemail_ok, rule.text_ok, rule.say_org_name_ok],
            &rule.safe_hours,
            rule.shared_phone,
        ),
        None => format!("do not {message} until she has said so"),
    };
    SentenceRow::new(
        &format!("reach-{key}-{}", number.entry),
        &format!("{verb} {}", number.number),
        &detail,
    )
}
