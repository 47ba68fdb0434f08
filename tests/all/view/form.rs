//! The forms: what each says of a draft is what the command is told, and nothing that she did not agree to is on a card.

use super::before;
use crate::event::*;
use jiff::civil::date;
use serde_json::json;
use warmhand_core::domain::code::{DecisionValue, NeedBasis, ShareKind, StepKind};
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::payload::*;
use warmhand_core::refusal::{Problem, Refusal};
use warmhand_core::view::{
    Action, AppointmentDraft, AppointmentForm, CallCard, DecisionDraft, DecisionScreen,
    HandoffDraft, NewHandoffScreen, NextStepDraft, NextStepScreen, Obstacle, PatientCard,
    SharedPiece, Wait,
};
use warmhand_tests::ledger::Ledger;

fn why(problems: &[Obstacle], action: Action) -> Option<Refusal> {
    let found = problems.iter().find(|o| o.action == action);
    found.map(|o| o.why.clone())
}

fn decide(ledger: &Ledger, user: &str, draft: &DecisionDraft) -> DecisionScreen {
    before(ledger, user, |desk, _, _| {
        DecisionScreen::of(desk, draft).unwrap()
    })
}

fn book(ledger: &Ledger, user: &str, draft: &AppointmentDraft) -> AppointmentForm {
    before(ledger, user, |desk, _, _| {
        AppointmentForm::of(desk, draft).unwrap()
    })
}

#[test]
fn a_decision_says_what_each_answer_needs_and_no_answer_needs_more() {
    let (mut ledger, visit) = identified();
    ledger.says("n1", offer(Some(visit))).unwrap();
    let screen = decide(&ledger, "n1", &DecisionDraft::default());
    let needs: Vec<_> = screen
        .choices
        .iter()
        .map(|c| (c.value, c.can, c.needs_reason, c.needs_revisit))
        .collect();
    assert_eq!(
        needs,
        [
            (DecisionValue::Agreed, true, false, false),
            (DecisionValue::Hesitant, true, true, true),
            (DecisionValue::NotToday, true, true, true),
            (DecisionValue::DoNotAskAgain, true, false, false),
            (DecisionValue::Withdrew, true, false, false),
        ]
    );
    assert!(!screen.can_save, "nothing is chosen yet");
    // Tuesday the 3rd: one, two and four weeks on.
    assert_eq!(
        screen.revisit_on,
        [date(2026, 3, 10), date(2026, 3, 17), date(2026, 3, 31)]
    );
    let bare = DecisionDraft {
        value: Some(DecisionValue::NotToday),
        ..DecisionDraft::default()
    };
    let screen = decide(&ledger, "n1", &bare);
    assert_eq!(
        why(&screen.problems, Action::Save),
        Some(Refusal::NotAllowed(Breach::ReasonMissing))
    );
    let whole = DecisionDraft {
        reasons: vec![screen.reasons[0]],
        revisit: Some(Revisit::On(screen.revisit_on[0])),
        ..bare
    };
    assert!(decide(&ledger, "n1", &whole).can_save);
}

#[test]
fn nothing_is_offered_again_after_she_declined_and_the_form_says_why() {
    let (mut ledger, visit) = identified();
    assert!(decide(&ledger, "n1", &DecisionDraft::default()).can_offer);
    ledger.says("n1", offer(Some(visit))).unwrap();
    ledger
        .says("n1", decision("hesitant", Some(visit)))
        .unwrap();
    let screen = decide(&ledger, "n1", &DecisionDraft::default());
    assert!(!screen.can_offer);
    assert_eq!(
        why(&screen.problems, Action::Offer),
        Some(Refusal::NotAllowed(Breach::AskedAgain))
    );
}

#[test]
fn a_booking_form_says_what_stands_before_it() {
    let (mut ledger, visit) = identified();
    let empty = book(&ledger, "n1", &AppointmentDraft::default());
    assert_eq!(
        why(&empty.problems, Action::Book),
        Some(Refusal::Invalid {
            field: "start_local",
            problem: Problem::Empty
        })
    );
    let draft = AppointmentDraft {
        partner: Some("har".into()),
        start_local: Some(date(2026, 3, 12).at(9, 0, 0, 0)),
        ..AppointmentDraft::default()
    };
    let early = book(&ledger, "n1", &draft);
    assert_eq!(
        why(&early.problems, Action::Book),
        Some(Refusal::NotAllowed(Breach::NotAgreed))
    );
    ledger.says("n1", offer(Some(visit))).unwrap();
    ledger.says("n1", decision("agreed", Some(visit))).unwrap();
    let ready = book(&ledger, "n1", &draft);
    assert!(ready.can_book && ready.problems.is_empty());
    assert_eq!(
        (ready.days_away, ready.wait),
        (Some(9), Some(Wait::OverAWeek))
    );
    ledger
        .says("c1", booking("jun", "2026-03-10T11:00"))
        .unwrap();
    let second = book(&ledger, "n1", &draft);
    assert_eq!(
        why(&second.problems, Action::Book),
        Some(Refusal::NotAllowed(Breach::LiveAppointment))
    );
    let standing = &second.standing[0];
    assert_eq!(standing.partner, "Juniper Clinic");
    let replacing = AppointmentDraft {
        replaces: vec![standing.appointment],
        ..draft
    };
    let form = book(&ledger, "n1", &replacing);
    assert!(form.can_book && form.standing[0].is_replaced);
}

#[test]
fn a_booking_form_knows_the_clock_of_the_practice() {
    let (ledger, _) = agreed();
    let at = |start| {
        book(
            &ledger,
            "n1",
            &AppointmentDraft {
                partner: Some("har".into()),
                start_local: Some(start),
                ..AppointmentDraft::default()
            },
        )
    };
    let skipped = at(date(2026, 3, 8).at(2, 30, 0, 0));
    assert_eq!(
        why(&skipped.problems, Action::Book),
        Some(Refusal::Invalid {
            field: "start_local",
            problem: Problem::InGap
        })
    );
    assert!(skipped.start.is_none());
    let twice = at(date(2026, 11, 1).at(1, 30, 0, 0));
    assert!(twice.is_twice && twice.is_closed_then && twice.wait == Some(Wait::OverTwoWeeks));
    let usual = at(date(2026, 3, 4).at(13, 0, 0, 0));
    assert!(!usual.is_twice && !usual.is_closed_then && !usual.is_past);
    assert!(at(date(2026, 3, 2).at(13, 0, 0, 0)).is_past);
}

#[test]
fn a_missed_visit_is_made_up_for_and_a_doula_books_for_herself() {
    let (mut ledger, _) = agreed();
    let missed = ledger
        .says("n1", booking("har", "2026-03-03T11:00"))
        .unwrap();
    ledger.wait(90);
    let outcome: OutcomeRecorded =
        said(json!({"appointment": missed, "value": "no_show", "source": "partner"}));
    ledger.says("n1", outcome).unwrap();
    let draft = AppointmentDraft {
        partner: Some("har".into()),
        start_local: Some(date(2026, 3, 12).at(9, 0, 0, 0)),
        ..AppointmentDraft::default()
    };
    assert_eq!(book(&ledger, "d1", &draft).makes_up_for, Some(missed));
    let administrator = book(&ledger, "adm", &draft);
    assert!(!administrator.can_book && !administrator.can_propose);
    assert_eq!(
        why(&administrator.problems, Action::Book),
        Some(Refusal::NotAllowed(Breach::Role))
    );
}

#[test]
fn a_step_without_a_contact_is_a_draft_and_a_whole_one_counts_for_leaving() {
    let (ledger, _) = agreed();
    let show = |draft: &NextStepDraft| {
        before(&ledger, "n1", |desk, _, _| {
            NextStepScreen::of(desk, draft).unwrap()
        })
    };
    let dated = NextStepDraft {
        what: Some(StepKind::PartnerCallback),
        due_local: Some(date(2026, 3, 4).at(10, 0, 0, 0)),
        partner: Some("har".into()),
        ..NextStepDraft::default()
    };
    let screen = show(&dated);
    assert_eq!(
        why(&screen.problems, Action::SetStep),
        Some(Refusal::NotAllowed(Breach::StepIncomplete))
    );
    assert_eq!(screen.counts_for_leaving, None);
    // One tap on a contact fills the form.
    let contact = &screen.contacts[0];
    let whole = NextStepDraft {
        contact_name: contact.name.clone(),
        contact_value: contact.value.clone(),
        ..dated
    };
    let screen = show(&whole);
    assert!(screen.can_save && screen.problems.is_empty());
    assert_eq!(screen.counts_for_leaving, Some(true));
    assert_eq!(
        screen.owners[0].name, "Carla Reyes",
        "who holds it comes first"
    );
    let past = NextStepDraft {
        due_local: Some(date(2026, 3, 3).at(9, 0, 0, 0)),
        ..whole
    };
    assert_eq!(show(&past).counts_for_leaving, Some(false));
}

#[test]
fn a_new_handoff_shows_who_may_be_meant_and_begins_only_with_a_ground() {
    let (ledger, _) = identified();
    let named: PatientDescribed = said(json!({"preferred_name": "Rosa Marín"}));
    let mut ledger = ledger;
    ledger.says("n1", named).unwrap();
    let records = [ledger.reading()];
    let show = |user: &str, draft: &HandoffDraft| {
        before(&ledger, user, |desk, _, _| {
            let mut ids = warmhand_core::usecase::Counting::default();
            let nowhere = warmhand_core::usecase::Desk {
                patient: None,
                record: None,
                reading: None,
                now: desk.now,
                person: desk.person,
                device: desk.device,
                sheet: desk.sheet,
                rng: std::cell::RefCell::new(&mut ids),
            };
            NewHandoffScreen::of(&nowhere, draft, &records)
        })
    };
    let draft = HandoffDraft {
        name: "rosa".into(),
        ..HandoffDraft::default()
    };
    let screen = show("n1", &draft);
    assert_eq!(screen.known[0].name, "Rosa Marín");
    assert!(screen.known[0].has_open_handoff, "go on there");
    assert_eq!(screen.site, Some("home".into()), "she works at one site");
    assert_eq!(screen.owner.as_deref(), Some("Carla Reyes"));
    assert!(screen.can_open && !screen.can_begin);
    let grounded = HandoffDraft {
        basis: Some(NeedBasis::Judgement),
        ..draft.clone()
    };
    assert!(show("n1", &grounded).can_begin);
    assert_eq!(show("c1", &draft).site, None, "she works at two");
    let administrator = show(
        "adm",
        &HandoffDraft {
            site: Some("home".into()),
            ..grounded
        },
    );
    assert!(!administrator.can_open && !administrator.can_begin);
}

#[test]
fn the_call_card_holds_nothing_that_she_did_not_agree_to_share() {
    let (mut ledger, _) = agreed();
    let named: PatientDescribed =
        said(json!({"preferred_name": "Rosa", "callback": "555-0111", "born_on": "1996-05-01"}));
    ledger.says("n1", named).unwrap();
    let card = |ledger: &Ledger| {
        before(ledger, "n1", |desk, _, _| {
            CallCard::of(desk, Some(&"har".into()), |_| None).unwrap()
        })
    };
    let unconfirmed = card(&ledger);
    assert!(!unconfirmed.plan_confirmed && unconfirmed.shared.is_empty());
    assert!(unconfirmed.can_call && unconfirmed.can_confirm_plan);
    assert_eq!(unconfirmed.dial.unwrap().value, "555-0142");
    ledger.says("n1", plan(&["name", "reason"])).unwrap();
    let shared = card(&ledger).shared;
    assert_eq!(shared.len(), 2);
    assert_eq!(shared[0], SharedPiece::Name(Some("Rosa".into())));
    let text = serde_json::to_string(&card(&ledger)).unwrap();
    for kept in ["555-0111", "1996", ShareKind::Scores.as_str()] {
        assert!(!text.contains(kept), "{kept} is on the card");
    }
    ledger.says("n1", decision("withdrew", None)).unwrap();
    let stopped = card(&ledger);
    assert_eq!(
        why(&stopped.problems, Action::ContactPartner),
        Some(Refusal::NotAllowed(Breach::NotAgreed))
    );
}

#[test]
fn the_card_that_she_keeps_says_nothing_of_scores_of_safety_or_of_the_record() {
    let (mut ledger, visit) = agreed();
    let screen: ScreenRecorded = said(
        json!({"instrument": "epds", "mode": "interview", "result": "positive",
        "self_harm": "yes", "encounter": visit}),
    );
    ledger.says("n1", screen).unwrap();
    let card = |ledger: &Ledger| before(ledger, "n1", |desk, _, _| PatientCard::of(desk).unwrap());
    assert!(card(&ledger).next.is_none(), "nothing is agreed yet");
    ledger
        .says("n1", booking("har", "2026-03-09T09:30"))
        .unwrap();
    // Whoever lives with her may read it: no house is named before she has allowed it, and the number is there.
    let unnamed = card(&ledger).next.unwrap();
    let contact = unnamed.if_nothing_happens.unwrap();
    assert_eq!((unnamed.with, contact.name), (None, None));
    assert_eq!(contact.value, "555-0142");
    let rule: ContactRuleSet = said(
        json!({"channel": "voice", "voicemail_ok": true, "text_ok": true,
        "say_org_name_ok": true, "confirmed_with_patient": true}),
    );
    ledger.says("n1", rule).unwrap();
    let kept = card(&ledger);
    let next = kept.next.as_ref().unwrap();
    assert_eq!(next.with.as_deref(), Some("Harbor Counseling"));
    assert_eq!(next.when.local, date(2026, 3, 9).at(9, 30, 0, 0));
    assert_eq!(next.if_nothing_happens.as_ref().unwrap().value, "555-0142");
    let text = serde_json::to_string(&kept).unwrap().to_lowercase();
    for word in [
        "epds",
        "positive",
        "self_harm",
        "severe",
        "score",
        "flag",
        "depress",
        "diagnos",
        "red",
        "grade",
        "risk",
        "stage",
        "refus",
    ] {
        assert!(!text.contains(word), "the card says {word}");
    }
}
