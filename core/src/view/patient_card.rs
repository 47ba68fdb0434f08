//! The card that is turned to her and that she keeps: with whom, when, how, what if nobody calls, and whom to call
//! sooner. For her eyes, and for those of whoever lives with her: no score, no word of a condition, nothing of safety flags,
//! of tasks or of the record, and no name of a house that she did not allow.

use super::lines::{Line, lines};
use super::script::may_name_house;
use super::when::When;
use crate::domain::code::{Channel, DecisionState, Modality, StepKind, TaskKind};
use crate::domain::fold::{Appointment, Record, Step};
use crate::domain::id::PartnerId;
use crate::domain::organisation::PartnerContact;
use crate::domain::read::{TaskReading, TaskState};
use crate::usecase::Desk;
use jiff::tz::TimeZone;
use serde::Serialize;

/// The card.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PatientCard {
    /// How she wants to be called.
    pub name: Option<String>,
    /// The language in which it is shown first.
    pub language: Option<String>,
    /// What comes next for her; none: nothing is agreed.
    pub next: Option<CardNext>,
    /// Whom to call sooner, in order.
    pub lines: Vec<Line>,
}

/// What comes next for her.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardNext {
    /// With whom: a person if one is named, else the practice; none where that would name a house and she did not allow it.
    pub with: Option<String>,
    /// When, on the clock of the place.
    pub when: When,
    /// How.
    pub how: CardHow,
    /// Where to go; none where that might name a house and she did not allow it.
    pub location: Option<String>,
    /// Whom she calls if nobody does.
    pub if_nothing_happens: Option<CardContact>,
}

/// Whom she calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CardContact {
    /// Who answers; none where the name might be that of a house and she did not allow it.
    pub name: Option<String>,
    /// What she does there.
    pub role: Option<String>,
    /// By what means.
    pub channel: Channel,
    /// The number or address.
    pub value: String,
}

/// How she meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CardHow {
    /// A visit.
    Visit(Modality),
    /// A step by this means.
    Step(StepKind, Channel),
}

impl PatientCard {
    /// The card of the record at hand.
    pub fn of(desk: &Desk<'_>) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        Some(Self {
            name: patient.name().map(str::to_owned),
            language: patient.language().map(str::to_owned),
            next: next(desk, record),
            // The clinicians' own numbers are not for her card.
            lines: lines(None),
        })
    }
}

fn next(desk: &Desk<'_>, record: &Record) -> Option<CardNext> {
    let named = desk.patient.is_some_and(may_name_house);
    let visits = record
        .appointments
        .iter()
        .filter(|a| a.is_live() && a.slot.start > desk.now)
        .min_by_key(|a| (a.slot.start, a.id));
    let steps = record
        .steps
        .iter()
        .filter(|s| s.is_live() && is_meant(desk, record, s))
        .min_by_key(|s| (s.due_at(), s.entry.id));
    visits
        .map(|a| visit(desk, a, named))
        .or_else(|| steps.map(|s| step(desk, s, named)))
}

/// Will somebody still do it? A call that was made already, or that the practice declined, or that she wished to stop, is
/// on nobody's list any more: the card promises what is. A practice that has promised calls although our side holds back.
fn is_meant(desk: &Desk<'_>, record: &Record, step: &Step) -> bool {
    let mut read = desk.reading.into_iter().flat_map(|r| &r.records);
    let Some(summary) = read.find(|r| r.record == record.id) else {
        return false;
    };
    let id = step.entry.id;
    let mut promises = summary.promises.iter();
    let promise = promises.find(|p| p.step == id || p.covers.contains(&id));
    let its_own = |t: &&TaskReading| {
        t.cause == id && matches!(t.kind, TaskKind::NextStep | TaskKind::PromiseMissed)
    };
    let of_practice = |t: &&TaskReading| {
        t.kind == TaskKind::PromiseMissed && promise.is_some_and(|p| p.step == t.cause)
    };
    let mut tasks = summary
        .tasks
        .iter()
        .filter(|t| its_own(t) || of_practice(t));
    let stopped = matches!(
        record.decision,
        DecisionState::Withdrew | DecisionState::DoNotAskAgain
    );
    let stands = |t: &TaskReading| match t.state(desk.now) {
        TaskState::Open => true,
        TaskState::Paused => t.kind == TaskKind::PromiseMissed && !stopped,
        TaskState::Done | TaskState::Lapsed => false,
    };
    let runs = promise.is_none_or(|p| p.met_at.is_none() && p.ended_at.is_none());
    runs && tasks.clone().next().is_some() && tasks.all(stands)
}

fn first_number(desk: &Desk<'_>, partner: &PartnerId) -> Option<PartnerContact> {
    let contacts = &desk.sheet.partner(partner)?.contacts;
    let voice = contacts.iter().find(|c| c.channel == Channel::Voice);
    voice.cloned()
}

/// Whom she calls. A number names nobody; the words beside it, and an address, may.
fn contact(whom: PartnerContact, named: bool) -> Option<CardContact> {
    let is_number = matches!(whom.channel, Channel::Voice | Channel::Text);
    (named || is_number).then_some(CardContact {
        name: Some(whom.name).filter(|_| named),
        role: whom.role.filter(|_| named),
        channel: whom.channel,
        value: whom.value,
    })
}

fn visit(desk: &Desk<'_>, appointment: &Appointment, named: bool) -> CardNext {
    let zone = TimeZone::get(&appointment.slot.zone).unwrap_or(TimeZone::UTC);
    let practice = || super::fact::practice(appointment.partner(), desk.sheet);
    let clinician = appointment.said.clinician.clone();
    let number = first_number(desk, appointment.partner());
    CardNext {
        with: clinician.or_else(|| named.then(practice)),
        when: When::of(appointment.slot.start, &zone, desk.now),
        how: CardHow::Visit(appointment.slot.modality),
        location: appointment.said.location.clone().filter(|_| named),
        if_nothing_happens: number.and_then(|number| contact(number, named)),
    }
}

fn step(desk: &Desk<'_>, step: &Step, named: bool) -> CardNext {
    let said = &step.said;
    let whom = PartnerContact {
        name: said.contact_name.clone(),
        role: None,
        channel: said.contact_channel,
        value: said.contact_value.clone(),
    };
    CardNext {
        with: named.then(|| said.contact_name.clone()),
        when: When::zoned(&said.due_at, desk.now),
        how: CardHow::Step(said.what, said.contact_channel),
        location: None,
        if_nothing_happens: contact(whom, named),
    }
}

#[cfg(test)]
mod tests;
