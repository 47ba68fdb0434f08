//! What was made in error, and what is only proposed: both stay in the log and have no effect. A void that had not seen
//! a later entry about the same thing waits for a person, and meanwhile nothing is taken away.

use super::item::{self, ReviewItem, Settlement};
use crate::domain::code::{ContactWith, ReviewKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{DerivedId, EntryId};
use crate::domain::past::Past;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What somebody proposed for another to accept.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Derived from the entry.
    pub id: DerivedId,
    /// The entry.
    pub entry: Arc<Entry>,
    /// The entry that accepted it, or declined it.
    pub answered: Option<Arc<Entry>>,
}

impl Proposal {
    /// The question that a proposal opens.
    pub fn question(proposed: EntryId) -> DerivedId {
        DerivedId::derive("proposed", &[proposed])
    }
}

/// An entry without effect.
#[derive(Clone, Debug)]
pub struct Voided {
    /// Which.
    pub entry: EntryId,
    /// The entry that says so.
    pub by: Arc<Entry>,
}

/// Takes the effect of voided and of proposed entries away.
pub(super) fn set_aside(past: &mut Past) -> (Vec<Voided>, Vec<Proposal>, Vec<ReviewItem>) {
    let proposals = proposals(past);
    let voids: Vec<(Arc<Entry>, EntryId)> = past
        .entries()
        .iter()
        .filter_map(|e| match &e.body {
            Body::EnteredInError(p) => Some((Arc::clone(e), p.entry)),
            _ => None,
        })
        .collect();
    let mut aside: BTreeSet<EntryId> = proposals.iter().map(|p| p.entry.id).collect();
    let (mut voided, mut items) = (Vec::new(), Vec::new());
    // The newest first: a void that was itself made in error takes nothing away.
    for (void, target) in voids.iter().rev() {
        if aside.contains(&void.id) || past.get(*target).is_none() {
            continue;
        }
        let found = disputes(past, void, *target, &voids);
        let holds = found.iter().all(|i| {
            i.settled
                .as_ref()
                .is_some_and(|s| s.keep == Some(void.id) || !s.named && s.keep.is_none())
        });
        items.extend(found);
        if holds && aside.insert(*target) {
            voided.push(Voided {
                entry: *target,
                by: Arc::clone(void),
            });
        }
    }
    past.set_aside(&aside);
    (voided, proposals, items)
}

/// Each later edit of the voided entry that this void had not seen, and that had not seen it.
fn disputes(
    past: &Past,
    void: &Arc<Entry>,
    target: EntryId,
    voids: &[(Arc<Entry>, EntryId)],
) -> Vec<ReviewItem> {
    let mut items = Vec::new();
    for edit in past.entries() {
        // A worry goes on with nothing: it names the visit in which it was raised, whatever became of that.
        if edit.body.is_said_beside() {
            continue;
        }
        // Of what she never saw nobody went on with anything, and what was only proposed has no effect.
        let went_on = past.saw(edit.id, target) && !edit.body.is_proposed();
        let mut about = went_on
            && past
                .get(target)
                .is_some_and(|voided| goes_on_with(&edit.body, &voided.body));
        edit.body.points_at(&mut |id| about |= id == target);
        let is_void = matches!(edit.body, Body::EnteredInError(_));
        if !about || is_void || !past.concurrent(void.id, edit.id) {
            continue;
        }
        // Said again by somebody who had seen both.
        let again = voids
            .iter()
            .filter(|(v, t)| *t == target && past.saw(v.id, void.id) && past.saw(v.id, edit.id))
            .map(|(v, _)| v)
            .min_by_key(|v| (v.occurred_at.timestamp(), v.id));
        let anew: Vec<Settlement> = again
            .map(|v| Settlement::anew(v, None))
            .into_iter()
            .collect();
        items.extend(item::resolve(
            past,
            ReviewKind::VoidDisputed,
            [void.id, edit.id],
            &[void.id, edit.id],
            &anew,
        ));
    }
    items
}

/// Does it go on with what the other began, though it names nothing of it? A record has one need, and all of its handoff
/// rests on that.
fn goes_on_with(edit: &Body, begun: &Body) -> bool {
    matches!(begun, Body::NeedIdentified(_))
        && match edit {
            Body::ContactAttempted(p) => p.with != ContactWith::OnCallClinician,
            Body::Offered(_)
            | Body::DecisionRecorded(_)
            | Body::NextStepSet(_)
            | Body::AppointmentBooked(_)
            | Body::ElectronicQueued(_)
            | Body::ElectronicSent(_) => true,
            _ => false,
        }
}

fn proposals(past: &Past) -> Vec<Proposal> {
    let proposed = past.entries().iter().filter(|e| e.body.is_proposed());
    proposed
        .map(|entry| {
            let id = Proposal::question(entry.id);
            let answers = |e: &&Arc<Entry>| {
                e.body.accepts() == Some(entry.id)
                    || matches!(&e.body, Body::ReviewSettled(p) if p.items.contains(&id) && p.keep.is_none())
            };
            let answered = past.entries().iter().find(answers).cloned();
            Proposal { id, entry: Arc::clone(entry), answered }
        })
        .collect()
}
