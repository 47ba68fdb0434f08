//! The moment at which the patient left: when that was, or was at the latest, and whether what she was to leave with stood then.

use super::appointment::Appointment;
use super::contact::Step;
use super::item::{self, ReviewItem};
use crate::domain::code::ReviewKind;
use crate::domain::entry::{Body, Entry};
use crate::domain::id::EntryId;
use crate::domain::past::Past;
use jiff::{SignedDuration, Timestamp, Zoned};
use std::sync::Arc;

/// Entries written up this long after the end still belong to it.
pub const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// No visit is longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// May one that began then, and that nobody has ended, go on now? One that began by a clock that was far ahead may not.
pub fn may_go_on(began: Timestamp, now: Timestamp) -> bool {
    let ahead = now.saturating_add(LONGEST).unwrap_or(now);
    now < over_by(began) && began <= ahead
}

/// Whenever somebody comes to end it, what happens after it cannot have gone on is not of it.
pub(super) fn left_by(start: &Entry, end: &Zoned) -> Timestamp {
    end.timestamp().min(over_by(start.occurred_at.timestamp()))
}

/// From when on a visit that began then cannot go on.
pub fn over_by(began: Timestamp) -> Timestamp {
    began.saturating_add(LONGEST).unwrap_or(began)
}

/// Which entries are known; the others are as if they had not come yet.
pub(super) type Known<'a> = &'a dyn Fn(EntryId) -> bool;

/// A visit, by its times.
pub(super) struct Window {
    pub of: EntryId,
    pub start: Timestamp,
    /// When whatever she was to leave with had to be there: when she left, or when a visit cannot go on any more.
    pub end: Option<Timestamp>,
}

impl Window {
    /// Before she left.
    pub fn by_the_end(&self, at: Timestamp) -> bool {
        self.end.is_none_or(|end| at <= end)
    }

    /// By the end, or within the grace after it.
    pub fn holds_end(&self, at: Timestamp) -> bool {
        let until = |end: Timestamp| end.saturating_add(GRACE).unwrap_or(end);
        self.end.is_none_or(|end| at <= until(end))
    }

    /// Within the encounter, or written up within the grace after it.
    pub fn holds(&self, at: Timestamp) -> bool {
        at >= self.start && self.holds_end(at)
    }
}

/// When a visit ended. Where a clock was set back within it, the end seems to come before the start: then it came after all
/// that whoever ended it had seen since.
pub(super) fn left_at<'e>(past: &'e Past, start: &'e Entry, end: &'e Entry) -> &'e Zoned {
    if end.occurred_at >= start.occurred_at {
        return &end.occurred_at;
    }
    let since = past.standing().iter();
    since
        .filter(|e| past.saw(end.id, e.id) && e.occurred_at >= start.occurred_at)
        .map(|e| &e.occurred_at)
        .max()
        .unwrap_or(&start.occurred_at)
}

/// Booked during the visit, for later than its start, and not undone by the time she left.
pub(super) fn booked_at_leaving(
    past: &Past,
    window: &Window,
    appointment: &Appointment,
    known: Known<'_>,
) -> bool {
    let by_then = |e: &&Arc<Entry>| known(e.id) && window.by_the_end(e.occurred_at.timestamp());
    let ends = appointment.ended_by.iter().chain(&appointment.lost_to);
    let mut ends = ends.filter_map(|id| past.get(*id));
    window.holds(appointment.entry.occurred_at.timestamp())
        && appointment.slot.start >= window.start
        && !ends.any(|e| by_then(&e))
        && !called_off(past, appointment, &by_then)
}

/// Was it told by then, as an outcome, that the visit was called off, and nothing else since that knew of it?
fn called_off(
    past: &Past,
    appointment: &Appointment,
    by_then: &dyn Fn(&&Arc<Entry>) -> bool,
) -> bool {
    let heard = appointment.heard.iter().filter_map(|id| past.get(*id));
    let moved = past.standing().iter().filter(
        |e| matches!(&e.body, Body::AppointmentChanged(p) if p.appointment == appointment.id),
    );
    let told: Vec<_> = heard.chain(moved).filter(|e| by_then(e)).collect();
    told.iter()
        .filter(|e| matches!(&e.body, Body::OutcomeRecorded(p) if p.value.calls_off()))
        .any(|e| !told.iter().any(|later| past.saw(later.id, e.id)))
}

/// Set during the visit, with a date after it, and neither done nor given up nor declined by the practice by the time she
/// left.
pub(super) fn dated_step(
    past: &Past,
    review: &[ReviewItem],
    window: &Window,
    step: &Step,
    known: Known<'_>,
) -> bool {
    let ended = |end: Option<(EntryId, Timestamp)>| {
        end.is_some_and(|(by, at)| window.by_the_end(at) && known(by))
    };
    window.holds(step.entry.occurred_at.timestamp())
        && window.end.is_none_or(|end| step.due_at() > end)
        && !ended(step.fulfilled)
        && !ended(step.cancelled)
        && !declined(past, review, step, &|e| {
            known(e.id) && window.by_the_end(e.occurred_at.timestamp())
        })
}

/// Did the practice that a step is with say by then, after it was set, that it does not take her? What we do for her
/// ourselves goes on.
fn declined(
    past: &Past,
    review: &[ReviewItem],
    step: &Step,
    by_then: &dyn Fn(&Entry) -> bool,
) -> bool {
    let theirs = step.said.what.is_with_a_practice();
    let (set, set_at) = (step.entry.id, step.entry.occurred_at.timestamp());
    past.standing().iter().any(|e| {
        theirs
            && step.said.partner.is_some()
            && e.body.declined_by() == step.said.partner.as_ref()
            && e.occurred_at.timestamp() >= set_at
            && !past.saw(set, e.id)
            && !item::lost(review, ReviewKind::TwoValues, e.id)
            && by_then(e)
    })
}
