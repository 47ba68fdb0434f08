//! Next steps and tasks.

use super::{Desk, Plan};
use crate::domain::code::{Channel, StepKind, TaskKind};
use crate::domain::id::{DocumentId, EntryId, PartnerId, UserId};
use crate::domain::payload;
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// A next step: both a date and a named contact, or it is a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetNextStep {
    /// The record.
    pub record: DocumentId,
    /// What.
    pub what: StepKind,
    /// By when.
    pub due_at: Zoned,
    /// Who.
    pub contact_name: String,
    /// By what means; voice if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_channel: Option<Channel>,
    /// The number or address.
    pub contact_value: String,
    /// Which practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// Who follows up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// The step was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfilNextStep {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub step: EntryId,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// The step is no longer meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelNextStep {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub step: EntryId,
    /// Why.
    pub reason: String,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A task was done: named by its kind, and by its cause when there are several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompleteTask {
    /// The record.
    pub record: DocumentId,
    /// What kind.
    pub kind: TaskKind,
    /// The entry that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<EntryId>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}
