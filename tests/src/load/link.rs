//! A slow link, computed and not waited for: 1 Mbit/s, 300 ms there and back, and of a hundred packets two are lost. What is
//! lost is sent again a round trip later; how a sender slows down for that is not modelled. The same seed loses the same.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

const BITS_PER_SECOND: f64 = 1e6;
const THERE_AND_BACK: Duration = Duration::from_millis(300);
const LOST: f64 = 0.02;
/// What fits into a packet beside its heads.
const PACKET: usize = 1_400;
/// What a request or an answer has beside its body.
const HEADS: usize = 300;

/// A connection over it, and how long what went over it took.
pub struct Link {
    rng: ChaCha8Rng,
    /// So far.
    pub took: Duration,
}

impl Link {
    /// Connected: two round trips, for the connection and for TLS.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            took: THERE_AND_BACK * 2,
        }
    }

    /// A body of so many bytes goes over it, one way.
    pub fn carries(&mut self, bytes: usize) {
        let mut packets = (bytes + HEADS).div_ceil(PACKET);
        let one = Duration::from_secs_f64(PACKET as f64 * 8.0 / BITS_PER_SECOND);
        self.took += THERE_AND_BACK / 2;
        while packets > 0 {
            self.took += one * u32::try_from(packets).unwrap_or(u32::MAX);
            packets = (0..packets).filter(|_| self.rng.random_bool(LOST)).count();
            if packets > 0 {
                self.took += THERE_AND_BACK;
            }
        }
    }
}
