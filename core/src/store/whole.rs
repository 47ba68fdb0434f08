//! Documents that came whole lie whole: all changes as one row, packed. Most are never written in again on this device, and
//! reading one row costs less than reading one for each change. What the server says of all of it, also that it has it
//! still, is noted beside it; what it says of a single change, it says of one that lies by itself: before that is taken,
//! the row is opened.

use super::document::{OPENED, ROOM};
use super::{ChangeState, Rows, StoreError, StoredChange, Write, readable};
use crate::document::{ChangeHash, Sealed, seal};
use crate::domain::id::{DeviceId, DocumentId};
use crate::packing;
use crate::wire::{Columns, DeliveredChange, Packed, Receipt};
use minicbor::{Decode, Encode};
use rusqlite::params;
use std::borrow::Cow;

/// Packed as fast as it goes: a page of a first sync brings hundreds.
const LEVEL: i32 = -3;
/// What is longer lies as single changes: nothing that is read here takes more memory than a message.
const MOST: usize = crate::wire::MAX_MESSAGE;

/// A document as it came, with what was computed of it then: the server has it, and its word for it is good.
#[derive(Encode, Decode)]
struct Kept<'a> {
    #[n(0)]
    columns: Cow<'a, Columns>,
    /// Of each change.
    #[n(1)]
    hashes: Vec<ChangeHash>,
    /// Of each change: was it written on this device?
    #[n(2)]
    own: Vec<bool>,
}

impl Kept<'_> {
    fn read(pack: &[u8], size: u32) -> Result<Lain, StoreError> {
        let size = usize::try_from(size).map_or(MOST, |size| size.min(MOST));
        let plain = packing::unpacked_of(pack, size).map_err(|_| StoreError::Unreadable)?;
        let kept: Self = minicbor::decode(&plain).map_err(|_| StoreError::Unreadable)?;
        let columns = kept.columns.read();
        let packed = columns.map_err(|_| StoreError::Unreadable)?;
        let count = packed.by.len();
        // Of any other length a change would be passed over.
        if count > 0 && kept.hashes.len() == count && kept.own.len() == count {
            let Self { hashes, own, .. } = kept;
            Ok(Lain {
                packed,
                hashes,
                own,
            })
        } else {
            Err(StoreError::Unreadable)
        }
    }
}

/// The same once it is read.
struct Lain {
    packed: Packed,
    hashes: Vec<ChangeHash>,
    own: Vec<bool>,
}

impl Lain {
    fn changes(&self, doc: DocumentId) -> Result<Vec<DeliveredChange>, StoreError> {
        let changes = self.packed.changes(doc, &self.hashes);
        changes.map_err(|_| StoreError::Unreadable)
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
    /// When the server had the first of it, in milliseconds.
    pub since: i64,
}

impl WholeRow {
    /// A document with its changes as they were built, causes first, each checked. None if they are too long to lie in
    /// one row.
    pub fn of(columns: &Columns, changes: &[(Sealed, Receipt)], device: DeviceId) -> Option<Self> {
        let sealed = || changes.iter().map(|(sealed, _)| sealed);
        let kept = Kept {
            columns: Cow::Borrowed(columns),
            hashes: sealed().map(|sealed| sealed.hash).collect(),
            own: sealed().map(|s| s.change.device == device).collect(),
        };
        let plain = minicbor::to_vec(kept).ok()?;
        if plain.len() > MOST {
            return None;
        }
        let size = u32::try_from(plain.len()).ok()?;
        let pack = packing::packed_for_the_disk(&plain, LEVEL)?;
        let since = changes.first()?.1.received_at;
        Some(Self { pack, size, since })
    }

    /// The changes in it.
    pub fn changes(&self, doc: DocumentId) -> Result<Vec<DeliveredChange>, StoreError> {
        Kept::read(&self.pack, self.size)?.changes(doc)
    }
}

/// The changes of a document in such a row, of so many bytes once unpacked.
pub fn whole_changes(
    doc: DocumentId,
    pack: &[u8],
    size: u32,
    confirmed: bool,
) -> Result<Vec<StoredChange>, StoreError> {
    let kept = Kept::read(pack, size)?;
    let changes = kept.changes(doc)?.into_iter().zip(&kept.own);
    let stored = changes.map(|(delivered, own)| StoredChange {
        change: delivered.change,
        hash: delivered.hash,
        state: if *own {
            ChangeState::Accepted
        } else {
            ChangeState::Remote
        },
        reason: None,
        confirmed,
        relay: false,
        orphan: false,
        recorded_at: delivered.receipt.received_at,
        receipt: Some(delivered.receipt),
    });
    Ok(stored.collect())
}

impl Rows<'_> {
    /// How a document lies here; none if it does not.
    pub(super) fn lying(&self, doc: DocumentId) -> Result<Option<Lying>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select home, pack, size, confirmed = 1 from document left join whole on whole.doc = id where id = ?1",
        )?;
        let mut rows = statement.query([&doc.as_bytes()[..]])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let home: i64 = row.get(0)?;
        let pack = row.get_ref(1)?.as_blob_or_null();
        let changes = match pack.map_err(|_| StoreError::Unreadable)? {
            Some(pack) => whole_changes(doc, pack, row.get(2)?, row.get(3)?)?,
            None => Vec::new(),
        };
        Ok(Some(Lying {
            whole: changes,
            places: [home, home + ROOM - 1],
        }))
    }

    /// The server's word for each change of what lies whole of a document.
    pub(super) fn whole_receipts(
        &self,
        doc: DocumentId,
    ) -> Result<Vec<(ChangeHash, Receipt)>, StoreError> {
        let sql = "select pack, size from whole where doc = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([&doc.as_bytes()[..]])?;
        let Some(row) = rows.next()? else {
            return Ok(Vec::new());
        };
        let pack = row.get_ref(0)?.as_blob();
        let kept = Kept::read(pack.map_err(|_| StoreError::Unreadable)?, row.get(1)?)?;
        let receipts = kept.packed.receipts();
        Ok(kept.hashes.iter().copied().zip(receipts).collect())
    }
}

impl Rows<'_> {
    /// Does what lies whole of a document not read, while the server has all of it? In another log than it came from that
    /// may be the only copy.
    pub fn lies_unread(&self, doc: DocumentId) -> Result<bool, StoreError> {
        let sql = "select exists (select 1 from document where id = ?1 and confirmed = 1)";
        let mut statement = self.0.prepare_cached(sql)?;
        let is_there: bool = statement.query_row([&doc.as_bytes()[..]], |row| row.get(0))?;
        Ok(is_there && readable(self.opened(doc))?.is_none())
    }

    /// What lies whole of a document, each change built anew, with the places of those that lie by themselves.
    fn opened(&self, doc: DocumentId) -> Result<Option<Opened>, StoreError> {
        let Some(Lying { whole, places }) = self.lying(doc)? else {
            return Ok(None);
        };
        let sealed = |stored: StoredChange| match seal(stored.change.clone()) {
            Ok(sealed) if sealed.hash == stored.hash => Ok((sealed, stored)),
            _ => Err(StoreError::Unreadable),
        };
        let whole = whole.into_iter().map(sealed).collect::<Result<_, _>>()?;
        Ok(Some((whole, places)))
    }
}

/// Changes as they are built and as they lay, and the places of those beside them.
type Opened = (Vec<(Sealed, StoredChange)>, [i64; 2]);

impl Write<'_> {
    /// Notes a document's changes, of which nothing is here yet.
    pub fn save_whole(&mut self, doc: DocumentId, row: &WholeRow) -> Result<(), StoreError> {
        self.change(
            "insert into whole (doc, since, size, pack) values (?1, ?2, ?3, ?4)",
            params![&doc.as_bytes()[..], row.since, row.size, row.pack],
        )?;
        Ok(())
    }

    /// From here on every change of this document lies by itself.
    pub fn open_whole(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        let Some((whole, places)) = self.opened(doc)? else {
            return Ok(());
        };
        let Some(confirmed) = whole.first().map(|(_, stored)| stored.confirmed) else {
            return Ok(());
        };
        // Were it erased later, nobody would look for what lay here.
        self.overwriting(|write| {
            write.change("delete from whole where doc = ?1", [&doc.as_bytes()[..]])?;
            Ok(())
        })?;
        let places = [places[0], places[0] + OPENED - 1];
        for (sealed, stored) in whole {
            let receipt = stored.receipt.as_ref();
            self.insert(&sealed, stored.state, stored.recorded_at, receipt, places)?;
        }
        if !confirmed {
            self.change(
                "update change set confirmed = 0 where place between ?1 and ?2",
                places,
            )?;
            self.confirm_whole(doc)?;
        }
        Ok(())
    }

    /// The server has all of it that lies whole; or it does not lie whole any more.
    pub(super) fn confirm_whole(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        self.change(
            "update document set confirmed = 1 where id = ?1 and confirmed <> 1",
            [&doc.as_bytes()[..]],
        )?;
        Ok(())
    }

    /// Nothing that lies whole is good until the server has said so again.
    pub(super) fn unconfirm_every_whole(&mut self) -> Result<(), StoreError> {
        self.change(
            "update document set confirmed = 0 where id in (select doc from whole)",
            [],
        )?;
        Ok(())
    }

    /// What is not the same at the server is spoken of change by change; of what does not read nothing can be asked.
    pub fn open_unconfirmed(&mut self) -> Result<(), StoreError> {
        let sql = "select id from document where confirmed <> 1 and confirmed = 0";
        for doc in self.document_ids(sql, [])? {
            if self.apart(|write| write.open_whole(doc))?.is_none() {
                self.change(
                    "update document set confirmed = 2 where id = ?1",
                    [&doc.as_bytes()[..]],
                )?;
            }
        }
        Ok(())
    }

    /// What lies whole of a document and does not read makes room for what came anew.
    pub fn make_room(&mut self, doc: DocumentId) -> Result<(), StoreError> {
        if !self.lies_unread(doc)? {
            return Ok(());
        }
        self.overwriting(|write| {
            write.change("delete from whole where doc = ?1", [&doc.as_bytes()[..]])?;
            Ok(())
        })
    }
}
