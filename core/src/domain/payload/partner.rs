//! What a practice answers, and what staff are told about one.

use super::{is_false, payload};
use crate::domain::code::{Accepting, Channel, DeclineReason};
use crate::domain::id::{EntryId, PartnerId, UserId};
use serde::{Deserialize, Serialize};

payload! {
    /// The practice takes her on.
    PartnerAccepted {
        partner: PartnerId,
        /// The referral that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")] sent: Option<EntryId>,
        /// Who of our staff was told by phone.
        #[serde(default, skip_serializing_if = "Option::is_none")] relayed_by: Option<UserId>,
        /// What was missing in the referral.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] missing: Vec<String>,
    }

    /// The practice does not.
    PartnerDeclined {
        partner: PartnerId,
        reason: DeclineReason,
        #[serde(default, skip_serializing_if = "Option::is_none")] words: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] sent: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] relayed_by: Option<UserId>,
        /// The appointment that falls with it.
        #[serde(default, skip_serializing_if = "Option::is_none")] appointment: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")] missing: Vec<String>,
    }

    /// A practice's own document begins.
    PartnerOpened { partner: PartnerId }

    /// What somebody was told about a practice.
    PartnerTold {
        #[serde(default, skip_serializing_if = "Option::is_none")] accepting: Option<Accepting>,
        /// How long the wait is.
        #[serde(default, skip_serializing_if = "Option::is_none")] wait_days: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")] contact: Option<ToldContact>,
        /// A person checked what the sheet says.
        #[serde(default, skip_serializing_if = "is_false")] verified: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] note: Option<String>,
        #[serde(default, skip_serializing_if = "is_false")] proposed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] accepts: Option<EntryId>,
    }

    /// A contact that staff were told.
    ToldContact {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] role: Option<String>,
        channel: Channel,
        value: String,
    }
}
