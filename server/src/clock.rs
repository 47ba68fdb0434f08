//! Time and randomness as arguments: the one place that asks the machine for either.

use jiff::Timestamp;
use rand::{Rng, RngCore, SeedableRng};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that is set: stories and the demo drive a server through the past. From the moment it is released it
/// follows another clock.
pub struct SetClock {
    millis: AtomicI64,
    following: Mutex<Option<Box<dyn Clock>>>,
}

impl SetClock {
    /// Stands at this time.
    pub fn at(now: Timestamp) -> Self {
        Self {
            millis: AtomicI64::new(now.as_millisecond()),
            following: Mutex::new(None),
        }
    }

    /// Is set to this time; never back.
    pub fn set(&self, now: Timestamp) {
        self.millis
            .fetch_max(now.as_millisecond(), Ordering::SeqCst);
    }

    /// Follows another clock from now on.
    pub fn follow(&self, clock: Box<dyn Clock>) {
        *self
            .following
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(clock);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        match self
            .following
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
        {
            Some(clock) => clock.now(),
            None => Timestamp::from_millisecond(self.millis.load(Ordering::SeqCst))
                .unwrap_or(Timestamp::MIN),
        }
    }
}

/// The random source of a server.
pub struct Random(Mutex<rand_chacha::ChaCha20Rng>);

impl Random {
    /// Seeded by the operating system.
    pub fn from_os() -> Self {
        Self(Mutex::new(rand_chacha::ChaCha20Rng::from_os_rng()))
    }

    /// Seeded by a number: stories repeat themselves.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed)))
    }

    /// Uses the source.
    pub fn with<T>(&self, run: impl FnOnce(&mut dyn RngCore) -> T) -> T {
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        run(&mut *source)
    }

    /// Fresh bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        self.with(|rng| {
            let mut bytes = [0; N];
            rng.fill(&mut bytes[..]);
            bytes
        })
    }
}
