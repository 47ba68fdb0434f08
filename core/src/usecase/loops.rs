//! Closing the loop.

use super::{Desk, Plan};
use crate::domain::code::{CloseReason};
use crate::domain::id::{DocumentId};
use crate::domain::payload;
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Closes the loop, naming every flag that was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseLoop {
    /// The record.
    pub record: DocumentId,
    /// Why.
    pub reason: CloseReason,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}
