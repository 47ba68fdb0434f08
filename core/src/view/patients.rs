//! The caseload: one row a patient, whoever needs somebody first.

use crate::domain::code::Stage;
use crate::domain::id::{DerivedId, DocumentId, PatientId};
use crate::domain::read::same_people;
use crate::store::ListRow;
use jiff::Timestamp;
use jiff::civil::Date;
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
    /// Her birth date, to tell two of one name apart.
    pub born_on: Option<Date>,
    /// Patients who may be the same person, or were said to be.
    pub same_as: Vec<SameRow>,
    /// Somebody has to look after a safety flag of hers, or of one who may be she.
    pub has_open_flag: bool,
}

/// A patient who may be the same person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SameRow {
    /// Derived from the two.
    pub id: DerivedId,
    /// The other.
    pub patient: PatientId,
    /// A supervisor said so; else it is a suspicion.
    pub is_linked: bool,
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
                born_on: record.born_on,
                same_as: Vec::new(),
                has_open_flag: false,
            });
            row.born_on = row.born_on.or(record.born_on);
            row.has_open_flag |= record.has_open_flag;
            row.records.push(record.record);
            row.stage = [row.stage, record.stage]
                .into_iter()
                .min_by_key(|stage| rank(*stage))
                .unwrap_or(record.stage);
            row.next_due_at = [row.next_due_at, record.next_due_at]
                .into_iter()
                .flatten()
                .min();
        }
        for pair in same_people(records.iter().filter_map(ListRow::side)) {
            let [a, b] = pair.patients;
            for (one, other) in [(a, b), (b, a)] {
                if let Some(row) = by_patient.get_mut(&one) {
                    row.same_as.push(SameRow {
                        id: pair.id,
                        patient: other,
                        is_linked: pair.linked,
                    });
                    row.has_open_flag |= pair.open_flag;
                }
            }
        }
        let mut rows: Vec<_> = by_patient.into_values().collect();
        for row in &mut rows {
            row.records.sort_unstable_by(|a, b| b.cmp(a));
        }
        rows.sort_by(|a, b| {
            (rank(a.stage), a.name.is_none(), &a.name, a.patient).cmp(&(
                rank(b.stage),
                b.name.is_none(),
                &b.name,
                b.patient,
            ))
        });
        Self { rows }
    }
}

/// Which of two records' stages a patient shows, and who comes first: whoever needs somebody before what is under way, and
/// that before what is over. Within one record a closed loop says more than what led to it; over two, last year's says
/// nothing of what is open now.
fn rank(stage: Stage) -> u8 {
    match stage {
        Stage::Safety => 0,
        Stage::NeedsAPerson => 1,
        Stage::MissedVisit => 2,
        Stage::Booked => 3,
        Stage::NextStepSet => 4,
        Stage::Connecting => 5,
        Stage::NotToday => 6,
        Stage::Offered => 7,
        Stage::Identified => 8,
        Stage::Attended => 9,
        Stage::StoppedAtHerWish => 10,
        Stage::Closed => 11,
        Stage::Opened => 12,
    }
}
