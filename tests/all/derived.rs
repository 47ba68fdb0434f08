//! Derived values, by tables: grades and the leave-check, promises by the practice's calendar, days, conversion, age.

use crate::event::*;
use jiff::civil::date;
use serde_json::json;
use warmhand_core::domain::code::{Grade, LeaveCheck, Mode, TaskKind};
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::organisation::Settings;
use warmhand_core::domain::partner::is_stale;
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::TaskState;
use warmhand_tests::ledger::Ledger;

fn step(visit: EntryId, due: &str) -> NextStepSet {
    said(
        json!({"what": "our_callback", "due_at": format!("{due}-05:00[America/New_York]"), "contact_name": "Mia",
        "contact_channel": "voice", "contact_value": "555-0142", "encounter": visit}),
    )
}

/// What a visit comes to in which these things were said.
fn visit_with(said: &dyn Fn(&mut Ledger, EntryId)) -> (Grade, LeaveCheck) {
    let (mut ledger, visit) = agreed();
    said(&mut ledger, visit);
    ledger.wait(5);
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    let encounter = &ledger.fold().encounters[0];
    (encounter.grade, encounter.leave_check)
}

type Said = dyn Fn(&mut Ledger, EntryId);

#[test]
fn the_grade_and_the_leave_check_are_what_was_so_when_she_left() {
    let spoke = |l: &mut Ledger, v| {
        l.says("n1", call(Some(v))).unwrap();
    };
    let books = |l: &mut Ledger| l.says("n1", booking("har", "2026-03-05T13:00")).unwrap();
    let table: [(&str, Box<Said>, Grade, LeaveCheck); 10] = [
        ("nothing", Box::new(|_, _| ()), Grade::W0, LeaveCheck::Fail),
        (
            "spoke and booked",
            Box::new(move |l, v| {
                spoke(l, v);
                books(l);
            }),
            Grade::W3,
            LeaveCheck::Pass,
        ),
        ("spoke", Box::new(spoke), Grade::W2, LeaveCheck::Pass),
        (
            "booked",
            Box::new(move |l, _| {
                books(l);
            }),
            Grade::W2,
            LeaveCheck::Pass,
        ),
        (
            "booked and called off",
            Box::new(move |l, _| {
                let booked = books(l);
                let off: AppointmentCancelled =
                    said(json!({"appointment": booked, "cancelled_by": "patient"}));
                l.says("n1", off).unwrap();
            }),
            Grade::W0,
            LeaveCheck::Fail,
        ),
        (
            "a step",
            Box::new(|l, v| {
                l.says("n1", step(v, "2026-03-05T13:00")).unwrap();
            }),
            Grade::W1,
            LeaveCheck::Pass,
        ),
        (
            "a step that is already past",
            Box::new(|l, v| {
                l.says("n1", step(v, "2026-03-03T09:00")).unwrap();
            }),
            Grade::W0,
            LeaveCheck::Fail,
        ),
        (
            "not today",
            Box::new(|l, v| {
                l.says("n1", decision("not_today", Some(v))).unwrap();
            }),
            Grade::W0,
            LeaveCheck::Pass,
        ),
        (
            "never ask again, with a card",
            Box::new(|l, v| {
                l.says("n1", decision("do_not_ask_again", Some(v))).unwrap();
                l.says(
                    "n1",
                    said::<MaterialGiven>(json!({"what": "card", "encounter": v})),
                )
                .unwrap();
            }),
            Grade::W0,
            LeaveCheck::Pass,
        ),
        (
            "never ask again, with nothing",
            Box::new(|l, v| {
                l.says("n1", decision("do_not_ask_again", Some(v))).unwrap();
            }),
            Grade::W0,
            LeaveCheck::Fail,
        ),
    ];
    for (name, says, grade, check) in table {
        assert_eq!(visit_with(&*says), (grade, check), "{name}");
    }
}

#[test]
fn what_happens_later_never_changes_a_grade_and_an_error_does() {
    let (mut ledger, visit) = agreed();
    let spoke = ledger.says("n1", call(Some(visit))).unwrap();
    let booked = ledger
        .says("n1", booking("har", "2026-03-05T13:00"))
        .unwrap();
    ledger.wait(5);
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    ledger.wait(60);
    let off: AppointmentCancelled = said(json!({"appointment": booked, "cancelled_by": "patient"}));
    ledger.says("n1", off).unwrap();
    assert_eq!(ledger.fold().encounters[0].grade, Grade::W3);
    let error = EnteredInError {
        entry: spoke,
        reason: "another patient".into(),
    };
    ledger.says("n1", error).unwrap();
    assert_eq!(ledger.fold().encounters[0].grade, Grade::W2);
}

fn sent(ledger: &mut Ledger, due: &str, visit: Option<EntryId>) -> EntryId {
    let plan = ledger.says("n1", plan(&["name"])).unwrap();
    let sent: ElectronicSent = said(
        json!({"partner": "har", "transport": "portal", "plan": plan, "items": ["name"],
        "promise_due_at": due, "encounter": visit}),
    );
    ledger.says("n1", sent).unwrap()
}

#[test]
fn one_promise_runs_for_a_practice_at_a_time_and_a_voicemail_does_not_meet_it() {
    let (mut ledger, visit) = agreed();
    let made = sent(&mut ledger, "2026-03-04T15:00:00Z", Some(visit));
    let callback: NextStepSet = said(
        json!({"what": "partner_callback", "due_at": "2026-03-04T10:00-05:00[America/New_York]",
        "contact_name": "Mia", "contact_channel": "voice", "contact_value": "555-0142", "partner": "har"}),
    );
    let step = ledger.says("n1", callback).unwrap();
    let promises = ledger.reading().promises;
    assert_eq!(promises.len(), 1);
    assert_eq!(
        (promises[0].step, promises[0].covers.clone()),
        (made, vec![step])
    );
    let missed = |ledger: &Ledger| {
        let reading = ledger.reading();
        let tasks: Vec<_> = reading
            .tasks
            .iter()
            .filter(|t| t.kind == TaskKind::PromiseMissed)
            .collect();
        assert_eq!(tasks.len(), 1);
        (tasks[0].is_overdue(ledger.now), tasks[0].state(ledger.now))
    };
    assert_eq!(missed(&ledger), (false, TaskState::Open));
    ledger.wait(60 * 24 + 2);
    assert_eq!(missed(&ledger), (true, TaskState::Open));
    let mut voicemail = call(None);
    voicemail.outcome = warmhand_core::domain::code::ContactOutcome::LeftVoicemail;
    ledger.says("n1", voicemail).unwrap();
    assert_eq!(missed(&ledger), (true, TaskState::Open));
    ledger.says("n1", call(None)).unwrap();
    assert_eq!(missed(&ledger), (false, TaskState::Done));
    sent(&mut ledger, "2026-03-09T15:00:00Z", None);
    assert_eq!(ledger.reading().promises.len(), 2, "the first one is over");
}

#[test]
fn a_promise_is_walked_through_the_practices_own_calendar() {
    let mut sheet = warmhand_tests::organisation::sheet();
    let partner = &mut sheet.partners[1];
    partner.zone = Some("America/Chicago".into());
    partner.calendar.holidays = vec![date(2026, 3, 9)];
    let zone = sheet.partner_zone(&"jun".into());
    let partner = sheet.partner(&"jun".into()).unwrap();
    let friday = date(2026, 3, 6)
        .at(16, 30, 0, 0)
        .to_zoned(zone.clone())
        .unwrap()
        .timestamp();
    let due = |json: serde_json::Value| {
        let promise = serde_json::from_value(json).unwrap();
        partner
            .calendar
            .promise_due(promise, friday, &zone)
            .to_zoned(zone.clone())
            .datetime()
    };
    assert_eq!(
        due(json!({"value": 1, "unit": "business_days"})),
        date(2026, 3, 10).at(17, 0, 0, 0)
    );
    assert_eq!(
        due(json!({"value": 1, "unit": "business_hours"})),
        date(2026, 3, 10).at(8, 30, 0, 0)
    );
    assert_eq!(
        due(json!({"value": 24, "unit": "clock_hours"})),
        date(2026, 3, 7).at(16, 30, 0, 0)
    );
}

#[test]
fn how_she_met_the_practice_is_read_from_the_visit_with_the_best_grade() {
    let mode = |says: &dyn Fn(&mut Ledger, EntryId)| {
        let (mut ledger, visit) = agreed();
        says(&mut ledger, visit);
        ledger.fold().mode_achieved
    };
    let in_person = |l: &mut Ledger, v| {
        let mut spoke = call(Some(v));
        spoke.channel = warmhand_core::domain::code::Channel::InPerson;
        l.says("n1", spoke).unwrap();
    };
    assert_eq!(mode(&in_person), Some(Mode::InPerson));
    assert_eq!(
        mode(&|l, v| {
            l.says("n1", call(Some(v))).unwrap();
        }),
        Some(Mode::Phone)
    );
    let portal = |l: &mut Ledger, v| {
        sent(l, "2026-03-04T15:00:00Z", Some(v));
    };
    assert_eq!(mode(&portal), Some(Mode::Portal));
    let coordinator = |l: &mut Ledger, v| {
        l.says("c1", OwnerAccepted { offer: None }).unwrap();
        l.says("n1", call(Some(v))).unwrap();
    };
    assert_eq!(mode(&coordinator), Some(Mode::Coordinator));
    assert_eq!(
        mode(&|l, v| {
            let mut call = step(v, "2026-03-05T13:00");
            call.owner_coordinates = true;
            l.says("n1", call).unwrap();
        }),
        Some(Mode::Coordinator),
        "whoever set it, the call is a coordinator's"
    );
    assert_eq!(
        mode(&|l, v| {
            l.says("c1", step(v, "2026-03-05T13:00")).unwrap();
        }),
        None,
        "set by a coordinator for a nurse to make"
    );
    let written = |l: &mut Ledger, v| {
        l.says(
            "n1",
            said::<MaterialGiven>(json!({"what": "sheet", "encounter": v})),
        )
        .unwrap();
    };
    assert_eq!(mode(&written), Some(Mode::Written));
    assert_eq!(mode(&|_, _| ()), None);
}

#[test]
fn days_are_counted_between_dates_to_the_first_visit_that_was_kept() {
    let (mut ledger, _) = agreed();
    let first = ledger
        .says("n1", booking("har", "2026-03-05T13:00"))
        .unwrap();
    assert_eq!(ledger.reading().days_to_appt, Some(2));
    let mut other = booking("jun", "2026-03-09T09:00");
    other.replaces = vec![first];
    ledger.says("n1", other).unwrap();
    let reading = ledger.reading();
    assert_eq!(
        (
            reading.days_to_appt,
            reading.days_from_offer,
            reading.converted
        ),
        (Some(6), Some(6), false)
    );
}

#[test]
fn not_today_and_later_yes_is_a_conversion() {
    let (mut ledger, visit) = identified();
    ledger.says("n1", offer(Some(visit))).unwrap();
    ledger
        .says("n1", decision("not_today", Some(visit)))
        .unwrap();
    assert!(!ledger.reading().converted);
    ledger.wait(60 * 24 * 14);
    let yes: DecisionRecorded = said(json!({"value": "agreed", "patient_initiated": true}));
    ledger.says("n1", yes).unwrap();
    let reading = ledger.reading();
    assert!(reading.converted);
    let revisit = reading
        .tasks
        .iter()
        .find(|t| t.kind == TaskKind::Revisit)
        .unwrap();
    assert_eq!(revisit.state(ledger.now), TaskState::Done);
}

#[test]
fn what_was_last_checked_more_than_ninety_days_ago_is_stale() {
    let settings = Settings::default();
    let today = date(2026, 6, 1);
    assert!(is_stale(None, today, &settings));
    assert!(
        !is_stale(Some(date(2026, 3, 3)), today, &settings),
        "ninety days"
    );
    assert!(
        is_stale(Some(date(2026, 3, 2)), today, &settings),
        "ninety-one"
    );
}

#[test]
fn every_cause_makes_its_task_once_and_an_answer_ends_it() {
    let (mut ledger, _) = agreed();
    let mut missed = call(None);
    missed.outcome = warmhand_core::domain::code::ContactOutcome::NoAnswer;
    ledger.says("n1", missed).unwrap();
    let flag = ledger.says("d1", raised("staff_concern")).unwrap();
    let state = |ledger: &Ledger, kind| {
        let reading = ledger.reading();
        let found: Vec<_> = reading
            .tasks
            .iter()
            .filter(|t| t.kind == kind)
            .map(|t| t.state(ledger.now))
            .collect();
        assert_eq!(found.len(), 1, "{kind}");
        found[0]
    };
    assert_eq!(state(&ledger, TaskKind::RetryCall), TaskState::Open);
    assert_eq!(state(&ledger, TaskKind::SafetyAck), TaskState::Open);
    assert_eq!(state(&ledger, TaskKind::SafetyNextDay), TaskState::Open);
    ledger.wait(11);
    let late = ledger.reading();
    assert!(
        late.overdue(ledger.now)
            .any(|t| t.kind == TaskKind::SafetyAck && t.owners.contains(&"d1".into()))
    );
    let handed: SafetyHanded = said(json!({"flags": [flag], "to": "Dr. Lima", "how": "phone"}));
    ledger.says("n1", Body::from(handed)).unwrap();
    assert_eq!(state(&ledger, TaskKind::SafetyAck), TaskState::Done);
    ledger.says("n1", call(None)).unwrap();
    assert_eq!(state(&ledger, TaskKind::RetryCall), TaskState::Done);
    assert_eq!(state(&ledger, TaskKind::SafetyNextDay), TaskState::Open);
}
