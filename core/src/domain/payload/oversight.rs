//! What is logged, linked, signed or taken back.

use super::{is_false, payload};
use crate::domain::code::SafetyCall;
use crate::domain::id::{EntryId, PatientId};
use serde::{Deserialize, Serialize};

payload! {
    /// The safety panel was put away; every flag stays as it is.
    SafetyPanelDismissed {
        #[serde(default, skip_serializing_if = "Vec::is_empty")] flags: Vec<EntryId>,
    }

    /// A call button of the safety panel was tapped.
    SafetyCallTapped {
        call: SafetyCall,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] flags: Vec<EntryId>,
    }

    /// These flags are of the same event; both stay.
    FlagsLinked { flags: Vec<EntryId> }

    /// A clinician stands by this version of a screen.
    ScreenSigned {
        /// The `ScreenRecorded` or `ScreenAmended` that stands.
        version: EntryId,
    }

    /// Two patients are the same person.
    PatientsLinked {
        patients: [PatientId; 2],
        #[serde(default, skip_serializing_if = "is_false")] proposed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] accepts: Option<EntryId>,
    }

    /// They are not.
    PatientsUnlinked { patients: [PatientId; 2] }

    /// An entry was made in error. It stays in the log and has no effect.
    EnteredInError { entry: EntryId, reason: String }
}
