//! Free text.

use super::{Desk, Plan};
use crate::domain::id::DocumentId;
use crate::domain::payload;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Appends a note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The record.
    pub record: DocumentId,
    /// The note.
    pub text: String,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl AddNote {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        desk.one(self.at, payload::Noted { text: self.text })
    }
}
