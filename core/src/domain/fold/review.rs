//! What two people, who could not see each other's work, said two ways: which items a record has, and what they do to its
//! appointments.

use super::appointment::{self, Appointment};
use super::decision::Decision;
use super::fact::{self, Fact};
use super::item::{ReviewItem, Settlement, resolve, sorted};
use crate::domain::code::ReviewKind;
use crate::domain::entry::{Body, Entry};
use crate::domain::id::EntryId;
use crate::domain::past::Past;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

/// All items of a record, and its appointments with what the items do to them.
pub(super) fn settle(
    past: &Past,
    decisions: &[Decision],
    mut items: Vec<ReviewItem>,
) -> (Vec<Appointment>, Vec<ReviewItem>) {
    for fact in fact::facts(past, decisions) {
        items.extend(disagreements(past, &fact));
    }
    for (pair, anew) in fact::consents(past) {
        let kind = ReviewKind::ConsentDisputed;
        let anew: Vec<_> = anew
            .map(|e| Settlement::anew(e, Some(e.id)))
            .into_iter()
            .collect();
        items.extend(resolve(past, kind, pair, &pair, &anew));
    }
    let mut appointments = appointment::appointments(past, &items);
    let booked = two_booked(past, &appointments);
    // A cancellation that met a settlement unseen has no force until a person has decided between the two.
    let met = booked.iter().any(|i| i.entries != i.choices.as_slice());
    items.extend(booked);
    if met {
        appointments = appointment::appointments(past, &items);
    }
    appointment::supersede(&mut appointments, &items);
    settle_what_both_lost(&mut items);
    // One pair may differ in several things: that is one question, open until the last of them is settled.
    items.sort_by_key(|item| (item.id, item.settled.is_some()));
    items.dedup_by_key(|item| item.id);
    (appointments, items)
}

/// Screens by one instrument that two people recorded within a day, unseen by each other: perhaps one form.
pub(super) fn twins(past: &Past) -> Vec<ReviewItem> {
    let day = SignedDuration::from_hours(24);
    let screens: Vec<_> = past
        .standing()
        .iter()
        .filter_map(|e| match &e.body {
            Body::ScreenRecorded(p) => Some((e.id, e.occurred_at.timestamp(), p.instrument)),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    for (at, (a, a_at, instrument)) in screens.iter().enumerate() {
        for (b, b_at, other) in screens.iter().skip(at + 1) {
            let near = a_at.duration_until(*b_at).abs() < day;
            if near && instrument == other && past.concurrent(*a, *b) {
                let kind = ReviewKind::DuplicateScreen;
                found.extend(resolve(past, kind, [*a, *b], &[*a, *b], &[]));
            }
        }
    }
    found
}

/// Of three, one was kept: between the other two nothing is left to decide.
fn settle_what_both_lost(items: &mut [ReviewItem]) {
    let named: Vec<(ReviewKind, Vec<EntryId>, Settlement)> = items
        .iter()
        .filter_map(|i| Some((i.kind, i.choices.clone(), i.settled.clone()?)))
        .filter(|(_, _, settled)| settled.named)
        .collect();
    for item in items.iter_mut().filter(|i| i.is_open()) {
        let lost = |id: &EntryId| {
            let against = named.iter().filter(|(kind, choices, settled)| {
                *kind == item.kind
                    && choices.contains(id)
                    && settled.keep.is_some_and(|keep| keep != *id)
            });
            let by = against.map(|(_, _, settled)| settled);
            by.min_by_key(|s| (s.at, s.by)).cloned()
        };
        let all: Option<Vec<Settlement>> = item.choices.iter().map(lost).collect();
        let newest = all.into_iter().flatten().max_by_key(|s| (s.at, s.by));
        item.settled = newest.map(|s| Settlement {
            keep: None,
            named: false,
            ..s
        });
    }
}

/// The pairs of a fact that disagree: neither saw the other, they differ, and neither was overtaken on its own side.
fn disagreements(past: &Past, fact: &Fact) -> Vec<ReviewItem> {
    let mut items = Vec::new();
    // Asked once of each two: of three at a time, a few hundred values would take seconds.
    let seen_by = |x: EntryId| -> BTreeSet<EntryId> {
        let all = fact.said.iter().map(|(z, _)| *z);
        all.filter(|z| past.saw(*z, x)).collect()
    };
    let said: Vec<_> = fact
        .said
        .iter()
        .map(|(x, what)| (*x, what, seen_by(*x)))
        .collect();
    for (at, (a, said_a, saw_a)) in said.iter().enumerate() {
        for (b, said_b, saw_b) in said.iter().skip(at + 1) {
            let pair = [*a, *b];
            let is_overtaken = |x: &BTreeSet<EntryId>, y: &BTreeSet<EntryId>| {
                x.difference(y).any(|z| !pair.contains(z))
            };
            if said_a == said_b
                || !past.concurrent(*a, *b)
                || is_overtaken(saw_a, saw_b)
                || is_overtaken(saw_b, saw_a)
            {
                continue;
            }
            let later = saw_a.intersection(saw_b).filter_map(|z| past.get(*z));
            let (anew, unasked): (Vec<_>, Vec<_>) = later.partition(|e| fact::lifts(&e.body));
            let mut choices = pair.to_vec();
            choices.extend(undecided(past, fact.kind, pair, &anew, &unasked));
            let anew = anew.into_iter().map(|e| Settlement::anew(e, Some(e.id)));
            let anew = sorted(anew.collect());
            items.extend(resolve(past, fact.kind, pair, &choices, &anew));
        }
    }
    settle_what_agrees(past, fact, &mut items);
    items
}

/// What was said on top of a disagreement without asking her, while nobody had settled that: it is one more that may stand.
fn undecided(
    past: &Past,
    kind: ReviewKind,
    pair: [EntryId; 2],
    anew: &[&Arc<Entry>],
    unasked: &[&Arc<Entry>],
) -> Vec<EntryId> {
    let item = ReviewItem::id_of(kind, pair);
    let named = past.standing().iter();
    let named =
        named.filter(|e| matches!(&e.body, Body::ReviewSettled(p) if p.items.contains(&item)));
    let settled: Vec<_> = named.chain(anew.iter().copied()).map(|e| e.id).collect();
    unasked
        .iter()
        .filter(|z| !settled.iter().any(|by| past.saw(z.id, *by)))
        .map(|z| z.id)
        .collect()
}

/// Of three, one was kept by somebody who had seen them all, and another says the same: it stands with it.
fn settle_what_agrees(past: &Past, fact: &Fact, items: &mut [ReviewItem]) {
    let said = |id: EntryId| fact.said.iter().find(|(e, _)| *e == id).map(|(_, s)| s);
    let kept: Vec<(Vec<EntryId>, EntryId, Settlement)> = items
        .iter()
        .filter_map(|i| {
            let settled = i.settled.clone().filter(|s| s.named)?;
            Some((i.choices.clone(), settled.keep?, settled))
        })
        .collect();
    for item in items.iter_mut().filter(|i| i.is_open()) {
        let [a, b] = item.entries;
        for (loses, stands) in [(a, b), (b, a)] {
            let by = kept
                .iter()
                .filter(|(choices, keep, s)| {
                    choices.contains(&loses)
                        && *keep != loses
                        && said(*keep) == said(stands)
                        && past.saw(s.by, stands)
                })
                .map(|(_, _, s)| s)
                .min_by_key(|s| (s.at, s.by));
            if let Some(by) = by {
                item.settled = Some(Settlement {
                    keep: Some(stands),
                    named: false,
                    ..by.clone()
                });
            }
        }
    }
}

/// Two bookings that neither saw, both standing: no winner is chosen.
fn two_booked(past: &Past, appointments: &[Appointment]) -> Vec<ReviewItem> {
    let mut items = Vec::new();
    for (at, a) in appointments.iter().enumerate() {
        for b in appointments.iter().skip(at + 1) {
            if !past.concurrent(a.id, b.id) {
                continue;
            }
            let ends: Vec<&Arc<Entry>> = a
                .ended_by
                .iter()
                .chain(&b.ended_by)
                .filter_map(|id| past.get(*id))
                .collect();
            let saw_both = |e: &Arc<Entry>| (past.saw(e.id, a.id)) && (past.saw(e.id, b.id));
            if !ends.is_empty() && !ends.iter().any(|e| saw_both(e)) {
                continue;
            }
            let anew: Vec<Settlement> = ends
                .into_iter()
                .filter(|e| saw_both(e))
                .map(|e| {
                    let ends_a = a.ended_by.contains(&e.id);
                    Settlement::anew(e, Some(if ends_a { b.id } else { a.id }))
                })
                .collect();
            items.extend(resolve(
                past,
                ReviewKind::TwoBooked,
                [a.id, b.id],
                &[a.id, b.id],
                &sorted(anew),
            ));
        }
    }
    items
}
