//! What surrounds the handoff: barriers with their plans, what was read back, how she may be reached, what practices
//! answered, and links between patients. Rules that two people set unseen stand side by side; `join` takes the stricter.

use super::Record;
use super::collect;
use super::item::{self, ReviewItem};
use crate::domain::code::{BarrierKind, BarrierStatus, Channel, ReviewKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, PartnerId, PatientId, UserId};
use crate::domain::past::Past;
use crate::domain::payload::{ContactRuleSet, PartnerDeclined, ReadBack};
use std::sync::Arc;

/// A barrier, with what was last said about it.
#[derive(Clone, Debug)]
pub struct Barrier {
    /// The entry that first named it.
    pub id: EntryId,
    /// What kind.
    pub kind: BarrierKind,
    /// What is done about it; of two that do not know of each other the less done.
    pub status: BarrierStatus,
    /// The plan.
    pub plan: Option<String>,
    /// Whose plan it is.
    pub plan_owner: Option<UserId>,
}

/// What a practice answered.
#[derive(Clone, Debug)]
pub struct PartnerAnswer {
    /// The entry.
    pub entry: Arc<Entry>,
    /// Which practice.
    pub partner: PartnerId,
    /// Why it declined; none: it accepted.
    pub declined: Option<PartnerDeclined>,
    /// What was missing in the referral.
    pub missing: Vec<String>,
}

impl Record {
    /// What says that this practice does not take her, as its answer or in a call; of an answer in question nothing.
    pub fn declines(&self, partner: &PartnerId) -> impl Iterator<Item = &Entry> {
        let standing = self.past.standing().iter();
        standing
            .filter(|e| e.body.declined_by() == Some(partner))
            .filter(|e| !self.has_lost(ReviewKind::TwoValues, e.id))
            .map(Arc::as_ref)
    }
}

/// A number of hers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The entry that says it.
    pub entry: EntryId,
    /// Whether it is one to call or one to text: it is under the rule of this means.
    pub channel: Channel,
    /// As it was written.
    pub number: String,
}

/// Two patients said to be one, or not.
#[derive(Clone, Debug)]
pub struct Link {
    /// The entry.
    pub entry: Arc<Entry>,
    /// Who.
    pub patients: [PatientId; 2],
    /// The same person, or not.
    pub same: bool,
}

pub(super) fn barriers(past: &Past) -> Vec<Barrier> {
    let all = collect(past, |body| match body {
        Body::BarrierRecorded(p) => Some(p.clone()),
        _ => None,
    });
    all.iter()
        .filter(|(_, said)| said.barrier.is_none())
        .map(|(first, _)| {
            let of: Vec<_> = all
                .iter()
                .filter(|(e, said)| e.id == first.id || said.barrier == Some(first.id))
                .collect();
            let standing: Vec<_> = of
                .iter()
                .filter(|(e, _)| !of.iter().any(|(later, _)| past.saw(later.id, e.id)))
                .collect();
            let chosen = standing
                .iter()
                .min_by_key(|(e, said)| (said.status, e.id))
                .map(|(_, said)| said);
            Barrier {
                id: first.id,
                kind: chosen.map_or(BarrierKind::Other, |c| c.kind),
                status: chosen.map_or(BarrierStatus::Open, |c| c.status),
                plan: chosen.and_then(|c| c.plan.clone()),
                plan_owner: chosen.and_then(|c| c.plan_owner.clone()),
            }
        })
        .collect()
}

pub(super) fn read_backs(past: &Past) -> Vec<(Arc<Entry>, ReadBack)> {
    collect(past, |body| match body {
        Body::ReadBack(p) => Some(p.clone()),
        _ => None,
    })
}

/// The rules that stand: for each means those that no later one has seen, less what a person has settled.
pub(super) fn contact_rules(
    past: &Past,
    items: &[ReviewItem],
) -> Vec<(Arc<Entry>, ContactRuleSet)> {
    let all = collect(past, |body| match body {
        Body::ContactRuleSet(p) => Some(p.clone()),
        _ => None,
    });
    let lost = |id: EntryId| item::lost(items, ReviewKind::ContactRuleDisputed, id);
    let overtaken = |id: EntryId, channel: Channel| {
        all.iter()
            .any(|(later, said)| said.channel == channel && past.saw(later.id, id))
    };
    all.iter()
        .filter(|(e, said)| !lost(e.id) && !overtaken(e.id, said.channel))
        .cloned()
        .collect()
}

/// The number that an entry says, if it says one: a callback is one to call.
pub(in crate::domain) fn number(entry: &Entry) -> Option<Number> {
    let (channel, number) = match &entry.body {
        Body::PatientDescribed(p) => (Channel::Voice, p.callback.clone()?),
        Body::ContactRuleSet(p) if matches!(p.channel, Channel::Voice | Channel::Text) => {
            (p.channel, p.value.clone()?)
        }
        _ => return None,
    };
    Some(Number {
        entry: entry.id,
        channel,
        number,
    })
}

/// Her numbers: those that no later one by the same means has seen, less what a person has settled. None is dropped for
/// another.
pub(super) fn numbers(past: &Past, items: &[ReviewItem]) -> Vec<Number> {
    let standing = past.standing().iter();
    let all: Vec<Number> = standing.filter_map(|e| number(e)).collect();
    let lost = |id: EntryId| item::lost(items, ReviewKind::TwoNumbers, id);
    let overtaken = |number: &Number| {
        all.iter()
            .any(|later| later.channel == number.channel && past.saw(later.entry, number.entry))
    };
    all.iter()
        .filter(|number| !lost(number.entry) && !overtaken(number))
        .cloned()
        .collect()
}

pub(super) fn partner_answers(past: &Past) -> Vec<PartnerAnswer> {
    past.standing()
        .iter()
        .filter_map(|entry| {
            let (partner, declined, missing) = match &entry.body {
                Body::PartnerAccepted(p) => (p.partner.clone(), None, p.missing.clone()),
                Body::PartnerDeclined(p) => (p.partner.clone(), Some(p.clone()), p.missing.clone()),
                _ => return None,
            };
            Some(PartnerAnswer {
                entry: Arc::clone(entry),
                partner,
                declined,
                missing,
            })
        })
        .collect()
}

/// What stands: of two that do not know of each other both do, and the patients stay apart.
pub(super) fn links(past: &Past) -> Vec<Link> {
    let all: Vec<Link> = past
        .standing()
        .iter()
        .filter_map(|entry| {
            let (mut patients, same) = match &entry.body {
                Body::PatientsLinked(p) => (p.patients, true),
                Body::PatientsUnlinked(p) => (p.patients, false),
                _ => return None,
            };
            patients.sort_unstable();
            Some(Link {
                entry: Arc::clone(entry),
                patients,
                same,
            })
        })
        .collect();
    let overtaken = |link: &Link| {
        all.iter()
            .any(|l| l.patients == link.patients && past.saw(l.entry.id, link.entry.id))
    };
    all.iter().filter(|l| !overtaken(l)).cloned().collect()
}
