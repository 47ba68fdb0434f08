//! The keys of a data folder as an operator handles them: another one, their second copy, what there is. Prints no secret.

use super::flags::DataFlags;
use super::setup::{checked, said};
use crate::clock::{Clock, Random, SystemClock};
use crate::journal;
use crate::key_file::KeyFile;
use crate::sealing;
use crate::store::sqlite::Sqlite;
use clap::Subcommand;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What is asked of keys.
#[derive(Debug, Subcommand)]
pub(super) enum Asked {
    /// Adds a key, which signs from now on; the older ones check for ever. A running server takes it within seconds.
    Rotate {
        #[command(flatten)]
        data: DataFlags,
    },
    /// Prints each key's number, date and mark, and no secret.
    Show {
        #[command(flatten)]
        data: DataFlags,
    },
    /// Writes the second copy, which belongs to another place than the backups.
    Export {
        /// A file that does not exist yet.
        file: PathBuf,
        #[command(flatten)]
        data: DataFlags,
    },
}

/// Adds a key: in the file first, then named by the database, then, once it looks, used by the server.
pub(super) fn rotate(data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    checked(data)?;
    let keys = alone(data, || {
        let secret = Random::from_os().bytes();
        let keys = KeyFile::load(data)?.rotated(secret, SystemClock.now());
        let keys = keys.ok_or("all numbers of keys are used")?;
        keys.replace(data)?;
        Ok(keys)
    })?;
    let signing = keys.signing();
    Sqlite::open(data, keys).map_err(|error| format!("{}: {error}", data.display()))?;
    writeln!(
        out,
        "Key {signing} signs from now on; a running server takes it within seconds. The older ones go on checking.\n\
         The second copy lacks it: make a new one with warmhand keys export FILE --data {}",
        data.display()
    )
    .map_err(said)
}

/// Two that add a key at once would each leave out the other's: the journal, which nobody replaces, lets one in.
fn alone<T>(data: &Path, run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let path = data.join(journal::FILE);
    let held = OpenOptions::new().append(true).create(true).open(&path);
    let held = held.and_then(|file| file.lock().map(|()| file));
    let _held =
        held.map_err(|error| format!("the journal {} cannot be held: {error}", path.display()))?;
    run()
}

pub(super) fn show(data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    let keys = KeyFile::load(data)?;
    for (mark, made_at) in keys.marks() {
        let does = if mark.id == keys.signing() {
            "signs"
        } else {
            "checks"
        };
        writeln!(
            out,
            "key {:>3}  made {made_at:.0}  mark {}  {does}",
            mark.id, mark.mark
        )
        .map_err(said)?;
    }
    writeln!(
        out,
        "rescue files are closed for {}",
        sealing::closing(&keys)
    )
    .map_err(said)
}

pub(super) fn export(file: &Path, data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    if file.exists() {
        return Err(format!(
            "{} exists already; name a new file",
            file.display()
        ));
    }
    let keys = KeyFile::load(data)?;
    keys.export(file)?;
    let count = keys.marks().len();
    let keys = if count == 1 { "key" } else { "keys" };
    writeln!(
        out,
        "Written to {}: {count} {keys}.\n\
         Whoever has it can sign in this server's name: carry it to another place than the backups, and keep it locked.",
        file.display()
    )
    .map_err(said)
}
