//! Why a command changed nothing. Each variant is one thing that a shell does differently; no texts from records.

use crate::domain::guard::Breach;
use serde::Serialize;

/// A refused command, or a store that cannot serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum Refusal {
    /// Nobody is signed in, or she is not among the device's people.
    #[error("sign in first")]
    SignedOut,
    /// The device is not enrolled yet.
    #[error("this device is not enrolled yet")]
    NotEnrolled,
    /// The server has not answered for longer than the organisation allows: nothing of patients is shown. What is
    /// recorded is taken as ever, and any answer of the server ends it.
    #[error("locked: the server has not answered for too long; connect this device")]
    Locked,
    /// The device was taken out of service; what it held is at the practice, or on its way there.
    #[error("this device was taken out of service; its records are at the practice")]
    Withdrawn,
    /// A rule of the event, or of the role, does not hold.
    #[error("not allowed: {0}")]
    NotAllowed(Breach),
    /// A field says what cannot be.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field of the command.
        field: &'static str,
        /// What is wrong with it.
        problem: Problem,
    },
    /// What the command names is not on this device.
    #[error("{0} is not on this device: there is none, or it has not come yet")]
    NotHere(&'static str),
    /// The store cannot serve; nothing was changed.
    #[error("{0}")]
    Storage(StorageTrouble),
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Nothing in it.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed.
    #[error("is too long")]
    TooLong,
    /// Outside its range.
    #[error("is out of range")]
    OutOfRange,
    /// No such zone.
    #[error("is no time zone")]
    NoSuchZone,
    /// The clock skips this time on that day.
    #[error("does not exist on that day: the clocks go forward over it")]
    InGap,
    /// The sheet does not know it.
    #[error("is not in the organisation's sheet")]
    Unknown,
    /// Whoever this is may not see the record: it would reach nobody.
    #[error("may not see this record; choose somebody who works where she is seen")]
    CannotSee,
    /// More than one thing fits.
    #[error("fits more than one; say which")]
    Ambiguous,
    /// The number of items is not the instrument's.
    #[error("does not have the instrument's number of items")]
    ItemCount,
    /// Control characters, or not text.
    #[error("holds characters that are no text")]
    NotText,
    /// Not of the documented form.
    #[error("cannot be read")]
    Unreadable,
    /// A key of another length.
    #[error("must be 32 bytes")]
    KeyLength,
}

/// Why the store cannot serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum StorageTrouble {
    /// No room; nothing was changed.
    #[error("the device has no room left; free some space and try again, nothing was lost")]
    Full,
    /// Another process holds it.
    #[error("the database is in use by another process; close it and try again")]
    Busy,
    /// The file is damaged or no database.
    #[error(
        "the database file is damaged or is no Warmhand database; keep it and ask for help before doing anything else"
    )]
    Damaged,
    /// The key is not the one that the file was made with; or nothing of the file is left as it was.
    #[error(
        "the key does not open this database; keep the file and the key, and ask for help before doing anything else"
    )]
    WrongKey,
    /// This build has no cipher: nothing is written in the clear where a key was given.
    #[error("this build cannot encrypt; nothing was written")]
    CannotEncrypt,
    /// Written by a newer version.
    #[error("the database was written by a newer version; update the app")]
    Newer,
    /// Cannot be read or written.
    #[error("the database cannot be opened or written")]
    Unavailable,
}
