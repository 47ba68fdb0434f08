//! When which device has a link: phones in the evening, tablets at noon and in the evening, everybody in the last hours
//! before now. Also when people work. Knows no record and no command.

use super::cast::{MEMBERS, SILENT_PHONE, SILENT_TABLET};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use warmhand_core::domain::code::DeviceKind;
use warmhand_core::domain::organisation::Calendar;

/// A time at which devices have a link, all of them at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub devices: Vec<usize>,
    /// The link carries a word on how the device is, and nothing more.
    pub weak: bool,
}

/// All meetings from the beginning until now.
#[derive(Clone, Debug)]
pub struct Diary {
    /// The clock of the organisation.
    pub zone: TimeZone,
    /// When everything begins.
    pub from: Timestamp,
    /// When everything has been played.
    pub now: Timestamp,
    /// In order.
    pub meetings: Vec<Meeting>,
}

/// Before now by so many minutes: the phones, and then the tablets.
const TODAY: [(i64, DeviceKind); 8] = [
    (340, DeviceKind::Phone),
    (310, DeviceKind::Tablet),
    (170, DeviceKind::Phone),
    (140, DeviceKind::Tablet),
    (34, DeviceKind::Phone),
    (27, DeviceKind::Tablet),
    (7, DeviceKind::Phone),
    (3, DeviceKind::Tablet),
];

/// The last hours are played as they fall, whatever the hour of the day.
const TODAY_MIN: i64 = 420;

/// The phone that falls silent has its last word this long before now, and its last link a few hours earlier.
pub const SILENT_SINCE: SignedDuration = SignedDuration::from_hours(76);

/// The tablet that falls silent.
const DRAWER_SINCE: SignedDuration = SignedDuration::from_hours(53);

impl Diary {
    /// The diary of so many weeks up to now.
    pub fn of(zone: TimeZone, weeks: u16, now: Timestamp) -> Self {
        let first = now
            .to_zoned(zone.clone())
            .date()
            .saturating_sub((i64::from(weeks) * 7).days());
        let mut diary = Self {
            from: at(&zone, first, 7, 0),
            zone,
            now,
            meetings: Vec::new(),
        };
        diary.every_day(first);
        diary.today();
        diary.meetings.push(Meeting {
            at: now - SILENT_SINCE,
            devices: vec![SILENT_PHONE],
            weak: true,
        });
        diary.meetings.sort_by_key(|m| m.at);
        diary
    }

    /// The diary of the next two hours, in which everybody has a link all the time.
    pub fn living(zone: TimeZone, now: Timestamp) -> Self {
        let all: Vec<usize> = (0..MEMBERS.len()).collect();
        let meeting = |minutes| Meeting {
            at: now + SignedDuration::from_mins(minutes),
            devices: all.clone(),
            weak: false,
        };
        Self {
            zone,
            from: now,
            now,
            meetings: (0..120).map(meeting).collect(),
        }
    }

    fn every_day(&mut self, first: Date) {
        let last = self.today_from();
        let mut day = first;
        while at(&self.zone, day, 0, 0) < last {
            if Calendar::default().works_on(day) {
                for (hour, minute, kind) in [
                    (12, 45, DeviceKind::Tablet),
                    (18, 20, DeviceKind::Phone),
                    (18, 50, DeviceKind::Tablet),
                ] {
                    self.meet(at(&self.zone, day, hour, minute), kind);
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        self.meetings.retain(|m| m.at < last);
    }

    fn today(&mut self) {
        for (minutes, kind) in TODAY {
            self.meet(self.before(minutes), kind);
        }
    }

    fn meet(&mut self, at: Timestamp, kind: DeviceKind) {
        let here = |device: usize| {
            let silent_for = match device {
                SILENT_PHONE => SILENT_SINCE + SignedDuration::from_hours(4),
                SILENT_TABLET => DRAWER_SINCE,
                _ => SignedDuration::ZERO,
            };
            at <= self.now - silent_for
        };
        let devices: Vec<usize> = MEMBERS
            .iter()
            .enumerate()
            .filter(|(device, member)| member.kind == kind && here(*device))
            .map(|(device, _)| device)
            .collect();
        self.meetings.push(Meeting {
            at,
            devices,
            weak: false,
        });
    }

    /// So many minutes before now.
    pub fn before(&self, minutes: i64) -> Timestamp {
        self.now - SignedDuration::from_mins(minutes)
    }

    /// Is this the morning of a day with its usual evening?
    pub fn is_regular(&self, morning: Timestamp) -> bool {
        morning + SignedDuration::from_hours(11) < self.today_from()
    }

    /// The working days that have their usual evening, in order.
    pub fn days(&self) -> Vec<Date> {
        let mut days = Vec::new();
        let mut day = self.date(self.from);
        while self.is_regular(self.at(day, 9, 0)) {
            if Calendar::default().works_on(day) {
                days.push(day);
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        days
    }

    /// From here on everything is played as it falls.
    pub fn today_from(&self) -> Timestamp {
        self.before(TODAY_MIN)
    }

    /// The next link of a device, at or after a time.
    pub fn link(&self, device: usize, from: Timestamp) -> Option<Timestamp> {
        let later = self.meetings.iter().filter(|m| !m.weak && m.at >= from);
        later
            .filter(|m| m.devices.contains(&device))
            .map(|m| m.at)
            .min()
    }

    /// When what was recorded on one device can be seen on another.
    pub fn carried(&self, from: usize, at: Timestamp, to: usize) -> Option<Timestamp> {
        if from == to {
            return Some(at);
        }
        let sent = self.link(from, at)?;
        // Of two devices that meet at once neither is sure to see the other's work.
        self.link(to, sent + SignedDuration::from_secs(1))
            .map(|at| at + SignedDuration::from_mins(4))
    }

    /// This time if people work then, else when they next do.
    pub fn working(&self, wanted: Timestamp) -> Timestamp {
        let local = wanted.to_zoned(self.zone.clone());
        let mut day = local.date();
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let works = |day: Date| Calendar::default().works_on(day);
        if wanted >= self.today_from() || works(day) && (490..=1_060).contains(&minute) {
            return wanted;
        }
        if minute > 1_060 || !works(day) {
            day = Calendar::default().business_day_after(day, 1);
        }
        // Not everybody begins on the minute.
        at(
            &self.zone,
            day,
            8,
            10 + i8::try_from(wanted.as_second().rem_euclid(45)).unwrap_or(0),
        )
    }

    /// This time if people work then, else when they last did.
    pub fn working_before(&self, wanted: Timestamp) -> Timestamp {
        let mut time = wanted;
        for _ in 0..14 {
            let local = time.to_zoned(self.zone.clone());
            if !Calendar::default().works_on(local.date()) || local.hour() < 9 {
                let Ok(day) = local.date().yesterday() else {
                    return time;
                };
                time = at(&self.zone, day, 15, 40);
            } else if local.hour() >= 17 {
                time = at(&self.zone, local.date(), 16, 20);
            } else {
                break;
            }
        }
        time
    }

    /// A wall time on a date.
    pub fn at(&self, day: Date, hour: i8, minute: i8) -> Timestamp {
        at(&self.zone, day, hour, minute)
    }

    /// The local date of a time.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }
}

fn at(zone: &TimeZone, day: Date, hour: i8, minute: i8) -> Timestamp {
    zone.to_ambiguous_timestamp(day.at(hour, minute, 0, 0))
        .compatible()
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diary(now: &str) -> Diary {
        Diary::of(
            TimeZone::get("America/New_York").unwrap(),
            5,
            now.parse().unwrap(),
        )
    }

    #[test]
    fn everybody_has_a_link_minutes_before_now_but_the_two_silent_ones() {
        for now in [
            "2026-11-24T15:00:00Z",
            "2026-11-22T07:00:00Z",
            "2026-03-09T03:30:00Z",
        ] {
            let diary = diary(now);
            for (device, member) in MEMBERS.iter().enumerate() {
                let recent = diary.link(device, diary.before(10)).is_some();
                let silent = device == SILENT_PHONE || device == SILENT_TABLET;
                assert_eq!(recent, !silent, "{} at {now}", member.name);
                let yesterday = diary.link(device, diary.before(24 * 60)).is_some();
                assert_eq!(yesterday, !silent, "{} at {now}", member.name);
            }
            assert!(diary.meetings.is_sorted_by_key(|m| m.at));
            assert!(diary.meetings.iter().all(|m| m.at < diary.now));
        }
    }

    #[test]
    fn nobody_works_at_night_except_in_the_last_hours() {
        let diary = diary("2026-11-24T15:00:00Z");
        let night: Timestamp = "2026-11-14T03:00:00Z".parse().unwrap();
        let monday = diary.working(night).to_zoned(diary.zone.clone());
        assert_eq!(
            (monday.date().to_string().as_str(), monday.hour()),
            ("2026-11-16", 8)
        );
        assert!(diary.working_before(night) < night);
        assert_eq!(diary.working(diary.before(60)), diary.before(60));
    }
}
