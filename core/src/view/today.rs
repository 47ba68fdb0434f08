//! What a person has to do: safety first, then what is overdue, then what is due, then what is to come. Nothing of her
//! caseload is ever dropped from it.

use crate::domain::code::{FlagStatus, Stage, TaskKind};
use crate::domain::id::{DerivedId, DocumentId, EntryId, UserId};
use crate::domain::organisation::Organisation;
use crate::domain::read::{ReviewReading, Summary, TaskState};
use crate::domain::time;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// The first screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TodayScreen {
    /// As of when.
    pub as_of: Timestamp,
    /// Open safety flags of everybody on this device's caseload.
    pub flags: Vec<FlagRow>,
    /// Questions that two people left.
    pub questions: Vec<QuestionRow>,
    /// Past their time, the longest first.
    pub overdue: Vec<TaskRow>,
    /// Due today, the next first.
    pub due: Vec<TaskRow>,
    /// To come; without a date last.
    pub later: Vec<TaskRow>,
}

/// An open safety flag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagRow {
    /// The record that raised it.
    pub record: DocumentId,
    /// The flag.
    pub flag: EntryId,
    /// The patient's name, as far as is known.
    pub name: Option<String>,
    /// Where it stands.
    pub status: FlagStatus,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Who raised it.
    pub raised_by: String,
    /// To whom it was handed.
    pub handed_to: Option<String>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuestionRow {
    /// The record.
    pub record: DocumentId,
    /// The patient's name.
    pub name: Option<String>,
    /// The question.
    pub question: ReviewReading,
    /// Is it for the signed-in person to settle?
    pub is_mine: bool,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskRow {
    /// The record.
    pub record: DocumentId,
    /// The task.
    pub task: DerivedId,
    /// The entry that caused it.
    pub cause: EntryId,
    /// What kind.
    pub kind: TaskKind,
    /// The patient's name.
    pub name: Option<String>,
    /// Where the handoff stands.
    pub stage: Stage,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// The practice's name.
    pub partner: Option<String>,
}

impl TodayScreen {
    /// The screen of one person over the records of her device.
    pub fn of(
        records: &[Summary],
        sheet: &Organisation,
        person: &UserId,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Self {
        let mut screen = Self {
            as_of: now,
            flags: Vec::new(),
            questions: Vec::new(),
            overdue: Vec::new(),
            due: Vec::new(),
            later: Vec::new(),
        };
        let today = time::date_in(now, zone);
        for record in records {
            screen.flags.extend(
                record
                    .flags
                    .iter()
                    .filter(|f| f.status.is_open())
                    .map(|flag| FlagRow {
                        record: record.record,
                        flag: flag.id,
                        name: record.name.clone(),
                        status: flag.status,
                        raised_at: flag.raised_at,
                        raised_by: sheet.name_of(&flag.by).to_owned(),
                        handed_to: flag.handed.as_ref().map(|(to, _)| to.clone()),
                    }),
            );
            let concerns = |q: &&ReviewReading| {
                q.is_open() && (q.owners.contains(person) || q.told.contains(person))
            };
            screen
                .questions
                .extend(
                    record
                        .review
                        .iter()
                        .filter(concerns)
                        .map(|question| QuestionRow {
                            record: record.record,
                            name: record.name.clone(),
                            question: question.clone(),
                            is_mine: question.owners.contains(person),
                        }),
                );
            for task in record
                .tasks
                .iter()
                .filter(|t| matches!(t.state(now), TaskState::Open | TaskState::Paused))
                .filter(|t| t.owners.contains(person))
            {
                let row = TaskRow {
                    record: record.record,
                    task: task.id,
                    cause: task.cause,
                    kind: task.kind,
                    name: record.name.clone(),
                    stage: record.stage,
                    due_at: task.due_at,
                    partner: task
                        .partner
                        .as_ref()
                        .and_then(|p| sheet.partner(p))
                        .map(|p| p.name.clone()),
                };
                match task.due_at.filter(|_| !task.paused) {
                    Some(due) if time::is_overdue(due, now) => screen.overdue.push(row),
                    Some(due) if time::date_in(due, zone) <= today => screen.due.push(row),
                    _ => screen.later.push(row),
                }
            }
        }
        screen.flags.sort_by_key(|f| (f.raised_at, f.flag));
        screen
            .questions
            .sort_by_key(|q| (!q.is_mine, q.question.due_at, q.question.id));
        for rows in [&mut screen.overdue, &mut screen.due, &mut screen.later] {
            rows.sort_by_key(|t| (t.due_at.is_none(), t.due_at, t.task));
        }
        screen
    }
}
