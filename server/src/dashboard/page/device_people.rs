//! Who works on a device, to be changed. It says what becomes of the work of somebody who is taken off, and it refuses to
//! take a device from everybody: that is revoking.

use askama::Template;

use super::{ChoiceRow, Frame, Place};

#[derive(Debug, Clone, Template)]
#[template(path = "device_people.html")]
pub struct DevicePeoplePage {
    pub frame: Frame,
    pub id: String,
    pub name: String,
    /// People of the visitor's sites alone, those on it chosen.
    pub people: Vec<ChoiceRow>,
    /// People of other sites too, who stay.
    pub others: Option<String>,
    pub error: Option<String>,
}

impl DevicePeoplePage {
    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Devices, "/devices/east1/people"),
            id: "east1".into(),
            name: "Clinic tablet 1".into(),
            people: vec![
                ChoiceRow::new("ana", "Ana Duarte"),
                ChoiceRow::new("carla", "Carla Reyes").chosen(),
                ChoiceRow::new("amal", "أمل الحسن").chosen(),
            ],
            others: Some("Dr. Patel".into()),
            error: None,
        }
    }

    /// After an attempt that left nobody.
    pub fn left_to_nobody() -> Self {
        Self {
            others: None,
            error: Some(
                "Say who works on the device; to take it from everybody, revoke it.".into(),
            ),
            ..Self::sample()
        }
    }
}
