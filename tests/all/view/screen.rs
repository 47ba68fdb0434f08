//! Writing down the scores of a form: by number, a blank is a blank, and an answer about self-harm opens the panel at
//! once.

use super::before;
use crate::event::*;
use serde_json::json;
use warmhand_core::domain::code::{Instrument, ScreenMode, ScreenResult, SelfHarm};
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::payload::*;
use warmhand_core::refusal::{Problem, Refusal};
use warmhand_core::usecase::Command;
use warmhand_core::view::{Action, ScreenDraft, ScreenForm};
use warmhand_tests::ledger::Ledger;

fn form(ledger: &Ledger, user: &str, draft: &ScreenDraft) -> ScreenForm {
    before(ledger, user, |desk, _, _| {
        ScreenForm::of(desk, draft).unwrap()
    })
}

fn epds(items: &[Option<u8>]) -> ScreenDraft {
    ScreenDraft {
        instrument: Some(Instrument::Epds),
        mode: Some(ScreenMode::PaperTranscribed),
        items: items.to_vec(),
        ..ScreenDraft::default()
    }
}

fn lacks(form: &ScreenForm) -> Option<Refusal> {
    let found = form
        .problems
        .iter()
        .find(|o| o.action == Action::RecordScreen);
    found.map(|o| o.why.clone())
}

#[test]
fn items_are_numbers_and_what_they_come_to_grows_with_them() {
    let ledger = Ledger::record();
    let empty = form(&ledger, "n1", &ScreenDraft::default());
    assert!(empty.items.is_empty() && !empty.can_save);
    let field = |field| {
        Some(Refusal::Invalid {
            field,
            problem: Problem::Empty,
        })
    };
    assert_eq!(lacks(&empty), field("instrument"));
    let begun = form(&ledger, "n1", &epds(&[]));
    assert_eq!(begun.items.len(), 10);
    assert_eq!(begun.blank, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(
        (begun.so_far, begun.total, begun.result),
        (Some(0), None, None)
    );
    assert_eq!(lacks(&begun), field("items"), "nothing is written down yet");
    let some = form(&ledger, "n1", &epds(&[Some(3), None, Some(2)]));
    assert_eq!(some.blank, [2, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!((some.so_far, some.total), (Some(5), None));
    assert_eq!(
        (some.result, some.self_harm),
        (Some(ScreenResult::Incomplete), Some(SelfHarm::Unanswered)),
        "a blank is not zero"
    );
    assert!(some.can_save, "what is known is kept");
    let mut whole = vec![Some(1); 9];
    whole.push(Some(0));
    let whole = form(&ledger, "n1", &epds(&whole));
    assert_eq!((whole.so_far, whole.total), (Some(9), Some(9)));
    assert_eq!(whole.result, Some(ScreenResult::Negative));
    assert!(!whole.opens_safety_panel && whole.can_save);
    assert!(matches!(whole.save, Some(Command::RecordScreen(_))));
}

#[test]
fn an_answer_about_self_harm_opens_the_panel_before_anything_is_saved() {
    let ledger = Ledger::record();
    let mut items = vec![None; 9];
    items.push(Some(1));
    let last = form(&ledger, "n1", &epds(&items));
    assert!(last.opens_safety_panel && last.items[9].is_safety);
    assert_eq!(last.result, Some(ScreenResult::Incomplete));
    // Whatever else does not fit, and whoever is not allowed to keep it.
    items[0] = Some(9);
    let unfit = form(&ledger, "d1", &epds(&items));
    assert!(unfit.opens_safety_panel && !unfit.can_save);
    assert!(unfit.items[0].is_out_of_range);
    assert!(unfit.result.is_none(), "what is no score is none");
    items[0] = None;
    let doula = form(&ledger, "d1", &epds(&items));
    assert_eq!(lacks(&doula), Some(Refusal::NotAllowed(Breach::Role)));
    let yes = ScreenDraft {
        instrument: Some(Instrument::CssrsScreener),
        mode: Some(ScreenMode::Interview),
        items: vec![Some(1)],
        ..ScreenDraft::default()
    };
    assert!(form(&ledger, "n1", &yes).opens_safety_panel);
}

#[test]
fn a_total_alone_rules_nothing_out_and_the_suicide_screener_has_none() {
    let ledger = Ledger::record();
    let total = |instrument, total| ScreenDraft {
        instrument: Some(instrument),
        mode: Some(ScreenMode::Imported),
        total_only: true,
        total,
        ..ScreenDraft::default()
    };
    let known = form(&ledger, "n1", &total(Instrument::Epds, Some(12)));
    assert!(known.items.is_empty() && known.can_save);
    assert_eq!(
        (known.total, known.result, known.self_harm),
        (
            Some(12),
            Some(ScreenResult::Positive),
            Some(SelfHarm::Unavailable)
        )
    );
    assert!(!form(&ledger, "n1", &total(Instrument::Epds, None)).can_save);
    assert!(!form(&ledger, "n1", &total(Instrument::Epds, Some(31))).can_save);
    let none = form(&ledger, "n1", &total(Instrument::CssrsScreener, Some(1)));
    assert!(!none.can_total_only && !none.can_save);
    // Questions 3 to 5 are asked only after a yes to the second, and nothing is added up.
    let asked = |second| {
        let draft = ScreenDraft {
            instrument: Some(Instrument::CssrsScreener),
            mode: Some(ScreenMode::Interview),
            items: vec![Some(0), Some(second)],
            ..ScreenDraft::default()
        };
        let shown = form(&ledger, "n1", &draft);
        assert_eq!((shown.so_far, shown.total), (None, None));
        shown.blank
    };
    assert_eq!(asked(0), [6]);
    assert_eq!(asked(1), [3, 4, 5, 6]);
}

#[test]
fn another_version_is_of_the_same_form_and_no_word_is_harder_than_positive() {
    let mut ledger = Ledger::record();
    let recorded: ScreenRecorded = said(
        json!({"instrument": "phq9", "mode": "interview", "result": "negative", "self_harm": "no"}),
    );
    let first = ledger.says("n1", recorded).unwrap();
    let draft = ScreenDraft {
        amends: Some(first),
        mode: Some(ScreenMode::Interview),
        items: vec![Some(3); 9],
        ..ScreenDraft::default()
    };
    let shown = form(&ledger, "n1", &draft);
    assert_eq!(shown.instrument, Some(Instrument::Phq9));
    assert!(shown.is_amendment && shown.can_save);
    assert!(matches!(shown.save, Some(Command::AmendScreen(_))));
    let text = serde_json::to_string(&shown).unwrap();
    assert!(text.contains("positive"));
    for word in ["severe", "moderate", "mild", "risk"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn a_form_that_is_turned_to_her_says_nothing_of_what_it_comes_to() {
    let ledger = Ledger::record();
    let mut all = vec![Some(2); 9];
    all.push(Some(1));
    let hers = ScreenDraft {
        mode: Some(ScreenMode::Own),
        ..epds(&all)
    };
    let shown = form(&ledger, "n1", &hers);
    assert_eq!(
        (shown.so_far, shown.total, shown.cutoff),
        (None, None, None)
    );
    assert_eq!((shown.result, shown.self_harm), (None, None));
    assert!(shown.items.iter().all(|row| !row.is_safety));
    assert!(shown.opens_safety_panel, "the sign for staff");
    assert!(shown.can_save);
}
