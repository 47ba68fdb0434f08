//! What is read from one record: what the record's screen is made of. The core's own records where they can cross; a
//! pair of values is taken apart.

use crate::code::{
    AppointmentStatus, CloseReason, DerivedId, DeviceId, EntryId, FlagStatus, Grade, LeaveCheck,
    LocalDay, Modality, PartnerId, ReviewKind, SafetyReason, Setting, TaskKind, Timestamp,
    TwoEntries, UserId, WallTime,
};
use warmhand_core::domain::read;
pub use warmhand_core::domain::read::{
    AppointmentReading, EncounterReading, LoopPoint, Next, NextKind, PromiseReading, ReviewReading,
};

/// A safety flag of a record.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct FlagReading {
    /// Its id.
    pub id: EntryId,
    /// About what.
    pub reason: SafetyReason,
    /// Where it stands.
    pub status: FlagStatus,
    /// Who raised it.
    pub by: UserId,
    /// On which device.
    pub device: DeviceId,
    /// When, as she says.
    pub raised_at: Timestamp,
    /// When the server knew.
    pub received_at: Option<Timestamp>,
    /// In which setting it was raised.
    pub setting: Option<Setting>,
    /// To whom it was first handed.
    pub handed_to: Option<String>,
    /// When.
    pub handed_at: Option<Timestamp>,
    /// Minutes to the first clinician: handed to, or assessing.
    pub clinician_min: Option<i64>,
    /// Who resolved it.
    pub resolved_by: Vec<UserId>,
    /// When it was first resolved.
    pub resolved_at: Option<Timestamp>,
}

/// A task of a record.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct TaskReading {
    /// Derived from kind and cause.
    pub id: DerivedId,
    /// What kind.
    pub kind: TaskKind,
    /// The entry that caused it.
    pub cause: EntryId,
    /// When it is due; none for "when she is next seen".
    pub due_at: Option<Timestamp>,
    /// Whose it is.
    pub owners: Vec<UserId>,
    /// With which practice.
    pub partner: Option<PartnerId>,
    /// By which entry it was done.
    pub done_by: Option<EntryId>,
    /// When it was done.
    pub done_at: Option<Timestamp>,
    /// When it stops making sense though nobody did it.
    pub lapses_at: Option<Timestamp>,
}

/// What comes next in a record.
#[uniffi::remote(Record)]
pub struct Next {
    /// What.
    pub kind: NextKind,
    /// When.
    pub at: Option<Timestamp>,
    /// With which practice.
    pub partner: Option<PartnerId>,
}

/// What may come next.
#[uniffi::remote(Enum)]
pub enum NextKind {
    /// A person decides between two sentences.
    Decide(ReviewKind),
    /// A visit.
    Visit,
    /// A task.
    Task(TaskKind),
}

/// What two people said two ways, for a person to settle.
#[uniffi::remote(Record)]
pub struct ReviewReading {
    /// Its id.
    pub id: DerivedId,
    /// What kind.
    pub kind: ReviewKind,
    /// The two entries.
    pub entries: TwoEntries,
    /// The entries of which one may stand.
    pub choices: Vec<EntryId>,
    /// For whom: the record's owners, else the authors.
    pub owners: Vec<UserId>,
    /// The other authors, who are told.
    pub told: Vec<UserId>,
    /// When the server had both; none while it has not.
    pub opened_at: Option<Timestamp>,
    /// The next close of business after that.
    pub due_at: Option<Timestamp>,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// The entry that stands.
    pub keep: Option<EntryId>,
}

/// An encounter.
#[uniffi::remote(Record)]
pub struct EncounterReading {
    /// Its id.
    pub id: EntryId,
    /// Where.
    pub setting: Setting,
    /// When it began.
    pub started_at: Timestamp,
    /// When she left.
    pub ended_at: Option<Timestamp>,
    /// On the local calendar.
    pub ended_on: Option<LocalDay>,
    /// Its grade.
    pub grade: Grade,
    /// What the leave-check says.
    pub leave_check: LeaveCheck,
    /// She spoke to the practice before leaving.
    pub direct_contact: bool,
    /// Entries that were written up late.
    pub late_entries: u32,
}

/// An appointment.
#[uniffi::remote(Record)]
pub struct AppointmentReading {
    /// Its id.
    pub id: EntryId,
    /// With whom.
    pub partner: PartnerId,
    /// Wall time.
    pub local: WallTime,
    /// Its zone.
    pub zone: String,
    /// The instant.
    pub start: Timestamp,
    /// How.
    pub modality: Modality,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Standing at its start, or now if that is to come.
    pub kept: bool,
    /// SEQUENCE of its calendar entry.
    pub sequence: u32,
    /// Who booked it.
    pub by: UserId,
}

/// A practice's word to call back.
#[uniffi::remote(Record)]
pub struct PromiseReading {
    /// The entry that made it.
    pub step: EntryId,
    /// Whose.
    pub partner: PartnerId,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it falls due: frozen from the agreement.
    pub due_at: Timestamp,
    /// When the practice reached her.
    pub met_at: Option<Timestamp>,
    /// When the step was fulfilled or given up otherwise.
    pub ended_at: Option<Timestamp>,
}

/// A turn of the loop.
#[uniffi::remote(Record)]
pub struct LoopPoint {
    /// Why it was closed; none where it opened again.
    pub closed: Option<CloseReason>,
    /// When; none while a receipt is missing.
    pub at: Option<Timestamp>,
}

impl From<read::FlagReading> for FlagReading {
    fn from(flag: read::FlagReading) -> Self {
        let read::FlagReading {
            id,
            reason,
            status,
            by,
            device,
            raised_at,
            received_at,
            setting,
            handed,
            clinician_min,
            resolved_by,
            resolved_at,
        } = flag;
        let (handed_to, handed_at) = handed.unzip();
        Self {
            id,
            reason,
            status,
            by,
            device,
            raised_at,
            received_at,
            setting,
            handed_to,
            handed_at,
            clinician_min,
            resolved_by,
            resolved_at,
        }
    }
}

impl From<read::TaskReading> for TaskReading {
    fn from(task: read::TaskReading) -> Self {
        let read::TaskReading {
            id,
            kind,
            cause,
            due_at,
            owners,
            partner,
            done,
            lapses_at,
        } = task;
        let (done_by, done_at) = done.unzip();
        Self {
            id,
            kind,
            cause,
            due_at,
            owners,
            partner,
            done_by,
            done_at,
            lapses_at,
        }
    }
}
