//! Records laid before a nurse, for the tests of single screens. Invented people only.

use crate::domain::fold::Record;
use crate::domain::id::{DeviceId, DocumentId};
use crate::domain::join::Patient;
use crate::domain::ledger::PATIENT;
use crate::domain::organisation::Organisation;
use crate::domain::read::{Receipts, Summary, read};
use crate::usecase::{Counting, Desk};
use std::cell::RefCell;

const SHEET: &str = r#"{"name": "Sample", "zone": "America/New_York", "sites": [{"id": "home", "name": "Home visiting"}],
    "people": [{"id": "n1", "name": "Ana Duarte", "roles": [{"role": "nurse"}]}],
    "partners": [{"id": "har", "name": "Harbor Counseling",
        "contacts": [{"name": "Harbor intake", "channel": "voice", "value": "555-0142"}]}]}"#;

/// One of a patient's records, at noon of the third of March.
pub(crate) fn laid<T>(
    records: Vec<Record>,
    at: DocumentId,
    look: impl FnOnce(&Desk<'_>, &Summary) -> T,
) -> T {
    let now = "2026-03-03T17:00:00Z".parse().unwrap();
    let sheet = Organisation::parse(SHEET).unwrap();
    let patient = Patient::of(PATIENT, records);
    let reading = read(&patient, &Receipts::default(), &sheet, now);
    let mut ids = Counting::default();
    let desk = Desk {
        now,
        person: &sheet.people[0],
        device: DeviceId(uuid::Uuid::from_u128(1)),
        sheet: &sheet,
        patient: Some(&patient),
        record: patient.record(at),
        reading: Some(&reading),
        rng: RefCell::new(&mut ids),
    };
    let mut found = reading.records.iter();
    look(&desk, found.find(|r| r.record == at).unwrap())
}
