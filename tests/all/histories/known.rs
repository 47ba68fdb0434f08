//! What all devices of a history know together, as it reads.

use super::Entries;
use std::sync::Arc;
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::read::{ReceiptTimes, Receipts, Summary, read};
use warmhand_tests::world::World;

/// Everything that anybody knows at the end, read.
pub(super) struct Known {
    pub entries: [Entries; 5],
    pub own: Patient,
    pub summaries: Vec<Summary>,
}

pub(super) fn receipts(entries: &[Entries]) -> Receipts {
    let received = |e: &Arc<Entry>| {
        // Some arrive at once and some after days, by what their id says: the same on every replica.
        let hours = i64::from(e.id.as_bytes()[15]) % 60;
        let received_at = e.recorded_at + jiff::SignedDuration::from_hours(hours);
        (
            e.id,
            ReceiptTimes {
                received_at,
                offset_ms: 0,
            },
        )
    };
    Receipts(entries.iter().flatten().map(received).collect())
}

pub(super) fn read_all(world: &World, entries: &[Entries; 5]) -> (Patient, Vec<Summary>) {
    let fold = |at: usize| Record::of(world.docs[at], &entries[at]);
    let own = Patient::of(world.patients[0], vec![fold(0), fold(1), fold(3)]);
    let other = Patient::of(world.patients[1], vec![fold(2)]);
    let receipts = receipts(entries);
    let mut summaries = read(&own, &receipts, &world.sheet, world.now).records;
    summaries.extend(read(&other, &receipts, &world.sheet, world.now).records);
    (own, summaries)
}

impl Known {
    pub fn of(world: &World) -> Self {
        let entries: [Entries; 5] = std::array::from_fn(|at| world.union(at));
        let (own, summaries) = read_all(world, &entries);
        Self {
            entries,
            own,
            summaries,
        }
    }
}
