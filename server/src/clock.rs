//! What time it is: the system's, or one that is set, for stories and the demo. The only place that reads the system
//! clock; everything else is given a time.

use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

enum Hand {
    At(Timestamp),
    Follows(Arc<dyn Clock>),
}

/// A clock that stands where it was set, until it is told to follow another.
pub struct SetClock(Mutex<Hand>);

impl SetClock {
    /// A clock that stands at this time.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(Hand::At(now)))
    }

    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Hand::At(now);
    }

    /// From here on it tells what the other tells.
    pub fn follow(&self, other: Arc<dyn Clock>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Hand::Follows(other);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Hand::At(now) => *now,
            Hand::Follows(other) => other.now(),
        }
    }
}
