//! `warmhand verify` and the nightly check look at everything that a database says twice: whatever is damaged by hand is
//! found, said in its sentence, and nothing else is accused.

use rusqlite::Connection;
use warmhand_core::domain::id::DocumentId;
use warmhand_server::store::sqlite::{Sqlite, Verified};
use warmhand_tests::cli::run_in;
use warmhand_tests::town::{Phone, Town};

const SOUND: Verified = Verified::SOUND;
const CHANGES: &str =
    "NOT SOUND  changes: bytes, fields and hashes agree, and the log says the same of each";
const LOG: &str = "NOT SOUND  log: dense, every link of its chain holds, and every change that it tells of is here";
const VISIBILITY: &str = "NOT SOUND  visibility: as the definition says, now and where it began";
const RECORDS: &str = "NOT SOUND  records: every entry reads, every record folds";
const DOCUMENTS: &str =
    "NOT SOUND  documents: packed, and as Automerge documents, they are what is stored";

struct Stage {
    town: Town,
    ana: Phone,
    record: DocumentId,
}

/// A town in which somebody came later to a record: she sees it from a row in the middle of the log.
fn stage() -> Stage {
    let town = Town::default();
    town.keys().save(town.folder()).unwrap();
    let (ana, _, record, _) = town.shared_handoff();
    let mut ngozi = town.device("ngozi", &["n2"]);
    ngozi.sync(&town);
    Stage { town, ana, record }
}

/// Does something to the database of the stopped server.
fn damage(town: &mut Town, sql: &str) {
    town.close();
    let db = Connection::open(town.database()).unwrap();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    assert!(
        db.execute(sql, []).unwrap() > 0,
        "it damages nothing: {sql}"
    );
    drop(db);
    town.open(None);
}

/// What `verify` complains of, line by line.
fn complaints(town: &Town) -> Vec<String> {
    let run = run_in(&[], &["verify", "--data", town.folder().to_str().unwrap()]);
    let lines = run.out.lines().filter(|line| line.contains("NOT SOUND"));
    let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    assert_eq!(run.went_well, lines.is_empty(), "{}{}", run.out, run.err);
    lines
}

fn is_found(sql: &str, expected: Verified, sentences: &[&str]) {
    let mut stage = stage();
    assert_eq!(complaints(&stage.town), Vec::<String>::new());
    damage(&mut stage.town, sql);
    assert_eq!(stage.town.verify(), expected, "{sql}");
    assert_eq!(complaints(&stage.town), sentences, "{sql}");
}

#[test]
fn the_chain_of_the_log() {
    let expected = Verified {
        log: false,
        ..SOUND
    };
    is_found(
        "update log set chain = zeroblob(32) where seq = 3",
        expected,
        &[LOG],
    );
    is_found("update head set chain = zeroblob(32)", expected, &[LOG]);
}

#[test]
fn a_row_of_the_log_that_is_gone() {
    let expected = Verified {
        log: false,
        ..SOUND
    };
    let gone =
        "delete from log where seq = (select max(seq) from log where kind = 'device_enrolled')";
    is_found(gone, expected, &[LOG]);
}

#[test]
fn a_change_that_is_gone_though_the_log_tells_of_it() {
    // The last of the record: nothing stands on it.
    let gone = "delete from change where seq =
        (select max(seq) from change join document on document.id = doc where kind = 'record')";
    let expected = Verified {
        log: false,
        ..SOUND
    };
    is_found(gone, expected, &[LOG]);
}

#[test]
fn a_change_that_came_otherwise_than_the_log_says() {
    let expected = Verified {
        changes: false,
        ..SOUND
    };
    for sql in [
        "update change set received_at = received_at + 1 where seq = (select max(seq) from change)",
        "update change set offset_ms = offset_ms + 1 where seq = (select max(seq) from change)",
    ] {
        is_found(sql, expected, &[CHANGES]);
    }
}

#[test]
fn the_bytes_of_a_change() {
    let sql = "update change set bytes = cast(bytes || x'00' as blob) where seq = (select max(seq) from change)";
    let expected = Verified {
        changes: false,
        documents: false,
        ..SOUND
    };
    is_found(sql, expected, &[CHANGES, DOCUMENTS]);
}

#[test]
fn an_entry_that_does_not_read() {
    let kind = "instr(bytes, cast('AppointmentBooked' as blob))";
    let sql = format!(
        "update change set bytes = cast(substr(bytes, 1, {kind} - 1) || 'Appointment' || x'ff' || substr(bytes, {kind} + 12)
             as blob) where {kind} > 0"
    );
    let mut stage = stage();
    damage(&mut stage.town, &sql);
    let found = complaints(&stage.town);
    assert!(found.iter().any(|line| line == CHANGES), "{found:?}");
    assert!(found.iter().any(|line| line == RECORDS), "{found:?}");
}

#[test]
fn what_a_document_is_packed_and_saved_as() {
    // A change that the next ones stand on lies behind them: every one of them is sound, and no receiver could build it.
    let mut stage = stage();
    stage.town.close();
    let db = Connection::open(stage.town.database()).unwrap();
    let doc = stage.record.as_bytes().to_vec();
    let sql = "update change set doc = zeroblob(16) where doc = ?1 and seq = (select min(seq) + 1 from change where doc = ?1)";
    db.pragma_update(None, "foreign_keys", false).unwrap();
    assert_eq!(db.execute(sql, [doc]).unwrap(), 1);
    drop(db);
    stage.town.open(None);
    let found = complaints(&stage.town);
    assert!(found.iter().any(|line| line == DOCUMENTS), "{found:?}");
}

#[test]
fn where_somebody_began_to_see_a_record_and_it_is_mended_by_computing_it_anew() {
    let unseen = Verified {
        visibility: false,
        ..SOUND
    };
    for sql in [
        // Too early: she would be told only of changes that came after her cursor.
        "update visibility set from_seq = 1 where to_seq is null",
        // A row that is not there yet.
        "update visibility set from_seq = 1000000 where to_seq is null",
        "insert into visibility (device, doc, from_seq) select device, doc, from_seq from visibility limit 1",
        "update scope set from_seq = from_seq - 1 where to_seq is null",
        "update scope set from_seq = 1 where to_seq is null",
    ] {
        let mut stage = stage();
        damage(&mut stage.town, sql);
        assert_eq!(stage.town.verify(), unseen, "{sql}");
        assert_eq!(complaints(&stage.town), [VISIBILITY], "{sql}");
        stage.town.close();
        let store = Sqlite::open(stage.town.folder(), stage.town.keys().clone()).unwrap();
        assert_eq!(stage.town.run(store.rebuild()), Ok(1));
        drop(store);
        stage.town.open(None);
        assert_eq!(stage.town.verify(), SOUND, "{sql}");
        // Everybody goes on, and a device that comes now has all of it.
        stage.ana.note(&stage.town, stage.record, "after it");
        stage.ana.sync(&stage.town);
        let mut late = stage.town.device("late", &["c1"]);
        late.sync(&stage.town);
        assert_eq!(late.app.holds(stage.record), Ok(true));
        assert_eq!(stage.town.verify(), SOUND, "{sql}");
    }
}

#[test]
fn who_works_on_a_device_from_another_row_than_the_log_says() {
    let unseen = Verified {
        visibility: false,
        ..SOUND
    };
    let sql = "update device_person set from_seq = from_seq - 1 where to_seq is null";
    is_found(sql, unseen, &[VISIBILITY]);
}

#[test]
fn a_change_that_was_accepted_twice_in_its_document() {
    let mut stage = stage();
    stage.town.close();
    let db = Connection::open(stage.town.database()).unwrap();
    // What the log tells of the second is what it told of the first.
    let columns = "hash, doc, user, fields, bytes, received_at, offset_ms";
    db.execute_batch(&format!(
        "create temp table at as select max(seq) + 1 as next, (select min(seq) from change) as first from log;
         insert into log (seq, kind, content, chain) select next, kind, content, chain from log join at where seq = first;
         insert into change (seq, {columns}) select next, {columns} from change join at where seq = first;"
    ))
    .unwrap();
    drop(db);
    stage.town.open(None);
    assert!(!stage.town.verify().changes);
}
