//! What waits: documents with a change that is not on the server, and when something of them falls due.

use super::{Rows, StoreError};
use crate::domain::id::{DocumentId, PatientId};
use crate::wire::{QuarantineReason, RejectReason};
use uuid::Uuid;

const NOBODY: PatientId = PatientId(Uuid::nil());

/// A document with a change that is not on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The document.
    pub doc: DocumentId,
    /// Whose.
    pub patient: PatientId,
    /// When the oldest was recorded, in milliseconds.
    pub since: i64,
    /// The server keeps work of this device and does not apply it.
    pub quarantined: bool,
    /// Why: of several reasons the one that explains the others.
    pub kept_aside_for: Option<QuarantineReason>,
    /// The server does not keep work of this device.
    pub rejected: bool,
    /// Why.
    pub rejected_for: Option<RejectReason>,
}

impl Rows<'_> {
    /// Documents with a change that is not on the server, the longest waiting first. Asks the indexes of what waits, of
    /// what is unconfirmed and of what was refused, and no other change.
    pub fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select document.id, document.patient, min(since), max(state = 'quarantined'), max(state = 'rejected'),
                        min(case when state = 'quarantined' then reason end),
                        min(case when state = 'rejected' then reason end)
                 from (select doc, recorded_at as since, state, reason from change where place in
                           (select place from change where state = 'saved' or relay = 1
                            union select place from change where confirmed = 0
                            union select place from change where state in ('quarantined', 'rejected')
                                and device = (select device from device))
                       union all select doc, since, 'remote', null from whole
                           where doc in (select id from document where confirmed <> 1)) as waits
                 join document on document.id = waits.doc
                 group by document.id order by min(since)",
        )?;
        let mut rows = statement.query([])?;
        let mut waiting = Vec::new();
        while let Some(row) = rows.next()? {
            let (doc, patient): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            waiting.push(Waiting {
                doc: DocumentId::from_bytes(&doc).ok_or(StoreError::Unreadable)?,
                // Whose it is may not read: it waits all the same.
                patient: PatientId::from_bytes(&patient).unwrap_or(NOBODY),
                since: row.get(2)?,
                quarantined: row.get(3)?,
                kept_aside_for: row.get::<_, Option<i64>>(5)?.and_then(QuarantineReason::of),
                rejected: row.get(4)?,
                rejected_for: row.get::<_, Option<i64>>(6)?.and_then(RejectReason::of),
            });
        }
        Ok(waiting)
    }

    /// When something falls due next in a record that holds unsent work.
    pub fn next_due_of_unsent(&self) -> Result<Option<i64>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select min(record_index.next_due_at) from record_index
                 where patient in (select document.patient from change join document on document.id = change.doc
                                   where change.state = 'saved' or change.relay = 1)",
        )?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}
