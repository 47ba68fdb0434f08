//! Slows down guessing: after a few failures under one key each further one doubles the wait, from half a minute to a
//! quarter of an hour. Knows no passwords and no codes.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const KEYS: usize = 10_000;
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// Failures by key.
pub struct Throttle {
    free: u32,
    failures: Mutex<BTreeMap<String, (u32, Timestamp)>>,
}

impl Throttle {
    /// So many failures cost nothing.
    pub fn new(free: u32) -> Self {
        Self {
            free,
            failures: Mutex::default(),
        }
    }

    /// How long this key still has to wait; none if it may try.
    pub fn wait(&self, key: &str, now: Timestamp) -> Option<SignedDuration> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last) = failures.get(key)?;
        let doubled = count.checked_sub(self.free)?.min(10);
        let wait = SignedDuration::from_secs(30_i64 << doubled).min(LONGEST);
        let left = last.checked_add(wait).ok()?.duration_since(now);
        left.is_positive().then_some(left)
    }

    /// Notes a failure.
    pub fn failed(&self, key: &str, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= KEYS {
            failures.retain(|_, (_, last)| now.duration_since(*last) < LONGEST);
        }
        let entry = failures.entry(key.to_owned()).or_insert((0, now));
        *entry = (entry.0.saturating_add(1), now);
    }

    /// Forgets the failures of a key that succeeded.
    pub fn succeeded(&self, key: &str) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_becomes_slow_and_a_success_forgives() {
        let throttle = Throttle::new(5);
        let now: Timestamp = "2026-03-03T15:00:00Z".parse().unwrap();
        for _ in 0..4 {
            throttle.failed("maya", now);
        }
        assert_eq!(throttle.wait("maya", now), None);
        throttle.failed("maya", now);
        assert_eq!(
            throttle.wait("maya", now),
            Some(SignedDuration::from_secs(30))
        );
        throttle.failed("maya", now);
        assert_eq!(
            throttle.wait("maya", now),
            Some(SignedDuration::from_secs(60))
        );
        assert_eq!(throttle.wait("carla", now), None);
        assert_eq!(
            throttle.wait("maya", now + SignedDuration::from_secs(61)),
            None
        );
        throttle.succeeded("maya");
        assert_eq!(throttle.wait("maya", now), None);
    }
}
