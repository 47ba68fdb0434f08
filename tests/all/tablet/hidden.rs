//! A record that another person of the tablet sees and she does not: no screen shows it, no command reaches it, and whom to
//! call is there all the same.

use super::Ward;
use serde_json::json;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::{DerivedId, DocumentId};
use warmhand_core::refusal::Refusal;
use warmhand_core::usecase::Command;
use warmhand_core::view::{
    Alert, AppointmentDraft, DecisionDraft, HandoffDraft, NextStepDraft, ScreenDraft,
};
use warmhand_core::wire::{Decision, QuarantineReason};
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::town::Phone;

/// What every screen of a record refuses with.
fn refusals(ward: &Ward, record: DocumentId) -> Vec<Option<Refusal>> {
    let (app, now) = (&ward.tablet.app, ward.town.now());
    let item = DerivedId::derive("two_booked", &[]);
    vec![
        app.handoff(record, now).err(),
        app.visit(record, now).err(),
        app.call_card(record, None, now).err(),
        app.decision(record, &DecisionDraft::default(), now).err(),
        app.appointment_form(record, &AppointmentDraft::default(), now)
            .err(),
        app.screen_form(record, &ScreenDraft::default(), now).err(),
        app.next_step(record, &NextStepDraft::default(), now).err(),
        app.patient_card(record, now).err(),
        app.history(record, now).err(),
        app.new_handoff_in(record, &HandoffDraft::default(), now)
            .err(),
        app.review(record, item, now).err(),
        app.same_person(record, ward.noor.1, now).err(),
    ]
}

#[test]
fn a_record_that_is_not_for_her_is_not_here() {
    let nowhere = DocumentId(uuid::Uuid::from_u128(1));
    Ward::new("Rosa", "Noor").each_time(|ward| {
        ward.hand("n2");
        let (record, patient) = ward.rosa;
        let before = ward.tablet.entries(patient);
        // In the very words in which one is refused that is on no device.
        let lost = vec![Some(Refusal::NotHere("the record")); 12];
        assert_eq!(refusals(ward, nowhere), lost);
        assert_eq!(refusals(ward, record), lost);
        for command in [
            json!({"AddNote": {"record": record, "text": "from the clinic"}}),
            json!({"DescribePatient": {"record": record, "preferred_name": "R."}}),
            json!({"StartEncounter": {"record": record, "setting": "clinic"}}),
            json!({"RecordScreen": {"record": record, "instrument": "phq2", "mode": "interview", "items": [0, 0]}}),
            json!({"AcceptOwnership": {"record": record}}),
            json!({"CloseLoop": {"record": record, "reason": "unreachable"}}),
            json!({"HandSafety": {"record": record, "to": "Dr. Patel", "how": "phone"}}),
            json!({"LinkPatients": {"record": record, "patient": ward.noor.1, "proposed": true}}),
        ] {
            let typed: Command = serde_json::from_value(command).unwrap();
            let refused = ward.tablet.act(&ward.town, typed);
            assert_eq!(refused, Err(Refusal::NotHere("the record")));
        }
        // Nor does anything that she may see reach the patient.
        let draft = HandoffDraft {
            patient: Some(patient),
            ..HandoffDraft::default()
        };
        let form = ward.tablet.app.new_handoff(&draft, ward.town.now());
        assert_eq!(form.err(), Some(Refusal::NotHere("the patient")));
        for command in [
            json!({"OpenRecord": {"site": "clinic", "patient": patient}}),
            json!({"LinkPatients": {"record": ward.noor.0, "patient": patient, "proposed": true}}),
        ] {
            let typed: Command = serde_json::from_value(command).unwrap();
            let refused = ward.tablet.act(&ward.town, typed);
            assert_eq!(refused, Err(Refusal::NotHere("the patient")));
        }
        assert_eq!(ward.tablet.entries(patient), before);
        ward.hand("n1");
        assert_eq!(refusals(ward, record)[..3], [None, None, None]);
    });
}

#[test]
fn whom_to_call_is_there_beside_any_record_and_a_worry_is_taken() {
    let mut ward = Ward::new("Rosa", "Noor");
    ward.tablet.sync(&ward.town);
    ward.hand("n2");
    let (record, patient) = ward.rosa;
    let (town, tablet) = (&ward.town, &mut ward.tablet);
    let panel = tablet.app.safety_panel(Some(record), town.now());
    let calls: Vec<_> = (panel.calls.iter())
        .map(|line| line.ways[0].value.as_str())
        .collect();
    assert_eq!(calls, ["911", "988", "1-833-852-6262"]);
    assert!(panel.flags.is_empty() && panel.same_as.is_empty());
    assert!(panel.can_raise && !panel.can_hand);
    assert_eq!(panel.alert, Alert::CanAlert);
    assert!(!format!("{panel:?}").contains("Rosa"));
    for said in [
        json!({"RaiseSafety": {"record": record, "reason": "patient_said"}}),
        json!({"TapSafetyCall": {"record": record, "call": "911"}}),
        json!({"DismissSafetyPanel": {"record": record}}),
    ] {
        tablet.does(town, said);
    }
    // It opens nothing to her, and whoever looks after the patient has it at once, also on a phone of her own.
    let lost = Err(Refusal::NotHere("the record"));
    let seen = |tablet: &Phone| tablet.app.handoff(record, town.now()).map(|_| ());
    assert_eq!(seen(tablet), lost);
    assert_eq!(tablet.app.patients(town.now()).unwrap().rows.len(), 1);
    super::hand(tablet, town, "n1");
    let flags = |tablet: &Phone| {
        tablet
            .app
            .safety_panel(Some(record), town.now())
            .flags
            .len()
    };
    assert_eq!(flags(tablet), 2);
    tablet.note(town, record, "after the worry");
    super::hand(tablet, town, "n2");
    tablet.sync(town);
    assert!(town.aside().is_empty());
    let mut phone = town.device("phone", &["n1"]);
    phone.sync(town);
    assert_eq!(flags(&phone), 2);
    // Nor does it once the server has it.
    assert_eq!(seen(tablet), lost);
    let mut hers = town.device("hers", &["n2"]);
    hers.sync(town);
    assert_eq!(seen(&hers), lost);
    let own = tablet.app.safety_panel(Some(ward.noor.0), town.now());
    assert_eq!(own.flags.len(), 1);
    // Nor has she read what lies there, nor been shown its flags.
    super::hand(tablet, town, "n1");
    let history = tablet.app.history(record, town.now()).unwrap();
    let mut of_hers = history.entries.iter().filter(|row| row.by == "Ana Duarte");
    assert!(of_hers.all(|row| row.seen.is_none()));
    let folder = town.run(town.server().store.folder(patient, None)).unwrap();
    let lies = folder.patient.record(record).unwrap().entries();
    let named: Vec<_> = (lies.iter())
        .filter_map(|entry| match &entry.body {
            Body::SafetyPanelDismissed(said) => Some(&said.flags),
            Body::SafetyCallTapped(said) => Some(&said.flags),
            _ => None,
        })
        .collect();
    assert_eq!(named, [&Vec::new(), &Vec::new()]);
    let waits = town.entries(patient).len();
    assert_eq!(tablet.entries(patient).len(), waits);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn whoever_sees_her_through_another_of_her_records_ticks_what_follows_from_her_worry() {
    let mut ward = Ward::new("Rosa", "Noor");
    let (record, patient) = ward.rosa;
    // Another record of the same patient, at the site of the other nurse.
    ward.hand("sup");
    let open = json!({"OpenRecord": {"site": "clinic", "patient": patient}});
    ward.tablet.does(&ward.town, open);
    ward.tablet.sync(&ward.town);
    ward.hand("n2");
    let worry = json!({"RaiseSafety": {"record": record, "reason": "patient_said"}});
    let worry = ward.tablet.does(&ward.town, worry).made.unwrap();
    ward.town.wait(60 * 25);
    let ticked =
        json!({"CompleteTask": {"record": record, "kind": "safety_next_day", "cause": worry}});
    ward.tablet.does(&ward.town, ticked);
    ward.tablet.sync(&ward.town);
    assert!(ward.town.aside().is_empty());
    assert_eq!(ward.town.verify(), Verified::SOUND);
}

#[test]
fn a_worry_beside_what_the_tablet_has_lost_waits_for_a_person_and_opens_nothing() {
    let mut ward = Ward::new("Rosa", "Noor");
    ward.tablet.sync(&ward.town);
    ward.hand("n2");
    let (record, _) = ward.rosa;
    let (town, tablet) = (&ward.town, &mut ward.tablet);
    let worry = json!({"RaiseSafety": {"record": record, "reason": "patient_said"}});
    tablet.does(town, worry);
    // Whoever saw the record there is taken off the tablet before it asks again.
    let id = tablet.app.id().unwrap();
    let store = &town.server().store;
    town.run(store.set_people(id, vec!["n2".into()], "sup".into(), town.now()))
        .unwrap();
    tablet.sync(town);
    let [row] = &town.aside()[..] else {
        panic!("one waits")
    };
    assert_eq!(row.reason, QuarantineReason::Access);
    let decided = store.decide("sup".into(), row.hash, Decision::Released, 7, town.now());
    town.run(decided).unwrap();
    tablet.sync(town);
    assert!(town.aside().is_empty());
    let lost = Refusal::NotHere("the record");
    assert_eq!(tablet.app.handoff(record, town.now()).err(), Some(lost));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn nothing_of_patients_is_shown_while_nobody_is_signed_in() {
    let ward = Ward::new("Rosa", "Noor");
    let (town, mut tablet) = (ward.town, ward.tablet);
    tablet.sync(&town);
    super::hand(&mut tablet, &town, "n1");
    tablet.note(&town, ward.rosa.0, "not sent");
    let id = tablet.app.id().unwrap();
    // Whoever holds it is taken off it, in an answer without a page.
    let people = vec!["n2".into(), "sup".into()];
    let store = &town.server().store;
    town.run(store.set_people(id, people, "sup".into(), town.now()))
        .unwrap();
    tablet.sync(&town);
    assert_eq!(tablet.app.signed_in(), Ok(None));
    let (app, now) = (&tablet.app, town.now());
    assert_eq!(app.patients(now), Err(Refusal::SignedOut));
    assert_eq!(app.today(now), Err(Refusal::SignedOut));
    let partners = app.directory(now).unwrap().partners;
    assert!(!partners.is_empty() && partners.iter().all(|card| card.calls == 0));
    assert!(!app.safety_panel(None, now).calls.is_empty());
}
