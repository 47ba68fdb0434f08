//! Nobody is dropped: once a need was seen, somebody has her in hand, until a practice has seen her, she wishes that it stop or
//! the loop is closed. Said here of the moment alone, without asking when what began and ended.

use super::{Known, receipts};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use warmhand_core::domain::code::*;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::EntryId;
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::read::{Summary, TaskState, read};
use warmhand_tests::world::World;

/// At the end of a history and whenever somebody looks after that.
const HOURS: [i64; 4] = [1, 13, 80, 1_500];
/// So long whoever ended something may still be at it.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn in_hand(world: &World, all: &Known, broken: &mut dyn FnMut(&'static str, String)) {
    let times = receipts(&all.entries);
    let other = Patient::of(
        world.patients[1],
        vec![Record::of(world.docs[2], &all.entries[2])],
    );
    for hours in HOURS {
        let now = world.now + SignedDuration::from_hours(hours);
        for patient in [&all.own, &other] {
            let summaries = read(patient, &times, &world.sheet, now).records;
            for (record, summary) in patient.records.iter().zip(&summaries) {
                let left = |kind| {
                    let open = summary.tasks.iter();
                    let open = open.filter(|t| t.state(now) == TaskState::Open);
                    open.filter(move |t| (t.kind == TaskKind::NothingPlanned) == kind)
                };
                let asks = left(true).count();
                let ids: BTreeSet<_> = summary.tasks.iter().map(|t| t.id).collect();
                if ids.len() != summary.tasks.len() {
                    broken("nobody dropped", "a task stands there twice".to_owned());
                }
                let is_wanted = record.need.is_some() && !is_held(record, summary, now);
                let may_rest = asks == 0 && wished_elsewhere(patient, record);
                if asks != usize::from(is_wanted) && !may_rest {
                    let others: Vec<_> = left(false).map(|t| t.kind).collect();
                    let how = format!("{hours} h later: {asks} calls, and {others:?}");
                    broken("nobody dropped", how);
                }
            }
        }
    }
}

fn is_held(record: &Record, summary: &Summary, now: Timestamp) -> bool {
    let none_of_hers = [
        TaskKind::NothingPlanned,
        TaskKind::CallOtherPartner,
        TaskKind::SafetyAck,
        TaskKind::SafetyNextDay,
    ];
    let task = summary
        .tasks
        .iter()
        .any(|t| t.state(now) == TaskState::Open && !none_of_hers.contains(&t.kind));
    let visit = summary.appointments.iter().any(|a| match a.status {
        AppointmentStatus::Attended => !begins_anew(record, a.id),
        AppointmentStatus::Booked | AppointmentStatus::Arrived => a.start > now - GRACE,
        _ => false,
    });
    let here = summary.encounters.iter().any(|e| e.goes_on(now - GRACE));
    let kinds = [ReviewKind::DecisionDisputed, ReviewKind::OutcomeDisputed];
    let asked = summary
        .review
        .iter()
        .any(|q| q.is_open() && kinds.contains(&q.kind));
    let turned = summary.loop_history.last().and_then(|turn| turn.at);
    let closed = summary.closed.is_some() || turned.is_some_and(|at| at > now - GRACE);
    task || visit || here || asked || closed || wishes_it_to_stop(record, summary)
}

/// Since she was seen: did a practice not take her after all, did she agree anew, or was another booked?
fn begins_anew(record: &Record, visit: EntryId) -> bool {
    let came = |body: &Body| {
        matches!(body, Body::OutcomeRecorded(p)
            if p.appointment == visit && p.value == OutcomeValue::Attended)
    };
    let standing = record.past.standing();
    let told = standing.iter().filter(|e| came(&e.body));
    let first = told.min_by_key(|e| (e.occurred_at.timestamp(), e.id));
    standing.iter().any(|e| {
        let anew = match &e.body {
            Body::DecisionRecorded(p) => p.value == DecisionValue::Agreed,
            Body::AppointmentBooked(_) => true,
            body => body.declined_by().is_some(),
        };
        anew && first.is_some_and(|told| record.past.saw(e.id, told.id))
    })
}

/// In another record of hers: whether it is the later word is asked of the times between.
fn wished_elsewhere(patient: &Patient, record: &Record) -> bool {
    let others = patient.records.iter().filter(|r| r.id != record.id);
    let stop = [DecisionState::Withdrew, DecisionState::DoNotAskAgain];
    others
        .map(|r| r.decision)
        .any(|state| stop.contains(&state))
}

fn wishes_it_to_stop(record: &Record, summary: &Summary) -> bool {
    let wish = |value| {
        matches!(
            value,
            DecisionValue::Withdrew | DecisionValue::DoNotAskAgain
        )
    };
    let lost = |id: EntryId| {
        let mut asked = summary.review.iter();
        asked.any(|q| {
            let another = q
                .keep
                .is_some_and(|keep| keep != id && q.choices.contains(&keep));
            q.kind == ReviewKind::DecisionDisputed && q.choices.contains(&id) && another
        })
    };
    record.decisions.iter().any(|stop| {
        let mut later = record.decisions.iter();
        let mut offers = record.offers.iter();
        let for_now = stop.said.value == DecisionValue::Withdrew;
        wish(stop.said.value)
            && !lost(stop.entry.id)
            && !offers.any(|o| for_now && record.past.saw(o.id, stop.entry.id))
            && !later.any(|d| !wish(d.said.value) && record.past.saw(d.entry.id, stop.entry.id))
    })
}
