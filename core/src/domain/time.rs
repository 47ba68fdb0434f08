//! Wall times and working time. An appointment's source is its local time and zone; an instant is computed from it.
//! Working time is walked through a calendar of days, hours and holidays. Reads no clock.

use super::organisation::{Calendar, Day, Promise, PromiseUnit};
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Why a wall time is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoInstant {
    /// There is no such zone.
    Zone,
    /// The clocks go forward over it.
    Gap,
    /// Beyond the years that can be computed.
    Range,
}

/// The instant of a wall time in a zone. A time that the clocks skip is refused; one that occurs twice is the first,
/// unless the second is asked for.
pub fn start(local: DateTime, zone: &str, second_hour: bool) -> Result<Timestamp, NoInstant> {
    let zone = TimeZone::get(zone).map_err(|_| NoInstant::Zone)?;
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => Err(NoInstant::Gap),
        AmbiguousOffset::Fold { .. } if second_hour => {
            ambiguous.later().map_err(|_| NoInstant::Range)
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
            ambiguous.earlier().map_err(|_| NoInstant::Range)
        }
    }
}

/// The local date of an instant.
pub fn date_in(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// Is something due at `due` past its time? Minutes count: it is overdue from the next minute on.
pub fn is_overdue(due: Timestamp, now: Timestamp) -> bool {
    now.as_second().div_euclid(60) > due.as_second().div_euclid(60)
}

/// Whole minutes from one instant to another.
pub fn minutes_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().div_euclid(60) - from.as_second().div_euclid(60)
}

impl Calendar {
    /// Is it open on this day?
    pub fn works_on(&self, date: Date) -> bool {
        self.days.contains(&Day::of(date)) && !self.holidays.contains(&date)
    }

    /// The n-th working day after this date; the date itself plus n days if no day is a working day.
    pub fn business_day_after(&self, date: Date, n: u16) -> Date {
        let mut day = date;
        let mut left = n;
        // A year without a working day is a calendar that says nothing.
        for _ in 0..366 + u32::from(n) * 8 {
            if left == 0 {
                return day;
            }
            let Ok(next) = day.tomorrow() else { return day };
            day = next;
            if self.works_on(day) {
                left -= 1;
            }
        }
        date.saturating_add(i32::from(n).days())
    }

    /// Close of business on a date, in a zone.
    pub fn closing_on(&self, date: Date, zone: &TimeZone) -> Timestamp {
        let close = date.to_datetime(self.closes);
        zone.to_ambiguous_timestamp(close)
            .compatible()
            .unwrap_or(Timestamp::MAX)
    }

    /// The next close of business after an instant.
    pub fn next_closing(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let today = date_in(at, zone);
        if self.works_on(today) && self.closing_on(today, zone) > at {
            return self.closing_on(today, zone);
        }
        self.closing_on(self.business_day_after(today, 1), zone)
    }

    /// When a promise made at an instant falls due.
    pub fn promise_due(&self, promise: Promise, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let value = i64::from(promise.value);
        match promise.unit {
            PromiseUnit::ClockHours => at
                .saturating_add(SignedDuration::from_hours(value))
                .unwrap_or(Timestamp::MAX),
            PromiseUnit::BusinessHours => {
                self.after_open_time(SignedDuration::from_hours(value), at, zone)
            }
            PromiseUnit::BusinessDays => self.closing_on(
                self.business_day_after(date_in(at, zone), promise.value),
                zone,
            ),
        }
    }

    fn after_open_time(&self, open: SignedDuration, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let mut left = open;
        let mut day = date_in(at, zone);
        for _ in 0..3_660 {
            if self.works_on(day) {
                let opens = zone
                    .to_ambiguous_timestamp(day.to_datetime(self.opens))
                    .compatible()
                    .unwrap_or(at);
                let from = opens.max(at);
                let room = from.duration_until(self.closing_on(day, zone));
                if room >= left {
                    return from.saturating_add(left).unwrap_or(Timestamp::MAX);
                }
                if room.is_positive() {
                    left -= room;
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        at.saturating_add(open).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const NEW_YORK: &str = "America/New_York";

    #[test]
    fn a_time_that_the_clocks_skip_is_refused_and_one_that_occurs_twice_is_the_first() {
        let skipped = date(2026, 3, 8).at(2, 30, 0, 0);
        assert_eq!(start(skipped, NEW_YORK, false), Err(NoInstant::Gap));
        let twice = date(2026, 11, 1).at(1, 30, 0, 0);
        let first = start(twice, NEW_YORK, false).unwrap();
        let second = start(twice, NEW_YORK, true).unwrap();
        assert_eq!(first.duration_until(second), SignedDuration::from_hours(1));
        assert_eq!(start(twice, "Nowhere/Land", false), Err(NoInstant::Zone));
    }

    #[test]
    fn the_unit_is_part_of_the_promise() {
        let zone = TimeZone::get(NEW_YORK).unwrap();
        let calendar = Calendar::default();
        let friday = start(date(2026, 3, 6).at(16, 0, 0, 0), NEW_YORK, false).unwrap();
        let due = |value, unit| {
            calendar
                .promise_due(Promise { value, unit }, friday, &zone)
                .to_zoned(zone.clone())
                .datetime()
        };
        // The clocks go forward on Sunday: 24 hours are 24 hours, a working day ends at closing.
        assert_eq!(
            due(24, PromiseUnit::ClockHours),
            date(2026, 3, 7).at(16, 0, 0, 0)
        );
        assert_eq!(
            due(72, PromiseUnit::ClockHours),
            date(2026, 3, 9).at(17, 0, 0, 0)
        );
        assert_eq!(
            due(2, PromiseUnit::BusinessHours),
            date(2026, 3, 9).at(9, 0, 0, 0)
        );
        assert_eq!(
            due(1, PromiseUnit::BusinessDays),
            date(2026, 3, 9).at(17, 0, 0, 0)
        );
    }

    #[test]
    fn overdue_begins_with_the_next_minute() {
        let due: Timestamp = "2026-03-12T17:20:59Z".parse().unwrap();
        assert!(!is_overdue(due, "2026-03-12T17:20:59Z".parse().unwrap()));
        assert!(is_overdue(due, "2026-03-12T17:21:00Z".parse().unwrap()));
    }
}
