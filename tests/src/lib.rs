//! What the tests share: an organisation, random histories of commands, and what it takes to measure.

pub mod history;
pub mod ledger;
pub mod load;
pub mod organisation;
pub mod town;
pub mod world;
