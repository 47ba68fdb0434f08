//! What the tests share: an organisation, random histories of commands, a town with a server, certificates.

pub mod certificate;
pub mod history;
pub mod organisation;
pub mod town;
