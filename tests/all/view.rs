//! The screens, over small records: ordered, complete, and never saying that something may be done which the command
//! then refuses.

#[path = "view/directory.rs"]
mod directory;
#[path = "view/follow_up.rs"]
mod follow_up;
#[path = "view/form.rs"]
mod form;
#[path = "view/record.rs"]
mod record;
#[path = "view/safety.rs"]
mod safety;
#[path = "view/screen.rs"]
mod screen;
#[path = "view/script.rs"]
mod script;
#[path = "view/today.rs"]
mod today;
#[path = "view/visit.rs"]
mod visit;

use std::cell::RefCell;
use warmhand_core::domain::id::{DeviceId, UserId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::read::{ReceiptTimes, Receipts, Summary, read};
use warmhand_core::usecase::{Counting, Desk};
use warmhand_tests::ledger::Ledger;

/// A record laid before somebody, as her device lays it.
pub fn before<T>(
    ledger: &Ledger,
    user: &str,
    look: impl FnOnce(&Desk<'_>, &Summary, &Receipts) -> T,
) -> T {
    beside_others(ledger, &ledger.joined(), user, look)
}

/// The same, of a patient who has other records too.
pub fn beside_others<T>(
    ledger: &Ledger,
    patient: &Patient,
    user: &str,
    look: impl FnOnce(&Desk<'_>, &Summary, &Receipts) -> T,
) -> T {
    let receipts = Receipts(
        ledger
            .entries()
            .iter()
            .map(|e| {
                let times = ReceiptTimes {
                    received_at: e.recorded_at,
                    offset_ms: 0,
                };
                (e.id, times)
            })
            .collect(),
    );
    let reading = read(patient, &receipts, &ledger.sheet, ledger.now);
    let mut ids = Counting::default();
    let desk = Desk {
        now: ledger.now,
        person: ledger.sheet.person(&UserId::from(user)).expect("a person"),
        device: DeviceId(uuid::Uuid::from_u128(9)),
        sheet: &ledger.sheet,
        patient: Some(patient),
        record: patient.record(ledger.doc),
        reading: Some(&reading),
        rng: RefCell::new(&mut ids),
    };
    let mut records = reading.records.iter();
    let summary = records.find(|r| r.record == ledger.doc);
    look(&desk, summary.expect("her record"), &receipts)
}
