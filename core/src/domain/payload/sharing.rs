//! What may be passed on, by whose leave, and what was.

use super::{is_false, payload};
use crate::domain::code::{ConsentKind, ShareChoice, ShareKind, Transport};
use crate::domain::id::{EntryId, PartnerId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

payload! {
    /// She saw what a practice would see, and said what may go.
    SharingPlanConfirmed {
        items: Vec<ShareItem>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
    }

    /// One piece and what she wants done with it.
    ShareItem { kind: ShareKind, choice: ShareChoice }

    /// A consent. Which fields a written one needs: `guard`.
    ConsentRecorded {
        kind: ConsentKind,
        #[serde(default, skip_serializing_if = "Option::is_none")] patient_name: Option<String>,
        /// Who may disclose.
        #[serde(default, skip_serializing_if = "Option::is_none")] discloser: Option<String>,
        /// What, specifically.
        #[serde(default, skip_serializing_if = "Option::is_none")] what: Option<String>,
        /// To these practices.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] partners: Vec<PartnerId>,
        /// To whom in words, where a class of recipients is meant.
        #[serde(default, skip_serializing_if = "Option::is_none")] recipients: Option<String>,
        /// An intermediary, with its participants.
        #[serde(default, skip_serializing_if = "Option::is_none")] intermediary: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] purpose: Option<String>,
        /// How it can be revoked was said.
        #[serde(default, skip_serializing_if = "is_false")] right_to_revoke_told: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] expires_on: Option<Date>,
        /// The event with which it ends, or "none".
        #[serde(default, skip_serializing_if = "Option::is_none")] expires_with: Option<String>,
        #[serde(default, skip_serializing_if = "is_false")] signed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")] signed_on: Option<Date>,
        #[serde(default, skip_serializing_if = "is_false")] redisclosure_told: bool,
        #[serde(default, skip_serializing_if = "is_false")] refusal_consequences_told: bool,
        /// The consent that this takes the place of.
        #[serde(default, skip_serializing_if = "Option::is_none")] replaces: Option<EntryId>,
    }

    /// She took a consent back.
    ConsentRevoked {
        consent: EntryId,
        #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<String>,
    }

    /// A referral waits to be sent. What goes is frozen from the plan.
    ElectronicQueued {
        partner: PartnerId,
        transport: Transport,
        plan: EntryId,
        items: Vec<ShareKind>,
        #[serde(default, skip_serializing_if = "Option::is_none")] consent: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
    }

    /// A referral was sent.
    ElectronicSent {
        partner: PartnerId,
        transport: Transport,
        plan: EntryId,
        items: Vec<ShareKind>,
        #[serde(default, skip_serializing_if = "Option::is_none")] queued: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] consent: Option<EntryId>,
        #[serde(default, skip_serializing_if = "Option::is_none")] encounter: Option<EntryId>,
        /// When the practice's promise falls due, frozen from its agreement.
        #[serde(default, skip_serializing_if = "Option::is_none")] promise_due_at: Option<Timestamp>,
    }

    /// A referral could not be sent.
    ElectronicFailed { queued: EntryId, reason: String }
}
