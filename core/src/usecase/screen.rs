//! Recording a screen: its result in the record, its answers in a document of their own.

use super::{Desk, Plan};
use crate::domain::code::{Instrument, ScreenMode};
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::payload;
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Records a screen by its items, or by its total alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordScreen {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub instrument: Instrument,
    /// How it was filled in.
    pub mode: ScreenMode,
    /// One score an item; null is a blank, never 0. Yes/no instruments: 1 and 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Option<u8>>,
    /// The total, when the items are not at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u16>,
    /// In which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}
