//! The app is started on a device that holds ten thousand records, and shows the list of its patients.

use super::table::{Goal, Pairs, Table};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rusqlite::{Connection, params};
use std::path::Path;
use warmhand_core::app::{App, Place};
use warmhand_tests::load::floor;
use warmhand_tests::load::server::morning;
use warmhand_tests::load::stopwatch::timed;

const TIMES: usize = 10;

fn list(path: &Path) -> usize {
    let rng = Box::new(ChaCha20Rng::seed_from_u64(1));
    let app = App::open(&Place::File(path.to_owned()), rng).expect("the device opens");
    app.patients(morning()).expect("the list").rows.len()
}

/// The least: a table of ids and names, opened and read in order.
fn plain_list(path: &Path) -> usize {
    let db = Connection::open(path).expect("a database");
    let mut statement = db
        .prepare("select id, name from patient order by name")
        .expect("a statement");
    let rows: Vec<(Vec<u8>, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("names");
    rows.len()
}

/// Measures.
pub fn measure(table: &mut Table, path: &Path, files: &Path) {
    if !table.wants("cold_open_10000_ms") {
        return;
    }
    let plain = files.join("names.db");
    let mut db = floor::database(&plain);
    let count = list(path);
    let transaction = db.transaction().expect("a transaction");
    transaction
        .execute_batch("create table patient (id blob primary key, name text) without rowid")
        .expect("a table");
    for n in 0..count {
        transaction
            .execute(
                "insert into patient (id, name) values (randomblob(16), ?1)",
                params![format!("Rosa {n}")],
            )
            .expect("inserted");
    }
    transaction.commit().expect("durable");
    drop(db);
    let mut pairs = Pairs::default();
    for _ in 0..TIMES {
        let (listed, product) = timed(|| list(path));
        let (plainly, least) = timed(|| plain_list(&plain));
        assert_eq!(listed, plainly);
        pairs.push(product, least);
    }
    table.pairs(
        "cold_open_10000_ms",
        "ms",
        &pairs,
        Goal::AtMost(150.0, "<= 150 ms"),
    );
}
