//! Work that is kept and not applied, and what admission asks about it.

use super::log::Row;
use super::{StoreError, Verb, instant, sound};
use crate::admission::Elsewhere;
use crate::store::QuarantineRow;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use warmhand_core::document::{Change, ChangeHash};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId};
use warmhand_core::wire::QuarantineReason;

/// Every reason, in the numbers of the wire.
const REASONS: [QuarantineReason; 8] = [
    QuarantineReason::Access,
    QuarantineReason::Role,
    QuarantineReason::Guard,
    QuarantineReason::StandsOn,
    QuarantineReason::Reauthor,
    QuarantineReason::Revoked,
    QuarantineReason::Recovered,
    QuarantineReason::EntryId,
];

fn reason_of(number: i64) -> Result<QuarantineReason, StoreError> {
    sound(
        usize::try_from(number)
            .ok()
            .and_then(|at| REASONS.get(at))
            .copied(),
    )
}

impl Verb<'_> {
    /// Keeps a change without applying it.
    pub(super) fn set_aside(
        &self,
        change: &Change,
        hash: ChangeHash,
        reason: QuarantineReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let fields = minicbor::to_vec(change).map_err(|_| StoreError::Damaged)?;
        let number = reason as u8;
        self.append(&Row::Quarantined(change.doc, hash, number))?;
        self.change(
            "insert into quarantine (hash, doc, device, reason, fields, since)
                     values (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                &hash.0[..],
                &change.doc.as_bytes()[..],
                &change.device.as_bytes()[..],
                number,
                fields,
                now.as_millisecond(),
            ],
        )?;
        Ok(())
    }

    /// Why a hash lies in quarantine.
    pub(super) fn quarantined(
        &self,
        hash: ChangeHash,
    ) -> Result<Option<QuarantineReason>, StoreError> {
        let number: Option<i64> = self
            .db
            .prepare_cached("select reason from quarantine where hash = ?1")?
            .query_row([&hash.0[..]], |row| row.get(0))
            .optional()?;
        number.map(reason_of).transpose()
    }

    pub(super) fn quarantine_rows(&self) -> Result<Vec<QuarantineRow>, StoreError> {
        let mut statement = self
            .db
            .prepare("select doc, device, reason, since from quarantine order by since, hash")?;
        let rows: Vec<(Vec<u8>, Vec<u8>, i64, i64)> = statement
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(doc, device, reason, since)| {
                Ok(QuarantineRow {
                    doc: sound(DocumentId::from_bytes(&doc))?,
                    device: sound(DeviceId::from_bytes(&device))?,
                    reason: reason_of(reason)?,
                    since: instant(since),
                })
            })
            .collect()
    }
}

impl Elsewhere for Verb<'_> {
    type Error = StoreError;

    fn is_quarantined(&self, hash: ChangeHash) -> Result<bool, StoreError> {
        Ok(self.quarantined(hash)?.is_some())
    }

    fn entry_text(&self, id: EntryId) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select change from entry where id = ?1 limit 1")?;
        let seq: Option<i64> = statement
            .query_row([&id.as_bytes()[..]], |row| row.get(0))
            .optional()?;
        let Some(seq) = seq else { return Ok(None) };
        let rows = self.changes("seq = ?1", [seq])?;
        let mut puts = rows.into_iter().flat_map(|row| row.change.puts);
        Ok(puts.find(|put| put.id == id).map(|put| put.text))
    }
}
