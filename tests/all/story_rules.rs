//! What the form of a story promises: times, references, links, and what is said when a story cannot be told.

use super::stories::{holds, wait};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use warmhand_server::story::{self, Played};

/// A story of two nurses with a record that both have, and these steps from 9:00 on.
fn two_nurses(steps: &[Value]) -> Value {
    let sheet: Value =
        serde_json::from_str(warmhand_tests::organisation::SHEET).expect("the sheet");
    let mut all = vec![
        json!({"at": "2026-03-03T08:00", "device": "a", "by": "n1", "as": "r1", "do": {"OpenRecord": {"site": "home"}}}),
        json!({"at": "2026-03-03T08:01", "device": "a", "do": {"IdentifyNeed": {"record": "$r1", "basis": "judgement"}}}),
        json!({"at": "2026-03-03T08:02", "device": "a", "do": {"OfferHandoff": {"record": "$r1", "mode": "phone"}}}),
        json!({"at": "2026-03-03T08:03", "device": "a", "do": {"RecordDecision": {"record": "$r1", "value": "agreed"}}}),
        json!({"at": "2026-03-03T08:10", "device": "b", "sync": true}),
    ];
    all.extend_from_slice(steps);
    json!({
        "zone": "America/New_York", "start": "2026-03-03T07:00", "organisation": sheet,
        "devices": [
            {"name": "a", "kind": "phone", "people": ["n1"], "link": "up"},
            {"name": "b", "kind": "tablet", "people": ["n2", "c1"], "link": "up"},
        ],
        "steps": all,
    })
}

fn tell(story: &Value, seed: Option<u64>) -> Result<Played, String> {
    wait(story::play("told.json", &story.to_string(), seed)).map_err(|refused| refused.to_string())
}

fn book(device: &str, partner: &str, named: &str) -> Value {
    json!({"at": "2026-03-03T09:00", "device": device, "by": if device == "a" { "n1" } else { "n2" }, "as": named,
        "do": {"BookAppointment": {"record": "$r1", "partner": partner, "start_local": "2026-03-10T10:00"}}})
}

#[test]
fn what_two_do_at_the_same_time_they_do_not_see_in_any_order() {
    let call = json!({"at": "2026-03-03T09:00", "device": "b", "by": "n2",
        "do": {"RecordContact": {"record": "$r1", "with": "partner", "partner": "jun", "outcome": "spoke_staff_only"}}});
    let story = two_nurses(&[book("a", "har", "a1"), call, book("b", "jun", "b1")]);
    let as_written = tell(&story, None).expect("played");
    let json = as_written.json().expect("json");
    let told: Value = serde_json::from_str(&json).expect("json");
    holds(
        &told["records"]["r1"]["review"],
        &json!([{"kind": "two_booked", "opened_at": "2026-03-03T09:00-05:00"}]),
        "",
    );
    let mut first = BTreeSet::new();
    for seed in 0..20 {
        let played = tell(&story, Some(seed)).expect("played");
        assert_eq!(played.json().expect("json"), json);
        first.insert(
            played
                .tried
                .iter()
                .find(|done| ["steps[5]", "steps[6]"].contains(&done.as_str()))
                .cloned(),
        );
    }
    assert_eq!(first.len(), 2, "both come first in some order");
}

#[test]
fn one_who_syncs_in_between_sees_what_the_other_did_at_the_same_time() {
    let sync = json!({"at": "2026-03-03T09:00", "device": "b", "sync": true});
    let mut second = book("b", "jun", "b1");
    second["do"]["BookAppointment"]["replaces"] = json!(["$a1"]);
    let story = two_nurses(&[book("a", "har", "a1"), sync, second]);
    for seed in [None, Some(1), Some(2), Some(3)] {
        let told: Value =
            serde_json::from_str(&tell(&story, seed).expect("played").json().expect("json"))
                .expect("json");
        let expected =
            json!([{"as": "a1", "status": "superseded"}, {"as": "b1", "status": "booked"}]);
        holds(
            &told["records"]["r1"]["appointments"],
            &expected,
            "appointments",
        );
    }
}

#[test]
fn a_clock_that_is_ahead_changes_no_time_that_a_person_claims() {
    let mut story = two_nurses(&[
        json!({"at": "2026-03-03T09:00", "device": "b", "link": "down"}),
        book("b", "jun", "b1"),
        json!({"at": "2026-03-03T12:00", "device": "b", "link": "up"}),
        json!({"at": "2026-03-03T12:00", "report": true}),
    ]);
    let right = tell(&story, None).expect("played").json().expect("json");
    for ahead in [json!("2h"), json!(-30), json!("400d")] {
        let ahead = if ahead == json!("400d") {
            json!(400 * 24 * 60)
        } else {
            ahead
        };
        story["devices"][1]["clock_ahead"] = ahead;
        assert_eq!(
            tell(&story, None).expect("played").json().expect("json"),
            right
        );
    }
}

#[test]
fn what_a_lost_device_had_not_sent_is_gone_and_a_revoked_one_is_not_believed() {
    for (end, silent) in [("lost", 1), ("revoked", 0)] {
        let mut steps = vec![
            json!({"at": "2026-03-03T09:00", "device": "b", "link": "voice"}),
            book("b", "jun", "b1"),
            json!({"at": "2026-03-03T10:00", "device": "b", end: true}),
        ];
        if end == "revoked" {
            steps.push(json!({"at": "2026-03-03T11:00", "device": "b", "link": "up"}));
        }
        steps.push(json!({"at": "2026-03-05T09:00", "device": "a", "sync": true}));
        steps.push(json!({"at": "2026-03-05T09:00", "report": true}));
        let told = tell(&two_nurses(&steps), Some(1))
            .expect(end)
            .json()
            .expect("json");
        let told: Value = serde_json::from_str(&told).expect("json");
        assert_eq!(told["records"]["r1"]["appointments"], json!([]), "{end}");
        assert_eq!(
            told["reports"]["2026-03-05T09:00"]["silent"], silent,
            "{end}"
        );
    }
}

#[test]
fn a_story_that_cannot_be_told_says_where() {
    let later = |command: Value| {
        two_nurses(&[json!({"at": "2026-03-03T09:00", "device": "b", "by": "n2", "do": command})])
    };
    let note = json!({"at": "2026-03-03T09:00", "device": "a", "as": "x", "do": {"AddNote": {"record": "$r1", "text": "a"}}});
    let on_b = json!({"at": "2026-03-03T09:30", "device": "b", "by": "n2", "do": {"ResolveSafety": {"record": "$r1", "flags": ["$x"], "note": "n"}}});
    let lost = json!({"at": "2026-03-03T09:00", "device": "b", "lost": true});
    let sync = json!({"at": "2026-03-03T09:10", "device": "b", "sync": true});
    let mut expected = note.clone();
    expected["refused"] = json!("no such thing");
    expected.as_object_mut().expect("a step").remove("as");
    let table = [
        (
            later(json!({"EndEncounter": {"record": "$r1"}})),
            "told.json: steps[5]: an open visit is not on this device: there is none, or it has not come yet",
        ),
        (
            later(json!({"AddNote": {"record": "$r1", "text": " "}})),
            "told.json: steps[5]: not allowed: a name or a note is needed",
        ),
        (
            two_nurses(&[note.clone(), on_b]),
            "told.json: steps[6]: \"$x\" has not reached the device \"b\"",
        ),
        (
            two_nurses(&[lost, sync]),
            "told.json: steps[6]: the device \"b\" is lost",
        ),
        (
            two_nurses(&[expected]),
            "told.json: steps[5]: was to be refused with \"no such thing\", but was taken",
        ),
        (
            json!({"zone": "America/New_York"}),
            "told.json: the story: missing field `start`",
        ),
        (
            {
                let mut story = two_nurses(&[]);
                story["steps"] = json!([]);
                story
            },
            "told.json: steps: a story has at least one step",
        ),
    ];
    for (story, said) in table {
        assert_eq!(tell(&story, None).map(|_| ()), Err(said.to_owned()));
    }
    let twice = two_nurses(&[note]).to_string();
    let twice = twice.replace("\"text\":\"a\"", "\"text\":\"a\",\"text\":\"b\"");
    let said = wait(story::play("told.json", &twice, None)).expect_err("twice");
    assert!(
        said.to_string().ends_with(": \"text\" is there twice"),
        "{said}"
    );
    let missing = wait(story::run(
        std::path::Path::new("no/such.json"),
        None,
        &mut Vec::new(),
    ))
    .expect_err("none");
    assert!(
        missing
            .to_string()
            .starts_with("no/such.json: cannot be read"),
        "{missing}"
    );
}
