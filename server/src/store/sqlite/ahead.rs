//! Pages that were read before they are asked for. One is told only if nothing was written into the log meanwhile: then it is
//! what would be read now. Kept in memory alone, few of them and not for long.

use super::page::{Asked, Page};
use jiff::Timestamp;
use rusqlite::Connection;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::Cursor;

/// When more are fetched at one time, the others are read when they are asked for.
const MOST: usize = 8;
/// So many of one device: while it takes the first, the next is read.
const DEEP: usize = 2;
/// Whoever has not come for hers by then may not come.
const KEPT_MS: i64 = 60_000;

/// Whose page is being read, and where it begins.
type Place = Option<(DeviceId, Cursor)>;

/// Pages that were read before they were asked for.
#[derive(Default)]
pub(super) struct Ahead {
    kept: Mutex<Kept>,
    /// A connection that nobody else waits for.
    reader: Mutex<Option<Connection>>,
    reading: watch::Sender<Place>,
}

#[derive(Default)]
struct Kept {
    /// Those of one device in their order: each begins where the one before ends.
    pages: Vec<ReadAhead>,
    /// For which device pages are read, and up to where it was told all.
    told: Place,
    /// What was read below this row is not kept any more.
    since: u64,
}

struct ReadAhead {
    asked: Asked,
    read_at: Timestamp,
    page: Page,
}

/// Pages are being read for one device, until this ends.
pub(super) struct Reading {
    device: DeviceId,
    place: watch::Sender<Place>,
}

impl Reading {
    /// The page that begins here.
    pub fn at(&self, from: Cursor) {
        self.place.send_replace(Some((self.device, from)));
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.place.send_replace(None);
    }
}

impl Ahead {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection for whoever has begun to read; none as long as there is none.
    pub fn reader(&self) -> MutexGuard<'_, Option<Connection>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to read what follows this cursor, unless something is being read.
    pub fn begin(&self, device: DeviceId, from: Cursor) -> Option<Reading> {
        let begun = self.reading.send_if_modified(|reading| {
            let is_free = reading.is_none();
            reading.get_or_insert((device, from));
            is_free
        });
        if !begun {
            return None;
        }
        self.kept().told = Some((device, from));
        let place = self.reading.clone();
        Some(Reading { device, place })
    }

    /// Waits while the page is being read that begins here: to read it twice takes longer.
    pub async fn read(&self, device: DeviceId, from: Cursor) {
        let mut reading = self.reading.subscribe();
        let is_another = |reading: &Place| *reading != Some((device, from));
        // It cannot fail: who sends is here.
        let _ = reading.wait_for(is_another).await;
    }

    /// The page that was read for this. Of the device's others those stay that follow it.
    pub fn take(&self, asked: &Asked) -> Option<Page> {
        let kept = &mut *self.kept();
        let is_hers = |read: &mut ReadAhead| read.asked.device == asked.device;
        let mut hers = kept
            .pages
            .extract_if(.., is_hers)
            .collect::<Vec<_>>()
            .into_iter();
        let page = hers.find(|read| read.asked == *asked)?.page;
        kept.pages.extend(hers);
        if let Some((device, told)) = &mut kept.told
            && *device == asked.device
        {
            *told = page.end();
        }
        Some(page)
    }

    /// Where the next page begins for a device for which all was read up to this cursor; none if there is no room, or nothing
    /// more, or if what was read is not kept any more, so that she will not come by there.
    pub fn next(&self, asked: &Asked, now: Timestamp) -> Option<Cursor> {
        let Kept { pages, told, .. } = &mut *self.kept();
        pages.retain(|read| {
            let age = now.as_millisecond() - read.read_at.as_millisecond();
            read.asked.head == asked.head && (0..KEPT_MS).contains(&age)
        });
        let hers = || {
            pages
                .iter()
                .filter(|read| read.asked.device == asked.device)
        };
        let from = match hers().next_back() {
            Some(last) => last.page.end(),
            None if *told == Some((asked.device, asked.from)) => asked.from,
            None => return None,
        };
        let has_room = pages.len() < MOST && hers().count() < DEEP;
        (has_room && from.token.seq < asked.head.seq).then_some(from)
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
    use warmhand_core::wire::Token;

    /// What a device asks that was told all up to a row, while the log ends at another.
    fn asked(device: u128, from: u64, head: u64) -> Asked {
        Asked {
            device: DeviceId(Uuid::from_u128(device)),
            from: at(from),
            room: 1_000,
            head: at(head).token,
            key: 1,
        }
    }

    fn at(seq: u64) -> Cursor {
        let token = Token {
            seq,
            ..Token::default()
        };
        Cursor { token, after: None }
    }

    fn ends(seq: u64) -> Page {
        Page::ending(at(seq))
    }

    fn on(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_772_000_000 + seconds).unwrap()
    }

    /// Reads for a device page by page of ten rows, as far as there is room. Where each begins.
    fn reads(ahead: &Ahead, device: u128, from: u64, head: u64, now: Timestamp) -> Vec<u64> {
        let mut read = Vec::new();
        let _reading = ahead.begin(asked(device, from, head).device, at(from));
        let mut from = at(from);
        while let Some(next) = ahead.next(&asked(device, from.token.seq, head), now) {
            read.push(next.token.seq);
            from = at(next.token.seq + 10);
            let page = asked(device, next.token.seq, head);
            ahead.put(page, now, Page::ending(from));
        }
        read
    }

    #[test]
    fn a_page_is_told_once_and_only_if_nothing_came_between() {
        let ahead = Ahead::default();
        let it = || asked(1, 0, 70);
        for other in [
            asked(1, 0, 80),
            asked(1, 5, 70),
            Asked { room: 999, ..it() },
            Asked { key: 2, ..it() },
        ] {
            ahead.put(it(), on(0), ends(10));
            assert_eq!(ahead.take(&asked(2, 0, 70)), None);
            assert_eq!(ahead.take(&other), None);
            assert_eq!(ahead.take(&it()), None, "she is elsewhere");
        }
        ahead.put(it(), on(0), ends(10));
        assert_eq!(ahead.take(&it()), Some(ends(10)));
        assert_eq!(ahead.take(&it()), None);
    }

    #[test]
    fn one_more_is_read_for_each_that_is_taken_up_to_the_end() {
        let ahead = Ahead::default();
        assert_eq!(reads(&ahead, 1, 0, 45, on(0)), [0, 10]);
        assert_eq!(ahead.take(&asked(1, 0, 45)), Some(ends(10)));
        assert_eq!(reads(&ahead, 1, 10, 45, on(0)), [20]);
        // Both were taken before the next was read: it goes on where the last ended.
        assert_eq!(ahead.take(&asked(1, 10, 45)), Some(ends(20)));
        assert_eq!(ahead.take(&asked(1, 20, 45)), Some(ends(30)));
        assert_eq!(reads(&ahead, 1, 30, 45, on(0)), [30, 40]);
        // She begins again: what was kept for her is not what she asks.
        assert_eq!(ahead.take(&asked(1, 0, 45)), None);
        assert_eq!(reads(&ahead, 1, 10, 45, on(0)), [10, 20]);
    }

    #[test]
    fn nothing_more_is_read_once_what_was_read_is_not_kept() {
        let ahead = Ahead::default();
        let device = asked(1, 0, 70).device;
        let reading = ahead.begin(device, at(0));
        let next = |from, head| ahead.next(&asked(1, from, head), on(0));
        ahead.put(asked(1, 0, 70), on(0), ends(10));
        assert_eq!(next(10, 70), Some(at(10)));
        assert_eq!(next(10, 71), None, "the log went on");
        ahead.put(asked(1, 0, 71), on(0), ends(10));
        assert_eq!(ahead.take(&asked(1, 5, 71)), None);
        assert_eq!(next(10, 71), None, "she asked for something else");
        ahead.clear(80);
        ahead.put(asked(1, 0, 71), on(0), ends(10));
        assert_eq!(next(10, 71), None, "it was not kept");
        ahead.put(asked(1, 0, 90), on(0), ends(10));
        assert_eq!(ahead.take(&asked(1, 0, 90)), Some(ends(10)));
        assert_eq!(next(10, 91), Some(at(10)), "she was told all up to there");
        drop(reading);
    }

    #[test]
    fn as_many_as_there_is_room_for_and_those_that_nobody_came_for_make_room() {
        let ahead = Ahead::default();
        for device in 0..4 {
            assert_eq!(reads(&ahead, device, 0, 70, on(0)), [0, 10]);
        }
        assert!(reads(&ahead, 8, 0, 70, on(59)).is_empty());
        assert_eq!(reads(&ahead, 8, 0, 70, on(60)), [0, 10], "a minute is long");
        assert_eq!(reads(&ahead, 9, 0, 80, on(61)), [0, 10], "of another head");
        assert_eq!(ahead.take(&asked(8, 0, 70)), None);
        assert_eq!(reads(&ahead, 1, 0, 80, on(0)), [0, 10], "a clock set back");
        assert_eq!(ahead.take(&asked(9, 0, 80)), None);
        assert_eq!(ahead.take(&asked(1, 0, 80)), Some(ends(10)));
    }

    #[test]
    fn what_was_read_before_something_was_erased_is_not_kept() {
        let ahead = Ahead::default();
        ahead.put(asked(1, 0, 70), on(0), ends(10));
        ahead.clear(80);
        assert_eq!(ahead.take(&asked(1, 0, 70)), None);
        // Its reading had begun before.
        ahead.put(asked(2, 0, 70), on(0), ends(10));
        assert_eq!(ahead.take(&asked(2, 0, 70)), None);
        ahead.put(asked(3, 0, 80), on(0), ends(10));
        assert_eq!(ahead.take(&asked(3, 0, 80)), Some(ends(10)));
    }

    #[tokio::test]
    async fn whoever_asks_for_a_page_that_is_being_read_waits_for_it() {
        let ahead = Ahead::default();
        let (one, other) = (asked(1, 0, 70).device, asked(2, 0, 70).device);
        let reading = ahead.begin(one, at(0)).unwrap();
        assert!(ahead.begin(other, at(0)).is_none(), "one at a time");
        reading.at(at(10));
        ahead.read(other, at(10)).await;
        ahead.read(one, at(0)).await;
        let mut waits = Box::pin(ahead.read(one, at(10)));
        let none = std::future::ready(());
        tokio::select! {
            biased;
            () = &mut waits => panic!("it is being read"),
            () = none => {}
        }
        drop(reading);
        waits.await;
        assert!(ahead.begin(other, at(0)).is_some());
    }
}
