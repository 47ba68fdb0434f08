//! Where the next change of a document goes: on its heads, as many of them as a change may name. So many people may have
//! written beside one another without signal, in the document of a practice for example, that there are more; the next
//! one who writes then brings some of them together, whoever comes after her some more, and nobody is kept from saving.

use super::{Change, ChangeHash, LIMITS, genesis_hash};
use crate::domain::id::EntryId;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What the next change of a document stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Heads, at most [`LIMITS`]' `deps` of them; the genesis change of a document in which nothing is.
    pub deps: Vec<ChangeHash>,
    /// One more than the highest operation below them.
    pub start_op: u64,
    /// Entries that are not below them: to whoever writes on these heads they are as if said at the same time. Mostly none.
    pub beside: BTreeSet<EntryId>,
}

/// A change of a document, and its hash.
type Node<'a> = (ChangeHash, &'a Change);

impl Tip {
    /// On these changes, causes first. `has_to_see`: is this one to be below, whatever else is not? What its own author has
    /// written is, and what an entry names that is written anew.
    pub fn of<'a>(
        changes: impl IntoIterator<Item = Node<'a>>,
        has_to_see: impl Fn(&Change) -> bool,
    ) -> Self {
        let changes: Vec<Node<'a>> = changes.into_iter().collect();
        let stood_on: BTreeSet<ChangeHash> = changes
            .iter()
            .flat_map(|(_, change)| change.deps.iter().copied())
            .collect();
        let is_head = |(hash, _): &&Node<'a>| !stood_on.contains(hash);
        let heads: Vec<Node<'a>> = changes.iter().filter(is_head).copied().collect();
        if heads.len() > LIMITS.deps {
            return Self::of_some(&changes, heads, has_to_see);
        }
        Self::on(heads, BTreeSet::new())
    }

    fn on<'a>(heads: impl IntoIterator<Item = Node<'a>>, beside: BTreeSet<EntryId>) -> Self {
        let mut tip = Self {
            deps: Vec::new(),
            start_op: 2,
            beside,
        };
        for (hash, change) in heads {
            tip.deps.push(hash);
            // A change's last operation is above all of its past.
            tip.start_op = tip.start_op.max(change.last_op() + 1);
        }
        if tip.deps.is_empty() {
            tip.deps.push(genesis_hash());
        }
        tip.deps.sort_unstable();
        tip
    }

    fn of_some<'a>(
        changes: &[Node<'a>],
        mut heads: Vec<Node<'a>>,
        has_to_see: impl Fn(&Change) -> bool,
    ) -> Self {
        // Those with the longest past first: they bring most of it together.
        heads.sort_by_key(|(hash, change)| (Reverse(change.last_op()), *hash));
        let mut chosen: Vec<Node<'a>> = Vec::new();
        let mut below: BTreeSet<ChangeHash> = BTreeSet::new();
        let mut choose = |head: Node<'a>, past: BTreeSet<ChangeHash>| {
            if chosen.len() < LIMITS.deps {
                below.extend(past);
                chosen.push(head);
            }
        };
        let mut wanted: BTreeSet<ChangeHash> = changes
            .iter()
            .filter(|(_, change)| has_to_see(change))
            .map(|(hash, _)| *hash)
            .collect();
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for head in heads {
            let past = past(changes, head.0);
            let before = wanted.len();
            wanted.retain(|hash| !past.contains(hash));
            if wanted.len() < before {
                first.push((head, past));
            } else {
                rest.push((head, past));
            }
        }
        for (head, past) in first.into_iter().chain(rest) {
            choose(head, past);
        }
        let ids = |is_below: bool| -> BTreeSet<EntryId> {
            let some = changes.iter();
            let some = some.filter(|(hash, _)| below.contains(hash) == is_below);
            let puts = some.flat_map(|(_, change)| &change.puts);
            puts.map(|put| put.id).collect()
        };
        // What was written anew may be in both.
        let beside = &ids(false) - &ids(true);
        Self::on(chosen, beside)
    }
}

/// This change and all that it stands on.
fn past(changes: &[Node<'_>], head: ChangeHash) -> BTreeSet<ChangeHash> {
    let mut past = BTreeSet::from([head]);
    // Causes lie before their effects: one walk from the end finds them all.
    for (hash, change) in changes.iter().rev() {
        if past.contains(hash) {
            past.extend(change.deps.iter().copied());
        }
    }
    past
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Actor, Put};
    use crate::domain::id::{DeviceId, DocumentId};
    use uuid::Uuid;

    /// The `n`th change, by the `n`th device, on these.
    fn change(n: u8, start_op: u64, deps: Vec<ChangeHash>) -> (ChangeHash, Change) {
        let id = |n: u8| Uuid::from_u128(n.into());
        let change = Change {
            doc: DocumentId(id(0)),
            actor: Actor([n; 16]),
            seq: 1,
            start_op,
            deps,
            nonce: None,
            device: DeviceId(id(n)),
            user: "n1".into(),
            puts: vec![Put {
                id: EntryId(id(n)),
                text: String::new(),
            }],
        };
        (ChangeHash([n; 32]), change)
    }

    fn tip(changes: &[(ChangeHash, Change)], device: u8) -> Tip {
        let device = DeviceId(Uuid::from_u128(device.into()));
        let nodes = changes.iter().map(|(hash, change)| (*hash, change));
        Tip::of(nodes, |change| change.device == device)
    }

    /// An opening, so many beside one another on it, and one more on the first of these.
    fn wide(count: u8) -> Vec<(ChangeHash, Change)> {
        let mut changes = vec![change(1, 2, vec![genesis_hash()])];
        changes.extend((0..count).map(|n| change(2 + n, 3, vec![ChangeHash([1; 32])])));
        changes.push(change(2 + count, 4, vec![ChangeHash([2; 32])]));
        changes
    }

    #[test]
    fn it_stands_on_nothing_but_the_genesis_change_or_on_all_heads() {
        let none = tip(&[], 1);
        assert_eq!((none.deps, none.start_op), (vec![genesis_hash()], 2));
        let count = u8::try_from(LIMITS.deps).unwrap();
        let all = tip(&wide(count), 1);
        assert_eq!((all.deps.len(), all.start_op), (LIMITS.deps, 5));
        assert_eq!(all.beside, BTreeSet::new());
    }

    #[test]
    fn of_too_many_heads_it_stands_on_her_own_and_on_those_with_the_longest_past() {
        let count = u8::try_from(LIMITS.deps).unwrap() + 40;
        let changes = wide(count);
        // Hers lies last of those that are alike.
        let hers = 1 + count;
        let some = tip(&changes, hers);
        assert_eq!(some.deps.len(), LIMITS.deps);
        assert!(some.deps.contains(&ChangeHash([hers; 32])));
        assert!(some.deps.contains(&ChangeHash([2 + count; 32])));
        assert_eq!(some.start_op, 5);
        // The first of them is below the last change, so there are as many heads as there were beside one another.
        assert_eq!(some.beside.len(), usize::from(count) - LIMITS.deps);
        let below = |n: u8| !some.beside.contains(&EntryId(Uuid::from_u128(n.into())));
        assert!(below(1) && below(2) && below(hers) && below(2 + count));
    }

    #[test]
    fn whoever_writes_next_brings_the_rest_together() {
        let count = u8::try_from(LIMITS.deps).unwrap() + 40;
        let mut changes = wide(count);
        let some = tip(&changes, 1);
        changes.push(change(200, some.start_op, some.deps));
        let rest = tip(&changes, 200);
        assert_eq!(rest.deps.len(), 41);
        assert!(rest.deps.contains(&ChangeHash([200; 32])));
        assert_eq!(rest.start_op, 6);
        assert_eq!(rest.beside, BTreeSet::new());
    }
}
