//! Causality and identity: what a change stands on, whose its actor is, that its entries are new, that it points at
//! nothing that its author cannot have seen.

use super::{Verdict, ensure, rejected};
use crate::ledger::{CausalPast, Ledger, opening};
use std::collections::BTreeMap;
use std::sync::Arc;
use warmhand_core::document::{Change, genesis_hash};
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::EntryId;
use warmhand_core::wire::{PushedChange, QuarantineReason, RejectReason};

/// The past, if all of it is here.
pub(super) fn past<'a>(ledger: &'a Ledger, pushed: &PushedChange) -> Result<CausalPast<'a>, Verdict> {
    let change = &pushed.change;
    if change.deps.contains(&genesis_hash()) {
        // A document begins once; what stands on a later change stands on the beginning through it.
        return if change.deps.len() == 1 { Ok(ledger.past(&[])) } else { rejected(RejectReason::Malformed) };
    }
    let absent = || change.deps.iter().filter(|dep| ledger.accepted(**dep).is_none());
    if absent().any(|dep| ledger.quarantined.contains_key(dep)) {
        return Err(Verdict::Quarantined(QuarantineReason::StandsOn));
    }
    let missing: Vec<_> = absent().copied().collect();
    if missing.is_empty() {
        Ok(ledger.past(&change.deps))
    } else if pushed.orphan {
        Err(Verdict::Quarantined(QuarantineReason::Recovered))
    } else {
        Err(Verdict::Missing(missing))
    }
}

/// Counters, actor, ids and pointers.
pub(super) fn check(
    ledger: &Ledger,
    past: &CausalPast<'_>,
    change: &Change,
    entries: &[Arc<Entry>],
    elsewhere: &BTreeMap<EntryId, Vec<String>>,
) -> Result<(), Verdict> {
    if change.start_op != past.last_op() + 1 {
        return rejected(RejectReason::Malformed);
    }
    let seen = past.ids();
    let points_ahead = entries
        .iter()
        .flat_map(|e| &e.after)
        .any(|id| ledger.entry(*id).is_some() && !seen.contains(id) && !change.puts.iter().any(|put| put.id == *id));
    if points_ahead {
        return rejected(RejectReason::Malformed);
    }
    if change.deps == [genesis_hash()] {
        begins(ledger, entries)?;
    }
    ensure(actor_fits(ledger, past, change), QuarantineReason::Reauthor)?;
    let used = change.puts.iter().any(|put| {
        let other_text = ledger.entry(put.id).is_some_and(|known| known.text != put.text)
            || elsewhere.get(&put.id).is_some_and(|texts| texts.iter().any(|text| *text != put.text));
        seen.contains(&put.id) || other_text
    });
    ensure(!used, QuarantineReason::EntryId)
}

/// A document begins with its opening, and with one alone; the same opening may come again in another change.
fn begins(ledger: &Ledger, entries: &[Arc<Entry>]) -> Result<(), Verdict> {
    let Some(first) = entries.first().filter(|e| opening(&e.body).is_some()) else {
        return rejected(RejectReason::Malformed);
    };
    let again = ledger.opened.is_none() || ledger.entry(first.id).is_some();
    ensure(again, QuarantineReason::Guard)
}

/// The actor is this device's and person's, and counts on without a gap or a fork.
fn actor_fits(ledger: &Ledger, past: &CausalPast<'_>, change: &Change) -> bool {
    match ledger.writer(change.actor) {
        None => change.seq == 1 && change.actor_fits(),
        Some(writer) => {
            let same = writer.device == change.device && writer.user == change.user;
            same && change.seq == writer.seq + 1 && past.holds(writer.tip)
        }
    }
}
