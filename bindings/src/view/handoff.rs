//! One record. Its summary is what the core keeps in its index; here it is laid out as a screen, field by field and
//! with none passed over in silence, so that a new one does not compile until somebody has thought of it.

use crate::code::{
    AppointmentStatus, CloseReason, DecisionState, DerivedId, DeviceId, DocumentId, EntryId,
    FlagStatus, Grade, LeaveCheck, LocalDay, Modality, Mode, PartnerId, PatientId, ReviewKind,
    Role, SafetyReason, Setting, SiteId, Stage, TaskKind, Timestamp, UserId, WallTime, ZonedTime,
};
use warmhand_core::domain::read::{
    self, AppointmentReading, EncounterReading, LoopPoint, Next, NextKind, PromiseReading,
    ReviewReading, Summary,
};
use warmhand_core::view::{self, BeforeLeaving, EntryState, May, TimelineRow};

/// The screen of one record.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct HandoffScreen {
    /// The record.
    pub record: DocumentId,
    /// Whose.
    pub patient: Option<PatientId>,
    /// How she wants to be called.
    pub name: Option<String>,
    /// Where it was opened.
    pub site: Option<SiteId>,
    /// Where it stands, in one word.
    pub stage: Stage,
    /// Why it is closed, while it is.
    pub closed: Option<CloseReason>,
    /// Who looks after it, by name.
    pub owners: Vec<String>,
    /// When the need was identified; none: no handoff in this record.
    pub identified_at: Option<Timestamp>,
    /// By whom.
    pub identified_by: Option<UserId>,
    /// On the local calendar.
    pub identified_on: Option<LocalDay>,
    /// When it was first offered.
    pub offered_at: Option<Timestamp>,
    /// When she first agreed.
    pub agreed_at: Option<Timestamp>,
    /// The decision as all that is known has it.
    pub decision: DecisionState,
    /// As the first offer meant it.
    pub mode_intended: Option<Mode>,
    /// As it came.
    pub mode_achieved: Option<Mode>,
    /// The best of its encounters.
    pub grade: Option<Grade>,
    /// What comes next.
    pub next: Option<Next>,
    /// When it is due.
    pub next_due_at: Option<Timestamp>,
    /// The strip, while a visit is under way.
    pub before_leaving: Option<BeforeLeaving>,
    /// What the signed-in person may do here.
    pub may: May,
    /// The patient's safety flags that were raised in this record.
    pub flags: Vec<FlagReading>,
    /// Its questions.
    pub questions: Vec<ReviewReading>,
    /// Its tasks.
    pub tasks: Vec<TaskReading>,
    /// Its encounters.
    pub encounters: Vec<EncounterReading>,
    /// Its appointments.
    pub appointments: Vec<AppointmentReading>,
    /// Its promises.
    pub promises: Vec<PromiseReading>,
    /// Turns of the loop, from its first closing on.
    pub loop_history: Vec<LoopPoint>,
    /// What happened, causes first.
    pub timeline: Vec<TimelineRow>,
    /// Minutes from the need to the patient speaking with a practice.
    pub identify_to_contact_min: Option<i64>,
    /// Days from agreement to the first kept appointment.
    pub days_to_appt: Option<i64>,
    /// Days from the first offer to it.
    pub days_from_offer: Option<i64>,
    /// Days from agreement to the first visit attended.
    pub days_to_attended: Option<i64>,
    /// Not today at first, agreed later.
    pub converted: bool,
    /// When the server had its newest entry.
    pub received_at: Option<Timestamp>,
    /// Entries that came more than 24 h after they were recorded.
    pub arrived_late: u32,
    /// Entries written by a newer version.
    pub unknown: u32,
}

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

/// What has to be so before she leaves. It informs and never blocks.
#[uniffi::remote(Record)]
pub struct BeforeLeaving {
    /// The visit.
    pub encounter: EntryId,
    /// Somebody spoke with the practice, the patient on the line.
    pub spoke: bool,
    /// An appointment stands.
    pub appointment: bool,
    /// A dated step with a contact stands.
    pub next_step: bool,
    /// She said not today, with reason and revisit.
    pub not_today: bool,
    /// The grade if she left now.
    pub grade: Grade,
}

/// What the signed-in person may do in this record.
#[uniffi::remote(Record)]
pub struct May {
    /// Begin the handoff.
    pub identify: bool,
    /// Offer.
    pub offer: bool,
    /// Contact a practice with her agreement.
    pub contact_partner: bool,
    /// Book.
    pub book: bool,
    /// Settle what is left open.
    pub settle: bool,
    /// Resolve safety flags.
    pub resolve_safety: bool,
    /// Close the loop.
    pub close: bool,
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

/// An entry on the timeline.
#[uniffi::remote(Record)]
pub struct TimelineRow {
    /// The entry.
    pub entry: EntryId,
    /// When it happened, as its author says.
    pub at: ZonedTime,
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

/// Where an entry is.
#[uniffi::remote(Enum)]
pub enum EntryState {
    /// On this device alone.
    OnDevice,
    /// On the server.
    OnServer,
}

impl From<view::HandoffScreen> for HandoffScreen {
    fn from(screen: view::HandoffScreen) -> Self {
        let view::HandoffScreen {
            summary,
            owners,
            before_leaving,
            timeline,
            may,
        } = screen;
        let Summary {
            record,
            patient,
            name,
            site,
            stage,
            closed,
            owners: _, // Shown by name.
            identified,
            identified_on,
            offered_at,
            agreed_at,
            decision,
            mode_intended,
            mode_achieved,
            grade,
            encounters,
            appointments,
            promises,
            tasks,
            review: questions,
            flags,
            loop_history,
            calls: _, // What the directory counts.
            next,
            next_due_at,
            identify_to_contact_min,
            days_to_appt,
            days_from_offer,
            days_to_attended,
            converted,
            good_until: _, // For the index.
            received_at,
            arrived_late,
            unknown,
        } = summary;
        let (identified_at, identified_by) = identified.unzip();
        Self {
            record,
            patient,
            name,
            site,
            stage,
            closed,
            owners,
            identified_at,
            identified_by,
            identified_on,
            offered_at,
            agreed_at,
            decision,
            mode_intended,
            mode_achieved,
            grade,
            next,
            next_due_at,
            before_leaving,
            may,
            flags: flags.into_iter().map(FlagReading::from).collect(),
            questions,
            tasks: tasks.into_iter().map(TaskReading::from).collect(),
            encounters,
            appointments,
            promises,
            loop_history,
            timeline,
            identify_to_contact_min,
            days_to_appt,
            days_from_offer,
            days_to_attended,
            converted,
            received_at,
            arrived_late,
            unknown,
        }
    }
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
