//! The safety panel in each state: it is always there, it ranks what to call, and it says in words when this device can
//! alert nobody.

use super::before;
use crate::event::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::json;
use warmhand_core::app::{App, Place};
use warmhand_core::domain::code::{Channel, FlagStatus, SafetyCall};
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::payload::*;
use warmhand_core::refusal::Refusal;
use warmhand_core::view::{Action, Alert, OwnSteps, Purpose, SafetyPanel};
use warmhand_tests::ledger::Ledger;
use warmhand_tests::organisation::sheet;
use warmhand_tests::town::Town;

const HOTLINE: &str = "1-833-852-6262";

fn shown(ledger: &Ledger, user: &str) -> SafetyPanel {
    before(ledger, user, |desk, _, receipts| {
        SafetyPanel::of(desk, receipts, false, Vec::new())
    })
}

/// Whatever is missing, this is there.
fn says_whom_to_call(panel: &SafetyPanel) {
    let order: Vec<SafetyCall> = panel.calls.iter().map(|c| c.call).collect();
    assert_eq!(
        order.first_chunk(),
        Some(&[SafetyCall::Emergency911, SafetyCall::Lifeline988])
    );
    assert_eq!(order.last(), Some(&SafetyCall::MaternalHotline));
    assert!(!panel.reasons.is_empty());
}

#[test]
fn danger_and_crisis_come_first_and_the_hotline_is_support_and_not_a_crisis_line() {
    let mut sheet = sheet();
    sheet.safety = serde_json::from_value(json!({"on_call": [
        {"name": "Dr. Patel", "role": "on call", "channel": "voice", "value": "555-0188"},
        {"name": "Kim Osei", "channel": "voice", "value": "555-0163"}]}))
    .unwrap();
    let panel = SafetyPanel::bare(Some(&sheet), false);
    let rank: Vec<(SafetyCall, Purpose, Option<&str>)> = panel
        .calls
        .iter()
        .map(|c| (c.call, c.purpose, c.name.as_deref()))
        .collect();
    assert_eq!(
        rank,
        [
            (SafetyCall::Emergency911, Purpose::DangerNow, None),
            (SafetyCall::Lifeline988, Purpose::CrisisLine, None),
            (SafetyCall::OnCall, Purpose::OnCall, Some("Dr. Patel")),
            (SafetyCall::OnCall, Purpose::OnCall, Some("Kim Osei")),
            (
                SafetyCall::MaternalHotline,
                Purpose::SupportNotACrisisLine,
                None
            ),
        ]
    );
    let hotline = panel.calls.last().unwrap();
    assert!(hotline.day_and_night);
    assert!(hotline.ways.iter().all(|w| w.value == HOTLINE));
    let lifeline = &panel.calls[1];
    let spanish: Vec<_> = lifeline
        .ways
        .iter()
        .filter(|w| w.language.as_deref() == Some("es"))
        .map(|w| (w.channel, w.say.as_deref()))
        .collect();
    assert_eq!(
        spanish,
        [(Channel::Voice, Some("2")), (Channel::Text, Some("AYUDA"))]
    );
}

#[test]
fn own_steps_are_in_force_only_when_a_clinical_lead_has_signed_them() {
    let mut sheet = sheet();
    let steps = |sheet: &_| SafetyPanel::bare(Some(sheet), false).steps;
    assert_eq!(steps(&sheet), OwnSteps::NotInForce);
    sheet.safety.steps = vec!["Stay with her".into()];
    assert_eq!(steps(&sheet), OwnSteps::NotInForce, "nobody signed them");
    // A blank, a nurse, a stranger: none of them is a clinical lead.
    for nobody in [" ", "n1", "Ana Duarte", "Dr. Nobody"] {
        sheet.safety.signed_by = Some(nobody.into());
        assert_eq!(steps(&sheet), OwnSteps::NotInForce, "{nobody}");
    }
    for lead in ["p1", "Dr. Patel"] {
        sheet.safety.signed_by = Some(lead.into());
        assert_eq!(
            steps(&sheet),
            OwnSteps::InForce {
                steps: vec!["Stay with her".into()],
                signed_by: "Dr. Patel".into()
            }
        );
    }
    assert_eq!(SafetyPanel::bare(None, false).steps, OwnSteps::NotHere);
}

#[test]
fn the_panel_is_there_without_an_enrolment_a_sheet_or_anybody_signed_in() {
    let town = Town::default();
    let mut app = App::open(&Place::Memory, Box::new(ChaCha20Rng::seed_from_u64(5))).unwrap();
    let fresh = app.safety_panel(None, town.now());
    says_whom_to_call(&fresh);
    assert_eq!(
        (fresh.steps.clone(), fresh.alert),
        (OwnSteps::NotHere, Alert::CannotAlert)
    );
    assert!(fresh.problems.iter().all(|o| o.why == Refusal::NotEnrolled));
    let code = town
        .run(
            town.server()
                .issue_code("tablet".into(), "tablet".into(), vec!["n1".into()]),
        )
        .unwrap();
    let asked = app.enrol(&code.text, town.now());
    let carried = town.carry(&asked);
    app.sync_answered(asked.number, &carried, town.now())
        .unwrap();
    assert_eq!(app.signed_in(), Ok(None));
    let signed_out = app.safety_panel(None, town.now());
    says_whom_to_call(&signed_out);
    assert_eq!(signed_out.steps, OwnSteps::NotInForce, "its sheet is here");
    assert!(signed_out.flags.is_empty());
    assert!(
        signed_out
            .problems
            .iter()
            .all(|o| o.why == Refusal::SignedOut)
    );
}

#[test]
fn a_panel_for_somebody_who_is_not_signed_in_shows_no_patient() {
    let town = Town::default();
    let mut phone = town.device("nurse", &["n1"]);
    let (record, _) = phone.handoff(&town, "Rosa");
    phone.does(
        &town,
        json!({"RaiseSafety": {"record": record, "reason": "staff_concern"}}),
    );
    let mut other = App::open(&Place::Memory, Box::new(ChaCha20Rng::seed_from_u64(6))).unwrap();
    other.sync_wanted();
    let panel = other.safety_panel(Some(record), town.now());
    says_whom_to_call(&panel);
    assert!(panel.flags.is_empty());
    assert!(
        !phone
            .app
            .safety_panel(Some(record), town.now())
            .flags
            .is_empty()
    );
}

#[test]
fn offline_it_says_that_it_can_alert_nobody_until_the_server_has_the_flag() {
    let town = Town::default();
    let mut phone = town.device("nurse", &["n1"]);
    let (record, _) = phone.handoff(&town, "Rosa");
    town.wait(5);
    let alert = |phone: &warmhand_tests::town::Phone| {
        phone.app.safety_panel(Some(record), town.now()).alert
    };
    assert_eq!(alert(&phone), Alert::CannotAlert);
    phone.does(
        &town,
        json!({"RaiseSafety": {"record": record, "reason": "no_sleep_high_energy"}}),
    );
    let panel = phone.app.safety_panel(Some(record), town.now());
    assert_eq!(panel.alert, Alert::CannotAlert);
    assert!(panel.can_raise && panel.can_hand && !panel.can_resolve);
    says_whom_to_call(&panel);
    phone.sync(&town);
    assert_eq!(alert(&phone), Alert::ServerKnows);
    town.wait(30);
    assert_eq!(alert(&phone), Alert::ServerKnows, "it still has it");
    phone.does(
        &town,
        json!({"RaiseSafety": {"record": record, "reason": "violence"}}),
    );
    assert_eq!(
        alert(&phone),
        Alert::CannotAlert,
        "one of the two is not there"
    );
}

#[test]
fn a_link_is_believed_for_two_minutes_and_not_after_a_failure() {
    let town = Town::default();
    let mut phone = town.device("nurse", &["n1"]);
    phone.sync(&town);
    let alert =
        |phone: &warmhand_tests::town::Phone| phone.app.safety_panel(None, town.now()).alert;
    assert_eq!(alert(&phone), Alert::CanAlert);
    town.wait(1);
    phone.app.sync_wanted();
    let warmhand_core::app::SyncStep::Send(asked) = phone.app.sync_next(town.now()).unwrap() else {
        panic!("it has nothing to say");
    };
    phone
        .app
        .sync_answered(
            asked.number,
            &warmhand_core::app::Carried::Failed,
            town.now(),
        )
        .unwrap();
    assert_eq!(alert(&phone), Alert::CannotAlert);
    town.wait(1);
    phone.sync(&town);
    assert_eq!(alert(&phone), Alert::CanAlert);
    town.wait(3);
    assert_eq!(alert(&phone), Alert::CannotAlert);
}

#[test]
fn everybody_may_hand_over_and_only_a_licensed_clinician_assesses_and_resolves() {
    let mut ledger = Ledger::record();
    ledger.says("d1", raised("staff_concern")).unwrap();
    for (user, hands, resolves) in [
        ("d1", true, false),
        ("ma", true, false),
        ("sup", true, false),
        ("p1", true, true),
        ("adm", false, false),
    ] {
        let panel = shown(&ledger, user);
        assert_eq!(
            (panel.can_hand, panel.can_resolve, panel.can_assess),
            (hands, resolves, resolves),
            "{user}"
        );
        assert!(panel.can_raise, "{user}: a worry is taken from everyone");
        let refused = panel
            .problems
            .iter()
            .find(|o| o.action == Action::ResolveSafety);
        assert_eq!(
            refused.map(|o| o.why.clone()),
            (!resolves).then_some(Refusal::NotAllowed(Breach::Role)),
            "{user}"
        );
        says_whom_to_call(&panel);
    }
    assert!(
        shown(&ledger, "n1")
            .clinicians
            .contains(&"Dr. Patel".to_owned())
    );
}

#[test]
fn it_asks_again_when_nobody_has_it_after_the_time_and_stops_when_somebody_has() {
    let mut ledger = Ledger::record();
    let flag = ledger.says("n1", raised("staff_concern")).unwrap();
    ledger.wait(9);
    assert!(!shown(&ledger, "n1").asks_again);
    ledger.wait(1);
    assert!(shown(&ledger, "n1").asks_again);
    let handed: SafetyHanded = said(json!({"flags": [flag], "to": "Dr. Patel", "how": "phone"}));
    ledger.says("n1", handed).unwrap();
    let panel = shown(&ledger, "n1");
    assert!(!panel.asks_again);
    assert_eq!(panel.flags[0].status, FlagStatus::Handed);
    assert_eq!(panel.flags[0].handed_to.as_deref(), Some("Dr. Patel"));
    assert!(panel.alert == Alert::ServerKnows);
}

#[test]
fn an_open_flag_stands_before_nothing_but_closing() {
    let (mut ledger, _) = agreed();
    let free = before(&ledger, "n1", |desk, s, r| {
        warmhand_core::view::HandoffScreen::of(desk, s.clone(), r, Vec::new()).unwrap()
    });
    ledger.says("n1", raised("staff_concern")).unwrap();
    let flagged = before(&ledger, "n1", |desk, s, r| {
        warmhand_core::view::HandoffScreen::of(desk, s.clone(), r, Vec::new()).unwrap()
    });
    assert!(free.may.close && !flagged.may.close);
    let same = warmhand_core::view::May {
        close: free.may.close,
        hand_safety: free.may.hand_safety,
        ..flagged.may
    };
    assert_eq!(same, free.may, "leaving, calling and saving go on");
}
