//! Randomness as an argument: from the operating system in real life, from a seed in stories and tests.

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha12Rng;
use std::sync::{Arc, Mutex, PoisonError};

/// A source of randomness, shared by everything that needs one.
#[derive(Clone)]
pub struct Random(Arc<Mutex<Box<dyn RngCore + Send>>>);

impl Random {
    /// Seeded by the operating system.
    pub fn of_system() -> Self {
        Self(Arc::new(Mutex::new(Box::new(StdRng::from_os_rng()))))
    }

    /// The same numbers from the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Box::new(ChaCha12Rng::seed_from_u64(seed)))))
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    /// Lends the source.
    pub fn with<T>(&self, use_it: impl FnOnce(&mut dyn RngCore) -> T) -> T {
        use_it(&mut **self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
