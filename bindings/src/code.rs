//! What crosses as plain text or a number: ids as their text, instants as milliseconds since 1970, wall times and days
//! in their ISO form, and the domain's codes as their stable words.

use crate::refusal::Refusal;
pub(crate) use jiff::Timestamp;
pub(crate) use warmhand_core::domain::code::{
    AppointmentStatus, Channel, CloseReason, DecisionState, FlagStatus, Grade, LeaveCheck,
    Modality, Mode, ReviewKind, Role, SafetyReason, Setting, Stage, TaskKind,
};
pub(crate) use warmhand_core::domain::id::{
    DerivedId, DeviceId, DocumentId, EntryId, PartnerId, PatientId, SiteId, UserId,
};
pub(crate) use warmhand_core::domain::organisation::{Day, PromiseUnit};

// Names of their own where a platform has one of the same: Foundation's `Date` is none of ours.
pub(crate) type LocalDay = jiff::civil::Date;
pub(crate) type LocalTime = jiff::civil::Time;
pub(crate) type WallTime = jiff::civil::DateTime;
pub(crate) type ZonedTime = jiff::Zoned;
/// The two entries of a question.
pub(crate) type TwoEntries = [EntryId; 2];

uniffi::custom_type!(TwoEntries, Vec<EntryId>, {
    remote,
    lower: |two| two.to_vec(),
    try_lift: |entries| entries.try_into().map_err(|_| Refusal::unreadable("entries").into()),
});

// An instant: milliseconds since 1970, UTC.
uniffi::custom_type!(Timestamp, i64, {
    remote,
    lower: |at| at.as_millisecond(),
    try_lift: |ms| Timestamp::from_millisecond(ms).map_err(|_| Refusal::unreadable("now").into()),
});

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident as $field:literal),* $(,)?) => { $(
        uniffi::custom_type!($(#[$doc])* $name, String, {
            remote,
            lower: |value| value.to_string(),
            try_lift: |text| text.parse().map_err(|_| Refusal::unreadable($field).into()),
        });
    )* };
}

texts! {
    /// The id of an entry, and of what it began: a UUID.
    EntryId as "entry",
    /// The id of a record: a UUID.
    DocumentId as "record",
    /// The id of a patient: a UUID.
    PatientId as "patient",
    /// The id of a device: a UUID.
    DeviceId as "device",
    /// The id of a task or a question: a UUID.
    DerivedId as "id",
    /// A day, `2026-03-09`.
    LocalDay as "day",
    /// A wall time, `2026-03-09T09:30:00`.
    WallTime as "local",
    /// A time of day, `09:30:00`.
    LocalTime as "time",
    /// A wall time with its zone, `2026-03-09T09:30:00-04:00[America/New_York]`.
    ZonedTime as "at",
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        uniffi::custom_type!($(#[$doc])* $name, String, {
            remote,
            lower: |name| name.0,
            try_lift: |text| Ok($name(text)),
        });
    )* };
}

names! {
    /// A member of staff, as the organisation's sheet names her.
    UserId,
    /// A site, as the sheet names it.
    SiteId,
    /// A practice, as the sheet names it.
    PartnerId,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        uniffi::custom_type!($(#[$doc])* $name, String, {
            remote,
            lower: |code| crate::refusal::word(&code),
            try_lift: |word| serde_json::from_value(word.into())
                .map_err(|_| Refusal::unreadable("code").into()),
        });
    )* };
}

words! {
    /// Where an appointment stands.
    AppointmentStatus,
    /// By what means.
    Channel,
    /// Why a loop was closed.
    CloseReason,
    /// A day of the week.
    Day,
    /// Her decision as all that is known has it.
    DecisionState,
    /// Where a safety flag stands.
    FlagStatus,
    /// Grade of an encounter, `W0` to `W3`.
    Grade,
    /// What the leave-check says. It informs and never blocks.
    LeaveCheck,
    /// How a visit takes place.
    Modality,
    /// How the patient meets the practice.
    Mode,
    /// Of what a promise counts.
    PromiseUnit,
    /// What two people left for a person to decide.
    ReviewKind,
    /// A role of staff.
    Role,
    /// What a member of staff worries about.
    SafetyReason,
    /// Where an encounter takes place.
    Setting,
    /// Where a handoff stands, in one word.
    Stage,
    /// What is to be done.
    TaskKind,
}
