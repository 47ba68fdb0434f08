//! The server is silent for longer than the organisation allows: nothing of patients is shown, and nothing else changes.

use jiff::SignedDuration;
use serde_json::json;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::refusal::Refusal;
use warmhand_core::usecase::Command;
use warmhand_core::view::{HandoffDraft, SyncState};
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::{Phone, Town};

const DAY: i64 = 24 * 60;

fn typed(command: serde_json::Value) -> Command {
    serde_json::from_value(command).unwrap()
}

fn locked(town: &Town) -> (Phone, warmhand_core::domain::id::DocumentId) {
    let mut ana = town.device("ana", &["n1"]);
    let (record, _) = ana.handoff(town, "Rosa");
    ana.sync(town);
    town.wait(7 * DAY);
    assert!(
        ana.app.today(town.now()).is_ok(),
        "a week is within the lease"
    );
    town.wait(1);
    (ana, record)
}

#[test]
fn a_locked_device_shows_nothing_of_patients_and_says_whom_to_call() {
    let town = Town::default();
    let (ana, record) = locked(&town);
    let now = town.now();
    assert_eq!(ana.app.today(now), Err(Refusal::Locked));
    assert_eq!(ana.app.patients(now), Err(Refusal::Locked));
    assert_eq!(ana.app.handoff(record, now).unwrap_err(), Refusal::Locked);
    assert_eq!(ana.app.history(record, now).unwrap_err(), Refusal::Locked);
    assert_eq!(
        ana.app.patient_card(record, now).unwrap_err(),
        Refusal::Locked
    );
    assert_eq!(
        ana.app
            .new_handoff_in(record, &HandoffDraft::default(), now),
        Err(Refusal::Locked)
    );
    let status = ana.app.sync_status_at(now).unwrap();
    assert_eq!(status.state, SyncState::Locked);
    let panel = ana.app.safety_panel(Some(record), now);
    let calls: Vec<_> = panel
        .calls
        .iter()
        .map(|l| l.ways[0].value.as_str())
        .collect();
    assert_eq!(calls, ["911", "988", "1-833-852-6262"]);
    assert!(panel.can_raise && panel.flags.is_empty());
    // Practices can be called, and the form of a new patient offers none that is known.
    assert!(!ana.app.directory(now).unwrap().partners.is_empty());
    let draft = HandoffDraft {
        name: "Rosa".into(),
        ..HandoffDraft::default()
    };
    assert!(ana.app.new_handoff(&draft, now).unwrap().known.is_empty());
    let all = format!(
        "{:?}{:?}{:?}",
        status,
        panel,
        ana.app.new_handoff(&HandoffDraft::default(), now).unwrap()
    );
    assert!(!all.contains("Rosa"), "{all}");
}

#[test]
fn a_locked_device_takes_entries_sends_them_and_any_answer_unlocks_it() {
    let town = Town::default();
    let (mut ana, record) = locked(&town);
    let made = ana
        .act(
            &town,
            typed(json!({"OpenRecord": {"site": "home", "preferred_name": "Imani"}})),
        )
        .unwrap();
    let new = made.record.unwrap();
    for command in [
        json!({"IdentifyNeed": {"record": new, "basis": "judgement"}}),
        json!({"RaiseSafety": {"record": new, "reason": "staff_concern"}}),
        json!({"RaiseSafety": {"record": record, "reason": "staff_concern"}}),
        json!({"AddNote": {"record": record, "text": "written while locked"}}),
        json!({"SwitchUser": {"user": "n1"}}),
    ] {
        ana.act(&town, typed(command)).unwrap();
    }
    let status = ana.app.sync_status_at(town.now()).unwrap();
    assert_eq!((status.state, status.count), (SyncState::Locked, 2));
    assert!(status.unsent.iter().all(|row| row.name.is_none()));
    // Started anew it is locked as before, and holds what was written.
    ana.restart();
    assert_eq!(ana.app.today(town.now()), Err(Refusal::Locked));
    ana.sync(&town);
    assert_eq!(
        ana.app.sync_status_at(town.now()).unwrap().state,
        SyncState::AllSent
    );
    assert!(ana.app.handoff(new, town.now()).is_ok());
    let patients = ana.app.patients(town.now()).unwrap();
    assert_eq!(patients.rows.len(), 2);
}

#[test]
fn an_answer_that_asks_to_compare_unlocks_as_well() {
    let mut town = Town::default();
    let older = town.image();
    let mut lena = town.device("lena", &["d1"]);
    lena.sync(&town);
    town.wait(8 * DAY);
    assert_eq!(lena.app.today(town.now()), Err(Refusal::Locked));
    // A server that knows it by its credential alone, and by nobody's word that it was taken away, is an answer too.
    town.restore(&older);
    lena.app.sync_wanted();
    if let Ok(warmhand_core::app::SyncStep::Send(asked)) = lena.app.sync_next(town.now()) {
        let carried = town.carry(&asked);
        lena.app
            .sync_answered(asked.number, &carried, town.now())
            .unwrap();
    }
    assert!(lena.app.today(town.now()).is_ok());

    let mut ana = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    let older = town.image();
    ana.sync(&town);
    town.restore(&older);
    town.wait(8 * DAY);
    assert_eq!(ana.app.today(town.now()), Err(Refusal::Locked));
    lena.app.sync_wanted();
    ana.app.sync_wanted();
    let Ok(warmhand_core::app::SyncStep::Send(asked)) = ana.app.sync_next(town.now()) else {
        panic!("nothing to ask")
    };
    let carried = town.carry(&asked);
    ana.app
        .sync_answered(asked.number, &carried, town.now())
        .unwrap();
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::Comparing);
    assert!(ana.app.today(town.now()).is_ok());
}

#[test]
fn a_clock_that_was_set_back_does_not_hold_a_device_open() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    ana.sync(&town);
    let back = town.now() - SignedDuration::from_hours(24 * 30);
    assert_eq!(ana.app.today(back), Err(Refusal::Locked));
    // Corrected by the next answer, whatever the clock says.
    ana.app.sync_wanted();
    let Ok(warmhand_core::app::SyncStep::Send(asked)) = ana.app.sync_next(back) else {
        panic!("nothing to ask")
    };
    let carried = town.carry(&asked);
    ana.app.sync_answered(asked.number, &carried, back).unwrap();
    assert!(ana.app.today(back).is_ok());
}

#[test]
fn the_sheet_says_after_how_many_days_within_bounds() {
    let with = |days: &str| {
        let settings = format!("\"settings\": {{\"lock_after_days\": {days}}}, \"sites\"");
        Organisation::parse(&SHEET.replacen("\"sites\"", &settings, 1))
    };
    assert_eq!(with("3").unwrap().settings.lock_after_days, 3);
    assert_eq!(
        Organisation::parse(SHEET).unwrap().settings.lock_after_days,
        7
    );
    for days in ["0", "91"] {
        assert_eq!(
            with(days).unwrap_err(),
            format!(
                "lock_after_days is {days}; a device locks after 1 to 90 days without an answer"
            )
        );
    }
    assert!(
        with("-1")
            .unwrap_err()
            .starts_with("the organisation does not read")
    );
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let strict = SHEET.replacen(
        "\"sites\"",
        "\"settings\": {\"lock_after_days\": 1}, \"sites\"",
        1,
    );
    town.run(town.server().store.load_sheet(strict)).unwrap();
    ana.sync(&town);
    town.wait(DAY + 1);
    assert_eq!(ana.app.today(town.now()), Err(Refusal::Locked));
}
