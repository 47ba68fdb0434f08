//! The form of a story: what its JSON may say, checked before anything is played, with the place of whatever is amiss.
//! Refuses to know what a command does; whether a rule allows it is found out by playing.

use super::amiss::{Amiss, reason, without_line};
use super::moment;
use super::once;
use super::step::{self, Link, Step, ToldStep};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use warmhand_core::domain::code::DeviceKind;
use warmhand_core::domain::id::UserId;
use warmhand_core::domain::organisation::Organisation;

/// A story, read.
#[derive(Debug)]
pub(super) struct Story {
    pub zone: TimeZone,
    pub start: Timestamp,
    pub organisation: Organisation,
    pub devices: Vec<Device>,
    /// In the order of their times; of one time as written.
    pub steps: Vec<Step>,
}

/// A device of the story.
#[derive(Debug)]
pub(super) struct Device {
    pub name: String,
    pub kind: DeviceKind,
    pub people: Vec<UserId>,
    pub link: Link,
    pub clock_ahead: SignedDuration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default, rename = "about")]
    _about: Value,
    zone: String,
    start: String,
    organisation: Value,
    devices: Vec<Value>,
    steps: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldDevice {
    name: String,
    kind: Option<DeviceKind>,
    people: Vec<UserId>,
    link: Option<Link>,
    clock_ahead: Option<Value>,
}

impl Story {
    /// Reads a story.
    pub(super) fn read(text: &str) -> Result<Self, Amiss> {
        let once::Once(whole) = serde_json::from_str(text).map_err(|error| {
            (
                format!("line {}, column {}", error.line(), error.column()),
                reason(&error),
            )
        })?;
        let told: Told = piece(whole, "the story")?;
        let zone = TimeZone::get(&told.zone).map_err(|_| {
            (
                "zone".to_owned(),
                format!("there is no time zone \"{}\"", told.zone),
            )
        })?;
        let start = moment::read(&told.start, &zone)
            .map_err(|why| ("start".to_owned(), why))?
            .timestamp();
        let organisation = Organisation::parse(&told.organisation.to_string())
            .map_err(|why| ("organisation".to_owned(), without_line(&why)))?;
        let mut devices: Vec<Device> = Vec::new();
        for (number, told) in told.devices.into_iter().enumerate() {
            let place = format!("devices[{number}]");
            let device = device(told, &place, &organisation)?;
            if devices.iter().any(|other| other.name == device.name) {
                return Err((
                    place,
                    format!("the device \"{}\" is there twice", device.name),
                ));
            }
            devices.push(device);
        }
        if told.steps.is_empty() {
            return Err((
                "steps".to_owned(),
                "a story has at least one step".to_owned(),
            ));
        }
        let named: Vec<&str> = devices.iter().map(|d| d.name.as_str()).collect();
        let mut steps = Vec::new();
        for (number, told) in told.steps.into_iter().enumerate() {
            let place = format!("steps[{number}]");
            let told: ToldStep = piece(told, &place)?;
            let step = step::step(number, told, &named, &zone);
            let step = step.map_err(|why| (place.clone(), why))?;
            if step.at < start {
                return Err((place, "it is before the story's start".to_owned()));
            }
            steps.push(step);
        }
        steps.sort_by_key(|step| step.at);
        step::check_names(&steps)?;
        Ok(Self {
            zone,
            start,
            organisation,
            devices,
            steps,
        })
    }
}

fn device(told: Value, place: &str, organisation: &Organisation) -> Result<Device, Amiss> {
    let told: ToldDevice = piece(told, place)?;
    let amiss = |why: String| (place.to_owned(), why);
    if let Some(stranger) = told
        .people
        .iter()
        .find(|user| organisation.person(user).is_none())
    {
        return Err(amiss(format!(
            "\"{stranger}\" is not among the organisation's people"
        )));
    }
    let kind = match &told.people[..] {
        [] => return Err(amiss("a device is for at least one person".to_owned())),
        [_] => DeviceKind::Phone,
        _ => DeviceKind::Tablet,
    };
    let kind = told.kind.unwrap_or(kind);
    let clock_ahead = told
        .clock_ahead
        .as_ref()
        .map_or(Ok(SignedDuration::ZERO), moment::ahead)
        .map_err(amiss)?;
    Ok(Device {
        name: told.name,
        kind,
        people: told.people,
        link: told.link.unwrap_or(Link::Up),
        clock_ahead,
    })
}

fn piece<T: DeserializeOwned>(told: Value, place: &str) -> Result<T, Amiss> {
    serde_json::from_value(told).map_err(|error| (place.to_owned(), reason(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(steps: &Value) -> String {
        json!({
            "zone": "America/New_York", "start": "2026-03-03T08:00",
            "organisation": {
                "name": "Test", "zone": "America/New_York", "sites": [{"id": "east", "name": "East"}],
                "people": [{"id": "n1", "name": "Ana", "roles": [{"role": "nurse"}]}],
            },
            "devices": [{"name": "phone", "people": ["n1"]}],
            "steps": steps,
        })
        .to_string()
    }

    fn amiss(steps: &Value) -> String {
        let (place, why) = Story::read(&told(steps)).unwrap_err();
        format!("{place}: {why}")
    }

    #[test]
    fn steps_are_told_in_the_order_of_their_times() {
        let steps = json!([
            {"at": "2026-03-03T10:00", "report": true},
            {"at": "2026-03-03T09:00", "device": "phone", "sync": true},
        ]);
        let story = Story::read(&told(&steps)).unwrap();
        assert_eq!(
            story.steps.iter().map(|s| s.number).collect::<Vec<_>>(),
            [1, 0]
        );
        assert_eq!(story.devices[0].link, Link::Up);
    }

    #[test]
    fn what_is_amiss_is_told_with_its_place() {
        let open = json!({"at": "2026-03-03T10:00", "device": "phone", "by": "n1", "as": "r1",
            "do": {"OpenRecord": {"site": "east"}}});
        let note = |record: &str| json!({"at": "2026-03-03T10:00", "device": "phone", "do": {"AddNote": {"record": record, "text": "a"}}});
        let table = [
            (
                json!([{"at": "2026-03-08T02:30", "report": true}]),
                "steps[0]: \"2026-03-08T02:30\" does not exist",
            ),
            (
                json!([{"at": "2026-03-02T02:30", "report": true}]),
                "steps[0]: it is before the story's start",
            ),
            (
                json!([{"at": "2026-03-03T10:00", "device": "fone", "sync": true}]),
                "steps[0]: there is no device \"fone\"",
            ),
            (
                json!([{"at": "2026-03-03T10:00", "sync": true}]),
                "steps[0]: it names no device",
            ),
            (
                json!([{"at": "2026-03-03T10:00"}]),
                "steps[0]: a step says exactly one",
            ),
            (
                json!([{"at": "2026-03-03T10:00", "lnk": "up"}]),
                "steps[0]: unknown field `lnk`",
            ),
            (
                json!([note("$r1"), open]),
                "steps[0]: \"$r1\" is named only later, in steps[1]",
            ),
            (
                json!([open, note("$r2")]),
                "steps[1]: \"$r2\" is named nowhere",
            ),
            (
                json!([open, open]),
                "steps[1]: as: the name \"r1\" is given twice",
            ),
            (
                json!([{"at": "2026-03-03T10:00", "device": "phone", "do": {"AddNote": {"record": "$r1"}}}]),
                "steps[0]: do: missing field `text`",
            ),
            (
                json!([{"at": "2026-03-03T10:00", "device": "phone", "do": {"Add": {}}}]),
                "steps[0]: do: unknown variant",
            ),
        ];
        for (steps, said) in table {
            let found = amiss(&steps);
            assert!(found.starts_with(said), "{found}");
        }
        let (place, _) = Story::read("{\n  \"zone\": }").unwrap_err();
        assert_eq!(place, "line 2, column 11");
    }
}
