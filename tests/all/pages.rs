//! A page with all that may stand beside it stays a message: the longest sheet, answers to what was pushed, and a record as
//! long as one gets behind a page that is nearly full.

use rusqlite::Connection;
use serde_json::json;
use std::sync::Arc;
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::domain::id::DocumentId;
use warmhand_core::view::SyncState;
use warmhand_core::wire::{
    Delivered, DeliveredDocument, MAX_MESSAGE, SyncAnswer, SyncRequest, encoded_len, pack, unpack,
};
use warmhand_server::store::Store;
use warmhand_tests::organisation::SHEET;
use warmhand_tests::struck::Strike;
use warmhand_tests::town::{Phone, Town};

/// A sheet has at most 256 KB.
const SHEET_BYTES: usize = 256 * 1024;

/// The sheet with so many practices that it is as long as one may be.
fn longest_sheet() -> String {
    let practice = |n: usize| format!(r#"{{"id": "x{n}", "name": "{}"}},"#, "Practice ".repeat(9));
    let practices: String = (0..SHEET_BYTES / practice(1_000).len() - 60)
        .map(practice)
        .collect();
    SHEET.replace(r#""partners": ["#, &format!(r#""partners": [{practices}"#))
}

/// Writes in a record until it has nearly all that one may have, and so much that two of them leave a page room for one more.
fn fill(phone: &mut Phone, town: &Town) -> DocumentId {
    let (record, _) = phone.handoff(town, "Rosa");
    for n in 0..55 {
        // No two alike: nothing of this is packed to nothing.
        let text: String = (0..800)
            .map(|word| format!("{:04} ", (n * 7_919 + word * 104_729) % 9_973))
            .collect();
        phone.does(
            town,
            json!({"AddNote": {"record": record, "text": text.trim()}}),
        );
    }
    record
}

/// Syncs to the end. Returns what was answered.
fn answers(phone: &mut Phone, town: &Town) -> Vec<SyncAnswer> {
    phone.app.sync_wanted();
    let mut answers = Vec::new();
    while let Ok(SyncStep::Send(asked)) = phone.app.sync_next(town.now()) {
        let carried = town.carry(&asked);
        let Carried::Answer { status: 200, body } = &carried else {
            panic!("the server refuses")
        };
        answers.push(unpack(body).expect("a message"));
        phone
            .app
            .sync_answered(asked.number, &carried, town.now())
            .expect("taken");
    }
    answers
}

/// As it is told, and its page, each before it is packed: the longer of them.
fn len(answer: &SyncAnswer) -> usize {
    let docs = answer.docs.open().expect("a page");
    encoded_len(answer).max(encoded_len(&docs))
}

#[test]
fn the_longest_sheet_and_long_records_fit_an_answer() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let records: Vec<_> = (0..5).map(|_| fill(&mut ana, &town)).collect();
    ana.sync(&town);
    let sheet = longest_sheet();
    assert!((SHEET_BYTES - 10_000..=SHEET_BYTES).contains(&sheet.len()));
    town.run(town.server().store.load_sheet(sheet))
        .expect("a sheet");
    // Hers are to be answered in the same breath.
    let mut carla = town.device("carla", &["c1"]);
    for _ in 0..3 {
        carla.handoff(&town, "Amina");
    }
    let answers = answers(&mut carla, &town);
    let longest = answers.iter().map(len).max().expect("some");
    let brought = answers.iter().filter(|answer| answer.sheet.is_some());
    let brought = brought.count();
    assert!(
        (MAX_MESSAGE / 2..MAX_MESSAGE * 3 / 4).contains(&longest),
        "{longest}"
    );
    assert!(brought > 0);
    for record in records {
        assert_eq!(carla.app.holds(record), Ok(true));
    }
}

/// Syncs by pages of one document or change each. Returns the documents that came whole; `told` hears of each then.
fn by_ones(phone: &mut Phone, town: &Town, mut told: impl FnMut(DocumentId)) -> Vec<DocumentId> {
    phone.app.sync_wanted();
    let mut whole = Vec::new();
    for _ in 0..40 {
        let Ok(SyncStep::Send(asked)) = phone.app.sync_next(town.now()) else {
            return whole;
        };
        let mut request: SyncRequest = unpack(&asked.body).expect("a request");
        request.page_bytes = 1;
        let (status, body) = town.post(asked.path, asked.bearer.as_deref(), pack(&request));
        let answer: SyncAnswer = unpack(&body).expect("a message");
        let is_told = |told: &&DeliveredDocument| {
            matches!(told.content, Delivered::Whole(_) | Delivered::Changes(_))
        };
        let docs = answer.docs.open().expect("a page");
        assert!(docs.iter().filter(is_told).count() <= 1);
        let is_whole = |told: &&DeliveredDocument| matches!(told.content, Delivered::Whole(_));
        let some = docs.iter().filter(is_whole).map(|told| told.doc);
        for doc in some {
            whole.push(doc);
            told(doc);
        }
        let carried = Carried::Answer { status, body };
        phone
            .app
            .sync_answered(asked.number, &carried, town.now())
            .expect("taken");
    }
    panic!("it asks for the same again and again");
}

#[test]
fn documents_that_begin_where_another_changed_come_one_after_the_other() {
    let town = Town::default();
    let (mut ana, mut carla, record, _) = town.shared_handoff();
    for name in ["Noor", "Amina", "Ruth"] {
        ana.handoff(&town, name);
    }
    ana.sync(&town);
    carla.sync(&town);
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "one more"}}),
    );
    ana.sync(&town);
    // Seen from the head on, which is where something else changed.
    let head = "(select max(seq) from change)";
    let sql = format!("update visibility set from_seq = {head} where device = ?1 and doc <> ?2");
    let id = carla.app.id().expect("a device");
    Connection::open(town.database())
        .and_then(|db| db.execute(&sql, [&id.as_bytes()[..], &record.as_bytes()[..]]))
        .expect("written");
    assert!(by_ones(&mut carla, &town, |_| ()).len() >= 3);
    carla.sync(&town);
    assert_eq!(
        carla.app.sync_status().expect("a status").state,
        SyncState::AllSent
    );
}

/// With a fault that never strikes the next page is read before the answer leaves.
fn reads_ahead() -> Town {
    Town::new(Some(Arc::new(Strike::never())))
}

#[test]
fn what_was_erased_since_the_next_page_was_read_is_not_told_from_memory() {
    let town = reads_ahead();
    let mut ana = town.device("ana", &["n1"]);
    let records = ["Noor", "Amina", "Ruth", "Rosa"].map(|name| ana.handoff(&town, name).0);
    ana.sync(&town);
    let mut carla = town.device("carla", &["c1"]);
    let mut told = Vec::new();
    by_ones(&mut carla, &town, |doc| {
        if !records.contains(&doc) {
            return;
        }
        told.push(doc);
        // The page behind this one has one of them.
        let is_left = |record: &&DocumentId| told.len() == 2 && !told.contains(record);
        for record in records.iter().filter(is_left) {
            let (why, store) = ("on request".to_owned(), town.store());
            let erased = store.erase(*record, false, "sup".into(), why, town.now());
            assert_eq!(town.run(erased), Ok(1));
        }
    });
    assert_eq!(told.len(), 2);
    carla.sync(&town);
    for record in records {
        assert_eq!(carla.app.holds(record), Ok(told.contains(&record)));
    }
}

#[test]
fn the_next_pages_are_those_that_were_read_ahead() {
    let town = reads_ahead();
    let mut ana = town.device("ana", &["n1"]);
    for name in ["Noor", "Amina", "Ruth", "Rosa", "Ada"] {
        ana.handoff(&town, name);
    }
    ana.sync(&town);
    let mut carla = town.device("carla", &["c1"]);
    let db = Connection::open(town.database()).expect("a database");
    let id = carla.app.id().expect("a device");
    let whole = by_ones(&mut carla, &town, |_| {
        // Meddled with past the log: whoever reads now finds nothing more to tell her.
        let sql = "delete from visibility where device = ?1";
        db.execute(sql, [&id.as_bytes()[..]]).expect("written");
    });
    assert_eq!(whole.len(), 3, "two were read by then");
}

#[test]
fn what_thousands_of_documents_are_forgotten_by_fits_an_answer_beside_long_records() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let records: Vec<_> = (0..3).map(|_| fill(&mut ana, &town)).collect();
    ana.sync(&town);
    let mut carla = town.device("carla", &["c1"]);
    let id = carla.app.id().expect("a device");
    // She lost sight of them with one row of the log.
    let sql = "with recursive n (n) as (values (1) union all select n + 1 from n where n < 28000)
         insert into visibility (device, doc, from_seq, to_seq)
             select ?1, randomblob(16), 1, (select seq from head) from n";
    Connection::open(town.database())
        .and_then(|db| db.execute(sql, [&id.as_bytes()[..]]))
        .expect("written");
    let answers = answers(&mut carla, &town);
    let longest = answers.iter().map(len).max().expect("some");
    assert!(
        (MAX_MESSAGE / 2..MAX_MESSAGE).contains(&longest),
        "{longest}"
    );
    for record in records {
        assert_eq!(carla.app.holds(record), Ok(true));
    }
}

#[test]
fn what_may_not_be_seen_any_more_is_not_told_from_memory() {
    let town = reads_ahead();
    let mut ana = town.device("ana", &["n1"]);
    for name in ["Noor", "Amina", "Ruth", "Rosa"] {
        ana.handoff(&town, name);
    }
    ana.sync(&town);
    let mut carla = town.device("carla", &["c1"]);
    let id = carla.app.id().expect("a device");
    let whole = by_ones(&mut carla, &town, |_| {
        // Somebody else works on it who sees none of them, while the pages behind this one lie there.
        let people = vec!["ma".into()];
        town.run(
            town.store()
                .set_people(id, people, "sup".into(), town.now()),
        )
        .expect("taken off");
    });
    assert_eq!(whole.len(), 1, "{whole:?}");
    carla.sync(&town);
    assert_eq!(carla.app.holds(whole[0]), Ok(false));
}
