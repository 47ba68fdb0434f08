//! `join`: the records of one patient, read together. Safety is of the person: a flag raised in one record may be
//! moved on in another, and only by an entry that names it. Pure; no clock, no receipts.

use super::code::{FlagStatus, HandedHow, SafetyReason};
use super::entry::Entry;
use super::fold::Record;
use super::id::{DocumentId, EntryId, PatientId};
use std::sync::Arc;

/// A patient, as far as her records are here.
#[derive(Clone, Debug)]
pub struct Patient {
    /// Who.
    pub id: PatientId,
    /// Her records, by id.
    pub records: Vec<Record>,
    /// Every safety flag of hers, in order of raising.
    pub flags: Vec<PatientFlag>,
}

/// A safety flag with all that was done about it, in whichever record.
#[derive(Clone, Debug)]
pub struct PatientFlag {
    /// The entry that raised it names it.
    pub id: EntryId,
    /// That entry.
    pub entry: Arc<Entry>,
    /// In which record.
    pub record: DocumentId,
    /// About what.
    pub reason: SafetyReason,
    /// The furthest that an entry naming it has moved it.
    pub status: FlagStatus,
    /// To whom it was first handed, how, by which entry.
    pub handed: Option<(String, HandedHow, Arc<Entry>)>,
    /// Who first assessed it.
    pub assessed: Option<Arc<Entry>>,
    /// Who resolved it: each with a note; two may have.
    pub resolved: Vec<Arc<Entry>>,
}

impl PatientFlag {
    /// Does somebody still have to look after it?
    pub fn is_open(&self) -> bool {
        self.status != FlagStatus::Resolved
    }
}

impl Patient {
    /// Joins the records of one patient.
    pub fn of(id: PatientId, mut records: Vec<Record>) -> Self {
        records.sort_by_key(|r| r.id);
        let mut flags: Vec<PatientFlag> = records
            .iter()
            .flat_map(|record| record.flags.iter().map(move |flag| (record, flag)))
            .map(|(record, flag)| joined(&records, record.id, &flag.entry, flag.reason))
            .collect();
        flags.sort_by_key(|f| (f.entry.occurred_at.timestamp(), f.id));
        Self { id, records, flags }
    }

    /// One of her records.
    pub fn record(&self, id: DocumentId) -> Option<&Record> {
        self.records.iter().find(|r| r.id == id)
    }

    /// The flags that somebody still has to look after.
    pub fn open_flags(&self) -> impl Iterator<Item = &PatientFlag> {
        self.flags.iter().filter(|f| f.is_open())
    }

    /// How she wants to be called: the last said, over all records.
    pub fn name(&self) -> Option<&str> {
        self.records
            .iter()
            .flat_map(|r| &r.described)
            .filter(|(_, d)| d.preferred_name.is_some())
            .max_by_key(|(e, _)| (e.occurred_at.timestamp(), e.id))
            .and_then(|(_, d)| d.preferred_name.as_deref())
    }
}

fn joined(
    records: &[Record],
    record: DocumentId,
    entry: &Arc<Entry>,
    reason: SafetyReason,
) -> PatientFlag {
    let mut events: Vec<_> = records
        .iter()
        .flat_map(|r| &r.flag_events)
        .filter(|e| e.flags.contains(&entry.id))
        .collect();
    events.sort_by_key(|e| (e.entry.occurred_at.timestamp(), e.entry.id));
    let first = |status| events.iter().find(|e| e.status == status);
    PatientFlag {
        id: entry.id,
        entry: Arc::clone(entry),
        record,
        reason,
        status: events
            .iter()
            .map(|e| e.status)
            .max()
            .unwrap_or(FlagStatus::Open),
        handed: first(FlagStatus::Handed).and_then(|e| {
            e.handed
                .clone()
                .map(|(to, how)| (to, how, Arc::clone(&e.entry)))
        }),
        assessed: first(FlagStatus::Assessing).map(|e| Arc::clone(&e.entry)),
        resolved: events
            .iter()
            .filter(|e| e.status == FlagStatus::Resolved)
            .map(|e| Arc::clone(&e.entry))
            .collect(),
    }
}
