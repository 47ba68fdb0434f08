//! Pages that were read before they are asked for. One is told only if nothing was written into the log meanwhile: then it is
//! what would be read now. Kept in memory alone, few of them and not for long.

use super::page::{Asked, Page};
use jiff::Timestamp;
use rusqlite::Connection;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// When more devices than these fetch at one time, the others' pages are read when they are asked for.
const MOST: usize = 8;
/// Whoever has not come for hers by then may not come.
const KEPT_MS: i64 = 60_000;

/// Pages that were read before they were asked for.
#[derive(Default)]
pub(super) struct Ahead {
    kept: Mutex<Kept>,
    /// A connection that nobody else waits for.
    pub reader: Mutex<Option<Connection>>,
}

#[derive(Default)]
struct Kept {
    pages: Vec<ReadAhead>,
    /// What was read below this row is not kept any more.
    since: u64,
}

struct ReadAhead {
    asked: Asked,
    read_at: Timestamp,
    page: Page,
}

impl Ahead {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page that was read for this.
    pub fn take(&self, asked: &Asked) -> Option<Page> {
        let pages = &mut self.kept().pages;
        let place = pages.iter().position(|read| read.asked == *asked)?;
        Some(pages.swap_remove(place).page)
    }

    /// Is there room for one more? What can be told no more goes, and so does what nobody came for.
    pub fn has_room(&self, asked: &Asked, now: Timestamp) -> bool {
        let pages = &mut self.kept().pages;
        pages.retain(|read| {
            let age = now.as_millisecond() - read.read_at.as_millisecond();
            let is_of_now = read.asked.head == asked.head && (0..KEPT_MS).contains(&age);
            is_of_now && read.asked.device != asked.device
        });
        pages.len() < MOST
    }

    /// Keeps one, unless something was erased since it was read.
    pub fn put(&self, asked: Asked, read_at: Timestamp, page: Page) {
        let mut kept = self.kept();
        if asked.head.seq >= kept.since {
            kept.pages.push(ReadAhead {
                asked,
                read_at,
                page,
            });
        }
    }

    /// Nothing is kept of what was read before this row: it is being erased.
    pub fn clear(&self, seq: u64) {
        let mut kept = self.kept();
        kept.pages.clear();
        kept.since = seq;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use warmhand_core::domain::id::DeviceId;
    use warmhand_core::wire::{Cursor, Token};

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

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_772_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_page_is_told_once_and_only_if_nothing_came_between() {
        let ahead = Ahead::default();
        ahead.put(asked(1, 7), at(0), Page::default());
        let further = Cursor {
            token: asked(1, 5).head,
            after: None,
        };
        let it = || asked(1, 7);
        for other in [
            asked(2, 7),
            asked(1, 8),
            Asked { room: 999, ..it() },
            Asked { key: 2, ..it() },
            Asked {
                from: further,
                ..it()
            },
        ] {
            assert_eq!(ahead.take(&other), None);
        }
        assert_eq!(ahead.take(&it()), Some(Page::default()));
        assert_eq!(ahead.take(&it()), None);
    }

    #[test]
    fn as_many_as_there_is_room_for_and_those_that_nobody_came_for_make_room() {
        let ahead = Ahead::default();
        let read = |device: u128, seq, seconds| {
            let has_room = ahead.has_room(&asked(device, seq), at(seconds));
            if has_room {
                ahead.put(asked(device, seq), at(seconds), Page::default());
            }
            has_room
        };
        assert!((0..8).all(|device| read(device, 7, 0)));
        assert!(!read(8, 7, 59));
        assert!(read(3, 7, 59), "one's own makes room");
        assert!(read(8, 7, 60), "a minute is long");
        assert!((0..7).all(|device| read(device, 8, 61)), "of another head");
        assert!(read(0, 8, 0), "of a clock that was set back");
        assert_eq!(ahead.take(&asked(8, 7)), None);
        assert_eq!(ahead.take(&asked(0, 8)), Some(Page::default()));
    }

    #[test]
    fn what_was_read_before_something_was_erased_is_not_kept() {
        let ahead = Ahead::default();
        ahead.put(asked(1, 7), at(0), Page::default());
        ahead.clear(8);
        assert_eq!(ahead.take(&asked(1, 7)), None);
        // Its reading had begun before.
        ahead.put(asked(2, 7), at(0), Page::default());
        assert_eq!(ahead.take(&asked(2, 7)), None);
        ahead.put(asked(3, 8), at(0), Page::default());
        assert_eq!(ahead.take(&asked(3, 8)), Some(Page::default()));
    }
}
