//! What practices answer, and what staff are told about them.

use super::desk::{Draft, Target};
use super::{Desk, Plan};
use crate::domain::code::{Accepting, DeclineReason, Role};
use crate::domain::id::{DocumentId, EntryId, PartnerId, UserId};
use crate::domain::payload::{self, ToldContact};
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// A practice takes her on: answered by itself, or heard by phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPartnerAccepted {
    /// The record.
    pub record: DocumentId,
    /// Which practice.
    pub partner: PartnerId,
    /// The referral that it answers; the last one sent there if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<EntryId>,
    /// What was missing in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A practice does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPartnerDeclined {
    /// The record.
    pub record: DocumentId,
    /// Which practice.
    pub partner: PartnerId,
    /// Why.
    pub reason: DeclineReason,
    /// In its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The referral that it answers; the last one sent there if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<EntryId>,
    /// The appointment that falls with it; the live one there if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<EntryId>,
    /// What was missing in the referral.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// What somebody was told about a practice; of no patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TellPartner {
    /// Which practice.
    pub partner: PartnerId,
    /// Does it take new patients?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepting: Option<Accepting>,
    /// How long the wait is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_days: Option<u16>,
    /// A new contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ToldContact>,
    /// What the sheet says was checked.
    #[serde(default)]
    pub verified: bool,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
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

/// The referral that an answer is to, and who relays it where there is none.
fn to_what(
    desk: &Desk<'_>,
    partner: &PartnerId,
    named: Option<EntryId>,
) -> Result<(Option<EntryId>, Option<UserId>), Refusal> {
    desk.partner(partner)?;
    let last = desk
        .record()?
        .sent
        .iter()
        .rev()
        .find(|s| s.said.partner == *partner)
        .map(|s| s.entry.id);
    let staff = !desk.person.has_role(Role::Partner);
    let relayed_by = staff.then(|| desk.person.id.clone());
    Ok((named.or(last), relayed_by))
}

impl RecordPartnerAccepted {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let (sent, relayed_by) = to_what(desk, &self.partner, self.sent)?;
        let body = payload::PartnerAccepted {
            partner: self.partner,
            sent,
            relayed_by,
            missing: self.missing,
        };
        Ok(desk.one(self.at, body))
    }
}

impl RecordPartnerDeclined {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let (sent, relayed_by) = to_what(desk, &self.partner, self.sent)?;
        let live = desk
            .record()?
            .appointments
            .iter()
            .find(|a| a.is_live() && *a.partner() == self.partner)
            .map(|a| a.id);
        let body = payload::PartnerDeclined {
            partner: self.partner,
            reason: self.reason,
            words: self.words,
            sent,
            relayed_by,
            appointment: self.appointment.or(live),
            missing: self.missing,
        };
        Ok(desk.one(self.at, body))
    }
}

impl TellPartner {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        desk.partner(&self.partner)?;
        let body = payload::PartnerTold {
            accepting: self.accepting,
            wait_days: self.wait_days,
            contact: self.contact,
            verified: self.verified,
            note: self.note,
            proposed: false,
            accepts: self.accepts,
        };
        let body = desk.as_role_allows(body.into(), self.proposed, self.at.as_ref());
        let id = desk.entry_id();
        Ok(Plan {
            drafts: vec![Draft {
                id,
                target: Target::Practice(self.partner),
                at: self.at,
                role: None,
                body,
            }],
            made: Some(id),
            patient: None,
        })
    }
}
