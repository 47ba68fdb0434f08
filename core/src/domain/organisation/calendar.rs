//! Business hours and holidays: by them promises in business hours and days are counted.

use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};

/// Business hours and holidays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Days of work.
    #[serde(default = "working_week")]
    pub days: Vec<Day>,
    /// Opening, local time.
    #[serde(default = "opening")]
    pub opens: Time,
    /// Closing, local time.
    #[serde(default = "closing")]
    pub closes: Time,
    /// Closed on these.
    #[serde(default)]
    pub holidays: Vec<Date>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday
    Mon,
    /// Tuesday
    Tue,
    /// Wednesday
    Wed,
    /// Thursday
    Thu,
    /// Friday
    Fri,
    /// Saturday
    Sat,
    /// Sunday
    Sun,
}

fn working_week() -> Vec<Day> {
    vec![Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri]
}

fn opening() -> Time {
    Time::constant(8, 0, 0, 0)
}

fn closing() -> Time {
    Time::constant(17, 0, 0, 0)
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            days: working_week(),
            opens: opening(),
            closes: closing(),
            holidays: Vec::new(),
        }
    }
}

impl Day {
    /// The day of a date.
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}
