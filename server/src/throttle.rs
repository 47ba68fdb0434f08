//! Slows down guessing: a try is counted before it is made, so that a hundred at once get no further than a hundred one
//! after the other. After a few under one key each further one doubles the wait, from half a minute to a quarter of an
//! hour. Knows no passwords and no codes, and of whoever tries a hash alone.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

const KEYS: usize = 10_000;
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// A key without a try for so long begins anew: whoever waits so long gets no further than by trying every quarter.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(1);

/// Under what tries are counted: of one size, however much a stranger sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// Of these words in this order.
    pub fn of(words: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for word in words {
            hash.update((word.len() as u64).to_be_bytes());
            hash.update(word);
        }
        Self(hash.finalize().into())
    }
}

/// How often, and when last.
type Tries = BTreeMap<Key, (u32, Timestamp)>;

/// Tries by key.
pub struct Throttle {
    free: u32,
    tries: Mutex<Tries>,
}

impl Throttle {
    /// So many tries cost nothing.
    pub fn new(free: u32) -> Self {
        Self {
            free,
            tries: Mutex::default(),
        }
    }

    /// Counts a try that is about to be made; or says how long this key still has to wait, and counts nothing.
    pub fn tries(&self, key: Key, now: Timestamp) -> Result<(), SignedDuration> {
        let mut tries = self.held();
        if let Some(left) = self.left(&tries, key, now) {
            return Err(left);
        }
        if !tries.contains_key(&key) && tries.len() >= KEYS {
            make_room(&mut tries, now);
        }
        let (count, _) = fresh(&tries, key, now).unwrap_or((0, now));
        tries.insert(key, (count.saturating_add(1), now));
        Ok(())
    }

    /// How long this key still has to wait; none if it may try.
    pub fn wait(&self, key: Key, now: Timestamp) -> Option<SignedDuration> {
        self.left(&self.held(), key, now)
    }

    fn left(&self, tries: &Tries, key: Key, now: Timestamp) -> Option<SignedDuration> {
        let (count, last) = fresh(tries, key, now)?;
        let doubled = count.checked_sub(self.free)?.min(10);
        let wait = SignedDuration::from_secs(30_i64 << doubled).min(LONGEST);
        let left = last.checked_add(wait).ok()?.duration_since(now);
        left.is_positive().then_some(left)
    }

    /// So many tries were none, or turned out to be no guesses.
    pub fn takes_back(&self, key: Key, many: u32) {
        let mut tries = self.held();
        if let Some((count, _)) = tries.get_mut(&key) {
            *count = count.saturating_sub(many);
            if *count == 0 {
                tries.remove(&key);
            }
        }
    }

    /// Forgets the tries of a key that succeeded, and says how many they were.
    pub fn succeeded(&self, key: Key) -> u32 {
        self.held().remove(&key).map_or(0, |(count, _)| count)
    }

    fn held(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts of a key, if anything still does.
fn fresh(tries: &Tries, key: Key, now: Timestamp) -> Option<(u32, Timestamp)> {
    let known = tries.get(&key).copied();
    known.filter(|(_, last)| now.duration_since(*last) < FORGOTTEN)
}

/// Room for one more, whatever the ages: the key with the fewest tries goes first, so that nobody who fills the place
/// with new names is free of what she has tried under one.
fn make_room(tries: &mut Tries, now: Timestamp) {
    tries.retain(|_, (_, last)| now.duration_since(*last) < FORGOTTEN);
    while tries.len() >= KEYS {
        let least = tries.iter().min_by_key(|(_, tried)| **tried);
        let Some(least) = least.map(|(key, _)| *key) else {
            return;
        };
        tries.remove(&least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-03T15:00:00Z".parse().unwrap()
    }

    #[test]
    fn guessing_becomes_slow_and_a_success_forgives() {
        let throttle = Throttle::new(5);
        let (maya, carla, now) = (Key::of(&["maya"]), Key::of(&["carla"]), now());
        let after = |seconds| now + SignedDuration::from_secs(seconds);
        for _ in 0..5 {
            assert_eq!(throttle.tries(maya, now), Ok(()));
        }
        let wait = |seconds| Err(SignedDuration::from_secs(seconds));
        assert_eq!(throttle.tries(maya, now), wait(30));
        assert_eq!(throttle.tries(carla, now), Ok(()));
        assert_eq!(throttle.tries(maya, after(30)), Ok(()));
        assert_eq!(throttle.tries(maya, after(30)), wait(60));
        assert_eq!(throttle.tries(maya, after(90)), Ok(()));
        assert_eq!(throttle.succeeded(maya), 7);
        assert_eq!(throttle.tries(maya, after(90)), Ok(()));
    }

    #[test]
    fn what_was_no_guess_is_taken_back_and_an_hour_forgives() {
        let throttle = Throttle::new(2);
        let (key, now) = (Key::of(&["maya"]), now());
        for _ in 0..9 {
            assert_eq!(throttle.tries(key, now), Ok(()));
            throttle.takes_back(key, 1);
        }
        assert!(throttle.held().is_empty());
        assert_eq!(throttle.tries(key, now), Ok(()));
        assert_eq!(throttle.tries(key, now), Ok(()));
        assert!(throttle.tries(key, now).is_err());
        let later = now + FORGOTTEN;
        assert_eq!(throttle.tries(key, later), Ok(()));
        assert_eq!(throttle.tries(key, later), Ok(()));
        assert!(throttle.tries(key, later).is_err());
    }

    #[test]
    fn a_flood_of_names_takes_no_more_room_and_frees_nobody() {
        let throttle = Throttle::new(2);
        let (maya, now) = (Key::of(&["maya"]), now());
        assert_eq!(throttle.tries(maya, now), Ok(()));
        assert_eq!(throttle.tries(maya, now), Ok(()));
        for name in 0..KEYS + 20 {
            let key = Key::of(&[&name.to_string()]);
            assert_eq!(throttle.tries(key, now), Ok(()));
        }
        assert_eq!(throttle.held().len(), KEYS);
        assert!(throttle.tries(maya, now).is_err());
    }

    #[test]
    fn words_are_told_apart_also_where_they_meet() {
        assert_ne!(Key::of(&["ab", "c"]), Key::of(&["a", "bc"]));
        assert_ne!(Key::of(&["a", "b"]), Key::of(&["b", "a"]));
    }
}
