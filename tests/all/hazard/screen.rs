//! Hazards of screens: one form entered twice, and two versions of one.

use super::*;
use warmhand_core::domain::code::{SelfHarm, Stage};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::id::DocumentId;
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{Receipts, Summary, read};

fn phq2(result: &str) -> ScreenRecorded {
    said(
        json!({"instrument": "phq2", "mode": "interview", "result": result, "self_harm": "unavailable"}),
    )
}

/// A document of answers that one device began for itself, with this form in it.
fn answers(ledger: &Ledger, at: u128, screen: EntryId, items: [u8; 2]) -> Record {
    let mut own = Ledger::empty();
    let opened: ScreensOpened =
        said(json!({"patient": ledger.patient, "site": "home", "record": ledger.doc}));
    own.says("n1", opened).unwrap();
    let answered: ScreenAnswered = said(
        json!({"screen": screen, "record": ledger.doc, "instrument": "phq2", "items": items,
            "total": items.iter().sum::<u8>(), "total_only": false}),
    );
    own.says("n1", answered).unwrap();
    Record::of(DocumentId(uuid::Uuid::from_u128(at)), &own.entries())
}

/// The patient with these documents of answers, and her record as it reads.
fn with(ledger: &Ledger, answers: &[Record]) -> (Patient, Summary) {
    let mut documents = answers.to_vec();
    documents.push(ledger.fold());
    let patient = Patient::of(ledger.patient, documents);
    let reading = read(&patient, &Receipts::default(), &ledger.sheet, ledger.now);
    let record = reading.records[0].clone();
    (patient, record)
}

/// A positive form from paper, and from a tablet by somebody who had not seen that.
fn entered_twice() -> (Ledger, [EntryId; 2]) {
    let mut ledger = Ledger::record();
    let positive = || phq2("positive");
    let twice = both(&mut ledger, ("n1", positive()), ("n2", positive()));
    (ledger, twice)
}

fn asked(summary: &Summary) -> usize {
    let open = summary.review.iter().filter(|q| q.is_open());
    open.filter(|q| q.kind == ReviewKind::DuplicateScreen)
        .count()
}

#[test]
fn h10_one_form_entered_twice_counts_once_though_its_answers_lie_in_two_documents() {
    let (ledger, [paper, tablet]) = entered_twice();
    let held = [
        answers(&ledger, 1, paper, [1, 2]),
        answers(&ledger, 2, tablet, [1, 2]),
    ];
    let (patient, record) = with(&ledger, &held);
    assert_eq!(asked(&record), 0);
    assert_eq!(patient.repeated.into_iter().collect::<Vec<_>>(), [tablet]);
    assert_eq!(ledger.fold().screens.len(), 2, "both stay in the record");
}

#[test]
fn h10_other_answers_are_a_question_and_a_person_says_which_form_stands() {
    let (mut ledger, [paper, tablet]) = entered_twice();
    let held = [
        answers(&ledger, 1, paper, [1, 2]),
        answers(&ledger, 2, tablet, [1, 3]),
    ];
    let (_, record) = with(&ledger, &held);
    assert_eq!((asked(&record), record.stage), (1, Stage::NeedsAPerson));
    let question = record.review[0].clone();
    assert_eq!(question.choices, [paper, tablet]);
    // Whoever does not hold the answers cannot know that they differ.
    assert_eq!(asked(&with(&ledger, &held[..1]).1), 0);
    let settled: ReviewSettled = said(json!({"items": [question.id], "keep": paper}));
    assert_eq!(ledger.says("d1", settled.clone()), Err(Breach::Role));
    let stranger: ReviewSettled = said(json!({"items": [question.id], "keep": uuid::Uuid::nil()}));
    assert_eq!(ledger.says("n1", stranger), Err(Breach::NoSuchItem));
    ledger.says("n1", settled).unwrap();
    let (_, record) = with(&ledger, &held);
    assert_eq!((asked(&record), record.review[0].keep), (0, Some(paper)));
}

#[test]
fn h10_the_same_answers_long_after_are_another_sitting_and_asked_about() {
    let mut ledger = Ledger::record();
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let paper = ledger.says("n1", phq2("positive")).unwrap();
    ledger.wait(11);
    let tablet = ledger.says_seeing("n2", phq2("positive"), &seen).unwrap();
    let held = [
        answers(&ledger, 1, paper, [1, 2]),
        answers(&ledger, 2, tablet, [1, 2]),
    ];
    assert_eq!(asked(&with(&ledger, &held).1), 1);
}

#[test]
fn h10_results_that_differ_are_a_question_to_everybody_and_the_higher_self_harm_item_drives_safety()
{
    let mut ledger = Ledger::record();
    both(
        &mut ledger,
        ("n1", phq2("positive")),
        ("n2", phq2("negative")),
    );
    assert_eq!(asked(&with(&ledger, &[]).1), 1);
    let mut ledger = Ledger::record();
    let screen = |harm: &str| -> ScreenRecorded {
        said(
            json!({"instrument": "phq9", "mode": "interview", "result": "negative", "self_harm": harm}),
        )
    };
    both(&mut ledger, ("n1", screen("no")), ("n2", screen("yes")));
    assert_eq!(ledger.joined().open_flags().count(), 1);
    // What one of them had seen is a second screen, not the same one again.
    let mut ledger = Ledger::record();
    ledger.says("n1", phq2("positive")).unwrap();
    ledger.says("n2", phq2("negative")).unwrap();
    assert_eq!(asked(&with(&ledger, &[]).1), 0);
}

#[test]
fn h11_two_amendments_are_both_kept_and_the_worse_item_counts_until_a_clinician_signs() {
    let mut ledger = Ledger::record();
    let screen: ScreenRecorded = said(
        json!({"instrument": "phq9", "mode": "interview", "result": "positive", "self_harm": "no"}),
    );
    let first = ledger.says("n1", screen).unwrap();
    let version = |harm: &str, result: &str| -> ScreenAmended {
        said(
            json!({"screen": first, "instrument": "phq9", "mode": "interview", "result": result, "self_harm": harm}),
        )
    };
    let [calm, _] = both(
        &mut ledger,
        ("n1", version("no", "negative")),
        ("c1", version("yes", "positive")),
    );
    assert_eq!(open(&ledger), [ReviewKind::ScreenVersions]);
    let read = &ledger.fold().screens[0];
    assert_eq!(
        (read.versions.len(), read.self_harm, read.signed),
        (3, SelfHarm::Yes, None)
    );
    ledger.says("p1", ScreenSigned { version: calm }).unwrap();
    assert!(open(&ledger).is_empty());
    assert_eq!(ledger.fold().screens[0].self_harm, SelfHarm::No);
    assert_eq!(
        ledger.joined().open_flags().count(),
        1,
        "the flag is a clinician's to resolve"
    );
}
