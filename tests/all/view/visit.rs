//! The visit: the strip before she leaves, what comes first, the check-in that was planned.

use super::before;
use crate::event::*;
use serde_json::json;
use warmhand_core::domain::code::{DecisionReason, Grade, LeaveCheck};
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::payload::*;
use warmhand_core::view::{FirstThing, LeaveKind, Length, VisitScreen};
use warmhand_tests::ledger::Ledger;

fn shown(ledger: &Ledger, user: &str) -> VisitScreen {
    before(ledger, user, |desk, summary, _| {
        VisitScreen::of(desk, summary.stage, Vec::new()).expect("the record is here")
    })
}

type Says = dyn Fn(&mut Ledger, EntryId);

#[test]
fn the_strip_says_before_she_leaves_what_the_rules_say_when_she_has_left() {
    let step = |due: &str| -> NextStepSet {
        said(
            json!({"what": "our_callback", "due_at": due, "contact_name": "Mia",
            "contact_channel": "voice", "contact_value": "555-0142"}),
        )
    };
    let table: [(Box<Says>, Grade, LeaveCheck, [bool; 4]); 5] = [
        (Box::new(|_, _| ()), Grade::W0, LeaveCheck::Fail, [false; 4]),
        (
            Box::new(|l, v| {
                l.says("n1", call(Some(v))).unwrap();
            }),
            Grade::W2,
            LeaveCheck::Pass,
            [true, false, false, false],
        ),
        (
            Box::new(|l, _| {
                l.says("n1", booking("har", "2026-03-05T13:00")).unwrap();
            }),
            Grade::W2,
            LeaveCheck::Pass,
            [false, true, false, false],
        ),
        (
            Box::new(move |l, _| {
                l.says("n1", step("2026-03-05T13:00-05:00[America/New_York]"))
                    .unwrap();
            }),
            Grade::W1,
            LeaveCheck::Pass,
            [false, false, true, false],
        ),
        (
            Box::new(|l, v| {
                l.says("n1", decision("not_today", Some(v))).unwrap();
            }),
            Grade::W0,
            LeaveCheck::Pass,
            [false, false, false, true],
        ),
    ];
    for (says, grade, check, marks) in table {
        let (mut ledger, visit) = agreed();
        says(&mut ledger, visit);
        ledger.wait(5);
        let strip = shown(&ledger, "n1").before_leaving.unwrap();
        assert!(strip.is_as_if_now);
        assert_eq!((strip.grade, strip.leave_check), (grade, check));
        let done: Vec<bool> = strip.marks.iter().map(|m| m.done).collect();
        assert_eq!(done, marks);
        let order: Vec<LeaveKind> = strip.marks.iter().map(|m| m.kind).collect();
        assert_eq!(
            order,
            [
                LeaveKind::Spoke,
                LeaveKind::Appointment,
                LeaveKind::NextStep,
                LeaveKind::NotToday
            ]
        );
        ledger
            .says("n1", EncounterEnded { encounter: visit })
            .unwrap();
        let after = shown(&ledger, "n1").before_leaving.unwrap();
        assert!(!after.is_as_if_now);
        assert_eq!((after.grade, after.leave_check), (grade, check));
    }
}

#[test]
fn a_mark_says_with_whom_when_and_how_long() {
    let (mut ledger, visit) = agreed();
    let mut spoke = call(Some(visit));
    spoke.ended_at = Some(ledger.zoned().saturating_add(jiff::ToSpan::minutes(8)));
    ledger.says("n1", spoke).unwrap();
    let strip = shown(&ledger, "n1").before_leaving.unwrap();
    let mark = &strip.marks[0];
    assert_eq!(mark.with.as_deref(), Some("Harbor Counseling"));
    assert_eq!(mark.length, Some(Length::Minutes(8)));
    let shown = mark.when.as_ref().unwrap().local;
    assert_eq!(
        (shown.hour(), shown.minute()),
        (10, 0),
        "on the clock of the place"
    );
}

#[test]
fn what_comes_first_follows_the_visit() {
    let mut ledger = Ledger::record();
    let first = |ledger: &Ledger| shown(ledger, "n1").first;
    assert_eq!(first(&ledger), FirstThing::StartVisit);
    let visit = ledger.says("n1", encounter()).unwrap();
    assert_eq!(first(&ledger), FirstThing::Identify);
    ledger.says("n1", need()).unwrap();
    assert_eq!(first(&ledger), FirstThing::Offer);
    ledger.says("n1", offer(Some(visit))).unwrap();
    assert_eq!(first(&ledger), FirstThing::Decide);
    ledger.says("n1", decision("agreed", Some(visit))).unwrap();
    assert_eq!(first(&ledger), FirstThing::Call);
    ledger.says("n1", call(Some(visit))).unwrap();
    assert_eq!(first(&ledger), FirstThing::BookOrStep);
    ledger
        .says("n1", booking("har", "2026-03-05T13:00"))
        .unwrap();
    assert_eq!(first(&ledger), FirstThing::Leave);
}

#[test]
fn leaving_without_a_plan_is_never_in_the_way_and_asks_for_one_reason() {
    let (mut ledger, visit) = agreed();
    let screen = shown(&ledger, "n1");
    assert_eq!(screen.before_leaving.unwrap().leave_check, LeaveCheck::Fail);
    assert!(screen.may.end_encounter);
    ledger.wait(1);
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    let left = shown(&ledger, "n1");
    assert!(left.visit.unwrap().asks_reason);
    assert_eq!(left.first, FirstThing::GiveReason);
    let reason: LeaveReasonGiven = said(json!({"encounter": visit, "reason": "ride was waiting"}));
    ledger.says("n1", reason).unwrap();
    let told = shown(&ledger, "n1");
    assert!(!told.visit.unwrap().asks_reason);
    assert_eq!(told.first, FirstThing::StartVisit);
}

#[test]
fn a_check_in_that_was_planned_is_shown_with_her_reason_when_it_is_time() {
    let (mut ledger, visit) = identified();
    ledger.says("n1", offer(Some(visit))).unwrap();
    ledger
        .says("n1", decision("not_today", Some(visit)))
        .unwrap();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    let planned = shown(&ledger, "n1").check_in.unwrap();
    assert!(!planned.is_now, "it is for the 19th");
    ledger.wait(16 * 24 * 60);
    ledger.says("n1", encounter()).unwrap();
    let screen = shown(&ledger, "n1");
    let now = screen.check_in.unwrap();
    assert!(now.is_now);
    assert_eq!(now.reasons, [DecisionReason::NoTime]);
    assert_eq!(screen.first, FirstThing::Offer, "a new visit may ask again");
}
