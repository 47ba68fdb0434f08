//! The acceptance scenarios come to their expected records, in every order that leaves the story as it is told.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use warmhand_server::story;

fn played(name: &str, shuffle: Option<u64>) -> (Value, Vec<String>) {
    let path = format!("{}/stories/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let played = runtime
        .block_on(story::play(name, &text, shuffle))
        .unwrap_or_else(|refused| panic!("{refused}"));
    (serde_json::to_value(&played.told).unwrap(), played.tried)
}

/// Plays a story in many orders: the same each time, and the orders differ.
fn in_any_order(name: &str) -> Value {
    let (told, _) = played(name, None);
    let mut orders = BTreeSet::new();
    for seed in 1..=25 {
        let (again, tried) = played(name, Some(seed));
        assert_eq!(again, told, "{name} in the order of seed {seed}");
        orders.insert(tried);
    }
    assert!(
        orders.len() > 10,
        "{name}: only {} orders were tried",
        orders.len()
    );
    told
}

fn pick(record: &Value, fields: &[&str]) -> Value {
    fields
        .iter()
        .map(|field| ((*field).to_owned(), record[field].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn sc1_a_clinic_phone_handoff_online() {
    let told = in_any_order("sc1");
    let record = &told["records"]["r1"];
    assert_eq!(
        pick(
            record,
            &[
                "identify_to_contact_min",
                "days_to_appt",
                "decision",
                "mode",
                "stage"
            ]
        ),
        json!({"identify_to_contact_min": 4, "days_to_appt": 3, "decision": "agreed", "stage": "closed",
               "mode": {"intended": "phone", "achieved": "phone"}})
    );
    assert_eq!(
        pick(
            &record["encounters"][0],
            &["grade", "leave_check", "late_entries"]
        ),
        json!({"grade": "W3", "leave_check": "PASS", "late_entries": 0})
    );
    assert_eq!(
        record["loop"],
        json!([{"state": "closed", "at": "2026-03-05T16:05-05:00"}])
    );
    let tasks: Vec<_> = record["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["kind"].as_str().unwrap())
        .collect();
    assert_eq!(tasks, ["reminder", "attendance_check"]);
    assert_eq!(record["tasks"][0]["due"], "2026-03-04T13:00-05:00");
    assert_eq!(record["tasks"][1]["state"], "done");
}

#[test]
fn sc2_a_home_visit_with_voice_but_no_data_across_the_clock_change() {
    let told = in_any_order("sc2");
    let record = &told["records"]["r1"];
    assert_eq!(
        pick(record, &["days_to_appt", "decision"]),
        json!({"days_to_appt": 6, "decision": "agreed"})
    );
    assert_eq!(
        pick(
            &record["encounters"][0],
            &["grade", "leave_check", "late_entries"]
        ),
        json!({"grade": "W3", "leave_check": "PASS", "late_entries": 0})
    );
    assert_eq!(
        pick(
            &record["appointments"][0],
            &["local", "zone", "utc", "kept"]
        ),
        json!({"local": "2026-03-09T09:30", "zone": "America/New_York", "utc": "2026-03-09T13:30Z", "kept": true})
    );
    assert_eq!(
        record["loop"],
        json!([{"state": "closed", "at": "2026-03-09T11:00-04:00"}])
    );
}

#[test]
fn sc5_two_appointments_booked_unseen_by_each_other() {
    let told = in_any_order("sc5");
    let record = &told["records"]["r1"];
    assert_eq!(
        record["review"],
        json!([{"kind": "two_booked", "for": "c1", "told": "n1", "opened_at": "2026-03-06T18:30-05:00",
                "settled_at": "2026-03-09T09:15-04:00", "open_minutes": 3705}])
    );
    let slots: Vec<_> = record["appointments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| pick(a, &["local", "status", "kept"]))
        .collect();
    assert_eq!(
        slots,
        [
            json!({"local": "2026-03-12T09:00", "status": "attended", "kept": true}),
            json!({"local": "2026-03-16T14:00", "status": "superseded", "kept": false}),
        ]
    );
    assert_eq!(
        pick(record, &["days_to_appt", "days_to_attended"]),
        json!({"days_to_appt": 6, "days_to_attended": 6})
    );
    assert_eq!(
        pick(&record["encounters"][0], &["grade", "leave_check"]),
        json!({"grade": "W3", "leave_check": "PASS"})
    );
    let call = record["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["kind"] == "call_other_partner")
        .unwrap();
    assert_eq!(call["state"], "done");
}

#[test]
fn sc4_not_today_and_then_yes() {
    let record = &in_any_order("sc4")["records"]["r1"];
    assert_eq!(
        pick(record, &["converted", "days_to_appt", "days_from_offer"]),
        json!({"converted": true, "days_to_appt": 5, "days_from_offer": 19})
    );
    let checks: Vec<_> = record["encounters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["leave_check"].clone())
        .collect();
    assert_eq!(checks, ["PASS", "PASS"]);
}

#[test]
fn sc6_a_worry_raised_offline_is_not_cleared_by_another_resolved_online() {
    let told = in_any_order("sc6");
    assert_eq!(
        told["records"]["r1"]["loop"],
        json!([{"state": "closed", "at": "2026-03-09T11:30-04:00"}, {"state": "open", "at": "2026-03-09T13:00-04:00"},
               {"state": "closed", "at": "2026-03-09T14:15-04:00"}])
    );
    assert_eq!(told["records"]["r1"]["flags"][0]["clinician_min"], 3);
    assert_eq!(told["records"]["r2"]["flags"][0]["clinician_min"], 10);
    assert_eq!(told["records"]["r2"]["encounters"][0]["leave_check"], "NA");
}

#[test]
fn sc8_a_missed_promise_a_missed_visit_and_a_rescue() {
    let record = &in_any_order("sc8")["records"]["r1"];
    assert_eq!(
        pick(
            record,
            &["sla_late_min", "days_to_appt", "days_to_attended"]
        ),
        json!({"sla_late_min": 130, "days_to_appt": 12, "days_to_attended": 16})
    );
    assert_eq!(
        pick(&record["encounters"][0], &["grade", "leave_check"]),
        json!({"grade": "W1", "leave_check": "PASS"})
    );
    assert_eq!(record["appointments"][1]["sequence"], 1);
}

#[test]
fn a_story_that_does_not_read_is_refused_with_its_place() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let refused = runtime
        .block_on(story::play("broken", "{ \"zone\": 7 }", None))
        .unwrap_err()
        .to_string();
    assert!(refused.starts_with("broken: "), "{refused}");
}
