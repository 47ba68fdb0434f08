//! What is said and done around the handoff itself: versions of a screen, scripts, reading back, barriers, and how she
//! may safely be reached.

use super::{is_false, payload};
use crate::domain::code::{
    BarrierKind, BarrierStatus, Channel, Instrument, ScreenMode, ScreenResult, SelfHarm, VerifiedBy,
};
use crate::domain::id::{EntryId, UserId};
use jiff::civil::Time;
use serde::{Deserialize, Serialize};

payload! {
    /// Another version of a screen. The version before stays.
    ScreenAmended {
        /// The `ScreenRecorded` that began it.
        screen: EntryId,
        instrument: Instrument,
        mode: ScreenMode,
        result: ScreenResult,
        self_harm: SelfHarm,
        #[serde(default, skip_serializing_if = "Option::is_none")] cutoff: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")] language: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<String>,
    }

    /// Which script was said; never a transcript.
    ScriptSaid {
        script: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] language: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
    }

    /// What was told to the practice was read back to her.
    ReadBack {
        verified_by: VerifiedBy,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] corrections: Vec<Correction>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
    }

    /// One thing that she put right.
    Correction {
        what: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] said: Option<String>,
    }

    /// What stands in the way, and the plan for it.
    BarrierRecorded {
        kind: BarrierKind,
        /// The barrier that this says more about.
        #[serde(default, skip_serializing_if = "Option::is_none")] barrier: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] detail: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] plan: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] plan_owner: Option<UserId>,
        status: BarrierStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
    }

    /// How she may safely be reached by one means.
    ContactRuleSet {
        channel: Channel,
        /// The number or address.
        #[serde(default, skip_serializing_if = "Option::is_none")] value: Option<String>,
        voicemail_ok: bool,
        text_ok: bool,
        say_org_name_ok: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] safe_hours: Option<SafeHours>,
        #[serde(default, skip_serializing_if = "is_false")] shared_phone: bool,
        /// She said so herself, now.
        #[serde(default, skip_serializing_if = "is_false")] confirmed_with_patient: bool,
        /// Rules in her other records that the author had seen.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] sees: Vec<EntryId>,
        #[serde(default, skip_serializing_if = "is_false")] proposed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] accepts: Option<EntryId>,
    }

    /// Between these hours of her day.
    SafeHours { from: Time, to: Time }
}
