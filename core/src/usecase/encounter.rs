//! The visit with its two ends.

use super::{Desk, Plan};
use crate::domain::code::{FamilyPresent, Setting, Signal};
use crate::domain::id::{DocumentId, EntryId, SiteId, UserId};
use crate::domain::payload;
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// The visit begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartEncounter {
    /// The record.
    pub record: DocumentId,
    /// Where.
    pub setting: Setting,
    /// Of which site; the record's if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// What signal there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
    /// Who else is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_present: Option<FamilyPresent>,
    /// It may be talked about in front of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok_to_discuss_in_front: Option<bool>,
    /// Staff who are there as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub staff: Vec<UserId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// The patient leaves, or the visitor leaves her home. Never refused for want of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndEncounter {
    /// The record.
    pub record: DocumentId,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Why she left without a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GiveLeaveReason {
    /// The record.
    pub record: DocumentId,
    /// In a few words.
    pub reason: String,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl StartEncounter {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let home = desk.record()?.site.clone();
        let site = self.site.or(home).ok_or(Refusal::Invalid {
            field: "site",
            problem: Problem::Empty,
        })?;
        if desk.sheet.site(&site).is_none() {
            return Err(Refusal::Invalid {
                field: "site",
                problem: Problem::Unknown,
            });
        }
        for user in &self.staff {
            desk.known(Some(user), "staff")?;
        }
        Ok(desk.one(
            self.at,
            payload::EncounterStarted {
                setting: self.setting,
                site,
                signal: self.signal,
                family_present: self.family_present,
                ok_to_discuss_in_front: self.ok_to_discuss_in_front,
                staff: self.staff,
            },
        ))
    }
}

impl EndEncounter {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let open = || desk.record().map(|r| r.open_encounter().map(|e| e.id));
        let encounter = match self.encounter {
            Some(named) => desk.encounter(Some(named), None)?,
            None => open()?,
        };
        let encounter = encounter.ok_or(Refusal::NotHere("an open visit"))?;
        Ok(desk.one(self.at, payload::EncounterEnded { encounter }))
    }
}

impl GiveLeaveReason {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let last = desk.record()?.encounters.last().map(|e| e.id);
        let encounter = self
            .encounter
            .or(last)
            .ok_or(Refusal::NotHere("the visit"))?;
        Ok(desk.one(
            self.at,
            payload::LeaveReasonGiven {
                encounter,
                reason: self.reason,
            },
        ))
    }
}
