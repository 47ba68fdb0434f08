//! Accepted changes and quarantine, read and written as rows.

use super::erasure::ERASED;
use super::log::Row;
use super::{StoreError, Verb, instant, int, sound};
use crate::admission::{Document, Held};
use crate::store::Folder;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use std::sync::Arc;
use warmhand_core::document::{Change, ChangeHash, Sealed, beside, kept};
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::read::{ReceiptTimes, Receipts};
use warmhand_core::wire::Receipt;

/// An accepted change as it lies here.
#[derive(Clone, Debug)]
pub(super) struct ChangeRow {
    pub seq: u64,
    pub hash: ChangeHash,
    pub change: Change,
    pub times: ReceiptTimes,
}

/// What [`change_row`] reads.
pub(super) const COLUMNS: &str =
    "change.seq, change.hash, change.fields, change.bytes, change.received_at, change.offset_ms";

/// One change.
pub(super) fn change_row(row: &rusqlite::Row<'_>) -> Result<ChangeRow, StoreError> {
    let seq: i64 = row.get(0)?;
    let bytes = |at: usize| {
        row.get_ref(at)?
            .as_blob()
            .map_err(|_| StoreError::Unreadable)
    };
    Ok(ChangeRow {
        seq: seq.unsigned_abs(),
        hash: sound(ChangeHash::from_bytes(bytes(1)?))?,
        change: sound(kept(bytes(2)?, bytes(3)?))?,
        times: ReceiptTimes {
            received_at: instant(row.get(4)?),
            offset_ms: row.get(5)?,
        },
    })
}

impl Verb<'_> {
    /// Changes by a condition, in log order: causes first.
    pub(super) fn changes(
        &self,
        condition: &str,
        args: impl rusqlite::Params,
    ) -> Result<Vec<ChangeRow>, StoreError> {
        let mut statement = self.db.prepare_cached(&format!(
            "select {COLUMNS} from change where {condition} order by seq"
        ))?;
        let mut rows = statement.query(args)?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            changes.push(change_row(row)?);
        }
        Ok(changes)
    }

    /// The receipt of an accepted change.
    pub(super) fn receipt_of(&self, held: &Held) -> Receipt {
        self.signed(&held.change, held.hash, held.times)
    }

    pub(super) fn receipt(&self, row: &ChangeRow) -> Receipt {
        self.signed(&row.change, row.hash, row.times)
    }

    fn signed(&self, change: &Change, hash: ChangeHash, times: ReceiptTimes) -> Receipt {
        self.keys
            .sign(change, hash, times.received_at, times.offset_ms)
    }

    /// The receipt of a change that is accepted in this document; none if it is not.
    pub(super) fn receipt_in(
        &self,
        doc: DocumentId,
        hash: ChangeHash,
    ) -> Result<Option<Receipt>, StoreError> {
        let named = params![&doc.as_bytes()[..], &hash.0[..]];
        let row = self.changes("doc = ?1 and hash = ?2", named)?.pop();
        Ok(row.map(|row| self.receipt(&row)))
    }

    /// A document as admission sees it.
    pub(super) fn document(&self, id: DocumentId) -> Result<Document, StoreError> {
        self.document_until(id, i64::MAX)
    }

    /// A document as far as the server had it by a time.
    fn document_until(&self, id: DocumentId, until: i64) -> Result<Document, StoreError> {
        let held = self
            .changes(
                "doc = ?1 and received_at <= ?2",
                params![&id.as_bytes()[..], until],
            )?
            .into_iter()
            .map(|row| {
                let entries = row
                    .change
                    .puts
                    .iter()
                    .filter_map(|p| Entry::parse(&p.text).ok())
                    .map(Arc::new)
                    .collect();
                Held {
                    hash: row.hash,
                    change: row.change,
                    entries,
                    times: row.times,
                }
            })
            .collect();
        Ok(Document::new(id, held))
    }

    /// Kind and patient of a document.
    pub(super) fn document_row(
        &self,
        id: DocumentId,
    ) -> Result<Option<(DocumentKind, PatientId)>, StoreError> {
        let row: Option<(String, Vec<u8>)> = self
            .db
            .prepare_cached("select kind, patient from document where id = ?1")?
            .query_row([&id.as_bytes()[..]], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(kind, patient)| {
            let kind = DocumentKind::ALL
                .iter()
                .find(|k| k.as_str() == kind)
                .copied();
            Ok((sound(kind)?, sound(PatientId::from_bytes(&patient))?))
        })
        .transpose()
    }

    pub(super) fn documents_of(
        &self,
        patient: PatientId,
    ) -> Result<Vec<(DocumentId, DocumentKind)>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select id, kind from document where patient = ?1 order by id")?;
        let rows: Vec<(Vec<u8>, String)> = statement
            .query_map([&patient.as_bytes()[..]], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(id, kind)| {
                let kind = DocumentKind::ALL
                    .iter()
                    .find(|k| k.as_str() == kind)
                    .copied();
                Ok((sound(DocumentId::from_bytes(&id))?, sound(kind)?))
            })
            .collect()
    }

    pub(super) fn patients(&self) -> Result<Vec<PatientId>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select distinct patient from document order by patient")?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| sound(PatientId::from_bytes(id)))
            .collect()
    }

    /// A patient with her records; with a time, only what the server had by then.
    pub(super) fn folder(
        &self,
        patient: PatientId,
        as_known_at: Option<Timestamp>,
    ) -> Result<Folder, StoreError> {
        let until = as_known_at.map_or(i64::MAX, Timestamp::as_millisecond);
        let mut records = Vec::new();
        for (id, kind) in self.documents_of(patient)? {
            if kind != DocumentKind::Partner {
                records.push(self.document_until(id, until)?);
            }
        }
        Ok(folder(patient, &records))
    }

    pub(super) fn record_bytes(&self, record: DocumentId) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select bytes from change where doc = ?1 order by seq")?;
        let bytes: Vec<Vec<u8>> = statement
            .query_map([&record.as_bytes()[..]], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if bytes.is_empty() && self.is_erased(record)? {
            Err(ERASED)
        } else if bytes.is_empty() {
            Err(StoreError::NotFound("there is no such record"))
        } else {
            Ok(bytes)
        }
    }

    /// Adds a document, before its first change.
    pub(super) fn begin_document(
        &self,
        doc: DocumentId,
        kind: DocumentKind,
        patient: PatientId,
    ) -> Result<(), StoreError> {
        self.change(
            "insert into document (id, kind, patient) values (?1, ?2, ?3)",
            params![&doc.as_bytes()[..], kind.as_str(), &patient.as_bytes()[..]],
        )?;
        Ok(())
    }

    /// Adds an accepted change: its log row, then itself under the row's number.
    pub(super) fn accept(
        &self,
        sealed: &Sealed,
        received_at: Timestamp,
        offset_ms: i64,
    ) -> Result<Receipt, StoreError> {
        let change = &sealed.change;
        let at = received_at.as_millisecond();
        let row = Row::Change(
            change.doc,
            sealed.hash,
            change.device,
            change.user.clone(),
            at,
            offset_ms,
        );
        let seq = self.append(&row)?;
        let fields = sound(beside(sealed))?;
        self.change(
            "insert into change (seq, hash, doc, user, fields, bytes, received_at, offset_ms)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                int(seq)?,
                &sealed.hash.0[..],
                &change.doc.as_bytes()[..],
                change.user.as_str(),
                fields,
                sealed.bytes,
                at,
                offset_ms,
            ],
        )?;
        for put in &change.puts {
            self.change(
                "insert into entry (id, change) values (?1, ?2)",
                params![&put.id.as_bytes()[..], int(seq)?],
            )?;
        }
        Ok(self.keys.sign(change, sealed.hash, received_at, offset_ms))
    }
}

/// The records of a patient, folded and joined.
pub(super) fn folder<'a>(
    patient: PatientId,
    documents: impl IntoIterator<Item = &'a Document>,
) -> Folder {
    let (mut all, mut receipts) = (Vec::new(), Receipts::default());
    for document in documents {
        if document.held.is_empty() {
            continue;
        }
        let folded = document.record();
        // When answers arrived is asked by nobody.
        for held in document.held.iter().filter(|_| !folded.is_of_answers()) {
            for entry in &held.entries {
                receipts.note(entry.id, held.times);
            }
        }
        all.push(folded.clone());
    }
    Folder {
        patient: Patient::of(patient, all),
        receipts,
    }
}
