//! Seeking contact.

use super::{Desk, Plan};
use crate::domain::code::{Channel, ContactBasis, ContactOutcome, ContactWith, Direction};
use crate::domain::id::{DocumentId, EntryId, PartnerId};
use crate::domain::payload;
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// An attempt to reach somebody; `at` is its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordContact {
    /// The record.
    pub record: DocumentId,
    /// Whom.
    pub with: ContactWith,
    /// Who reached for whom; outward if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// By what means; voice if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// On what ground; her agreement if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<ContactBasis>,
    /// Which practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Zoned>,
    /// She spoke herself, or listened in.
    #[serde(default)]
    pub patient_on_line: bool,
    /// She was introduced by name.
    #[serde(default)]
    pub introduced_by_name: bool,
    /// The reason was said in front of her.
    #[serde(default)]
    pub context_given: bool,
    /// When to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Zoned>,
    /// Why, when the basis is an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}
