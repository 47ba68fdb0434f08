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
    /// The step was fulfilled or given up, the practice declined, or she wished that it stop.
    pub ended_at: Option<Timestamp>,
}

impl PromiseReading {
    /// Minutes by which it was missed; none while it is not.
    pub fn late_min(&self, now: Timestamp) -> Option<i64> {
        let until = self.met_at.or(self.ended_at).unwrap_or(now);
        time::is_overdue(self.due_at, until).then(|| time::minutes_between(self.due_at, until))
    }

    fn runs_at(&self, at: Timestamp) -> bool {
        [self.met_at, self.ended_at]
            .into_iter()
            .flatten()
            .all(|end| end > at)
    }
}

/// What makes a promise: when, by which entry, whose, due when.
struct Maker {
    made_at: Timestamp,
    entry: EntryId,
    partner: PartnerId,
    due_at: Timestamp,
    ended_at: Option<Timestamp>,
    is_step: bool,
}

/// The promises of a record. A voicemail does not meet one: the practice has to reach her.
pub(super) fn promises(record: &Record) -> Vec<PromiseReading> {
    let mut promises: Vec<PromiseReading> = Vec::new();
    let makers = makers(record);
    for maker in &makers {
        let running = promises
            .iter_mut()
            .find(|p| p.partner == maker.partner && p.runs_at(maker.made_at));
        if let Some(running) = running {
            if maker.is_step {
                running.covers.push(maker.entry);
                // What was agreed for it is over: so is the promise.
                running.ended_at = [running.ended_at, maker.ended_at]
                    .into_iter()
                    .flatten()
                    .min();
            }
            continue;
        }
        let since = |at: &Timestamp| *at >= maker.made_at;
        let met_at = record
            .attempts
            .iter()
            .filter(|a| {
                a.said.with == ContactWith::Partner
                    && a.said.partner.as_ref() == Some(&maker.partner)
                    && a.said.outcome == ContactOutcome::SpokeDirectly
                    && (a.said.patient_on_line || a.said.direction == Direction::PartnerToPatient)
            })
            .map(|a| a.entry.occurred_at.timestamp())
            .filter(since)
            .min();
        let declined_at = record
            .partner_answers
            .iter()
            .filter(|a| a.declined.is_some() && a.partner == maker.partner)
            .filter(|a| !record.has_lost(ReviewKind::TwoValues, a.entry.id))
            .map(|a| a.entry.occurred_at.timestamp())
            .filter(since)
            .min();
        promises.push(PromiseReading {
            step: maker.entry,
            covers: Vec::new(),
            partner: maker.partner.clone(),
            made_at: maker.made_at,
            due_at: maker.due_at,
            met_at,
            ended_at: [
                maker.ended_at,
                declined_at,
                stopped_at(record, maker, &makers),
            ]
            .into_iter()
            .flatten()
            .min(),
        });
    }
    promises
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
                ended_at: step.fulfilled.or(step.cancelled).map(|(_, at)| at),
                is_step: true,
            })
        });
    let sent = record.sent.iter().filter_map(|sent| {
        Some(Maker {
            made_at: sent.entry.occurred_at.timestamp(),
            entry: sent.entry.id,
            partner: sent.said.partner.clone(),
            due_at: sent.said.promise_due_at?,
            ended_at: None,
            is_step: false,
        })
    });
    let mut makers: Vec<Maker> = steps.chain(sent).collect();
    makers.sort_by_key(|m| (m.made_at, m.is_step, m.entry));
    makers
}
