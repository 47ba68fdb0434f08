//! Asks once before a device is revoked, and says what becomes of what it holds. It refuses to hurry: unsent work is
//! brought to safety first.

use askama::Template;

use super::{Frame, Place};

#[derive(Debug, Clone, Template)]
#[template(path = "device_revoke.html")]
pub struct DeviceRevokePage {
    pub frame: Frame,
    pub id: String,
    pub name: String,
    pub people: String,
    pub last_seen: String,
    pub unsent: u32,
}

impl DeviceRevokePage {
    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Devices, "/devices/ngozi/revoke"),
            id: "ngozi".into(),
            name: "Ngozi’s phone".into(),
            people: "Ngozi Okafor".into(),
            last_seen: "Fri 17:40".into(),
            unsent: 3,
        }
    }
}
