//! What a page is read for, and how long it may be.

use super::super::{StoreError, Verb};
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{Ack, Cursor, Token, encoded_len};

/// The documents of a page are at most this long as they are told, whatever the device asks for; one alone may be longer.
pub const PAGE_BYTES: usize = 768 * 1024;
/// The first page of a device that fetches everything: while it takes that, the next is read.
const FIRST_BYTES: usize = 128 * 1024;

/// What a page follows from, beside what the device pushed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose it is.
    pub device: DeviceId,
    /// It begins there.
    pub from: Cursor,
    /// So many bytes may come.
    pub room: usize,
    /// The log up to where it is told.
    pub head: Token,
    /// The key that signs receipts.
    pub key: u16,
}

impl Verb<'_> {
    /// Is the row at which the present sheet came into force still to come?
    pub(in super::super) fn is_sheet_after(&self, cursor: &Cursor) -> Result<bool, StoreError> {
        Ok(cursor.token.seq < self.sheet_seq()?)
    }

    /// So many bytes a page after this cursor may have, beside the sheet and these.
    pub(in super::super) fn room(
        &self,
        page_bytes: u32,
        from: Cursor,
        tells_sheet: bool,
        acks: &[Ack],
    ) -> Result<usize, StoreError> {
        let asked = usize::try_from(page_bytes).map_or(PAGE_BYTES, |asked| asked.min(PAGE_BYTES));
        let sheet = if tells_sheet {
            self.sheet()?.0.text.len()
        } else {
            0
        };
        let room = asked.saturating_sub(sheet + encoded_len(&acks));
        let is_first = from.token.seq == 0 && from.after.is_none();
        Ok(if is_first {
            room.min(FIRST_BYTES)
        } else {
            room
        })
    }

    /// What a page follows from, as the log is up to here.
    pub(in super::super) fn asked(
        &self,
        device: DeviceId,
        from: Cursor,
        room: usize,
        head: Token,
    ) -> Asked {
        Asked {
            device,
            from,
            room,
            head,
            key: self.keys.signing(),
        }
    }
}
