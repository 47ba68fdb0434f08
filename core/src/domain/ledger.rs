//! A record as several people write it, for the tests of what is read from it: who had seen what is said outright, and no
//! rule is asked. Invented people only.

use super::entry::{APP, Body, Entry};
use super::fold::Record;
use super::id::{DeviceId, DocumentId, EntryId, PatientId};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// The patient of every ledger.
pub(crate) const PATIENT: PatientId = PatientId(Uuid::from_u128(0xA));

/// The entries of one record.
pub(crate) struct Ledger {
    /// The record.
    pub id: DocumentId,
    /// As they were written.
    pub entries: Vec<Arc<Entry>>,
}

/// A payload from the JSON in which it is stored.
pub(crate) fn said<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

impl Ledger {
    /// A record of the patient, opened at eight.
    pub(crate) fn record(id: u128) -> Self {
        let mut ledger = Self {
            id: DocumentId(Uuid::from_u128(id << 32)),
            entries: Vec::new(),
        };
        let opened: super::payload::RecordOpened =
            said(json!({"patient": PATIENT, "site": "home"}));
        ledger.says_seeing("08:00", opened, &[]);
        ledger
    }

    /// Says something at a time of the third of March, a Tuesday, having seen these entries and theirs alone.
    pub(crate) fn says_seeing(
        &mut self,
        at: &str,
        body: impl Into<Body>,
        seen: &[EntryId],
    ) -> EntryId {
        let id = EntryId(Uuid::from_u128(
            self.id.0.as_u128() + self.entries.len() as u128 + 1,
        ));
        let occurred_at: jiff::Zoned = format!("2026-03-03T{at}-05:00[America/New_York]")
            .parse()
            .unwrap();
        self.entries.push(Arc::new(Entry {
            id,
            by: "n1".into(),
            role: super::code::Role::Nurse,
            device: DeviceId(Uuid::from_u128(1)),
            recorded_at: occurred_at.timestamp(),
            occurred_at,
            after: seen.to_vec(),
            app: APP.to_owned(),
            body: body.into(),
        }));
        id
    }

    /// Says something having seen everything.
    pub(crate) fn says(&mut self, at: &str, body: impl Into<Body>) -> EntryId {
        let seen = self.fold().heads();
        self.says_seeing(at, body, &seen)
    }

    /// What everybody has seen up to now.
    pub(crate) fn heads(&self) -> Vec<EntryId> {
        self.fold().heads()
    }

    /// The record.
    pub(crate) fn fold(&self) -> Record {
        Record::of(self.id, &self.entries)
    }
}
