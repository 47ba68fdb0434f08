//! Closing the loop.

use super::{Desk, Plan};
use crate::domain::code::CloseReason;
use crate::domain::guard::Breach;
use crate::domain::id::{DocumentId, EntryId};
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
    /// Only proposed; left out, as the role has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<bool>,
    /// The proposal that this accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepts: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl CloseLoop {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let patient = desk.patient.ok_or(Refusal::NotHere("the record"))?;
        let flags_seen = patient.flags.iter().map(|f| f.id).collect();
        let body = payload::LoopClosed {
            reason: self.reason,
            flags_seen,
            proposed: false,
            accepts: self.accepts,
        };
        let body = desk.as_role_allows(body.into(), self.proposed, self.at.as_ref());
        // The patient's other records are checked here alone: the server holds this rule to one record.
        if !body.is_proposed() && patient.open_flags().next().is_some() {
            return Err(Refusal::NotAllowed(Breach::OpenFlag));
        }
        Ok(desk.one(self.at, body))
    }
}
