//! Keeping a database for the day on which it is needed: copies of it, a copy put back, and whether it is sound.

use super::setup::{checked, said};
use crate::clock::{Clock, Random, SystemClock};
use crate::data_folder;
use crate::receipt::ReceiptKey;
use crate::store::sqlite::{self, Keys, Sqlite};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the key of a backup is.
pub(super) enum Key {
    /// In the folder already.
    There,
    /// A copy of it.
    Copy(PathBuf),
    /// Nowhere.
    Lost,
}

pub(super) fn backup(file: &Path, data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    if file.exists() {
        return Err(format!(
            "{} exists already; name a new file",
            file.display()
        ));
    }
    let copied = sqlite::backup(data, file)
        .map_err(|error| format!("{} cannot be backed up: {error}", data.display()))?;
    writeln!(
        out,
        "Written to {}: {} changes, {} rows of the log.\nIt is of no use without a copy of {}, which is not in it.",
        file.display(),
        copied.changes,
        copied.rows,
        data.join("receipt.key").display()
    )
    .map_err(said)
}

pub(super) fn restore(
    file: &Path,
    key: &Key,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    if Sqlite::exists(data) {
        return Err(format!(
            "there is an organisation in {} already; restore into an empty folder",
            data.display()
        ));
    }
    let not = |error: std::io::Error| format!("{} cannot be made: {error}", data.display());
    fs::create_dir_all(data).map_err(not)?;
    let random = Random::from_os();
    let is_there = data.join("receipt.key").exists();
    let held = match key {
        Key::There if !is_there => {
            return Err(format!(
                "the backup needs its receipt.key: put the copy into {}, or name it with --key FILE; if it is lost, --without-receipts goes on without it",
                data.display()
            ));
        }
        Key::There => ReceiptKey::load(data)?,
        Key::Copy(_) | Key::Lost if is_there => {
            return Err(format!(
                "there is a receipt.key in {} already; restore into an empty folder",
                data.display()
            ));
        }
        Key::Copy(path) => ReceiptKey::read(path)?,
        Key::Lost => ReceiptKey::new(random.bytes(), random.bytes()),
    };
    let keys = match key {
        Key::There | Key::Copy(_) => Keys::Same(&held),
        Key::Lost => Keys::Lost(&held),
    };
    // The key first: a database without it would not start.
    if !is_there {
        held.save(data)?;
    }
    let copied = sqlite::restore(file, data, &keys, random.bytes()).map_err(|error| {
        if !is_there {
            // It was put there a moment ago, for a database that did not come.
            fs::remove_file(data.join("receipt.key")).ok();
        }
        format!("{} cannot be restored: {error}", file.display())
    })?;
    writeln!(
        out,
        "Restored in {}: {} changes, up to row {} of the log.\n\
         Devices compare what they hold at their next sync and give back what came later.\n\
         Not in the backup: devices enrolled or revoked, passwords and sheets of a later day; look at them again.",
        data.display(),
        copied.changes,
        copied.rows
    )
    .map_err(said)
}

pub(super) async fn verify(data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    checked(data)?;
    let store = open(data)?;
    let found = store
        .verify(SystemClock.now())
        .await
        .map_err(|error| format!("{}: {error}", data.display()))?;
    let parts = [
        ("changes: bytes, fields and hashes agree", found.changes),
        ("log: dense, and every link of its chain holds", found.log),
        ("visibility: as the definition says", found.visibility),
        (
            "records: every entry reads, every record folds",
            found.records,
        ),
    ];
    for (what, holds) in parts {
        let word = if holds { "sound" } else { "NOT SOUND" };
        writeln!(out, "{word:>9}  {what}").map_err(said)?;
    }
    if parts.iter().all(|(_, holds)| *holds) {
        Ok(())
    } else {
        Err(format!(
            "{} is not sound; keep it as it is, and restore a backup beside it",
            data.display()
        ))
    }
}

pub(super) async fn rebuild(data: &Path, out: &mut (dyn Write + Send)) -> Result<(), String> {
    checked(data)?;
    let _held = data_folder::hold(data)?;
    let patients = open(data)?
        .rebuild()
        .await
        .map_err(|error| format!("{}: {error}", data.display()))?;
    writeln!(out, "Computed anew for {patients} patients.").map_err(said)
}

fn open(data: &Path) -> Result<Sqlite, String> {
    let key = ReceiptKey::load(data)?;
    Sqlite::open(data, key).map_err(|error| format!("{}: {error}", data.display()))
}
