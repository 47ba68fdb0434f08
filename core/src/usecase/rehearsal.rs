//! A command, rehearsed: would it be taken now, and what would be so then? The same plan and the same rules as when it is
//! meant. Writes nothing, and knows the documents that it is given alone.

use super::{Command, Desk, Draft, Plan, Target};
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, PatientId};
use crate::refusal::Refusal;
use rand::RngCore;
use std::sync::Arc;
use uuid::Uuid;

/// Ids for what is never written: no two alike, and no chance in them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting(u64);

impl RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        u32::try_from(self.next_u64() & u64::from(u32::MAX)).unwrap_or(0)
    }

    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let count = self.next_u64().to_be_bytes();
        for (byte, with) in bytes
            .iter_mut()
            .rev()
            .zip(count.iter().rev().chain(std::iter::repeat(&0)))
        {
            *byte = *with;
        }
    }
}

/// Would this command be taken now? `beside` is the document of a practice, where one is begun.
pub fn rehearse(command: Command, desk: &Desk<'_>, beside: Option<&Record>) -> Result<(), Refusal> {
    let mut plan = command.plan(desk)?;
    let one = plan.drafts.len() == 1;
    match plan.drafts.pop() {
        // The usual case, in which nothing has to be folded anew.
        Some(draft) if one && here(desk, &draft.target).is_some() => {
            let document = here(desk, &draft.target).ok_or(Refusal::NotHere("the record"))?;
            desk.entry(document, draft).map(|_| ())
        }
        Some(draft) => {
            plan.drafts.push(draft);
            play(plan, desk, beside).map(|_| ())
        }
        None => Ok(()),
    }
}

/// The documents as they would stand after it.
pub fn rehearse_to(
    command: Command,
    desk: &Desk<'_>,
    beside: Option<&Record>,
) -> Result<Vec<Record>, Refusal> {
    play(command.plan(desk)?, desk, beside)
}

fn play(plan: Plan, desk: &Desk<'_>, beside: Option<&Record>) -> Result<Vec<Record>, Refusal> {
    let mut documents: Vec<Record> = Vec::new();
    for draft in plan.drafts {
        let patient = match &draft.target {
            Target::Practice(partner) => Some(PatientId::of_practice(partner)),
            _ => plan.patient.or(desk.patient.map(|p| p.id)),
        };
        let patient = patient.ok_or(Refusal::NotHere("the patient"))?;
        let (at, held) = place(desk, beside, &draft.target)?;
        if !documents.iter().any(|d| d.id == at) {
            documents.push(held);
        }
        let Some(document) = documents.iter_mut().find(|d| d.id == at) else {
            continue;
        };
        if !document.is_opened()
            && let Some(body) = desk.opening(&draft.target, patient)?
        {
            let begins = Draft {
                id: desk.entry_id(),
                target: draft.target.clone(),
                at: None,
                role: None,
                body,
            };
            say(desk, document, begins)?;
        }
        say(desk, document, draft)?;
    }
    Ok(documents)
}

fn say(desk: &Desk<'_>, document: &mut Record, draft: Draft) -> Result<(), Refusal> {
    let (entry, _) = desk.entry(document, draft)?;
    let mut known = document.entries().to_vec();
    known.push(Arc::new(entry));
    *document = Record::of(document.id, &known);
    Ok(())
}

/// The record that a draft goes into, where it is one of hers.
fn here<'a>(desk: &Desk<'a>, target: &Target) -> Option<&'a Record> {
    match target {
        Target::Record => desk.record,
        Target::Of(doc) => desk.patient.and_then(|p| p.record(*doc)),
        Target::NewRecord(_) | Target::Screens | Target::Sud | Target::Practice(_) => None,
    }
}

/// The document that a draft goes into, as it is here; an empty one where it begins.
fn place(
    desk: &Desk<'_>,
    beside: Option<&Record>,
    target: &Target,
) -> Result<(DocumentId, Record), Refusal> {
    // Answers of screens, and what is told about a practice, lie in documents of their own.
    let begun = |id: u128| Record::of(DocumentId(Uuid::from_u128(id)), &[]);
    let document = match target {
        Target::Record | Target::Of(_) => here(desk, target)
            .cloned()
            .ok_or(Refusal::NotHere("the record"))?,
        Target::NewRecord(doc) => Record::of(*doc, &[]),
        Target::Screens => begun(1),
        Target::Sud => begun(3),
        Target::Practice(_) => beside.cloned().unwrap_or_else(|| begun(2)),
    };
    Ok((document.id, document))
}
