//! Screens, one file a screen as in the core: everything that a shell draws, and nothing for it to compute.

mod directory;
mod handoff;
mod patients;
mod reading;
mod sync_status;
mod today;

pub use directory::DirectoryScreen;
pub use handoff::HandoffScreen;
pub use patients::PatientsScreen;
pub use sync_status::SyncStatusScreen;
pub use today::TodayScreen;
