//! Seeking contact.

use super::{Desk, Plan};
use crate::domain::code::{Channel, ContactBasis, ContactOutcome, ContactWith, Direction};
use crate::domain::id::{DocumentId, EntryId, PartnerId};
use crate::domain::payload;
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// An attempt to reach somebody; `at` is its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordContact {
    /// The record.
    pub record: DocumentId,
    /// Whom.
    pub with: ContactWith,
    /// Who reached for whom; outward if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// By what means; voice if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// On what ground; her agreement if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<ContactBasis>,
    /// Which practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Zoned>,
    /// She spoke herself, or listened in.
    #[serde(default)]
    pub patient_on_line: bool,
    /// She was introduced by name.
    #[serde(default)]
    pub introduced_by_name: bool,
    /// The reason was said in front of her.
    #[serde(default)]
    pub context_given: bool,
    /// When to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Zoned>,
    /// Why, when the basis is an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl RecordContact {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        if let Some(partner) = &self.partner {
            desk.partner(partner)?;
        }
        let outward = match self.with {
            ContactWith::Partner => Direction::ToPartner,
            ContactWith::Patient | ContactWith::OnCallClinician => Direction::ToPatient,
        };
        if self
            .ended_at
            .as_ref()
            .zip(self.at.as_ref())
            .is_some_and(|(end, start)| end < start)
        {
            return Err(Refusal::Invalid {
                field: "ended_at",
                problem: Problem::OutOfRange,
            });
        }
        let body = payload::ContactAttempted {
            with: self.with,
            basis: self.basis.unwrap_or(ContactBasis::Agreed),
            direction: self.direction.unwrap_or(outward),
            channel: self.channel.unwrap_or(Channel::Voice),
            outcome: self.outcome,
            partner: self.partner,
            contact_name: self.contact_name,
            encounter: desk.encounter(self.encounter, self.at.as_ref())?,
            ended_at: self.ended_at,
            patient_on_line: self.patient_on_line,
            introduced_by_name: self.introduced_by_name,
            context_given: self.context_given,
            retry_at: self.retry_at,
            reason: self.reason,
        };
        Ok(desk.one(self.at, body))
    }
}
