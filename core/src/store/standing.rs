//! How it stands with a change: all that is asked when the server speaks of one. What is in the change is not read, so
//! that the server's word is taken also of one that does not read any more.

use super::{ChangeState, Rows, StoreError, StoredChange};
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;

/// A change that lies by itself, without what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "columns of a row")]
pub struct Standing {
    /// Its hash.
    pub hash: ChangeHash,
    /// Its document.
    pub doc: DocumentId,
    /// It was written on this device.
    pub own: bool,
    /// What became of it.
    pub state: ChangeState,
    /// What the server said of it is good for the log that the server has now.
    pub confirmed: bool,
    /// It is to be sent, for the first time or because the server has lost it.
    pub waits: bool,
    /// The server once said that it has it.
    pub is_receipted: bool,
}

impl Standing {
    /// Of a change that was read.
    pub fn of(stored: &StoredChange, own: bool) -> Self {
        Self {
            hash: stored.hash,
            doc: stored.change.doc,
            own,
            state: stored.state,
            confirmed: stored.confirmed,
            waits: stored.state == ChangeState::Saved || stored.relay,
            is_receipted: stored.receipt.is_some(),
        }
    }
}

impl Rows<'_> {
    /// How it stands with a change that lies by itself.
    pub fn standing(&self, hash: ChangeHash) -> Result<Option<Standing>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select doc, device = (select device from device), state, confirmed, state = 'saved' or relay = 1,
                     mac is not null
                 from change where hash = ?1",
        )?;
        let mut rows = statement.query([&hash.0[..]])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let doc: Vec<u8> = row.get(0)?;
        let state: String = row.get(2)?;
        Ok(Some(Standing {
            hash,
            doc: DocumentId::from_bytes(&doc).ok_or(StoreError::Unreadable)?,
            own: row.get(1)?,
            state: ChangeState::read(&state)?,
            confirmed: row.get(3)?,
            waits: row.get(4)?,
            is_receipted: row.get(5)?,
        }))
    }
}
