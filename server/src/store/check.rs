//! A check of everything that a database holds, in parts: what was found so far and where to go on. Knows no backend.

use super::sqlite::Link;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};

/// What a check of the whole database found.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is the answer to a question of its own"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The bytes of every change are what its fields make, and have its hash; the log says the same of it.
    pub changes: bool,
    /// The log is dense, every link of its chain holds, and every change that it tells of is here.
    pub log: bool,
    /// Who sees what, as kept, is who sees what, as defined, now and where it began.
    pub visibility: bool,
    /// Every entry reads, every record folds, and what pages are shown is what reading it again gives.
    pub records: bool,
    /// Every document, packed as devices get it and saved as an Automerge document, is what its changes say.
    pub documents: bool,
    /// The first row of the audit that is missing or not what was written; none: every link of its chain holds.
    pub audit_breaks_at: Option<u64>,
    /// The journal reads, and every revocation in it is in the database.
    pub journal: bool,
}

impl Verified {
    /// Nothing to complain of.
    pub const SOUND: Self = Self {
        changes: true,
        log: true,
        visibility: true,
        records: true,
        documents: true,
        audit_breaks_at: None,
        journal: true,
    };

    /// Each part in words, and whether it is sound.
    pub fn parts(&self) -> [(&'static str, bool); 7] {
        [
            (
                "changes: bytes, fields and hashes agree, and the log says the same of each",
                self.changes,
            ),
            (
                "log: dense, every link of its chain holds, and every change that it tells of is here",
                self.log,
            ),
            (
                "visibility: as the definition says, now and where it began",
                self.visibility,
            ),
            (
                "records: every entry reads, every record folds",
                self.records,
            ),
            (
                "documents: packed, and as Automerge documents, they are what is stored",
                self.documents,
            ),
            (
                "audit: every row is there, and every link of its chain holds",
                self.audit_breaks_at.is_none(),
            ),
            (
                "journal: reads, and every revocation in it is in the database",
                self.journal,
            ),
        ]
    }
}

/// Where a check goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Changes after this row.
    Changes(u64),
    /// The log after this row, whose link is this.
    Log(u64, [u8; 32]),
    /// Documents after this one, as this device sees them; or the device after it.
    Visibility(Option<DeviceId>, Option<DocumentId>),
    /// Patients after this one.
    Records(Option<PatientId>),
    /// The audit after this row, whose link is this.
    Audit(u64, Link),
    /// The journal.
    Journal,
    /// Nothing is left.
    Done,
}

/// A check under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Found so far: what was not looked at yet counts as sound.
    pub found: Verified,
    pub(crate) next: Next,
}

impl Default for Check {
    fn default() -> Self {
        Self {
            found: Verified::SOUND,
            next: Next::Changes(0),
        }
    }
}

impl Check {
    /// Was everything looked at?
    pub fn is_done(&self) -> bool {
        self.next == Next::Done
    }
}
