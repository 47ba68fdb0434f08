//! All changes of a document as columns, causes first, without anything that the receiver can compute: no hash of a
//! change, no count of an actor, no first operation, and each id once. The receiver builds every change anew and takes the
//! document only if its heads come out as they were told: a head covers all of its past.

use super::{DeliveredChange, MAX_MESSAGE, Receipt, Texts};
use crate::document::{Actor, Change, ChangeHash, LIMITS, Put, Sealed, genesis_hash, seal};
use crate::domain::id::{DeviceId, DocumentId, EntryId, UserId};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A whole document.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Packed {
    /// Who writes in it.
    #[n(0)]
    pub actors: Vec<PackedActor>,
    /// Of each change: its actor, by place. The actor's count is how often it came before, and one.
    #[n(1)]
    pub by: Vec<u32>,
    /// Of each change: how many changes back lies each that it stands on; one more than there are is the genesis change.
    /// Its first operation is one more than the highest of these.
    #[n(2)]
    pub back: Vec<Vec<u32>>,
    /// Of each change: how many entries it has.
    #[n(3)]
    pub puts: Vec<u8>,
    /// The texts of all entries.
    #[n(4)]
    pub texts: Texts,
    /// The ids of those whose text does not begin with it, by the place of the text.
    #[n(5)]
    pub ids: BTreeMap<u32, EntryId>,
    /// Of each change: when the server had it, in milliseconds since the change before.
    #[n(6)]
    pub received: Vec<i64>,
    /// Of each change: its author's clock then.
    #[n(7)]
    pub offsets: Vec<i64>,
    /// Of each change: which key signed.
    #[n(8)]
    pub keys: Vec<u16>,
    /// Of each change: the ten bytes of its receipt.
    #[cbor(n(9), with = "minicbor::bytes")]
    pub macs: Vec<u8>,
    /// The first bytes of the SHA-256 over what every change must lead to, the heads in their order. Whoever sends
    /// columns can send any: it finds what was built otherwise than it was packed, and needs no more bytes for that.
    #[cbor(n(10), with = "minicbor::bytes")]
    pub heads: [u8; 8],
}

/// A whole document as bytes, as it travels and as it lies: read only by whoever needs what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Columns(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl Columns {
    /// As bytes.
    pub fn of(packed: &Packed) -> Self {
        // Writing to memory cannot fail; were it to, nothing is refused by whoever reads it.
        Self(minicbor::to_vec(packed).unwrap_or_default())
    }

    /// Its columns.
    pub fn read(&self) -> Result<Packed, Unpackable> {
        minicbor::decode(&self.0).map_err(|_| Unpackable::Columns)
    }
}

/// An actor, by what makes it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PackedActor {
    /// Its nonce.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// Its device.
    #[n(1)]
    pub device: DeviceId,
    /// Its person.
    #[n(2)]
    pub user: UserId,
}

const MAC: usize = 10;

/// Why columns are no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpackable {
    /// They do not fit one another, or a place names nothing.
    #[error("columns that do not fit one another")]
    Columns,
    /// A change is out of bounds, or all of them are.
    #[error("fields out of bounds")]
    Bounds,
    /// The changes lead to other heads.
    #[error("the changes do not give the heads")]
    Heads,
}

/// The id with which an entry's text begins.
fn id_in(text: &str) -> Option<EntryId> {
    text.strip_prefix("{\"id\":\"")?.get(..36)?.parse().ok()
}

/// What columns give: what was made of each change, with its receipt, and what they lead to.
type Built<T> = (Vec<(T, Receipt)>, [u8; 8]);

/// The changes before, as far as the next one needs them.
#[derive(Default)]
struct Before {
    /// Every change in its order, with its highest operation.
    changes: Vec<(ChangeHash, u64)>,
    /// How often each actor came.
    counts: BTreeMap<Actor, u64>,
    stood_on: BTreeSet<ChangeHash>,
}

impl Before {
    /// The change so far back, with its highest operation.
    fn back(&self, steps: u32) -> Option<(ChangeHash, u64)> {
        let steps = usize::try_from(steps).ok().filter(|steps| *steps > 0)?;
        match self.changes.len().checked_sub(steps) {
            Some(at) => self.changes.get(at).copied(),
            None if steps == self.changes.len() + 1 => Some((genesis_hash(), 1)),
            None => None,
        }
    }

    fn count(&mut self, actor: Actor) -> u64 {
        let count = self.counts.entry(actor).or_default();
        *count += 1;
        *count
    }

    fn heads(&self) -> [u8; 8] {
        let all = self.changes.iter().map(|(hash, _)| *hash);
        let mut heads: Vec<_> = all.filter(|hash| !self.stood_on.contains(hash)).collect();
        heads.sort_unstable();
        let digest = heads
            .iter()
            .fold(Sha256::new(), |digest, head| digest.chain_update(head.0));
        let digest: [u8; 32] = digest.finalize().into();
        digest.first_chunk().copied().unwrap_or_default()
    }
}

impl Packed {
    /// Packs what the server has of a document. None if something in it cannot be left out: then it goes as changes.
    pub fn of(changes: &[DeliveredChange]) -> Option<Self> {
        let mut packed = Self {
            actors: Vec::new(),
            by: Vec::new(),
            back: Vec::new(),
            puts: Vec::new(),
            texts: Texts::default(),
            ids: BTreeMap::new(),
            received: Vec::new(),
            offsets: Vec::new(),
            keys: Vec::new(),
            macs: Vec::new(),
            heads: [0; 8],
        };
        let mut before = Before::default();
        let mut places: BTreeMap<ChangeHash, usize> = BTreeMap::new();
        let mut table: BTreeMap<Actor, u32> = BTreeMap::new();
        let mut received_at = 0;
        for delivered in changes {
            let change = &delivered.change;
            let here = places.len();
            let mut back = Vec::new();
            let mut last_op = 1;
            for dep in &change.deps {
                let steps = match places.get(dep) {
                    Some(place) => here - place,
                    None if *dep == genesis_hash() => here + 1,
                    None => return None,
                };
                let steps = u32::try_from(steps).ok()?;
                last_op = last_op.max(before.back(steps)?.1);
                back.push(steps);
            }
            let is_next = before.count(change.actor) == change.seq;
            if !is_next || !change.actor_fits() || change.start_op != last_op + 1 {
                return None;
            }
            if !table.contains_key(&change.actor) {
                table.insert(change.actor, u32::try_from(table.len()).ok()?);
                packed.actors.push(PackedActor {
                    nonce: change.nonce?,
                    device: change.device,
                    user: change.user.clone(),
                });
            }
            packed.by.push(*table.get(&change.actor)?);
            packed.back.push(back);
            packed.puts.push(u8::try_from(change.puts.len()).ok()?);
            for put in &change.puts {
                if id_in(&put.text) != Some(put.id) {
                    let place = u32::try_from(packed.texts.plain.len()).ok()?;
                    packed.ids.insert(place, put.id);
                }
                packed.texts.push(&put.text);
            }
            let receipt = &delivered.receipt;
            packed
                .received
                .push(receipt.received_at.wrapping_sub(received_at));
            received_at = receipt.received_at;
            packed.offsets.push(receipt.offset_ms);
            packed.keys.push(receipt.key);
            packed.macs.extend(receipt.mac);
            places.insert(delivered.hash, here);
            before.stood_on.extend(&change.deps);
            before.changes.push((delivered.hash, change.last_op()));
        }
        packed.heads = before.heads();
        (places.len() == changes.len()).then_some(packed)
    }

    /// Builds every change anew, with its receipt.
    pub fn rebuild(&self, doc: DocumentId) -> Result<Vec<(Sealed, Receipt)>, Unpackable> {
        let sealed = |change| {
            let sealed = seal(change).map_err(|_| Unpackable::Bounds)?;
            Ok((sealed.hash, sealed.change.last_op(), sealed))
        };
        let (rebuilt, heads) = self.build(doc, sealed)?;
        if self.heads == heads {
            Ok(rebuilt)
        } else {
            Err(Unpackable::Heads)
        }
    }

    /// The changes as they were once built, by the hashes that they had then.
    pub fn changes(
        &self,
        doc: DocumentId,
        hashes: &[ChangeHash],
    ) -> Result<Vec<DeliveredChange>, Unpackable> {
        let mut hashes = hashes.iter();
        let named = |change: Change| {
            let hash = *hashes.next().ok_or(Unpackable::Columns)?;
            Ok((hash, change.last_op(), (change, hash)))
        };
        let (changes, heads) = self.build(doc, named)?;
        if self.heads != heads {
            return Err(Unpackable::Heads);
        }
        let delivered = |((change, hash), receipt)| DeliveredChange {
            change,
            hash,
            receipt,
        };
        Ok(changes.into_iter().map(delivered).collect())
    }

    /// The receipt of each change.
    pub fn receipts(&self) -> impl Iterator<Item = Receipt> {
        let mut received_at = 0_i64;
        let macs = self.macs.as_chunks::<MAC>().0;
        let columns = self.received.iter().zip(&self.offsets).zip(&self.keys);
        columns
            .zip(macs)
            .map(move |(((since, offset_ms), key), mac)| {
                received_at = received_at.wrapping_add(*since);
                Receipt {
                    received_at,
                    offset_ms: *offset_ms,
                    key: *key,
                    mac: *mac,
                }
            })
    }

    /// Every change with its receipt, and the heads. `known`: the hash of a change, its last operation, what becomes of it.
    fn build<T>(
        &self,
        doc: DocumentId,
        mut known: impl FnMut(Change) -> Result<(ChangeHash, u64, T), Unpackable>,
    ) -> Result<Built<T>, Unpackable> {
        self.check()?;
        let actor = |of: &PackedActor| Actor::derive(of.device, &of.user, doc, &of.nonce);
        let actors: Vec<_> = self.actors.iter().map(|of| (of, actor(of))).collect();
        let mut built = Vec::with_capacity(self.by.len());
        let mut before = Before::default();
        let mut texts = (0..).zip(self.texts.read()?);
        let changes = self.by.iter().zip(&self.back).zip(&self.puts);
        for (((by, back), puts), receipt) in changes.zip(self.receipts()) {
            let place = usize::try_from(*by).map_err(|_| Unpackable::Columns)?;
            let (whose, actor) = *actors.get(place).ok_or(Unpackable::Columns)?;
            let seq = before.count(actor);
            let (mut deps, mut last_op) = (Vec::with_capacity(back.len()), 1);
            for steps in back {
                let (dep, op) = before.back(*steps).ok_or(Unpackable::Columns)?;
                deps.push(dep);
                last_op = last_op.max(op);
            }
            let puts = texts.by_ref().take(usize::from(*puts));
            let puts = puts.map(|(at, text)| {
                let id = self.ids.get(&at).copied().or_else(|| id_in(&text));
                id.map(|id| Put { id, text }).ok_or(Unpackable::Columns)
            });
            let change = Change {
                doc,
                actor,
                seq,
                start_op: last_op + 1,
                deps,
                nonce: (seq == 1).then_some(whose.nonce),
                device: whose.device,
                user: whose.user.clone(),
                puts: puts.collect::<Result<_, _>>()?,
            };
            before.stood_on.extend(&change.deps);
            let (hash, last_op, made) = known(change)?;
            before.changes.push((hash, last_op));
            built.push((made, receipt));
        }
        Ok((built, before.heads()))
    }

    /// Do the columns fit one another, and does what they say stay small? Few bytes can name much: every change repeats
    /// its person's name, and every step back is a hash.
    fn check(&self) -> Result<(), Unpackable> {
        let count = self.by.len();
        let is_whole = count > 0
            && [
                self.back.len(),
                self.puts.len(),
                self.received.len(),
                self.offsets.len(),
                self.keys.len(),
            ]
            .iter()
            .all(|len| *len == count)
            && self.macs.len() == count * MAC
            && self
                .puts
                .iter()
                .map(|puts| usize::from(*puts))
                .sum::<usize>()
                == self.texts.plain.len();
        if !is_whole {
            return Err(Unpackable::Columns);
        }
        let places = self.by.iter().filter_map(|by| usize::try_from(*by).ok());
        let writers = places.filter_map(|by| self.actors.get(by));
        let names: usize = writers.map(|actor| actor.user.0.len()).sum();
        let is_wide = self.back.iter().any(|back| back.len() > LIMITS.deps);
        if names > MAX_MESSAGE || is_wide {
            return Err(Unpackable::Bounds);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
