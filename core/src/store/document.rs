//! Documents: whose they are, which are shown, which could not be applied, and the end of those that are no longer for
//! this device. What lies in them is in their changes.

use super::{Rows, StoreError, Write};
use crate::domain::code::DocumentKind;
use crate::domain::id::{DocumentId, PatientId};
use rusqlite::{OptionalExtension, params};

/// A document has room for so many changes; far fewer fit under its limit of bytes.
pub(super) const ROOM: i64 = 1 << 20;

/// So many of these places are for what lay whole and was opened.
pub(super) const OPENED: i64 = ROOM / 2;

/// A document that does not apply is fetched anew this often; then it waits for a newer version, or for a person.
const MOST_TRIES: u32 = 3;

impl Rows<'_> {
    /// Kind, patient and whether it is hidden.
    pub fn document_row(
        &self,
        doc: DocumentId,
    ) -> Result<Option<(DocumentKind, PatientId, bool)>, StoreError> {
        let row: Option<(String, Vec<u8>, bool)> = self
            .0
            .prepare_cached("select kind, patient, hidden from document where id = ?1")?
            .query_row([&doc.as_bytes()[..]], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        row.map(|(kind, patient, hidden)| {
            let kind = DocumentKind::ALL
                .iter()
                .find(|k| k.as_str() == kind)
                .ok_or(StoreError::Unreadable)?;
            Ok((
                *kind,
                PatientId::from_bytes(&patient).ok_or(StoreError::Unreadable)?,
                hidden,
            ))
        })
        .transpose()
    }

    /// The first and the last place of a document's changes.
    pub(super) fn places(&self, doc: DocumentId) -> Result<Option<(i64, i64)>, StoreError> {
        let home: Option<i64> = self
            .0
            .prepare_cached("select home from document where id = ?1")?
            .query_row([&doc.as_bytes()[..]], |row| row.get(0))
            .optional()?;
        Ok(home.map(|home| (home, home + ROOM - 1)))
    }

    /// The documents of a patient that are shown, of one kind.
    pub fn documents_of(
        &self,
        patient: PatientId,
        kind: DocumentKind,
    ) -> Result<Vec<DocumentId>, StoreError> {
        self.document_ids(
            "select id from document where patient = ?1 and kind = ?2 and hidden = 0 order by id",
            params![&patient.as_bytes()[..], kind.as_str()],
        )
    }

    /// A patient's documents that are shown, whatever their kind; a practice's are nobody's.
    pub(super) fn documents_of_patient(
        &self,
        patient: PatientId,
    ) -> Result<Vec<DocumentId>, StoreError> {
        self.document_ids(
            "select id from document where patient = ?1 and kind <> ?2 and hidden = 0 order by id",
            params![&patient.as_bytes()[..], DocumentKind::Partner.as_str()],
        )
    }

    /// Documents that are no longer shown and not yet wiped.
    pub fn hidden(&self) -> Result<Vec<DocumentId>, StoreError> {
        self.document_ids("select id from document where hidden = 1", [])
    }

    /// Documents that could not be applied, with the reason, and whether they are asked for again.
    pub fn refetches(&self) -> Result<Vec<(DocumentId, String, bool)>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("select doc, reason, tries < ?1 from refetch order by doc")?;
        let rows: Vec<(Vec<u8>, String, bool)> = statement
            .query_map([MOST_TRIES], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(doc, why, again)| {
                Ok((
                    DocumentId::from_bytes(&doc).ok_or(StoreError::Unreadable)?,
                    why,
                    again,
                ))
            })
            .collect()
    }

    pub(crate) fn document_ids(
        &self,
        sql: &str,
        args: impl rusqlite::Params,
    ) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let ids: Vec<Vec<u8>> = statement
            .query_map(args, |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| DocumentId::from_bytes(id).ok_or(StoreError::Unreadable))
            .collect()
    }
}

impl Write<'_> {
    /// Notes a document; one that is known and hidden is shown again.
    pub fn save_document(
        &mut self,
        doc: DocumentId,
        kind: DocumentKind,
        patient: PatientId,
    ) -> Result<(), StoreError> {
        self.change(
            "insert into document (id, home, kind, patient)
                 values (?1, (select coalesce(max(home) + ?4, 0) from document), ?2, ?3)
                 on conflict (id) do update set hidden = 0, fresh = 1 where hidden = 1 or fresh = 0",
            params![
                &doc.as_bytes()[..],
                kind.as_str(),
                &patient.as_bytes()[..],
                ROOM
            ],
        )?;
        Ok(())
    }

    /// A document came and was applied whole.
    pub fn save_delivered(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        self.show(doc)?;
        self.change("delete from refetch where doc = ?1", [&doc.as_bytes()[..]])?;
        Ok(())
    }

    /// A document came and could not be applied: what applied stays, the rest is asked for again some times, if asking
    /// can help this version at all.
    pub fn save_refetch(
        &mut self,
        doc: DocumentId,
        why: &str,
        again: bool,
    ) -> Result<(), StoreError> {
        self.show(doc)?;
        self.change(
            "insert into refetch (doc, reason, tries) values (?1, ?2, ?3)
                 on conflict (doc) do update set reason = ?2",
            params![&doc.as_bytes()[..], why, if again { 0 } else { MOST_TRIES }],
        )?;
        Ok(())
    }

    /// A document came: it is this device's to show.
    pub fn show(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        self.change(
            "update document set fresh = 1, hidden = 0 where id = ?1 and (fresh = 0 or hidden = 1)",
            [&doc.as_bytes()[..]],
        )?;
        Ok(())
    }

    /// Before every visible document is fetched anew: which of them came is noted from here on.
    pub fn begin_refill(&mut self) -> Result<(), StoreError> {
        self.change("update document set fresh = 0", [])?;
        self.change("update refetch set tries = tries + 1", [])?;
        Ok(())
    }

    /// Afterwards: what did not come, and holds nothing that waits to be sent, is no longer for this device; what does not
    /// read may hold such. Returns the patients whose reading changes by it.
    pub fn end_refill(&mut self) -> Result<Vec<PatientId>, StoreError> {
        // What waits is few: it is looked through by its own index.
        const GONE: &str = "fresh = 0 and hidden = 0 and confirmed <> 2
            and id not in (select doc from change where state = 'saved' or relay = 1)";
        let ids: Vec<Vec<u8>> = self
            .db
            .prepare(&format!(
                "select distinct patient from document where {GONE}"
            ))?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.change(&format!("update document set hidden = 1 where {GONE}"), [])?;
        Ok(ids
            .iter()
            .filter_map(|id| PatientId::from_bytes(id))
            .collect())
    }

    /// Stops showing a document.
    pub fn hide(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        self.change(
            "update document set hidden = 1 where id = ?1",
            [&doc.as_bytes()[..]],
        )?;
        Ok(())
    }

    /// Somebody ordered that nothing of it be left: whatever became of its changes, sent or not.
    pub fn erase(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        self.overwriting(|write| write.delete_all_of(doc))
    }

    /// What is deleted meanwhile is overwritten in the file.
    pub(super) fn overwriting(
        &mut self,
        delete: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.db.pragma_update(None, "secure_delete", true)?;
        let deleted = delete(self);
        self.db.pragma_update(None, "secure_delete", false)?;
        deleted
    }

    fn delete_all_of(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        if let Some((from, to)) = self.places(doc)? {
            self.change(
                "delete from change where place between ?1 and ?2",
                [from, to],
            )?;
        }
        for sql in [
            "delete from actor where doc = ?1",
            "delete from refetch where doc = ?1",
            "delete from whole where doc = ?1",
            "delete from document where id = ?1",
            "delete from record_index where record = ?1",
            "delete from record_summary where record = ?1",
            "delete from concern where record = ?1",
        ] {
            self.change(sql, [&doc.as_bytes()[..]])?;
        }
        Ok(())
    }

    /// Wipes a hidden document, once the server holds every change of it, accepted or in quarantine. What the server
    /// refused of this device's own work stays here, hidden, with its author.
    pub fn wipe_drained(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        let Some((from, to)) = self.places(doc)? else {
            return Ok(());
        };
        let waits: bool = self
            .db
            .prepare_cached(
                "select exists (select 1 from document where id = ?3 and confirmed <> 1)
                     or exists (select 1 from change where place between ?1 and ?2
                                and (state = 'saved' or relay = 1 or confirmed = 0))",
            )?
            .query_row(params![from, to, &doc.as_bytes()[..]], |row| row.get(0))?;
        if waits {
            return Ok(());
        }
        self.change(
            "delete from change where place between ?1 and ?2
                 and not (state in ('quarantined', 'rejected') and device = (select device from device))",
            [from, to],
        )?;
        for sql in [
            "delete from actor where doc = ?1",
            "delete from refetch where doc = ?1",
            "delete from whole where doc = ?1",
            "delete from document where id = ?1
                 and not exists (select 1 from change where place between home and home + (1 << 20) - 1)",
        ] {
            self.change(sql, [&doc.as_bytes()[..]])?;
        }
        Ok(())
    }
}
