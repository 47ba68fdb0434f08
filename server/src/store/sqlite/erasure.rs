//! Somebody orders that nothing of a record be left. What it says goes from the database, and from every device at its
//! next contact, and from the boxes of wiped ones; what the log says of it (ids and hashes) stays, and the order itself,
//! also when an older image is put back. Backups and rescue files are files: whoever keeps them has to see to them.

use super::log::Row;
use super::push::opened;
use super::{StoreError, Verb, int, sound};
use crate::journal::Event;
use crate::store::ordered;
use jiff::Timestamp;
use rusqlite::params;
use std::collections::BTreeSet;
use warmhand_core::document::Change;
use warmhand_core::domain::id::{DocumentId, PatientId, UserId};

/// Whoever asks for it once more need not look for a mistake in its id.
pub(super) const ERASED: StoreError =
    StoreError::NotFound("this record is erased already: nothing of it is left here");

impl Verb<'_> {
    /// Erases a record, or everything of its patient. Returns how many documents that were.
    pub(super) fn erase(
        &self,
        record: DocumentId,
        whole_patient: bool,
        (user, why): (&UserId, &str),
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let (_, sheet) = self.sheet()?;
        ordered(&sheet, user, why)?;
        if self.is_erased(record)? {
            return Err(ERASED);
        }
        let documents = match self.document_row(record)? {
            Some((_, patient)) if whole_patient => self.everything_of(patient)?,
            None if !self.lies_aside(record)? && !self.is_boxed(record)? => {
                return Err(StoreError::NotFound("there is no such record"));
            }
            _ => BTreeSet::from([record]),
        };
        for doc in &documents {
            self.erase_document(*doc)?;
            self.note(Event::Erased(*doc), now);
            self.audit(now, user, "erased", Some(*doc), why)?;
        }
        Ok(documents.len())
    }

    /// Her documents, also those that never became records: of which all that came lies in quarantine, or in a box.
    fn everything_of(&self, patient: PatientId) -> Result<BTreeSet<DocumentId>, StoreError> {
        let documents = self.documents_of(patient)?;
        let mut all: BTreeSet<DocumentId> = documents.into_iter().map(|(doc, _)| doc).collect();
        let hers = |change: &Change| opened(change).is_some_and(|(_, whose)| whose == patient);
        let aside = self.lying_as_far("where doc not in (select id from document)", [])?;
        all.extend(
            aside
                .iter()
                .filter(|l| hers(&l.change))
                .map(|l| l.change.doc),
        );
        all.extend(self.boxed(|document| document.changes.iter().any(|p| hers(&p.change)))?);
        Ok(all)
    }

    /// Takes everything out that a document says, and writes down that it was.
    pub(super) fn erase_document(&self, doc: DocumentId) -> Result<(), StoreError> {
        let patient = self.document_row(doc)?.map(|(_, patient)| patient);
        let seq = self.append(&Row::Erased(doc))?;
        self.ahead.clear(seq);
        self.recent.erased(seq);
        let id = &doc.as_bytes()[..];
        self.change(
            "insert into erased (doc, seq, patient) values (?1, ?2, ?3)",
            params![
                id,
                int(seq)?,
                patient.map(|patient| patient.as_bytes().to_vec())
            ],
        )?;
        self.change(
            "update visibility set to_seq = ?2 where doc = ?1 and to_seq is null",
            params![id, int(seq)?],
        )?;
        for sql in [
            "delete from entry where change in (select seq from change where doc = ?1)",
            "delete from change where doc = ?1",
            "delete from quarantine where doc = ?1",
            "delete from document where id = ?1",
        ] {
            self.change(sql, [id])?;
        }
        self.empty_boxes(doc)?;
        // Through what her other documents are seen may have been said in this one alone.
        match patient {
            Some(patient) => self.place(patient, &self.viewers(&self.sheet()?.1)?, None),
            None => Ok(()),
        }
    }

    pub(super) fn is_erased(&self, doc: DocumentId) -> Result<bool, StoreError> {
        Ok(self
            .db
            .prepare_cached("select exists (select 1 from erased where doc = ?1)")?
            .query_row([&doc.as_bytes()[..]], |row| row.get(0))?)
    }

    /// The row of the last order to erase something.
    pub(super) fn last_erasure(&self) -> Result<u64, StoreError> {
        let sql = "select coalesce(max(seq), 0) from erased";
        let seq: i64 = self
            .db
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))?;
        Ok(seq.unsigned_abs())
    }

    /// What was erased in the rows (from, to] of the log, with its patient.
    pub(super) fn erased_between(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<(DocumentId, Option<PatientId>)>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select doc, patient from erased where seq > ?1 and seq <= ?2 order by seq",
        )?;
        let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = statement
            .query_map([int(from)?, int(to)?], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(doc, patient)| {
                let patient = patient.map(|id| sound(PatientId::from_bytes(&id)));
                Ok((sound(DocumentId::from_bytes(&doc))?, patient.transpose()?))
            })
            .collect()
    }
}
