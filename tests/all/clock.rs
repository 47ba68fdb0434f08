//! A phone's clock that is wrong, and is found out: nothing that a person does waits for it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use warmhand_core::app::SyncStep;
use warmhand_core::domain::code::{Grade, LeaveCheck};
use warmhand_core::usecase::Outcome;
use warmhand_core::view::SyncState;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::town::{Phone, Town};

const AHEAD: SignedDuration = SignedDuration::from_hours(2);

fn by_its_clock(town: &Town) -> Timestamp {
    town.now() + AHEAD
}

fn does(phone: &mut Phone, town: &Town, command: Value) -> Outcome {
    let command = serde_json::from_value(command).unwrap();
    phone.app.dispatch(command, by_its_clock(town)).unwrap()
}

/// Speaks with the server, by the phone's own clock.
fn syncs(phone: &mut Phone, town: &Town) {
    phone.app.sync_wanted();
    while let SyncStep::Send(asked) = phone.app.sync_next(by_its_clock(town)).unwrap() {
        let carried = town.carry(&asked);
        let at = by_its_clock(town);
        phone.app.sync_answered(asked.number, &carried, at).unwrap();
    }
}

#[test]
fn a_visit_that_began_by_a_clock_that_was_ahead_ends_when_she_leaves() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let opens = json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}});
    let opened = does(&mut ana, &town, opens);
    let (record, patient) = (opened.record.unwrap(), opened.patient.unwrap());
    for command in [
        json!({"StartEncounter": {"record": record, "setting": "home", "signal": "voice_only"}}),
        json!({"IdentifyNeed": {"record": record, "basis": "judgement"}}),
        json!({"OfferHandoff": {"record": record, "mode": "phone"}}),
        json!({"RecordDecision": {"record": record, "value": "agreed"}}),
        json!({"RecordContact": {"record": record, "with": "partner", "partner": "har",
            "outcome": "spoke_directly", "patient_on_line": true}}),
    ] {
        town.wait(5);
        does(&mut ana, &town, command);
    }
    // Here the phone learns by how much it is off.
    syncs(&mut ana, &town);
    town.wait(10);
    does(&mut ana, &town, json!({"EndEncounter": {"record": record}}));
    syncs(&mut ana, &town);
    let status = ana.app.sync_status_at(by_its_clock(&town)).unwrap();
    assert_eq!(status.state, SyncState::AllSent);
    let (patient, _) = ana.app.patient(patient).unwrap();
    let visit = &patient.records[0].encounters[0];
    let ended = visit.ended.as_ref().unwrap();
    assert!(*ended >= visit.entry.occurred_at, "never before it began");
    // What was said within it by the old clock is within it still.
    assert_eq!(
        (visit.grade, visit.leave_check),
        (Grade::W2, LeaveCheck::Pass)
    );
    assert_eq!(town.aside().len(), 0);
    assert_eq!(town.verify(), Verified::SOUND);
}
