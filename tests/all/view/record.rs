//! One record's screens: two people's sentences with the commands that settle them, the whole history, and what became
//! of every task.

use super::before;
use crate::event::*;
use crate::hazard::both;
use serde_json::json;
use warmhand_core::domain::code::{LeaveCheck, ReviewKind, TaskKind};
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{Lapse, TaskState};
use warmhand_core::refusal::Refusal;
use warmhand_core::usecase::{Command, rehearse};
use warmhand_core::view::{
    Action, Fact, HandoffScreen, HistoryScreen, Length, ReviewScreen, TaskStateRow,
};
use warmhand_tests::ledger::Ledger;

fn question(ledger: &Ledger, user: &str) -> ReviewScreen {
    before(ledger, user, |desk, summary, receipts| {
        let item = summary.review[0].id;
        ReviewScreen::of(desk, summary, receipts, item).unwrap()
    })
}

fn history(ledger: &Ledger, user: &str) -> HistoryScreen {
    before(ledger, user, |desk, _, receipts| {
        HistoryScreen::of(desk, receipts).unwrap()
    })
}

fn handoff(ledger: &Ledger, user: &str) -> HandoffScreen {
    before(ledger, user, |desk, summary, receipts| {
        HandoffScreen::of(desk, summary.clone(), receipts, Vec::new()).unwrap()
    })
}

#[test]
fn a_question_shows_two_sentences_and_the_commands_that_settle_it() {
    let (mut ledger, _) = agreed();
    let [har, jun] = both(
        &mut ledger,
        ("n1", booking("har", "2026-03-16T14:00")),
        ("c1", booking("jun", "2026-03-12T09:00")),
    );
    let screen = question(&ledger, "c1");
    assert_eq!(screen.kind, ReviewKind::TwoBooked);
    assert_eq!(
        (screen.owners.clone(), screen.is_mine),
        (vec!["Carla Reyes".to_owned()], true)
    );
    assert_eq!(screen.told, ["Ana Duarte"]);
    let sentences: Vec<_> = screen
        .sentences
        .iter()
        .map(|s| {
            let Fact::Appointment { partner, local, .. } = &s.fact else {
                panic!("{:?}", s.fact)
            };
            (s.entry, s.by.clone(), partner.clone(), local.to_string())
        })
        .collect();
    let (ana, carla) = ("Ana Duarte".to_owned(), "Carla Reyes".to_owned());
    let (harbor, juniper) = ("Harbor Counseling".to_owned(), "Juniper Clinic".to_owned());
    assert_eq!(
        sentences,
        [
            (har, ana, harbor, "2026-03-16T14:00:00".to_owned()),
            (jun, carla, juniper, "2026-03-12T09:00:00".to_owned()),
        ]
    );
    let keeps: Vec<_> = screen.choices.iter().map(|c| (c.keep, c.can)).collect();
    assert_eq!(keeps, [(har, true), (jun, true)]);
    let Command::SettleReview(settle) = screen.choices[1].settle.clone() else {
        panic!("another command")
    };
    assert_eq!(
        (settle.keep, settle.items.clone()),
        (Some(jun), vec![screen.item])
    );
    // The command as it stands settles it.
    let settled = ReviewSettled {
        items: settle.items,
        keep: settle.keep,
    };
    ledger.wait(60);
    ledger.says("c1", settled).unwrap();
    let after = question(&ledger, "c1");
    let told = after.settled.unwrap();
    assert_eq!(
        (told.by.as_deref(), told.keep),
        (Some("Carla Reyes"), Some(jun))
    );
    assert_eq!(after.open_for, Some(Length::Minutes(60)));
    assert!(!after.can_settle && after.choices.iter().all(|c| !c.can));
}

#[test]
fn who_may_not_settle_sees_both_sentences_and_why() {
    let mut ledger = Ledger::record();
    let visit = ledger.says("n1", encounter()).unwrap();
    let form: ScreenRecorded = said(
        json!({"instrument": "epds", "mode": "interview", "result": "negative",
        "self_harm": "no", "encounter": visit}),
    );
    let screen = ledger.says("n1", form).unwrap();
    let version = |harm: &str| -> ScreenAmended {
        said(
            json!({"screen": screen, "instrument": "epds", "mode": "interview", "result": "negative",
            "self_harm": harm}),
        )
    };
    both(
        &mut ledger,
        ("n1", version("no")),
        ("n2", version("unanswered")),
    );
    let shown = question(&ledger, "d1");
    assert_eq!(
        (shown.kind, shown.sentences.len()),
        (ReviewKind::ScreenVersions, 2)
    );
    assert!(!shown.can_settle);
    assert_eq!(shown.problems[0].why, Refusal::NotAllowed(Breach::Role));
    assert!(question(&ledger, "n1").can_settle);
}

#[test]
fn every_kind_of_question_in_one_record_has_an_answer_that_is_taken() {
    let (mut ledger, visit) = agreed();
    both(
        &mut ledger,
        ("n1", decision("agreed", Some(visit))),
        ("c1", decision("not_today", None)),
    );
    both(
        &mut ledger,
        (
            "n1",
            said::<PatientDescribed>(json!({"callback": "555-0111"})),
        ),
        (
            "c1",
            said::<PatientDescribed>(json!({"callback": "555-0122"})),
        ),
    );
    both(
        &mut ledger,
        ("n1", EncounterEnded { encounter: visit }),
        (
            "n2",
            said::<PatientDescribed>(json!({"born_on": "1996-05-01"})),
        ),
    );
    let kinds = before(&ledger, "c1", |desk, summary, receipts| {
        let open = summary.review.iter().filter(|q| q.is_open());
        open.map(|q| {
            let screen = ReviewScreen::of(desk, summary, receipts, q.id).unwrap();
            assert_eq!(screen.sentences.len(), 2, "{}", screen.kind);
            assert!(screen.can_settle, "{}", screen.kind);
            for choice in &screen.choices {
                assert!(choice.can && rehearse(choice.settle.clone(), desk, None).is_ok());
            }
            screen.kind
        })
        .collect::<Vec<_>>()
    });
    assert!(
        kinds.contains(&ReviewKind::DecisionDisputed) && kinds.contains(&ReviewKind::TwoNumbers)
    );
}

#[test]
fn what_a_newer_version_recorded_is_in_the_history_and_said_to_be() {
    let mut ledger = Ledger::record();
    ledger
        .says("n1", Body::Unknown("DoorbellRung".into()))
        .unwrap();
    ledger
        .says("n1", said::<Noted>(json!({"text": "Nobody opened."})))
        .unwrap();
    let screen = history(&ledger, "n2");
    assert_eq!(screen.by_newer, 1);
    let newer: Vec<_> = screen.entries.iter().filter(|e| e.by_newer).collect();
    assert_eq!(
        (newer[0].kind.as_str(), &newer[0].fact),
        ("DoorbellRung", &Fact::Kind)
    );
    assert_eq!(newer[0].by, "Ana Duarte");
    let note = screen.entries.last().unwrap();
    assert_eq!(
        (note.by_newer, note.words.as_deref()),
        (false, Some("Nobody opened."))
    );
}

#[test]
fn the_history_says_who_may_take_an_entry_back_and_who_did() {
    let mut ledger = Ledger::record();
    let note = ledger
        .says("n1", said::<Noted>(json!({"text": "wrong record"})))
        .unwrap();
    let can = |ledger: &Ledger, user: &str| {
        let screen = history(ledger, user);
        let row = screen
            .entries
            .into_iter()
            .find(|e| e.entry == note)
            .unwrap();
        row.can_void
    };
    assert!(can(&ledger, "n1") && can(&ledger, "sup") && !can(&ledger, "n2"));
    let opening = &history(&ledger, "n1").entries[0];
    assert!(!opening.can_void, "a record stays opened");
    ledger.wait(25 * 60);
    assert!(
        !can(&ledger, "n1") && can(&ledger, "sup"),
        "a day later the supervisor alone"
    );
    let void: EnteredInError = said(json!({"entry": note, "reason": "another patient"}));
    ledger.says("sup", void).unwrap();
    let screen = history(&ledger, "n1");
    let row = screen.entries.iter().find(|e| e.entry == note).unwrap();
    assert_eq!(row.void_by.as_deref(), Some("Maya Lindqvist"));
    assert_eq!(
        row.words.as_deref(),
        Some("wrong record"),
        "it stays to be read"
    );
}

#[test]
fn the_history_tells_what_was_written_down_late() {
    let mut ledger = Ledger::record();
    ledger.wait(180);
    let seen: Vec<_> = ledger.entries().iter().map(|e| e.id).collect();
    let then = ledger.zoned().saturating_sub(jiff::ToSpan::minutes(170));
    let late = ledger
        .says_at(
            "n1",
            said::<Noted>(json!({"text": "from paper"})),
            &seen,
            then,
        )
        .unwrap();
    let screen = history(&ledger, "n1");
    let row = screen.entries.iter().find(|e| e.entry == late).unwrap();
    assert_eq!(row.written_after, Some(Length::Hours(2)));
    assert_eq!(row.received_after, None);
    assert_eq!(screen.only_here, 0);
}

#[test]
fn no_task_vanishes_without_what_became_of_it() {
    let (mut ledger, _) = agreed();
    let missed: ContactAttempted = said(
        json!({"with": "partner", "basis": "agreed", "direction": "to_partner",
        "channel": "voice", "outcome": "left_voicemail", "partner": "har"}),
    );
    ledger.says("n1", missed).unwrap();
    let booked = ledger
        .says("n1", booking("har", "2026-03-09T09:30"))
        .unwrap();
    let off: AppointmentCancelled = said(json!({"appointment": booked, "cancelled_by": "patient"}));
    ledger.wait(30);
    ledger.says("n1", off).unwrap();
    ledger.says("n1", call(None)).unwrap();
    let screen = handoff(&ledger, "n1");
    let state = |kind| {
        let row: &TaskStateRow = screen.tasks.iter().find(|t| t.kind == kind).unwrap();
        (row.state, row.ended.is_some(), row.done_by.is_some())
    };
    assert_eq!(state(TaskKind::RetryCall), (TaskState::Done, true, true));
    assert_eq!(state(TaskKind::Reminder), (TaskState::Lapsed, true, false));
    let reminder = screen.tasks.iter().find(|t| t.kind == TaskKind::Reminder);
    assert_eq!(reminder.unwrap().lapse, Some(Lapse::CalledOff));
    assert!(
        screen
            .tasks
            .iter()
            .all(|t| (t.state == TaskState::Lapsed) == t.lapse.is_some())
    );
    assert_eq!(screen.tasks.len(), ledger.reading().tasks.len());
}

#[test]
fn what_was_to_be_done_about_a_visit_without_a_plan_stays_with_the_plan_that_was_heard_of_later() {
    let (mut ledger, visit) = agreed();
    let before: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let in_time = ledger.zoned();
    ledger.wait(20);
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    let row = |ledger: &Ledger| {
        let tasks = handoff(ledger, "n1").tasks;
        let row = tasks.into_iter().find(|t| t.kind == TaskKind::NextDay);
        row.map(|t| (t.state, t.done_by, t.ended.map(|w| w.at)))
    };
    assert_eq!(row(&ledger), Some((TaskState::Open, None, None)));
    ledger.wait(60);
    // Somebody who was there as well sends, an hour late, what she had booked before the patient left.
    let booked = ledger
        .says_at("c1", booking("har", "2026-03-09T09:30"), &before, in_time)
        .unwrap();
    let heard = ledger.entries().last().unwrap().recorded_at;
    assert_eq!(ledger.fold().encounters[0].leave_check, LeaveCheck::Pass);
    assert_eq!(
        row(&ledger),
        Some((TaskState::Done, Some(booked), Some(heard)))
    );
    // Who ended it knowing of a plan had never anything to do.
    let (mut ledger, visit) = agreed();
    ledger
        .says("n1", booking("har", "2026-03-09T09:30"))
        .unwrap();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    assert_eq!(row(&ledger), None);
}

#[test]
fn what_may_be_done_is_the_answer_that_the_command_would_get() {
    let (ledger, _) = agreed();
    for (user, books, identifies, closes, proposes) in [
        ("n1", true, false, true, false),
        ("d1", true, false, false, true),
        ("sup", false, false, true, false),
        ("adm", false, false, false, false),
    ] {
        let screen = handoff(&ledger, user);
        let may = screen.may;
        assert_eq!(
            (may.book, may.identify, may.close, may.propose_close),
            (books, identifies, closes, proposes || closes),
            "{user}"
        );
        let why = |action| {
            let found = screen.problems.iter().find(|o| o.action == action);
            found.map(|o| o.why.clone())
        };
        let identified = if user == "sup" || user == "adm" {
            Breach::Role
        } else {
            Breach::AlreadyIdentified
        };
        assert_eq!(
            why(Action::Identify),
            Some(Refusal::NotAllowed(identified)),
            "{user}"
        );
        assert_eq!(why(Action::Book).is_some(), !books, "{user}");
    }
}
