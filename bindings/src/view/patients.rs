//! The caseload.

use crate::code::{DocumentId, PatientId, Stage, Timestamp};
use warmhand_core::view::PatientRow;
pub use warmhand_core::view::PatientsScreen;

/// The caseload: the most cautious stage first, then by name.
#[uniffi::remote(Record)]
pub struct PatientsScreen {
    /// In order of need.
    pub rows: Vec<PatientRow>,
}

/// A patient in the caseload.
#[uniffi::remote(Record)]
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
