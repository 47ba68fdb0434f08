//! What every history begins with, made once: a server with its organisation and four enrolled devices, as files.

use super::fault::quick_folder;
use super::look;
use super::process::Image;
use crate::organisation::SHEET;
use crate::town::Town;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use warmhand_server::journal;

/// The devices: name and people. One is shared, one is at another site, one sees everything.
const DEVICES: [(&str, &[&str]); 4] = [
    ("ana", &["n1"]),
    ("home tablet", &["n2", "d1"]),
    ("carla", &["c1", "p1"]),
    ("clinic tablet", &["ma", "a2"]),
];

/// The files.
pub struct Template {
    server: Image,
    /// The server before the last device was enrolled.
    early: Image,
    journal: Vec<u8>,
    devices: Vec<Image>,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let mut town = Town::new(None);
    let folder = quick_folder();
    let mut early = None;
    let devices = DEVICES.iter().map(|(name, people)| {
        early = Some(server_of(&town));
        let mut phone = town.device(name, people);
        phone.sync(&town);
        let path = folder.path().join(name);
        phone.leave(&path);
        Image::of(&path, &look::open(&path))
    });
    let devices = devices.collect();
    town.close();
    let journal = town.folder().join(journal::FILE);
    Template {
        server: server_of(&town),
        early: early.expect("there are devices"),
        journal: fs::read(journal).expect("a journal"),
        devices,
    }
});

fn server_of(town: &Town) -> Image {
    let path = town.database();
    Image::of(&path, &look::open(&path))
}

impl Template {
    /// The one there is.
    pub fn get() -> &'static Self {
        &TEMPLATE
    }

    /// The server before the last device was enrolled.
    pub fn early(&self) -> &Image {
        &self.early
    }

    /// Copies the files into a folder, with the journal or without. Tells how many devices there are.
    pub fn put(&self, folder: &Path, has_journal: bool) -> usize {
        self.server.put(&folder.join("warmhand.db"));
        if has_journal {
            fs::write(folder.join(journal::FILE), &self.journal).expect("written");
        }
        for (at, device) in self.devices.iter().enumerate() {
            device.put(&folder.join(format!("device-{at}.db")));
        }
        self.devices.len()
    }
}

/// A version of the sheet: who works where. The first is the one at the beginning.
pub fn sheet(version: u8) -> String {
    let nurse = r#""roles": [{"role": "nurse", "sites": ["home"]}]"#;
    let both = r#""roles": [{"role": "nurse", "sites": ["home", "clinic"]}]"#;
    let doula = r#""roles": [{"role": "doula", "sites": ["home"]}]"#;
    let assistant = r#""roles": [{"role": "assistant", "sites": ["clinic"]}]"#;
    let at = |text: &str, site: &str| {
        let end = text.rfind('[').expect("sites");
        format!("{}[{site}]}}]", &text[..end])
    };
    let (from, to) = match version % 6 {
        0 => return SHEET.to_owned(),
        1 => (nurse, at(nurse, "\"clinic\"")),
        2 => (both, at(both, "\"clinic\"")),
        3 => (doula, at(doula, "\"clinic\"")),
        4 => (assistant, at(assistant, "\"clinic\", \"home\"")),
        _ => (nurse, at(nurse, "\"home\", \"clinic\"")),
    };
    let changed = SHEET.replacen(from, &to, 1);
    assert_ne!(changed, SHEET);
    changed
}
