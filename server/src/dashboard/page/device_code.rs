//! The one-time code that makes a phone or tablet part of the programme. It is shown once; it refuses to be shown
//! again, and the page does not refresh itself.

use askama::Template;

use super::{Frame, Place};
use crate::dashboard::chart::qr::qr_svg;

#[derive(Debug, Clone, Template)]
#[template(path = "device_code.html")]
pub struct DeviceCodePage {
    pub frame: Frame,
    pub device: String,
    pub kind: String,
    pub people: String,
    /// As it is read out: `K7QM-4TXD-9RPA`.
    pub code: String,
    /// The drawing by [`qr_svg`]; without it the code is typed.
    pub qr: Option<String>,
    pub server: String,
    /// `13:34, in 15 minutes`.
    pub expires: String,
}

impl DeviceCodePage {
    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Devices, "/devices"),
            device: "Ngozi’s new phone".into(),
            kind: "phone".into(),
            people: "Ngozi Okafor".into(),
            code: "K7QM-4TXD-9RPA".into(),
            qr: qr_svg("https://warmhand.harborcounty.example/#K7QM-4TXD-9RPA"),
            server: "https://warmhand.harborcounty.example".into(),
            expires: "13:34, in 15 minutes".into(),
        }
    }
}
