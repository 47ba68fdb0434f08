//! Next steps and tasks.

use super::{Desk, Plan};
use crate::domain::code::{Channel, Role, StepKind, TaskKind};
use crate::domain::id::{DocumentId, EntryId, PartnerId, UserId};
use crate::domain::payload;
use crate::domain::read::TaskState;
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// A next step: both a date and a named contact, or it is a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetNextStep {
    /// The record.
    pub record: DocumentId,
    /// What.
    pub what: StepKind,
    /// By when.
    pub due_at: Zoned,
    /// Who.
    pub contact_name: String,
    /// By what means; voice if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_channel: Option<Channel>,
    /// The number or address.
    pub contact_value: String,
    /// Which practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// Who follows up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// The step whose date or contact this changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<EntryId>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// The step was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfilNextStep {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub step: EntryId,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// The step is no longer meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelNextStep {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub step: EntryId,
    /// Why.
    pub reason: String,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A task was done: named by its kind, and by its cause when there are several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompleteTask {
    /// The record.
    pub record: DocumentId,
    /// What kind.
    pub kind: TaskKind,
    /// The entry that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<EntryId>,
    /// With which practice, where one entry caused several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl SetNextStep {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        if let Some(partner) = &self.partner {
            desk.partner(partner)?;
        }
        desk.sees(self.owner.as_ref(), "owner")?;
        let promises = self.what == StepKind::PartnerCallback;
        let promise_due_at = self
            .partner
            .as_ref()
            .filter(|_| promises)
            .and_then(|partner| desk.promise_due(partner, self.at.as_ref()));
        let owner_coordinates = coordinates(desk, self.owner.as_ref())?;
        let body = payload::NextStepSet {
            what: self.what,
            due_at: self.due_at,
            contact_name: self.contact_name,
            contact_channel: self.contact_channel.unwrap_or(Channel::Voice),
            contact_value: self.contact_value,
            partner: self.partner,
            encounter: desk.encounter(self.encounter, self.at.as_ref())?,
            owner: self.owner,
            owner_coordinates,
            promise_due_at,
            replaces: self.replaces,
        };
        Ok(desk.one(self.at, body))
    }
}

/// Does whoever owns a step coordinate at the record's site? Without a name it is the handoff's owners', else hers who
/// sets it.
fn coordinates(desk: &Desk<'_>, named: Option<&UserId>) -> Result<bool, Refusal> {
    let record = desk.record()?;
    let owners: Vec<&UserId> = match named {
        Some(owner) => vec![owner],
        None if record.owners.is_empty() => vec![&desk.person.id],
        None => record.owners.iter().collect(),
    };
    let site = record.site.as_ref();
    let people = owners.into_iter().filter_map(|id| desk.sheet.person(id));
    Ok(people.into_iter().any(|p| {
        site.is_none_or(|site| p.has_role_at(Role::Coordinator, site))
            && p.has_role(Role::Coordinator)
    }))
}

impl FulfilNextStep {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        desk.one(self.at, payload::NextStepFulfilled { step: self.step })
    }
}

impl CancelNextStep {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        desk.one(
            self.at,
            payload::NextStepCancelled {
                step: self.step,
                reason: self.reason,
            },
        )
    }
}

impl CompleteTask {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let reading = desk.reading.ok_or(Refusal::NotHere("the record"))?;
        let record = reading.records.iter().find(|r| r.record == self.record);
        // Written up late with its real time, it counts as of then.
        let at = self.at.as_ref().map_or(desk.now, Zoned::timestamp);
        let at = at.min(desk.now);
        let mut fitting = record.into_iter().flat_map(|r| &r.tasks).filter(|t| {
            t.kind == self.kind
                && t.state(at) == TaskState::Open
                && self.cause.is_none_or(|cause| t.cause == cause)
                && (self.partner.is_none() || t.partner == self.partner)
        });
        let task = fitting
            .next()
            .ok_or(Refusal::NotHere("an open task of this kind"))?
            .id;
        if fitting.next().is_some() {
            return Err(Refusal::Invalid {
                field: "cause",
                problem: Problem::Ambiguous,
            });
        }
        Ok(desk.one(
            self.at,
            payload::TaskDone {
                task,
                result: self.result,
            },
        ))
    }
}
