//! Booking a visit: the practice, the wall time there, how far away that is, and what is already booked. Keeps nothing by
//! itself; what it says of the draft is what the command would be told.

use super::may::{Action, Asking, Obstacle};
use super::when::{When, clock, days};
use crate::domain::code::Modality;
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Appointment, Record};
use crate::domain::id::{DocumentId, EntryId, PartnerId};
use crate::domain::organisation::Calendar;
use crate::domain::payload::AppointmentBooked;
use crate::domain::time;
use crate::refusal::{Problem, Refusal};
use crate::usecase::{BookAppointment, Command, Desk, rehearse_to};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What was chosen and typed so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppointmentDraft {
    /// With whom.
    pub partner: Option<PartnerId>,
    /// The wall time there.
    pub start_local: Option<DateTime>,
    /// Its zone; the practice's if left out.
    pub zone: Option<String>,
    /// In the hour that occurs twice: the second one.
    pub second_hour: bool,
    /// How.
    pub modality: Option<Modality>,
    /// How long.
    pub minutes: Option<u16>,
    /// With which clinician.
    pub clinician: Option<String>,
    /// Where to go.
    pub location: Option<String>,
    /// Whose place it takes.
    pub replaces: Vec<EntryId>,
    /// What stands beside it.
    pub also: Vec<EntryId>,
    /// By phone, outside any visit.
    pub outreach: bool,
    /// The proposed visit that is taken as it was proposed; what is chosen above goes before it.
    pub accepts: Option<EntryId>,
}

/// The form.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and its answer is yes or no"
)]
pub struct AppointmentForm {
    /// The record.
    pub record: DocumentId,
    /// Her name.
    pub name: Option<String>,
    /// Practices, the pinned ones first; one that declined her is said to have.
    pub partners: Vec<PartnerChoice>,
    /// How, in order.
    pub modalities: Vec<Modality>,
    /// The zone that is meant.
    pub zone: Option<String>,
    /// When it would be, there.
    pub start: Option<When>,
    /// So many days from today.
    pub days_away: Option<i32>,
    /// Whether that is long.
    pub wait: Option<Wait>,
    /// The clock shows this time twice that day: which of the two is meant has to be said.
    pub is_twice: bool,
    /// It lies before now.
    pub is_past: bool,
    /// The practice is closed then, as far as its calendar says.
    pub is_closed_then: bool,
    /// Visits that stand: each has to be replaced or kept beside.
    pub standing: Vec<StandingRow>,
    /// Visits that somebody proposed and nobody has answered.
    pub proposed: Vec<ProposedVisitRow>,
    /// The missed or cancelled one that it makes up for.
    pub makes_up_for: Option<EntryId>,
    /// It may be booked as it is.
    pub can_book: bool,
    /// It may be proposed, for somebody else to accept.
    pub can_propose: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
    /// The command that books it.
    pub book: Option<Command>,
    /// The command that proposes it.
    pub propose: Option<Command>,
}

/// A practice to choose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartnerChoice {
    /// Which.
    pub partner: PartnerId,
    /// Its name.
    pub name: String,
    /// It declined her.
    pub declined: bool,
    /// It is the one that is chosen, or offers itself.
    pub is_chosen: bool,
}

/// How far away a visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Within a week.
    WithinAWeek,
    /// More than seven days.
    OverAWeek,
    /// More than fourteen.
    OverTwoWeeks,
}

/// A visit that stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StandingRow {
    /// Which.
    pub appointment: EntryId,
    /// With whom.
    pub partner: String,
    /// When, there.
    pub when: When,
    /// How.
    pub modality: Modality,
    /// By whom.
    pub by: String,
    /// The draft takes its place.
    pub is_replaced: bool,
    /// The draft stands beside it.
    pub is_kept: bool,
}

/// A visit that is only proposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposedVisitRow {
    /// The proposal: what a draft that accepts it names.
    pub entry: EntryId,
    /// With whom.
    pub partner: String,
    /// When, there.
    pub when: Option<When>,
    /// How.
    pub modality: Modality,
    /// Who proposes it.
    pub by: String,
    /// The draft takes it.
    pub is_taken: bool,
}

impl AppointmentForm {
    /// The form with what was typed so far.
    pub fn of(desk: &Desk<'_>, draft: &AppointmentDraft) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let draft = &draft.with_proposed(record);
        let partners = partners(desk, record, draft.partner.as_ref());
        let chosen = partners
            .iter()
            .find(|p| p.is_chosen)
            .map(|p| p.partner.clone());
        let zone = draft.zone.clone().or_else(|| {
            chosen.as_ref().map(|id| {
                let partner = desk.sheet.partner(id);
                partner
                    .and_then(|p| p.zone.clone())
                    .unwrap_or_else(|| desk.sheet.zone.clone())
            })
        });
        let start = start(draft, zone.as_deref());
        let there = zone.as_deref().and_then(|z| TimeZone::get(z).ok());
        let today = desk.now.to_zoned(clock(desk)).date();
        let days_away = draft.start_local.map(|at| days(today, at.date()));
        let calendar = chosen
            .as_ref()
            .and_then(|id| desk.sheet.partner(id))
            .map(|p| p.calendar.clone());
        let command = |proposed| {
            let (partner, start_local) = chosen.clone().zip(draft.start_local)?;
            Some(Command::BookAppointment(draft.command(
                record.id,
                partner,
                start_local,
                proposed,
            )))
        };
        let lacking = || Refusal::Invalid {
            field: if chosen.is_none() {
                "partner"
            } else {
                "start_local"
            },
            problem: Problem::Empty,
        };
        let mut asking = Asking::at(desk);
        let can_book = asking.may_if(Action::Book, command(false), lacking());
        let can_propose = asking.may_if(Action::ProposeBooking, command(true), lacking());
        Some(Self {
            record: record.id,
            name: patient.name().map(str::to_owned),
            makes_up_for: makes_up_for(desk, record, command(false)),
            partners,
            modalities: Modality::ALL.to_vec(),
            start: start
                .zip(there)
                .map(|(at, zone)| When::of(at, &zone, desk.now)),
            days_away,
            wait: days_away.map(|n| match n {
                ..=7 => Wait::WithinAWeek,
                8..=14 => Wait::OverAWeek,
                _ => Wait::OverTwoWeeks,
            }),
            is_twice: is_twice(draft, zone.as_deref()),
            is_past: start.is_some_and(|at| at < desk.now),
            is_closed_then: draft
                .start_local
                .zip(calendar)
                .is_some_and(|(at, calendar)| !is_open(&calendar, at)),
            standing: record
                .appointments
                .iter()
                .filter(|a| a.is_live())
                .map(|a| standing(desk, draft, a))
                .collect(),
            proposed: proposed(record)
                .map(|(e, said)| proposed_row(desk, draft, e, said))
                .collect(),
            zone,
            can_book,
            can_propose,
            problems: asking.problems,
            book: command(false),
            propose: command(true),
        })
    }
}

impl AppointmentDraft {
    /// What was proposed stands where nothing else was chosen.
    fn with_proposed(&self, record: &Record) -> Self {
        let mut whole = self.clone();
        let taken = proposed(record).find(|(e, _)| Some(e.id) == self.accepts);
        if let Some((_, said)) = taken {
            let said = said.clone();
            whole.partner = whole.partner.or(Some(said.partner));
            if whole.start_local.is_none() {
                whole.start_local = Some(said.start_local);
                whole.zone = Some(said.zone);
                whole.second_hour = said.second_hour;
            }
            whole.modality = whole.modality.or(Some(said.modality));
            whole.minutes = whole.minutes.or(said.minutes);
            whole.clinician = whole.clinician.or(said.clinician);
            whole.location = whole.location.or(said.location);
        }
        whole
    }

    fn command(
        &self,
        record: DocumentId,
        partner: PartnerId,
        start_local: DateTime,
        proposed: bool,
    ) -> BookAppointment {
        BookAppointment {
            record,
            partner,
            start_local,
            zone: self.zone.clone(),
            second_hour: self.second_hour,
            modality: self.modality,
            booked_by: None,
            minutes: self.minutes,
            clinician: self.clinician.clone(),
            location: self.location.clone(),
            replaces: self.replaces.clone(),
            also: self.also.clone(),
            rebooks: None,
            proposed,
            accepts: self.accepts.filter(|_| !proposed),
            outreach: self.outreach,
            encounter: None,
            at: None,
        }
    }
}

/// The practices in order, and which is meant: the named one, else the last that was called, else the first that has
/// not declined her.
pub(super) fn partners(
    desk: &Desk<'_>,
    record: &Record,
    named: Option<&PartnerId>,
) -> Vec<PartnerChoice> {
    let declined = |id: &PartnerId| {
        let mut answers = record.partner_answers.iter();
        answers.any(|a| a.declined.is_some() && a.partner == *id)
    };
    let mut sorted: Vec<_> = desk.sheet.partners.iter().collect();
    sorted.sort_by_key(|p| (!p.pinned, &p.name));
    let called = record
        .attempts
        .iter()
        .rev()
        .find_map(|a| a.said.partner.as_ref())
        .filter(|id| !declined(id) && desk.sheet.partner(id).is_some());
    let chosen = named
        .or(called)
        .or_else(|| sorted.iter().map(|p| &p.id).find(|id| !declined(id)));
    sorted
        .iter()
        .map(|p| PartnerChoice {
            partner: p.id.clone(),
            name: p.name.clone(),
            declined: declined(&p.id),
            is_chosen: chosen == Some(&p.id),
        })
        .collect()
}

fn start(draft: &AppointmentDraft, zone: Option<&str>) -> Option<Timestamp> {
    let (local, zone) = draft.start_local.zip(zone)?;
    time::start(local, zone, draft.second_hour).ok()
}

fn is_twice(draft: &AppointmentDraft, zone: Option<&str>) -> bool {
    let Some((local, zone)) = draft.start_local.zip(zone) else {
        return false;
    };
    let first = time::start(local, zone, false);
    first.is_ok() && first != time::start(local, zone, true)
}

fn is_open(calendar: &Calendar, at: DateTime) -> bool {
    calendar.works_on(at.date()) && (calendar.opens..calendar.closes).contains(&at.time())
}

/// The missed or cancelled visit that the booking, once made, makes up for.
fn makes_up_for(desk: &Desk<'_>, record: &Record, book: Option<Command>) -> Option<EntryId> {
    let after = rehearse_to(book?, desk, None).ok()?;
    let after = after.iter().find(|d| d.id == record.id)?;
    let new = after
        .appointments
        .iter()
        .find(|a| record.appointment(a.id).is_none())?;
    new.said.rebooks
}

/// Proposed visits that nobody has answered.
fn proposed(record: &Record) -> impl Iterator<Item = (&Entry, &AppointmentBooked)> {
    let waiting = record.proposals.iter().filter(|p| p.answered.is_none());
    waiting.filter_map(|p| match &p.entry.body {
        Body::AppointmentBooked(said) => Some((&*p.entry, said)),
        _ => None,
    })
}

fn proposed_row(
    desk: &Desk<'_>,
    draft: &AppointmentDraft,
    entry: &Entry,
    said: &AppointmentBooked,
) -> ProposedVisitRow {
    let zone = TimeZone::get(&said.zone).unwrap_or(TimeZone::UTC);
    let start = time::start(said.start_local, &said.zone, said.second_hour).ok();
    ProposedVisitRow {
        entry: entry.id,
        partner: super::fact::practice(&said.partner, desk.sheet),
        when: start.map(|at| When::of(at, &zone, desk.now)),
        modality: said.modality,
        by: desk.sheet.name_of(&entry.by).to_owned(),
        is_taken: draft.accepts == Some(entry.id),
    }
}

fn standing(desk: &Desk<'_>, draft: &AppointmentDraft, appointment: &Appointment) -> StandingRow {
    let zone = TimeZone::get(&appointment.slot.zone).unwrap_or(TimeZone::UTC);
    StandingRow {
        appointment: appointment.id,
        partner: super::fact::practice(appointment.partner(), desk.sheet),
        when: When::of(appointment.slot.start, &zone, desk.now),
        modality: appointment.slot.modality,
        by: desk.sheet.name_of(&appointment.entry.by).to_owned(),
        is_replaced: draft.replaces.contains(&appointment.id),
        is_kept: draft.also.contains(&appointment.id),
    }
}
