//! Index rows: every record of a patient as a summary, computed by the fold in the transaction that changes one of her
//! documents. Lists read these; a summary can be made anew from the changes at any time.

use super::change::live;
use super::{Rows, StoreError, Write};
use crate::domain::code::DocumentKind;
use crate::domain::entry::Entry;
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, PartnerId, PatientId};
use crate::domain::join::Patient;
use crate::domain::organisation::Organisation;
use crate::domain::partner::Practice;
use crate::domain::read::{ReceiptTimes, Receipts, Summary, read};
use jiff::Timestamp;
use rusqlite::params;
use std::sync::Arc;

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
    /// The server does not keep work of this device.
    pub rejected: bool,
}

impl Rows<'_> {
    /// A document folded, with the receipts of its entries. Receipts that are not confirmed count for nothing.
    pub fn record(&self, doc: DocumentId) -> Result<(Record, Receipts), StoreError> {
        let changes = self.document(doc)?;
        let (mut entries, mut receipts) = (Vec::new(), Receipts::default());
        for stored in live(&changes) {
            for put in &stored.change.puts {
                // Kept as it is, and read by nobody: no entry, or one that lies under another's id.
                let Some(entry) = Entry::parse(&put.text)
                    .ok()
                    .filter(|entry| entry.id == put.id)
                else {
                    continue;
                };
                if let Some(receipt) = stored.standing_receipt()
                    && let Ok(received_at) = Timestamp::from_millisecond(receipt.received_at)
                {
                    receipts.0.insert(
                        entry.id,
                        ReceiptTimes {
                            received_at,
                            offset_ms: receipt.offset_ms,
                        },
                    );
                }
                entries.push(Arc::new(entry));
            }
        }
        Ok((Record::of(doc, &entries), receipts))
    }

    /// A patient with all her records that this device shows.
    pub fn patient(&self, patient: PatientId) -> Result<(Patient, Receipts), StoreError> {
        let (mut records, mut receipts) = (Vec::new(), Receipts::default());
        for doc in self.documents_of(patient, DocumentKind::Record)? {
            let (record, more) = self.record(doc)?;
            receipts.0.extend(more.0);
            records.push(record);
        }
        Ok((Patient::of(patient, records), receipts))
    }

    /// A practice, as far as people were told: its documents, folded.
    pub fn practice(&self, partner: &PartnerId) -> Result<Practice, StoreError> {
        let home = PatientId::of_practice(partner);
        let documents = self
            .documents_of(home, DocumentKind::Partner)?
            .into_iter()
            .map(|doc| self.record(doc).map(|(record, _)| record))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Practice::of(partner.clone(), &documents))
    }

    /// All summaries as they read now, whatever is due first first. One that time has overtaken is read anew.
    pub fn summaries(
        &self,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<Vec<Summary>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select summary from record_index order by next_due_at is null, next_due_at, record",
        )?;
        let texts: Vec<String> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        texts
            .iter()
            .map(|text| {
                let summary: Summary =
                    serde_json::from_str(text).map_err(|_| StoreError::DAMAGED)?;
                let Some(patient) = summary.patient.filter(|_| !summary.is_good(now)) else {
                    return Ok(summary);
                };
                let (joined, receipts) = self.patient(patient)?;
                let fresh = read(&joined, &receipts, sheet, now).records;
                Ok(fresh
                    .into_iter()
                    .find(|r| r.record == summary.record)
                    .unwrap_or(summary))
            })
            .collect()
    }

    /// Patients with a document here.
    pub fn patients(&self) -> Result<Vec<PatientId>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("select distinct patient from document where hidden = 0")?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| PatientId::from_bytes(id).ok_or(StoreError::DAMAGED))
            .collect()
    }

    /// Documents with a change that is not on the server, the longest waiting first.
    pub fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select document.id, document.patient, min(recorded_at), max(state = 'quarantined'), max(state = 'rejected')
                 from change join document on document.id = change.doc
                 where state = 'saved' or confirmed = 0
                    or (state in ('quarantined', 'rejected') and change.device = (select device from device))
                 group by document.id order by min(recorded_at)",
        )?;
        let mut rows = statement.query([])?;
        let mut waiting = Vec::new();
        while let Some(row) = rows.next()? {
            let (doc, patient): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            waiting.push(Waiting {
                doc: DocumentId::from_bytes(&doc).ok_or(StoreError::DAMAGED)?,
                patient: PatientId::from_bytes(&patient).ok_or(StoreError::DAMAGED)?,
                since: row.get(2)?,
                quarantined: row.get(3)?,
                rejected: row.get(4)?,
            });
        }
        Ok(waiting)
    }
}

impl Write<'_> {
    /// Makes the index rows of a patient anew.
    pub fn index(
        &mut self,
        patient: PatientId,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (joined, receipts) = self.patient(patient)?;
        let reading = read(&joined, &receipts, sheet, now);
        self.step("index")?;
        self.db
            .prepare_cached("delete from record_index where patient = ?1")?
            .execute([&patient.as_bytes()[..]])?;
        for summary in &reading.records {
            self.step("index_row")?;
            let text = serde_json::to_string(summary).map_err(|_| StoreError::DAMAGED)?;
            self.db
                .prepare_cached(
                    "insert or replace into record_index (record, patient, next_due_at, summary) values (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    &summary.record.as_bytes()[..], &patient.as_bytes()[..],
                    summary.next_due_at.map(Timestamp::as_millisecond), text,
                ])?;
        }
        Ok(())
    }
}

impl Rows<'_> {
    /// When something falls due next in a record that holds unsent work.
    pub fn next_due_of_unsent(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.0.query_row(
            "select min(record_index.next_due_at) from record_index
                 where patient in (select document.patient from change join document on document.id = change.doc
                                   where change.state = 'saved' or change.relay = 1)",
            [],
            |row| row.get(0),
        )?)
    }
}
