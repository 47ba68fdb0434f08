//! What the tests share: an organisation, random histories of commands, a town with a server, certificates, a
//! simulator of everything that goes wrong, and what it takes to measure.

pub mod bomb;
pub mod certificate;
pub mod cli;
pub mod history;
pub mod ledger;
pub mod load;
pub mod mutant;
pub mod organisation;
pub mod simulator;
pub mod struck;
pub mod town;
pub mod victim;
pub mod visit;
pub mod world;
