//! A restore that fails late: nothing that it put there is left, and the next one forgets nobody.

use super::{Kept, device, restoring, revoke, town, words};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::sqlite::Sqlite;
use warmhand_tests::cli::{refused, said};

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn a_restore_that_fails_after_the_database_has_its_name_leaves_nothing() {
    let town = town();
    let ana = town.device("ana", &["n1"]);
    let kept = Kept::of(&town);
    revoke(&town, &ana);
    let kept = kept.and_beside(&town);
    let (copy, keys) = (kept.file("copy.db"), kept.file("warmhand.keys"));
    let journal = kept.file("warmhand.journal");
    // Sound as a file, and yet nothing can be said to it again.
    let short = kept.file("short.db");
    fs::copy(&copy, &short).unwrap();
    let db = Connection::open(&short).unwrap();
    db.execute_batch("alter table device rename to devices")
        .unwrap();
    drop(db);

    let anew = tempfile::tempdir().unwrap();
    let line = restoring([&short, &keys, &journal], anew.path());
    let sentence = refused(&words(&line));
    assert!(sentence.contains("cannot be restored"), "{sentence}");
    assert_eq!(names(anew.path()), [""; 0]);
    // What lay there before stays.
    KeyFile::read(&keys).unwrap().save(anew.path()).unwrap();
    let without: Vec<&str> = words(&line)
        .into_iter()
        .filter(|word| *word != "--keys" && Path::new(word) != keys)
        .collect();
    refused(&without);
    assert_eq!(names(anew.path()), ["warmhand.keys"]);
    fs::remove_file(anew.path().join("warmhand.keys")).unwrap();

    let line = restoring([&copy, &keys, &journal], anew.path());
    let (is_done, told) = said(&words(&line));
    assert!(is_done && told.contains("        1  revoked"), "{told}");
    let store = Sqlite::open(anew.path(), town.keys().clone()).unwrap();
    store.replay().unwrap();
    let rows = town.run(warmhand_server::store::Store::devices(&store));
    let id = device(&town, &ana).id;
    let row = rows.unwrap().into_iter().find(|row| row.id == id);
    assert!(row.unwrap().revoked_at.is_some());
}
