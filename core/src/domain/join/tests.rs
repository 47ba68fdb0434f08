//! How she may be reached, where several people said it: what is proposed, two means, and what was not asked of her.

use super::Patient;
use crate::domain::code::{Channel, ReviewKind};
use crate::domain::fold::Record;
use crate::domain::ledger::{Ledger, PATIENT, said};
use crate::domain::payload::{ContactRuleSet, PatientDescribed};
use serde_json::json;

fn rule(channel: &str, voicemail_ok: bool) -> ContactRuleSet {
    said(
        json!({"channel": channel, "voicemail_ok": voicemail_ok, "text_ok": voicemail_ok, "say_org_name_ok": true}),
    )
}

fn number(channel: &str, value: &str) -> ContactRuleSet {
    ContactRuleSet {
        value: Some(value.to_owned()),
        ..rule(channel, channel == "voice")
    }
}

fn confirmed(rule: ContactRuleSet) -> ContactRuleSet {
    ContactRuleSet {
        confirmed_with_patient: true,
        ..rule
    }
}

fn joined(records: Vec<Record>) -> Patient {
    Patient::of(PATIENT, records)
}

fn open(record: &Record) -> Vec<ReviewKind> {
    let open = record.review.iter().filter(|item| item.is_open());
    open.map(|item| item.kind).collect()
}

#[test]
fn a_proposal_alone_gives_leave_for_nothing() {
    let proposed = |channel| ContactRuleSet {
        proposed: true,
        ..rule(channel, true)
    };
    let mut ledger = Ledger::record(1);
    ledger.says("10:00", proposed("voice"));
    let reach = &joined(vec![ledger.fold()]).reach[0];
    assert!(!reach.voicemail_ok && !reach.text_ok && !reach.say_org_name_ok);
    // What somebody may say of one means gives no leave for another.
    let mut ledger = Ledger::record(1);
    ledger.says("10:00", rule("voice", true));
    ledger.says("10:10", proposed("text"));
    let patient = joined(vec![ledger.fold()]);
    let may = |channel| patient.reach.iter().find(|r| r.channel == channel).unwrap();
    assert!(may(Channel::Voice).voicemail_ok);
    assert!(!may(Channel::Text).text_ok);
}

#[test]
fn a_number_for_calls_and_one_for_texts_are_two_facts() {
    let mut ledger = Ledger::record(1);
    ledger.says("10:00", number("voice", "555-0100"));
    ledger.says("10:10", number("text", "555-0122"));
    let patient = joined(vec![ledger.fold()]);
    assert_eq!(patient.numbers.len(), 2);
    // Two people say one each, unseen: nothing there contradicts.
    let mut ledger = Ledger::record(1);
    let seen = ledger.heads();
    ledger.says_seeing("10:00", number("voice", "555-0100"), &seen);
    ledger.says_seeing("10:10", number("text", "555-0122"), &seen);
    assert_eq!(open(&ledger.fold()), []);
    let mut other = Ledger::record(2);
    other.says("10:20", number("text", "555-0122"));
    let patient = joined(vec![ledger.fold(), other.fold()]);
    assert_eq!((patient.numbers.len(), patient.across.len()), (2, 0));
    // A callback is a number for calls.
    let callback: PatientDescribed = said(json!({"callback": "555-0133"}));
    ledger.says("11:00", callback);
    assert_eq!(joined(vec![ledger.fold()]).numbers.len(), 2);
    let seen = ledger.heads();
    ledger.says_seeing("11:10", number("voice", "555-0144"), &seen);
    ledger.says_seeing("11:10", number("voice", "555-0155"), &seen);
    assert_eq!(open(&ledger.fold()), [ReviewKind::TwoNumbers]);
}

#[test]
fn two_instructions_are_not_brought_together_without_asking_her() {
    let mut ledger = Ledger::record(1);
    let seen = ledger.heads();
    ledger.says_seeing("10:00", rule("voice", true), &seen);
    ledger.says_seeing("10:05", rule("voice", false), &seen);
    // From the chart, by somebody who had seen both.
    ledger.says("10:10", rule("voice", true));
    let reach = &joined(vec![ledger.fold()]).reach[0];
    assert!(!reach.voicemail_ok && reach.disputed);
    assert_eq!(open(&ledger.fold()), [ReviewKind::ContactRuleDisputed]);
    ledger.says("10:20", rule("voice", true));
    assert!(!joined(vec![ledger.fold()]).reach[0].voicemail_ok);
    ledger.says("11:00", confirmed(rule("voice", true)));
    let reach = &joined(vec![ledger.fold()]).reach[0];
    assert!(reach.voicemail_ok && !reach.disputed);
    assert_eq!(open(&ledger.fold()), []);
    // Nobody contradicted her since: a later instruction takes the place of this one.
    ledger.says("11:10", rule("voice", false));
    ledger.says("11:20", rule("voice", true));
    assert!(joined(vec![ledger.fold()]).reach[0].voicemail_ok);
}

#[test]
fn nor_are_two_instructions_in_two_records() {
    let mut ledger = Ledger::record(1);
    ledger.says("10:00", rule("voice", true));
    let mut other = Ledger::record(2);
    let strict = other.says("10:05", rule("voice", false));
    let seeing = |rule| ContactRuleSet {
        sees: vec![strict],
        ..rule
    };
    ledger.says("10:10", seeing(rule("voice", true)));
    let patient = joined(vec![ledger.fold(), other.fold()]);
    assert!(!patient.reach[0].voicemail_ok && patient.across[0].is_open());
    ledger.says("11:00", confirmed(seeing(rule("voice", true))));
    let patient = joined(vec![ledger.fold(), other.fold()]);
    assert!(patient.reach[0].voicemail_ok && !patient.across[0].is_open());
}

#[test]
fn what_a_person_decided_holds_against_what_was_said_meanwhile_and_not_against_what_is_said_later()
{
    let mut ledger = Ledger::record(1);
    let seen = ledger.heads();
    ledger.says_seeing("10:00", rule("voice", true), &seen);
    let strict = ledger.says_seeing("10:05", rule("voice", false), &seen);
    ledger.says("10:10", rule("voice", true));
    let items: Vec<_> = ledger.fold().review.iter().map(|item| item.id).collect();
    let settled: crate::domain::payload::ReviewSettled =
        said(json!({"items": items, "keep": strict}));
    ledger.says("10:20", settled);
    assert_eq!(open(&ledger.fold()), []);
    assert!(!joined(vec![ledger.fold()]).reach[0].voicemail_ok);
    ledger.says("10:30", rule("voice", true));
    assert!(joined(vec![ledger.fold()]).reach[0].voicemail_ok);
}

#[test]
fn a_number_for_texts_is_held_back_once_another_took_its_place_for_calls() {
    let mut ledger = Ledger::record(1);
    let texts = ContactRuleSet {
        text_ok: true,
        ..number("text", "555-0100")
    };
    ledger.says("10:00", number("voice", "555-0100"));
    ledger.says("10:10", texts.clone());
    assert!(joined(vec![ledger.fold()]).reach[1].text_ok);
    let callback: PatientDescribed = said(json!({"callback": "555-0133"}));
    ledger.says("11:00", callback);
    let patient = joined(vec![ledger.fold()]);
    let kept: Vec<_> = patient.numbers.iter().map(|n| n.number.as_str()).collect();
    assert_eq!(kept, ["555-0133", "555-0100"], "no number is dropped");
    let of_texts = &patient.reach[1];
    assert!(of_texts.disputed && !of_texts.text_ok && !of_texts.say_org_name_ok);
    assert!(
        !patient.reach[0].disputed,
        "the number for calls is not in question"
    );
    // From the chart it lifts nothing; once she has been asked it holds.
    ledger.says("11:10", texts.clone());
    assert!(joined(vec![ledger.fold()]).reach[1].disputed);
    ledger.says("11:20", confirmed(texts));
    let of_texts = &joined(vec![ledger.fold()]).reach[1];
    assert!(of_texts.text_ok && !of_texts.disputed);
}
