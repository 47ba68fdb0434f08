//! Databases that cannot serve: each has its own word, and is left as it was.

use std::fs;
use warmhand_core::domain::id::DeviceId;
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::{self, Sqlite};

fn key() -> KeyFile {
    KeyFile::new([1; 16], [2; 32], jiff::Timestamp::UNIX_EPOCH)
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let settings = sqlite::Settings {
        sheet: warmhand_tests::organisation::SHEET,
        epoch: [1; 16],
        keys: key(),
        web: DeviceId(uuid::Uuid::from_u128(1)),
    };
    let place = sqlite::Place::Folder(folder.path().to_owned());
    drop(sqlite::init(&place, &settings).unwrap());
    folder
}

fn trouble(folder: &tempfile::TempDir) -> StoreError {
    match Sqlite::open(folder.path(), key()) {
        Err(error) => error,
        Ok(_) => panic!("it opened"),
    }
}

#[test]
fn an_unusable_database_is_told_apart_and_left_as_it_was() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(trouble(&empty), StoreError::Empty);
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);

    let damaged = folder();
    let path = damaged.path().join("warmhand.db");
    fs::write(&path, "no database, however long it goes on ".repeat(200)).unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(trouble(&damaged), StoreError::Damaged);
    assert_eq!(fs::read(&path).unwrap(), before);

    let newer = folder();
    let db = rusqlite::Connection::open(newer.path().join("warmhand.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    assert_eq!(trouble(&newer), StoreError::Newer);
}

#[test]
fn an_organisation_is_never_made_twice() {
    let folder = folder();
    let settings = sqlite::Settings {
        sheet: warmhand_tests::organisation::SHEET,
        epoch: [3; 16],
        keys: key(),
        web: DeviceId(uuid::Uuid::from_u128(2)),
    };
    let place = sqlite::Place::Folder(folder.path().to_owned());
    let again = sqlite::init(&place, &settings);
    assert!(matches!(again, Err(StoreError::Refused(_))));
}
