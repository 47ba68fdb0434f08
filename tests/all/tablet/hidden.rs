//! A record that another person of the tablet sees and she does not: no screen shows it, and no command reaches it.

use super::Ward;
use serde_json::json;
use warmhand_core::domain::id::{DerivedId, DocumentId};
use warmhand_core::refusal::Refusal;
use warmhand_core::usecase::Command;
use warmhand_core::view::{
    AppointmentDraft, DecisionDraft, HandoffDraft, NextStepDraft, ScreenDraft,
};

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
