//! What settling a question about a number, or about how to reach her, says anew, and what it leaves as it is.

use super::ReviewScreen;
use crate::domain::code::{Channel, ReviewKind};
use crate::domain::fold::Record;
use crate::domain::id::EntryId;
use crate::domain::join::Patient;
use crate::domain::ledger::{Ledger, PATIENT, said};
use crate::domain::payload::{ContactRuleSet, PatientDescribed};
use crate::domain::read::Receipts;
use crate::usecase::{Command, rehearse_to};
use crate::view::bench::laid;
use serde_json::json;

fn rule(channel: &str, value: Option<&str>, ok: bool) -> ContactRuleSet {
    said(
        json!({"channel": channel, "value": value, "voicemail_ok": ok, "text_ok": ok, "say_org_name_ok": ok}),
    )
}

fn callback(number: &str) -> PatientDescribed {
    said(json!({"callback": number}))
}

/// The open question of a kind, in whichever record it is asked.
fn question(records: &[Record], kind: ReviewKind) -> Option<ReviewScreen> {
    records.iter().find_map(|record| {
        laid(records.to_vec(), record.id, |desk, summary| {
            let mut open = summary.review.iter().filter(|q| q.is_open());
            let item = open.find(|q| q.kind == kind)?.id;
            ReviewScreen::of(desk, summary, &Receipts::default(), item)
        })
    })
}

/// Her records once this side was chosen.
fn settled(records: &[Record], kind: ReviewKind, keep: EntryId) -> Patient {
    let screen = question(records, kind).expect("the question is open");
    let choice = screen.choices.iter().find(|c| c.keep == keep).unwrap();
    assert!(choice.can);
    let after = laid(records.to_vec(), screen.record, |desk, _| {
        rehearse_to(choice.settle.clone(), desk, None).unwrap()
    });
    let others = records.iter().filter(|r| r.id != screen.record).cloned();
    Patient::of(PATIENT, others.chain(after).collect())
}

fn numbers(patient: &Patient, channel: Channel) -> Vec<&str> {
    let of = patient.numbers.iter().filter(|n| n.channel == channel);
    of.map(|n| n.number.as_str()).collect()
}

#[test]
fn a_number_that_is_settled_brings_back_no_rule_that_was_made_stricter_since() {
    let mut ledger = Ledger::record(1);
    let old = ledger.says("10:00", rule("voice", Some("555-0100"), true));
    ledger.says("10:30", rule("voice", None, false));
    let mut other = Ledger::record(2);
    other.says("10:10", callback("555-0111"));
    let records = [ledger.fold(), other.fold()];
    let screen = question(&records, ReviewKind::TwoNumbers).unwrap();
    assert_eq!(screen.choices.len(), 2, "one button a side");
    let patient = settled(&records, ReviewKind::TwoNumbers, old);
    assert_eq!(numbers(&patient, Channel::Voice), ["555-0100"]);
    assert!(!patient.reach[0].voicemail_ok);
    // Whichever side is chosen, it is not asked again.
    assert!(question(&patient.records, ReviewKind::TwoNumbers).is_none());
    let theirs = other.entries[1].id;
    let patient = settled(&records, ReviewKind::TwoNumbers, theirs);
    assert_eq!(numbers(&patient, Channel::Voice), ["555-0111"]);
    assert!(question(&patient.records, ReviewKind::TwoNumbers).is_none());
}

#[test]
fn a_number_for_texts_is_settled_as_one_for_texts_under_the_rule_that_acts() {
    let mut ledger = Ledger::record(1);
    let first = ledger.says("10:00", rule("text", Some("555-0100"), true));
    ledger.says("10:30", rule("text", None, false));
    let mut other = Ledger::record(2);
    other.says("10:10", rule("text", Some("555-0122"), true));
    let records = [ledger.fold(), other.fold()];
    let patient = settled(&records, ReviewKind::TwoNumbers, first);
    assert_eq!(numbers(&patient, Channel::Text), ["555-0100"]);
    assert!(numbers(&patient, Channel::Voice).is_empty());
    assert!(!patient.reach[0].text_ok, "she was not asked about it");
    assert!(question(&patient.records, ReviewKind::TwoNumbers).is_none());
}

#[test]
fn a_rule_that_is_settled_leaves_a_newer_number_as_it_is() {
    let mut ledger = Ledger::record(1);
    let loose = ledger.says("10:00", rule("voice", Some("555-0100"), true));
    ledger.says("10:30", callback("555-0133"));
    let mut other = Ledger::record(2);
    other.says("10:10", rule("voice", None, false));
    let records = [ledger.fold(), other.fold()];
    let patient = settled(&records, ReviewKind::ContactRuleDisputed, loose);
    assert_eq!(numbers(&patient, Channel::Voice), ["555-0133"]);
    assert!(patient.reach[0].voicemail_ok && !patient.reach[0].disputed);
    assert!(question(&patient.records, ReviewKind::ContactRuleDisputed).is_none());
}

#[test]
fn nor_does_one_tap_let_the_looser_rule_stand_in_one_record_before_she_is_asked() {
    let mut ledger = Ledger::record(1);
    let seen = ledger.heads();
    let loose = ledger.says_seeing("10:00", rule("voice", Some("555-0100"), true), &seen);
    ledger.says_seeing("10:05", rule("voice", None, false), &seen);
    // From the chart, by somebody who had seen both: a third answer, and a third sentence.
    ledger.says("10:10", rule("voice", None, true));
    let records = [ledger.fold()];
    let screen = question(&records, ReviewKind::ContactRuleDisputed).unwrap();
    let read: Vec<_> = screen.sentences.iter().map(|s| s.entry).collect();
    let answers: Vec<_> = screen.choices.iter().map(|c| c.keep).collect();
    assert_eq!(read.len(), 3);
    assert_eq!(read, answers, "each answer has its sentence");
    for choice in &screen.choices {
        let Command::SetContactRule(anew) = &choice.settle else {
            panic!("{:?}", choice.settle)
        };
        assert!(anew.confirmed_with_patient && anew.value.is_none());
    }
    let patient = settled(&records, ReviewKind::ContactRuleDisputed, loose);
    assert!(patient.reach[0].voicemail_ok && !patient.reach[0].disputed);
    assert!(question(&patient.records, ReviewKind::ContactRuleDisputed).is_none());
}
