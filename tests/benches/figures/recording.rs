//! A person records one entry on the record that she has open, among ten thousand: until it is on the disk.

use super::table::{Goal, Pairs, Table};
use rusqlite::params;
use serde_json::json;
use std::path::Path;
use warmhand_core::usecase::Command;
use warmhand_tests::load::county::County;
use warmhand_tests::load::device::Device;
use warmhand_tests::load::floor;
use warmhand_tests::load::pattern::words;
use warmhand_tests::load::server::morning;
use warmhand_tests::load::stopwatch::{Lap, percentile, timed};

const RECORDS: usize = 50;
const EDITS: usize = 5;

/// Measures.
pub fn measure(table: &mut Table, county: &County, path: &Path) {
    if !table.wants("edit_p50_us") && !table.wants("edit_p99_us") {
        return;
    }
    let files = tempfile::tempdir().expect("a folder");
    let raw = floor::database(&files.path().join("raw.db"));
    // No server is asked for anything here.
    let mut device = Device::open(path, "http://127.0.0.1:9", 11);
    let mut rng = county.rng.clone();
    let (mut pairs, mut shown) = (Pairs::default(), Pairs::default());
    let (mut edits, mut inserts) = (Vec::new(), Vec::new());
    for made in county.records.iter().rev().take(RECORDS) {
        for _ in 0..EDITS {
            let note = json!({"AddNote": {"record": made.doc, "text": words(80, &mut rng)}});
            let command: Command = serde_json::from_value(note).expect("a command");
            let (done, edit) = timed(|| device.app.dispatch(command, morning()));
            done.expect("the rules allow it");
            let body = words(400, &mut rng);
            let (done, insert) = timed(|| {
                raw.prepare_cached("insert into item (owner, sent, body) values (0, 1, ?1)")
                    .and_then(|mut statement| statement.execute(params![body]))
            });
            done.expect("inserted");
            let (screen, look) = timed(|| device.app.today(morning()));
            screen.expect("the first screen");
            device.finds_no_signal(morning());
            pairs.push(edit, insert);
            shown.push(edit.and(look), insert);
            edits.push(edit);
            inserts.push(insert);
        }
    }
    table.pairs("edit_p50_us", "us", &pairs, Goal::Times(2.0, "<= 2 x"));
    // And with the first screen made of it.
    table.pairs("edit_shown_us", "us", &shown, Goal::None);
    let p99 = |laps: &[Lap]| percentile(&laps.iter().map(Lap::us).collect::<Vec<_>>(), 0.99);
    table.counted(
        "edit_p99_us",
        "us",
        p99(&edits),
        Some(p99(&inserts)),
        Goal::None,
    );
}
