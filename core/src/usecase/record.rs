//! Opening a record and saying who the patient is.

use super::desk::{Draft, Target};
use super::{Desk, Plan};
use crate::domain::code::{Area, PayerType, RaceEthnicity};
use crate::domain::entry::Body;
use crate::domain::id::{DocumentId, EntryId, PatientId, SiteId};
use crate::domain::payload::{self, Answer, ExternalId, PerinatalStage};
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use jiff::civil::Date;
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
    /// How she wants to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_name: Option<String>,
    /// Her name on paper, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// Her birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born_on: Option<Date>,
    /// Her pronouns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pronouns: Option<String>,
    /// The language she prefers (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether an interpreter is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter_needed: Option<bool>,
    /// On which number to call her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
    /// Where she stands around a birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perinatal_stage: Option<PerinatalStage>,
    /// The chart of the child whose parent she is; never a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ExternalId>,
    /// Numbers by which other systems know her.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_ids: Vec<ExternalId>,
    /// Who pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_type: Option<Answer<PayerType>>,
    /// As she says herself; several may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race_ethnicity: Option<Answer<Vec<RaceEthnicity>>>,
    /// Whether it is her first child, as she says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_time_parent: Option<Answer<bool>>,
    /// Where she lives, as she says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Answer<Area>>,
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
    /// Nothing said yet.
    pub fn silent(record: DocumentId) -> Self {
        Self {
            record,
            preferred_name: None,
            legal_name: None,
            born_on: None,
            pronouns: None,
            language: None,
            interpreter_needed: None,
            callback: None,
            perinatal_stage: None,
            child: None,
            external_ids: Vec::new(),
            payer_type: None,
            race_ethnicity: None,
            first_time_parent: None,
            area: None,
            proposed: None,
            accepts: None,
            at: None,
        }
    }

    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        let home = desk.record.map(|r| r.id);
        let others = desk.patient.into_iter().flat_map(|p| &p.records);
        let sees = others
            .filter(|r| Some(r.id) != home)
            .flat_map(|r| &r.described)
            .map(|(e, _)| e.id)
            .collect();
        let body = payload::PatientDescribed {
            preferred_name: self.preferred_name,
            legal_name: self.legal_name,
            born_on: self.born_on,
            pronouns: self.pronouns,
            language: self.language,
            interpreter_needed: self.interpreter_needed,
            callback: self.callback,
            perinatal_stage: self.perinatal_stage,
            child: self.child,
            external_ids: self.external_ids,
            payer_type: self.payer_type,
            race_ethnicity: self.race_ethnicity,
            first_time_parent: self.first_time_parent,
            area: self.area,
            sees,
            proposed: false,
            accepts: self.accepts,
        };
        desk.stated(self.at, body, self.proposed)
    }
}

fn named(name: String) -> payload::PatientDescribed {
    payload::PatientDescribed {
        preferred_name: Some(name),
        ..payload::PatientDescribed::default()
    }
}
