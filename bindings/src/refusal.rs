//! Why something was not done: each variant is one thing that a shell does differently. No text of a record is in it.

use serde::Serialize;
use warmhand_core::refusal as core;
pub use warmhand_core::refusal::StorageTrouble;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum Refusal {
    /// Nobody is signed in, or she is not among the device's people: show who may sign in.
    #[error("sign in first")]
    SignedOut,
    /// The device is not enrolled, or the code was not taken: ask for a code.
    #[error("this device is not enrolled yet")]
    NotEnrolled,
    /// The server has not answered for too long: show that the device is locked, the safety panel and the form of a new
    /// handoff. What is recorded is taken as ever.
    #[error("locked: the server has not answered for too long; connect this device")]
    Locked,
    /// The device was taken out of service: say so, keep carrying, and show the safety panel and nothing else.
    #[error("this device was taken out of service; its records are at the practice")]
    Withdrawn,
    /// A rule of the event, or of the role, does not hold: say which.
    #[error("not allowed: {rule}")]
    NotAllowed {
        /// The rule, as a word (`not_agreed`).
        rule: String,
    },
    /// A field says what cannot be: mark it.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field of the command, or the argument.
        field: String,
        /// What is wrong with it, as a word (`too_long`).
        problem: String,
    },
    /// What is named is not on this device: leave the screen.
    #[error("{what} is not on this device: there is none, or it has not come yet")]
    NotHere {
        /// What.
        what: String,
    },
    /// The database cannot serve: say what to do.
    #[error("{trouble}")]
    Storage {
        /// Why.
        trouble: StorageTrouble,
    },
    /// A mistake in this software stopped the work: report it, and read again what is shown. The change is there whole
    /// or not at all, and the next call works as ever. In all other cases nothing was changed.
    #[error("something went wrong inside ({at}); look whether it was kept")]
    Internal {
        /// Where in the source.
        at: String,
    },
}

/// Why the database cannot serve.
#[uniffi::remote(Enum)]
pub enum StorageTrouble {
    /// No room; nothing was changed.
    Full,
    /// Another process holds it.
    Busy,
    /// The file is damaged, or is no encrypted Warmhand database.
    Damaged,
    /// The key is not the one that the file was made with. A file of which not one page is left whole looks the same.
    WrongKey,
    /// This build has no cipher: nothing is written in the clear where a key was given.
    CannotEncrypt,
    /// Written by a newer version: update the app.
    Newer,
    /// Cannot be read or written, or is a folder.
    Unavailable,
}

impl Refusal {
    /// An argument that does not read.
    pub(crate) fn unreadable(field: &'static str) -> Self {
        let problem = core::Problem::Unreadable;
        core::Refusal::Invalid { field, problem }.into()
    }
}

impl From<core::Refusal> for Refusal {
    fn from(refusal: core::Refusal) -> Self {
        match refusal {
            core::Refusal::SignedOut => Self::SignedOut,
            core::Refusal::NotEnrolled => Self::NotEnrolled,
            core::Refusal::Locked => Self::Locked,
            core::Refusal::Withdrawn => Self::Withdrawn,
            core::Refusal::NotAllowed(breach) => Self::NotAllowed {
                rule: word(&breach),
            },
            core::Refusal::Invalid { field, problem } => Self::Invalid {
                field: field.to_owned(),
                problem: word(&problem),
            },
            core::Refusal::NotHere(what) => Self::NotHere {
                what: what.to_owned(),
            },
            core::Refusal::Storage(trouble) => Self::Storage { trouble },
        }
    }
}

/// The stable word of a code.
pub(crate) fn word(code: &impl Serialize) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
