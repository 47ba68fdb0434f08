//! From a command to entries on the disk: the use case plans, the guard checks each entry against what its author
//! sees, entries of one document become one change, and everything is one transaction.

use crate::document::{Actor, Change, LIMITS, Put, seal};
use crate::domain::code::DocumentKind;
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, PatientId};
use crate::domain::join::Patient;
use crate::domain::organisation::{Organisation, Person};
use crate::domain::read::read;
use crate::refusal::{Problem, Refusal, StorageTrouble};
use crate::store::{ChangeState, DeviceRow, Store, StoreError, Write, live, tip};
use crate::usecase::{Command, Desk, Draft, Outcome, Target};
use jiff::Timestamp;
use rand::RngCore;
use std::cell::RefCell;
use std::sync::Arc;

/// Entries for one document.
struct Bundle {
    doc: DocumentId,
    kind: DocumentKind,
    patient: PatientId,
    past: Record,
    entries: Vec<(Entry, String)>,
}

/// Runs a command for the signed-in person.
pub(super) fn run(
    store: &mut Store,
    rng: &mut dyn RngCore,
    device: &DeviceRow,
    sheet: &Organisation,
    command: Command,
    now: Timestamp,
) -> Result<Outcome, Refusal> {
    let user = device.signed_in.as_ref().ok_or(Refusal::SignedOut)?;
    let person = sheet.person(user).ok_or(Refusal::SignedOut)?;
    let record = command.record();
    let loaded = match record {
        Some(id) => Some(load(store, id)?),
        None => None,
    };
    let reading = loaded
        .as_ref()
        .map(|(patient, receipts)| read(patient, receipts, sheet, now));
    let patient = loaded.as_ref().map(|(patient, _)| patient);
    let desk = Desk {
        now,
        person,
        device: device.device,
        sheet,
        patient,
        record: record.and_then(|id| patient.and_then(|p| p.record(id))),
        reading: reading.as_ref(),
        rng: RefCell::new(rng),
    };
    let plan = command.plan(&desk)?;
    let mut bundles: Vec<Bundle> = Vec::new();
    for draft in plan.drafts {
        add(store, &desk, record, plan.patient, &mut bundles, draft)?;
    }
    let whose = plan.patient.or(patient.map(|p| p.id));
    let made = Outcome {
        patient: whose.filter(|_| bundles.iter().any(|b| b.kind != DocumentKind::Partner)),
        record: record.or(bundles.first().map(|b| b.doc)),
        made: plan.made,
    };
    let rng = desk.rng.into_inner();
    write(store, rng, device, person, sheet, &bundles, now)?;
    Ok(made)
}

fn load(
    store: &Store,
    record: DocumentId,
) -> Result<(Patient, crate::domain::read::Receipts), Refusal> {
    match store.rows().document_row(record)? {
        Some((DocumentKind::Record, patient, false)) => Ok(store.rows().patient(patient)?),
        _ => Err(Refusal::NotHere("the record")),
    }
}

/// Turns a draft into an entry, checks it, and puts it with those of its document.
fn add(
    store: &Store,
    desk: &Desk<'_>,
    record: Option<DocumentId>,
    new_patient: Option<PatientId>,
    bundles: &mut Vec<Bundle>,
    draft: Draft,
) -> Result<(), Refusal> {
    let patient = match &draft.target {
        Target::Practice(partner) => Some(PatientId::of_practice(partner)),
        _ => new_patient.or(desk.patient.map(|p| p.id)),
    };
    let patient = patient.ok_or(Refusal::NotHere("the patient"))?;
    let kind = match &draft.target {
        Target::Screens => DocumentKind::Screens,
        Target::Practice(_) => DocumentKind::Partner,
        _ => DocumentKind::Record,
    };
    let at = match &draft.target {
        Target::Record => record.ok_or(Refusal::NotHere("the record"))?,
        Target::Of(doc) | Target::NewRecord(doc) => *doc,
        Target::Screens | Target::Practice(_) => beside(store, desk, bundles, patient, kind)?,
    };
    if !bundles.iter().any(|b| b.doc == at) {
        let past = store.rows().record(at)?.0;
        bundles.push(Bundle {
            doc: at,
            kind,
            patient,
            past,
            entries: Vec::new(),
        });
    }
    if let Some(body) = desk.opening(&draft.target, patient)? {
        begin(desk, bundles, at, body)?;
    }
    let bundle = bundles
        .iter_mut()
        .find(|b| b.doc == at)
        .ok_or(Refusal::NotHere("the record"))?;
    bundle.push(desk, draft)
}

impl Bundle {
    fn push(&mut self, desk: &Desk<'_>, draft: Draft) -> Result<(), Refusal> {
        let (entry, text) = desk.entry(&self.past, draft)?;
        let mut known = self.past.entries().to_vec();
        known.push(Arc::new(entry.clone()));
        self.past = Record::of(self.doc, &known);
        self.entries.push((entry, text));
        Ok(())
    }
}

/// The patient's document for answers, or the practice's own: one that this device holds, or a new one.
fn beside(
    store: &Store,
    desk: &Desk<'_>,
    bundles: &[Bundle],
    patient: PatientId,
    kind: DocumentKind,
) -> Result<DocumentId, Refusal> {
    if let Some(begun) = bundles.iter().find(|b| b.kind == kind) {
        return Ok(begun.doc);
    }
    let held = store.rows().documents_of(patient, kind)?;
    Ok(held.first().copied().unwrap_or_else(|| desk.document_id()))
}

/// A document that nothing was written in yet begins with what it is.
fn begin(
    desk: &Desk<'_>,
    bundles: &mut [Bundle],
    doc: DocumentId,
    body: Body,
) -> Result<(), Refusal> {
    match bundles.iter_mut().find(|b| b.doc == doc) {
        Some(bundle) if !bundle.past.is_opened() => bundle.push(
            desk,
            Draft {
                id: desk.entry_id(),
                target: Target::Record,
                at: None,
                role: None,
                body,
            },
        ),
        _ => Ok(()),
    }
}

/// One transaction: every change, its document, its actor, the index.
fn write(
    store: &mut Store,
    rng: &mut dyn RngCore,
    device: &DeviceRow,
    person: &Person,
    sheet: &Organisation,
    bundles: &[Bundle],
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut full = false;
    let written = store.write(|write| {
        for bundle in bundles {
            if !change(write, rng, device, person, bundle, now)? {
                full = true;
                return Err(StoreError::Trouble(StorageTrouble::Full));
            }
        }
        for bundle in bundles {
            write.index(bundle.patient, sheet, now)?;
        }
        Ok(())
    });
    if full {
        return Err(Refusal::Invalid {
            field: "record",
            problem: Problem::TooLong,
        });
    }
    Ok(written?)
}

/// Appends one change; false when the document is full.
fn change(
    write: &mut Write<'_>,
    rng: &mut dyn RngCore,
    device: &DeviceRow,
    person: &Person,
    bundle: &Bundle,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let held = write.document(bundle.doc)?;
    let puts: Vec<Put> = bundle
        .entries
        .iter()
        .map(|(e, text)| Put {
            id: e.id,
            text: text.clone(),
        })
        .collect();
    let live = live(&held);
    let more: usize = puts.iter().map(|put| put.text.len()).sum();
    if more > LIMITS.text
        || more + live.iter().map(|c| c.change.text_bytes()).sum::<usize>() > LIMITS.document
    {
        return Ok(false);
    }
    let (deps, start_op) = tip(&live);
    let (actor, nonce, seq) =
        if let Some((actor, nonce, seq)) = write.actor(bundle.doc, &person.id)? {
            (actor, nonce, seq + 1)
        } else {
            let mut nonce = [0; 16];
            rng.fill_bytes(&mut nonce);
            let actor = Actor::derive(device.device, &person.id, bundle.doc, &nonce);
            (actor, nonce, 1)
        };
    let fields = Change {
        doc: bundle.doc,
        actor,
        seq,
        start_op,
        deps,
        nonce: (seq == 1).then_some(nonce),
        device: device.device,
        user: person.id.clone(),
        puts,
    };
    let sealed = seal(fields).map_err(|_| StoreError::DAMAGED)?;
    write.save_document(bundle.doc, bundle.kind, bundle.patient)?;
    write.append(&sealed, ChangeState::Saved, now.as_millisecond(), None)?;
    write.save_actor(bundle.doc, &person.id, actor, &nonce, seq)?;
    Ok(true)
}
