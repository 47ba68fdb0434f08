//! What the figures and the morning share: a server on real files behind a real socket, devices with files and kept
//! connections of their own, records in any number, and the floor that both are measured against.

pub mod burst;
pub mod county;
pub mod device;
pub mod floor;
pub mod link;
pub mod pattern;
pub mod process;
pub mod server;
pub mod stopwatch;
