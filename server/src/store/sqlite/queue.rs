//! How many wait for the one writer, and for how much patience a device is asked then. Spread by the number of its own
//! request, so that those who came at once do not come back at once, and without a random source.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many may wait without anybody being asked for patience.
const FEW: usize = 200;
/// What one of them takes, about: what waits is committed together.
const EACH_MS: u32 = 5;

/// Everybody who waits for the writer, or has it.
#[derive(Clone, Default)]
pub(super) struct Queue(Arc<AtomicUsize>);

/// A place in the queue, given up when it is dropped.
pub(super) struct Place(Queue);

impl Queue {
    pub fn join(&self) -> Place {
        self.0.fetch_add(1, Ordering::SeqCst);
        Place(self.clone())
    }

    /// For so many milliseconds a device is asked to stay away, asked by whoever has the writer.
    pub fn patience(&self, number: u64) -> Option<u32> {
        patience(self.0.load(Ordering::SeqCst).saturating_sub(1), number)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Half to three halves of what those who wait take.
fn patience(waiting: usize, number: u64) -> Option<u32> {
    if waiting <= FEW {
        return None;
    }
    let base = u32::try_from(waiting).ok()?.saturating_mul(EACH_MS);
    let spread = u32::try_from(number % (u64::from(base) + 1)).ok()?;
    Some((base / 2).saturating_add(spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_let_be_and_many_are_spread() {
        assert_eq!(patience(FEW, 7), None);
        let waits: Vec<u32> = (0..1_000_u64)
            .filter_map(|n| patience(1_000, n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        assert_eq!(waits.len(), 1_000);
        assert!(waits.iter().all(|ms| (2_500..=7_500).contains(ms)));
        let early = waits.iter().filter(|ms| **ms < 5_000).count();
        assert!((400..600).contains(&early), "{early}");
        assert!(patience(usize::MAX, u64::MAX).is_none_or(|ms| ms > 0));
    }

    #[test]
    fn a_place_that_nobody_waits_on_any_more_is_free() {
        let queue = Queue::default();
        let places: Vec<_> = (0..400).map(|_| queue.join()).collect();
        assert!(queue.patience(3).is_some());
        drop(places);
        assert_eq!(queue.patience(3), None);
    }
}
