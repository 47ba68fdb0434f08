//! Screens: one file a screen, everything that a shell draws and nothing for it to compute. Ordered, grouped, with
//! codes for words; no English but content. Reads nothing itself: `app` hands in what it loaded.

mod directory;
mod handoff;
mod patients;
mod sync_status;
mod today;

pub use directory::{DirectoryScreen, PartnerCard};
pub use handoff::{BeforeLeaving, EntryState, HandoffScreen, May, TimelineRow};
pub use patients::{PatientRow, PatientsScreen};
pub use sync_status::{Help, SyncState, SyncStatusScreen, UnsentRow};
pub use today::{FlagRow, QuestionRow, TaskRow, TodayScreen};
