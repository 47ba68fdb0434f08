//! The twelve things that always hold, each by its name.

use crate::event::*;
use serde_json::{Value, json};
use warmhand_core::domain::code::{Grade, LeaveCheck, ShareKind, TaskKind};
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{ReceiptTimes, Receipts, read};
use warmhand_tests::ledger::Ledger;
use warmhand_tests::world::{World, wide_sheet};

fn sending(plan: EntryId, items: &[&str]) -> ElectronicSent {
    said(json!({"partner": "har", "transport": "portal", "plan": plan, "items": items}))
}

#[test]
fn i1_no_contact_with_a_practice_and_nothing_sent_without_a_live_agreement() {
    for value in ["hesitant", "not_today", "do_not_ask_again", "withdrew"] {
        let (mut ledger, visit) = agreed();
        let plan = ledger.says("n1", plan(&["name"])).unwrap();
        ledger.says("n1", decision(value, Some(visit))).unwrap();
        assert_eq!(
            ledger.says("n1", call(Some(visit))),
            Err(Breach::NotAgreed),
            "{value}"
        );
        assert_eq!(
            ledger.says("n1", sending(plan, &["name"])),
            Err(Breach::NotAgreed),
            "{value}"
        );
        let mut own = call(Some(visit));
        own.basis = warmhand_core::domain::code::ContactBasis::PatientCalls;
        ledger.says("n1", own).unwrap();
    }
}

#[test]
fn i2_what_is_derived_is_never_stored() {
    fn keys(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| {
                all.push(key.clone());
                keys(value, all);
            }),
            Value::Array(items) => items.iter().for_each(|item| keys(item, all)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    for seed in 0..40 {
        let mut world = World::new(seed, &wide_sheet());
        (0..60).for_each(|_| drop(world.attempt()));
        for entry in (0..5).flat_map(|at| world.union(at)) {
            keys(
                &serde_json::from_str(&entry.to_text().unwrap()).unwrap(),
                &mut all,
            );
        }
    }
    for derived in [
        "warm",
        "grade",
        "leave_check",
        "overdue",
        "closed",
        "stage",
        "late_entry",
    ] {
        assert!(!all.iter().any(|key| key == derived), "{derived}");
    }
}

#[test]
fn i3_the_leave_check_informs_and_never_blocks() {
    let (mut ledger, visit) = identified();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    let reading = ledger.reading();
    assert_eq!(reading.encounters[0].leave_check, LeaveCheck::Fail);
    assert!(reading.tasks.iter().any(|t| t.kind == TaskKind::NextDay));
    ledger
        .says(
            "n1",
            said::<LeaveReasonGiven>(json!({"encounter": visit, "reason": "baby"})),
        )
        .unwrap();
    assert!(
        ledger
            .reading()
            .tasks
            .iter()
            .any(|t| t.kind == TaskKind::NextDay),
        "the task stays"
    );
}

#[test]
fn i4_a_step_without_a_date_or_a_contact_is_no_step() {
    let (mut ledger, _) = agreed();
    let bare: NextStepSet = said(
        json!({"what": "our_callback", "due_at": "2026-03-05T13:00-05:00[America/New_York]",
        "contact_name": "Mia", "contact_channel": "voice", "contact_value": ""}),
    );
    assert_eq!(ledger.says("n1", bare), Err(Breach::StepIncomplete));
    let dateless = json!({"what": "our_callback", "contact_name": "Mia", "contact_channel": "voice", "contact_value": "1"});
    assert!(serde_json::from_value::<NextStepSet>(dateless).is_err());
}

#[test]
fn i5_a_resolution_clears_the_flags_that_it_names_and_no_other() {
    let mut ledger = Ledger::record();
    let flags: Vec<EntryId> = (0..3)
        .map(|_| ledger.says("d1", raised("staff_concern")).unwrap())
        .collect();
    let resolved = SafetyResolved {
        flags: vec![flags[1]],
        note: "seen".into(),
        seen: Vec::new(),
    };
    ledger.says("p1", resolved).unwrap();
    let open: Vec<_> = ledger.joined().open_flags().map(|f| f.id).collect();
    assert_eq!(open, [flags[0], flags[2]]);
}

#[test]
fn i6_nothing_is_deleted_a_correction_is_one_more_entry() {
    let mut world = World::new(11, &wide_sheet());
    let mut before = 0;
    for _ in 0..200 {
        world.attempt();
        let now: usize = (0..5).map(|at| world.union(at).len()).sum();
        assert!(now >= before);
        before = now;
    }
    let record = world.fold(0, 0);
    for voided in &record.voided {
        assert!(record.past.get(voided.entry).is_some());
    }
}

#[test]
fn i7_a_total_is_the_sum_of_its_items_and_a_blank_is_not_zero() {
    use warmhand_core::domain::code::{Instrument, ScreenResult, SelfHarm};
    let score = |items: &[Option<u8>]| Instrument::Phq9.score(items, None, Some(10)).unwrap();
    let whole = score(&[Some(2); 9]);
    assert_eq!((whole.total, whole.self_harm), (Some(18), SelfHarm::Yes));
    let mut blank = vec![Some(0); 8];
    blank.push(None);
    let blank = score(&blank);
    assert_eq!(
        (blank.total, blank.result),
        (None, ScreenResult::Incomplete)
    );
    assert_eq!(blank.self_harm, SelfHarm::Unanswered);
}

#[test]
fn i8_an_appointment_is_a_wall_time_and_a_zone_and_its_instant_is_computed() {
    let (mut ledger, _) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-09T09:30"))
        .unwrap();
    let entry = ledger
        .entries()
        .into_iter()
        .find(|e| e.id == booked)
        .unwrap();
    let text = entry.to_text().unwrap();
    assert!(
        text.contains(r#""start_local":"2026-03-09T09:30:00","zone":"America/New_York""#),
        "{text}"
    );
    assert_eq!(
        ledger.fold().appointments[0].slot.start.to_string(),
        "2026-03-09T13:30:00Z"
    );
}

#[test]
fn i9_a_practice_sees_the_items_of_the_plan_that_was_frozen_when_it_was_sent() {
    let (mut ledger, _) = agreed();
    let wide = ledger.says("n1", plan(&["name", "callback"])).unwrap();
    ledger
        .says("n1", sending(wide, &["name", "callback"]))
        .unwrap();
    ledger.says("n1", plan(&["reason"])).unwrap();
    let record = ledger.fold();
    assert_eq!(
        record.sent[0].said.items,
        [ShareKind::Name, ShareKind::Callback]
    );
    assert_eq!(record.sent[0].said.plan, wide);
}

#[test]
fn i10_a_refusal_says_nothing_of_what_is_in_the_record() {
    let (mut ledger, _) = identified();
    ledger
        .says(
            "n1",
            said::<PatientDescribed>(json!({"preferred_name": "Zyxwvut", "callback": "555-0177"})),
        )
        .unwrap();
    for refused in [
        Body::from(call(None)),
        Body::from(plan(&["name"])),
        Body::from(offer(Some(EntryId(uuid::Uuid::nil())))),
    ] {
        let breach = ledger.says("n1", refused).unwrap_err();
        let refusal = warmhand_core::refusal::Refusal::NotAllowed(breach).to_string();
        assert!(
            !refusal.contains("Zyxwvut") && !refusal.contains("555-0177"),
            "{refusal}"
        );
    }
}

#[test]
fn i11_a_late_event_opens_a_closed_loop_and_is_never_dropped() {
    let (mut ledger, _) = agreed();
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    ledger
        .says_seeing(
            "c1",
            said::<LoopClosed>(json!({"reason": "already_in_care"})),
            &seen,
        )
        .unwrap();
    assert!(ledger.reading().closed.is_some());
    let late = ledger.says_seeing("n1", call(None), &seen).unwrap();
    assert!(ledger.reading().closed.is_none());
    assert!(ledger.fold().attempts.iter().any(|a| a.entry.id == late));
}

#[test]
fn i12_a_clock_that_is_off_is_marked_and_orders_nothing() {
    let (ledger, _) = agreed();
    let off = |minutes: i64| {
        let entries = ledger.entries();
        let receipts = entries.iter().map(|e| {
            (
                e.id,
                ReceiptTimes {
                    received_at: e.recorded_at,
                    offset_ms: minutes * 60_000,
                },
            )
        });
        let receipts = Receipts(receipts.collect());
        read(&ledger.joined(), &receipts, &ledger.sheet, ledger.now).records[0].clone()
    };
    assert_eq!(off(5).clock_off, 0);
    assert_eq!(off(-6).clock_off as usize, ledger.entries().len());
    assert_eq!(off(6).grade, off(0).grade);
    assert_eq!(off(0).grade, Some(Grade::W0));
}
