//! A practice's promise to call her: when it was due, whether it was kept.

use crate::domain::code::{ContactOutcome, ContactWith, StepKind};
use crate::domain::fold::Record;
use crate::domain::id::{EntryId, PartnerId};
use crate::domain::time;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromiseReading {
    /// The entry that made it.
    pub step: EntryId,
    /// Whose.
    pub partner: PartnerId,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it falls due: frozen from the agreement.
    pub due_at: Timestamp,
    /// When the practice reached her.
    pub met_at: Option<Timestamp>,
    /// The step was fulfilled or given up otherwise.
    pub ended_at: Option<Timestamp>,
}

impl PromiseReading {
    /// Minutes by which it was missed; none while it is not.
    pub fn late_min(&self, now: Timestamp) -> Option<i64> {
        let until = self.met_at.or(self.ended_at).unwrap_or(now);
        time::is_overdue(self.due_at, until).then(|| time::minutes_between(self.due_at, until))
    }
}

/// The promises of a record. A voicemail does not meet one: the practice has to reach her.
pub(super) fn promises(record: &Record) -> Vec<PromiseReading> {
    let made = record
        .steps
        .iter()
        .filter(|s| s.said.what == StepKind::PartnerCallback);
    made.filter_map(|step| {
        let partner = step.said.partner.clone()?;
        let made_at = step.entry.occurred_at.timestamp();
        let met_at = record
            .attempts
            .iter()
            .filter(|a| {
                a.said.with == ContactWith::Partner
                    && a.said.partner.as_ref() == Some(&partner)
                    && a.said.outcome == ContactOutcome::SpokeDirectly
                    && a.said.patient_on_line
            })
            .map(|a| a.entry.occurred_at.timestamp())
            .filter(|at| *at >= made_at)
            .min();
        Some(PromiseReading {
            step: step.entry.id,
            partner,
            made_at,
            due_at: step.said.promise_due_at.unwrap_or(step.due_at()),
            met_at,
            ended_at: step.fulfilled.or(step.cancelled).map(|(_, at)| at),
        })
    })
    .collect()
}
