//! The card in hand while a practice is called: the number, who introduces whom, and what she lets them know. Nothing
//! that she did not agree to share is on it.

#[cfg(test)]
mod tests;

use super::appointment_form::{PartnerChoice, partners};
use super::may::{Action, Asking, Obstacle};
use super::practice::{AgreementRow, CapacityRow, agreement, capacity, ordered};
use super::script::{self, ScriptRow};
use super::when::{Length, When, clock};
use crate::domain::code::{
    Channel, ContactBasis, ContactOutcome, ContactWith, NeedKind, ScriptStage, ShareChoice,
    ShareKind,
};
use crate::domain::entry::Body;
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, PartnerId};
use crate::domain::join::{Patient, Reach};
use crate::domain::organisation::{Partner, PartnerContact, Promise};
use crate::domain::partner::Practice;
use crate::domain::read::retry_due;
use crate::refusal::{Problem, Refusal};
use crate::usecase::{Command, ConfirmSharingPlan, Desk, ReadBackToHer, RecordContact};
use jiff::civil::Date;
use serde::Serialize;

/// The card.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and its answer is yes or no"
)]
pub struct CallCard {
    /// The record.
    pub record: DocumentId,
    /// Practices to choose from, and which one this card is for.
    pub partners: Vec<PartnerChoice>,
    /// The practice; none if the sheet has none.
    pub partner: Option<PartnerId>,
    /// Its name.
    pub partner_name: Option<String>,
    /// What one tap dials.
    pub dial: Option<PartnerContact>,
    /// Every contact, those to be called first.
    pub contacts: Vec<PartnerContact>,
    /// It is open now, as far as its calendar says.
    pub is_open_now: bool,
    /// When it closes next.
    pub closes: Option<When>,
    /// What it promises, or did while its agreement held.
    pub promise: Option<Promise>,
    /// What was agreed with it, and whether that holds today.
    pub agreement: Option<AgreementRow>,
    /// What was told about its room.
    pub capacity: Option<CapacityRow>,
    /// What it asks for, step by step.
    pub intake_steps: Vec<String>,
    /// Who introduces her: the signed-in person, and from where.
    pub caller: String,
    /// The site.
    pub site: Option<String>,
    /// What to say to whoever answers, in her language before any other.
    pub scripts: Vec<ScriptRow>,
    /// What she lets them know, in order; nothing while no plan is confirmed.
    pub shared: Vec<SharedPiece>,
    /// What she wants to be asked about first.
    pub ask_first: Vec<ShareKind>,
    /// A sharing plan is confirmed.
    pub plan_confirmed: bool,
    /// Two plans differ: only what both share is here.
    pub is_narrowed: bool,
    /// What came of earlier attempts with this practice, the newest first.
    pub attempts: Vec<AttemptRow>,
    /// What may come of a call, in order.
    pub outcomes: Vec<ContactOutcome>,
    /// When to try again, if nobody is reached.
    pub retry: Option<When>,
    /// The call may be made on her agreement.
    pub can_call: bool,
    /// What may be shared can be confirmed with her.
    pub can_confirm_plan: bool,
    /// It can be read back to her.
    pub can_read_back: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
}

/// A piece that she lets a practice know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedPiece {
    /// How she wants to be called.
    Name(Option<String>),
    /// On which numbers she may be called.
    Callback(Vec<String>),
    /// Her language.
    Language(Option<String>),
    /// How she may be reached.
    ContactRule(Vec<Reach>),
    /// Why, in a word; none where the word would tell more than she lets go.
    Reason(Option<NeedKind>),
    /// Her birth date.
    BornOn(Option<Date>),
    /// A piece that is told by hand and not kept on this card.
    ByHand(ShareKind),
}

/// An attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptRow {
    /// When.
    pub when: When,
    /// By whom.
    pub by: String,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// How long.
    pub length: Option<Length>,
}

impl CallCard {
    /// The card for a practice: the named one, or the one that offers itself.
    pub fn of(
        desk: &Desk<'_>,
        named: Option<&PartnerId>,
        told: impl Fn(&PartnerId) -> Option<Practice>,
    ) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let partners = partners(desk, record, named);
        let chosen = partners.iter().find(|p| p.is_chosen);
        let id = chosen.map(|p| p.partner.clone());
        let partner = id.as_ref().and_then(|id| desk.sheet.partner(id));
        let practice = id.as_ref().and_then(told);
        let contacts = partner.map(ordered).unwrap_or_default();
        let (is_open_now, closes) = partner.map_or((false, None), |p| hours(desk, p));
        let sharing = &record.sharing;
        let plan_confirmed = !sharing.plans.is_empty();
        let mut asking = Asking::at(desk);
        let call = id.clone().map(|id| call(record.id, id));
        let can_call = asking.may_if(
            Action::ContactPartner,
            call,
            Refusal::Invalid {
                field: "partner",
                problem: Problem::Empty,
            },
        );
        let can_confirm_plan = asking.may(Action::ConfirmPlan, confirm(record.id));
        let can_read_back = asking.may(Action::ReadBack, read_back(record.id));
        Some(Self {
            record: record.id,
            partner_name: partner.map(|p| p.name.clone()),
            dial: contacts
                .iter()
                .find(|c| c.channel == Channel::Voice)
                .cloned(),
            contacts,
            is_open_now,
            closes,
            promise: partner.and_then(|p| p.promise),
            agreement: partner.and_then(|p| {
                let zone = desk.sheet.partner_zone(&p.id);
                agreement(p, desk.now.to_zoned(zone).date())
            }),
            capacity: practice
                .as_ref()
                .and_then(|p| capacity(p, desk.sheet, desk.now)),
            intake_steps: partner.map(|p| p.intake_steps.clone()).unwrap_or_default(),
            caller: desk.person.name.clone(),
            site: record
                .site
                .as_ref()
                .and_then(|s| desk.sheet.site(s))
                .map(|s| s.name.clone()),
            scripts: script::rows(desk, ScriptStage::Intake, id.as_ref()),
            shared: sharing
                .shared
                .iter()
                .filter(|_| plan_confirmed)
                .map(|kind| piece(desk, patient, record, id.as_ref(), *kind))
                .collect(),
            ask_first: ask_first(record),
            plan_confirmed,
            is_narrowed: sharing.narrowed,
            attempts: id
                .as_ref()
                .map(|id| attempts(desk, record, id))
                .unwrap_or_default(),
            outcomes: ContactOutcome::ALL.to_vec(),
            retry: partner.map(|_| retry(desk, record)),
            partners,
            partner: id,
            can_call,
            can_confirm_plan,
            can_read_back,
            problems: asking.problems,
        })
    }
}

fn hours(desk: &Desk<'_>, partner: &Partner) -> (bool, Option<When>) {
    let zone = desk.sheet.partner_zone(&partner.id);
    let local = desk.now.to_zoned(zone.clone());
    let calendar = &partner.calendar;
    let open = calendar.works_on(local.date())
        && (calendar.opens..calendar.closes).contains(&local.time());
    let closes = calendar.next_closing(desk.now, &zone);
    (open, Some(When::of(closes, &zone, desk.now)))
}

/// When the task is due that a missed call leaves: we call again, so our own working days count.
fn retry(desk: &Desk<'_>, record: &Record) -> When {
    let due = retry_due(record, desk.sheet, desk.now);
    When::of(due, &clock(desk), desk.now)
}

fn call(record: DocumentId, partner: PartnerId) -> Command {
    Command::RecordContact(RecordContact {
        record,
        with: ContactWith::Partner,
        direction: None,
        channel: None,
        outcome: ContactOutcome::SpokeDirectly,
        basis: Some(ContactBasis::Agreed),
        partner: Some(partner),
        contact_name: None,
        ended_at: None,
        patient_on_line: true,
        introduced_by_name: false,
        context_given: false,
        retry_at: None,
        reason: None,
        encounter: None,
        at: None,
    })
}

fn confirm(record: DocumentId) -> Command {
    Command::ConfirmSharingPlan(ConfirmSharingPlan {
        record,
        items: Vec::new(),
        encounter: None,
        at: None,
    })
}

fn read_back(record: DocumentId) -> Command {
    Command::ReadBackToHer(ReadBackToHer {
        record,
        verified_by: None,
        corrections: Vec::new(),
        encounter: None,
        at: None,
    })
}

fn piece(
    desk: &Desk<'_>,
    patient: &Patient,
    record: &Record,
    partner: Option<&PartnerId>,
    kind: ShareKind,
) -> SharedPiece {
    match kind {
        ShareKind::Name => SharedPiece::Name(patient.name().map(str::to_owned)),
        ShareKind::Callback => {
            let to_call = patient.numbers_to_call();
            SharedPiece::Callback(to_call.map(|n| n.number.clone()).collect())
        }
        ShareKind::Language => SharedPiece::Language(patient.language().map(str::to_owned)),
        ShareKind::ContactRule => SharedPiece::ContactRule(patient.reach.clone()),
        ShareKind::Reason => SharedPiece::Reason(reason(desk, record, partner)),
        ShareKind::BornOn => SharedPiece::BornOn(patient.born_on()),
        other => SharedPiece::ByHand(other),
    }
}

/// The need, unless it tells a piece that she withholds, or of substances without a consent that lets this practice know.
fn reason(desk: &Desk<'_>, record: &Record, partner: Option<&PartnerId>) -> Option<NeedKind> {
    let need = record.need.as_ref().map(|(_, n)| n.need)?;
    let Some(tells) = need.tells() else {
        return Some(need);
    };
    let on = desk.now.to_zoned(clock(desk)).date();
    let consented = tells != ShareKind::AlcoholDrug
        || partner.is_some_and(|partner| {
            let mut consents = record.consents.iter();
            consents.any(|c| c.said.kind.covers_substance_use() && c.covers(partner, on))
        });
    (record.sharing.shared.contains(&tells) && consented).then_some(need)
}

fn ask_first(record: &Record) -> Vec<ShareKind> {
    let mut asked: Vec<ShareKind> = record
        .sharing
        .plans
        .iter()
        .filter_map(|id| record.past.get(*id))
        .flat_map(|e| match &e.body {
            Body::SharingPlanConfirmed(p) => p.items.clone(),
            _ => Vec::new(),
        })
        .filter(|item| item.choice == ShareChoice::AskFirst)
        .map(|item| item.kind)
        .collect();
    asked.sort_unstable();
    asked.dedup();
    asked
}

fn attempts(desk: &Desk<'_>, record: &Record, partner: &PartnerId) -> Vec<AttemptRow> {
    let mut rows: Vec<AttemptRow> = record
        .attempts
        .iter()
        .filter(|a| a.said.partner.as_ref() == Some(partner))
        .map(|a| AttemptRow {
            when: When::zoned(&a.entry.occurred_at, desk.now),
            by: desk.sheet.name_of(&a.entry.by).to_owned(),
            outcome: a.said.outcome,
            length: a
                .said
                .ended_at
                .as_ref()
                .map(|end| Length::between(a.entry.occurred_at.timestamp(), end.timestamp())),
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.when.at));
    rows
}
