//! Entries as changes of an Automerge document: the only place that says `automerge`. A document is a root map
//! `entries`, begun by a constant genesis change; after it every change only puts entry texts under entry ids. So a
//! change travels as plain fields, and whoever receives it builds the change anew and compares hashes: foreign
//! Automerge bytes never reach Automerge. Knows nothing of what entries mean.

mod change;
mod chunk;
mod export;
mod kept;
mod seal;
mod tip;

pub use change::{Actor, Change, ChangeHash, LIMITS, Limits, Put, Unsound, genesis_hash};
pub use export::{ExportFailed, entries_of, export};
pub use kept::{beside, kept};
pub use seal::{Sealed, seal};
pub use tip::Tip;
