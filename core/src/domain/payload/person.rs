//! Who a patient is, as far as somebody said: names, birth date, where she stands around a birth, numbers by which other
//! systems know her, and what she says of herself. Refuses her child's name: a child is named by a chart number alone.

use super::is_false;
use crate::domain::code::{Area, PayerType, RaceEthnicity};
use crate::domain::id::EntryId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Who the patient is, as far as somebody said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PatientDescribed {
    /// How she wants to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_name: Option<String>,
    /// Her name on paper, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// Her birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born_on: Option<Date>,
    /// Her pronouns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pronouns: Option<String>,
    /// The language that she prefers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether an interpreter is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter_needed: Option<bool>,
    /// The number on which she may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
    /// Where she stands around a birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perinatal_stage: Option<PerinatalStage>,
    /// The child whose parent she is, where it is the child that is the patient there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ExternalId>,
    /// Numbers by which other systems know her.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_ids: Vec<ExternalId>,
    /// Who pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_type: Option<Answer<PayerType>>,
    /// As she says herself; several may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race_ethnicity: Option<Answer<Vec<RaceEthnicity>>>,
    /// Whether it is her first child, as she says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_time_parent: Option<Answer<bool>>,
    /// Where she lives, as she says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Answer<Area>>,
    /// Descriptions in her other records that the author had seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sees: Vec<EntryId>,
    /// Somebody may say this only with another's acceptance.
    #[serde(default, skip_serializing_if = "is_false")]
    pub proposed: bool,
    /// The proposal that this accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepts: Option<EntryId>,
}

/// Where she stands around a birth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PerinatalStage {
    /// She is pregnant.
    Pregnant {
        /// When the birth is expected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_on: Option<Date>,
    },
    /// She has given birth.
    Postpartum {
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivered_on: Option<Date>,
    },
    /// After a loss: nothing that is shown or said speaks of a baby.
    Loss,
    /// None of these.
    Other,
}

/// A number by which another system knows somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalId {
    /// Which system.
    pub system: String,
    /// The number there.
    pub value: String,
}

/// What somebody says of herself. Not having been asked and not wanting to say are two things.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<T> {
    /// She says so.
    Said(T),
    /// She was asked and does not want to say.
    Declined,
    /// Nobody asked.
    NotAsked,
}

impl PatientDescribed {
    /// Does it say anything at all?
    pub fn says_something(&self) -> bool {
        let silent = Self {
            sees: self.sees.clone(),
            proposed: self.proposed,
            accepts: self.accepts,
            ..Self::default()
        };
        *self != silent
    }

    /// Every number of another system that it names.
    pub fn numbers_elsewhere(&self) -> impl Iterator<Item = &ExternalId> {
        self.external_ids.iter().chain(&self.child)
    }
}
