//! The caseload: one row a patient, whoever needs somebody first.

use crate::domain::code::Stage;
use crate::domain::id::{DocumentId, PatientId};
use crate::store::ListRow;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PatientsScreen {
    /// In order of need: the most cautious stage first, then by name.
    pub rows: Vec<PatientRow>,
}

/// A patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PatientRow {
    /// Who.
    pub patient: PatientId,
    /// Her name, as far as is known.
    pub name: Option<String>,
    /// The code by which pages name her.
    pub code: String,
    /// Her records, the newest first.
    pub records: Vec<DocumentId>,
    /// The most cautious of their stages.
    pub stage: Stage,
    /// When something is due next.
    pub next_due_at: Option<Timestamp>,
}

impl PatientsScreen {
    /// The screen over the records of a device.
    pub fn of(records: &[ListRow]) -> Self {
        let mut by_patient: BTreeMap<PatientId, PatientRow> = BTreeMap::new();
        for record in records {
            let Some(patient) = record.patient else {
                continue;
            };
            let row = by_patient.entry(patient).or_insert_with(|| PatientRow {
                patient,
                name: record.name.clone(),
                code: patient.short_code(),
                records: Vec::new(),
                stage: record.stage,
                next_due_at: None,
            });
            row.records.push(record.record);
            row.stage = row.stage.min(record.stage);
            row.next_due_at = [row.next_due_at, record.next_due_at]
                .into_iter()
                .flatten()
                .min();
        }
        let mut rows: Vec<_> = by_patient.into_values().collect();
        for row in &mut rows {
            row.records.sort_unstable_by(|a, b| b.cmp(a));
        }
        rows.sort_by(|a, b| {
            (a.stage, a.name.is_none(), &a.name, a.patient).cmp(&(
                b.stage,
                b.name.is_none(),
                &b.name,
                b.patient,
            ))
        });
        Self { rows }
    }
}
