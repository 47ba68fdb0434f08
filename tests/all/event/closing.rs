//! Rows of settling and closing: tasks, questions, the loop, patients linked, what is told about a practice, errors.

use super::*;
use warmhand_core::domain::id::{DerivedId, PatientId};

fn closing(reason: &str, flags: &[EntryId]) -> LoopClosed {
    said(json!({"reason": reason, "flags_seen": flags}))
}

#[test]
fn a_task_is_ticked_by_its_owner_a_coordinator_or_a_supervisor() {
    let (mut ledger, visit) = identified();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    let task = ledger.reading().tasks[0].id;
    let is_done = |ledger: &Ledger| {
        let all = ledger.reading().tasks;
        let found = all.iter().find(|t| t.id == task).expect("it is there");
        found.done.is_some()
    };
    let done: TaskDone = said(json!({"task": task, "result": "reached her"}));
    none_of(&mut ledger, &["a2", "adm", "pp"], done.clone());
    for by in ["n1", "d1", "p1"] {
        assert_eq!(ledger.says(by, done.clone()), Err(Breach::NotYourTask));
    }
    let unknown = DerivedId::derive("next_day", &[ledger.entries()[0].id]);
    let other: TaskDone = said(json!({"task": unknown}));
    assert_eq!(ledger.says("sup", other), Err(Breach::NoSuchTask));
    assert!(!is_done(&ledger));
    all_of(&mut ledger, &["c1", "sup"], done.clone());
    assert!(is_done(&ledger));
    ledger.says("n1", OwnerAccepted { offer: None }).unwrap();
    all_of(&mut ledger, &["n1"], done);
}

#[test]
fn a_task_that_names_somebody_else_is_hers_and_one_whose_owners_have_left_is_everybodys() {
    let (mut ledger, _) = agreed();
    let step: NextStepSet = said(json!({
        "what": "our_callback", "due_at": "2026-03-05T10:00-05:00[America/New_York]", "contact_name": "Ana",
        "contact_channel": "voice", "contact_value": "555-0100", "owner": "d1",
    }));
    ledger.says("n1", step).unwrap();
    let task = ledger.reading().tasks[0].clone();
    assert_eq!(task.owners, vec!["d1".into()]);
    let done: TaskDone = said(json!({"task": task.id}));
    assert_eq!(
        ledger.says("n1", done.clone()),
        Err(Breach::NotYourTask),
        "not the record's owner either"
    );
    ledger.says("d1", done.clone()).unwrap();
    ledger.sheet.people.retain(|p| p.id != "d1".into());
    ledger.says("n1", done).unwrap();
}

#[test]
fn a_question_is_settled_by_naming_it_and_one_of_its_sides() {
    let (mut ledger, _) = agreed();
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let one = ledger
        .says_seeing("n1", booking("har", "2026-03-16T14:00"), &seen)
        .unwrap();
    ledger
        .says_seeing("c1", booking("jun", "2026-03-12T09:00"), &seen)
        .unwrap();
    let item = ledger.fold().review[0].id;
    let settled = |items: Vec<DerivedId>, keep: EntryId| ReviewSettled {
        items,
        keep: Some(keep),
    };
    none_of(&mut ledger, &["a2", "adm", "pp"], settled(vec![item], one));
    assert_eq!(
        ledger.says("c1", settled(Vec::new(), one)),
        Err(Breach::NoSuchItem)
    );
    assert_eq!(
        ledger.says("c1", settled(vec![item], seen[0])),
        Err(Breach::NoSuchItem)
    );
    let none = ReviewSettled {
        items: vec![item],
        keep: None,
    };
    assert_eq!(
        ledger.says("c1", none),
        Err(Breach::NoSuchItem),
        "one of the two stands"
    );
    let unknown = DerivedId::derive("two_booked", &[one]);
    assert_eq!(
        ledger.says("c1", settled(vec![unknown], one)),
        Err(Breach::NoSuchItem)
    );
    all_of(
        &mut ledger,
        &["d1", "n1", "c1", "p1", "sup"],
        settled(vec![item], one),
    );
}

#[test]
fn a_doula_settles_nothing_that_is_about_safety() {
    let mut ledger = Ledger::record();
    let screen: ScreenRecorded = said(
        json!({"instrument": "phq9", "mode": "interview", "result": "positive", "self_harm": "no"}),
    );
    let first = ledger.says("n1", screen).unwrap();
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let version = |self_harm: &str| -> ScreenAmended {
        said(
            json!({"screen": first, "instrument": "phq9", "mode": "interview", "result": "negative",
            "self_harm": self_harm}),
        )
    };
    let one = ledger.says_seeing("n1", version("no"), &seen).unwrap();
    ledger
        .says_seeing("n2", version("unanswered"), &seen)
        .unwrap();
    let item = ledger.fold().review[0].id;
    let settled = ReviewSettled {
        items: vec![item],
        keep: Some(one),
    };
    none_of(&mut ledger, &["d1"], settled.clone());
    ledger.says("n1", settled).unwrap();
}

#[test]
fn a_loop_is_closed_with_nothing_left_open_and_unreachable_by_a_supervisor_alone() {
    let mut early = Ledger::record();
    assert_eq!(
        early.says("n1", closing("attended", &[])),
        Err(Breach::NotIdentified)
    );
    let (mut ledger, _) = agreed();
    none_of(
        &mut ledger,
        &["d1", "a2", "adm", "pp"],
        closing("attended", &[]),
    );
    assert_eq!(
        ledger.says("n1", closing("unreachable", &[])),
        Err(Breach::SupervisorOnly)
    );
    let flag = ledger.says("d1", raised("staff_concern")).unwrap();
    assert_eq!(
        ledger.says("n1", closing("attended", &[flag])),
        Err(Breach::OpenFlag)
    );
    let note = SafetyResolved {
        flags: vec![flag],
        note: "seen".into(),
        seen: Vec::new(),
    };
    ledger.says("p1", note).unwrap();
    assert_eq!(
        ledger.says("n1", closing("attended", &[])),
        Err(Breach::OpenFlag),
        "it names what it saw"
    );
    let booked = ledger
        .says("n1", booking("har", "2026-03-16T14:00"))
        .unwrap();
    assert_eq!(
        ledger.says("n1", closing("attended", &[flag])),
        Err(Breach::FutureAppointment)
    );
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let moved = |at: &str| -> AppointmentChanged {
        said(json!({"appointment": booked, "start_local": at, "zone": "America/New_York"}))
    };
    ledger
        .says_seeing("n1", moved("2026-03-04T09:00"), &seen)
        .unwrap();
    ledger
        .says_seeing("c1", moved("2026-03-04T10:00"), &seen)
        .unwrap();
    ledger.wait(60 * 72);
    assert_eq!(
        ledger.says("n1", closing("attended", &[flag])),
        Err(Breach::OpenReview)
    );
    ledger.says("n1", moved("2026-03-04T11:00")).unwrap();
    all_of(
        &mut ledger,
        &["n1", "c1", "p1", "sup"],
        closing("attended", &[flag]),
    );
    ledger.says("sup", closing("unreachable", &[flag])).unwrap();
}

#[test]
fn a_doula_or_a_practice_proposes_the_closing_and_it_closes_when_accepted() {
    let (mut ledger, _) = agreed();
    let proposed: LoopClosed = said(json!({"reason": "patient_choice", "proposed": true}));
    none_of(&mut ledger, &["a2", "adm"], proposed.clone());
    let proposal = ledger.says("d1", proposed.clone()).unwrap();
    ledger.says("pp", proposed).unwrap();
    assert_eq!(ledger.reading().closed, None);
    assert!(
        ledger.reading().proposals[0]
            .for_whom
            .contains(&"c1".into())
    );
    let accepted: LoopClosed = said(json!({"reason": "patient_choice", "accepts": proposal}));
    ledger.says("c1", accepted).unwrap();
    assert!(ledger.reading().closed.is_some());
}

#[test]
fn patients_are_linked_by_a_supervisor_proposed_by_a_coordinator_and_taken_apart_again() {
    let mut ledger = Ledger::record();
    let other = PatientId(uuid::Uuid::from_u128(5));
    let linked = |a, b, proposed: bool| -> PatientsLinked {
        said(json!({"patients": [a, b], "proposed": proposed}))
    };
    let own = ledger.patient;
    none_of(
        &mut ledger,
        &["n1", "d1", "a2", "c1", "p1", "adm", "pp"],
        linked(own, other, false),
    );
    none_of(
        &mut ledger,
        &["n1", "d1", "a2", "p1", "adm", "pp"],
        linked(own, other, true),
    );
    ledger.says("c1", linked(own, other, true)).unwrap();
    assert!(ledger.fold().links.is_empty());
    assert_eq!(
        ledger.says("sup", linked(own, own, false)),
        Err(Breach::NotTwoPatients)
    );
    let stranger = PatientId(uuid::Uuid::from_u128(6));
    assert_eq!(
        ledger.says("sup", linked(stranger, other, false)),
        Err(Breach::NotTwoPatients)
    );
    ledger.says("sup", linked(own, other, false)).unwrap();
    assert!(ledger.fold().links[0].same);
    let apart: PatientsUnlinked = said(json!({"patients": [own, other]}));
    none_of(
        &mut ledger,
        &["n1", "d1", "c1", "p1", "adm", "pp"],
        apart.clone(),
    );
    let unfit: PatientsUnlinked = said(json!({"patients": [other, stranger]}));
    assert_eq!(ledger.says("sup", unfit), Err(Breach::NotTwoPatients));
    ledger.says("sup", apart).unwrap();
    let links = ledger.fold().links;
    assert!(links.len() == 1 && !links[0].same);
}

#[test]
fn what_is_told_about_a_practice_is_everybodys_and_a_new_contact_is_the_directorys() {
    let mut ledger = Ledger::empty();
    ledger
        .says(
            "n1",
            PartnerOpened {
                partner: "har".into(),
            },
        )
        .unwrap();
    let full: PartnerTold = said(json!({"accepting": "no"}));
    all_of(
        &mut ledger,
        &["n1", "d1", "c1", "p1", "sup", "adm", "pp"],
        full.clone(),
    );
    none_of(&mut ledger, &["a2"], full);
    assert_eq!(
        ledger.says("n1", said::<PartnerTold>(json!({}))),
        Err(Breach::NothingSaid)
    );
    let contact = |proposed: bool| -> PartnerTold {
        said(
            json!({"contact": {"name": "Sol", "channel": "voice", "value": "555-0190"}, "proposed": proposed}),
        )
    };
    none_of(&mut ledger, &["n1", "d1", "p1", "pp"], contact(false));
    all_of(&mut ledger, &["n1", "d1", "p1", "pp"], contact(true));
    all_of(&mut ledger, &["c1", "sup", "adm"], contact(false));
    let empty: PartnerTold =
        said(json!({"contact": {"name": "", "channel": "voice", "value": "1"}}));
    assert_eq!(ledger.says("c1", empty), Err(Breach::TextMissing));
}

#[test]
fn an_error_is_taken_back_by_its_author_within_a_day_else_by_a_supervisor_and_stays_in_the_log() {
    let (mut ledger, visit) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-16T14:00"))
        .unwrap();
    let error = |entry: EntryId, reason: &str| EnteredInError {
        entry,
        reason: reason.into(),
    };
    none_of(&mut ledger, &["adm", "pp"], error(booked, "wrong patient"));
    assert_eq!(
        ledger.says("n1", error(booked, "")),
        Err(Breach::TextMissing)
    );
    assert_eq!(
        ledger.says("c1", error(booked, "wrong patient")),
        Err(Breach::NotYours)
    );
    let opened = ledger.entries()[0].id;
    assert_eq!(
        ledger.says("sup", error(opened, "wrong patient")),
        Err(Breach::NotVoidable)
    );
    let unknown = EntryId(uuid::Uuid::nil());
    assert_eq!(
        ledger.says("n1", error(unknown, "wrong patient")),
        Err(Breach::Dangling)
    );
    let void = ledger.says("n1", error(booked, "wrong patient")).unwrap();
    let record = ledger.fold();
    assert!(record.appointments.is_empty() && record.past.get(booked).is_some());
    assert_eq!(
        ledger.says("n1", error(booked, "again")),
        Err(Breach::VoidedAlready)
    );
    ledger
        .says("n1", error(void, "it was right after all"))
        .unwrap();
    assert_eq!(
        ledger.fold().appointments.len(),
        1,
        "an error about an error"
    );
    ledger.wait(60 * 25);
    assert_eq!(
        ledger.says("n1", error(visit, "late")),
        Err(Breach::NotYours)
    );
    ledger.says("sup", error(visit, "late")).unwrap();
    assert!(ledger.fold().encounters.is_empty());
}

#[test]
fn what_raised_a_flag_is_called_an_error_by_a_clinician_alone() {
    let mut ledger = Ledger::record();
    let flag = ledger.says("d1", raised("staff_concern")).unwrap();
    let error = EnteredInError {
        entry: flag,
        reason: "wrong patient".into(),
    };
    for by in ["d1", "sup"] {
        assert_eq!(ledger.says(by, error.clone()), Err(Breach::NotVoidable));
    }
    ledger.says("p1", error).unwrap();
    let patient = ledger.joined();
    assert_eq!(patient.flags[0].status.as_str(), "entered_in_error");
    assert_eq!(patient.open_flags().count(), 0);
}
