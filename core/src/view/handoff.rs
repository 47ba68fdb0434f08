//! One record: who she is, where it stands, what has to be said before she leaves, and what happened, with the truth
//! about where each entry is.

use super::fact;
use super::may::Obstacle;
use super::person::PersonRow;
use super::receipt::EntryState;
use super::same_person::SameAs;
use super::when::{Length, When, clock};
use crate::domain::code::{DecisionValue, Grade, LeaveCheck, Role, TaskKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Encounter, Record};
use crate::domain::id::{DerivedId, EntryId};
use crate::domain::join::Patient;
use crate::domain::read::{Lapse, Receipts, Summary, TaskReading, TaskState};
use crate::usecase::Desk;
use jiff::{Timestamp, Zoned};
use serde::Serialize;

/// The screen of one record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HandoffScreen {
    /// Everything that is read from it.
    pub summary: Summary,
    /// Who she is.
    pub person: PersonRow,
    /// Patients who may be the same person, or were said to be, with whether somebody has to look after one of theirs.
    pub same_as: Vec<SameAs>,
    /// The owners' names.
    pub owners: Vec<String>,
    /// The strip, while a visit is under way.
    pub before_leaving: Option<BeforeLeaving>,
    /// How far all of it has come: as far as that of it which is least far.
    pub state: EntryState,
    /// What happened, causes first.
    pub timeline: Vec<TimelineRow>,
    /// Everything that was to be done, open first, with what became of the rest.
    pub tasks: Vec<TaskStateRow>,
    /// What the signed-in person may do here.
    pub may: May,
    /// What stands before the rest.
    pub problems: Vec<Obstacle>,
}

/// A task with what became of it. None vanishes without a reason shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskStateRow {
    /// The task.
    pub task: DerivedId,
    /// The entry that caused it.
    pub cause: EntryId,
    /// What kind.
    pub kind: TaskKind,
    /// How it stands.
    pub state: TaskState,
    /// When it is due; none: when she is next seen.
    pub due: Option<When>,
    /// So long past its time, while it is open.
    pub late: Option<Length>,
    /// Whose it is, by name.
    pub owners: Vec<String>,
    /// With which practice.
    pub partner: Option<String>,
    /// When it was done, or was overtaken.
    pub ended: Option<When>,
    /// By which entry it was done.
    pub done_by: Option<EntryId>,
    /// Why nobody has to do it any more.
    pub lapse: Option<Lapse>,
}

/// What has to be so before she leaves. It informs and never blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four marks on a strip, each on its own"
)]
pub struct BeforeLeaving {
    /// The visit.
    pub encounter: EntryId,
    /// Somebody spoke with the practice, the patient on the line.
    pub spoke: bool,
    /// An appointment stands.
    pub appointment: bool,
    /// A dated step with a contact stands.
    pub next_step: bool,
    /// She said in this visit not today, with reason and revisit.
    pub not_today: bool,
    /// The grade if she left now.
    pub grade: Grade,
}

/// An entry on the timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineRow {
    /// The entry.
    pub entry: EntryId,
    /// When it happened, as its author says.
    pub at: Zoned,
    /// Who said it.
    pub by: String,
    /// In which role.
    pub role: Role,
    /// What kind; an unknown one was recorded by a newer version.
    pub kind: String,
    /// Does this version know the kind?
    pub is_known: bool,
    /// Where the entry is.
    pub state: EntryState,
    /// When the server had it.
    pub received_at: Option<Timestamp>,
    /// Entries that its author and theirs had not seen of each other, saying the same fact otherwise.
    pub beside: Vec<EntryId>,
}

/// What the signed-in person may do in this record now: each is a command, rehearsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one answer for each thing that a shell can offer"
)]
pub struct May {
    /// Say who she is.
    pub describe: bool,
    /// Begin a visit.
    pub start_encounter: bool,
    /// End the one under way.
    pub end_encounter: bool,
    /// Record a screen.
    pub screen: bool,
    /// Begin the handoff.
    pub identify: bool,
    /// Offer.
    pub offer: bool,
    /// Record what she decides.
    pub decide: bool,
    /// Leave something with her.
    pub give_material: bool,
    /// Confirm what may be shared.
    pub confirm_plan: bool,
    /// Contact a practice with her agreement.
    pub contact_partner: bool,
    /// Record a call with her.
    pub contact_patient: bool,
    /// Go through it with her again.
    pub read_back: bool,
    /// Note what stands in the way.
    pub barrier: bool,
    /// Set a next step.
    pub step: bool,
    /// Book.
    pub book: bool,
    /// Say that she is there, at the visit that stands first.
    pub arrive: bool,
    /// Say what became of it.
    pub outcome: bool,
    /// Write a note.
    pub note: bool,
    /// Ask somebody to take it over.
    pub offer_ownership: bool,
    /// Take it over.
    pub accept_ownership: bool,
    /// Give it up.
    pub release_ownership: bool,
    /// Settle what is left open.
    pub settle: bool,
    /// Say that one is worried.
    pub raise_safety: bool,
    /// Hand safety flags to a named person.
    pub hand_safety: bool,
    /// Resolve safety flags.
    pub resolve_safety: bool,
    /// Close the loop.
    pub close: bool,
    /// Propose to close it.
    pub propose_close: bool,
}

impl HandoffScreen {
    /// The screen of the record at hand.
    pub fn of(
        desk: &Desk<'_>,
        summary: Summary,
        receipts: &Receipts,
        same_as: Vec<SameAs>,
    ) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let (may, problems) = May::of(desk);
        let entries = record.entries().iter();
        let states = entries.map(|entry| EntryState::of(record, entry.id, receipts));
        Some(Self {
            state: states.min().unwrap_or(EntryState::OnDevice),
            person: PersonRow::of(patient),
            same_as,
            owners: names(desk, &summary.owners),
            before_leaving: before_leaving(desk, record),
            timeline: record
                .entries()
                .iter()
                .map(|e| timeline_row(desk, patient, record, e, receipts))
                .collect(),
            tasks: tasks(desk, &summary),
            summary,
            may,
            problems,
        })
    }
}

fn names(desk: &Desk<'_>, users: &[crate::domain::id::UserId]) -> Vec<String> {
    users
        .iter()
        .map(|u| desk.sheet.name_of(u).to_owned())
        .collect()
}

fn before_leaving(desk: &Desk<'_>, record: &Record) -> Option<BeforeLeaving> {
    let declined = |encounter: &Encounter| {
        let here = record.decisions.iter();
        let here = here.filter(|d| d.encounter == Some(encounter.id));
        let last = here.max_by_key(|d| (d.entry.occurred_at.timestamp(), d.entry.id));
        last.is_some_and(|d| {
            let value = d.said.value;
            matches!(value, DecisionValue::Hesitant | DecisionValue::NotToday)
        })
    };
    record.visit_at(desk.now).map(|encounter| BeforeLeaving {
        encounter: encounter.id,
        spoke: encounter.direct_contact,
        appointment: encounter.booked,
        next_step: encounter.dated_step,
        not_today: encounter.leave_check != LeaveCheck::NotApplicable && declined(encounter),
        grade: encounter.grade,
    })
}

fn timeline_row(
    desk: &Desk<'_>,
    patient: &Patient,
    record: &Record,
    entry: &Entry,
    receipts: &Receipts,
) -> TimelineRow {
    let received_at = receipts.received_at(entry.id);
    let beside = patient
        .questions(record)
        .filter(|i| i.entries.contains(&entry.id));
    TimelineRow {
        entry: entry.id,
        at: entry.occurred_at.clone(),
        by: desk.sheet.name_of(&entry.by).to_owned(),
        role: entry.role,
        kind: entry.body.kind().to_owned(),
        is_known: !matches!(entry.body, Body::Unknown(_)),
        state: EntryState::of(record, entry.id, receipts),
        received_at,
        beside: beside
            .flat_map(|i| i.entries)
            .filter(|id| *id != entry.id)
            .collect(),
    }
}

fn tasks(desk: &Desk<'_>, summary: &Summary) -> Vec<TaskStateRow> {
    let zone = clock(desk);
    let row = |task: &TaskReading| {
        let state = task.state(desk.now);
        let ended = match state {
            TaskState::Done => task.done.map(|(_, at)| at),
            TaskState::Lapsed => task.lapses_at,
            TaskState::Open | TaskState::Paused => None,
        };
        TaskStateRow {
            task: task.id,
            cause: task.cause,
            kind: task.kind,
            state,
            due: task.due_at.map(|at| When::of(at, &zone, desk.now)),
            late: task
                .due_at
                .filter(|_| task.is_overdue(desk.now))
                .map(|due| Length::between(due, desk.now)),
            owners: names(desk, &task.owners),
            partner: task
                .partner
                .as_ref()
                .map(|id| fact::practice(id, desk.sheet)),
            ended: ended.map(|at| When::of(at, &zone, desk.now)),
            done_by: task.done.map(|(entry, _)| entry),
            lapse: task.lapse.filter(|_| state == TaskState::Lapsed),
        }
    };
    let mut rows: Vec<TaskStateRow> = summary.tasks.iter().map(row).collect();
    let is_over = |row: &TaskStateRow| matches!(row.state, TaskState::Done | TaskState::Lapsed);
    rows.sort_by_key(is_over);
    rows
}
