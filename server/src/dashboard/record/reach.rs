//! How to reach her, as sentences: each number with what may be left there, her language, her pronouns.

use super::sentence;
use crate::dashboard::page::SentenceRow;
use crate::dashboard::words;
use warmhand_core::domain::code::Channel;
use warmhand_core::domain::fold::Number;
use warmhand_core::domain::join::{Patient, Reach};

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

const TWO_NUMBERS: &str = "two numbers: verify before leaving any message";

/// Why she has to be asked before anything is left there.
fn in_question(patient: &Patient, number: &Number, rule: &Reach) -> Option<String> {
    let message = match number.channel {
        Channel::Text => "send a text",
        _ => "leave voicemail",
    };
    if patient.has_several(number.channel) {
        return Some(TWO_NUMBERS.to_owned());
    }
    let conflict = format!("verify; do not {message}: conflicting instructions");
    rule.disputed.then_some(conflict)
}

/// A number, with what may be left there: by the rule of its own means.
fn on_number(patient: &Patient, number: &Number) -> SentenceRow {
    let (key, verb, message) = match number.channel {
        Channel::Text => ("text", "Text", "send a text"),
        _ => ("call", "Call", "leave voicemail"),
    };
    let rule = patient.reach.iter().find(|r| r.channel == number.channel);
    let detail = match rule {
        Some(rule) => {
            let asks = in_question(patient, number, rule);
            // What holds meanwhile is said as well: when she may be called, and who else answers, is not in question. Nothing
            // is left anywhere until she has been asked, whatever the rule allows.
            let is_clear = asks.is_none();
            let allows = [rule.voicemail_ok, rule.text_ok, rule.say_org_name_ok];
            let strict = sentence::rule(
                allows.map(|allowed| allowed && is_clear),
                &rule.safe_hours,
                rule.shared_phone,
            );
            match asks {
                Some(why) => format!("{why} · until then: {strict}"),
                None => strict,
            }
        }
        None if patient.has_several(number.channel) => TWO_NUMBERS.to_owned(),
        None => format!("do not {message} until she has said so"),
    };
    SentenceRow::new(
        &format!("reach-{key}-{}", number.entry),
        &format!("{verb} {}", number.number),
        &detail,
    )
}
