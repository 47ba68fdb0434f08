//! A new organisation: its folder, its keys, its database with a first sheet. Refuses a folder in which anything lies, and
//! leaves nothing in it if it fails.

use crate::clock::{Clock, Random, SystemClock};
use crate::data_folder;
use crate::key_file::{self, KeyFile};
use crate::store::sqlite::{self, Place, Settings, Sqlite};
use std::fs;
use std::path::Path;
use warmhand_core::domain::id::DeviceId;

/// The database and the keys of a new folder.
pub(crate) fn begin(data: &Path, sheet: &str, random: &Random) -> Result<(), String> {
    data_folder::make_usable(data)?;
    let not = |error: std::io::Error| format!("{} cannot be read: {error}", data.display());
    if fs::read_dir(data).map_err(not)?.next().is_some() {
        return Err(format!(
            "{} is not empty; choose an empty folder",
            data.display()
        ));
    }
    let now = SystemClock.now();
    let keys = KeyFile::new(random.bytes(), random.bytes(), now);
    let settings = Settings {
        sheet,
        epoch: random.bytes(),
        keys,
        web: random.with(|rng| DeviceId::new(now, rng)),
    };
    put(data, &settings).inspect_err(|_| {
        // The folder was empty: these are ours, and half of them would stand in the way of the next try.
        for path in Sqlite::files(data) {
            fs::remove_file(path).ok();
        }
        fs::remove_file(data.join(key_file::FILE)).ok();
    })
}

fn put(data: &Path, settings: &Settings<'_>) -> Result<(), String> {
    settings.keys.save(data)?;
    sqlite::init(&Place::Folder(data.to_owned()), settings)
        .map(|_| ())
        .map_err(|error| format!("{}: {error}", data.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_begun_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let sentence = begin(folder.path(), "no sheet", &Random::seeded(1)).unwrap_err();
        let at = folder.path().display().to_string();
        assert!(sentence.starts_with(&at), "{sentence}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let sheet = include_str!("../assets/demo/organisation.json");
        assert_eq!(begin(folder.path(), sheet, &Random::seeded(1)), Ok(()));
    }
}
