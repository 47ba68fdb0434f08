//! A person sees the need; who looks after it.

use super::{Desk, Plan};
use crate::domain::code::{NeedBasis, NeedKind, Urgency};
use crate::domain::id::{DocumentId, EntryId, UserId};
use crate::domain::payload;
use crate::domain::visibility;
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Begins the handoff. The owner is who is designated at the site today, unless named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifyNeed {
    /// The record.
    pub record: DocumentId,
    /// On what ground.
    pub basis: NeedBasis,
    /// What kind of help; therapy if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<NeedKind>,
    /// How soon; routine if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// The screen that showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<EntryId>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Offers the handoff to a named person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferOwnership {
    /// The record.
    pub record: DocumentId,
    /// To whom.
    pub to: UserId,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Takes the handoff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptOwnership {
    /// The record.
    pub record: DocumentId,
    /// The offer that is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Gives the handoff up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseOwnership {
    /// The record.
    pub record: DocumentId,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl IdentifyNeed {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let site = desk.record()?.site.clone();
        let on = desk.date(self.at.as_ref());
        let designated = site
            .and_then(|site| desk.sheet.shift(&site, on))
            .map(|shift| shift.primary.clone());
        desk.known(self.owner.as_ref(), "owner")?;
        let given = self
            .owner
            .as_ref()
            .and_then(|owner| desk.sheet.person(owner));
        if !given.is_none_or(visibility::looks_after_patients) {
            return Err(Refusal::Invalid {
                field: "owner",
                problem: Problem::CannotSee,
            });
        }
        let body = payload::NeedIdentified {
            basis: self.basis,
            need: self.need.unwrap_or(NeedKind::Therapy),
            urgency: self.urgency.unwrap_or(Urgency::Routine),
            screen: self.screen,
            encounter: desk.encounter(self.encounter, self.at.as_ref())?,
            owner: self.owner.or(designated),
        };
        Ok(desk.one(self.at, body))
    }
}

impl OfferOwnership {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        desk.sees(Some(&self.to), "to")?;
        // She takes it where the record is.
        let to = desk.sheet.person(&self.to);
        let mut here = desk.record()?.sites();
        if !here.any(|site| to.is_some_and(|to| to.works_at(site))) {
            return Err(Refusal::Invalid {
                field: "to",
                problem: Problem::CannotSee,
            });
        }
        Ok(desk.one(self.at, payload::OwnerOffered { to: self.to }))
    }
}

impl AcceptOwnership {
    /// Left open, the offer is the last one that was made to her and that nobody took; without one she takes it of her
    /// own accord.
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let offers = &desk.record()?.owner_offers;
        let mine = offers
            .iter()
            .rev()
            .find(|o| o.taken.is_none() && o.to == desk.person.id)
            .map(|o| o.entry.id);
        let offer = self.offer.or(mine);
        Ok(desk.one(self.at, payload::OwnerAccepted { offer }))
    }
}

impl ReleaseOwnership {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        desk.one(self.at, payload::OwnerReleased {})
    }
}
