//! Either side is ended at every place of every verb of its store: before its commit nothing of it is there, after it
//! all of it is, and doing it again ends where it would have ended at once.

#[path = "struck/device.rs"]
mod device;
#[path = "struck/server.rs"]
mod server;
