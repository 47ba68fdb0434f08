//! The orders that a story leaves open, tried by a seed: without one everything keeps the order in which it was
//! written. Remembers what it tried, so that a test can see that two seeds differ. Knows nothing of what it orders.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Orders, chosen by a seed or left as they are.
#[derive(Debug)]
pub(super) struct Order {
    rng: Option<ChaCha8Rng>,
    tried: Vec<String>,
}

impl Order {
    pub(super) fn new(seed: Option<u64>) -> Self {
        Self {
            rng: seed.map(ChaCha8Rng::seed_from_u64),
            tried: Vec::new(),
        }
    }

    /// Is anything tried in another order than it was written?
    pub(super) fn is_shuffled(&self) -> bool {
        self.rng.is_some()
    }

    /// What was tried, in order.
    pub(super) fn into_tried(self) -> Vec<String> {
        self.tried
    }

    /// Remembers something that was done in its turn.
    pub(super) fn note(&mut self, done: String) {
        self.tried.push(done);
    }

    /// One of `count` things that may all come next.
    pub(super) fn next_of(&mut self, count: usize) -> usize {
        match &mut self.rng {
            Some(rng) if count > 1 => rng.random_range(0..count),
            _ => 0,
        }
    }

    /// Things of which each may come before any other.
    pub(super) fn any<T>(&mut self, items: &mut [T]) {
        if let Some(rng) = &mut self.rng {
            items.shuffle(rng);
        }
    }

    /// Things that stand on one another: any order in which each comes after what it stands on.
    pub(super) fn causal<T, K: PartialEq>(
        &mut self,
        items: Vec<T>,
        key: impl Fn(&T) -> K,
        stands_on: impl Fn(&T) -> Vec<K>,
    ) -> Vec<T> {
        if self.rng.is_none() {
            return items;
        }
        let mut left = items;
        let mut placed = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let waits = |item: &T| {
                stands_on(item)
                    .iter()
                    .any(|on| left.iter().any(|other| key(other) == *on))
            };
            let ready: Vec<usize> = left
                .iter()
                .enumerate()
                .filter(|(_, item)| !waits(item))
                .map(|(at, _)| at)
                .collect();
            // Things that stand on one another in a ring keep their order.
            let chosen = ready.get(self.next_of(ready.len())).copied().unwrap_or(0);
            placed.push(left.remove(chosen));
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_causal_order_keeps_causes_first_and_seeds_differ() {
        // 0 <- 1 <- 2 and 3 <- 4, with 5 on 2 and 4.
        let causes = |item: &usize| match *item {
            1 => vec![0],
            2 => vec![1],
            4 => vec![3],
            5 => vec![2, 4],
            _ => vec![],
        };
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let order = Order::new(Some(seed)).causal((0..6).collect(), |item| *item, causes);
            for (at, item) in order.iter().enumerate() {
                assert!(
                    causes(item).iter().all(|cause| order[..at].contains(cause)),
                    "{order:?}"
                );
            }
            seen.insert(order);
        }
        assert_eq!(seen.len(), 10, "all ten orders occur: {seen:?}");
        let kept = Order::new(None).causal((0..6).rev().collect(), |item| *item, causes);
        assert_eq!(kept, [5, 4, 3, 2, 1, 0]);
    }
}
