//! Times as an author writes them: the wall time of the story's zone, with an offset or a zone where she means another.
//! Refuses a time that the clocks skip; reads no clock.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use serde_json::Value;

/// The fields of commands that hold a time with its zone.
const TIMED: [&str; 4] = ["at", "due_at", "ended_at", "retry_at"];

/// Reads a time: `2026-03-03T14:22`, with seconds, with an offset or `Z`, or whole as RFC 9557. Of a wall time that
/// occurs twice it is the first.
pub(super) fn read(text: &str, zone: &TimeZone) -> Result<Zoned, String> {
    if let Ok(zoned) = text.parse::<Zoned>() {
        return Ok(zoned);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.to_zoned(zone.clone()));
    }
    let local: DateTime = text
        .parse()
        .map_err(|_| format!("\"{text}\" is no time like 2026-03-03T14:22"))?;
    let ambiguous = zone.to_ambiguous_zoned(local);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return Err(format!(
            "\"{text}\" does not exist there: the clocks go forward over it"
        ));
    }
    ambiguous
        .compatible()
        .map_err(|_| format!("\"{text}\" is beyond the years that can be told"))
}

/// Reads how far a clock is ahead: `"2h"`, `"90m"`, `"-5m"`, or a number of minutes.
pub(super) fn ahead(told: &Value) -> Result<SignedDuration, String> {
    match told {
        Value::Number(minutes) => minutes
            .as_i64()
            .filter(|minutes| minutes.abs() < 60 * 24 * 365 * 100)
            .map(SignedDuration::from_mins)
            .ok_or_else(|| format!("clock_ahead: {minutes} is no number of minutes")),
        Value::String(text) => text
            .parse()
            .map_err(|_| format!("clock_ahead: \"{text}\" is no time span like 2h or 90m")),
        _ => Err("clock_ahead is a time span like \"2h\", or a number of minutes".to_owned()),
    }
}

/// Gives the times of a command the story's zone where the author left it out.
pub(super) fn give_zone(command: &mut Value, zone: &TimeZone) -> Result<(), String> {
    match command {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if TIMED.contains(&key.as_str()) => {
                        *text = read(text, zone)
                            .map_err(|why| format!("{key}: {why}"))?
                            .to_string();
                    }
                    _ => give_zone(value, zone)?,
                }
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| give_zone(item, zone)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn new_york() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    #[test]
    fn a_time_may_be_written_in_several_forms() {
        let table = [
            (
                "2026-03-03T14:22",
                "2026-03-03T14:22:00-05:00[America/New_York]",
            ),
            (
                "2026-03-03 14:22:30",
                "2026-03-03T14:22:30-05:00[America/New_York]",
            ),
            (
                "2026-03-09T09:30",
                "2026-03-09T09:30:00-04:00[America/New_York]",
            ),
            (
                "2026-03-09T13:30Z",
                "2026-03-09T09:30:00-04:00[America/New_York]",
            ),
            (
                "2026-11-01T01:30",
                "2026-11-01T01:30:00-04:00[America/New_York]",
            ),
            (
                "2026-11-01T01:30-05:00",
                "2026-11-01T01:30:00-05:00[America/New_York]",
            ),
            (
                "2026-03-03T14:22-06:00[America/Chicago]",
                "2026-03-03T14:22:00-06:00[America/Chicago]",
            ),
        ];
        for (written, meant) in table {
            assert_eq!(
                read(written, &new_york()).unwrap().to_string(),
                meant,
                "{written}"
            );
        }
        for (written, why) in [
            ("2026-03-08T02:30", "clocks go forward"),
            ("noon", "is no time"),
        ] {
            assert!(
                read(written, &new_york()).unwrap_err().contains(why),
                "{written}"
            );
        }
    }

    #[test]
    fn a_clock_may_be_ahead_by_a_span_or_by_minutes() {
        let two_hours = SignedDuration::from_hours(2);
        assert_eq!(ahead(&json!("2h")), Ok(two_hours));
        assert_eq!(ahead(&json!("1h 60m")), Ok(two_hours));
        assert_eq!(ahead(&json!(120)), Ok(two_hours));
        assert_eq!(ahead(&json!("-5m")), Ok(SignedDuration::from_mins(-5)));
        assert!(ahead(&json!("soon")).is_err());
        assert!(ahead(&json!(null)).is_err());
    }

    #[test]
    fn only_the_times_of_a_command_get_a_zone() {
        let mut command = json!({"BookAppointment": {"start_local": "2026-03-09T09:30", "at": "2026-03-03T14:28"}});
        give_zone(&mut command, &new_york()).unwrap();
        assert_eq!(
            command["BookAppointment"]["start_local"],
            "2026-03-09T09:30"
        );
        assert_eq!(
            command["BookAppointment"]["at"],
            "2026-03-03T14:28:00-05:00[America/New_York]"
        );
    }
}
