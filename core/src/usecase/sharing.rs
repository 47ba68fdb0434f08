//! What she lets a practice know, by which consents, and sending it. What goes is frozen from the plan when it is queued
//! or sent.

use super::desk::{Draft, Target};
use super::{Desk, Plan};
use crate::domain::code::{ShareChoice, ShareKind, Signal, Transport};
use crate::domain::guard::Breach;
use crate::domain::id::{DocumentId, EntryId, PartnerId};
use crate::domain::payload::{self, ShareItem};
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// She saw what a practice would see, and said what may go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmSharingPlan {
    /// The record.
    pub record: DocumentId,
    /// Where she wants it otherwise than usual; the rest is as shipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ShareItem>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A consent. A written one needs all the fields that its kind asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordConsent {
    /// The record.
    pub record: DocumentId,
    /// What she signed or said, as it is kept.
    #[serde(flatten)]
    pub said: payload::ConsentRecorded,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// She takes a consent back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeConsent {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub consent: EntryId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Writes a referral down to be sent when there is a connection. It counts as not sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueElectronic {
    /// The record.
    pub record: DocumentId,
    /// To whom.
    pub partner: PartnerId,
    /// By what means; portal if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A referral was sent; the practice's promise begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendElectronic {
    /// The record.
    pub record: DocumentId,
    /// To whom.
    pub partner: PartnerId,
    /// By what means; portal if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The referral that was waiting; what goes is what was frozen then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<EntryId>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A referral could not be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailElectronic {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub queued: EntryId,
    /// Why.
    pub reason: String,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl ConfirmSharingPlan {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let usual = |kind: &ShareKind| ShareItem {
            kind: *kind,
            choice: if kind.is_shared_by_default() {
                ShareChoice::Share
            } else {
                ShareChoice::Withhold
            },
        };
        let said = |kind: &&ShareKind| self.items.iter().any(|i| i.kind == **kind);
        let rest = ShareKind::ALL.iter().filter(|kind| !said(kind)).map(usual);
        let items = self.items.iter().cloned().chain(rest).collect();
        let encounter = desk.encounter(self.encounter, self.at.as_ref())?;
        Ok(desk.one(self.at, payload::SharingPlanConfirmed { items, encounter }))
    }
}

impl RecordConsent {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        for partner in &self.said.partners {
            desk.partner(partner)?;
        }
        Ok(desk.one(self.at, self.said))
    }
}

impl RevokeConsent {
    /// Written in the record that holds the consent: there its rule can be checked.
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let patient = desk.patient.ok_or(Refusal::NotHere("the record"))?;
        let home = patient
            .records
            .iter()
            .find(|r| r.consents.iter().any(|c| c.entry.id == self.consent))
            .ok_or(Refusal::NotAllowed(Breach::NoSuchConsent))?;
        let id = desk.entry_id();
        let body = payload::ConsentRevoked {
            consent: self.consent,
            reason: self.reason,
        };
        Ok(Plan {
            drafts: vec![Draft {
                id,
                target: Target::Of(home.id),
                at: self.at,
                role: None,
                body: body.into(),
            }],
            made: Some(id),
            patient: None,
        })
    }
}

/// What goes, frozen: every piece that all standing plans let go, less what tells of alcohol or drugs where no consent
/// covers it.
struct Frozen {
    plan: EntryId,
    items: Vec<ShareKind>,
    consent: Option<EntryId>,
}

fn frozen(desk: &Desk<'_>, partner: &PartnerId, on: Date) -> Result<Frozen, Refusal> {
    desk.partner(partner)?;
    let record = desk.record()?;
    let plan = record
        .sharing
        .plans
        .first()
        .copied()
        .ok_or(Refusal::NotAllowed(Breach::NoPlan))?;
    let items: Vec<ShareKind> = record.sharing.shared.iter().copied().collect();
    let consent = items
        .contains(&ShareKind::AlcoholDrug)
        .then(|| {
            record
                .consents
                .iter()
                .find(|c| c.said.kind.covers_substance_use() && c.covers(partner, on))
                .map(|c| c.entry.id)
        })
        .flatten();
    Ok(Frozen {
        plan,
        items,
        consent,
    })
}

impl QueueElectronic {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let frozen = frozen(desk, &self.partner, desk.date(self.at.as_ref()))?;
        let body = payload::ElectronicQueued {
            partner: self.partner,
            transport: self.transport.unwrap_or(Transport::Portal),
            plan: frozen.plan,
            items: frozen.items,
            consent: frozen.consent,
            encounter: desk.encounter(self.encounter, self.at.as_ref())?,
        };
        Ok(desk.one(self.at, body))
    }
}

impl SendElectronic {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let mut frozen = frozen(desk, &self.partner, desk.date(self.at.as_ref()))?;
        let mut transport = self.transport;
        if let Some(id) = self.queued {
            let record = desk.record()?;
            let queued = record.past.get(id).map(|e| &e.body);
            let Some(crate::domain::entry::Body::ElectronicQueued(queued)) = queued else {
                return Err(Refusal::NotAllowed(Breach::NoSuchReferral));
            };
            if queued.partner != self.partner {
                return Err(Refusal::Invalid {
                    field: "partner",
                    problem: Problem::Unknown,
                });
            }
            frozen.items.clone_from(&queued.items);
            transport = transport.or(Some(queued.transport));
        }
        let promise_due_at = desk.promise_due(&self.partner, self.at.as_ref());
        let encounter = desk.encounter(self.encounter, self.at.as_ref())?;
        let transport = transport.unwrap_or(Transport::Portal);
        if transport != Transport::FaxManual && is_without_data(desk, encounter) {
            return Err(Refusal::NotAllowed(Breach::NoData));
        }
        let body = payload::ElectronicSent {
            partner: self.partner,
            transport,
            plan: frozen.plan,
            items: frozen.items,
            queued: self.queued,
            consent: frozen.consent,
            encounter,
            promise_due_at,
        };
        Ok(desk.one(self.at, body))
    }
}

/// Does this visit go on where there is no data, as whoever began it said? Nothing leaves from there, and nobody is to
/// believe that it has.
fn is_without_data(desk: &Desk<'_>, encounter: Option<EntryId>) -> bool {
    let visits = desk.record.into_iter().flat_map(|r| &r.encounters);
    let mut here = visits.filter(|e| Some(e.id) == encounter && e.ended.is_none());
    here.any(|e| matches!(e.signal, Some(Signal::VoiceOnly | Signal::None)))
}

impl FailElectronic {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        desk.one(
            self.at,
            payload::ElectronicFailed {
                queued: self.queued,
                reason: self.reason,
            },
        )
    }
}
