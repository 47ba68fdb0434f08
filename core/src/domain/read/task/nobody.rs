//! The last resort: whenever nobody has her on a list, somebody gets her. From when a need is seen on, something is always
//! under way until she wishes that it stop, was seen by a practice, or the loop is closed: a visit here, one to come, a task, a
//! question about what she wants. Where all that there was has ended and nothing has begun, she is to be asked how she goes
//! on. Knows nothing of why it ended, and asks when things took place: a plan that turns out to have been there takes the
//! call away again.

use super::{Lapse, TaskReading, TaskState, Work};
use crate::domain::code::{
    AppointmentStatus, DecisionState, DecisionValue, OutcomeValue, ReviewKind, TaskKind,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::GRACE;
use crate::domain::id::EntryId;
use jiff::Timestamp;
use std::sync::Arc;

/// What somebody has in hand, from when on, by which entry.
struct Held {
    from: (Timestamp, EntryId),
    /// Until when, and the entry that was the last of it; for good or for now if none.
    until: Option<(Timestamp, EntryId)>,
    /// The loop is closed: then nobody was to do anything.
    closes: bool,
}

impl Held {
    fn new(from: (Timestamp, EntryId), until: Option<(Timestamp, EntryId)>) -> Self {
        Self {
            from,
            until,
            closes: false,
        }
    }
}

impl Work<'_> {
    /// For each time in which nobody had her: to ask her, by the working day after it began. What began then has done it. A
    /// tick alone plans nothing: then it begins anew. Until when nothing of this is said yet, if so.
    pub(super) fn of_nobody(&self, tasks: &mut Vec<TaskReading>) -> Option<Timestamp> {
        let (need, _) = self.record.need.as_ref()?;
        let mut held = self.held(tasks);
        held.sort_by_key(|one| one.from);
        let mut last = at(need);
        let mut turns = Vec::new();
        let mut is_held = false;
        for one in held {
            if one.from.0 > last.0 {
                last = self.adrift(tasks, last, Some(&one));
                turns.extend(Some(still_at_it(last)).filter(|at| *at < one.from.0));
                turns.push(one.from.0);
            }
            match one.until {
                None => {
                    is_held = true;
                    break;
                }
                Some(until) => last = last.max(until),
            }
        }
        if !is_held && !self.wished_elsewhere(last.0) {
            last = self.adrift(tasks, last, None);
            turns.push(still_at_it(last));
        }
        turns.into_iter().filter(|at| *at > self.now).min()
    }

    /// From the last entry on until something begins. The last tick in between, if there was one.
    fn adrift(
        &self,
        tasks: &mut Vec<TaskReading>,
        mut last: (Timestamp, EntryId),
        next: Option<&Held>,
    ) -> (Timestamp, EntryId) {
        // Each tick is an entry of its own.
        let entries = self.patient.records.iter().map(|r| r.entries().len());
        for _ in 0..=entries.sum() {
            let until = next.map_or(self.now, |next| next.from.0.min(self.now));
            if until < still_at_it(last) {
                break;
            }
            let Some(cause) = self.entry(last.1) else {
                break;
            };
            let due = self.business_days_after(last.0, 1);
            let mut task = self.task(TaskKind::NothingPlanned, cause, Some(due));
            let ticks = self.ticks(&task).filter(|(_, at)| *at <= self.now);
            let ticked = ticks.max_by_key(|(id, at)| (*at, *id));
            let ticked = ticked.filter(|(_, at)| next.is_none_or(|next| *at < next.from.0));
            if let Some((by, at)) = ticked {
                task.done = ticked;
                tasks.push(task);
                last = (last.0.max(at), by);
                continue;
            }
            match next {
                Some(next) if next.closes => task.lapses(Some(next.from.0), Lapse::LoopClosed),
                // By a clock that was ahead it may have begun tomorrow.
                Some(next) if next.from.0 <= self.now => {
                    task.done = Some((next.from.1, next.from.0));
                }
                _ => {}
            }
            tasks.push(task);
            break;
        }
        last
    }

    fn entry(&self, id: EntryId) -> Option<&Arc<Entry>> {
        let mut records = self.patient.records.iter();
        records.find_map(|record| record.past.get(id))
    }

    /// Everything that somebody had, or has, in hand.
    fn held(&self, tasks: &[TaskReading]) -> Vec<Held> {
        let tasks = tasks.iter().filter_map(|task| self.of_task(task));
        let visits = self.record.encounters.iter().map(|visit| {
            let ended = visit.ended.as_ref().map(jiff::Zoned::timestamp);
            let over = ended.map_or(visit.is_over_by(), |at| at.min(visit.is_over_by()));
            Held::new(at(&visit.entry), Some((over, visit.id)))
        });
        let mut held: Vec<_> = tasks.chain(visits).collect();
        held.extend(self.of_practices());
        held.extend(self.of_meetings());
        held.extend(self.of_her_wish());
        held.extend(self.of_questions());
        held.extend(self.of_turns());
        held.retain(|one| one.until.is_none_or(|until| until.0 > one.from.0));
        held
    }

    /// As long as it is to do. What is held back is done by nobody.
    fn of_task(&self, task: &TaskReading) -> Option<Held> {
        let from = at(self.entry(task.cause)?);
        let lapsed = task.lapses_at.map(|at| (at, task.cause));
        let done = task.done.map(|(by, at)| (at, by));
        let until = match task.state(self.now) {
            TaskState::Paused => {
                let decisions = self.record.decisions.iter();
                decisions.map(|d| at(&d.entry)).max()
            }
            _ => done.or(lapsed),
        };
        // That another practice is called is not for her.
        (task.kind != TaskKind::CallOtherPartner).then(|| Held::new(from, until))
    }

    /// A visit to come, up to its time; one that she came to is what all was for.
    fn of_practices(&self) -> impl Iterator<Item = Held> {
        let visits = self.record.appointments.iter();
        visits.filter_map(|visit| {
            let until = match visit.status {
                AppointmentStatus::Proposed => return None,
                AppointmentStatus::Cancelled | AppointmentStatus::Superseded => {
                    visit.status_at.min(visit.slot.start)
                }
                _ => visit.slot.start,
            };
            Some(Held::new(at(&visit.entry), Some((until, visit.id))))
        })
    }

    /// Since she came to a visit, until a practice does not take her after all, she agrees anew or another is booked.
    fn of_meetings(&self) -> impl Iterator<Item = Held> {
        let past = &self.record.past;
        let came = self.record.appointments.iter();
        let came = came.filter(|visit| visit.status == AppointmentStatus::Attended);
        let told = came.filter_map(|visit| {
            let told = self.outcomes(visit);
            let told = told.filter(|(value, _)| *value == OutcomeValue::Attended);
            told.map(|(_, e)| e).min_by_key(|e| at(e))
        });
        told.map(|told| {
            let anew = past.standing().iter().filter(|e| {
                let begins = match &e.body {
                    Body::DecisionRecorded(said) => said.value == DecisionValue::Agreed,
                    Body::AppointmentBooked(_) => true,
                    body => body.declined_by().is_some(),
                };
                begins && past.saw(e.id, told.id)
            });
            Held::new(at(told), anew.map(at).min())
        })
    }

    /// Has she wished since, in another of her records, that it stop?
    fn wished_elsewhere(&self, since: Timestamp) -> bool {
        let others = self.patient.records.iter();
        let others = others.filter(|record| record.id != self.record.id);
        let states = [DecisionState::Withdrew, DecisionState::DoNotAskAgain];
        let mut stopped = others.filter(|record| states.contains(&record.decision));
        stopped.any(|record| {
            let mut decisions = record.decisions.iter();
            decisions.any(|d| d.entry.occurred_at.timestamp() > since)
        })
    }

    /// Since she wished that it stop, until she says otherwise; where she did not say for good, until she is offered it again.
    fn of_her_wish(&self) -> impl Iterator<Item = Held> {
        let past = &self.record.past;
        let wish = |value| {
            matches!(
                value,
                DecisionValue::Withdrew | DecisionValue::DoNotAskAgain
            )
        };
        let wishes = self.record.decisions.iter();
        let wishes = wishes.filter(move |d| wish(d.said.value));
        wishes
            .filter(|d| {
                self.lost_at(ReviewKind::DecisionDisputed, d.entry.id)
                    .is_none()
            })
            .map(move |wished| {
                let later = self
                    .record
                    .decisions
                    .iter()
                    .filter(|d| !wish(d.said.value) && past.saw(d.entry.id, wished.entry.id));
                let offers = self.record.offers.iter().filter(|offer| {
                    wished.said.value == DecisionValue::Withdrew
                        && past.saw(offer.id, wished.entry.id)
                });
                let offered = offers.map(|offer| (offer.at.timestamp(), offer.id));
                let later = later.map(|d| at(&d.entry)).chain(offered);
                Held::new(at(&wished.entry), later.min())
            })
    }

    /// Two answers of hers, or two words of what became of a visit: whoever settles it has it in hand.
    fn of_questions(&self) -> impl Iterator<Item = Held> {
        let kinds = [ReviewKind::DecisionDisputed, ReviewKind::OutcomeDisputed];
        let questions = self.review.iter();
        let questions = questions.filter(move |item| kinds.contains(&item.kind));
        questions.filter_map(|item| {
            let entries = item.entries.iter().filter_map(|id| self.entry(*id));
            let from = entries.map(at).max()?;
            Some(Held::new(from, item.settled_at.map(|at| (at, from.1))))
        })
    }

    /// The times in which the loop was closed.
    fn of_turns(&self) -> impl Iterator<Item = Held> {
        let closings = self.record.closings.iter().map(|(entry, _)| at(entry));
        let mut closings: Vec<_> = closings.collect();
        closings.sort();
        let mut turns = self.turns.iter().peekable();
        let mut held = Vec::new();
        while let Some(turn) = turns.next() {
            let Some(closed) = turn.closed.and(turn.at) else {
                continue;
            };
            let by = closings.iter().find(|(at, _)| *at == closed);
            let Some(from) = by.copied() else { continue };
            // What opened it again and is not on the server yet was written here, and lately.
            let written = self.record.entries().iter().map(|e| e.recorded_at);
            let lately = written.max().map_or(closed, |at| at.max(closed));
            let until = turns.peek().map(|open| (open.at.unwrap_or(lately), from.1));
            held.push(Held {
                closes: true,
                ..Held::new(from, until)
            });
        }
        held.into_iter()
    }
}

/// Whoever ended something may still be with her, and about to write up what comes next.
fn still_at_it((since, _): (Timestamp, EntryId)) -> Timestamp {
    since.saturating_add(GRACE).unwrap_or(since)
}

fn at(entry: &Arc<Entry>) -> (Timestamp, EntryId) {
    (entry.occurred_at.timestamp(), entry.id)
}
