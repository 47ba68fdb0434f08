//! Offers and what the patient said to them. Two decisions that could not see each other and differ are disputed:
//! until a person settles it nothing more is shared, and follow-up goes on.

use super::collect;
use super::item::{self, ReviewItem};
use super::leaving::{left_at, over_by};
use crate::domain::code::{DecisionState, DecisionValue, Mode, ReviewKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, UserId};
use crate::domain::past::Past;
use crate::domain::payload::DecisionRecorded;
use jiff::{Timestamp, Zoned};
use std::sync::Arc;

/// An offer.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The entry.
    pub id: EntryId,
    /// Who made it.
    pub by: UserId,
    /// When.
    pub at: Zoned,
    /// How she would meet the practice.
    pub mode: Mode,
    /// In which encounter; none for phone outreach.
    pub encounter: Option<EntryId>,
}

/// A decision.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The entry.
    pub entry: Arc<Entry>,
    /// What she said.
    pub said: DecisionRecorded,
    /// In which encounter: its own, or that of its offer if she decided before it ended. What she says by phone on
    /// another day is of no visit.
    pub encounter: Option<EntryId>,
}

pub(super) fn offers(past: &Past) -> Vec<Offer> {
    let mut offers: Vec<_> = past
        .standing()
        .iter()
        .filter_map(|e| match &e.body {
            Body::Offered(p) => Some(Offer {
                id: e.id,
                by: e.by.clone(),
                at: e.occurred_at.clone(),
                mode: p.mode,
                encounter: p.encounter,
            }),
            _ => None,
        })
        .collect();
    offers.sort_by_key(|o| (o.at.timestamp(), o.id));
    offers
}

pub(super) fn decisions(past: &Past) -> Vec<Decision> {
    let of_offer = |offer: Option<EntryId>, at: Timestamp| {
        let encounter = match &past.get(offer?)?.body {
            Body::Offered(p) => p.encounter?,
            _ => return None,
        };
        let mut ends = past
            .standing()
            .iter()
            .filter(|e| matches!(&e.body, Body::EncounterEnded(p) if p.encounter == encounter));
        let start = past.get(encounter)?;
        let over = at >= over_by(start.occurred_at.timestamp())
            || ends.any(|e| left_at(past, start, e).timestamp() < at);
        (!over).then_some(encounter)
    };
    collect(past, |body| match body {
        Body::DecisionRecorded(p) => Some(p.clone()),
        _ => None,
    })
    .into_iter()
    .map(|(entry, said)| Decision {
        encounter: said
            .encounter
            .or_else(|| of_offer(said.offer, entry.occurred_at.timestamp())),
        entry,
        said,
    })
    .collect()
}

/// The decisions that no other decision has seen: one, or several that do not know of each other. Whom a person let stand
/// against a later one stands as well.
pub(super) fn standing<'a>(
    past: &Past,
    decisions: &'a [Decision],
    review: &[ReviewItem],
) -> Vec<&'a Decision> {
    let kind = ReviewKind::DecisionDisputed;
    let overtaken = |id: EntryId| {
        let mut later = decisions.iter().map(|d| d.entry.id);
        later.any(|later| past.saw(later, id) && !item::lost_to(review, kind, later, id))
    };
    decisions
        .iter()
        .filter(|d| !overtaken(d.entry.id))
        .collect()
}

pub(super) fn state(
    past: &Past,
    offers: &[Offer],
    decisions: &[Decision],
    review: &[ReviewItem],
) -> DecisionState {
    let disputed = |item: &&ReviewItem| item.kind == ReviewKind::DecisionDisputed;
    if review.iter().filter(disputed).any(ReviewItem::is_open) {
        return DecisionState::Disputed;
    }
    let standing = standing(past, decisions, review);
    let left: Vec<&Decision> = standing
        .iter()
        .copied()
        .filter(|d| !item::lost(review, ReviewKind::DecisionDisputed, d.entry.id))
        .collect();
    // Settled round in a circle, or two left that differ: nobody has said which of them stands.
    let chosen = left.first();
    let differ = left
        .iter()
        .any(|d| chosen.is_some_and(|c| c.said.value != d.said.value));
    if differ || chosen.is_none() && !standing.is_empty() {
        return DecisionState::Disputed;
    }
    match chosen.map(|d| d.said.value) {
        None if offers.is_empty() => DecisionState::NotOffered,
        None => DecisionState::Offered,
        Some(DecisionValue::Agreed) => DecisionState::Agreed,
        Some(DecisionValue::Hesitant) => DecisionState::Hesitant,
        Some(DecisionValue::NotToday) => DecisionState::NotToday,
        Some(DecisionValue::DoNotAskAgain) => DecisionState::DoNotAskAgain,
        Some(DecisionValue::Withdrew) => DecisionState::Withdrew,
    }
}
