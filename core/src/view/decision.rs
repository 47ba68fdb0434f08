//! The offer and what she says to it. What each answer needs is found by trying it; the words are hers, and no answer is
//! a failure.

use super::may::{Action, Asking, Obstacle};
use super::when::{When, clock};
use crate::domain::code::{DecisionReason, DecisionState, DecisionValue, Mode};
use crate::domain::guard::Breach;
use crate::domain::id::{DerivedId, DocumentId, EntryId};
use crate::domain::payload::Revisit;
use crate::refusal::Refusal;
use crate::usecase::{Command, Desk, OfferHandoff, RecordDecision, rehearse};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What was chosen and typed so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionDraft {
    /// What she says.
    pub value: Option<DecisionValue>,
    /// Why.
    pub reasons: Vec<DecisionReason>,
    /// When to come back to it.
    pub revisit: Option<Revisit>,
    /// She raised it herself.
    pub patient_initiated: bool,
    /// In her words.
    pub words: Option<String>,
    /// By phone, outside any visit.
    pub outreach: bool,
}

/// The screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionScreen {
    /// The record.
    pub record: DocumentId,
    /// Her name.
    pub name: Option<String>,
    /// The decision as all that is known has it.
    pub state: DecisionState,
    /// Two people heard it differently: the question to settle first.
    pub question: Option<DerivedId>,
    /// The offer that it answers.
    pub offer: Option<OfferRow>,
    /// How it may be offered, in order.
    pub modes: Vec<Mode>,
    /// What she may say, in order.
    pub choices: Vec<DecisionChoice>,
    /// Why, in order.
    pub reasons: Vec<DecisionReason>,
    /// Days that offer themselves for coming back to it.
    pub revisit_on: Vec<Date>,
    /// It may be offered now.
    pub can_offer: bool,
    /// What was chosen may be kept.
    pub can_save: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
    /// The command that keeps it.
    pub save: Option<Command>,
}

/// An offer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfferRow {
    /// The offer.
    pub offer: EntryId,
    /// How.
    pub mode: Mode,
    /// By whom.
    pub by: String,
    /// When.
    pub when: When,
}

/// Something that she may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionChoice {
    /// What.
    pub value: DecisionValue,
    /// It may be recorded now, once its parts are there.
    pub can: bool,
    /// A reason belongs to it, or "prefers not to say".
    pub needs_reason: bool,
    /// A time to come back to it belongs to it.
    pub needs_revisit: bool,
}

impl DecisionDraft {
    fn command(&self, record: DocumentId, value: DecisionValue) -> RecordDecision {
        RecordDecision {
            record,
            value,
            offer: None,
            reasons: self.reasons.clone(),
            patient_initiated: self.patient_initiated,
            revisit: self.revisit.clone(),
            words: self.words.clone(),
            outreach: self.outreach,
            encounter: None,
            at: None,
        }
    }
}

impl DecisionScreen {
    /// The screen with what was typed so far.
    pub fn of(desk: &Desk<'_>, draft: &DecisionDraft) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let mut asking = Asking::at(desk);
        let offer = OfferHandoff {
            record: record.id,
            mode: Mode::Phone,
            script: None,
            language: None,
            outreach: draft.outreach,
            encounter: None,
            at: None,
        };
        let can_offer = asking.may(Action::Offer, Command::OfferHandoff(offer));
        let save = draft
            .value
            .map(|value| Command::RecordDecision(draft.command(record.id, value)));
        let can_save = asking.may_if(
            Action::Save,
            save.clone(),
            Refusal::Invalid {
                field: "value",
                problem: crate::refusal::Problem::Empty,
            },
        );
        let question = record
            .review
            .iter()
            .find(|i| i.kind == crate::domain::code::ReviewKind::DecisionDisputed && i.is_open());
        Some(Self {
            record: record.id,
            name: patient.name().map(str::to_owned),
            state: record.decision,
            question: question.map(|i| i.id),
            offer: record.offers.last().map(|o| OfferRow {
                offer: o.id,
                mode: o.mode,
                by: desk.sheet.name_of(&o.by).to_owned(),
                when: When::zoned(&o.at, desk.now),
            }),
            modes: Mode::ALL.to_vec(),
            choices: DecisionValue::ALL
                .iter()
                .map(|value| choice(desk, draft, record.id, *value))
                .collect(),
            reasons: DecisionReason::ALL.to_vec(),
            revisit_on: days(desk),
            can_offer,
            can_save,
            problems: asking.problems,
            save,
        })
    }
}

/// What an answer needs: it is tried bare, and then with whatever it was found to lack.
fn choice(
    desk: &Desk<'_>,
    draft: &DecisionDraft,
    record: DocumentId,
    value: DecisionValue,
) -> DecisionChoice {
    let bare = RecordDecision {
        reasons: Vec::new(),
        revisit: None,
        ..draft.command(record, value)
    };
    let why = |command: &RecordDecision| {
        rehearse(Command::RecordDecision(command.clone()), desk, None).err()
    };
    let with_reason = RecordDecision {
        reasons: vec![DecisionReason::PrefersNotToSay],
        ..bare.clone()
    };
    let whole = RecordDecision {
        revisit: Some(Revisit::NextEncounter),
        ..with_reason.clone()
    };
    DecisionChoice {
        value,
        can: why(&whole).is_none(),
        needs_reason: why(&bare) == Some(Refusal::NotAllowed(Breach::ReasonMissing)),
        needs_revisit: why(&with_reason) == Some(Refusal::NotAllowed(Breach::RevisitMissing)),
    }
}

/// One week on, two weeks, four: on days on which the site works.
fn days(desk: &Desk<'_>) -> Vec<Date> {
    let today = desk.now.to_zoned(clock(desk)).date();
    let site = desk.record.and_then(|r| r.site.as_ref());
    let calendar = site
        .and_then(|s| desk.sheet.site(s))
        .map(|s| s.calendar.clone())
        .unwrap_or_default();
    [7, 14, 28]
        .into_iter()
        .map(|ahead: i32| {
            let day = today.saturating_add(ahead.days());
            if calendar.works_on(day) {
                day
            } else {
                calendar.business_day_after(day, 1)
            }
        })
        .collect()
}
