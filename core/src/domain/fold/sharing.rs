//! What she lets a practice know, by which consents, and what went out. Two plans that did not know of each other share
//! only what both share; a consent that somebody revoked unseen is not used until a person has looked.

use super::collect;
use super::item::{self, ReviewItem};
use crate::domain::code::{ConsentStatus, ReviewKind, ShareChoice, ShareKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, PartnerId};
use crate::domain::past::Past;
use crate::domain::payload::{ConsentRecorded, ElectronicSent, SharingPlanConfirmed};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What may be shared now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// The plans that stand: one, or several that do not know of each other.
    pub plans: Vec<EntryId>,
    /// How many came one after another.
    pub version: u32,
    /// What every standing plan shares.
    pub shared: BTreeSet<ShareKind>,
    /// Two plans differ, and nobody has settled it.
    pub narrowed: bool,
}

/// A consent.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The entry.
    pub entry: Arc<Entry>,
    /// What she consented to.
    pub said: ConsentRecorded,
    /// Where it stands.
    pub status: ConsentStatus,
    /// Who took it back.
    pub revoked_by: Vec<EntryId>,
}

/// A referral that was queued, and what became of it.
#[derive(Clone, Debug)]
pub struct Queued {
    /// The entry.
    pub entry: Arc<Entry>,
    /// To whom.
    pub partner: PartnerId,
    /// The entry that says it was sent.
    pub sent: Option<EntryId>,
    /// The entry that says it could not be, and why.
    pub failed: Option<(EntryId, String)>,
}

/// A referral that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The entry.
    pub entry: Arc<Entry>,
    /// What went, frozen.
    pub said: ElectronicSent,
    /// Its consent was revoked, unseen, at the same time.
    pub before_revocation_was_known: bool,
}

impl Consent {
    /// May it be relied on, on this day, for this practice?
    pub fn covers(&self, partner: &PartnerId, on: Date) -> bool {
        let named = self.said.partners.contains(partner)
            || self.said.kind == crate::domain::code::ConsentKind::Part2Tpo
                && self.said.partners.is_empty();
        self.status == ConsentStatus::Active
            && named
            && self.said.expires_on.is_none_or(|last| on <= last)
    }
}

/// The pieces that a plan lets go.
pub(super) fn shares(plan: &SharingPlanConfirmed) -> BTreeSet<ShareKind> {
    let withheld = |kind| {
        plan.items
            .iter()
            .any(|i| i.kind == kind && i.choice != ShareChoice::Share)
    };
    plan.items
        .iter()
        .filter(|i| i.choice == ShareChoice::Share && !withheld(i.kind))
        .map(|i| i.kind)
        .collect()
}

pub(super) fn plans(past: &Past) -> Vec<(Arc<Entry>, SharingPlanConfirmed)> {
    collect(past, |body| match body {
        Body::SharingPlanConfirmed(p) => Some(p.clone()),
        _ => None,
    })
}

pub(super) fn sharing(past: &Past, items: &[ReviewItem]) -> Sharing {
    let all = plans(past);
    let lost = |id: EntryId| item::lost(items, ReviewKind::SharingNarrowed, id);
    let standing: Vec<_> = all
        .iter()
        .filter(|(e, _)| !lost(e.id) && !all.iter().any(|(later, _)| past.saw(later.id, e.id)))
        .collect();
    let shared = standing
        .iter()
        .map(|(_, plan)| shares(plan))
        .reduce(|a, b| a.intersection(&b).copied().collect())
        .unwrap_or_default();
    // How many came one after another: two that did not know of each other are one step of the way. Causes come first.
    let mut depths: Vec<(EntryId, usize)> = Vec::new();
    for (entry, _) in &all {
        let before = depths.iter().filter(|(e, _)| past.saw(entry.id, *e));
        let depth = before.map(|(_, depth)| *depth).max().unwrap_or(0) + 1;
        depths.push((entry.id, depth));
    }
    let of_standing = depths
        .iter()
        .filter(|(id, _)| standing.iter().any(|(e, _)| e.id == *id));
    let version = of_standing.map(|(_, depth)| *depth).max().unwrap_or(0);
    Sharing {
        plans: standing.iter().map(|(e, _)| e.id).collect(),
        version: u32::try_from(version).unwrap_or(u32::MAX),
        shared,
        narrowed: items
            .iter()
            .any(|i| i.kind == ReviewKind::SharingNarrowed && i.is_open()),
    }
}

pub(super) fn consents(past: &Past, items: &[ReviewItem]) -> Vec<Consent> {
    let all = collect(past, |body| match body {
        Body::ConsentRecorded(p) => Some(p.clone()),
        _ => None,
    });
    let replaced: BTreeSet<EntryId> = all.iter().filter_map(|(_, c)| c.replaces).collect();
    all.into_iter()
        .map(|(entry, said)| {
            let revoked_by = revocations(past, |consent| consent == entry.id);
            let disputes = items
                .iter()
                .filter(|i| i.kind == ReviewKind::ConsentDisputed && i.choices.contains(&entry.id));
            let (mut open, mut lost) = (false, false);
            for item in disputes {
                match item.settled.as_ref().map(|s| (s.keep, s.named)) {
                    None | Some((None, true)) => open = true,
                    Some((keep, true)) => lost |= keep != Some(entry.id),
                    Some((_, false)) => {}
                }
            }
            let status = if !revoked_by.is_empty() || lost {
                ConsentStatus::Revoked
            } else if open {
                ConsentStatus::Disputed
            } else if replaced.contains(&entry.id) {
                ConsentStatus::Superseded
            } else {
                ConsentStatus::Active
            };
            Consent {
                entry,
                said,
                status,
                revoked_by,
            }
        })
        .collect()
}

fn revocations(past: &Past, of: impl Fn(EntryId) -> bool) -> Vec<EntryId> {
    past.standing()
        .iter()
        .filter(|e| matches!(&e.body, Body::ConsentRevoked(p) if of(p.consent)))
        .map(|e| e.id)
        .collect()
}

pub(super) fn queued(past: &Past) -> Vec<Queued> {
    let find = |pick: &dyn Fn(&Body) -> bool| past.standing().iter().find(|e| pick(&e.body));
    collect(past, |body| match body {
        Body::ElectronicQueued(p) => Some(p.partner.clone()),
        _ => None,
    })
    .into_iter()
    .map(|(entry, partner)| {
        let id = entry.id;
        Queued {
            partner,
            sent: find(&|b| matches!(b, Body::ElectronicSent(p) if p.queued == Some(id)))
                .map(|e| e.id),
            failed: find(&|b| matches!(b, Body::ElectronicFailed(p) if p.queued == id)).and_then(
                |e| match &e.body {
                    Body::ElectronicFailed(p) => Some((e.id, p.reason.clone())),
                    _ => None,
                },
            ),
            entry,
        }
    })
    .collect()
}

pub(super) fn sent(past: &Past) -> Vec<Sent> {
    collect(past, |body| match body {
        Body::ElectronicSent(p) => Some(p.clone()),
        _ => None,
    })
    .into_iter()
    .map(|(entry, said)| Sent {
        before_revocation_was_known: said.consent.is_some_and(|consent| {
            revocations(past, |c| c == consent)
                .iter()
                .any(|r| past.concurrent(*r, entry.id))
        }),
        entry,
        said,
    })
    .collect()
}
