//! The rows of the first screen: who waits, what is proposed, who is designated, flags, questions and tasks.

use crate::domain::code::{FlagStatus, Stage, TaskKind};
use crate::domain::id::{DerivedId, DocumentId, EntryId};
use crate::domain::read::ReviewReading;
use crate::view::when::{Length, When};
use jiff::Timestamp;
use serde::Serialize;

/// A patient is waiting: her handoff was offered to somebody, or nobody holds it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaitingRow {
    /// The record.
    pub record: DocumentId,
    /// The offer: what taking it names; none: it was never offered, and nobody holds it.
    pub offer: Option<EntryId>,
    /// The patient's name.
    pub name: Option<String>,
    /// Who offers it, or left it without anybody.
    pub from: String,
    /// To whom; or whoever is designated there, else everybody who may.
    pub to: Vec<String>,
    /// She is there: a visit is under way.
    pub is_present: bool,
    /// It was offered to the signed-in person; else she steps in.
    pub is_to_me: bool,
    /// Since when.
    pub since: When,
    /// For how long.
    pub waits_for: Length,
    /// From then on the backup may take it.
    pub backup_from: When,
    /// One tap takes it now.
    pub can_accept: bool,
}

/// Something proposed for the signed-in person to accept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposalRow {
    /// The record.
    pub record: DocumentId,
    /// Its id: what declining it names.
    pub id: DerivedId,
    /// The entry: what accepting it names.
    pub entry: EntryId,
    /// The kind of entry.
    pub kind: String,
    /// The patient's name.
    pub name: Option<String>,
    /// Who proposes it.
    pub by: String,
    /// Since when.
    pub since: When,
}

/// Who is designated at a site today.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShiftRow {
    /// The site.
    pub site: String,
    /// Who is designated; none: nobody is, and what is new there has no owner.
    pub primary: Option<String>,
    /// Who steps in.
    pub backup: Option<String>,
    /// It is the signed-in person, as either.
    pub is_me: bool,
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
    /// The same time on the clock of the organisation.
    pub due: Option<When>,
    /// So long past its time.
    pub late: Option<Length>,
    /// Held back while two people heard different decisions.
    pub is_paused: bool,
    /// Nobody whom the sheet still knows holds it: it is everybody's.
    pub is_nobodys: bool,
}
