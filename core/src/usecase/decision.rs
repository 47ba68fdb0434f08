//! The offer and what she said to it.

use super::{Desk, Plan};
use crate::domain::code::{DecisionReason, DecisionValue, Mode};
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::payload::{self, Revisit};
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Offers a warm handoff, in the open encounter or by phone outreach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferHandoff {
    /// The record.
    pub record: DocumentId,
    /// How she would meet the practice.
    pub mode: Mode,
    /// The script that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// In which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// By phone, outside any encounter.
    #[serde(default)]
    pub outreach: bool,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// What she decided. Hesitant and not today need a reason and a revisit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordDecision {
    /// The record.
    pub record: DocumentId,
    /// What she said.
    pub value: DecisionValue,
    /// To which offer; the latest if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<EntryId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<DecisionReason>,
    /// She raised it herself.
    #[serde(default)]
    pub patient_initiated: bool,
    /// When to come back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revisit: Option<Revisit>,
    /// In her words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// By phone, outside any encounter.
    #[serde(default)]
    pub outreach: bool,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Something was left with her.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GiveMaterial {
    /// The record.
    pub record: DocumentId,
    /// What.
    pub what: String,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl OfferHandoff {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let encounter = if self.outreach {
            None
        } else {
            desk.encounter(self.encounter, self.at.as_ref())?
        };
        let body = payload::Offered {
            mode: self.mode,
            encounter,
            script: self.script,
            language: self.language,
        };
        Ok(desk.one(self.at, body))
    }
}

impl RecordDecision {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let latest = desk.record()?.offers.last().map(|offer| offer.id);
        let encounter = if self.outreach {
            None
        } else {
            desk.encounter(self.encounter, self.at.as_ref())?
        };
        let body = payload::DecisionRecorded {
            value: self.value,
            offer: self.offer.or(latest),
            encounter,
            reasons: self.reasons,
            patient_initiated: self.patient_initiated,
            revisit: self.revisit,
            words: self.words,
        };
        Ok(desk.one(self.at, body))
    }
}

impl GiveMaterial {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let encounter = desk.encounter(self.encounter, self.at.as_ref())?;
        Ok(desk.one(
            self.at,
            payload::MaterialGiven {
                what: self.what,
                encounter,
            },
        ))
    }
}
