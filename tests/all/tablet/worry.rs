//! A worry beside a record that another person of the tablet sees and she does not: whom to call is there all the same, whoever
//! looks after the patient has it at once, and it opens nothing to whoever raised it.

use super::Ward;
use serde_json::json;
use warmhand_core::domain::entry::Body;
use warmhand_core::refusal::Refusal;
use warmhand_core::view::Alert;
use warmhand_core::wire::{Decision, QuarantineReason};
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::town::Phone;

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
