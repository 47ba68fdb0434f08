//! Attempts at contact, and next steps with what became of them.

use super::collect;
use crate::domain::code::{ContactOutcome, ContactWith};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::EntryId;
use crate::domain::past::Past;
use crate::domain::payload::{ContactAttempted, NextStepSet};
use jiff::Timestamp;
use std::sync::Arc;

/// An attempt at contact.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The entry; its `occurred_at` is the start.
    pub entry: Arc<Entry>,
    /// What was tried and what came of it.
    pub said: ContactAttempted,
}

/// A next step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The entry; its `occurred_at` is when it was set.
    pub entry: Arc<Entry>,
    /// What, by when, with whom.
    pub said: NextStepSet,
    /// Done: by which entry, when.
    pub fulfilled: Option<(EntryId, Timestamp)>,
    /// No longer meant, or set anew: by which entry, when.
    pub cancelled: Option<(EntryId, Timestamp)>,
    /// When somebody has to look after it: its date, or that of the step which it changes, if that is the earlier one and
    /// was done by somebody who knew nothing of the change.
    pub listed_at: Timestamp,
}

impl Attempt {
    /// Did the patient herself speak to the practice?
    pub fn spoke_directly(&self) -> bool {
        self.said.with == ContactWith::Partner
            && self.said.outcome == ContactOutcome::SpokeDirectly
            && self.said.patient_on_line
    }

    /// Did it reach somebody?
    pub fn reached(&self) -> bool {
        matches!(
            self.said.outcome,
            ContactOutcome::SpokeDirectly | ContactOutcome::SpokeStaffOnly
        )
    }

    /// Was nobody reached, so that somebody has to try again? What waits to be sent has reached nobody either.
    pub fn needs_retry(&self) -> bool {
        matches!(
            self.said.outcome,
            ContactOutcome::LeftVoicemail
                | ContactOutcome::NoAnswer
                | ContactOutcome::Busy
                | ContactOutcome::WrongNumber
                | ContactOutcome::Disconnected
                | ContactOutcome::QueuedNotSent
        )
    }

    /// Does it answer a call that is to be made again? What only waits to be sent answers nothing.
    pub fn was_made(&self) -> bool {
        self.said.outcome != ContactOutcome::QueuedNotSent
    }
}

impl Step {
    /// Neither done nor given up.
    pub fn is_live(&self) -> bool {
        self.fulfilled.is_none() && self.cancelled.is_none()
    }

    /// When it is due.
    pub fn due_at(&self) -> Timestamp {
        self.said.due_at.timestamp()
    }
}

pub(super) fn attempts(past: &Past) -> Vec<Attempt> {
    collect(past, |body| match body {
        Body::ContactAttempted(p) => Some(p.clone()),
        _ => None,
    })
    .into_iter()
    .map(|(entry, said)| Attempt { entry, said })
    .collect()
}

pub(super) fn steps(past: &Past) -> Vec<Step> {
    let ends = |id: EntryId, fulfilled: bool| {
        past.standing()
            .iter()
            .filter(|e| match &e.body {
                Body::NextStepFulfilled(p) => fulfilled && p.step == id,
                Body::NextStepCancelled(p) => !fulfilled && p.step == id,
                Body::NextStepSet(p) => !fulfilled && p.replaces == Some(id),
                _ => false,
            })
            .map(|e| (e.id, e.occurred_at.timestamp()))
            .min_by_key(|(id, at)| (*at, *id))
    };
    let all = collect(past, |body| match body {
        Body::NextStepSet(p) => Some(p.clone()),
        _ => None,
    });
    let listed_at = |id: EntryId, said: &NextStepSet| {
        let changed = all.iter().find(|(e, _)| said.replaces == Some(e.id));
        let done_unseen = |step: EntryId| {
            past.standing().iter().any(|e| {
                matches!(&e.body, Body::NextStepFulfilled(p) if p.step == step)
                    && past.concurrent(e.id, id)
            })
        };
        let own = said.due_at.timestamp();
        changed
            .filter(|(e, _)| done_unseen(e.id))
            .map_or(own, |(_, before)| own.min(before.due_at.timestamp()))
    };
    all.iter()
        .map(|(entry, said)| Step {
            fulfilled: ends(entry.id, true),
            cancelled: ends(entry.id, false),
            listed_at: listed_at(entry.id, said),
            entry: Arc::clone(entry),
            said: said.clone(),
        })
        .collect()
}
