//! Warmhand for a phone: the core's `App` as one object that Swift, Kotlin and Python can hold, over an encrypted
//! database. A shell draws what the screens say, sends commands, carries bytes and keeps the key.
//!
//! Nothing is decided here. Records and enums are declared again as the core has them, so that the core need not know
//! of this library; where the two differ, this library does not compile. A code of the domain (a stage, a role, a kind
//! of task) crosses as its stable word, the one that entries are stored with.

#![deny(missing_docs)]

mod app;
mod caught;
mod code;
#[cfg(feature = "fault")]
mod fault;
mod held;
mod refusal;
mod sync;
mod view;

pub use app::{App, Listener};
pub use refusal::Refusal;
pub use sync::{Carried, Outcome, Outgoing, SyncStep, Topic};
pub use view::{DirectoryScreen, HandoffScreen, PatientsScreen, SyncStatusScreen, TodayScreen};

uniffi::setup_scaffolding!();
