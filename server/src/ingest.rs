//! What becomes of a push, document by document, each change judged on what the ones before it left. A known hash is
//! answered with the state now stored for it before anything else is looked at. Decides; the store writes.

use crate::admission::{Admitted, Sender, Standing, Verdict, admit};
use crate::ledger::{Ledger, opening};
use warmhand_core::document::genesis_hash;
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::PatientId;
use warmhand_core::wire::{Ack, AckState, PushedChange, QuarantineReason, RejectReason};

/// What is to be written for one change.
#[derive(Clone, Debug)]
pub enum Step<'a> {
    /// It goes into the document.
    Apply(Box<Admitted>),
    /// It is kept aside.
    Keep(&'a PushedChange, QuarantineReason),
}

/// Answers for one document, and what is to be written, in order.
pub struct Judged<'a> {
    /// One for every pushed change, in order.
    pub acks: Vec<Ack>,
    /// What is to be written.
    pub steps: Vec<Step<'a>>,
}

/// Judges the changes of one document.
pub fn judge<'a>(
    ledger: &mut Ledger,
    standing: &Standing,
    sender: &Sender<'_>,
    pushed: &'a [PushedChange],
) -> Judged<'a> {
    let mut judged = Judged { acks: Vec::new(), steps: Vec::new() };
    for change in pushed {
        let state = one(ledger, standing, sender, change, &mut judged.steps);
        judged.acks.push(Ack { hash: change.hash, state });
    }
    judged
}

fn one<'a>(
    ledger: &mut Ledger,
    standing: &Standing,
    sender: &Sender<'_>,
    pushed: &'a PushedChange,
    steps: &mut Vec<Step<'a>>,
) -> AckState {
    if let Some(receipt) = ledger.accepted(pushed.hash) {
        return AckState::Accepted(receipt);
    }
    let kept = ledger.quarantined.get(&pushed.hash).copied();
    if let Some(reason) = kept.filter(|_| pushed.receipt.is_none()) {
        return AckState::Quarantined(reason);
    }
    match (admit(ledger, standing, sender, pushed), kept) {
        // Only the server's own word lifts a change out of quarantine; standing that has changed since does not.
        (Verdict::Admitted(admitted), None) => apply(ledger, admitted, steps),
        (Verdict::Admitted(admitted), Some(_)) if Some(admitted.receipt) == pushed.receipt => {
            apply(ledger, admitted, steps)
        }
        (_, Some(reason)) => AckState::Quarantined(reason),
        (Verdict::Quarantined(reason), None) => {
            ledger.quarantined.insert(pushed.hash, reason);
            steps.push(Step::Keep(pushed, reason));
            AckState::Quarantined(reason)
        }
        (Verdict::Missing(deps), None) => AckState::MissingDeps(deps),
        (Verdict::Rejected(reason), None) => AckState::Rejected(reason),
    }
}

fn apply(ledger: &mut Ledger, admitted: Box<Admitted>, steps: &mut Vec<Step<'_>>) -> AckState {
    ledger.admit(&admitted);
    let receipt = admitted.receipt;
    steps.push(Step::Apply(admitted));
    AckState::Accepted(receipt)
}

/// Answers for a document that could not be judged at all.
pub fn unreadable(pushed: &[PushedChange]) -> Vec<Ack> {
    let state = AckState::Rejected(RejectReason::Malformed);
    pushed.iter().map(|change| Ack { hash: change.hash, state: state.clone() }).collect()
}

/// The patient of a document that begins with these changes.
pub fn patient_of(pushed: &[PushedChange]) -> Option<PatientId> {
    let first = pushed.iter().find(|p| p.change.deps == [genesis_hash()])?;
    let entry = Entry::parse(&first.change.puts.first()?.text).ok()?;
    opening(&entry.body).map(|(_, patient)| patient)
}
