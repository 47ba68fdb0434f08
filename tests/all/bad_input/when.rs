//! Days that do not exist, times that the clocks skip or tell twice, and what is said to have happened later than now.

use super::*;

#[test]
fn a_day_that_does_not_exist_is_no_command() {
    for born_on in ["2026-02-30", "2025-02-29", "1996-13-01", "tomorrow"] {
        let command = json!({"DescribePatient": {"record": uuid::Uuid::nil(), "born_on": born_on}});
        assert!(
            serde_json::from_value::<Command>(command).is_err(),
            "{born_on}"
        );
    }
    let leap = json!({"DescribePatient": {"record": uuid::Uuid::nil(), "born_on": "1996-02-29"}});
    assert!(serde_json::from_value::<Command>(leap).is_ok());
    for at in [
        "2026-03-08T02:30-05:00[America/New_York]",
        "2026-03-03T10:00+09:00[America/New_York]",
        "soon",
    ] {
        let command = json!({"AddNote": {"record": uuid::Uuid::nil(), "text": "x", "at": at}});
        assert!(serde_json::from_value::<Command>(command).is_err(), "{at}");
    }
}

#[test]
fn a_time_that_the_clocks_skip_is_refused_and_one_that_occurs_twice_is_the_one_that_was_meant() {
    let mut desk = Desk::new();
    let book = |at: &str, second: bool| json!({"partner": "jun", "start_local": at, "second_hour": second, "booked_by": "patient"});
    assert_eq!(
        desk.invalid("BookAppointment", book("2026-03-08T02:30", false)),
        ("start_local", Problem::InGap)
    );
    let mut nowhere = book("2026-03-09T02:30", false);
    nowhere["zone"] = json!("Mars/Olympus");
    assert_eq!(
        desk.invalid("BookAppointment", nowhere),
        ("zone", Problem::NoSuchZone)
    );
    let (patient, _) = desk.carla.app.patient(desk.patient).unwrap();
    let live: Vec<_> = patient.records[0]
        .appointments
        .iter()
        .map(|a| a.id)
        .collect();
    let mut starts = Vec::new();
    for second in [false, true] {
        let mut fields = book("2026-11-01T01:30", second);
        fields["also"] = json!(live.clone());
        let (patient, _) = desk.carla.app.patient(desk.patient).unwrap();
        fields["also"] = json!(
            patient.records[0]
                .appointments
                .iter()
                .map(|a| a.id)
                .collect::<Vec<_>>()
        );
        let made = desk.tries("BookAppointment", fields).unwrap().made.unwrap();
        let (patient, _) = desk.carla.app.patient(desk.patient).unwrap();
        starts.push(
            patient.records[0]
                .appointment(made)
                .unwrap()
                .slot
                .start
                .to_string(),
        );
    }
    assert_eq!(starts, ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]);
}

#[test]
fn what_is_said_to_have_happened_later_than_now_is_refused_by_name() {
    let mut desk = Desk::new();
    let at = |desk: &Desk, minutes: i64| {
        let now = desk.town.now() + jiff::SignedDuration::from_mins(minutes);
        now.in_tz("America/New_York").unwrap().to_string()
    };
    for (name, mut fields) in [
        ("AddNote", json!({"text": "x"})),
        ("StartEncounter", json!({"setting": "home"})),
        (
            "RecordContact",
            json!({"with": "patient", "outcome": "no_answer"}),
        ),
    ] {
        fields["at"] = json!(at(&desk, 60));
        let refused = desk.tries(name, fields.clone());
        assert_eq!(
            refused,
            Err(Refusal::NotAllowed(Breach::InTheFuture)),
            "{name}"
        );
        fields["at"] = json!(at(&desk, -60));
        assert!(desk.tries(name, fields).is_ok(), "{name}");
    }
    let worry = json!({"reason": "staff_concern", "at": at(&desk, 60)});
    assert!(
        desk.tries("RaiseSafety", worry).is_ok(),
        "a worry is taken in any case"
    );
}
