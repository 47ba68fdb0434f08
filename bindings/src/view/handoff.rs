//! One record. Its summary is what the core keeps in its index; here it is laid out as a screen, field by field and
//! with none passed over in silence, so that a new one does not compile until somebody has thought of it.

use super::reading::{
    AppointmentReading, EncounterReading, FlagReading, LoopPoint, Next, PromiseReading,
    ReviewReading, TaskReading,
};
use crate::code::{
    CloseReason, DecisionState, DocumentId, EntryId, Grade, LocalDay, Mode, PatientId, Role,
    SiteId, Stage, Timestamp, UserId, ZonedTime,
};
use warmhand_core::domain::read::Summary;
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
