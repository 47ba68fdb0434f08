//! Times as a shell shows them: on the clock of the place, with the day in a word and a length in the unit that people
//! say. No shell counts days or minutes.

use crate::usecase::Desk;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::Serialize;

/// An instant, on a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// The instant.
    pub at: Timestamp,
    /// What the clock of the place shows then.
    pub local: DateTime,
    /// Its day, seen from today.
    pub day: Day,
}

/// A day in a word; further away the date says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// The day before.
    Yesterday,
    /// Today.
    Today,
    /// The day after.
    Tomorrow,
    /// Within the next six days: its name is enough. Monday is 1.
    Weekday(i8),
    /// Its date is needed.
    Date,
}

/// How long, in the largest unit that is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Minutes, under two hours.
    Minutes(u32),
    /// Hours, under two days.
    Hours(u32),
    /// Days.
    Days(u32),
}

impl When {
    /// An instant on the clock of a zone.
    pub fn of(at: Timestamp, zone: &TimeZone, now: Timestamp) -> Self {
        Self::zoned(&at.to_zoned(zone.clone()), now)
    }

    /// A claimed time on its own clock.
    pub fn zoned(at: &Zoned, now: Timestamp) -> Self {
        let today = now.to_zoned(at.time_zone().clone()).date();
        let day = match days(today, at.date()) {
            -1 => Day::Yesterday,
            0 => Day::Today,
            1 => Day::Tomorrow,
            2..=6 => Day::Weekday(Weekday::to_monday_one_offset(at.weekday())),
            _ => Day::Date,
        };
        Self {
            at: at.timestamp(),
            local: at.datetime(),
            day,
        }
    }
}

/// The clock of the site at which a record was opened; without one, that of the organisation.
pub(super) fn clock(desk: &Desk<'_>) -> TimeZone {
    let site = desk.record.and_then(|r| r.site.as_ref());
    site.map_or_else(
        || TimeZone::get(&desk.sheet.zone).unwrap_or(TimeZone::UTC),
        |site| desk.sheet.site_zone(site),
    )
}

/// Whole days from one date to another.
pub(super) fn days(from: jiff::civil::Date, to: jiff::civil::Date) -> i32 {
    from.until((jiff::Unit::Day, to))
        .map_or(i32::MAX, |span| span.get_days())
}

impl Length {
    /// From one instant to another; nothing of it is ever negative.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        Self::of(to.duration_since(from))
    }

    /// A duration; nothing of it is ever negative.
    pub fn of(duration: SignedDuration) -> Self {
        let minutes = duration.as_secs().max(0) / 60;
        let of = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        match minutes {
            0..120 => Self::Minutes(of(minutes)),
            120..2_880 => Self::Hours(of(minutes / 60)),
            _ => Self::Days(of(minutes / 1_440)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_said_from_today_on_the_clock_of_the_place() {
        let zone = TimeZone::get("America/New_York").unwrap();
        // A Tuesday, a quarter to midnight there and the next day already in UTC.
        let now = at("2026-03-04T04:45:00Z");
        let day = |text: &str| When::of(at(text), &zone, now).day;
        assert_eq!(day("2026-03-04T04:50:00Z"), Day::Today);
        assert_eq!(day("2026-03-04T05:10:00Z"), Day::Tomorrow);
        assert_eq!(day("2026-03-03T04:00:00Z"), Day::Yesterday);
        assert_eq!(day("2026-03-06T15:00:00Z"), Day::Weekday(5));
        assert_eq!(day("2026-03-10T15:00:00Z"), Day::Date);
        assert_eq!(day("2026-02-28T15:00:00Z"), Day::Date);
    }

    #[test]
    fn a_length_is_in_the_largest_unit_that_is_full() {
        let now = at("2026-03-04T04:45:00Z");
        let since = |text: &str| Length::between(at(text), now);
        assert_eq!(since("2026-03-04T04:00:00Z"), Length::Minutes(45));
        assert_eq!(since("2026-03-04T02:30:00Z"), Length::Hours(2));
        assert_eq!(since("2026-03-02T04:40:00Z"), Length::Days(2));
        assert_eq!(since("2026-03-04T05:00:00Z"), Length::Minutes(0));
    }
}
