//! The road of a record, and what may happen to it on the way: requests repeated and answers lost, either side ended
//! between any two statements, the server put back to an older image, a device taken out of service.

use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::domain::code::{FlagStatus, Grade, LeaveCheck, Stage};
use warmhand_core::view::SyncState;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::struck::Strike;
use warmhand_tests::town::{Phone, Town};

#[test]
fn a_handoff_recorded_offline_is_read_the_same_everywhere() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::ToSend);
    assert!(!carla.app.holds(record).unwrap());
    let here = ana.app.handoff(record, town.now()).unwrap().summary;
    assert_eq!(
        (here.stage, here.grade, here.encounters[0].leave_check),
        (Stage::Booked, Some(Grade::W3), LeaveCheck::Pass)
    );
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    assert_eq!(town.entries(patient), ana.entries(patient));
    let there = carla.app.handoff(record, town.now()).unwrap().summary;
    let here = ana.app.handoff(record, town.now()).unwrap().summary;
    assert_eq!(there, here);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn an_answer_that_is_lost_or_comes_twice_changes_nothing() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (_, patient) = ana.handoff(&town, "Rosa");
    let SyncStep::Send(first) = ana.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to send")
    };
    let answer = town.carry(&first);
    let again = town.carry(&first);
    // The answer is lost; the device asks anew, and the late one is dropped whole.
    let SyncStep::Send(second) = ana.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to send")
    };
    ana.app
        .sync_answered(first.number, &answer, town.now())
        .unwrap();
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::ToSend);
    let carried = town.carry(&second);
    ana.app
        .sync_answered(second.number, &carried, town.now())
        .unwrap();
    ana.app
        .sync_answered(second.number, &again, town.now())
        .unwrap();
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(town.entries(patient), ana.entries(patient));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_server_ended_between_any_two_statements_loses_nothing_acknowledged() {
    let mut places = 1;
    let mut at = 0;
    while at < places {
        let mut town = Town::default();
        let mut ana = town.device("ana", &["n1"]);
        let mut carla = town.device("carla", &["c1"]);
        let (record, patient) = ana.handoff(&town, "Rosa");
        let strike = Strike::at(at);
        town.close();
        town.open(Some(Arc::new(strike.clone())));
        ana.sync(&town);
        town.wait(20);
        ana.sync(&town);
        carla.sync(&town);
        town.wait(20);
        carla.sync(&town);
        places = strike.passed();
        // What is looked at now is what lies on the disk.
        town.close();
        town.open(None);
        assert_eq!(
            ana.app.sync_status().unwrap().state,
            SyncState::AllSent,
            "struck at {at} of {places}"
        );
        assert_eq!(
            town.entries(patient),
            ana.entries(patient),
            "struck at {at}"
        );
        assert_eq!(
            carla.entries(patient),
            ana.entries(patient),
            "struck at {at}"
        );
        assert!(carla.app.holds(record).unwrap());
        assert_eq!(town.verify(), Verified::SOUND, "struck at {at}");
        at += 1;
    }
    assert!(places > 60, "only {places} places were passed");
}

#[test]
fn a_device_ended_between_any_two_statements_loses_nothing_recorded_or_acknowledged() {
    let mut at = 0;
    loop {
        let town = Town::default();
        let mut ana = town.device("ana", &["n1"]);
        let mut carla = town.device("carla", &["c1"]);
        let (record, patient) = carla.handoff(&town, "Rosa");
        carla.sync(&town);
        let strike = Strike::at(at);
        ana.app.set_fault(Box::new(strike.clone()));
        let mut recorded = Vec::new();
        let mut ended = 0;
        ana.sync(&town);
        for text in ["first", "second"] {
            let note = json!({"AddNote": {"record": record, "text": text}});
            let command: warmhand_core::usecase::Command = serde_json::from_value(note).unwrap();
            town.wait(1);
            let made = match ana.act(&town, command.clone()) {
                Ok(made) => made,
                Err(_) => {
                    ended += 1;
                    ana.restart();
                    ana.act(&town, command).unwrap()
                }
            };
            recorded.push(made.made.unwrap().to_string());
        }
        town.wait(20);
        ana.sync(&town);
        let on_server = town.entries(patient);
        assert!(
            recorded.iter().all(|id| on_server.contains(id)),
            "struck at {at}"
        );
        assert_eq!(on_server, ana.entries(patient), "struck at {at}");
        assert_eq!(
            ana.app.sync_status().unwrap().state,
            SyncState::AllSent,
            "struck at {at}"
        );
        if strike.passed() <= at && ended == 0 {
            assert!(at > 30, "only {at} places were passed");
            break;
        }
        at += 1;
    }
}

#[test]
fn after_an_older_image_is_put_back_nothing_acknowledged_is_lost() {
    let mut town = Town::default();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    let image = town.image();
    let (_, later) = ana.handoff(&town, "Imani");
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "after the image"}}),
    );
    ana.sync(&town);
    carla.sync(&town);
    let (all, more) = (town.entries(patient), town.entries(later));
    town.restore(&image);
    assert_ne!(town.entries(patient), all);
    // Ana's phone is lost with it: Carla's tablet holds her work with the server's own receipts.
    drop(ana);
    carla.app.sync_wanted();
    let SyncStep::Send(asked) = carla.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to ask")
    };
    let answer = town.carry(&asked);
    carla
        .app
        .sync_answered(asked.number, &answer, town.now())
        .unwrap();
    assert_eq!(carla.app.sync_status().unwrap().state, SyncState::Comparing);
    assert!(
        !carla.app.sync_status().unwrap().unsent.is_empty(),
        "nothing is on the server until it is confirmed again"
    );
    carla.sync(&town);
    assert_eq!(town.entries(patient), all);
    assert_eq!(town.entries(later), more);
    assert_eq!(carla.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(carla.entries(patient), all);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn the_work_of_a_revoked_device_is_kept_in_quarantine_and_it_sees_nothing_more() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    let before = town.entries(patient);
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "not sent yet"}}),
    );
    let id = ana.app.id().unwrap();
    town.run(town.server().store.revoke(id, "sup".into(), town.now()))
        .unwrap();
    ana.sync(&town);
    assert_eq!(town.entries(patient), before);
    assert_eq!(town.aside().len(), 1);
    assert_eq!(ana.app.signed_in().unwrap(), None);
    carla.sync(&town);
    assert_eq!(carla.entries(patient), before);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_device_sees_the_records_of_its_people_and_no_others() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut clinic = town.device("clinic", &["ma"]);
    let mut doula = town.device("lena", &["d1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    clinic.sync(&town);
    doula.sync(&town);
    assert!(
        !clinic.app.holds(record).unwrap(),
        "an assistant of the clinic has no business at home visiting"
    );
    assert!(doula.app.holds(record).unwrap());
    // The doula has the result of the screen and never its answers.
    assert_eq!(doula.entries(patient), ana.entries(patient));
    assert!(doula.app.patients(town.now()).unwrap().rows.len() == 1);
    // A visit at the clinic brings the patient's records there.
    ana.does(
        &town,
        json!({"StartEncounter": {"record": record, "setting": "clinic", "site": "clinic"}}),
    );
    ana.sync(&town);
    clinic.sync(&town);
    assert!(clinic.app.holds(record).unwrap());
    assert_eq!(clinic.entries(patient), ana.entries(patient));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_worry_is_taken_from_anybody_and_only_a_clinician_resolves_it() {
    let town = Town::default();
    let mut doula = town.device("lena", &["d1"]);
    let (record, patient) = {
        let made = doula.does(
            &town,
            json!({"OpenRecord": {"site": "home", "preferred_name": "Imani"}}),
        );
        (made.record.unwrap(), made.patient.unwrap())
    };
    let flag = doula
        .does(
            &town,
            json!({"RaiseSafety": {"record": record, "reason": "staff_concern"}}),
        )
        .made
        .unwrap();
    let resolve = json!({"ResolveSafety": {"record": record, "flags": [flag], "note": "talked"}});
    assert!(
        doula
            .act(&town, serde_json::from_value(resolve.clone()).unwrap())
            .is_err()
    );
    doula.sync(&town);
    let mut provider = town.device("patel", &["p1"]);
    provider.sync(&town);
    provider.does(
        &town,
        json!({"HandSafety": {"record": record, "to": "Dr. Patel", "how": "phone"}}),
    );
    provider.does(&town, resolve);
    provider.sync(&town);
    doula.sync(&town);
    let (patient, _) = doula.app.patient(patient).unwrap();
    assert_eq!(
        patient.flags.iter().map(|f| f.status).collect::<Vec<_>>(),
        [FlagStatus::Resolved]
    );
}

#[test]
fn a_worry_is_taken_down_and_sent_however_full_the_record_is() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    let note = json!({"AddNote": {"record": record, "text": "x".repeat(3_900)}});
    let note: warmhand_core::usecase::Command = serde_json::from_value(note).unwrap();
    let mut notes = 0;
    while ana.act(&town, note.clone()).is_ok() {
        notes += 1;
        assert!(notes < 200, "the record never fills");
    }
    assert!(notes > 50);
    let worry = json!({"RaiseSafety": {"record": record, "reason": "staff_concern", "words": "x".repeat(3_900)}});
    let flag = ana.does(&town, worry).made.unwrap();
    ana.does(
        &town,
        json!({"HandSafety": {"record": record, "to": "Dr. Patel", "how": "phone"}}),
    );
    assert!(ana.act(&town, note).is_err(), "only safety has this room");
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
    let (there, _) = carla.app.patient(patient).unwrap();
    let open: Vec<_> = there.open_flags().map(|f| (f.id, f.status)).collect();
    assert_eq!(open, [(flag, FlagStatus::Handed)]);
    assert_eq!(town.entries(patient), ana.entries(patient));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_link_that_fails_is_tried_again_and_says_so_with_a_heartbeat() {
    let town = Town::default();
    let mut ana: Phone = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    let mut paths = Vec::new();
    for _ in 0..3 {
        town.wait(30);
        if let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() {
            paths.push(asked.path);
            ana.app
                .sync_answered(asked.number, &Carried::Failed, town.now())
                .unwrap();
        }
    }
    assert_eq!(paths, ["/v1/sync", "/v1/sync", "/v1/heartbeat"]);
    town.wait(30);
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
}

#[test]
fn what_fails_though_the_server_is_there_is_asked_ever_more_rarely() {
    let town = Town::default();
    let mut ana: Phone = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    let (mut now, mut tried) = (town.now(), 0);
    let end = now + SignedDuration::from_hours(1);
    while now < end {
        match ana.app.sync_next(now).unwrap() {
            SyncStep::Send(asked) => {
                let carried = if asked.path == "/v1/sync" {
                    tried += 1;
                    Carried::Failed
                } else {
                    town.carry(&asked)
                };
                ana.app.sync_answered(asked.number, &carried, now).unwrap();
            }
            SyncStep::Idle(at) => now = at.expect("there is something to say"),
        }
    }
    assert!((5..20).contains(&tried), "{tried} times in an hour");
    town.wait(90);
    ana.sync(&town);
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
}
