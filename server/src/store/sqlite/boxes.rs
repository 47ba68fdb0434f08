//! Boxes that wiped devices handed over: kept as they came, opened with the server's own keys, emptied when what lies in
//! them is erased.

use super::{StoreError, Verb, readable, sound};
use crate::sealing;
use crate::store::BoxRow;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{BoxHash, PushedDocument, SealedBox, unpack};

/// So many boxes are kept of one device, a change in each: more than may have been waiting for a person of what it wrote.
const MOST_OF_ONE: i64 = 6_000;

impl Verb<'_> {
    /// Keeps a box as it came. What is in it is offered like a rescue: known work is known; what an older database lacks
    /// lies in quarantine again; what was not kept before is not kept now, and stays in the box. Of what was erased the
    /// box is kept empty: then nobody asks for it again.
    pub(super) fn keep(
        &self,
        device: DeviceId,
        closed: &SealedBox,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let within = self.opened(device, closed);
        let is_erased = match &within {
            Some(document) => self.is_erased(document.doc)?,
            None => false,
        };
        if self.has_brought_all_boxes(device)? {
            return Ok(());
        }
        let is_new = self.change(
            "insert into sealed_box (hash, device, doc, box, since) values (?1, ?2, ?3, ?4, ?5)
                 on conflict (hash) do nothing",
            params![
                &closed.hash().0[..],
                &device.as_bytes()[..],
                within
                    .as_ref()
                    .map(|document| document.doc.as_bytes().to_vec()),
                if is_erased { &[] } else { &closed.0[..] },
                now.as_millisecond()
            ],
        )?;
        if let Some(document) = within.filter(|_| is_new == 1 && !is_erased) {
            self.rescue(&[document], now)?;
        }
        Ok(())
    }

    /// Has a device brought as many as are kept of one? The rest stays with it.
    fn has_brought_all_boxes(&self, device: DeviceId) -> Result<bool, StoreError> {
        let sql = "select count(*) from (select 1 from sealed_box where device = ?1 limit ?2)";
        let mut statement = self.db.prepare_cached(sql)?;
        let args = params![&device.as_bytes()[..], MOST_OF_ONE];
        let count: i64 = statement.query_row(args, |row| row.get(0))?;
        Ok(count >= MOST_OF_ONE)
    }

    /// The boxes that came while their key was missing, if it is here now; and those that do not read.
    pub(super) fn openable(&self) -> Result<Vec<BoxHash>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select device, box, hash from sealed_box where doc is null and box <> x'' order by hash",
        )?;
        let mut rows = statement.query([])?;
        let mut openable = Vec::new();
        while let Some(row) = rows.next()? {
            let is_shut = |(device, closed)| self.opened(device, &closed).is_none();
            if !closed(row).is_ok_and(is_shut) {
                openable.push(BoxHash(row.get(2)?));
            }
        }
        Ok(openable)
    }

    /// Takes such a box as if it came today. Says whether it was still to be taken.
    pub(super) fn open_box(&self, hash: &BoxHash, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "delete from sealed_box where hash = ?1 and doc is null returning device, box";
        self.step(sql)?;
        let row = self
            .db
            .prepare_cached(sql)?
            .query_row([&hash.0[..]], |row| Ok(closed(row)))
            .optional()?;
        let Some(row) = row else {
            return Ok(false);
        };
        let (device, closed) = row?;
        self.keep(device, &closed, now)?;
        Ok(true)
    }

    fn opened(&self, device: DeviceId, closed: &SealedBox) -> Option<PushedDocument> {
        let opened = sealing::open(self.keys, device, closed)?;
        unpack(&opened).ok()
    }

    /// Empties the boxes in which something of a document lies. Returns how many.
    pub(super) fn empty_boxes(&self, doc: DocumentId) -> Result<usize, StoreError> {
        self.change(
            "update sealed_box set box = x'' where doc = ?1 and box <> x''",
            [&doc.as_bytes()[..]],
        )
    }

    /// The documents of which something lies in boxes, as far as these keys open them, of those that are meant.
    pub(super) fn boxed(
        &self,
        is_meant: impl Fn(&PushedDocument) -> bool,
    ) -> Result<BTreeSet<DocumentId>, StoreError> {
        let sql = "select device, box from sealed_box where box <> x''";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut documents = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let within = readable(closed(row))?.and_then(|(device, b)| self.opened(device, &b));
            documents.extend(within.filter(&is_meant).map(|document| document.doc));
        }
        Ok(documents)
    }

    /// Lies something of a document in a box?
    pub(super) fn is_boxed(&self, doc: DocumentId) -> Result<bool, StoreError> {
        let sql = "select exists (select 1 from sealed_box where doc = ?1 and box <> x'')";
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_row([&doc.as_bytes()[..]], |row| row.get(0))?)
    }

    pub(super) fn has_box(&self, hash: &BoxHash) -> Result<bool, StoreError> {
        let sql = "select exists (select 1 from sealed_box where hash = ?1)";
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_row([&hash.0[..]], |row| row.get(0))?)
    }

    /// The boxes of a device, opened as far as these keys open them.
    pub(super) fn boxes(&self, device: DeviceId) -> Result<Vec<BoxRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select box, since from sealed_box where device = ?1 and box <> x'' order by hash",
        )?;
        let mut rows = statement.query([&device.as_bytes()[..]])?;
        let mut boxes = Vec::new();
        while let Some(row) = rows.next()? {
            let closed = SealedBox(row.get(0)?);
            boxes.push(BoxRow {
                hash: closed.hash(),
                since: super::instant(row.get(1)?),
                within: self.opened(device, &closed),
            });
        }
        Ok(boxes)
    }
}

/// A box as a row has it, and whose it is.
fn closed(row: &rusqlite::Row<'_>) -> Result<(DeviceId, SealedBox), StoreError> {
    let device: Vec<u8> = row.get(0)?;
    Ok((
        sound(DeviceId::from_bytes(&device))?,
        SealedBox(row.get(1)?),
    ))
}
