//! What the tests share: an organisation, and random histories of commands.

pub mod history;
pub mod ledger;
pub mod organisation;
pub mod town;
pub mod world;
