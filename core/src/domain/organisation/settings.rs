//! What an organisation decides for itself: what its people may do, its limits, its own steps of the safety panel.

use super::PartnerContact;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A device that locks within hours locks on a visit; one that never does is no use to lock.
const LOCK_DAYS: RangeInclusive<u16> = 1..=90;

/// What an organisation decides for itself; each has a cautious default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Doulas may administer a screen (scope of practice varies by state and programme).
    pub doula_may_screen: bool,
    /// Doulas may confirm a sharing plan, and record and revoke consents.
    pub doula_may_consent: bool,
    /// Assistants who are not designated may administer a screen.
    pub assistant_may_screen: bool,
    /// After so many minutes without an answer the backup may take an offered handoff.
    pub owner_timeout_min: u16,
    /// Within so many minutes a flag has a named clinician, or it is asked for again.
    pub safety_ack_min: u16,
    /// After so many days what the sheet says of a practice is stale.
    pub stale_after_days: u16,
    /// After so many days without an answer from the server a device shows nothing of patients until it has one.
    pub lock_after_days: u16,
}

impl Settings {
    /// For so long a device may go without an answer.
    pub fn lease(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.lock_after_days))
    }

    /// The error is one sentence that says what to mend.
    pub(super) fn check(&self) -> Result<(), String> {
        if LOCK_DAYS.contains(&self.lock_after_days) {
            Ok(())
        } else {
            Err(format!(
                "lock_after_days is {}; a device locks after {} to {} days without an answer",
                self.lock_after_days,
                LOCK_DAYS.start(),
                LOCK_DAYS.end()
            ))
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            doula_may_screen: false,
            doula_may_consent: false,
            assistant_may_screen: false,
            owner_timeout_min: 2,
            safety_ack_min: 10,
            stale_after_days: 90,
            lock_after_days: 7,
        }
    }
}

/// The organisation's own steps of the safety panel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetySteps {
    /// In order.
    #[serde(default)]
    pub steps: Vec<String>,
    /// The clinical lead who signed them, by code or by name: a licensed clinician among the people. Without one they are
    /// a draft, and are shown to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Whom to call: a name and a number.
    #[serde(default)]
    pub on_call: Vec<PartnerContact>,
}
