//! Healing a document of which something was not taken. What was refused for what it says leaves the document, and its
//! author's other work that stood on it is written anew without it, under a new actor; what a fork, a gap or a foreign
//! actor held up is written anew itself. Entries keep their ids and their bytes. Where the refusal is of the person and
//! not of her words nothing is written anew: it would lie before the reviewer twice.
//!
//! Everything follows from the stored states, so that doing it twice does nothing.

use crate::document::{Actor, Change, ChangeHash, Put, Tip, genesis_hash};
use crate::domain::entry::Entry;
use crate::domain::id::{DeviceId, DocumentId, EntryId};
use crate::store::{Author, ChangeState, Standing, StoreError, StoredChange, Write, live};
use crate::wire::QuarantineReason;
use rand::RngCore;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

/// What is to become of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is part of the document.
    Stands,
    /// So it is, and the server is still to be asked about it: what stands on it and lies there waits for that answer.
    Asked,
    /// It stays where it is, and with it what stands on it.
    Stays,
    /// It stays where it is: a person decided about it while nobody had said whose this device is. What stands on it goes
    /// on without it, but only once the server, which now knows the device, has turned that away.
    Answered,
    /// It stays where it is; what stands on it goes on without it.
    Refused,
    /// Its entries are written anew, as far as they are not there yet.
    Moves,
}

/// Writes anew in a document what can be. Tells whether anything was.
pub(super) fn heal(
    write: &mut Write<'_>,
    device: DeviceId,
    doc: DocumentId,
    rng: &mut dyn RngCore,
) -> Result<bool, StoreError> {
    let held = write.document(doc)?;
    let fates = fates(&held, device);
    let mut moves: Vec<&StoredChange> = held
        .iter()
        .filter(|c| fates.get(&c.hash) == Some(&Fate::Moves))
        .collect();
    moves.sort_by_key(|c| c.change.start_op);
    let mut ground = Ground::of(&held, &fates, tip(&held, device, &moves));
    let mut is_changed = false;
    for stored in moves {
        let runs = ground.runs(&stored.change.puts);
        if !runs.is_empty() || stored.state != ChangeState::Superseded {
            // What would be written next under this actor follows on what is left behind.
            write.retire_actor(doc, stored.change.actor)?;
        }
        for puts in runs {
            let author = Author {
                doc,
                device,
                user: &stored.change.user,
            };
            let tip = ground.tip.clone();
            let sealed = write.write_next(author, tip, puts, stored.recorded_at, rng)?;
            ground.tip.deps = vec![sealed.hash];
            ground.tip.start_op = sealed.change.last_op() + 1;
            is_changed = true;
        }
        let is_there = |put: &Put| ground.texts.get(&put.id) == Some(&put.text);
        if stored.state != ChangeState::Superseded && stored.change.puts.iter().all(is_there) {
            write.settle(stored.hash, ChangeState::Superseded, None, None)?;
            is_changed = true;
        }
    }
    let is_decided =
        |c: &StoredChange| matches!(c.state, ChangeState::Released | ChangeState::Dismissed);
    if ground.texts.is_empty() && held.iter().any(is_decided) {
        // It never became a record here, and nobody waits for an answer about it any more.
        write.hide(doc)?;
    }
    Ok(is_changed)
}

/// Where these are written anew: on what this device wrote, and on what their authors had seen, of however much.
fn tip(held: &[StoredChange], device: DeviceId, moves: &[&StoredChange]) -> Tip {
    let named = LazyCell::new(|| -> BTreeSet<EntryId> {
        let puts = moves.iter().flat_map(|stored| &stored.change.puts);
        let entries = puts.filter_map(|put| Entry::parse(&put.text).ok());
        entries.flat_map(|entry| entry.after).collect()
    });
    let has_to_see = |change: &Change| {
        change.device == device || change.puts.iter().any(|put| named.contains(&put.id))
    };
    let live = live(held);
    Tip::of(live.iter().map(|c| (c.hash, &c.change)), has_to_see)
}

/// A change comes whose count of an actor was given to another one as well, since a phone or the server was put back. From
/// there on what this device has of that actor leaves the document: its own unsent changes, to be written anew; what the
/// server once had, to be given back to it with its word. Tells whether there was any.
pub(super) fn fork(
    write: &mut Write<'_>,
    doc: DocumentId,
    actor: Actor,
    seq: u64,
) -> Result<bool, StoreError> {
    write.open_whole(doc)?;
    let held = write.document(doc)?;
    let mut is_changed = false;
    for stored in live(&held) {
        if stored.change.actor != actor || stored.change.seq < seq {
            continue;
        }
        let (state, reason) = match stored.receipt {
            Some(_) => (ChangeState::Aside, None),
            // As the server will say once it hears of it; until it does, or it is written anew, it waits.
            None => (ChangeState::Quarantined, Some(QuarantineReason::Reauthor)),
        };
        let left = StoredChange {
            state,
            ..stored.clone()
        };
        write.settle(left.hash, state, reason.map(|r| r as i64), None)?;
        write.offer_again(&Standing::of(&left, false))?;
        is_changed = true;
    }
    if is_changed {
        write.retire_actor(doc, actor)?;
    }
    Ok(is_changed)
}

fn fates(held: &[StoredChange], device: DeviceId) -> BTreeMap<ChangeHash, Fate> {
    let stands: BTreeSet<ChangeHash> = live(held).iter().map(|c| c.hash).collect();
    let mut fates = BTreeMap::from([(genesis_hash(), Fate::Stands)]);
    // A change's first operation is above all of its past.
    let mut causes_first: Vec<&StoredChange> = held.iter().collect();
    causes_first.sort_by_key(|c| c.change.start_op);
    for stored in causes_first {
        let below = |dep: &ChangeHash| fates.get(dep).copied().unwrap_or(Fate::Stays);
        let keeps = |fate: Fate| match fate {
            Fate::Stays => true,
            Fate::Answered => stored.state.is_taken(),
            // What forked here goes at once: the server has not spoken of it.
            Fate::Asked => stored.state == ChangeState::Quarantined && !stored.relay,
            Fate::Stands | Fate::Refused | Fate::Moves => false,
        };
        let on_what_stays = stored.change.deps.iter().map(below).any(keeps);
        let is_own = stored.change.device == device;
        let is_decided = matches!(stored.state, ChangeState::Released | ChangeState::Dismissed);
        let reason = stored.quarantine_reason();
        let is_asked = stored.state == ChangeState::Saved || stored.relay;
        let fate = if stands.contains(&stored.hash) {
            if is_asked { Fate::Asked } else { Fate::Stands }
        } else if is_decided && reason == Some(QuarantineReason::Unconfirmed) {
            Fate::Answered
        } else if on_what_stays || reason.is_some_and(QuarantineReason::is_of_standing) {
            Fate::Stays
        } else {
            match stored.state {
                ChangeState::Superseded => Fate::Moves,
                ChangeState::Saved if is_own && stored.receipt.is_none() => Fate::Moves,
                ChangeState::Quarantined if is_own => match reason {
                    Some(QuarantineReason::Reauthor | QuarantineReason::StandsOn) => Fate::Moves,
                    _ => Fate::Refused,
                },
                ChangeState::Accepted | ChangeState::Remote | ChangeState::Saved => Fate::Stays,
                ChangeState::Quarantined
                | ChangeState::Rejected
                | ChangeState::Aside
                | ChangeState::Released
                | ChangeState::Dismissed => Fate::Refused,
            }
        };
        fates.insert(stored.hash, fate);
    }
    fates
}

/// What there is to write on.
struct Ground {
    tip: Tip,
    /// The entries of the document.
    texts: BTreeMap<EntryId, String>,
    /// Entries that wait for a person, or have had their answer: not to be sent a second time.
    spoken_for: BTreeSet<EntryId>,
    /// Every entry that is here in whatever state.
    known: BTreeSet<EntryId>,
}

impl Ground {
    fn of(held: &[StoredChange], fates: &BTreeMap<ChangeHash, Fate>, tip: Tip) -> Self {
        let mut ground = Self {
            tip,
            texts: BTreeMap::new(),
            spoken_for: BTreeSet::new(),
            known: BTreeSet::new(),
        };
        for stored in held {
            let puts = &stored.change.puts;
            ground.known.extend(puts.iter().map(|put| put.id));
            match fates.get(&stored.hash) {
                Some(Fate::Stands | Fate::Asked) => {
                    let texts = puts.iter().map(|put| (put.id, put.text.clone()));
                    ground.texts.extend(texts);
                }
                // What was written anew speaks for itself, wherever it lies.
                Some(Fate::Stays) if stored.state == ChangeState::Superseded => {}
                Some(Fate::Stays | Fate::Answered | Fate::Refused) => {
                    ground.spoken_for.extend(puts.iter().map(|put| put.id));
                }
                Some(Fate::Moves) | None => {}
            }
        }
        ground
    }

    /// What of this may be written now, in changes of which each entry has the one before it in `after`.
    fn runs(&mut self, puts: &[Put]) -> Vec<Vec<Put>> {
        let mut runs: Vec<Vec<Put>> = Vec::new();
        for put in puts {
            let Some(entry) = self.may_follow(put) else {
                continue;
            };
            self.texts.insert(put.id, put.text.clone());
            let last = runs.last_mut();
            let follows =
                last.filter(|run| run.last().is_some_and(|p| entry.after.contains(&p.id)));
            match follows {
                Some(run) => run.push(put.clone()),
                None => runs.push(vec![put.clone()]),
            }
        }
        runs
    }

    /// An entry is written anew unless it is there, waits elsewhere, cannot be read, or speaks of one that is not there:
    /// then it stays with that one.
    fn may_follow(&self, put: &Put) -> Option<Entry> {
        if self.texts.contains_key(&put.id) || self.spoken_for.contains(&put.id) {
            return None;
        }
        let entry = Entry::parse(&put.text).ok()?;
        let mut rests_on_refused = false;
        entry.body.points_at(&mut |id| {
            rests_on_refused |= self.known.contains(&id) && !self.texts.contains_key(&id);
        });
        let begins = entry.body.opens().is_some() == self.texts.is_empty();
        (begins && !rests_on_refused).then_some(entry)
    }
}
