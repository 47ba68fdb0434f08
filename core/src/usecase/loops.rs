//! Closing the loop.

use super::{Desk, Plan};
use crate::domain::code::CloseReason;
use crate::domain::guard::Breach;
use crate::domain::id::DocumentId;
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

impl CloseLoop {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let patient = desk.patient.ok_or(Refusal::NotHere("the record"))?;
        // The patient's other records are checked here alone: the server holds this rule to one record.
        if patient.open_flags().next().is_some() {
            return Err(Refusal::NotAllowed(Breach::OpenFlag));
        }
        let flags_seen = patient.flags.iter().map(|f| f.id).collect();
        Ok(desk.one(
            self.at,
            payload::LoopClosed {
                reason: self.reason,
                flags_seen,
            },
        ))
    }
}
