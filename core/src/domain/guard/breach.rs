//! The names of the rules. A refusal names one; it says nothing of what is in the record.

use serde::Serialize;

/// The rule that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Breach {
    /// Not in her role, or she is not in the sheet.
    #[error("your role does not include this, or it needs a clinician's licence")]
    Role,
    /// It is said to have happened later than it was written down.
    #[error("this lies in the future: record it once it has happened")]
    InTheFuture,
    /// The record is already opened.
    #[error("the record is already opened")]
    AlreadyOpened,
    /// The record has not been opened.
    #[error("the record is not opened")]
    NotOpened,
    /// A description without any field.
    #[error("say at least one thing")]
    NothingSaid,
    /// No such encounter in this record.
    #[error("there is no such visit")]
    NoSuchEncounter,
    /// The encounter has ended already.
    #[error("the visit has ended already")]
    EncounterOver,
    /// She left with a plan: no reason is asked.
    #[error("she left with a plan; no reason is asked")]
    LeftWithPlan,
    /// It would end before it began.
    #[error("the visit would end before it began")]
    EndsBeforeStart,
    /// The handoff has begun already.
    #[error("the handoff has already begun")]
    AlreadyIdentified,
    /// There is no handoff yet.
    #[error("nobody has identified a need yet")]
    NotIdentified,
    /// She said no in this encounter; it is not offered again unless she asks.
    #[error("she decided in this visit; it is not offered again unless she asks")]
    AskedAgain,
    /// A decision without an offer.
    #[error("nothing was offered yet")]
    NotOffered,
    /// Hesitant or not today without a reason.
    #[error("a reason is needed, or \"prefers not to say\"")]
    ReasonMissing,
    /// Hesitant or not today without a revisit.
    #[error("say when to come back to it")]
    RevisitMissing,
    /// Contact or booking while two people heard different decisions.
    #[error(
        "she has not agreed beyond doubt: two people heard different decisions, settle that first"
    )]
    Disputed,
    /// An emergency without a word about it.
    #[error("say why it is an emergency")]
    EmergencyUnsaid,
    /// Contact or booking without her agreement.
    #[error("she has not agreed")]
    NotAgreed,
    /// A contact with a practice that is not named.
    #[error("name the practice")]
    PartnerMissing,
    /// A next step without a date, or without a contact.
    #[error("a next step needs a date and a named contact with a number or address")]
    StepIncomplete,
    /// No such step.
    #[error("there is no such step")]
    NoSuchStep,
    /// No such appointment.
    #[error("there is no such appointment")]
    NoSuchAppointment,
    /// The appointment is over, cancelled or superseded.
    #[error("the appointment no longer stands, or is over: book another")]
    AppointmentOver,
    /// A live appointment is neither replaced nor kept beside.
    #[error("another appointment stands: say whether this one replaces it")]
    LiveAppointment,
    /// Booked again what was neither missed nor called off, or at another practice.
    #[error("only a visit that was missed or called off is booked again, at the same practice")]
    NotToRebook,
    /// The wall time is no time in that zone.
    #[error("the time does not exist in that zone")]
    NoSuchTime,
    /// An outcome before the appointment.
    #[error("the appointment has not begun yet")]
    TooEarly,
    /// No flag is named, or one that is not of this record.
    #[error("name the flags")]
    FlagsUnnamed,
    /// A hand-over without a name, or a resolution without a note.
    #[error("a name or a note is needed")]
    TextMissing,
    /// A flag is open.
    #[error("a safety flag is open")]
    OpenFlag,
    /// A review item is open.
    #[error("something is left for a person to decide")]
    OpenReview,
    /// An appointment is still to come.
    #[error("an appointment is still to come")]
    FutureAppointment,
    /// Only a supervisor closes as unreachable.
    #[error("only a supervisor closes a loop as unreachable")]
    SupervisorOnly,
    /// The item is not one of this record, or the entry is none of its choices.
    #[error("there is no such question left to settle")]
    NoSuchItem,
    /// What it names is not in this record.
    #[error("what this refers to is not in the record")]
    Dangling,
    /// Ownership is taken by somebody to whom it was not offered, before the time is up.
    #[error("it was offered to somebody else, who still has time to answer")]
    OfferedToAnother,
    /// She has no role at the site.
    #[error("you do not work at this site")]
    OffSite,
    /// Ownership is given up by somebody who does not hold it.
    #[error("you do not hold this handoff")]
    NotOwner,
    /// A person whom the sheet does not know.
    #[error("the organisation does not know this person")]
    NoSuchPerson,
    /// Scores that are no score of the instrument.
    #[error("the scores do not fit the instrument")]
    ScoreUnfit,
    /// No such screen, or no version of one.
    #[error("there is no such screen")]
    NoSuchScreen,
    /// No such barrier.
    #[error("there is no such barrier")]
    NoSuchBarrier,
    /// A plan that says nothing, or one thing two ways.
    #[error("the sharing plan says nothing, or one thing twice")]
    PlanUnclear,
    /// Sending without a confirmed plan.
    #[error("no sharing plan is confirmed")]
    NoPlan,
    /// Sending what the plan does not let go.
    #[error("the sharing plan does not let this go")]
    NotOnPlan,
    /// Sending what needs a consent without one that holds.
    #[error("this needs a consent, and none holds for this practice")]
    ConsentMissing,
    /// A written consent without its fields.
    #[error("a written consent needs all its fields")]
    ConsentIncomplete,
    /// Said to be sent from where nothing can be sent.
    #[error(
        "there is no data in this visit: queue the referral, call the practice or set a dated step"
    )]
    NoData,
    /// No such consent.
    #[error("there is no such consent")]
    NoSuchConsent,
    /// No such queued referral, or it is sent already.
    #[error("there is no such referral waiting to be sent")]
    NoSuchReferral,
    /// A practice answers what was never sent, and nobody relays it.
    #[error("nothing was sent to this practice; say who was told by phone")]
    NothingSent,
    /// No proposal of this kind to accept.
    #[error("there is no such proposal")]
    NoSuchProposal,
    /// One patient twice, or two that are not the record's.
    #[error("name two patients, one of them of this record")]
    NotTwoPatients,
    /// A tick on something that this record does not ask for.
    #[error("there is no such task")]
    NoSuchTask,
    /// A tick on a task that is somebody else's.
    #[error("this task is somebody else's: its owner, a coordinator or a supervisor ticks it")]
    NotYourTask,
    /// Not the author within a day, and no supervisor.
    #[error("only its author within a day, or a supervisor, may say that it was an error")]
    NotYours,
    /// What began a document, or raised a flag.
    #[error(
        "this cannot be taken back: a record stays opened, and of what raised a safety flag a licensed clinician alone says that it was an error"
    )]
    NotVoidable,
    /// It has no effect any more.
    #[error("it was said to be an error already")]
    VoidedAlready,
}
