//! The card that is turned to her and that she keeps: with whom, when, how, what if nobody calls, and whom to call
//! sooner. For her eyes: no score, no word of a condition, nothing of safety flags, of tasks or of the record.

use super::lines::{Line, lines};
use super::when::When;
use crate::domain::code::{Channel, Modality, StepKind};
use crate::domain::fold::{Appointment, Record, Step};
use crate::domain::organisation::PartnerContact;
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
    /// With whom: a person if one is named, else the practice.
    pub with: String,
    /// When, on the clock of the place.
    pub when: When,
    /// How.
    pub how: CardHow,
    /// Where to go.
    pub location: Option<String>,
    /// Whom she calls if nobody does.
    pub if_nothing_happens: Option<PartnerContact>,
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
    let visits = record
        .appointments
        .iter()
        .filter(|a| a.is_live() && a.slot.start > desk.now)
        .min_by_key(|a| (a.slot.start, a.id));
    let steps = record
        .steps
        .iter()
        .filter(|s| s.is_live())
        .min_by_key(|s| (s.due_at(), s.entry.id));
    visits
        .map(|a| visit(desk, a))
        .or_else(|| steps.map(|s| step(desk, s)))
}

fn first_number(desk: &Desk<'_>, partner: &crate::domain::id::PartnerId) -> Option<PartnerContact> {
    let contacts = &desk.sheet.partner(partner)?.contacts;
    let voice = contacts.iter().find(|c| c.channel == Channel::Voice);
    voice.cloned()
}

fn visit(desk: &Desk<'_>, appointment: &Appointment) -> CardNext {
    let zone = TimeZone::get(&appointment.slot.zone).unwrap_or(TimeZone::UTC);
    CardNext {
        with: appointment
            .said
            .clinician
            .clone()
            .unwrap_or_else(|| super::fact::practice(appointment.partner(), desk.sheet)),
        when: When::of(appointment.slot.start, &zone, desk.now),
        how: CardHow::Visit(appointment.slot.modality),
        location: appointment.said.location.clone(),
        if_nothing_happens: first_number(desk, appointment.partner()),
    }
}

fn step(desk: &Desk<'_>, step: &Step) -> CardNext {
    let said = &step.said;
    CardNext {
        with: said.contact_name.clone(),
        when: When::zoned(&said.due_at, desk.now),
        how: CardHow::Step(said.what, said.contact_channel),
        location: None,
        if_nothing_happens: Some(PartnerContact {
            name: said.contact_name.clone(),
            role: None,
            channel: said.contact_channel,
            value: said.contact_value.clone(),
        }),
    }
}
