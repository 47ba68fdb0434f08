//! Who had seen what: the ancestors of every entry through `after`, as bit sets. Two entries are concurrent when
//! neither is an ancestor of the other. Knows no kind of entry and no clock but for the order of display.

use super::entry::{Entry, MAX_AFTER};
use super::id::EntryId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

/// The entries of one document in causal order, with their ancestry.
#[derive(Clone, Debug, Default)]
pub struct Past {
    order: Vec<Arc<Entry>>,
    /// Where each lies in the order, by id.
    places: Vec<(EntryId, usize)>,
    /// What each one's author had seen: a row of bits an entry, one row after the other.
    ancestors: Vec<u64>,
    /// The words of a row.
    words: usize,
    standing: Vec<Arc<Entry>>,
}

/// Entries by their rank: the order in which they would be shown if none stood on another.
struct Ranked<'a> {
    entries: Vec<&'a Arc<Entry>>,
    /// Of each, the ranks of those that it stands on, as far as they are here.
    causes: Vec<Vec<usize>>,
}

impl<'a> Ranked<'a> {
    fn of(entries: &'a [Arc<Entry>]) -> Self {
        let all: BTreeMap<EntryId, &Arc<Entry>> = entries.iter().map(|e| (e.id, e)).collect();
        let mut entries: Vec<_> = all.into_values().collect();
        entries.sort_unstable_by_key(|e| (e.occurred_at.timestamp(), e.id));
        let mut ranks: Vec<_> = (0..).zip(&entries).map(|(at, e)| (e.id, at)).collect();
        ranks.sort_unstable();
        let causes = entries.iter().map(|entry| {
            let others = entry.after.iter().filter(|id| **id != entry.id);
            let mut causes: Vec<_> = others.filter_map(|id| find(&ranks, *id)).collect();
            causes.sort_unstable();
            causes.dedup();
            causes
        });
        Self {
            causes: causes.collect(),
            entries,
        }
    }

    /// All ranks, causes first.
    fn in_order(&self) -> Vec<usize> {
        let count = self.entries.len();
        let mut waits_for: Vec<usize> = self.causes.iter().map(Vec::len).collect();
        let mut frees = vec![Vec::new(); count];
        for (rank, causes) in self.causes.iter().enumerate() {
            for cause in causes {
                if let Some(freed) = frees.get_mut(*cause) {
                    freed.push(rank);
                }
            }
        }
        let mut ready: BinaryHeap<_> = waits_for
            .iter()
            .enumerate()
            .filter(|(_, causes)| **causes == 0)
            .map(|(rank, _)| Reverse(rank))
            .collect();
        let mut is_placed = vec![false; count];
        let mut order = Vec::with_capacity(count);
        while order.len() < count {
            // A ring of causes, which no honest device can make, is broken at its earliest entry.
            let next = ready.pop().map(|Reverse(rank)| rank);
            let Some(rank) = next.or_else(|| is_placed.iter().position(|placed| !placed)) else {
                break;
            };
            if let Some(placed) = is_placed.get_mut(rank) {
                *placed = true;
            }
            order.push(rank);
            for freed in frees.get(rank).into_iter().flatten() {
                let Some(left) = waits_for.get_mut(*freed) else {
                    continue;
                };
                *left -= 1;
                if *left == 0 && is_placed.get(*freed) == Some(&false) {
                    ready.push(Reverse(*freed));
                }
            }
        }
        order
    }
}

/// What lies beside this id.
fn find(sorted: &[(EntryId, usize)], id: EntryId) -> Option<usize> {
    let at = sorted.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    sorted.get(at).map(|(_, found)| *found)
}

impl Past {
    /// Orders entries: causes first; among concurrent ones by `occurred_at`, then id. An entry given twice counts
    /// once. Ids in `after` that are not here are passed over; a ring of causes is broken at the earliest entry.
    pub fn of(entries: &[Arc<Entry>]) -> Self {
        let ranked = Ranked::of(entries);
        let in_order = ranked.in_order();
        let mut past = Self {
            words: in_order.len().div_ceil(64),
            ..Self::default()
        };
        let mut place_of = vec![None; in_order.len()];
        for rank in in_order {
            let (Some(entry), Some(causes)) = (ranked.entries.get(rank), ranked.causes.get(rank))
            else {
                continue;
            };
            let here = past.order.len();
            past.add(
                entry,
                causes
                    .iter()
                    .filter_map(|cause| place_of.get(*cause).copied().flatten()),
            );
            if let Some(place) = place_of.get_mut(rank) {
                *place = Some(here);
            }
        }
        let places = past.order.iter().enumerate();
        past.places = places.map(|(at, entry)| (entry.id, at)).collect();
        past.places.sort_unstable();
        past.standing.clone_from(&past.order);
        past
    }

    /// Adds an entry behind all that it stands on.
    fn add(&mut self, entry: &Arc<Entry>, causes: impl Iterator<Item = usize>) {
        let mut seen = vec![0_u64; self.words];
        for cause in causes {
            set(&mut seen, cause);
            join(&mut seen, self.seen_by(cause));
        }
        self.order.push(Arc::clone(entry));
        self.ancestors.append(&mut seen);
    }

    fn seen_by(&self, at: usize) -> &[u64] {
        let row = at * self.words..(at + 1) * self.words;
        self.ancestors.get(row).unwrap_or_default()
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
        self.place(id).and_then(|at| self.order.get(at))
    }

    /// Its place in the order.
    pub fn place(&self, id: EntryId) -> Option<usize> {
        find(&self.places, id)
    }

    /// Had the author of `later` seen `earlier`? An entry has not seen itself.
    pub fn saw(&self, later: EntryId, earlier: EntryId) -> bool {
        match (self.place(later), self.place(earlier)) {
            (Some(later), Some(earlier)) => is_set(self.seen_by(later), earlier),
            _ => false,
        }
    }

    /// Entries of other people whose authors had seen this one, causes first: whoever wrote after it had it before her.
    pub fn seen_by_others(&self, id: EntryId) -> impl Iterator<Item = &Arc<Entry>> {
        let at = self.place(id);
        let by = self.get(id).map(|entry| &entry.by);
        let later = self.order.iter().enumerate();
        later
            .filter(move |(later, entry)| {
                Some(&entry.by) != by && at.is_some_and(|at| is_set(self.seen_by(*later), at))
            })
            .map(|(_, entry)| entry)
    }

    /// Are both here, and neither seen by the other's author?
    pub fn concurrent(&self, a: EntryId, b: EntryId) -> bool {
        a != b
            && self.place(a).is_some()
            && self.place(b).is_some()
            && !self.saw(a, b)
            && !self.saw(b, a)
    }

    /// The newest entries: those that no other has seen. Of more than an entry may name, those whose authors had seen most:
    /// the rest is to it as if said at the same time.
    pub fn heads(&self) -> Vec<EntryId> {
        let mut seen = vec![0_u64; self.words];
        for at in 0..self.order.len() {
            join(&mut seen, self.seen_by(at));
        }
        let mut heads: Vec<usize> = (0..self.order.len())
            .filter(|at| !is_set(&seen, *at))
            .collect();
        if heads.len() > MAX_AFTER {
            let had_seen = |at: &usize| -> u32 {
                let row = self.seen_by(*at).iter();
                row.map(|word| word.count_ones()).sum()
            };
            heads.sort_by_cached_key(|at| Reverse(had_seen(at)));
            heads.truncate(MAX_AFTER);
            heads.sort_unstable();
        }
        let heads = heads.into_iter().filter_map(|at| self.order.get(at));
        heads.map(|entry| entry.id).collect()
    }

    /// These entries and all that their authors had seen.
    pub fn up_to(&self, ids: &[EntryId]) -> Vec<Arc<Entry>> {
        let mut wanted = vec![0_u64; self.words];
        for at in ids.iter().filter_map(|id| self.place(*id)) {
            set(&mut wanted, at);
            join(&mut wanted, self.seen_by(at));
        }
        self.order
            .iter()
            .enumerate()
            .filter(|(at, _)| is_set(&wanted, *at))
            .map(|(_, e)| Arc::clone(e))
            .collect()
    }
}

fn join(all: &mut [u64], more: &[u64]) {
    for (all, more) in all.iter_mut().zip(more) {
        *all |= more;
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
