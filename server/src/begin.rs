//! A new organisation: its folder, its keys, its database with a first sheet. Refuses a folder in which anything lies.

use crate::clock::{Clock, Random, SystemClock};
use crate::data_folder;
use crate::key_file::KeyFile;
use crate::store::sqlite::{self, Place};
use std::fs;
use std::path::Path;
use warmhand_core::domain::id::DeviceId;

/// The database and the keys of a new folder.
pub(crate) fn begin(data: &Path, sheet: &str, random: &Random) -> Result<(), String> {
    data_folder::make(data)?;
    let not = |error: std::io::Error| format!("{} cannot be read: {error}", data.display());
    if fs::read_dir(data).map_err(not)?.next().is_some() {
        return Err(format!(
            "{} is not empty; choose an empty folder",
            data.display()
        ));
    }
    let now = SystemClock.now();
    let keys = KeyFile::new(random.bytes(), random.bytes(), now);
    let settings = sqlite::Settings {
        sheet,
        epoch: random.bytes(),
        keys: keys.clone(),
        web: random.with(|rng| DeviceId::new(now, rng)),
    };
    keys.save(data)?;
    sqlite::init(&Place::Folder(data.to_owned()), &settings)
        .map(|_| ())
        .map_err(|error| format!("{}: {error}", data.display()))
}
