//! Somebody orders that nothing of a record be left: on the server, on every device, and whatever is put back later.

use super::{Kept, text, town, waiting};
use std::fs;
use std::path::Path;
use warmhand_core::domain::id::DocumentId;
use warmhand_server::journal::{Event, Journal};
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::cli::{refused, said};
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::{Phone, Town};

const WHY: &str = "recorded for the wrong person";

fn erase(record: DocumentId, data: &Path) -> (bool, String) {
    let id = record.to_string();
    let line = [
        "record",
        "erase",
        &id,
        "--by",
        "sup",
        "--why",
        WHY,
        "--data",
        text(data),
    ];
    said(&line)
}

fn has(phone: &Phone, town: &Town, record: DocumentId) -> bool {
    phone.app.handoff(record, town.now()).is_ok()
}

/// Records that the first page counts.
fn counted(town: &Town) -> usize {
    let seen = town.run(town.server().store.snapshot(town.now()));
    seen.unwrap().records.len()
}

/// In the database or in its log.
fn lies_in(words: &str, file: &Path) -> bool {
    let mut bytes = fs::read(file).unwrap();
    bytes.extend(fs::read(file.with_extension("db-wal")).unwrap_or_default());
    bytes.windows(words.len()).any(|w| w == words.as_bytes())
}

#[test]
fn nothing_of_it_is_left_on_the_server_or_on_any_device_and_everything_else_is() {
    let mut town = town();
    let (mut ana, mut carla) = (town.device("ana", &["n1"]), town.device("carla", &["c1"]));
    let (record, _) = ana.handoff(&town, "Rosalinda");
    let (other, patient) = ana.handoff(&town, "Noor");
    ana.note(&town, record, "words that were sent");
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(counted(&town), 2);
    let all = town.entries(patient);
    // One goes on in it without signal.
    carla.note(&town, record, "words that come too late");

    let (is_done, told) = erase(record, town.folder());
    assert!(
        is_done && told.starts_with("1 documents are erased here"),
        "{told}"
    );
    assert_eq!(counted(&town), 1);
    assert_eq!(town.verify(), Verified::SOUND);
    ana.sync(&town);
    carla.sync(&town);
    for phone in [&ana, &carla] {
        assert!(!has(phone, &town, record) && has(phone, &town, other));
        let listed = phone.app.patients(town.now()).unwrap().rows;
        assert_eq!(listed.len(), 1);
        let status = phone.app.sync_status().unwrap();
        assert!(status.unsent.is_empty());
    }
    assert_eq!(town.entries(patient), all);
    assert!(waiting(&town).is_empty());
    assert_eq!(town.verify(), Verified::SOUND);
    town.close();
    for words in [
        "Rosalinda",
        "words that were sent",
        "words that come too late",
    ] {
        assert!(!lies_in(words, &town.database()), "{words}");
    }
    assert!(lies_in("Noor", &town.database()));
}

#[test]
fn it_stays_so_when_an_older_image_is_put_back_and_whoever_held_it_brings_it_again() {
    let mut town = town();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    let kept = Kept::of(&town);
    ana.note(&town, record, "after the backup");
    ana.sync(&town);
    assert!(erase(record, town.folder()).0);
    town.close();
    kept.put_in_place(&town);
    town.open(None);
    assert_eq!(town.entries(patient).len(), 0);
    // Neither has heard of it, and both were told of a log that is no more.
    for phone in [&mut ana, &mut carla] {
        phone.sync(&town);
    }
    assert!(!has(&ana, &town, record) && !has(&carla, &town, record));
    assert_eq!(town.entries(patient).len(), 0);
    assert!(waiting(&town).is_empty());
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn work_that_waits_for_a_person_is_erased_with_its_record_and_its_author_is_told() {
    let town = town();
    let (_, _, record, patient) = town.shared_handoff();
    let mut lena = town.device("lena", &["d1"]);
    lena.sync(&town);
    lena.note(&town, record, "words that may not go there");
    // Meanwhile she has gone to another site.
    let home = r#""roles": [{"role": "doula", "sites": ["home"]}]"#;
    let sheet = SHEET.replacen(home, &home.replace("home", "clinic"), 1);
    town.run(town.server().store.load_sheet(sheet)).unwrap();
    lena.sync(&town);
    assert_eq!(waiting(&town).len(), 1);
    let file = lena.file().to_owned();
    let changes = || {
        let db = rusqlite::Connection::open(&file).unwrap();
        let count = db.query_row("select count(*) from change", [], |row| {
            row.get::<_, i64>(0)
        });
        count.unwrap()
    };
    assert_eq!(changes(), 1);
    assert!(erase(record, town.folder()).0);
    assert!(waiting(&town).is_empty());
    lena.sync(&town);
    assert_eq!((changes(), town.entries(patient).len()), (0, 0));
    let told: Vec<_> = Journal::of(town.folder()).lines().unwrap();
    assert!(told.iter().any(|line| line.event == Event::Erased(record)));
}

#[test]
fn all_of_a_patient_goes_at_once_and_who_may_not_order_it_changes_nothing() {
    let town = town();
    let (mut ana, _, record, patient) = town.shared_handoff();
    let all = town.entries(patient);
    let (id, data) = (record.to_string(), text(town.folder()).to_owned());
    let order = |by: &str, why: &str, id: &str| {
        let line = [
            "record", "erase", id, "--by", by, "--why", why, "--data", &data,
        ];
        refused(&line)
    };
    assert_eq!(
        order("n1", WHY, &id),
        "\"n1\" is no administrator or supervisor on the sheet"
    );
    assert_eq!(order("sup", " ", &id), "say why, in words that name nobody");
    let unknown = patient.to_string();
    assert_eq!(order("sup", WHY, &unknown), "there is no such record");
    assert_eq!(order("sup", WHY, "7"), "\"7\" is no record's id");
    let out = tempfile::tempdir().unwrap();
    let file = text(&out.path().join("record")).to_owned();
    let exported = |by: &str| {
        let line = [
            "record", "export", &id, &file, "--by", by, "--why", WHY, "--data", &data,
        ];
        refused(&line)
    };
    assert_eq!(
        exported("n1"),
        "\"n1\" is no administrator or supervisor on the sheet"
    );
    assert_eq!(town.entries(patient), all);
    let line = [
        "record",
        "erase",
        &id,
        "--by",
        "sup",
        "--why",
        WHY,
        "--whole-patient",
        "--data",
        &data,
    ];
    let (is_done, told) = said(&line);
    // What she answered lies in a document of its own.
    assert!(is_done && told.starts_with("2 documents"), "{told}");
    let already = "this record is erased already: nothing of it is left here";
    assert_eq!(order("sup", WHY, &id), already);
    assert_eq!(exported("sup"), already);
    ana.sync(&town);
    assert!(ana.app.patients(town.now()).unwrap().rows.is_empty());
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_rescue_file_with_what_was_erased_is_to_be_deleted_and_not_to_be_kept() {
    let town = town();
    let (mut ana, _, record, _) = town.shared_handoff();
    let (other, kept) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    let folder = tempfile::tempdir().unwrap();
    let (device, file) = (folder.path().join("lost.db"), folder.path().join("rescue"));
    ana.leave(&device);
    assert!(said(&["rescue", "export", text(&device), text(&file)]).0);
    let brought = || {
        let data = text(town.folder());
        let (is_done, told) = said(&["rescue", "import", text(&file), "--data", data]);
        assert!(is_done, "{told}");
        told
    };
    assert!(!brought().contains("erased"));
    let all = town.entries(kept);
    assert!(erase(record, town.folder()).0);
    let told = brought();
    assert!(told.contains("        0  cannot be kept"), "{told}");
    assert!(told.contains("  were erased here by order\n"), "{told}");
    let deleted = "still lies in the file: delete it, and every copy of it.";
    assert!(told.contains(deleted) && !told.contains("Keep"), "{told}");
    assert_eq!(town.entries(kept), all);
    assert!(waiting(&town).is_empty() && other != record);
}
