//! The first screen and the caseload: everything that is to be done, in order, and nobody dropped.

use super::before;
use crate::event::*;
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::BTreeSet;
use warmhand_core::domain::code::{DecisionState, TaskKind};
use warmhand_core::domain::id::{DerivedId, EntryId, PatientId, UserId};
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{Summary, TaskState};
use warmhand_core::store::ListRow;
use warmhand_core::view::{Length, PatientsScreen, TodayScreen, VisitScreen};
use warmhand_server::store::Store;
use warmhand_tests::ledger::Ledger;
use warmhand_tests::organisation::{SHEET, sheet};
use warmhand_tests::town::Town;

fn shown(records: &[Summary], user: &str, now: jiff::Timestamp) -> TodayScreen {
    let zone = TimeZone::get("America/New_York").unwrap();
    TodayScreen::of(records, &sheet(), &UserId::from(user), &zone, now)
}

fn step(due: &str) -> NextStepSet {
    said(
        json!({"what": "our_callback", "due_at": due, "contact_name": "Mia", "contact_channel": "voice",
        "contact_value": "555-0142"}),
    )
}

#[test]
fn what_is_overdue_comes_before_what_is_due_and_nothing_of_the_caseload_is_dropped() {
    let (mut ledger, visit) = agreed();
    for due in [
        "2026-03-05T09:00",
        "2026-03-04T16:00",
        "2026-03-03T12:00",
        "2026-03-03T18:00",
    ] {
        ledger
            .says("c1", step(&format!("{due}-05:00[America/New_York]")))
            .unwrap();
    }
    ledger
        .says("n1", booking("har", "2026-03-09T09:30"))
        .unwrap();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    ledger.says("n1", raised("staff_concern")).unwrap();
    // One in the afternoon, there.
    let now: jiff::Timestamp = "2026-03-03T18:00:00Z".parse().unwrap();
    ledger.now = now;
    let record = ledger.reading();
    let screen = shown(std::slice::from_ref(&record), "c1", now);
    let times = |rows: &[warmhand_core::view::TaskRow]| -> Vec<_> {
        rows.iter().map(|r| r.due_at).collect()
    };
    for rows in [&screen.overdue, &screen.due, &screen.later] {
        assert!(times(rows).is_sorted());
    }
    assert!(screen.overdue.iter().all(|r| r.late.is_some()));
    assert!(
        screen
            .due
            .iter()
            .chain(&screen.later)
            .all(|r| r.late.is_none())
    );
    let overdue = screen
        .overdue
        .iter()
        .find(|r| r.kind == TaskKind::NextStep)
        .unwrap();
    assert_eq!(overdue.late, Some(Length::Minutes(60)));
    let here: BTreeSet<DerivedId> = screen
        .overdue
        .iter()
        .chain(&screen.due)
        .chain(&screen.later)
        .map(|r| r.task)
        .collect();
    let all: BTreeSet<DerivedId> = record
        .tasks
        .iter()
        .filter(|t| t.state(now) == TaskState::Open && t.owners.contains(&"c1".into()))
        .map(|t| t.id)
        .collect();
    assert!(all.len() >= 6);
    assert_eq!(here, all);
    assert_eq!((screen.flags.len(), screen.handoffs), (1, 1));
    assert_eq!(
        screen.quiet_until.map(|w| w.at),
        screen.later.first().and_then(|r| r.due_at)
    );
}

#[test]
fn a_step_that_is_held_back_stays_on_the_list() {
    let (mut ledger, visit) = agreed();
    ledger
        .says("c1", step("2026-03-03T09:00-05:00[America/New_York]"))
        .unwrap();
    crate::hazard::both(
        &mut ledger,
        ("n1", decision("agreed", Some(visit))),
        ("c1", decision("not_today", None)),
    );
    let record = ledger.reading();
    assert_eq!(record.decision, DecisionState::Disputed);
    let screen = shown(&[record], "c1", ledger.now);
    let held: Vec<_> = screen.later.iter().filter(|r| r.is_paused).collect();
    assert_eq!(held.len(), 1, "not overdue, and not gone");
}

#[test]
fn a_task_that_nobody_holds_any_more_is_shown_to_everybody_at_its_site() {
    let (mut ledger, _) = agreed();
    let mut gone = step("2026-03-03T12:00-05:00[America/New_York]");
    gone.owner = Some("gone".into());
    ledger.says("n1", gone).unwrap();
    let record = ledger.reading();
    let sees = |user: &str| {
        let screen = shown(std::slice::from_ref(&record), user, ledger.now);
        screen
            .due
            .iter()
            .chain(&screen.overdue)
            .any(|r| r.is_nobodys)
    };
    assert!(sees("n1") && sees("d1") && sees("c1"));
    assert!(!sees("ma"), "she works at the other site");
}

#[test]
fn a_question_whose_owner_has_left_is_asked_of_everybody_at_its_site() {
    let (mut ledger, visit) = agreed();
    crate::hazard::both(
        &mut ledger,
        ("n1", decision("agreed", Some(visit))),
        ("n1", decision("not_today", None)),
    );
    let mut record = ledger.reading();
    let mine = |record: &Summary, user: &str| {
        let screen = shown(std::slice::from_ref(record), user, ledger.now);
        screen.questions.iter().any(|row| row.is_mine)
    };
    assert!(!mine(&record, "d1"), "it has an owner");
    for question in &mut record.review {
        question.owners = vec!["gone".into()];
    }
    assert!(mine(&record, "n1") && mine(&record, "d1") && mine(&record, "c1"));
    assert!(!mine(&record, "ma"), "she works at the other site");
}

#[test]
fn a_device_shows_it_as_soon_as_it_hears_that_the_owner_has_left() {
    let town = Town::default();
    let mut phones = ["n1", "c1"].map(|user| town.device(user, &[user]));
    let open = json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}});
    let record = phones[0].does(&town, open).record.unwrap();
    let need = json!({"IdentifyNeed": {"record": record, "basis": "judgement", "owner": "d1"}});
    phones[0].does(&town, need);
    let offer = json!({"OfferHandoff": {"record": record, "mode": "phone", "outreach": true}});
    phones[0].does(&town, offer);
    phones[0].sync(&town);
    phones[1].sync(&town);
    for (phone, said) in phones.iter_mut().zip(["agreed", "withdrew"]) {
        let said = json!({"record": record, "value": said, "outreach": true});
        phone.does(&town, json!({"RecordDecision": said}));
    }
    for at in [0, 1, 0] {
        phones[at].sync(&town);
    }
    let mine = |phone: &warmhand_tests::town::Phone| {
        let questions = phone.app.today(town.now()).unwrap().questions;
        let item = questions.first().map(|row| row.question.id);
        let screen = item.map(|item| phone.app.review(record, item, town.now()).unwrap());
        let is_mine = questions.first().map(|row| row.is_mine);
        assert_eq!(screen.as_ref().map(|screen| screen.is_mine), is_mine);
        screen.map(|screen| (screen.is_mine, screen.owners))
    };
    let lena = "Lena Fischer".to_owned();
    assert_eq!(
        mine(&phones[0]),
        Some((false, vec![lena])),
        "she is told of it"
    );
    let hers =
        r#"{"id": "d1", "name": "Lena Fischer", "roles": [{"role": "doula", "sites": ["home"]}]},"#;
    let without = SHEET.replacen(hers, "", 1);
    assert_ne!(without, SHEET);
    town.run(town.store().load_sheet(without)).unwrap();
    for phone in &mut phones {
        phone.sync(&town);
        assert_eq!(mine(phone), Some((true, Vec::new())));
        phone.restart();
        assert_eq!(mine(phone), Some((true, Vec::new())));
    }
}

#[test]
fn the_shifts_of_today_are_on_the_first_screen() {
    let now: jiff::Timestamp = "2026-03-03T18:00:00Z".parse().unwrap();
    let shifts = |user: &str| -> Vec<_> {
        let screen = shown(&[], user, now);
        screen
            .shifts
            .into_iter()
            .map(|s| (s.site, s.primary, s.is_me))
            .collect()
    };
    let at = |site: &str, who: &str, me| (site.to_owned(), Some(who.to_owned()), me);
    assert_eq!(shifts("n1"), [at("Home visiting", "Carla Reyes", false)]);
    assert_eq!(shifts("ma"), [at("East clinic", "Tam Nguyen", true)]);
    assert_eq!(shifts("c1").len(), 2);
}

#[test]
fn a_patient_who_waits_is_taken_by_whom_she_was_offered_to_and_by_the_backup_once_the_time_is_up() {
    let town = Town::default();
    let mut tablet = town.device("desk", &["n1", "c1", "n2", "d1"]);
    let (record, _) = tablet.handoff(&town, "Rosa");
    tablet.does(
        &town,
        json!({"OfferOwnership": {"record": record, "to": "c1"}}),
    );
    let mut row = |user: &str| {
        tablet.does(&town, json!({"SwitchUser": {"user": user}}));
        let screen = tablet.app.today(town.now()).unwrap();
        screen.waiting.first().map(|w| (w.is_to_me, w.can_accept))
    };
    assert_eq!(row("c1"), Some((true, true)));
    assert_eq!(row("n2"), Some((false, false)), "the backup waits with her");
    assert_eq!(row("d1"), None);
    town.wait(3);
    assert_eq!(row("n2"), Some((false, true)));
    let offer = tablet.app.today(town.now()).unwrap().waiting[0].offer;
    tablet.does(
        &town,
        json!({"AcceptOwnership": {"record": record, "offer": offer}}),
    );
    assert!(tablet.app.today(town.now()).unwrap().waiting.is_empty());
}

#[test]
fn a_handoff_that_nobody_holds_waits_for_the_designated_person_and_then_for_the_backup() {
    let (mut ledger, visit) = identified();
    ledger.says("c1", OwnerReleased {}).unwrap();
    let row = |ledger: &Ledger, user: &str| {
        let record = ledger.reading();
        let screen = shown(std::slice::from_ref(&record), user, ledger.now);
        let first = screen.waiting.into_iter().next();
        first.map(|w| (w.offer, w.is_to_me, w.can_accept, w.is_present))
    };
    assert_eq!(row(&ledger, "c1"), Some((None, true, true, true)));
    assert_eq!(row(&ledger, "n2"), Some((None, false, false, true)));
    assert_eq!(row(&ledger, "n1"), None);
    ledger.wait(3);
    assert_eq!(row(&ledger, "n2"), Some((None, false, true, true)));
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    assert_eq!(
        row(&ledger, "c1"),
        Some((None, true, true, false)),
        "she has left, and nobody holds it all the same"
    );
    // Where nobody is designated, everybody who coordinates or supervises there is asked.
    let mut bare = sheet();
    bare.roster.clear();
    ledger.sheet = bare;
    for user in ["c1", "sup"] {
        assert_eq!(row(&ledger, user), Some((None, true, true, false)));
    }
    ledger.says("n1", OwnerAccepted { offer: None }).unwrap();
    assert_eq!(row(&ledger, "c1"), None);
}

#[test]
fn whoever_cleared_a_worry_is_told_of_the_one_that_she_had_not_seen() {
    let (mut ledger, _) = agreed();
    let first = ledger.says("n1", raised("staff_concern")).unwrap();
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let cleared = SafetyResolved {
        flags: vec![first],
        note: "seen".into(),
        seen: Vec::new(),
    };
    let new = ledger.says_seeing("d1", raised("violence"), &seen).unwrap();
    ledger.says_seeing("p1", cleared, &seen).unwrap();
    let alerts = |ledger: &Ledger, user: &str| {
        let record = ledger.reading();
        let screen = shown(std::slice::from_ref(&record), user, ledger.now);
        let all = screen.alerts.into_iter();
        all.map(|a| (a.entry, a.by, a.unseen_by))
            .collect::<Vec<_>>()
    };
    let told = (new, "Lena Fischer".to_owned(), "Dr. Patel".to_owned());
    for user in ["p1", "sup", "c1"] {
        assert_eq!(alerts(&ledger, user), std::slice::from_ref(&told), "{user}");
    }
    assert!(alerts(&ledger, "n2").is_empty());
    let here = before(&ledger, "n1", |desk, summary, _| {
        VisitScreen::of(desk, summary.stage, Vec::new())
            .unwrap()
            .alerts
            .len()
    });
    assert_eq!(here, 1, "whoever is with her sees it");
    let cleared = SafetyResolved {
        flags: vec![new],
        note: "seen as well".into(),
        seen: Vec::new(),
    };
    ledger.says("p1", cleared).unwrap();
    assert!(alerts(&ledger, "p1").is_empty());
}

#[test]
fn what_is_proposed_is_on_the_list_of_those_who_may_accept_it() {
    let mut ledger = Ledger::record();
    let proposed: PatientDescribed = said(json!({"preferred_name": "Rosa", "proposed": true}));
    ledger.says("d1", proposed).unwrap();
    let record = ledger.reading();
    let kinds = |user: &str| -> Vec<String> {
        let screen = shown(std::slice::from_ref(&record), user, ledger.now);
        screen.proposals.into_iter().map(|p| p.kind).collect()
    };
    assert_eq!(kinds("n1"), ["PatientDescribed"]);
    assert!(kinds("d1").is_empty());
}

#[test]
fn two_patients_who_may_be_one_are_said_to_be_and_a_flag_of_the_one_shows_with_the_other() {
    let named: PatientDescribed = said(json!({"preferred_name": "Rosa", "born_on": "1996-05-01"}));
    let mut one = Ledger::record();
    one.says("n1", named.clone()).unwrap();
    let mut other = Ledger::record();
    other.says("n1", named).unwrap();
    other.says("n1", raised("staff_concern")).unwrap();
    let mut second = other.reading();
    let elsewhere = PatientId(uuid::Uuid::from_u128(4));
    second.patient = Some(elsewhere);
    second.record = warmhand_core::domain::id::DocumentId(uuid::Uuid::from_u128(5));
    let screen = PatientsScreen::of(&[one.reading(), second].map(|s| ListRow::of(&s)));
    assert_eq!(screen.rows.len(), 2, "never merged");
    assert!(screen.rows.iter().all(|r| r.has_open_flag));
    let row = screen
        .rows
        .iter()
        .find(|r| r.patient == one.patient)
        .unwrap();
    assert_eq!(row.same_as[0].patient, elsewhere);
    assert!(!row.same_as[0].is_linked);
}

#[test]
fn a_record_that_is_over_does_not_stand_before_one_that_is_open() {
    use warmhand_core::domain::code::Stage;
    let row = |stage, id| {
        let mut row = ListRow::of(&Ledger::record().reading());
        row.stage = stage;
        row.record = warmhand_core::domain::id::DocumentId(uuid::Uuid::from_u128(id));
        row
    };
    let shown = |one, other| PatientsScreen::of(&[row(one, 5), row(other, 6)]).rows[0].stage;
    assert_eq!(shown(Stage::Closed, Stage::Connecting), Stage::Connecting);
    assert_eq!(shown(Stage::Identified, Stage::Attended), Stage::Identified);
    assert_eq!(
        shown(Stage::Attended, Stage::MissedVisit),
        Stage::MissedVisit
    );
    assert_eq!(shown(Stage::Closed, Stage::Opened), Stage::Closed);
}
