//! The server: takes what devices send, decides who may see it, and shows supervisors how things stand.

pub mod admission;
pub mod clock;
pub mod dashboard;
pub mod receipt;
pub mod store;
