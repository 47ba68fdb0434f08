//! What an operator does for the day on which it is needed: back up while serving, put an older backup back, check.

use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;
use warmhand_core::view::SyncState;
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::{Copied, Fault, Keys, Sqlite, Verified, backup, restore};
use warmhand_tests::cli::said;
use warmhand_tests::town::Town;

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A backup of this town in a folder of its own.
fn backed_up(town: &Town) -> (TempDir, Copied) {
    let folder = tempfile::tempdir().unwrap();
    let copied = backup(town.folder(), &folder.path().join("copy.db")).unwrap();
    assert_eq!(names(folder.path()), ["copy.db"]);
    (folder, copied)
}

#[test]
fn what_came_after_the_backup_comes_back_from_the_devices() {
    let mut town = Town::default();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    // Taken while the server serves.
    let (copy, copied) = backed_up(&town);
    assert!(copied.changes > 8 && copied.rows > copied.changes);
    let (_, later) = ana.handoff(&town, "Imani");
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "after the backup"}}),
    );
    ana.sync(&town);
    carla.sync(&town);
    let (all, more) = (town.entries(patient), town.entries(later));

    let anew = tempfile::tempdir().unwrap();
    let keys = Keys::Same(town.keys());
    let restored = restore(&copy.path().join("copy.db"), anew.path(), &keys, [8; 16]);
    assert_eq!(restored, Ok(copied));
    town.restore(&anew);
    assert_ne!(town.entries(patient), all);
    // The author's phone is lost with the server: another device gives back what it has seen, by the server's receipts.
    drop(ana);
    carla.sync(&town);
    assert_eq!(town.entries(patient), all);
    assert_eq!(town.entries(later), more);
    assert_eq!(carla.app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(town.verify(), Verified::SOUND);
}

/// Backs the town up at every place that the server's storage passes, while that is at work.
struct BacksUp {
    from: PathBuf,
    to: TempDir,
    copies: AtomicUsize,
}

impl Fault for BacksUp {
    fn strikes(&self, _: &str) -> Option<StoreError> {
        let number = self.copies.fetch_add(1, Ordering::SeqCst);
        let copy = self.to.path().join(format!("{number}.db"));
        backup(&self.from, &copy).expect("a writer holds no backup up");
        None
    }
}

#[test]
fn a_backup_while_somebody_writes_is_one_moment_of_the_database() {
    let mut town = Town::default();
    let (mut ana, _, record, patient) = town.shared_handoff();
    let before = town.entries(patient);
    let backs_up = Arc::new(BacksUp {
        from: town.folder().to_owned(),
        to: tempfile::tempdir().unwrap(),
        copies: AtomicUsize::new(0),
    });
    town.close();
    town.open(Some(backs_up.clone()));
    // Two changes in one push, in two documents: there is no moment at which one of them is there alone.
    let screen = json!({"RecordScreen": {"record": record, "instrument": "phq2", "mode": "interview", "items": [1, 0]}});
    ana.does(&town, screen);
    ana.sync(&town);
    let after = town.entries(patient);
    let copies = backs_up.copies.load(Ordering::SeqCst);
    assert!(copies > 10, "{copies} places were passed");
    town.close();
    let mut seen = BTreeSet::new();
    for number in 0..copies {
        let copy = backs_up.to.path().join(format!("{number}.db"));
        let anew = tempfile::tempdir().unwrap();
        let keys = Keys::Same(town.keys());
        restore(&copy, anew.path(), &keys, [8; 16]).unwrap();
        town.restore(&anew);
        assert_eq!(town.verify(), Verified::SOUND, "copy {number}");
        let there = town.entries(patient);
        assert!(there == before || there == after, "copy {number}");
        seen.insert(there);
    }
    assert_eq!(seen.len(), 2, "before it, and after it");
}

#[test]
fn without_the_key_what_others_wrote_waits_for_a_person_and_nothing_is_thrown_away() {
    let mut town = Town::default();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    let (copy, copied) = backed_up(&town);
    let before = town.entries(patient);
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "after the backup"}}),
    );
    ana.sync(&town);
    carla.sync(&town);

    let anew = tempfile::tempdir().unwrap();
    let other = KeyFile::new([1; 16], [2; 32], jiff::Timestamp::UNIX_EPOCH);
    let file = copy.path().join("copy.db");
    assert_eq!(
        restore(&file, anew.path(), &Keys::Same(&other), [8; 16]),
        Err(StoreError::Refused(
            "the key file lacks key 1 with which this backup was signed; put back the copy that has it".into()
        ))
    );
    assert_eq!(names(anew.path()), [""; 0]);
    assert_eq!(
        restore(&file, anew.path(), &Keys::Lost(&other), [8; 16]),
        Ok(copied)
    );
    town.restore_under(&anew, other);
    carla.sync(&town);
    assert_eq!(town.entries(patient), before);
    assert_eq!(town.aside().len(), 1);
    // Its author says so on her own screen: it is not on the server, and a person has to look.
    ana.sync(&town);
    let status = ana.app.sync_status().unwrap();
    assert_eq!(status.state, SyncState::NeedsHelp);
    assert_eq!(status.unsent.len(), 1);
    assert_eq!(town.aside().len(), 1);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_backup_is_put_back_by_the_command_line_and_what_cannot_be_is_said_in_a_sentence() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    ana.sync(&town);
    town.close();
    town.keys().save(town.folder()).unwrap();
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (data, copy, keys) = (
        town.folder().to_str().unwrap().to_owned(),
        at("copy.db"),
        format!("{}/warmhand.keys", town.folder().display()),
    );
    let (is_done, text) = said(&["backup", &copy, "--data", &data]);
    assert!(
        is_done && text.contains("is of no use without a copy of"),
        "{text}"
    );
    let refused = |line: &[&str], sentence: &str| {
        let before = names(place.path());
        let (is_done, text) = said(line);
        assert!(!is_done && text.contains(sentence), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert_eq!(names(place.path()), before);
    };
    refused(
        &["backup", &copy, "--data", &data],
        "exists already; name a new file",
    );
    let (none, new) = (at("none"), at("new"));
    refused(
        &["backup", &at("other.db"), "--data", &none],
        "cannot be backed up",
    );
    refused(
        &["restore", &copy, "--data", &data],
        "restore into an empty folder",
    );

    fs::create_dir(&new).unwrap();
    refused(
        &["restore", &copy, "--data", &new],
        "the backup needs its keys",
    );
    fs::write(at("damaged.db"), vec![7; 10_000]).unwrap();
    refused(
        &[
            "restore",
            &at("damaged.db"),
            "--keys",
            &keys,
            "--data",
            &new,
        ],
        "damaged",
    );
    assert_eq!(names(Path::new(&new)), [""; 0]);

    let (is_done, text) = said(&["restore", &copy, "--keys", &keys, "--data", &new]);
    assert!(
        is_done && text.contains("Devices compare what they hold"),
        "{text}"
    );
    assert!(text.contains("No journal was brought"), "{text}");
    let mut made = names(Path::new(&new));
    // What a database in use has beside it.
    made.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
    assert_eq!(made, ["warmhand.db", "warmhand.journal", "warmhand.keys"]);
    let (is_done, text) = said(&["verify", "--data", &new]);
    assert!(is_done && text.matches("sound").count() == 7, "{text}");
    let (is_done, text) = said(&["rebuild", "--data", &new]);
    assert!(is_done && text.contains("for 1 patient"), "{text}");
    let (is_done, _) = said(&["verify", "--data", &new]);
    assert!(is_done);
}

#[test]
fn a_device_that_has_everything_hears_what_was_computed_anew() {
    let mut town = Town::default();
    let (mut ana, mut carla, record, _) = town.shared_handoff();
    ana.handoff(&town, "Noor");
    ana.sync(&town);
    let id = carla.app.id().unwrap();
    town.close();
    let db = rusqlite::Connection::open(town.database()).unwrap();
    let sql =
        "update visibility set to_seq = (select seq from head) where device = ?1 and doc = ?2";
    let ids = [&id.as_bytes()[..], &record.as_bytes()[..]];
    assert_eq!(db.execute(sql, ids).unwrap(), 1);
    drop(db);
    town.open(None);
    carla.sync(&town);
    assert_eq!(carla.app.holds(record), Ok(false), "it was told to forget");
    town.close();
    let store = Sqlite::open(town.folder(), town.keys().clone()).unwrap();
    assert_eq!(town.run(store.rebuild()), Ok(2));
    drop(store);
    town.open(None);
    carla.sync(&town);
    assert_eq!(carla.app.holds(record), Ok(true));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_database_that_was_meddled_with_is_not_sound_and_who_sees_what_is_computed_anew() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    ana.sync(&town);
    let found = |town: &mut Town, sql: &str| {
        town.close();
        let db = rusqlite::Connection::open(town.folder().join("warmhand.db")).unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);
        town.open(None);
        town.verify()
    };
    let sound = Verified::SOUND;
    let rebuilt = |town: &mut Town| {
        town.close();
        let store = Sqlite::open(town.folder(), town.keys().clone()).unwrap();
        assert_eq!(town.run(store.rebuild()), Ok(1));
        drop(store);
        town.open(None);
        town.verify()
    };
    let unseen = Verified {
        visibility: false,
        ..sound
    };
    for sql in [
        "update visibility set to_seq = from_seq",
        "update scope set to_seq = from_seq",
        "update scope set to_seq = from_seq; update visibility set to_seq = from_seq",
    ] {
        assert_eq!(found(&mut town, sql), unseen, "{sql}");
        assert_eq!(rebuilt(&mut town), sound, "{sql}");
    }
    let link = "update log set chain = zeroblob(32) where seq = 3";
    assert_eq!(
        found(&mut town, link),
        Verified {
            log: false,
            ..sound
        }
    );
    let bytes = "update change set bytes = cast(bytes || x'00' as blob) where seq = (select max(seq) from change)";
    assert_eq!(
        found(&mut town, bytes),
        Verified {
            log: false,
            changes: false,
            documents: false,
            ..sound
        }
    );
    let kind = "instr(bytes, cast('RecordOpened' as blob))";
    let unread = format!(
        "update change set bytes = cast(substr(bytes, 1, {kind} - 1) || 'RecordMisput' || substr(bytes, {kind} + 12)
             as blob) where {kind} > 0"
    );
    assert!(!found(&mut town, &unread).records);
}
