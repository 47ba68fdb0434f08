//! Opening a record and saying who the patient is.

use super::desk::{Draft, Target};
use super::{Desk, Plan};
use crate::domain::entry::Body;
use crate::domain::id::{DocumentId, PatientId, SiteId};
use crate::domain::payload::{self, PatientDescribed};
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Opens a record: for a new patient, or for one that is known here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRecord {
    /// Where.
    pub site: SiteId,
    /// A known patient; left out, a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// How she wants to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_name: Option<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Says who the patient is; what is left out stays as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribePatient {
    /// The record.
    pub record: DocumentId,
    /// What is said, as it is kept. What its author had seen elsewhere is known here and not hers to say.
    #[serde(flatten)]
    pub said: PatientDescribed,
    /// Only proposed; left out, as the role has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<bool>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl OpenRecord {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        if desk.sheet.site(&self.site).is_none() {
            return Err(Refusal::Invalid {
                field: "site",
                problem: Problem::Unknown,
            });
        }
        let patient = self.patient.unwrap_or_else(|| desk.patient_id());
        let target = Target::NewRecord(desk.document_id());
        let opened = payload::RecordOpened {
            patient,
            site: self.site.clone(),
        };
        let draft = |body: Body| Draft {
            id: desk.entry_id(),
            target: target.clone(),
            at: self.at.clone(),
            role: None,
            body,
        };
        let mut drafts = vec![draft(opened.into())];
        if let Some(name) = self.preferred_name {
            let site = Some(&self.site);
            let on = desk.date(self.at.as_ref());
            let may = |body: &Body| {
                crate::domain::authority::acting_role(desk.person, body, site, desk.sheet, on)
                    .is_some()
            };
            let body: Body = named(name).into();
            let proposal = body.clone().into_proposal();
            drafts.push(draft(if !may(&body) && may(&proposal) {
                proposal
            } else {
                body
            }));
        }
        let made = drafts.first().map(|d| d.id);
        Ok(Plan {
            drafts,
            made,
            patient: Some(patient),
        })
    }
}

impl DescribePatient {
    /// This, said now.
    pub fn now(record: DocumentId, said: PatientDescribed) -> Self {
        Self {
            record,
            said,
            proposed: None,
            at: None,
        }
    }

    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        if !self.said.sees.is_empty() {
            return Err(Refusal::Invalid {
                field: "sees",
                problem: Problem::Unreadable,
            });
        }
        let sees = desk.seen_elsewhere(|r| r.described.iter().map(|(e, _)| e.id).collect());
        let body = PatientDescribed { sees, ..self.said };
        Ok(desk.stated(self.at, body, self.proposed))
    }
}

fn named(name: String) -> PatientDescribed {
    PatientDescribed {
        preferred_name: Some(name),
        ..PatientDescribed::default()
    }
}
