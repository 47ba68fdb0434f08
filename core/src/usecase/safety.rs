//! Worry, hand-over, assessment, resolution. Raising is never guarded.

use super::desk::{Draft, Target};
use super::{Desk, Plan};
use crate::domain::code::{HandedHow, SafetyCall, SafetyReason};
use crate::domain::entry::Body;
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::payload;
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Somebody is worried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaiseSafety {
    /// The record.
    pub record: DocumentId,
    /// About what.
    pub reason: SafetyReason,
    /// In which words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Hands flags to a named clinician.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandSafety {
    /// The record.
    pub record: DocumentId,
    /// Which; all open ones if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<EntryId>,
    /// To whom, by name.
    pub to: String,
    /// How.
    pub how: HandedHow,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A licensed clinician assesses flags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessSafety {
    /// The record.
    pub record: DocumentId,
    /// Which; all open ones if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A licensed clinician resolves exactly these flags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveSafety {
    /// The record.
    pub record: DocumentId,
    /// Which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<EntryId>,
    /// What the assessment found.
    pub note: String,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Puts the safety panel away. Every flag stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissSafetyPanel {
    /// The record.
    pub record: DocumentId,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A call button of the safety panel was tapped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapSafetyCall {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub call: SafetyCall,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A clinician says that flags are of the same event. All stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFlags {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub flags: Vec<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Open flags of this patient raised in this record, as far as she was shown them: what an entry here can name.
fn open_here(desk: &Desk<'_>) -> Result<Vec<EntryId>, Refusal> {
    let home = desk.record()?.id;
    let patient = desk.patient.ok_or(Refusal::NotHere("the record"))?;
    Ok(patient
        .open_flags()
        .filter(|f| f.record == home)
        .map(|f| f.id)
        .collect())
}

impl DismissSafetyPanel {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let flags = open_here(desk)?;
        Ok(desk.one(self.at, payload::SafetyPanelDismissed { flags }))
    }
}

impl TapSafetyCall {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let flags = open_here(desk)?;
        let call = self.call;
        Ok(desk.one(self.at, payload::SafetyCallTapped { call, flags }))
    }
}

impl LinkFlags {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let patient = desk.patient.ok_or(Refusal::NotHere("the record"))?;
        let known = |id: &EntryId| patient.flags.iter().find(|f| f.id == *id);
        if !self.flags.iter().all(|id| known(id).is_some()) {
            return Err(Refusal::NotHere("the safety flag"));
        }
        // In the record that raised the first of them: there the rule can be checked.
        let first = self.flags.first().and_then(known);
        let home = first.map_or(self.record, |f| f.record);
        let id = desk.entry_id();
        Ok(Plan {
            drafts: vec![Draft {
                id,
                target: Target::Of(home),
                at: self.at,
                role: None,
                body: payload::FlagsLinked { flags: self.flags }.into(),
            }],
            made: Some(id),
            patient: None,
        })
    }
}

impl RaiseSafety {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        desk.record()?;
        // A visit that was taken back since, or is not here, is no reason to lose a worry.
        let encounter = desk
            .encounter(self.encounter, self.at.as_ref())
            .unwrap_or_default();
        Ok(desk.one(
            self.at,
            payload::SafetyRaised {
                reason: self.reason,
                encounter,
                words: self.words,
            },
        ))
    }
}

impl HandSafety {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let (to, how) = (self.to, self.how);
        each_record(desk, self.flags, self.at.as_ref(), |flags| {
            payload::SafetyHanded {
                flags,
                to: to.clone(),
                how,
            }
            .into()
        })
    }
}

impl AssessSafety {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        each_record(desk, self.flags, self.at.as_ref(), |flags| {
            payload::SafetyAssessing { flags }.into()
        })
    }
}

impl ResolveSafety {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        if self.flags.is_empty() {
            return Err(Refusal::Invalid {
                field: "flags",
                problem: Problem::Empty,
            });
        }
        let note = self.note;
        let known = desk.patient.map_or(&[][..], |p| &p.flags);
        let record_of = |id: &EntryId| known.iter().find(|f| f.id == *id).map(|f| f.record);
        each_record(desk, self.flags, self.at.as_ref(), |flags| {
            let here = flags.first().and_then(record_of);
            let elsewhere = known.iter().filter(|f| Some(f.record) != here);
            payload::SafetyResolved {
                seen: elsewhere.map(|f| f.id).collect(),
                flags,
                note: note.clone(),
            }
            .into()
        })
    }
}

/// Flags are of the person, and what is done about one is written in the record that raised it: there its guard can be
/// checked by whoever holds only that record.
fn each_record(
    desk: &Desk<'_>,
    named: Vec<EntryId>,
    at: Option<&Zoned>,
    body: impl Fn(Vec<EntryId>) -> Body,
) -> Result<Plan, Refusal> {
    let patient = desk.patient.ok_or(Refusal::NotHere("the record"))?;
    let named = if named.is_empty() {
        patient.open_flags().map(|f| f.id).collect()
    } else {
        named
    };
    let mut by_record: BTreeMap<DocumentId, Vec<EntryId>> = BTreeMap::new();
    for id in named {
        let flag = patient
            .flags
            .iter()
            .find(|f| f.id == id)
            .ok_or(Refusal::NotHere("the safety flag"))?;
        by_record.entry(flag.record).or_default().push(id);
    }
    if by_record.is_empty() {
        return Err(Refusal::NotHere("an open safety flag"));
    }
    let drafts: Vec<Draft> = by_record
        .into_iter()
        .map(|(record, flags)| Draft {
            id: desk.entry_id(),
            target: Target::Of(record),
            at: at.cloned(),
            role: None,
            body: body(flags),
        })
        .collect();
    Ok(Plan {
        made: drafts.first().map(|d| d.id),
        drafts,
        patient: None,
    })
}
