//! What surrounds the handoff: scripts, reading back, barriers, and how she may safely be reached.

use super::{Desk, Plan};
use crate::domain::authority;
use crate::domain::code::{BarrierKind, BarrierStatus, Channel, VerifiedBy};
use crate::domain::entry::Body;
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, EntryId, UserId};
use crate::domain::payload::{self, Correction, SafeHours};
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which script was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SayScript {
    /// The record.
    pub record: DocumentId,
    /// Which; never a transcript.
    pub script: String,
    /// In which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// What was told to the practice was read back to her.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadBackToHer {
    /// The record.
    pub record: DocumentId,
    /// Who went through it; the patient if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<VerifiedBy>,
    /// What was put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// What stands in the way, and the plan for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordBarrier {
    /// The record.
    pub record: DocumentId,
    /// What kind.
    pub kind: BarrierKind,
    /// The barrier that this says more about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barrier: Option<EntryId>,
    /// In a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What is done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_owner: Option<UserId>,
    /// How it stands; left out: planned with a plan, else open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<BarrierStatus>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// How she may safely be reached by one means. What is left out is not allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and its answer is yes or no"
)]
pub struct SetContactRule {
    /// The record.
    pub record: DocumentId,
    /// By what means.
    pub channel: Channel,
    /// The number or address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A voicemail may be left.
    #[serde(default)]
    pub voicemail_ok: bool,
    /// A text may be sent.
    #[serde(default)]
    pub text_ok: bool,
    /// The organisation may be named.
    #[serde(default)]
    pub say_org_name_ok: bool,
    /// Between these hours alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_hours: Option<SafeHours>,
    /// Others answer it too.
    #[serde(default)]
    pub shared_phone: bool,
    /// She said so herself, now.
    #[serde(default)]
    pub confirmed_with_patient: bool,
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

impl SayScript {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let body = payload::ScriptSaid {
            script: self.script,
            language: self.language,
            encounter: desk.encounter(self.encounter, self.at.as_ref())?,
        };
        Ok(desk.one(self.at, body))
    }
}

impl ReadBackToHer {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        if self.corrections.iter().any(|c| c.what.trim().is_empty()) {
            return Err(Refusal::Invalid {
                field: "corrections",
                problem: Problem::Empty,
            });
        }
        let body = payload::ReadBack {
            verified_by: self.verified_by.unwrap_or(VerifiedBy::Patient),
            corrections: self.corrections,
            encounter: desk.encounter(self.encounter, self.at.as_ref())?,
        };
        Ok(desk.one(self.at, body))
    }
}

impl RecordBarrier {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        desk.known(self.plan_owner.as_ref(), "plan_owner")?;
        let planned = self.plan.is_some();
        let body = payload::BarrierRecorded {
            kind: self.kind,
            barrier: self.barrier,
            detail: self.detail,
            plan: self.plan,
            plan_owner: self.plan_owner,
            status: self.status.unwrap_or(if planned {
                BarrierStatus::Planned
            } else {
                BarrierStatus::Open
            }),
            encounter: desk.encounter(self.encounter, self.at.as_ref())?,
        };
        Ok(desk.one(self.at, body))
    }
}

impl SetContactRule {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        desk.record()?;
        let sees = desk.seen_elsewhere(|r| {
            let rules = r.contact_rules.iter();
            let rules = rules.filter(|(_, rule)| rule.channel == self.channel);
            rules.map(|(e, _)| e.id).collect()
        });
        let body = payload::ContactRuleSet {
            channel: self.channel,
            value: self.value,
            voicemail_ok: self.voicemail_ok,
            text_ok: self.text_ok,
            say_org_name_ok: self.say_org_name_ok,
            safe_hours: self.safe_hours,
            shared_phone: self.shared_phone,
            confirmed_with_patient: self.confirmed_with_patient,
            sees,
            proposed: false,
            accepts: self.accepts,
        };
        Ok(desk.stated(self.at, body, self.proposed))
    }
}

impl Desk<'_> {
    /// What somebody who speaks of how to reach her, or of who she is, has seen in her other records: these entries, and
    /// whatever there says a number. A number is said in a description or in a rule, and answers one in either.
    pub(super) fn seen_elsewhere(&self, these: impl Fn(&Record) -> Vec<EntryId>) -> Vec<EntryId> {
        let home = self.record.map(|r| r.id);
        let records = self.patient.into_iter().flat_map(|p| &p.records);
        let seen: BTreeSet<EntryId> = records
            .filter(|r| Some(r.id) != home)
            .flat_map(|r| {
                let numbers = r.numbers.iter().map(|n| n.entry);
                these(r).into_iter().chain(numbers)
            })
            .collect();
        seen.into_iter().collect()
    }

    /// A plan of one entry, stated or, where the role may only propose it, proposed.
    pub(super) fn stated(
        &self,
        at: Option<Zoned>,
        body: impl Into<Body>,
        proposed: Option<bool>,
    ) -> Plan {
        let body = self.as_role_allows(body.into(), proposed, at.as_ref());
        self.one(at, body)
    }

    /// The entry as the person asked for it; left open, proposed where her role may not state it.
    pub(super) fn as_role_allows(
        &self,
        body: Body,
        proposed: Option<bool>,
        at: Option<&Zoned>,
    ) -> Body {
        let may = |body: &Body| {
            let site = self.record.and_then(|r| r.site.as_ref());
            authority::acting_role(self.person, body, site, self.sheet, self.date(at)).is_some()
        };
        match proposed {
            Some(true) => body.into_proposal(),
            Some(false) => body,
            None if may(&body) => body,
            None => {
                let proposal = body.clone().into_proposal();
                if may(&proposal) { proposal } else { body }
            }
        }
    }
}
