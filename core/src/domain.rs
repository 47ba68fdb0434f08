//! What a warm handoff is: values, entries and the rules that read them, in four pure layers: `fold` (entries of one
//! record), `join` (records of one patient), receipts, `read` (with the sheet and the time). Says neither SQL nor
//! automerge, opens nothing, reads no clock.

pub mod authority;
pub mod code;
pub mod entry;
pub mod fold;
pub mod guard;
pub mod id;
pub mod instrument;
pub mod join;
#[cfg(test)]
pub(crate) mod ledger;
pub mod organisation;
pub mod partner;
pub mod past;
pub mod payload;
pub mod read;
pub mod time;
pub mod visibility;
