//! The next step: both a date and a named contact, or it is a draft. Says what the step would do for the visit, and what
//! is already set.

use super::appointment_form::{PartnerChoice, partners};
use super::may::{Action, Asking, Obstacle, if_she_left, later, would};
use super::when::{Length, When, clock};
use crate::domain::code::{Channel, DocumentKind, StepKind};
use crate::domain::fold::{Record, Step};
use crate::domain::id::{DocumentId, EntryId, PartnerId, UserId};
use crate::domain::organisation::PartnerContact;
use crate::domain::time;
use crate::domain::visibility;
use crate::refusal::{Problem, Refusal};
use crate::usecase::{CancelNextStep, Command, Desk, FulfilNextStep, SetNextStep, rehearse_to};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

/// What was chosen and typed so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NextStepDraft {
    /// What.
    pub what: Option<StepKind>,
    /// By when, on the clock of the site.
    pub due_local: Option<DateTime>,
    /// Who.
    pub contact_name: String,
    /// By what means.
    pub contact_channel: Option<Channel>,
    /// The number or address.
    pub contact_value: String,
    /// Which practice.
    pub partner: Option<PartnerId>,
    /// Who follows up.
    pub owner: Option<UserId>,
    /// The step that it changes.
    pub replaces: Option<EntryId>,
}

/// The form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NextStepScreen {
    /// The record.
    pub record: DocumentId,
    /// Her name.
    pub name: Option<String>,
    /// What it may be, in order.
    pub kinds: Vec<StepKind>,
    /// Practices.
    pub partners: Vec<PartnerChoice>,
    /// Contacts of the chosen practice: one tap fills the form.
    pub contacts: Vec<PartnerContact>,
    /// Who may follow up, by name.
    pub owners: Vec<OwnerChoice>,
    /// When it would be due.
    pub due: Option<When>,
    /// When the practice's own promise falls due, made now.
    pub promise_due: Option<When>,
    /// With it the visit under way has a dated step; none outside a visit.
    pub counts_for_leaving: Option<bool>,
    /// Steps that stand, whatever is due first first.
    pub steps: Vec<StepRow>,
    /// It may be kept as it is.
    pub can_save: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
    /// The command that keeps it.
    pub save: Option<Command>,
}

/// Somebody who may follow up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnerChoice {
    /// Who.
    pub user: UserId,
    /// Her name.
    pub name: String,
    /// She holds the record.
    pub holds: bool,
}

/// A step that stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepRow {
    /// Which.
    pub step: EntryId,
    /// What.
    pub what: StepKind,
    /// Who.
    pub contact_name: String,
    /// By what means.
    pub contact_channel: Channel,
    /// The number or address.
    pub contact_value: String,
    /// By when.
    pub due: When,
    /// So long past its time.
    pub late: Option<Length>,
    /// It may be said to be done.
    pub can_fulfil: bool,
    /// It may be given up.
    pub can_cancel: bool,
}

impl NextStepScreen {
    /// The form with what was typed so far.
    pub fn of(desk: &Desk<'_>, draft: &NextStepDraft) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let zone = clock(desk);
        let due = draft
            .due_local
            .and_then(|local| zone.to_ambiguous_zoned(local).compatible().ok());
        let lacking = |field| Refusal::Invalid {
            field,
            problem: Problem::Empty,
        };
        let save = draft.what.zip(due.clone()).map(|(what, due_at)| {
            Command::SetNextStep(SetNextStep {
                record: record.id,
                what,
                due_at,
                contact_name: draft.contact_name.clone(),
                contact_channel: draft.contact_channel,
                contact_value: draft.contact_value.clone(),
                partner: draft.partner.clone(),
                owner: draft.owner.clone(),
                replaces: draft.replaces,
                encounter: None,
                at: None,
            })
        });
        let mut asking = Asking::at(desk);
        let can_save = asking.may_if(
            Action::SetStep,
            save.clone(),
            lacking(if draft.what.is_none() {
                "what"
            } else {
                "due_local"
            }),
        );
        let mut steps: Vec<&Step> = record.steps.iter().filter(|s| s.is_live()).collect();
        steps.sort_by_key(|s| (s.due_at(), s.entry.id));
        let partner = draft.partner.as_ref();
        Some(Self {
            record: record.id,
            name: patient.name().map(str::to_owned),
            kinds: StepKind::ALL.to_vec(),
            partners: partners(desk, record, partner),
            contacts: partner
                .and_then(|id| desk.sheet.partner(id))
                .map(|p| p.contacts.clone())
                .unwrap_or_default(),
            owners: owners(desk, record),
            due: due.map(|at| When::zoned(&at, desk.now)),
            promise_due: partner
                .and_then(|id| desk.promise_due(id, None))
                .map(|at| When::of(at, &zone, desk.now)),
            counts_for_leaving: counts(desk, record, save.clone()),
            steps: steps.into_iter().map(|s| row(desk, record, s)).collect(),
            can_save,
            problems: asking.problems,
            save,
        })
    }
}

/// Would she leave with a dated step, if she left now?
fn counts(desk: &Desk<'_>, record: &Record, save: Option<Command>) -> Option<bool> {
    let open = record.visit_at(desk.now)?.id;
    let after = rehearse_to(save?, desk, None).ok()?;
    let after = after.into_iter().find(|d| d.id == record.id)?;
    later(desk, after, |desk| {
        if_she_left(desk, open).map(|e| e.dated_step)
    })
}

fn owners(desk: &Desk<'_>, record: &Record) -> Vec<OwnerChoice> {
    let scopes = desk.scopes();
    let mut owners: Vec<_> = desk
        .sheet
        .people
        .iter()
        .filter(|p| p.partner.is_none())
        .filter(|p| visibility::may_see(p, &scopes, DocumentKind::Record, false))
        .map(|p| OwnerChoice {
            user: p.id.clone(),
            name: p.name.clone(),
            holds: record.owners.contains(&p.id),
        })
        .collect();
    owners.sort_by(|a, b| (!a.holds, &a.name).cmp(&(!b.holds, &b.name)));
    owners
}

fn row(desk: &Desk<'_>, record: &Record, step: &Step) -> StepRow {
    let due = step.due_at();
    StepRow {
        step: step.entry.id,
        what: step.said.what,
        contact_name: step.said.contact_name.clone(),
        contact_channel: step.said.contact_channel,
        contact_value: step.said.contact_value.clone(),
        due: When::zoned(&step.said.due_at, desk.now),
        late: time::is_overdue(due, desk.now).then(|| Length::between(due, desk.now)),
        can_fulfil: would(
            desk,
            Command::FulfilNextStep(FulfilNextStep {
                record: record.id,
                step: step.entry.id,
                at: None,
            }),
        ),
        can_cancel: would(
            desk,
            Command::CancelNextStep(CancelNextStep {
                record: record.id,
                step: step.entry.id,
                reason: "-".to_owned(),
                at: None,
            }),
        ),
    }
}
