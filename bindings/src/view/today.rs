//! What a person has to do.

use super::reading::ReviewReading;
use crate::code::{DerivedId, DocumentId, EntryId, FlagStatus, Stage, TaskKind, Timestamp};
pub use warmhand_core::view::TodayScreen;
use warmhand_core::view::{FlagRow, QuestionRow, TaskRow};

/// The first screen: safety first, then what is overdue, then what is due, then what is to come.
#[uniffi::remote(Record)]
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
#[uniffi::remote(Record)]
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

/// A question on the first screen.
#[uniffi::remote(Record)]
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

/// A task on the first screen.
#[uniffi::remote(Record)]
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
