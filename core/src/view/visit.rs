//! The visit under way: what has to be said before she leaves, what is planned for it, and the one thing that comes
//! first. The strip informs; nothing on it stands before leaving, calling or saving.

mod strip;

pub use strip::{LeaveKind, LeaveMark, LeaveStrip};

use super::alert::{self, AlertRow};
use super::appointment_form::partners;
use super::handoff::May;
use super::may::Obstacle;
use super::same_person::SameAs;
use super::script::{self, ScriptRow};
use super::when::{Length, When, clock};
use crate::domain::code::{
    Channel, DecisionReason, DecisionState, DecisionValue, FlagStatus, LeaveCheck, ScriptStage,
    Setting, Signal, Stage, TaskKind,
};
use crate::domain::fold::{Decision, Encounter, Record};
use crate::domain::id::{DocumentId, EntryId, PartnerId};
use crate::domain::join::{Patient, Reach};
use crate::domain::payload::Revisit;
use crate::domain::read::TaskState;
use crate::usecase::Desk;
use jiff::civil::Date;
use serde::Serialize;

/// The screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VisitScreen {
    /// The record.
    pub record: DocumentId,
    /// Her name, as far as is known.
    pub name: Option<String>,
    /// Where the handoff stands.
    pub stage: Stage,
    /// The visit: the one under way, else the last; none before the first.
    pub visit: Option<VisitRow>,
    /// The check-in that was planned for now, if one is.
    pub check_in: Option<CheckIn>,
    /// The strip; none before a handoff has begun.
    pub before_leaving: Option<LeaveStrip>,
    /// What comes first.
    pub first: FirstThing,
    /// What to say to her now, in her language before any other.
    pub scripts: Vec<ScriptRow>,
    /// Her open safety flags, as a word for staff.
    pub flags: Vec<FlagStatus>,
    /// Patients who may be the same person, or were said to be, with whether somebody has to look after one of theirs.
    pub same_as: Vec<SameAs>,
    /// What has to be known though nothing is asked: a worry that was not seen when another was cleared, a referral that
    /// went before it was known that she takes her consent back.
    pub alerts: Vec<AlertRow>,
    /// To whom safety was handed.
    pub safety_handed_to: Vec<String>,
    /// How she may be reached.
    pub reach: Vec<Reach>,
    /// On which numbers she may be called; several: verify before leaving any message.
    pub numbers: Vec<String>,
    /// On which numbers she may be sent a text; several: the same.
    pub text_numbers: Vec<String>,
    /// The language that she prefers.
    pub language: Option<String>,
    /// What may be done.
    pub may: May,
    /// What stands before the rest.
    pub problems: Vec<Obstacle>,
}

/// A visit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VisitRow {
    /// The visit.
    pub encounter: EntryId,
    /// Where.
    pub setting: Setting,
    /// What signal there was.
    pub signal: Option<Signal>,
    /// Who of the staff is there, whoever began it first.
    pub staff: Vec<String>,
    /// When it began.
    pub began: When,
    /// For how long, up to its end or now.
    pub length: Length,
    /// When she left.
    pub left: Option<When>,
    /// It is under way.
    pub is_open: bool,
    /// She left without a plan and nobody said why yet: one chip is asked.
    pub asks_reason: bool,
}

/// A check-in that she was promised.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckIn {
    /// The decision that it comes from.
    pub decision: EntryId,
    /// When she was asked.
    pub asked: When,
    /// Until when it was put aside; none: until she is next seen.
    pub on: Option<Date>,
    /// It is that time.
    pub is_now: bool,
    /// What she said.
    pub value: DecisionValue,
    /// Why.
    pub reasons: Vec<DecisionReason>,
    /// In her words.
    pub words: Option<String>,
}

/// What comes first on this screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstThing {
    /// Begin the visit.
    StartVisit,
    /// Say that there is a need.
    Identify,
    /// Offer.
    Offer,
    /// Record what she says.
    Decide,
    /// Settle what two people left.
    Settle,
    /// Call the practice, with her.
    Call,
    /// Book, or set a step.
    BookOrStep,
    /// She may leave.
    Leave,
    /// Say why she left without a plan.
    GiveReason,
}

impl VisitScreen {
    /// The screen.
    pub fn of(desk: &Desk<'_>, stage: Stage, same_as: Vec<SameAs>) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let encounter = record.open_encounter().or_else(|| record.encounters.last());
        let (may, problems) = May::of(desk);
        let open: Vec<_> = patient.open_flags().collect();
        let check_in = check_in(desk, record);
        let first = first(desk, record, encounter);
        let moment = moment(record, first, check_in.as_ref());
        let partner = moment.and_then(|_| called(desk, record));
        Some(Self {
            record: record.id,
            name: patient.name().map(str::to_owned),
            stage,
            visit: encounter.map(|e| visit(desk, e)),
            check_in,
            before_leaving: encounter
                .filter(|_| record.need.is_some())
                .map(|e| strip::strip(desk, record, e)),
            first,
            scripts: moment
                .map(|stage| script::rows(desk, stage, partner.as_ref()))
                .unwrap_or_default(),
            flags: open.iter().map(|f| f.status).collect(),
            alerts: alerts(desk, record.id),
            safety_handed_to: open
                .iter()
                .filter_map(|f| f.handed.as_ref().map(|(to, _, _)| to.clone()))
                .collect(),
            reach: patient.reach.clone(),
            numbers: numbers(patient, Channel::Voice),
            text_numbers: numbers(patient, Channel::Text),
            same_as,
            language: patient.language().map(str::to_owned),
            may,
            problems,
        })
    }
}

fn numbers(patient: &Patient, channel: Channel) -> Vec<String> {
    let by_it = patient.numbers.iter().filter(|n| n.channel == channel);
    by_it.map(|n| n.number.clone()).collect()
}

fn alerts(desk: &Desk<'_>, record: DocumentId) -> Vec<AlertRow> {
    let zone = clock(desk);
    let read = desk.reading.into_iter().flat_map(|r| &r.records);
    read.filter(|summary| summary.record == record)
        .flat_map(|summary| alert::rows(summary, desk.sheet, &zone, desk.now))
        .collect()
}

fn visit(desk: &Desk<'_>, encounter: &Encounter) -> VisitRow {
    let began = &encounter.entry.occurred_at;
    let until = encounter
        .ended
        .as_ref()
        .map_or(desk.now, jiff::Zoned::timestamp);
    VisitRow {
        encounter: encounter.id,
        setting: encounter.setting,
        signal: encounter.signal,
        staff: encounter
            .staff
            .iter()
            .map(|user| desk.sheet.name_of(user).to_owned())
            .collect(),
        began: When::zoned(began, desk.now),
        length: Length::between(began.timestamp(), until),
        left: encounter
            .ended
            .as_ref()
            .map(|end| When::zoned(end, desk.now)),
        is_open: encounter.ended.is_none(),
        asks_reason: asks_reason(encounter),
    }
}

fn asks_reason(encounter: &Encounter) -> bool {
    encounter.leave_check == LeaveCheck::Fail && encounter.leave_reason.is_none()
}

/// The check-in that nobody has made yet, of several the one that is due first. Not what the latest decision by the clock
/// says: somebody may have heard "yes" without having seen this promise, and until she is asked it stands.
fn check_in(desk: &Desk<'_>, record: &Record) -> Option<CheckIn> {
    let read = desk.reading.into_iter().flat_map(|r| &r.records);
    let tasks = read
        .filter(|summary| summary.record == record.id)
        .flat_map(|summary| &summary.tasks);
    tasks
        .filter(|t| t.kind == TaskKind::Revisit && t.state(desk.now) == TaskState::Open)
        .filter_map(|t| record.decisions.iter().find(|d| d.entry.id == t.cause))
        .filter_map(|decision| planned(desk, record, decision))
        .min_by_key(|c| (!c.is_now, c.on.is_none(), c.on, c.asked.at))
}

fn planned(desk: &Desk<'_>, record: &Record, decision: &Decision) -> Option<CheckIn> {
    let said = &decision.said;
    let today = desk.now.to_zoned(clock(desk)).date();
    let on = match said.revisit.as_ref()? {
        Revisit::On(date) => Some(*date),
        Revisit::NextEncounter => None,
    };
    let began = record
        .visit_at(desk.now)
        .map(|e| e.entry.occurred_at.timestamp());
    let asked = decision.entry.occurred_at.timestamp();
    Some(CheckIn {
        decision: decision.entry.id,
        asked: When::zoned(&decision.entry.occurred_at, desk.now),
        on,
        // A visit that began after she was asked is the next one.
        is_now: on.map_or(began.is_some_and(|at| at > asked), |day| day <= today),
        value: said.value,
        reasons: said.reasons.clone(),
        words: said.words.clone(),
    })
}

/// The moment of the conversation that what comes first belongs to.
fn moment(record: &Record, first: FirstThing, check_in: Option<&CheckIn>) -> Option<ScriptStage> {
    Some(match first {
        FirstThing::Offer if check_in.is_some_and(|c| c.is_now) => ScriptStage::Revisit,
        FirstThing::Offer | FirstThing::Decide => ScriptStage::Offer,
        FirstThing::Call => ScriptStage::Sharing,
        FirstThing::BookOrStep => ScriptStage::Barriers,
        FirstThing::Leave => match record.decision {
            DecisionState::Hesitant | DecisionState::NotToday => ScriptStage::NotToday,
            DecisionState::Agreed => ScriptStage::Close,
            _ => return None,
        },
        FirstThing::StartVisit
        | FirstThing::Identify
        | FirstThing::Settle
        | FirstThing::GiveReason => return None,
    })
}

/// The practice that offers itself, as on the card of a call.
fn called(desk: &Desk<'_>, record: &Record) -> Option<PartnerId> {
    let all = partners(desk, record, None);
    all.into_iter().find(|p| p.is_chosen).map(|p| p.partner)
}

fn first(desk: &Desk<'_>, record: &Record, encounter: Option<&Encounter>) -> FirstThing {
    // One that nobody ended and that cannot go on is ended beside the next, and stands before nothing.
    let open = encounter.filter(|e| e.ended.is_none() && e.may_go_on(desk.now));
    if encounter.is_some_and(asks_reason) && open.is_none() {
        return FirstThing::GiveReason;
    }
    match (record.decision, open) {
        _ if record.need.is_none() && open.is_some() => FirstThing::Identify,
        (_, None) => FirstThing::StartVisit,
        (DecisionState::NotOffered, _) => FirstThing::Offer,
        (DecisionState::Offered, _) => FirstThing::Decide,
        (DecisionState::Disputed, _) => FirstThing::Settle,
        (DecisionState::Agreed, Some(e)) if !e.direct_contact && !e.booked && !e.dated_step => {
            FirstThing::Call
        }
        (DecisionState::Agreed, Some(e)) if !e.booked && !e.dated_step => FirstThing::BookOrStep,
        // An answer of an earlier visit is asked about again; one of this visit is not.
        (DecisionState::Hesitant | DecisionState::NotToday, Some(e))
            if !record.decisions.iter().any(|d| d.encounter == Some(e.id)) =>
        {
            FirstThing::Offer
        }
        _ => FirstThing::Leave,
    }
}

#[cfg(test)]
mod tests;
