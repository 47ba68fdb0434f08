//! Warmhand for a phone: the core's `App` as one object that Swift, Kotlin and Python can hold, over an encrypted
//! database. A shell draws what the screens say, sends commands, carries bytes and keeps the key.
//!
//! Nothing is decided here. What a shell acts on (what to carry, what was made, why something was refused) is declared
//! again as the core has it, so that the core need not know of this library; where the two differ, this library does not
//! compile. Commands come in and screens go out as the JSON text of the core's own types: a screen is one value that is
//! drawn whole, and nineteen of them are some hundred nested records.

#![deny(missing_docs)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "what crosses is given away: a foreign caller lends nothing"
)]

mod app;
mod caught;
mod code;
#[cfg(feature = "fault")]
mod fault;
mod held;
mod refusal;
mod sync;

pub use app::{App, Listener, safety_panel_without_file};
pub use refusal::Refusal;
pub use sync::{Carried, Outcome, Outgoing, SyncStep, Topic};

uniffi::setup_scaffolding!();
