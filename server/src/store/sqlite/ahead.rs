//! The next page of a device that fetches many, read while it takes the one before. It is told only if nothing was written
//! into the log meanwhile: then it is what would be read now. Kept in memory alone, and few of them.

use super::page::{Asked, Page};
use super::{Sqlite, StoreError, Verb};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{Cursor, SyncAnswer};

/// The oldest makes room: who does not come for it has gone.
const MOST: usize = 4;

/// Pages that were read before they were asked for.
#[derive(Default)]
pub(super) struct Ahead(Mutex<VecDeque<(Asked, Page)>>);

impl Ahead {
    fn pages(&self) -> MutexGuard<'_, VecDeque<(Asked, Page)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page that was read for this; it is asked for once.
    pub fn take(&self, asked: &Asked) -> Option<Page> {
        let mut pages = self.pages();
        let place = pages.iter().position(|(read, _)| read == asked)?;
        pages.remove(place).map(|(_, page)| page)
    }

    fn put(&self, asked: Asked, page: Page) {
        let mut pages = self.pages();
        pages.retain(|(read, _)| read.device != asked.device);
        pages.truncate(MOST - 1);
        pages.push_front((asked, page));
    }
}

impl Sqlite {
    /// Reads the page after this answer, unless somebody waits for the reader: then it is read when it is asked for.
    pub(super) fn read_ahead(&self, device: DeviceId, page_bytes: u32, answer: &SyncAnswer) {
        let (reader, mut beside) = (self.reader.clone(), self.beside());
        // Nobody waits for it: there is no work to end.
        beside.fault = None;
        let from = answer.cursor;
        let read = move || -> Result<(), StoreError> {
            let mut connection = match reader.try_lock() {
                Ok(connection) => connection,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(()),
            };
            let db = connection.transaction()?;
            beside.verb(&db, |verb| verb.read_ahead(device, page_bytes, from))
        };
        // Were it to fail, it fails again for whoever asks.
        if self.fault.is_some() {
            // A test that ends the work anywhere has nothing running beside it.
            let _ = read();
        } else {
            tokio::task::spawn_blocking(read);
        }
    }
}

impl Verb<'_> {
    fn read_ahead(
        &self,
        device: DeviceId,
        page_bytes: u32,
        from: Cursor,
    ) -> Result<(), StoreError> {
        let room = self.room(page_bytes, self.is_sheet_after(&from)?, &[])?;
        let asked = self.asked(device, from, room)?;
        let page = self.page(&asked, &[], &[])?;
        self.ahead.put(asked, page);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use warmhand_core::wire::Token;

    fn asked(device: u128, seq: u64) -> Asked {
        let head = Token {
            seq,
            ..Token::default()
        };
        Asked {
            device: DeviceId(Uuid::from_u128(device)),
            from: Cursor::default(),
            room: 1_000,
            head,
            key: 1,
        }
    }

    #[test]
    fn a_page_is_told_once_and_only_if_nothing_came_between() {
        let ahead = Ahead::default();
        ahead.put(asked(1, 7), Page::default());
        for other in [
            asked(2, 7),
            asked(1, 8),
            Asked {
                room: 999,
                ..asked(1, 7)
            },
            Asked {
                key: 2,
                ..asked(1, 7)
            },
        ] {
            assert_eq!(ahead.take(&other), None);
        }
        assert_eq!(ahead.take(&asked(1, 7)), Some(Page::default()));
        assert_eq!(ahead.take(&asked(1, 7)), None);
    }

    #[test]
    fn each_device_has_one_and_the_oldest_makes_room() {
        let ahead = Ahead::default();
        for device in 0..5 {
            ahead.put(asked(device, 6), Page::default());
            ahead.put(asked(device, 7), Page::default());
        }
        assert_eq!(ahead.pages().len(), MOST);
        assert_eq!(ahead.take(&asked(0, 7)), None);
        assert_eq!(ahead.take(&asked(1, 6)), None);
        assert_eq!(ahead.take(&asked(1, 7)), Some(Page::default()));
    }
}
