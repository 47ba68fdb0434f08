//! What people type that cannot be: a clear refusal that changes nothing, or a faithful record; never a panic and never
//! a silent change.

#[path = "bad_input/when.rs"]
mod when;

use serde_json::{Value, json};
use std::cell::RefCell;
use warmhand_core::domain::entry::{Body, Entry};
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};
use warmhand_core::refusal::{Problem, Refusal};
use warmhand_core::usecase::{self, Command, Counting, Outcome};
use warmhand_tests::ledger::Ledger;
use warmhand_tests::town::{Phone, Town};

struct Desk {
    town: Town,
    carla: Phone,
    record: DocumentId,
    patient: PatientId,
}

impl Desk {
    /// A coordinator with a record in which she agreed.
    fn new() -> Self {
        let town = Town::default();
        let mut carla = town.device("carla", &["c1"]);
        let (record, patient) = carla.handoff(&town, "Rosa");
        Self {
            town,
            carla,
            record,
            patient,
        }
    }

    /// Tries a command; what is refused has changed nothing.
    fn tries(&mut self, name: &str, mut fields: Value) -> Result<Outcome, Refusal> {
        if name != "TellPartner" && name != "OpenRecord" {
            fields["record"] = json!(self.record);
        }
        let command: Command = serde_json::from_value(json!({ name: fields })).expect("a command");
        let before = self.carla.entries(self.patient);
        let outcome = self.carla.act(&self.town, command);
        if outcome.is_err() {
            assert_eq!(
                self.carla.entries(self.patient),
                before,
                "{name} was refused and changed nothing"
            );
        }
        outcome
    }

    fn invalid(&mut self, name: &str, fields: Value) -> (&'static str, Problem) {
        match self.tries(name, fields) {
            Err(Refusal::Invalid { field, problem }) => (field, problem),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn scores_out_of_range_are_refused_by_their_field() {
    let mut desk = Desk::new();
    let screen = |instrument: &str, items: Value, total: Value| json!({"instrument": instrument, "mode": "interview", "items": items, "total": total});
    for (fields, problem) in [
        (
            screen("phq2", json!([4, 0]), Value::Null),
            Problem::OutOfRange,
        ),
        (screen("phq2", json!([1]), Value::Null), Problem::ItemCount),
        (screen("phq2", json!([1, 1]), json!(3)), Problem::OutOfRange),
        (screen("epds", json!([]), json!(31)), Problem::OutOfRange),
        (screen("gad7", json!([]), Value::Null), Problem::Empty),
        (
            screen("cssrs_screener", json!([]), json!(2)),
            Problem::OutOfRange,
        ),
        (
            screen("audit_c", json!([5, 0, 0]), Value::Null),
            Problem::OutOfRange,
        ),
    ] {
        let alone = fields["items"] == json!([]) && problem != Problem::Empty;
        assert_eq!(
            desk.invalid("RecordScreen", fields.clone()),
            (if alone { "total" } else { "items" }, problem),
            "{fields}"
        );
    }
    for negative in [json!([-1, 0]), json!([1.5, 0]), json!([300, 0])] {
        let command = json!({"RecordScreen": {"record": uuid::Uuid::nil(), "instrument": "phq2", "mode": "self", "items": negative}});
        assert!(serde_json::from_value::<Command>(command).is_err());
    }
    let screen = desk
        .tries("RecordScreen", screen("phq2", json!([1, 0]), Value::Null))
        .unwrap()
        .made
        .unwrap();
    let amend = json!({"screen": screen, "mode": "interview", "items": [9, 9]});
    assert_eq!(
        desk.invalid("AmendScreen", amend),
        ("items", Problem::OutOfRange)
    );
    let other = json!({"screen": uuid::Uuid::nil(), "mode": "interview", "items": [1, 1]});
    assert_eq!(
        desk.tries("AmendScreen", other),
        Err(Refusal::NotAllowed(Breach::NoSuchScreen))
    );
}

#[test]
fn absurd_lengths_and_control_characters_are_refused() {
    let mut desk = Desk::new();
    let long = "x".repeat(5_000);
    for (name, fields) in [
        ("AddNote", json!({"text": long.clone()})),
        (
            "RecordBarrier",
            json!({"kind": "other", "detail": long.clone()}),
        ),
        (
            "ReadBackToHer",
            json!({"corrections": [{"what": long.clone()}]}),
        ),
        (
            "VoidEntry",
            json!({"entry": uuid::Uuid::nil(), "reason": long.clone()}),
        ),
        (
            "TellPartner",
            json!({"partner": "har", "note": long.clone()}),
        ),
    ] {
        let refused = desk.tries(name, fields);
        let too_long = Refusal::Invalid {
            field: "text",
            problem: Problem::TooLong,
        };
        assert!(
            refused == Err(too_long) || refused == Err(Refusal::NotAllowed(Breach::Dangling)),
            "{name}: {refused:?}"
        );
    }
    let many: Vec<Value> = (0..200)
        .map(|_| json!({"what": "y".repeat(3_000)}))
        .collect();
    assert_eq!(
        desk.invalid("ReadBackToHer", json!({"corrections": many})),
        ("text", Problem::TooLong)
    );
    for text in ["bell \u{7}", "null \u{0}", "escape \u{1b}[2J"] {
        assert_eq!(
            desk.invalid("AddNote", json!({"text": text})),
            ("text", Problem::NotText)
        );
    }
    assert_eq!(
        desk.invalid("ReadBackToHer", json!({"corrections": [{"what": " "}]})),
        ("corrections", Problem::Empty)
    );
    for at in [
        "1850-01-01T00:00-04:56:02[America/New_York]",
        "2300-01-01T00:00-05:00[America/New_York]",
    ] {
        assert_eq!(
            desk.invalid("AddNote", json!({"text": "x", "at": at})),
            ("at", Problem::OutOfRange)
        );
    }
}

#[test]
fn names_in_any_script_of_any_length_from_one_letter_are_kept_as_they_were_typed() {
    let mut desk = Desk::new();
    for name in [
        "Ñ",
        "X",
        "أمل",
        "שרה",
        "🌷",
        "ঐশ্বর্য",
        "Zoë-Jane O’Neill",
        "李",
        "a\u{301}",
    ] {
        desk.tries("DescribePatient", json!({"preferred_name": name}))
            .unwrap();
        let screen = desk
            .carla
            .app
            .handoff(desk.record, desk.town.now())
            .unwrap();
        assert_eq!(screen.summary.name.as_deref(), Some(name));
    }
    let text = "she said: \u{202b}سلام\u{202c} 🌷\nand more";
    desk.tries("AddNote", json!({"text": text})).unwrap();
    let (patient, _) = desk.carla.app.patient(desk.patient).unwrap();
    let kept = patient.records[0]
        .entries()
        .iter()
        .any(|e| matches!(&e.body, Body::Noted(note) if note.text == text));
    assert!(kept);
}

#[test]
fn whom_the_sheet_does_not_know_and_what_is_not_here_is_named_in_the_refusal() {
    let mut desk = Desk::new();
    for (name, fields, field) in [
        ("OfferOwnership", json!({"to": "nobody"}), "to"),
        (
            "RecordBarrier",
            json!({"kind": "other", "plan_owner": "nobody"}),
            "plan_owner",
        ),
        (
            "RecordContact",
            json!({"with": "partner", "outcome": "no_answer", "partner": "nowhere"}),
            "partner",
        ),
        ("SendElectronic", json!({"partner": "nowhere"}), "partner"),
        (
            "RecordPartnerAccepted",
            json!({"partner": "nowhere"}),
            "partner",
        ),
        (
            "TellPartner",
            json!({"partner": "nowhere", "accepting": "no"}),
            "partner",
        ),
        (
            "RecordConsent",
            json!({"kind": "verbal_agreement", "partners": ["nowhere"]}),
            "partner",
        ),
    ] {
        assert_eq!(
            desk.invalid(name, fields),
            (field, Problem::Unknown),
            "{name}"
        );
    }
    let unknown = json!({"consent": uuid::Uuid::nil()});
    assert_eq!(
        desk.tries("RevokeConsent", unknown),
        Err(Refusal::NotAllowed(Breach::NoSuchConsent))
    );
    let unknown = json!({"flags": [uuid::Uuid::nil(), uuid::Uuid::nil()]});
    assert_eq!(
        desk.tries("LinkFlags", unknown),
        Err(Refusal::NotHere("the safety flag"))
    );
    let unknown = json!({"partner": "har"});
    assert_eq!(
        desk.tries("SendElectronic", unknown),
        Err(Refusal::NotAllowed(Breach::NoPlan))
    );
}

#[test]
fn a_referral_is_not_said_to_be_sent_from_where_nothing_can_be_sent() {
    let mut desk = Desk::new();
    let visit = json!({"setting": "home", "signal": "voice_only"});
    desk.tries("StartEncounter", visit).unwrap();
    desk.tries("ConfirmSharingPlan", json!({})).unwrap();
    let send = || json!({"partner": "har"});
    assert_eq!(
        desk.tries("SendElectronic", send()),
        Err(Refusal::NotAllowed(Breach::NoData))
    );
    desk.tries("QueueElectronic", send()).unwrap();
    let fax = json!({"partner": "har", "transport": "fax_manual"});
    desk.tries("SendElectronic", fax).unwrap();
    desk.tries("EndEncounter", json!({})).unwrap();
    desk.tries("SendElectronic", send()).unwrap();
}

#[test]
fn a_command_has_the_fields_of_what_it_says_and_no_others() {
    let mut desk = Desk::new();
    let record = desk.record;
    for (name, fields) in [
        (
            "DescribePatient",
            json!({"record": record, "preferred_name": "Rosa", "nickname": "R"}),
        ),
        (
            "RecordConsent",
            json!({"record": record, "kind": "verbal_agreement", "sigend": true}),
        ),
    ] {
        let read = serde_json::from_value::<Command>(json!({ name: fields }));
        assert!(
            read.unwrap_err().to_string().contains("unknown field"),
            "{name}"
        );
    }
    // What its author had seen elsewhere is known by the device and not hers to say.
    let seen = json!({"preferred_name": "Rosa", "sees": [uuid::Uuid::nil()]});
    assert_eq!(
        desk.invalid("DescribePatient", seen),
        ("sees", Problem::Unreadable)
    );
    let said =
        json!({"DescribePatient": {"record": record, "preferred_name": "Rosa", "proposed": true}});
    let command: Command = serde_json::from_value(said.clone()).unwrap();
    assert_eq!(serde_json::to_value(command).unwrap(), said);
}

#[test]
fn kinds_and_fields_of_a_newer_version_survive_and_show_as_such() {
    let ledger = Ledger::record();
    let first = ledger.entries()[0].to_text().unwrap();
    let mut newer: Value = serde_json::from_str(&first).unwrap();
    newer["id"] = json!(uuid::Uuid::from_u128(5));
    newer["kind"] = json!("SomethingOfTomorrow");
    newer["payload"] = json!({"a": [1, {"b": null}]});
    newer["after"] = json!([ledger.entries()[0].id]);
    let entry = Entry::parse(&newer.to_string()).unwrap();
    assert_eq!(entry.body, Body::Unknown("SomethingOfTomorrow".into()));
    let mut wider: Value = serde_json::from_str(&first).unwrap();
    wider["payload"]["tomorrow"] = json!("kept in the text");
    assert!(
        Entry::parse(&wider.to_string()).is_ok(),
        "a field more is no error"
    );
    let mut entries = ledger.entries();
    entries.push(entry.into());
    let record = warmhand_core::domain::fold::Record::of(ledger.doc, &entries);
    let patient = warmhand_core::domain::join::Patient::of(ledger.patient, vec![record.clone()]);
    let receipts = warmhand_core::domain::read::Receipts::default();
    let reading = warmhand_core::domain::read::read(&patient, &receipts, &ledger.sheet, ledger.now);
    assert_eq!(reading.records[0].unknown, 1);
    let mut ids = Counting::default();
    let desk = usecase::Desk {
        now: ledger.now,
        person: ledger.sheet.person(&"c1".into()).unwrap(),
        device: DeviceId(uuid::Uuid::nil()),
        sheet: &ledger.sheet,
        patient: Some(&patient),
        record: Some(&record),
        reading: Some(&reading),
        rng: RefCell::new(&mut ids),
    };
    let summary = reading.records[0].clone();
    let screen =
        warmhand_core::view::HandoffScreen::of(&desk, summary, &receipts, Vec::new()).unwrap();
    assert!(
        screen
            .timeline
            .iter()
            .any(|row| !row.is_known && row.kind == "SomethingOfTomorrow")
    );
}

#[test]
fn nothing_is_given_to_somebody_who_may_not_see_the_record() {
    let mut desk = Desk::new();
    let step = json!({"what": "our_callback", "due_at": "2026-03-09T10:00-04:00[America/New_York]",
        "contact_name": "Ana", "contact_value": "555-0110"});
    let given = |owner: &str| {
        let mut step = step.clone();
        step["owner"] = json!(owner);
        step
    };
    // An assistant of the other site, and whoever keeps the sheet.
    for user in ["ma", "adm"] {
        let refused = desk.invalid("OfferOwnership", json!({"to": user}));
        assert_eq!(refused, ("to", Problem::CannotSee), "{user}");
        let refused = desk.invalid("SetNextStep", given(user));
        assert_eq!(refused, ("owner", Problem::CannotSee), "{user}");
    }
    desk.tries("SetNextStep", given("d1")).unwrap();
}
