//! From a command to entries on the disk: the use case plans, the guard checks each entry against what its author
//! sees, entries of one document become one change, and everything is one transaction. What is not for the signed-in
//! person is not here for her; but a worry is taken about whomever it is.

use crate::document::{LIMITS, Put};
use crate::domain::code::DocumentKind;
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, EntryId, PatientId};
use crate::domain::organisation::{Organisation, Person};
use crate::domain::read::read;
use crate::domain::visibility::Viewer;
use crate::refusal::{Problem, Refusal};
use crate::store::{DeviceRow, End, Folded, Held, Rows, Store, Write};
use crate::usecase::{Command, Desk, Draft, Outcome, Target};
use jiff::Timestamp;
use rand::RngCore;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Entries for one document.
struct Bundle {
    doc: DocumentId,
    kind: DocumentKind,
    patient: PatientId,
    /// Where what is stored of it ends.
    end: End,
    /// What is in it already.
    known: Vec<Arc<Entry>>,
    /// All of that, folded.
    past: OnceCell<Record>,
    entries: Vec<(Entry, String)>,
}

/// Who writes, on which device, when.
struct Author<'a> {
    device: &'a DeviceRow,
    person: &'a Person,
    sheet: &'a Organisation,
    now: Timestamp,
}

/// Runs a command for the signed-in person: read, planned, checked and written in one transaction, so that each is of
/// the same record.
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
    let author = Author {
        device,
        person,
        sheet,
        now,
    };
    store.write(|write| within(write, rng, &author, command))
}

fn within(
    write: &mut Write<'_>,
    rng: &mut dyn RngCore,
    author: &Author<'_>,
    command: Command,
) -> Result<Outcome, Refusal> {
    let record = command.record();
    let viewer = author.device.viewer(author.sheet);
    let mut loaded = match record {
        Some(id) => Some(load(write, id)?),
        None => None,
    };
    if let Some(held) = loaded.as_mut().filter(|held| !viewer.sees(&held.scopes)) {
        if !command.is_said_beside() {
            return Err(Refusal::NotHere("the record"));
        }
        // The panel showed her none.
        held.patient.flags.clear();
    }
    if let Some(named) = command.patient()
        && !write.may_name(named, &viewer)?
    {
        return Err(Refusal::NotHere("the patient"));
    }
    let reading = loaded
        .as_ref()
        .map(|held| read(&held.patient, &held.receipts, author.sheet, author.now));
    let patient = loaded.as_ref().map(|held| &held.patient);
    let desk = Desk {
        now: author.now,
        person: author.person,
        device: author.device.device,
        sheet: author.sheet,
        patient,
        record: record.and_then(|id| patient.and_then(|p| p.record(id))),
        reading: reading.as_ref(),
        rng: RefCell::new(rng),
    };
    let plan = command.plan(&desk)?;
    let mut bundles: Vec<Bundle> = Vec::new();
    let mut named = BTreeSet::new();
    for draft in &plan.drafts {
        draft.body.points_at(&mut |id| {
            named.insert(id);
        });
    }
    let at = Place {
        record,
        new_patient: plan.patient,
        held: loaded.as_ref(),
        viewer,
        named,
    };
    for draft in plan.drafts {
        add(write, &desk, &at, &mut bundles, draft)?;
    }
    let whose = plan.patient.or(patient.map(|p| p.id));
    let made = Outcome {
        patient: whose.filter(|_| bundles.iter().any(|b| b.kind != DocumentKind::Partner)),
        record: record.or(bundles.first().map(|b| b.doc)),
        made: plan.made,
    };
    let rng = desk.rng.into_inner();
    for bundle in &bundles {
        change(write, rng, author, bundle)?;
    }
    let of_patients = bundles.iter().filter(|b| b.kind != DocumentKind::Partner);
    write.mark_stale(of_patients.map(|b| &b.patient))?;
    Ok(made)
}

/// What a command is about.
struct Place<'a> {
    record: Option<DocumentId>,
    new_patient: Option<PatientId>,
    /// What lies here of its record's patient.
    held: Option<&'a Held>,
    viewer: Viewer<'a>,
    /// Entries that it speaks of.
    named: BTreeSet<EntryId>,
}

impl Place<'_> {
    /// May she write in this document, beside the record? Where somebody else of the device alone sees what lies there, she
    /// begins one of her own.
    fn is_hers(&self, desk: &Desk<'_>, kind: DocumentKind, document: &Record) -> bool {
        let has_written = document.has_author(&desk.person.id);
        self.held
            .is_none_or(|held| self.viewer.sees_document(&held.scopes, kind, has_written))
    }
}

fn load(rows: &Rows<'_>, record: DocumentId) -> Result<Held, Refusal> {
    match rows.document_row(record)? {
        Some((DocumentKind::Record, patient, false)) => Ok(rows.patient(patient)?),
        _ => Err(Refusal::NotHere("the record")),
    }
}

/// Turns a draft into an entry, checks it, and puts it with those of its document.
fn add(
    rows: &Rows<'_>,
    desk: &Desk<'_>,
    place: &Place<'_>,
    bundles: &mut Vec<Bundle>,
    draft: Draft,
) -> Result<(), Refusal> {
    let patient = match &draft.target {
        Target::Practice(partner) => Some(PatientId::of_practice(partner)),
        _ => place.new_patient.or(desk.patient.map(|p| p.id)),
    };
    let patient = patient.ok_or(Refusal::NotHere("the patient"))?;
    let kind = match &draft.target {
        Target::Screens => DocumentKind::Screens,
        Target::Sud => DocumentKind::Sud,
        Target::Practice(_) => DocumentKind::Partner,
        _ => DocumentKind::Record,
    };
    let at = match &draft.target {
        Target::Record => place.record.ok_or(Refusal::NotHere("the record"))?,
        Target::Of(doc) | Target::NewRecord(doc) => *doc,
        Target::Screens | Target::Sud | Target::Practice(_) => {
            beside(rows, desk, place, bundles, (patient, kind))?
        }
    };
    if !bundles.iter().any(|b| b.doc == at) {
        let read = desk.patient.and_then(|p| p.document(at));
        let read = read.zip(place.held.and_then(|held| held.ends.get(&at)));
        let (past, end) = if let Some((read, end)) = read {
            (read.clone(), end.clone())
        } else {
            let folded = rows.record(at)?;
            (folded.record, folded.end)
        };
        let end = if end.tip.beside.is_empty() {
            end
        } else {
            rows.end_seeing(at, &place.named)?
        };
        bundles.push(Bundle::on(at, kind, patient, past, end));
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
    /// Nothing yet, on what the next change of the document stands on.
    fn on(doc: DocumentId, kind: DocumentKind, patient: PatientId, past: Record, end: End) -> Self {
        let is_below = |entry: &&Arc<Entry>| !end.tip.beside.contains(&entry.id);
        let known: Vec<_> = past.entries().iter().filter(is_below).cloned().collect();
        let is_all = known.len() == past.entries().len();
        Self {
            doc,
            kind,
            patient,
            known,
            past: if is_all { past.into() } else { OnceCell::new() },
            end,
            entries: Vec::new(),
        }
    }

    /// What the next entry stands on: folded once somebody asks, for most bundles have but one entry.
    fn past(&self) -> &Record {
        self.past.get_or_init(|| Record::of(self.doc, &self.known))
    }

    fn push(&mut self, desk: &Desk<'_>, draft: Draft) -> Result<(), Refusal> {
        let (entry, text) = desk.entry(self.past(), draft)?;
        self.known.push(Arc::new(entry.clone()));
        self.past.take();
        self.entries.push((entry, text));
        Ok(())
    }
}

/// The patient's document for answers, or the practice's own: one that this device holds, that is hers to write in and that
/// has room for whatever a change may say, or a new one.
fn beside(
    rows: &Rows<'_>,
    desk: &Desk<'_>,
    place: &Place<'_>,
    bundles: &[Bundle],
    (patient, kind): (PatientId, DocumentKind),
) -> Result<DocumentId, Refusal> {
    if let Some(begun) = bundles.iter().find(|b| b.kind == kind) {
        return Ok(begun.doc);
    }
    let mut with_room = None;
    for doc in rows.documents_of(patient, kind)? {
        let Folded { record, end, .. } = rows.record(doc)?;
        if kind != DocumentKind::Partner && !place.is_hers(desk, kind, &record) {
            continue;
        }
        // What speaks of an entry lies with it.
        if record.entries().iter().any(|e| place.named.contains(&e.id)) {
            return Ok(doc);
        }
        let has_room = end.text_bytes + LIMITS.text <= LIMITS.document;
        with_room = with_room.or(has_room.then_some(doc));
    }
    Ok(with_room.unwrap_or_else(|| desk.document_id()))
}

/// A document that nothing was written in yet begins with what it is.
fn begin(
    desk: &Desk<'_>,
    bundles: &mut [Bundle],
    doc: DocumentId,
    body: Body,
) -> Result<(), Refusal> {
    match bundles.iter_mut().find(|b| b.doc == doc) {
        Some(bundle) if !bundle.past().is_opened() => bundle.push(
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

/// Appends one change with its document and its actor, or refuses because the document is full.
fn change(
    write: &mut Write<'_>,
    rng: &mut dyn RngCore,
    author: &Author<'_>,
    bundle: &Bundle,
) -> Result<(), Refusal> {
    let puts: Vec<Put> = bundle
        .entries
        .iter()
        .map(|(e, text)| Put {
            id: e.id,
            text: text.clone(),
        })
        .collect();
    let more: usize = puts.iter().map(|put| put.text.len()).sum();
    let bodies = || bundle.entries.iter().map(|(e, _)| &e.body);
    // A worry is taken down however full the record is.
    let is_safety = bodies().all(Body::is_safety);
    let room = LIMITS.document
        + if bodies().all(Body::has_kept_room) {
            LIMITS.safety / 2
        } else {
            0
        };
    if more > LIMITS.text || !is_safety && more + bundle.end.text_bytes > room {
        return Err(Refusal::Invalid {
            field: "record",
            problem: Problem::TooLong,
        });
    }
    write.save_document(bundle.doc, bundle.kind, bundle.patient)?;
    let who = crate::store::Author {
        doc: bundle.doc,
        device: author.device.device,
        user: &author.person.id,
    };
    write.write_next(
        who,
        bundle.end.tip.clone(),
        puts,
        author.now.as_millisecond(),
        rng,
    )?;
    Ok(())
}
