//! Worry, hand-over, assessment, resolution. Raising is never guarded.

use super::{Desk, Plan};
use crate::domain::code::{HandedHow, SafetyReason};
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::payload;
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Somebody is worried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaiseSafety {
    /// The record.
    pub record: DocumentId,
    /// About what.
    pub reason: SafetyReason,
    /// In which words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Hands flags to a named clinician.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandSafety {
    /// The record.
    pub record: DocumentId,
    /// Which; all open ones if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<EntryId>,
    /// To whom, by name.
    pub to: String,
    /// How.
    pub how: HandedHow,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A licensed clinician assesses flags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessSafety {
    /// The record.
    pub record: DocumentId,
    /// Which; all open ones if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A licensed clinician resolves exactly these flags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveSafety {
    /// The record.
    pub record: DocumentId,
    /// Which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<EntryId>,
    /// What the assessment found.
    pub note: String,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}
