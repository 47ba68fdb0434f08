//! From the first screen to a follow-up that is recorded: so few commands, and none of them made up by a shell.

use jiff::civil::date;
use serde_json::json;
use warmhand_core::domain::code::TaskKind;
use warmhand_core::usecase::Command;
use warmhand_core::view::{AppointmentDraft, FirstThing, HandoffDraft, LeaveKind};
use warmhand_tests::town::Town;

#[test]
fn recording_a_follow_up_takes_at_most_five_commands_by_the_view_flow() {
    let town = Town::default();
    let mut phone = town.device("nurse", &["n1"]);
    let made = phone.does(
        &town,
        json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}}),
    );
    let record = made.record.unwrap();
    for command in [
        json!({"StartEncounter": {"record": record, "setting": "home"}}),
        json!({"IdentifyNeed": {"record": record, "basis": "judgement", "owner": "n1"}}),
        json!({"OfferHandoff": {"record": record, "mode": "phone"}}),
        json!({"RecordDecision": {"record": record, "value": "agreed"}}),
        json!({"RecordContact": {"record": record, "with": "partner", "partner": "har", "outcome": "left_voicemail"}}),
        json!({"SetNextStep": {"record": record, "what": "our_callback", "partner": "har",
            "due_at": "2026-03-03T10:00-05:00[America/New_York]", "contact_name": "Mia", "contact_value": "555-0142"}}),
        json!({"EndEncounter": {"record": record}}),
    ] {
        town.wait(1);
        phone.does(&town, command);
    }
    // A day and a half later, with no link.
    town.wait(36 * 60);
    let today = phone.app.today(town.now()).unwrap();
    let row = today
        .overdue
        .iter()
        .find(|r| r.kind == TaskKind::RetryCall)
        .expect("the call to be made again is overdue");
    let mut commands = 0;
    let mut act = |phone: &mut warmhand_tests::town::Phone, command: Command| {
        commands += 1;
        phone
            .act(&town, command)
            .expect("the screen said that it may")
    };
    // One tap dials; what came of it is one command.
    let card = phone.app.call_card(row.record, None, town.now()).unwrap();
    assert!(card.can_call && card.dial.is_some());
    let reached = json!({"RecordContact": {"record": row.record, "with": "partner", "partner": card.partner,
        "outcome": "spoke_staff_only", "contact_name": card.dial.unwrap().name}});
    act(&mut phone, serde_json::from_value(reached).unwrap());
    let told = json!({"RecordContact": {"record": row.record, "with": "patient", "outcome": "spoke_directly"}});
    act(&mut phone, serde_json::from_value(told).unwrap());
    let draft = AppointmentDraft {
        partner: card.partner,
        start_local: Some(date(2026, 3, 9).at(9, 30, 0, 0)),
        ..AppointmentDraft::default()
    };
    let form = phone
        .app
        .appointment_form(row.record, &draft, town.now())
        .unwrap();
    assert!(form.can_book, "{:?}", form.problems);
    act(&mut phone, form.book.unwrap());
    // The step that this follow-up was is done.
    let steps = phone
        .app
        .next_step(
            row.record,
            &warmhand_core::view::NextStepDraft::default(),
            town.now(),
        )
        .unwrap();
    let step = &steps.steps[0];
    assert!(step.can_fulfil && step.late.is_some());
    let done = json!({"FulfilNextStep": {"record": row.record, "step": step.step}});
    act(&mut phone, serde_json::from_value(done).unwrap());
    assert!(commands <= 5, "{commands} commands");
    let after = phone.app.today(town.now()).unwrap();
    assert!(after.overdue.is_empty(), "{:?}", after.overdue);
}

#[test]
fn a_visit_from_the_first_screen_to_leaving_follows_what_comes_first() {
    let town = Town::default();
    let mut phone = town.device("nurse", &["n1"]);
    let draft = HandoffDraft {
        name: "Rosa".into(),
        ..HandoffDraft::default()
    };
    let new = phone.app.new_handoff(&draft, town.now()).unwrap();
    let record = phone.act(&town, new.open.unwrap()).unwrap().record.unwrap();
    let mut seen = Vec::new();
    loop {
        town.wait(1);
        let screen = phone.app.visit(record, town.now()).unwrap();
        seen.push(screen.first);
        let command = match screen.first {
            FirstThing::StartVisit => {
                json!({"StartEncounter": {"record": record, "setting": "home"}})
            }
            FirstThing::Identify => {
                json!({"IdentifyNeed": {"record": record, "basis": "judgement"}})
            }
            FirstThing::Offer => json!({"OfferHandoff": {"record": record, "mode": "phone"}}),
            FirstThing::Decide => json!({"RecordDecision": {"record": record, "value": "agreed"}}),
            FirstThing::Call => {
                json!({"RecordContact": {"record": record, "with": "partner", "partner": "har",
                "outcome": "spoke_directly", "patient_on_line": true}})
            }
            FirstThing::BookOrStep => {
                json!({"BookAppointment": {"record": record, "partner": "har",
                "start_local": "2026-03-09T09:30"}})
            }
            FirstThing::Leave => json!({"EndEncounter": {"record": record}}),
            other => panic!("{other:?}"),
        };
        phone.does(&town, command);
        if screen.first == FirstThing::Leave {
            break;
        }
    }
    assert_eq!(seen.len(), 7);
    let left = phone.app.visit(record, town.now()).unwrap();
    let marks = left.before_leaving.unwrap().marks;
    let done: Vec<LeaveKind> = marks.iter().filter(|m| m.done).map(|m| m.kind).collect();
    assert_eq!(done, [LeaveKind::Spoke, LeaveKind::Appointment]);
    assert!(phone.app.history(record, town.now()).unwrap().entries.len() > 7);
    assert!(
        phone
            .app
            .patient_card(record, town.now())
            .unwrap()
            .next
            .is_some()
    );
    assert_eq!(phone.app.sync_status_at(town.now()).unwrap().count, 1);
}

#[test]
fn every_screen_of_a_record_that_is_not_here_says_so() {
    let town = Town::default();
    let phone = town.device("nurse", &["n1"]);
    let nowhere = warmhand_core::domain::id::DocumentId(uuid::Uuid::from_u128(1));
    let lost = Some(warmhand_core::refusal::Refusal::NotHere("the record"));
    let (app, now) = (&phone.app, town.now());
    assert_eq!(app.visit(nowhere, now).err(), lost);
    assert_eq!(app.handoff(nowhere, now).err(), lost);
    assert_eq!(app.history(nowhere, now).err(), lost);
    assert_eq!(app.call_card(nowhere, None, now).err(), lost);
    assert!(app.partner(&"nobody".into(), now).is_err());
    assert!(!app.safety_panel(Some(nowhere), now).calls.is_empty());
}

#[test]
fn two_patients_are_shown_side_by_side_and_a_supervisor_says_what_they_are() {
    let town = Town::default();
    let mut tablet = town.device("desk", &["n1", "sup", "c1"]);
    let open = json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}});
    let one = tablet.does(&town, open.clone());
    let other = tablet.does(&town, open);
    let (record, patient) = (one.record.unwrap(), other.patient.unwrap());
    let mut asked = |user: &str| {
        tablet.does(&town, json!({"SwitchUser": {"user": user}}));
        let screen = tablet.app.same_person(record, patient, town.now()).unwrap();
        (screen.can_link, screen.can_propose, screen.can_unlink)
    };
    assert_eq!(asked("n1"), (false, false, false));
    assert_eq!(asked("c1"), (false, true, false));
    assert_eq!(asked("sup"), (true, true, true));
    let screen = tablet.app.same_person(record, patient, town.now()).unwrap();
    assert_eq!(screen.sides[1].name.as_deref(), Some("Rosa"));
    tablet.act(&town, screen.link).unwrap();
    let rows = tablet.app.patients(town.now()).unwrap().rows;
    assert!(
        rows.iter()
            .all(|r| r.same_as.iter().all(|s| s.is_linked) && r.same_as.len() == 1)
    );
    assert_eq!(rows.len(), 2, "linked, and never merged");
}

#[test]
fn a_visit_that_nobody_ended_takes_up_nothing_that_is_done_the_next_day_and_can_still_be_ended() {
    let town = Town::default();
    let mut phone = town.device("nurse", &["n1"]);
    let opens = json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}});
    let made = phone.does(&town, opens);
    let (record, patient) = (made.record.unwrap(), made.patient.unwrap());
    let mut does = |town: &Town, name: &str, mut fields: serde_json::Value| {
        fields["record"] = json!(record);
        phone.does(town, json!({name: fields})).made.unwrap()
    };
    let visit = does(&town, "StartEncounter", json!({"setting": "home"}));
    does(
        &town,
        "IdentifyNeed",
        json!({"basis": "judgement", "owner": "n1"}),
    );
    does(&town, "OfferHandoff", json!({"mode": "phone"}));
    does(&town, "RecordDecision", json!({"value": "agreed"}));
    town.wait(60 * 11);
    let call = json!({"with": "partner", "partner": "har", "outcome": "left_voicemail"});
    does(&town, "RecordContact", call.clone());
    town.wait(60 * 9);
    does(&town, "RecordContact", call);
    does(&town, "EndEncounter", json!({}));
    let record = &phone.app.patient(patient).unwrap().0.records[0];
    let of: Vec<_> = record.attempts.iter().map(|a| a.said.encounter).collect();
    assert_eq!(of, [Some(visit), None]);
    assert!(record.encounters[0].ended.is_some());
}
