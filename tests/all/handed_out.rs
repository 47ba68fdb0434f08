//! A record that somebody is handed as a file: for its owner alone, in nobody's place, by order, and nothing about alcohol
//! and drugs unless that is said.

use serde_json::json;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use warmhand_core::document::entries_of;
use warmhand_core::domain::id::DocumentId;
use warmhand_tests::cli::said;
use warmhand_tests::town::Town;

/// The document that began as this kind, on the server.
fn begun_as(town: &Town, kind: &str) -> DocumentId {
    let all = town.run(town.server().store.changes()).unwrap();
    let mut begun = all.iter().filter(|delivered| {
        let puts = &delivered.change.puts;
        puts.iter().any(|put| put.text.contains(kind))
    });
    begun.next().unwrap().change.doc
}

/// Who had which record exported and why, as the audit keeps it.
fn audited(town: &Town) -> Vec<(String, Vec<u8>, String)> {
    let db = rusqlite::Connection::open(town.database()).unwrap();
    let sql = "select user, record, why from audit where what = 'exported' order by id";
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_record_is_handed_out_by_order_into_a_new_file_for_its_owner_alone() {
    let town = Town::default();
    town.keys().save(town.folder()).unwrap();
    let mut ana = town.device("ana", &["n1"]);
    let (record, _) = ana.handoff(&town, "Rosa");
    let screen =
        json!({"record": record, "instrument": "audit_c", "mode": "interview", "items": [1, 1, 2]});
    ana.does(&town, json!({"RecordScreen": screen}));
    ana.sync(&town);
    let out = tempfile::tempdir().unwrap();
    let export = |id: DocumentId, file: &Path, more: &[&str]| {
        let (id, file) = (id.to_string(), file.to_str().unwrap());
        let data = town.folder().to_str().unwrap();
        let line = ["record", "export", &id, file, "--data", data];
        said(&[&line[..], more].concat())
    };
    let order = ["--by", "sup", "--why", "she asked for it"];

    let file = out.path().join("record");
    let (is_done, told) = export(record, &file, &[]);
    assert!(!is_done && told.contains("--by"), "{told}");
    let (is_done, told) = export(record, &file, &["--by", "sup", "--why", " "]);
    assert!(!is_done && told.contains("say why"), "{told}");
    assert!(!file.exists() && audited(&town).is_empty());
    let (is_done, told) = export(record, &file, &order);
    assert!(is_done && told.contains("in the clear"), "{told}");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(entries_of(&fs::read(&file).unwrap()).unwrap().len() > 5);
    let line = |doc: DocumentId| {
        let why = "she asked for it".to_owned();
        ("sup".to_owned(), doc.as_bytes().to_vec(), why)
    };
    assert_eq!(audited(&town), [line(record)]);

    // Neither over another file nor through a link, and then nobody was handed anything.
    let (letter, link) = (out.path().join("letter"), out.path().join("link"));
    fs::write(&letter, "a letter").unwrap();
    symlink(out.path().join("elsewhere"), &link).unwrap();
    for taken in [&letter, &link] {
        let (is_done, told) = export(record, taken, &order);
        let sentence = format!("{} exists already; name a new file", taken.display());
        assert!(!is_done && told.contains(&sentence), "{told}");
    }
    assert_eq!(fs::read(&letter).unwrap(), b"a letter");
    assert!(!out.path().join("elsewhere").exists());
    assert_eq!(audited(&town).len(), 1);

    let sud = begun_as(&town, "SudOpened");
    let file = out.path().join("apart");
    let (is_done, told) = export(sud, &file, &order);
    assert!(!is_done && told.contains("42 CFR Part 2"), "{told}");
    assert!(!file.exists() && audited(&town).len() == 1);
    let (is_done, told) = export(sud, &file, &[&order[..], &["--alcohol-and-drugs"]].concat());
    assert!(is_done, "{told}");
    assert_eq!(audited(&town), [line(record), line(sud)]);
}
