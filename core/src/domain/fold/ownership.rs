//! Who looks after the handoff. Two who took it unseen by each other both do, until one releases it.

use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, UserId};
use crate::domain::past::Past;
use std::sync::Arc;

/// A handoff offered to a named person: the patient is waiting.
#[derive(Clone, Debug)]
pub struct OwnerOffer {
    /// The entry.
    pub entry: Arc<Entry>,
    /// To whom.
    pub to: UserId,
    /// The entry with which somebody took it, and who.
    pub taken: Option<(EntryId, UserId)>,
}

/// The owners now: everybody whose taking no later entry ended.
pub(super) fn owners(past: &Past) -> Vec<UserId> {
    let taken: Vec<_> = past
        .standing()
        .iter()
        .filter_map(|e| match &e.body {
            Body::NeedIdentified(p) => p.owner.clone().map(|owner| (e.id, owner)),
            Body::OwnerAccepted(_) => Some((e.id, e.by.clone())),
            _ => None,
        })
        .collect();
    let mut owners: Vec<UserId> = taken
        .iter()
        .filter(|(id, owner)| {
            // Another's acceptance that had seen this one takes over from it; one's own release ends it.
            let taken_over = taken.iter().any(|(other, _)| past.saw(*other, *id));
            let released = past.standing().iter().any(|e| {
                matches!(e.body, Body::OwnerReleased(_)) && e.by == *owner && past.saw(e.id, *id)
            });
            !taken_over && !released
        })
        .map(|(_, owner)| owner.clone())
        .collect();
    owners.sort();
    owners.dedup();
    owners
}

/// Offers of ownership: taken by the acceptance that names them, or by any later one of the person they were made to.
pub(super) fn offers(past: &Past) -> Vec<OwnerOffer> {
    past.standing()
        .iter()
        .filter_map(|e| match &e.body {
            Body::OwnerOffered(p) => Some((e, &p.to)),
            _ => None,
        })
        .map(|(entry, to)| {
            let takes = |e: &&Arc<Entry>| match &e.body {
                Body::OwnerAccepted(p) => {
                    p.offer == Some(entry.id) || e.by == *to && past.saw(e.id, entry.id)
                }
                _ => false,
            };
            OwnerOffer {
                entry: Arc::clone(entry),
                to: to.clone(),
                taken: past
                    .standing()
                    .iter()
                    .find(takes)
                    .map(|e| (e.id, e.by.clone())),
            }
        })
        .collect()
}
