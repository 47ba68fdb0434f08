//! What a comparison with the server reads and leaves behind: what is held of each document, which documents are the
//! same there, and which are still to be fetched.

use super::{Rows, StoreError, Write, readable};
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;
use crate::wire::{DocumentDigest, Holding, Receipt, Sheet};
use rusqlite::Row;

fn held(row: &Row<'_>) -> Result<(ChangeHash, Receipt), StoreError> {
    let blob = |at: usize| {
        row.get_ref(at)?
            .as_blob()
            .map_err(|_| StoreError::Unreadable)
    };
    Ok((
        ChangeHash::from_bytes(blob(0)?).ok_or(StoreError::Unreadable)?,
        Receipt {
            received_at: row.get(1)?,
            offset_ms: row.get(2)?,
            key: row.get(3)?,
            mac: blob(4)?.try_into().map_err(|_| StoreError::Unreadable)?,
        },
    ))
}

impl Rows<'_> {
    /// Every document, by what the server has said that it has of it. What lies in quarantine, is refused, unsent or on
    /// its way back to the server is not in it, and nothing of a document that does not read: it is the same as nothing.
    pub fn holding(&self) -> Result<Holding, StoreError> {
        let mut holding = Holding::default();
        for doc in self.document_ids("select id from document order by home", [])? {
            let changes = readable(self.receipted(doc))?.unwrap_or_default();
            if !changes.is_empty() {
                holding.add(doc, DocumentDigest::of(doc, changes));
            }
        }
        Ok(holding)
    }

    /// What the server has said that it has of a document.
    fn receipted(&self, doc: DocumentId) -> Result<Vec<(ChangeHash, Receipt)>, StoreError> {
        let sql = "select hash, received_at, offset_ms, key, mac from change
            where place between ?1 and ?2 and state in ('accepted', 'remote') and relay = 0 and mac is not null";
        let (from, to) = self.places(doc)?.ok_or(StoreError::Unreadable)?;
        let mut changes = self.whole_receipts(doc)?;
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([from, to])?;
        while let Some(row) = rows.next()? {
            changes.push(held(row)?);
        }
        Ok(changes)
    }

    /// The sheet as the server last brought it, in 32 bytes.
    pub fn sheet_digest(&self) -> Result<[u8; 32], StoreError> {
        let mut statement = self.0.prepare_cached("select version, text from sheet")?;
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else {
            return Ok([0; 32]);
        };
        let sheet = Sheet {
            version: row.get::<_, i64>(0)?.unsigned_abs(),
            text: row.get(1)?,
        };
        Ok(sheet.digest())
    }

    /// Documents that are still to be fetched.
    pub fn wanted(&self, at_most: u32) -> Result<Vec<DocumentDigest>, StoreError> {
        let sql = "select digest from wanted order by digest limit ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let digests: Vec<[u8; 32]> = statement
            .query_map([at_most], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(digests.into_iter().map(DocumentDigest).collect())
    }
}

impl Write<'_> {
    /// The server has of this document exactly what is here, and shows it to this device.
    pub fn confirm_document(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        let Some((from, to)) = self.places(doc)? else {
            return Ok(());
        };
        self.change(
            "update change set confirmed = 1 where place between ?1 and ?2
                 and state in ('accepted', 'remote') and relay = 0 and confirmed = 0",
            [from, to],
        )?;
        self.confirm_whole(doc)?;
        self.save_delivered(doc)
    }

    /// Notes a document that is to be fetched.
    pub fn want(&mut self, digest: DocumentDigest) -> Result<(), StoreError> {
        self.change(
            "insert or ignore into wanted (digest) values (?1)",
            [&digest.0[..]],
        )?;
        Ok(())
    }

    /// It came, or is not for this device any more.
    pub fn had(&mut self, digest: DocumentDigest) -> Result<(), StoreError> {
        self.change("delete from wanted where digest = ?1", [&digest.0[..]])?;
        Ok(())
    }

    /// Nothing is wanted any more.
    pub fn want_nothing(&mut self) -> Result<(), StoreError> {
        self.change("delete from wanted", [])?;
        Ok(())
    }
}
