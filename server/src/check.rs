//! The daily check: what `verify` looks at, part by part while the server serves, at a quiet hour; what it found is on the
//! dashboard, among the metrics and in the log. Mends nothing.

use crate::Server;
use crate::store::StoreError;
use crate::store::check::{Check, Verified};
use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When nobody is there.
const HOUR: i8 = 3;
/// How often it is asked whether it is time.
const LOOK: Duration = Duration::from_secs(60);
/// Between two parts: whoever is waited for comes first.
const PAUSE: Duration = Duration::from_millis(50);

/// The last check since the server began.
#[derive(Default)]
pub struct LastCheck(Mutex<Option<Checked>>);

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When it ended.
    pub at: Timestamp,
    /// What it found, or why it could not be done.
    pub found: Result<Verified, StoreError>,
}

impl Checked {
    /// Nothing to complain of.
    pub fn is_sound(&self) -> bool {
        self.found == Ok(Verified::SOUND)
    }

    /// The first word of each part that is not sound.
    pub fn unsound(&self) -> Vec<&'static str> {
        let Ok(found) = &self.found else {
            return vec!["database"];
        };
        let parts = found.parts().into_iter().filter(|(_, holds)| !holds);
        parts
            .map(|(what, _)| what.split(':').next().unwrap_or(what))
            .collect()
    }
}

impl LastCheck {
    /// What it came to, once there was one.
    pub fn get(&self) -> Option<Checked> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }
}

impl Server {
    /// Checks everything, with a pause between the parts, and remembers what was found.
    pub async fn check(&self, pause: Duration) -> Checked {
        let found = self.check_parts(pause).await;
        let at = self.now();
        let checked = Checked { at, found };
        *self
            .last_check
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(checked.clone());
        checked
    }

    async fn check_parts(&self, pause: Duration) -> Result<Verified, StoreError> {
        let mut check = Check::default();
        while !check.is_done() {
            check = self.store.check(check, self.now()).await?;
            tokio::time::sleep(pause).await;
        }
        Ok(check.found)
    }
}

/// Where the audit is not what was written.
pub fn broken(row: u64) -> String {
    format!("row {row} of the audit is missing, or is not what was written")
}

/// The next quiet hour after a time, where the organisation is.
pub fn next(after: Timestamp, zone: &TimeZone) -> Timestamp {
    let local = after.to_zoned(zone.clone());
    let on = |day: jiff::civil::Date| {
        let quiet = day.to_datetime(time(HOUR, 0, 0, 0));
        quiet.to_zoned(zone.clone()).map(|at| at.timestamp())
    };
    let today = on(local.date()).ok().filter(|at| *at > after);
    let tomorrow = || on(local.date().saturating_add(1.day())).ok();
    let a_day = after.saturating_add(24.hours()).unwrap_or(Timestamp::MAX);
    today.or_else(tomorrow).unwrap_or(a_day)
}

/// Checks once a day for as long as the server lives.
pub async fn daily(server: Arc<Server>) {
    let mut due = None;
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let at = match due {
            Some(at) => at,
            None => match server.store.sheet().await {
                Ok(sheet) => {
                    let zone = TimeZone::get(&sheet.zone).unwrap_or(TimeZone::UTC);
                    *due.insert(next(server.now(), &zone))
                }
                Err(_) => continue,
            },
        };
        if server.now() < at {
            continue;
        }
        due = None;
        let checked = server.check(PAUSE).await;
        match &checked.found {
            Ok(_) if checked.is_sound() => tracing::info!("the daily check found everything sound"),
            Ok(found) => {
                if let Some(row) = found.audit_breaks_at {
                    tracing::error!("{}", broken(row));
                }
                tracing::error!(
                    "the daily check found something that is not sound: {}; keep the data folder as it is, and restore a backup beside it",
                    checked.unsound().join(", ")
                );
            }
            Err(error) => tracing::error!("the daily check could not be done: {error}"),
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
    fn the_quiet_hour_is_the_organisations_own_and_comes_every_day() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let first = next(at("2026-03-06T12:00:00Z"), &zone);
        assert_eq!(first, at("2026-03-07T08:00:00Z"));
        // The night in which the clocks go forward has one too, and so has the one in which they go back.
        let second = next(first, &zone);
        assert_eq!(second, at("2026-03-08T07:00:00Z"));
        assert_eq!(next(second, &zone), at("2026-03-09T07:00:00Z"));
        assert_eq!(
            next(at("2026-11-01T04:00:00Z"), &zone),
            at("2026-11-01T08:00:00Z")
        );
        assert_eq!(
            next(at("2026-03-06T07:59:59Z"), &zone),
            at("2026-03-06T08:00:00Z")
        );
    }
}
