//! `read`: a patient, the receipts, the organisation's sheet and the time, read as what people act on: tasks with their
//! due times, when a question opened, the loop's history, the stage in one word. Equal inputs give equal readings. A
//! reading holds instants, never "overdue": that is asked of it with a time.

mod alert;
mod around;
mod loops;
mod measure;
mod person;
mod promise;
mod review;
mod row;
mod stage;
mod summary;
mod task;

pub use alert::AlertReading;
pub use around::{ConsentReading, NumberReading, ProposalReading, WaitingReading};
pub use person::{SamePerson, Side, same_as, same_people, same_person};
pub use row::{AppointmentReading, CallReading, EncounterReading, FlagReading};
pub use stage::{Next, NextKind};

pub use loops::LoopPoint;
pub use promise::PromiseReading;
pub use review::ReviewReading;
pub use summary::Summary;
pub(crate) use task::retry_due;
pub use task::{Lapse, TaskReading, TaskState};

use super::fold::Record;
use super::id::{EntryId, PatientId};
use super::join::Patient;
use super::organisation::Organisation;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The server's word for entries: when it had them, and how far off their author's clock was. Absent until the server
/// has the entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipts(pub BTreeMap<EntryId, ReceiptTimes>);

/// The times of one receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptTimes {
    /// When the server had the entry.
    pub received_at: Timestamp,
    /// Its author's clock then: device minus server.
    pub offset_ms: i64,
}

impl Receipts {
    /// Notes when the server had an entry. One that came in two changes counts as had with the first.
    pub fn note(&mut self, entry: EntryId, times: ReceiptTimes) {
        let noted = self.0.entry(entry).or_insert(times);
        let order = |t: &ReceiptTimes| (t.received_at, t.offset_ms);
        if order(&times) < order(noted) {
            *noted = times;
        }
    }

    /// When the server had this entry.
    pub fn received_at(&self, id: EntryId) -> Option<Timestamp> {
        self.0.get(&id).map(|r| r.received_at)
    }

    /// Was the author's clock more than five minutes off the server's?
    pub fn is_clock_off(&self, id: EntryId) -> bool {
        self.0
            .get(&id)
            .is_some_and(|r| r.offset_ms.abs() > 5 * 60 * 1_000)
    }

    /// The later of two receipts; none while either is missing.
    pub fn both_received_at(&self, a: EntryId, b: EntryId) -> Option<Timestamp> {
        Some(self.received_at(a)?.max(self.received_at(b)?))
    }
}

/// A patient, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Who.
    pub patient: PatientId,
    /// Her records.
    pub records: Vec<RecordReading>,
}

/// One record, read: plain data, as it is kept in indexes and readings.
pub type RecordReading = Summary;

/// What one record alone asks for: the tasks that a rule may look at, who has no receipts and none of her other records.
pub fn tasks_of(record: &Record, sheet: &Organisation, now: Timestamp) -> Vec<TaskReading> {
    let Some(patient) = record.patient else {
        return Vec::new();
    };
    let alone = Patient::of(patient, vec![record.clone()]);
    let mut read = read(&alone, &Receipts::default(), sheet, now).records;
    read.pop().map(|summary| summary.tasks).unwrap_or_default()
}

/// Reads a patient.
pub fn read(
    patient: &Patient,
    receipts: &Receipts,
    sheet: &Organisation,
    now: Timestamp,
) -> Reading {
    let records = patient
        .records
        .iter()
        .map(|record| summary::summary(patient, record, receipts, sheet, now))
        .collect();
    Reading {
        patient: patient.id,
        records,
    }
}
