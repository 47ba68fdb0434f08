//! The stories of `tests/stories`: what each comes to, in whatever order it is played.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use warmhand_server::story::{self, Played};

/// Each seed plays the story in another order and fills twenty fresh devices, each in an order of its own: a thousand
/// orders of delivery.
const SHUFFLES: u64 = 50;

fn file(name: &str) -> String {
    format!("{}/stories/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn play(name: &str, seed: Option<u64>) -> Played {
    let text = std::fs::read_to_string(file(name)).expect("the story is there");
    wait(story::play(name, &text, seed))
        .unwrap_or_else(|refused| panic!("seed {seed:?}: {refused}"))
}

/// What a story comes to; the same in every order.
fn told(name: &str) -> Value {
    let as_written = play(name, None).json().expect("json");
    for seed in 0..SHUFFLES {
        assert_eq!(
            play(name, Some(seed)).json().expect("json"),
            as_written,
            "{name}: seed {seed}"
        );
    }
    serde_json::from_str(&as_written).expect("json")
}

/// Everything expected is there; lists are of equal length.
pub fn holds(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (key, value) in expected {
                let here = found
                    .get(key)
                    .unwrap_or_else(|| panic!("{place}.{key} is missing"));
                holds(here, value, &format!("{place}.{key}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}: {found:?}");
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                holds(found, expected, &format!("{place}[{at}]"));
            }
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

#[test]
fn sc1_a_clinic_phone_handoff_all_online() {
    let told = told("sc1");
    let expected = json!({
        "patient": "r1.patient", "stage": "closed", "decision": "agreed",
        "mode": {"intended": "phone", "achieved": "phone"},
        "identify_to_contact_min": 4, "days_to_appt": 3, "days_from_offer": 3, "days_to_attended": 3,
        "sla_late_min": null, "converted": false, "corrections": 1, "plan_version": 1,
        "encounters": [{"as": "e1", "grade": "W3", "leave_check": "PASS", "late_entries": 0}],
        "appointments": [{"as": "a1", "kept": true, "local": "2026-03-05T13:00", "zone": "America/New_York",
            "utc": "2026-03-05T18:00Z", "status": "attended", "sequence": 0}],
        "flags": [],
        "loop": [{"state": "closed", "at": "2026-03-05T16:05-05:00"}],
        "tasks": [
            {"kind": "reminder", "due": "2026-03-04T13:00-05:00", "owner": "c1", "state": "done"},
            {"kind": "attendance_check", "owner": "c1", "state": "done"},
        ],
        "review": [],
    });
    holds(&told["records"]["r1"], &expected, "sc1");
    let noon = &told["reports"]["2026-03-02T12:00"];
    holds(
        noon,
        &json!({"open": 1, "overdue": 0, "safety": 0, "records": {"r1": {"stage": "booked"}}}),
        "noon",
    );
}

#[test]
fn sc2_a_home_visit_with_voice_but_no_data_over_the_clock_change() {
    let told = told("sc2");
    let expected = json!({
        "stage": "closed", "decision": "agreed", "mode": {"intended": "phone", "achieved": "phone"},
        "identify_to_contact_min": 7, "days_to_appt": 6, "days_to_attended": 6,
        "encounters": [{"as": "e1", "grade": "W3", "leave_check": "PASS", "late_entries": 0}],
        "appointments": [{"as": "a1", "kept": true, "local": "2026-03-09T09:30", "zone": "America/New_York",
            "utc": "2026-03-09T13:30Z", "status": "attended", "sequence": 0}],
        "loop": [{"state": "closed", "at": "2026-03-09T11:00-04:00"}],
    });
    holds(&told["records"]["r1"], &expected, "sc2");
    let reports = &told["reports"];
    assert_eq!(
        reports["2026-03-03T15:01"]["records"],
        json!({}),
        "nothing is known before the first sync"
    );
    let synced = json!({"open": 1, "silent": 0, "records": {"r1": {
        "encounters": [{"grade": "W3", "leave_check": "PASS", "late_entries": 0}], "stage": "booked"}}});
    holds(&reports["2026-03-03T17:40"], &synced, "17:40");
}

#[test]
fn sc4_not_today_and_then_yes() {
    let expected = json!({
        "converted": true, "days_to_appt": 5, "days_from_offer": 19, "decision": "agreed",
        "encounters": [
            {"as": "e1", "grade": "W0", "leave_check": "PASS"},
            {"as": "e2", "grade": "W3", "leave_check": "PASS", "late_entries": 0},
        ],
        "appointments": [{"as": "a1", "kept": true, "utc": "2026-03-24T15:00Z", "status": "attended"}],
        "tasks": [
            {"kind": "revisit", "due": "2026-03-19T17:00-04:00", "owner": "p1", "state": "done"},
            {"kind": "reminder"}, {"kind": "attendance_check", "state": "done"},
        ],
    });
    let told = told("sc4");
    holds(&told["records"]["r1"], &expected, "sc4");
    assert_eq!(
        told["reports"]["2026-03-05T12:00"]["records"]["r1"]["stage"],
        "not_today"
    );
}

#[test]
fn sc5_two_appointments_booked_by_people_who_could_not_see_each_other() {
    let told = told("sc5");
    let expected = json!({
        "stage": "attended", "decision": "agreed", "mode": {"intended": "phone", "achieved": "phone"},
        "days_to_appt": 6, "days_to_attended": 6,
        "encounters": [{"as": "e1", "grade": "W3", "leave_check": "PASS", "late_entries": 0}],
        "appointments": [
            {"as": "a-jun", "kept": true, "local": "2026-03-12T09:00", "utc": "2026-03-12T13:00Z", "status": "attended"},
            {"as": "a-har", "kept": false, "local": "2026-03-16T14:00", "utc": "2026-03-16T18:00Z", "status": "superseded"},
        ],
        "loop": [],
        "review": [{"kind": "two_booked", "for": "c1", "told": "n1", "opened_at": "2026-03-06T18:30-05:00",
            "settled_at": "2026-03-09T09:15-04:00", "open_minutes": 3705}],
    });
    holds(&told["records"]["r1"], &expected, "sc5");
    let reports = &told["reports"];
    let unseen = json!({"funnel": {"scheduled": 1}, "records": {"r1": {"stage": "booked", "review": [],
        "appointments": [{"as": "a-jun", "status": "booked"}]}}});
    holds(&reports["2026-03-06T18:29"], &unseen, "18:29");
    let found = json!({"funnel": {"identified": 1, "scheduled": 1}, "records": {"r1": {"stage": "needs_a_person",
        "appointments": [{"as": "a-jun", "status": "booked"}, {"as": "a-har", "status": "booked"}],
        "review": [{"kind": "two_booked", "for": "c1", "told": "n1", "settled_at": null, "open_minutes": 0}]}}});
    holds(&reports["2026-03-06T18:30"], &found, "18:30");
    let call = json!({"kind": "call_other_partner", "due": "2026-03-10T17:00-04:00", "owner": "c1", "state": "done"});
    assert!(
        told["records"]["r1"]["tasks"]
            .as_array()
            .expect("tasks")
            .contains(&call)
    );
    let settled = &reports["2026-03-09T12:00"]["records"]["r1"];
    assert!(
        settled["tasks"].as_array().expect("tasks").contains(&call),
        "done by the call of 9:25"
    );
}

#[test]
fn sc6_a_worry_raised_offline_is_not_cleared_by_another_resolved_online() {
    let told = told("sc6");
    let tomorrow =
        json!({"kind": "safety_next_day", "due": "2026-03-10T17:00-04:00", "state": "open"});
    let expected = json!({
        "r1": {
            "patient": "r1.patient", "days_to_appt": 0, "mode": {"intended": "in_person", "achieved": "in_person"},
            "encounters": [{"as": "e1", "grade": "W3", "leave_check": "PASS"}],
            "flags": [{"as": "f1", "status": "resolved", "clinician_min": 3, "resolved_by": "p1"}],
            "loop": [
                {"state": "closed", "at": "2026-03-09T11:30-04:00"},
                {"state": "open", "at": "2026-03-09T13:00-04:00"},
                {"state": "closed", "at": "2026-03-09T14:15-04:00"},
            ],
            "tasks": [{"kind": "reminder"}, {"kind": "safety_ack", "state": "done"},
                {"kind": "attendance_check", "state": "done"}, tomorrow],
        },
        "r2": {
            "patient": "r1.patient",
            "encounters": [{"as": "e2", "leave_check": "NA"}],
            "flags": [{"as": "f2", "status": "resolved", "clinician_min": 10, "resolved_by": "p1"}],
            "tasks": [{"kind": "safety_ack", "due": "2026-03-09T08:50-04:00", "state": "done"}, tomorrow],
        },
    });
    holds(&told["records"], &expected, "sc6");
    let reports = &told["reports"];
    let raised = json!({"open": 1, "safety": 1, "records": {
        "r1": {"stage": "safety", "flags": [{"as": "f1", "status": "resolved"}]},
        "r2": {"flags": [{"as": "f2", "status": "handed"}]}}});
    holds(&reports["2026-03-09T13:00"], &raised, "13:00");
    holds(
        &reports["2026-03-09T14:10"],
        &json!({"open": 1, "safety": 0}),
        "a loop does not close by itself",
    );
}

#[test]
fn sc8_a_missed_promise_a_missed_visit_and_a_rescue() {
    let told = told("sc8");
    let expected = json!({
        "mode": {"intended": "portal", "achieved": "portal"}, "sla_late_min": 130,
        "days_to_appt": 12, "days_to_attended": 16, "plan_version": 1,
        "bser_path": ["2.0", "3.0", "5.1.1", "5.1.2", "5.1.1", "5.1.4", "7.0"],
        "encounters": [{"as": "e1", "grade": "W1", "leave_check": "PASS"}],
        "appointments": [
            {"as": "a1", "kept": true, "status": "no_show"},
            {"as": "a2", "kept": true, "local": "2026-03-27T12:00", "status": "attended", "sequence": 1},
        ],
        "loop": [{"state": "closed", "at": "2026-03-28T09:00-04:00"}],
    });
    holds(&told["records"]["r1"], &expected, "sc8");
    assert_eq!(told["reports"]["2026-03-12T13:20"]["overdue"], 0);
    assert_eq!(
        told["reports"]["2026-03-12T13:21"]["overdue"], 1,
        "overdue from the next minute"
    );
    holds(
        &told["reports"]["2026-03-23T17:00"],
        &json!({"overdue": 0, "funnel": {"attended": 0}}),
        "after the no-show",
    );
}

#[test]
fn the_orders_tried_differ() {
    for name in ["sc5", "sc6"] {
        let tried: BTreeSet<Vec<String>> =
            (0..10).map(|seed| play(name, Some(seed)).tried).collect();
        assert_eq!(tried.len(), 10, "{name}: ten seeds, ten orders");
        let again = play(name, Some(3));
        assert!(
            tried.contains(&again.tried),
            "{name}: a seed repeats its order"
        );
    }
}

#[test]
fn a_story_is_printed_as_json() {
    let mut out = Vec::new();
    wait(story::run(
        std::path::Path::new(&file("sc2")),
        Some(7),
        &mut out,
    ))
    .expect("played");
    let told: Value = serde_json::from_slice(&out).expect("json");
    assert_eq!(told["records"]["r1"]["encounters"][0]["grade"], "W3");
}

/// Further stories, each of a few rules, with what was worked out by hand from the rules beside it.
#[test]
fn stories_of_single_rules_come_to_what_was_worked_out_by_hand() {
    let folder = format!("{}/stories/rules", env!("CARGO_MANIFEST_DIR"));
    let mut played = 0;
    for file in std::fs::read_dir(&folder).expect("the folder is there") {
        let path = file.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        if name.ends_with(".expected") || path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let expected = path.with_file_name(format!("{name}.expected.json"));
        let expected = std::fs::read_to_string(expected).expect("what it comes to");
        let story = format!("rules/{name}");
        let as_written = play(&story, None).json().expect("json");
        for seed in 0..3 {
            let again = play(&story, Some(seed)).json().expect("json");
            assert_eq!(again, as_written, "{name}: seed {seed}");
        }
        let found = serde_json::from_str(&as_written).expect("json");
        holds(
            &found,
            &serde_json::from_str(&expected).expect("json"),
            &name,
        );
        played += 1;
    }
    assert!(played > 5);
}
