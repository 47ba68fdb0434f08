//! Documents that came whole lie whole: all changes as one row, packed. Most are never written in again on this device, and
//! reading one row costs less than reading one for each change. What the server says of a single change, it says of one
//! that lies by itself: before it is taken, the row is opened.

use super::document::{OPENED, ROOM};
use super::{ChangeState, Rows, StoreError, StoredChange, Write};
use crate::document::{Change, ChangeHash, Sealed, seal};
use crate::domain::id::{DeviceId, DocumentId};
use crate::packing::{packed, unpacked_of};
use crate::wire::{DeliveredChange, Receipt};
use minicbor::{Decode, Encode};
use rusqlite::{OptionalExtension, params};
use std::borrow::Cow;

/// Packed as fast as it goes: a page of a first sync brings hundreds.
const LEVEL: i32 = 1;
/// What is longer lies as single changes: nothing that is read here takes more memory than a message.
const MOST: usize = crate::wire::MAX_MESSAGE;

/// A change of a document that lies whole: the server has it, and its word for it is good.
#[derive(Encode, Decode)]
struct Kept<'a> {
    #[n(0)]
    change: Cow<'a, Change>,
    #[n(1)]
    hash: ChangeHash,
    #[n(2)]
    receipt: Receipt,
    /// Written on this device.
    #[n(3)]
    own: bool,
}

impl Kept<'_> {
    fn stored(self) -> StoredChange {
        StoredChange {
            change: self.change.into_owned(),
            hash: self.hash,
            state: if self.own {
                ChangeState::Accepted
            } else {
                ChangeState::Remote
            },
            reason: None,
            confirmed: true,
            relay: false,
            orphan: false,
            recorded_at: self.receipt.received_at,
            receipt: Some(self.receipt),
        }
    }
}

/// How a document lies here.
pub(super) struct Lying {
    /// Its changes that lie whole.
    pub whole: Vec<StoredChange>,
    /// The first and the last place of those that lie by themselves.
    pub places: [i64; 2],
}

/// A whole document as it is written down.
pub struct WholeRow {
    /// Its changes, packed.
    pub pack: Vec<u8>,
    /// Bytes once unpacked.
    pub size: u32,
}

impl WholeRow {
    /// All changes of a document, causes first, each checked. None if they are too long to lie in one row.
    pub fn of(changes: &[(Sealed, Receipt)], device: DeviceId) -> Option<Self> {
        let kept = changes.iter().map(|(sealed, receipt)| Kept {
            change: Cow::Borrowed(&sealed.change),
            hash: sealed.hash,
            receipt: *receipt,
            own: sealed.change.device == device,
        });
        let plain = minicbor::to_vec(kept.collect::<Vec<_>>()).ok()?;
        if plain.len() > MOST {
            return None;
        }
        let size = u32::try_from(plain.len()).ok()?;
        let pack = packed(&plain, LEVEL)?;
        Some(Self { pack, size })
    }

    /// The changes in it.
    pub fn changes(&self) -> Result<impl Iterator<Item = DeliveredChange>, StoreError> {
        let kept = kept(&self.pack, self.size)?;
        Ok(kept.into_iter().map(|kept| DeliveredChange {
            change: kept.change.into_owned(),
            hash: kept.hash,
            receipt: kept.receipt,
        }))
    }
}

fn kept(pack: &[u8], size: u32) -> Result<Vec<Kept<'static>>, StoreError> {
    let size = usize::try_from(size).map_or(MOST, |size| size.min(MOST));
    let plain = unpacked_of(pack, size).map_err(|_| StoreError::DAMAGED)?;
    minicbor::decode(&plain).map_err(|_| StoreError::DAMAGED)
}

/// The changes in such a row, of so many bytes once unpacked.
pub fn unpacked(pack: &[u8], size: u32) -> Result<Vec<StoredChange>, StoreError> {
    Ok(kept(pack, size)?.into_iter().map(Kept::stored).collect())
}

impl Rows<'_> {
    /// How a document lies here; none if it does not.
    pub(super) fn lying(&self, doc: DocumentId) -> Result<Option<Lying>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select home, pack, size from document left join whole on whole.doc = id where id = ?1",
        )?;
        let mut rows = statement.query([&doc.as_bytes()[..]])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let home: i64 = row.get(0)?;
        let pack = row.get_ref(1)?.as_blob_or_null();
        let changes = match pack.map_err(|_| StoreError::DAMAGED)? {
            Some(pack) => unpacked(pack, row.get(2)?)?,
            None => Vec::new(),
        };
        Ok(Some(Lying {
            whole: changes,
            places: [home, home + ROOM - 1],
        }))
    }
}

impl Write<'_> {
    /// Notes a document's changes, of which nothing is here yet.
    pub fn save_whole(&mut self, doc: DocumentId, row: &WholeRow) -> Result<(), StoreError> {
        self.change(
            "insert into whole (doc, pack, size) values (?1, ?2, ?3)",
            params![&doc.as_bytes()[..], row.pack, row.size],
        )?;
        Ok(())
    }

    /// From here on every change of this document lies by itself.
    pub fn open_whole(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        let row: Option<(Vec<u8>, u32)> = self
            .db
            .prepare_cached("select pack, size from whole where doc = ?1")?
            .query_row([&doc.as_bytes()[..]], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((pack, size)) = row else {
            return Ok(());
        };
        let (from, _) = self.places(doc)?.ok_or(StoreError::DAMAGED)?;
        let places = [from, from + OPENED - 1];
        let changes = unpacked(&pack, size)?;
        // Were it erased later, nobody would look for what lay here.
        self.overwriting(|write| {
            write.change("delete from whole where doc = ?1", [&doc.as_bytes()[..]])?;
            Ok(())
        })?;
        for stored in changes {
            let sealed = seal(stored.change).map_err(|_| StoreError::DAMAGED)?;
            let receipt = stored.receipt.as_ref();
            self.insert(&sealed, stored.state, stored.recorded_at, receipt, places)?;
        }
        Ok(())
    }

    /// The same for every document.
    pub(super) fn open_every_whole(&mut self) -> Result<(), StoreError> {
        for doc in self.document_ids("select doc from whole order by doc", [])? {
            self.open_whole(doc)?;
        }
        Ok(())
    }
}
