//! Who she is, for the staff who look after her: what was said last, with what was not asked told apart from what she
//! did not want to say. Stands on her own record alone; no list shows any of it.

use crate::domain::code::{Area, PayerType, RaceEthnicity};
use crate::domain::join::Patient;
use crate::domain::payload::{Answer, ExternalId, PerinatalStage};
use jiff::civil::Date;
use serde::Serialize;

/// Who she is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonRow {
    /// How she wants to be called.
    pub preferred_name: Option<String>,
    /// Her name on paper.
    pub legal_name: Option<String>,
    /// Her birth date.
    pub born_on: Option<Date>,
    /// Her pronouns.
    pub pronouns: Option<String>,
    /// Her language.
    pub language: Option<String>,
    /// Whether an interpreter is needed.
    pub interpreter_needed: Option<bool>,
    /// Where she stands around a birth.
    pub perinatal_stage: Option<PerinatalStage>,
    /// The child whose parent she is, by its chart.
    pub child: Option<ExternalId>,
    /// Numbers by which other systems know her, one a system, in their order.
    pub external_ids: Vec<ExternalId>,
    /// Who pays.
    pub payer_type: Answer<PayerType>,
    /// As she says herself.
    pub race_ethnicity: Answer<Vec<RaceEthnicity>>,
    /// Whether it is her first child.
    pub first_time_parent: Answer<bool>,
    /// Where she lives.
    pub area: Answer<Area>,
}

impl PersonRow {
    /// What was said last of her, over all her records.
    pub(super) fn of(patient: &Patient) -> Self {
        Self {
            preferred_name: patient.name().map(str::to_owned),
            legal_name: patient.last(|d| d.legal_name.clone()),
            born_on: patient.born_on(),
            pronouns: patient.pronouns().map(str::to_owned),
            language: patient.language().map(str::to_owned),
            interpreter_needed: patient.interpreter_needed(),
            perinatal_stage: patient.perinatal_stage().cloned(),
            child: patient.last(|d| d.child.clone()),
            external_ids: patient.external_ids(),
            payer_type: asked(patient.last(|d| d.payer_type.clone())),
            race_ethnicity: asked(patient.last(|d| d.race_ethnicity.clone())),
            first_time_parent: asked(patient.last(|d| d.first_time_parent.clone())),
            area: asked(patient.last(|d| d.area.clone())),
        }
    }
}

fn asked<T>(said: Option<Answer<T>>) -> Answer<T> {
    said.unwrap_or(Answer::NotAsked)
}
