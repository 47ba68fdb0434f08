//! Asks whose a device is that was enrolled after the backup that was put back. It refuses to believe the device: what
//! stands in the form is a memory, and becomes true when somebody says so.

use askama::Template;

use super::{ChoiceRow, Frame, Place};

#[derive(Debug, Clone, Template)]
#[template(path = "device_confirm.html")]
pub struct DeviceConfirmPage {
    pub frame: Frame,
    pub id: String,
    pub name: String,
    pub last_seen: String,
    /// `phone` and `tablet`.
    pub kinds: Vec<ChoiceRow>,
    pub people: Vec<ChoiceRow>,
    /// There may be people whom this visitor cannot choose.
    pub others: bool,
    pub error: Option<String>,
}

impl DeviceConfirmPage {
    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Devices, "/devices/new/confirm"),
            id: "new".into(),
            name: "Ana’s new phone".into(),
            last_seen: "13:01".into(),
            kinds: vec![
                ChoiceRow::new("phone", "Phone").chosen(),
                ChoiceRow::new("tablet", "Tablet"),
            ],
            people: vec![
                ChoiceRow::new("ana", "Ana Duarte").chosen(),
                ChoiceRow::new("amal", "أمل الحسن"),
            ],
            others: true,
            error: None,
        }
    }

    /// After an attempt that named nobody.
    pub fn again() -> Self {
        Self {
            error: Some("Choose at least one person who uses it.".into()),
            ..Self::sample()
        }
    }
}
