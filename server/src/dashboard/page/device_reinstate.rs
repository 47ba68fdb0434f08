//! Asks once before a revoked device is taken back, and says what it will show again.

use askama::Template;

use super::{Frame, Place};

#[derive(Debug, Clone, Template)]
#[template(path = "device_reinstate.html")]
pub struct DeviceReinstatePage {
    pub frame: Frame,
    pub id: String,
    pub name: String,
    pub people: String,
    /// As the list says it: `Not yet seen since it was revoked 12 Feb 09:00`.
    pub fate: String,
}

impl DeviceReinstatePage {
    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Devices, "/devices/lost/reinstate"),
            id: "lost".into(),
            name: "Lost in Harbor Street".into(),
            people: "Ngozi Okafor".into(),
            fate: "Not yet seen since it was revoked 12 Feb 09:00".into(),
        }
    }
}
