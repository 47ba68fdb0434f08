//! Reading: the fold of a long record, and the first screen over ten thousand records.

use super::table::{Goal, Table};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use warmhand_core::app::{App, Place};
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::fold::Record;
use warmhand_tests::load::server::morning;
use warmhand_tests::load::stopwatch::timed;
use warmhand_tests::town::Town;

const ENTRIES: usize = 80;
const TIMES: usize = 200;

/// A long record: calls, steps, visits and notes, by real commands.
fn long_record() -> (warmhand_core::domain::id::DocumentId, Vec<Arc<Entry>>) {
    let town = Town::default();
    let mut phone = town.device("Ana's phone", &["n1"]);
    let (record, patient) = phone.handoff(&town, "Rosa");
    let entries = |app: &App| {
        let (patient, _) = app.patient(patient).expect("the patient");
        patient
            .record(record)
            .expect("the record")
            .entries()
            .to_vec()
    };
    let mut n = 0;
    while entries(&phone.app).len() < ENTRIES {
        n += 1;
        town.wait(7);
        let command = match n % 4 {
            0 => {
                json!({"AddNote": {"record": record, "text": format!("Her mother stays until Friday, she says ({n}).")}})
            }
            1 => {
                json!({"RecordContact": {"record": record, "with": "partner", "partner": "jun", "outcome": "no_answer"}})
            }
            2 => json!({"SetNextStep": {"record": record, "what": "our_callback",
                "due_at": "2026-03-12T16:00-04:00[America/New_York]", "contact_name": "Mia",
                "contact_value": "555-0142", "partner": "har"}}),
            _ => {
                json!({"RecordContact": {"record": record, "with": "patient", "outcome": "left_voicemail"}})
            }
        };
        let command = serde_json::from_value(command).expect("a command");
        phone.act(&town, command).expect("the rules allow it");
    }
    let mut entries = entries(&phone.app);
    entries.truncate(ENTRIES);
    (record, entries)
}

/// Measures the fold alone: entries in memory to a record.
pub fn fold(table: &mut Table) {
    if !table.wants("fold_80_us") {
        return;
    }
    let (record, entries) = long_record();
    let laps: Vec<_> = (0..TIMES)
        .map(|_| timed(|| std::hint::black_box(Record::of(record, &entries))).1)
        .collect();
    table.laps("fold_80_us", "us", &laps, Goal::AtMost(300.0, "<= 300 us"));
}

/// Measures the first screen of somebody who looks after a twentieth of what her device holds.
pub fn today(table: &mut Table, path: &Path) {
    if !table.wants("today_10000_ms") {
        return;
    }
    let rng = Box::new(ChaCha20Rng::seed_from_u64(1));
    let app = App::open(&Place::File(path.to_owned()), rng).expect("the device opens");
    let laps: Vec<_> = (0..20)
        .map(|_| {
            let (screen, lap) = timed(|| app.today(morning()));
            std::hint::black_box(screen.expect("the screen"));
            lap
        })
        .collect();
    table.laps(
        "today_10000_ms",
        "ms",
        &laps,
        Goal::AtMost(20.0, "<= 20 ms"),
    );
}
