//! A practice's promise to call her: when it was due, whether it was kept. One a practice at a time: what is sent or
//! agreed while a promise runs makes no second one.

use crate::domain::code::{
    ContactOutcome, ContactWith, DecisionValue, Direction, ReviewKind, StepKind,
};
use crate::domain::fold::{Decision, Record};
use crate::domain::id::{EntryId, PartnerId};
use crate::domain::time;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromiseReading {
    /// The entry that made it: a referral sent, or a step that was agreed.
    pub step: EntryId,
    /// The steps that it runs for.
    #[serde(default)]
    pub covers: Vec<EntryId>,
    /// Whose.
    pub partner: PartnerId,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it falls due: frozen from the agreement.
    pub due_at: Timestamp,
    /// When the practice reached her.
    pub met_at: Option<Timestamp>,
    /// A step was fulfilled, or all that it runs for was given up, the practice declined, or she wished that it stop.
    pub ended_at: Option<Timestamp>,
}

impl PromiseReading {
    /// Minutes by which it was missed; none while it is not.
    pub fn late_min(&self, now: Timestamp) -> Option<i64> {
        let until = self.met_at.or(self.ended_at).unwrap_or(now);
        time::is_overdue(self.due_at, until).then(|| time::minutes_between(self.due_at, until))
    }
}

/// What makes a promise: when, by which entry, whose, due when.
struct Maker {
    made_at: Timestamp,
    entry: EntryId,
    partner: PartnerId,
    due_at: Timestamp,
    /// The step, as somebody says, took place.
    fulfilled_at: Option<Timestamp>,
    /// It is no longer meant. What was sent is not called back.
    cancelled_at: Option<Timestamp>,
    is_step: bool,
}

/// A promise, with all that it runs for, and when something else than these ends it.
struct Promise<'a> {
    makers: Vec<&'a Maker>,
    met_at: Option<Timestamp>,
    otherwise: Option<Timestamp>,
}

impl<'a> Promise<'a> {
    fn of(record: &Record, maker: &'a Maker, makers: &[Maker]) -> Self {
        let stopped_at = stopped_at(record, maker, makers);
        Self {
            makers: vec![maker],
            met_at: met_at(record, maker),
            otherwise: earliest([declined_at(record, maker), stopped_at]),
        }
    }

    /// The practice has called, as somebody says, or all that it was to call for is given up: a step set twice and
    /// cancelled once is still meant.
    fn ended_at(&self) -> Option<Timestamp> {
        let fulfilled = self.makers.iter().filter_map(|m| m.fulfilled_at).min();
        let cancelled: Option<Vec<_>> = self.makers.iter().map(|m| m.cancelled_at).collect();
        let given_up = cancelled.and_then(|all| all.into_iter().max());
        earliest([fulfilled, given_up, self.otherwise])
    }

    fn runs_for(&self, maker: &Maker) -> bool {
        self.makers.iter().any(|m| m.partner == maker.partner)
            && [self.met_at, self.ended_at()]
                .into_iter()
                .flatten()
                .all(|end| end > maker.made_at)
    }

    fn read(&self) -> Option<PromiseReading> {
        let (first, covered) = self.makers.split_first()?;
        let covered = covered.iter().filter(|m| m.is_step);
        Some(PromiseReading {
            step: first.entry,
            covers: covered.map(|m| m.entry).collect(),
            partner: first.partner.clone(),
            made_at: first.made_at,
            due_at: first.due_at,
            met_at: self.met_at,
            ended_at: self.ended_at(),
        })
    }
}

fn earliest<const N: usize>(times: [Option<Timestamp>; N]) -> Option<Timestamp> {
    times.into_iter().flatten().min()
}

/// The promises of a record. A voicemail does not meet one: the practice has to reach her.
pub(super) fn promises(record: &Record) -> Vec<PromiseReading> {
    let makers = makers(record);
    let mut promises: Vec<Promise> = Vec::new();
    for maker in &makers {
        match promises.iter_mut().find(|p| p.runs_for(maker)) {
            Some(running) => running.makers.push(maker),
            None => promises.push(Promise::of(record, maker, &makers)),
        }
    }
    promises.iter().filter_map(Promise::read).collect()
}

fn met_at(record: &Record, maker: &Maker) -> Option<Timestamp> {
    let theirs = record.attempts.iter().filter(|a| {
        a.said.with == ContactWith::Partner
            && a.said.partner.as_ref() == Some(&maker.partner)
            && a.said.outcome == ContactOutcome::SpokeDirectly
            && (a.said.patient_on_line || a.said.direction == Direction::PartnerToPatient)
    });
    theirs
        .map(|a| a.entry.occurred_at.timestamp())
        .filter(|at| *at >= maker.made_at)
        .min()
}

fn declined_at(record: &Record, maker: &Maker) -> Option<Timestamp> {
    let declines = record.declines(&maker.partner);
    declines
        .map(|e| e.occurred_at.timestamp())
        .filter(|at| *at >= maker.made_at)
        .min()
}

/// When she wished that it stop, after it was made: nobody may call a practice then, to ask what became of its promise. A
/// wish that is in question holds it back and ends nothing. One that she took back ends it only where the practice has
/// promised anew since; otherwise its word holds, and nobody else would look after it.
fn stopped_at(record: &Record, maker: &Maker, makers: &[Maker]) -> Option<Timestamp> {
    let (past, kind) = (&record.past, ReviewKind::DecisionDisputed);
    let in_question = |id: EntryId| {
        let mut asked = record.review.iter().filter(|i| i.kind == kind);
        asked.any(|i| i.is_open() && i.choices.contains(&id))
    };
    let taken_back = |id: EntryId| {
        record.decisions.iter().any(|d| {
            d.said.value == DecisionValue::Agreed
                && past.saw(d.entry.id, id)
                && !record.has_lost(kind, d.entry.id)
        })
    };
    let promised_anew = |id: EntryId| {
        let mut theirs = makers.iter().filter(|m| m.partner == maker.partner);
        theirs.any(|m| past.saw(m.entry, id))
    };
    let stops = |d: &&Decision| {
        let id = d.entry.id;
        matches!(
            d.said.value,
            DecisionValue::Withdrew | DecisionValue::DoNotAskAgain
        ) && !past.saw(maker.entry, id)
            && !record.has_lost(kind, id)
            && !in_question(id)
            && (!taken_back(id) || promised_anew(id))
    };
    let stopped = record.decisions.iter().filter(stops);
    stopped
        .map(|d| d.entry.occurred_at.timestamp())
        .filter(|at| *at >= maker.made_at)
        .min()
}

fn makers(record: &Record) -> Vec<Maker> {
    let steps = record
        .steps
        .iter()
        .filter(|s| s.said.what == StepKind::PartnerCallback)
        .filter_map(|step| {
            Some(Maker {
                made_at: step.entry.occurred_at.timestamp(),
                entry: step.entry.id,
                partner: step.said.partner.clone()?,
                due_at: step.said.promise_due_at.unwrap_or(step.due_at()),
                fulfilled_at: step.fulfilled.map(|(_, at)| at),
                cancelled_at: step
                    .cancelled
                    .filter(|_| step.fulfilled.is_none())
                    .map(|(_, at)| at),
                is_step: true,
            })
        });
    let sent = record.sent.iter().filter_map(|sent| {
        Some(Maker {
            made_at: sent.entry.occurred_at.timestamp(),
            entry: sent.entry.id,
            partner: sent.said.partner.clone(),
            due_at: sent.said.promise_due_at?,
            fulfilled_at: None,
            cancelled_at: None,
            is_step: false,
        })
    });
    let mut makers: Vec<Maker> = steps.chain(sent).collect();
    makers.sort_by_key(|m| (m.made_at, m.is_step, m.entry));
    makers
}
