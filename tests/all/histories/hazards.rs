//! Which hazards a history has run into.

use super::Known;
use warmhand_core::domain::code::ReviewKind;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::read::{TaskState, same_person};
use warmhand_tests::world::World;

pub(super) fn hazards(world: &World, all: &Known, hit: &mut dyn FnMut(&'static str)) {
    let record = &all
        .own
        .records
        .iter()
        .find(|r| r.id == world.docs[0])
        .expect("her record");
    let of = |kind: ReviewKind| record.review.iter().any(|i| i.kind == kind);
    let kinds = [
        ("H1 two booked", ReviewKind::TwoBooked),
        ("H2 decisions", ReviewKind::DecisionDisputed),
        ("H6 consent", ReviewKind::ConsentDisputed),
        ("H7 sharing", ReviewKind::SharingNarrowed),
        ("H8 contact rule", ReviewKind::ContactRuleDisputed),
        ("H9 numbers", ReviewKind::TwoNumbers),
        ("H11 versions", ReviewKind::ScreenVersions),
        ("H14 outcomes", ReviewKind::OutcomeDisputed),
        ("H20 error", ReviewKind::VoidDisputed),
        ("two values", ReviewKind::TwoValues),
    ];
    kinds
        .iter()
        .filter(|(_, kind)| of(*kind))
        .for_each(|(name, _)| hit(name));
    let pair = |one: &dyn Fn(&Body) -> bool, other: &dyn Fn(&Body) -> bool| {
        let entries = record.entries();
        entries.iter().filter(|a| one(&a.body)).any(|a| {
            entries
                .iter()
                .any(|b| other(&b.body) && record.past.concurrent(a.id, b.id))
        })
    };
    let raised = |b: &Body| matches!(b, Body::SafetyRaised(_));
    let resolved = |b: &Body| matches!(b, Body::SafetyResolved(_));
    let noted = |b: &Body| matches!(b, Body::Noted(_));
    let fulfilled = |b: &Body| matches!(b, Body::NextStepFulfilled(_));
    let changed = |b: &Body| matches!(b, Body::NextStepSet(p) if p.replaces.is_some());
    for (name, is) in [
        ("H3 raised and resolved", pair(&raised, &resolved)),
        ("H4 two flags", pair(&raised, &raised)),
        (
            "H5 resolved twice",
            all.own.flags.iter().any(|f| f.resolved.len() > 1),
        ),
        ("H12 two owners", record.owners.len() > 1),
        ("H15 done and changed", pair(&fulfilled, &changed)),
        ("H19 two notes", pair(&noted, &noted)),
    ] {
        if is {
            hit(name);
        }
    }
    if !all.own.duplicates.is_empty() {
        hit("H10 entered twice");
    }
    let practice = Record::of(world.docs[4], &all.entries[4]);
    let told = practice.entries();
    if told
        .iter()
        .any(|a| told.iter().any(|b| practice.past.concurrent(a.id, b.id)))
    {
        hit("H17 told twice");
    }
    if !same_person(&all.summaries).is_empty() {
        hit("H16 same person");
    }
    let own = all
        .summaries
        .iter()
        .find(|s| s.record == record.id)
        .expect("her record");
    if own.loop_history.iter().any(|turn| turn.closed.is_none()) {
        hit("H13 reopened");
    }
    if !own.arrived_late.is_empty() {
        hit("H18 late");
    }
    if own
        .tasks
        .iter()
        .any(|t| t.state(world.now) == TaskState::Paused)
    {
        hit("paused tasks");
    }
}
