//! What must survive outside the backup: keys that prove receipts and devices, and a journal of who is out of service.
//! An older database is put back, and neither is forgotten.

#[path = "outlives/check.rs"]
mod check;
#[path = "outlives/confirm.rs"]
mod confirm;
#[path = "outlives/erasure.rs"]
mod erasure;
#[path = "outlives/idle.rs"]
mod idle;
#[path = "outlives/journal.rs"]
mod journal;
#[path = "outlives/keys.rs"]
mod keys;
#[path = "outlives/late.rs"]
mod late;

use std::path::{Path, PathBuf};
use tempfile::TempDir;
use warmhand_server::store::sqlite::backup;
use warmhand_server::store::{DeviceRow, QuarantineRow};
use warmhand_tests::town::{Phone, Town};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A town whose keys lie in its folder, as the command line expects.
fn town() -> Town {
    let town = Town::default();
    town.keys().save(town.folder()).unwrap();
    town
}

/// The database, the keys and the journal as an operator has them, in another place.
struct Kept {
    folder: TempDir,
}

impl Kept {
    /// Copies the database as it is now.
    fn of(town: &Town) -> Self {
        let folder = tempfile::tempdir().unwrap();
        backup(town.folder(), &folder.path().join("copy.db")).unwrap();
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts the copy in the place of the database of a stopped server, by hand.
    fn put_in_place(&self, town: &Town) {
        for end in ["", "-wal", "-shm"] {
            std::fs::remove_file(town.folder().join(format!("warmhand.db{end}"))).ok();
        }
        std::fs::copy(self.file("copy.db"), town.database()).unwrap();
    }

    /// Copies keys and journal as they are by now.
    fn and_beside(self, town: &Town) -> Self {
        for name in ["warmhand.keys", "warmhand.journal"] {
            std::fs::copy(town.folder().join(name), self.file(name)).unwrap();
        }
        self
    }
}

/// The line that restores a copy with these keys and this journal.
fn restoring(files: [&Path; 3], to: &Path) -> [String; 8] {
    let [copy, keys, journal] = files.map(text);
    let line = [
        "restore",
        copy,
        "--keys",
        keys,
        "--journal",
        journal,
        "--data",
        text(to),
    ];
    line.map(str::to_owned)
}

/// The same, typed.
fn words(line: &[String; 8]) -> [&str; 8] {
    line.each_ref().map(String::as_str)
}

fn device(town: &Town, phone: &Phone) -> DeviceRow {
    let id = phone.app.id().unwrap();
    let all = town.run(town.server().store.devices()).unwrap();
    all.into_iter().find(|row| row.id == id).unwrap()
}

fn waiting(town: &Town) -> Vec<QuarantineRow> {
    town.aside()
}

fn revoke(town: &Town, phone: &Phone) {
    let id = phone.app.id().unwrap();
    town.run(town.server().store.revoke(id, "sup".into(), town.now()))
        .unwrap();
}
