//! Who looks after the handoff. Two who took it unseen by each other both do, until one releases it.

use crate::domain::entry::Body;
use crate::domain::id::UserId;
use crate::domain::past::Past;

/// The owners now: everybody whose taking no later entry ended.
pub(super) fn owners(past: &Past) -> Vec<UserId> {
    let taken: Vec<_> = past
        .entries()
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
            let released = past.entries().iter().any(|e| {
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
