//! Who had seen what: the ancestors of every entry through `after`, as bit sets. Two entries are concurrent when
//! neither is an ancestor of the other. Knows no kind of entry and no clock but for the order of display.

use super::entry::Entry;
use super::id::EntryId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The entries of one document in causal order, with their ancestry.
#[derive(Clone, Debug, Default)]
pub struct Past {
    order: Vec<Arc<Entry>>,
    place: BTreeMap<EntryId, usize>,
    ancestors: Vec<Vec<u64>>,
    standing: Vec<Arc<Entry>>,
}

impl Past {
    /// Orders entries: causes first; among concurrent ones by `occurred_at`, then id. An entry given twice counts
    /// once. Ids in `after` that are not here are passed over; a ring of causes (which no honest device can make) is
    /// broken at the earliest entry.
    pub fn of(entries: &[Arc<Entry>]) -> Self {
        let all: BTreeMap<EntryId, &Arc<Entry>> = entries.iter().map(|e| (e.id, e)).collect();
        let mut waits: BTreeMap<EntryId, BTreeSet<EntryId>> = BTreeMap::new();
        let mut frees: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
        for entry in all.values() {
            let causes: BTreeSet<_> = entry
                .after
                .iter()
                .copied()
                .filter(|a| *a != entry.id && all.contains_key(a))
                .collect();
            for cause in &causes {
                frees.entry(*cause).or_default().push(entry.id);
            }
            waits.insert(entry.id, causes);
        }
        let rank = |id: EntryId| (all.get(&id).map(|e| e.occurred_at.timestamp()), id);
        let mut ready: BTreeSet<_> = waits
            .iter()
            .filter(|(_, w)| w.is_empty())
            .map(|(id, _)| rank(*id))
            .collect();
        let mut past = Self::default();
        while !waits.is_empty() {
            let next = ready
                .pop_first()
                .map(|(_, id)| id)
                .or_else(|| waits.keys().copied().min_by_key(|id| rank(*id)));
            let Some(id) = next else { break };
            if waits.remove(&id).is_none() {
                continue;
            }
            if let Some(entry) = all.get(&id) {
                past.push(Arc::clone(entry));
                past.standing.push(Arc::clone(entry));
            }
            for freed in frees.remove(&id).unwrap_or_default() {
                if let Some(left) = waits.get_mut(&freed) {
                    left.remove(&id);
                    if left.is_empty() {
                        ready.insert(rank(freed));
                    }
                }
            }
        }
        past
    }

    fn push(&mut self, entry: Arc<Entry>) {
        let mut seen = vec![0_u64; self.order.len() / 64 + 1];
        for cause in &entry.after {
            if let Some(&at) = self.place.get(cause) {
                set(&mut seen, at);
                for (mine, theirs) in seen
                    .iter_mut()
                    .zip(self.ancestors.get(at).into_iter().flatten())
                {
                    *mine |= theirs;
                }
            }
        }
        self.place.insert(entry.id, self.order.len());
        self.order.push(entry);
        self.ancestors.push(seen);
    }

    /// The entries, causes first.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.order
    }

    /// The entries that have an effect, causes first.
    pub fn standing(&self) -> &[Arc<Entry>] {
        &self.standing
    }

    /// Takes the effect of these away; they stay in the log.
    pub fn set_aside(&mut self, ids: &BTreeSet<EntryId>) {
        self.standing.retain(|e| !ids.contains(&e.id));
    }

    /// Has this entry an effect?
    pub fn stands(&self, id: EntryId) -> bool {
        self.standing.iter().any(|e| e.id == id)
    }

    /// One entry.
    pub fn get(&self, id: EntryId) -> Option<&Arc<Entry>> {
        self.place.get(&id).and_then(|at| self.order.get(*at))
    }

    /// Its place in the order.
    pub fn place(&self, id: EntryId) -> Option<usize> {
        self.place.get(&id).copied()
    }

    /// Had the author of `later` seen `earlier`? An entry has not seen itself.
    pub fn saw(&self, later: EntryId, earlier: EntryId) -> bool {
        match (self.place(later), self.place(earlier)) {
            (Some(later), Some(earlier)) => self
                .ancestors
                .get(later)
                .is_some_and(|bits| is_set(bits, earlier)),
            _ => false,
        }
    }

    /// Are both here, and neither seen by the other's author?
    pub fn concurrent(&self, a: EntryId, b: EntryId) -> bool {
        a != b
            && self.place(a).is_some()
            && self.place(b).is_some()
            && !self.saw(a, b)
            && !self.saw(b, a)
    }

    /// The newest entries: those that no other has seen.
    pub fn heads(&self) -> Vec<EntryId> {
        let mut seen = vec![0_u64; self.order.len() / 64 + 1];
        for bits in &self.ancestors {
            for (all, one) in seen.iter_mut().zip(bits) {
                *all |= one;
            }
        }
        self.order
            .iter()
            .enumerate()
            .filter(|(at, _)| !is_set(&seen, *at))
            .map(|(_, e)| e.id)
            .collect()
    }

    /// These entries and all that their authors had seen.
    pub fn up_to(&self, ids: &[EntryId]) -> Vec<Arc<Entry>> {
        let mut wanted = vec![0_u64; self.order.len() / 64 + 1];
        for at in ids.iter().filter_map(|id| self.place(*id)) {
            set(&mut wanted, at);
            for (all, one) in wanted
                .iter_mut()
                .zip(self.ancestors.get(at).into_iter().flatten())
            {
                *all |= one;
            }
        }
        self.order
            .iter()
            .enumerate()
            .filter(|(at, _)| is_set(&wanted, *at))
            .map(|(_, e)| Arc::clone(e))
            .collect()
    }
}

fn set(bits: &mut [u64], at: usize) {
    if let Some(word) = bits.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

fn is_set(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64)
        .is_some_and(|word| word & (1 << (at % 64)) != 0)
}
