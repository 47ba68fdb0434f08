//! What crosses as plain text or a number: ids as their text, names of the sheet as they are, instants as milliseconds
//! since 1970.

use crate::refusal::Refusal;
pub(crate) use jiff::Timestamp;
pub(crate) use warmhand_core::domain::id::{
    DerivedId, DeviceId, DocumentId, EntryId, PartnerId, PatientId, UserId,
};

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
    /// A practice, as the sheet names it.
    PartnerId,
}
