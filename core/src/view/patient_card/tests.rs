//! Which steps the card promises: those that somebody will still do, and no others.

use super::{CardHow, PatientCard};
use crate::domain::code::StepKind;
use crate::domain::entry::Body;
use crate::domain::id::EntryId;
use crate::domain::ledger::{Ledger, said};
use crate::domain::payload::{
    ContactAttempted, DecisionRecorded, NeedIdentified, NextStepCancelled, NextStepFulfilled,
    NextStepSet, PartnerDeclined,
};
use crate::view::bench::laid;
use serde_json::json;

fn decided(value: &str) -> DecisionRecorded {
    let declined = matches!(value, "not_today" | "hesitant");
    let reasons = if declined {
        json!(["no_time"])
    } else {
        json!([])
    };
    let revisit = declined.then(|| json!({"on": "2026-03-19"}));
    said(json!({"value": value, "patient_initiated": true, "reasons": reasons, "revisit": revisit}))
}

fn step(what: &str, partner: Option<&str>) -> NextStepSet {
    said(
        json!({"what": what, "due_at": "2026-03-05T10:00[America/New_York]", "contact_name": "Mia",
        "contact_channel": "voice", "contact_value": "555-0142", "partner": partner}),
    )
}

/// She agreed at ten, and this step was set.
fn ledger(what: &str, partner: Option<&str>) -> (Ledger, EntryId) {
    let mut ledger = Ledger::record(1);
    let need: NeedIdentified =
        said(json!({"basis": "judgement", "need": "therapy", "urgency": "routine"}));
    ledger.says("09:00", need);
    ledger.says("10:00", decided("agreed"));
    let id = ledger.says("10:10", step(what, partner));
    (ledger, id)
}

/// The step that her card promises.
fn shown(ledger: &Ledger) -> Option<StepKind> {
    let card = laid(vec![ledger.fold()], ledger.id, |desk, _| {
        PatientCard::of(desk)
    })
    .unwrap();
    match card.next?.how {
        CardHow::Step(what, _) => Some(what),
        CardHow::Visit(_) => None,
    }
}

const THEIR_CALL: (&str, Option<&str>, StepKind) =
    ("partner_callback", Some("har"), StepKind::PartnerCallback);
/// Somebody named at a practice that is not on the sheet: no promise of a practice runs for it.
const NO_PROMISE: (&str, Option<&str>, StepKind) =
    ("partner_callback", None, StepKind::PartnerCallback);
const OUR_CALL: (&str, Option<&str>, StepKind) = ("our_callback", None, StepKind::OurCallback);
const TOGETHER: (&str, Option<&str>, StepKind) =
    ("three_way_call", Some("har"), StepKind::ThreeWayCall);

#[test]
fn a_step_is_promised_until_it_is_done_or_given_up() {
    for (what, partner, kind) in [THEIR_CALL, NO_PROMISE, OUR_CALL, TOGETHER] {
        let (ledger_, id) = ledger(what, partner);
        assert_eq!(shown(&ledger_), Some(kind), "{what}");
        let given_up: NextStepCancelled = said(json!({"step": id, "reason": "set anew"}));
        for end in [Body::from(NextStepFulfilled { step: id }), given_up.into()] {
            let (mut ledger, _) = ledger(what, partner);
            ledger.says("11:00", end);
            assert_eq!(shown(&ledger), None, "{what}");
        }
    }
}

#[test]
fn a_call_that_was_made_or_that_the_practice_declined_is_promised_no_more() {
    let spoke: ContactAttempted = said(
        json!({"with": "partner", "basis": "agreed", "direction": "partner_to_patient", "channel": "voice",
            "outcome": "spoke_directly", "partner": "har", "patient_on_line": true}),
    );
    let declined: PartnerDeclined =
        said(json!({"partner": "har", "reason": "no_capacity", "relayed_by": "n1"}));
    for end in [Body::from(spoke), declined.into()] {
        let (mut ledger, _) = ledger("partner_callback", Some("har"));
        ledger.says("11:00", end);
        assert_eq!(shown(&ledger), None);
    }
}

#[test]
fn after_she_stopped_it_no_call_of_a_practice_is_promised_and_while_she_hesitates_theirs_still_comes()
 {
    let after = |(what, partner, _): (&str, Option<&str>, StepKind), value: &str| {
        let (mut ledger, _) = ledger(what, partner);
        ledger.says("11:00", decided(value));
        shown(&ledger)
    };
    for stops in ["withdrew", "do_not_ask_again"] {
        for step in [THEIR_CALL, NO_PROMISE, TOGETHER] {
            assert_eq!(after(step, stops), None, "{stops}: {}", step.0);
        }
        assert_eq!(
            after(OUR_CALL, stops),
            Some(StepKind::OurCallback),
            "{stops}: that is ours"
        );
    }
    for waits in ["not_today", "hesitant"] {
        for step in [THEIR_CALL, NO_PROMISE, OUR_CALL] {
            assert_eq!(after(step, waits), Some(step.2), "{waits}: {}", step.0);
        }
        assert_eq!(
            after(TOGETHER, waits),
            None,
            "{waits}: we make no call to a practice"
        );
    }
}
