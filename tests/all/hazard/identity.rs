//! Hazards of who she is: two people, or two of her records, that say it two ways.

use super::person::beside;
use super::*;
use crate::view::beside_others;
use warmhand_core::domain::join::{Across, Patient};
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{Reading, Receipts, read};
use warmhand_core::usecase::Command;
use warmhand_core::view::ReviewScreen;

#[test]
fn two_people_who_describe_her_differently_leave_a_question_for_each_thing() {
    let mut ledger = Ledger::record();
    let describe = |fields: serde_json::Value| -> PatientDescribed { said(fields) };
    both(
        &mut ledger,
        (
            "n1",
            describe(json!({"legal_name": "Rosa Maria", "payer_type": "declined",
                "external_ids": [{"system": "county", "value": "A-1"}]})),
        ),
        (
            "c1",
            describe(
                json!({"legal_name": "Rosa Marta", "payer_type": {"said": "medicaid"},
                "external_ids": [{"system": "clinic", "value": "9"}]}),
            ),
        ),
    );
    // One pair of entries is one question, however much of it differs; it is open until the last thing is said anew.
    assert_eq!(open(&ledger), [ReviewKind::TwoValues]);
    ledger
        .says("n1", describe(json!({"legal_name": "Rosa Maria"})))
        .unwrap();
    assert_eq!(open(&ledger), [ReviewKind::TwoValues]);
    ledger
        .says("n1", describe(json!({"payer_type": "declined"})))
        .unwrap();
    // Numbers of two systems were never a disagreement.
    assert!(open(&ledger).is_empty());
    let mut ledger = Ledger::record();
    let stage = |on: &str| describe(json!({"perinatal_stage": {"pregnant": {"due_on": on}}}));
    both(
        &mut ledger,
        ("n1", stage("2026-05-01")),
        ("c1", stage("2026-05-09")),
    );
    assert_eq!(open(&ledger), [ReviewKind::TwoValues]);
}

#[test]
fn names_and_birth_dates_that_two_records_say_two_ways_are_asked_and_said_anew() {
    let mut ledger = Ledger::record();
    let describe = |fields: serde_json::Value| -> PatientDescribed { said(fields) };
    ledger
        .says(
            "n1",
            describe(json!({"preferred_name": "Rosa", "born_on": "1996-02-03"})),
        )
        .unwrap();
    let other = beside(
        &ledger,
        describe(json!({"preferred_name": "Rosa ", "born_on": "1996-03-02"})),
    );
    let theirs = other.described[0].0.id;
    let both_records =
        |ledger: &Ledger| Patient::of(ledger.patient, vec![ledger.fold(), other.clone()]);
    let across = both_records(&ledger).across;
    assert_eq!(across.len(), 1, "one question about one pair: {across:?}");
    assert_eq!(across[0].kind, ReviewKind::TwoValues);
    let patient = both_records(&ledger);
    let reading = read(&patient, &Receipts::default(), &ledger.sheet, ledger.now);
    let asked = |reading: &Reading| -> usize {
        let all = reading.records.iter().flat_map(|r| &r.review);
        all.filter(|q| q.is_open() && q.kind == ReviewKind::TwoValues)
            .count()
    };
    assert_eq!(asked(&reading), 1);
    // Something else said anew leaves it open; the date said anew by somebody who saw both closes it.
    let pronouns = describe(json!({"pronouns": "she", "sees": [theirs]}));
    ledger.says("n1", pronouns).unwrap();
    assert_eq!(both_records(&ledger).across.len(), 1);
    let anew = describe(json!({"born_on": "1996-02-03", "sees": [theirs]}));
    ledger.says("c1", anew).unwrap();
    let patient = both_records(&ledger);
    assert_settled(&patient, &ledger);
    let reading = read(&patient, &Receipts::default(), &ledger.sheet, ledger.now);
    assert_eq!(asked(&reading), 0);
    // It is not gone: when, and what was said.
    let mut questions = reading.records.iter().flat_map(|r| &r.review);
    let told = questions.next().unwrap();
    let last = ledger.entries().last().unwrap().clone();
    assert_eq!(
        (told.settled_at, told.keep),
        (Some(last.occurred_at.timestamp()), Some(last.id))
    );
    assert!(questions.next().is_none());
}

#[test]
fn what_a_person_let_stand_is_what_she_is_called_and_where_she_stands() {
    let mut ledger = Ledger::record();
    let describe = |fields: serde_json::Value| -> PatientDescribed { said(fields) };
    let [kept, _] = both(
        &mut ledger,
        (
            "n1",
            describe(
                json!({"preferred_name": "Rosa", "perinatal_stage": "loss", "language": "es"}),
            ),
        ),
        (
            "c1",
            describe(
                json!({"preferred_name": "Rosie", "perinatal_stage": "other",
                "born_on": "1996-02-03"}),
            ),
        ),
    );
    assert!(ledger.joined().is_after_loss(), "in question: the stricter");
    settle(&mut ledger, "c1", kept);
    let she = ledger.joined();
    assert_eq!(
        (she.name(), she.perinatal_stage(), she.language()),
        (Some("Rosa"), Some(&PerinatalStage::Loss), Some("es"))
    );
    assert!(she.is_after_loss());
    let born = she.born_on().map(|date| date.to_string());
    assert_eq!(born.as_deref(), Some("1996-02-03"), "nobody said otherwise");
    // Somebody who knew of all of it says it anew.
    ledger
        .says("n1", describe(json!({"perinatal_stage": "other"})))
        .unwrap();
    assert!(!ledger.joined().is_after_loss());
}

#[test]
fn a_loss_in_another_record_is_heeded_and_asked_about_until_somebody_who_knew_of_it_says_otherwise()
{
    let mut ledger = Ledger::record();
    let describe = |fields: serde_json::Value| -> PatientDescribed { said(fields) };
    let other = beside(&ledger, describe(json!({"perinatal_stage": "loss"})));
    let theirs = other.described[0].0.id;
    let both_records =
        |ledger: &Ledger| Patient::of(ledger.patient, vec![ledger.fold(), other.clone()]);
    assert!(both_records(&ledger).is_after_loss());
    let stage = json!({"postpartum": {"delivered_on": "2026-02-20"}});
    ledger
        .says("n1", describe(json!({"perinatal_stage": stage})))
        .unwrap();
    let she = both_records(&ledger);
    assert_eq!(she.across.len(), 1, "{:?}", she.across);
    assert!(she.across[0].is_open() && she.is_after_loss());
    // Either side may be said anew, and says the stage.
    beside_others(&ledger, &she, "c1", |desk, summary, receipts| {
        let asked = ReviewScreen::of(desk, summary, receipts, she.across[0].id).unwrap();
        let offered: Vec<_> = asked.choices.iter().map(|c| (c.can, &c.settle)).collect();
        let [
            (true, Command::DescribePatient(loss)),
            (true, Command::DescribePatient(other)),
        ] = offered[..]
        else {
            panic!("{offered:?}")
        };
        let stages = [loss, other].map(|said| said.said.perinatal_stage.clone());
        assert_eq!(stages[0], Some(PerinatalStage::Loss));
        assert!(matches!(stages[1], Some(PerinatalStage::Postpartum { .. })));
    });
    let anew = describe(json!({"perinatal_stage": stage, "sees": [theirs]}));
    ledger.says("c1", anew).unwrap();
    let she = both_records(&ledger);
    assert_settled(&she, &ledger);
    assert!(!she.is_after_loss());
}

/// The only question over two records is closed, by the last entry of this one.
pub(super) fn assert_settled(patient: &Patient, ledger: &Ledger) {
    let last = ledger.entries().last().unwrap().id;
    let by = |a: &Across| a.settled.as_ref().map(|s| s.by);
    let closed: Vec<_> = patient.across.iter().map(by).collect();
    assert_eq!(closed, [Some(last)]);
}
