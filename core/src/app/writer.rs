//! From a command to entries on the disk: the use case plans, the guard checks each entry against what its author
//! sees, entries of one document become one change, and everything is one transaction.

use crate::document::{Actor, Change, LIMITS, Put, seal};
use crate::domain::code::DocumentKind;
use crate::domain::entry::{APP, Body, Entry, MAX_ENTRY_BYTES};
use crate::domain::fold::Record;
use crate::domain::guard::{self, Breach};
use crate::domain::id::{DocumentId, PatientId, SiteId};
use crate::domain::join::Patient;
use crate::domain::organisation::{Organisation, Person};
use crate::domain::read::read;
use crate::domain::{authority, payload};
use crate::refusal::{Problem, Refusal, StorageTrouble};
use crate::store::{ChangeState, DeviceRow, Store, StoreError, Write, live, tip};
use crate::usecase::{Command, Desk, Draft, Outcome, Target};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned, ZonedRound};
use rand::RngCore;
use std::cell::RefCell;
use std::sync::Arc;

/// The longest text that a person may write into one field.
const MAX_TEXT: usize = 4_000;

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
    let opening: Option<Body> = match &draft.target {
        Target::Screens => Some(screens_opened(desk, patient, record)?.into()),
        Target::Practice(partner) => Some(
            payload::PartnerOpened {
                partner: partner.clone(),
            }
            .into(),
        ),
        _ => None,
    };
    if let Some(body) = opening {
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
        let Draft {
            id, at, role, body, ..
        } = draft;
        let site = match &body {
            Body::RecordOpened(p) => Some(p.site.clone()),
            Body::ScreensOpened(p) => Some(p.site.clone()),
            _ => self.past.site.clone(),
        };
        let occurred_at = occurred_at(desk, site.as_ref(), at)?;
        let on = occurred_at.date();
        let role = role
            .or_else(|| authority::acting_role(desk.person, &body, site.as_ref(), desk.sheet, on))
            .ok_or(Refusal::NotAllowed(Breach::Role))?;
        let entry = Entry {
            id,
            by: desk.person.id.clone(),
            role,
            device: desk.device,
            occurred_at,
            recorded_at: desk.now,
            after: self.past.heads(),
            app: APP.to_owned(),
            body,
        };
        guard::check(&entry, &self.past, desk.sheet).map_err(Refusal::NotAllowed)?;
        let text = entry.to_text().map_err(|_| Refusal::Invalid {
            field: "text",
            problem: Problem::NotText,
        })?;
        sound(&text)?;
        let mut known = self.past.entries().to_vec();
        known.push(Arc::new(entry.clone()));
        self.past = Record::of(self.doc, &known);
        self.entries.push((entry, text));
        Ok(())
    }
}

/// The time that a person claims, or now at the record's site; whole seconds, never far from what can be written.
fn occurred_at(
    desk: &Desk<'_>,
    site: Option<&SiteId>,
    at: Option<Zoned>,
) -> Result<Zoned, Refusal> {
    let zone = site.map_or_else(
        || TimeZone::get(&desk.sheet.zone).unwrap_or(TimeZone::UTC),
        |site| desk.sheet.site_zone(site),
    );
    let at = at.unwrap_or_else(|| desk.now.to_zoned(zone));
    let at = at
        .round(
            ZonedRound::new()
                .smallest(Unit::Second)
                .mode(jiff::RoundMode::Trunc),
        )
        .map_err(|_| Refusal::Invalid {
            field: "at",
            problem: Problem::OutOfRange,
        })?;
    if (1900..=2200).contains(&at.year()) && at.time_zone().iana_name().is_some() {
        return Ok(at);
    }
    Err(Refusal::Invalid {
        field: "at",
        problem: Problem::OutOfRange,
    })
}

/// Text is kept as it was typed, in any script; control characters and absurd lengths are refused.
fn sound(text: &str) -> Result<(), Refusal> {
    fn walk(value: &serde_json::Value) -> Result<(), Problem> {
        match value {
            serde_json::Value::String(text) if text.chars().count() > MAX_TEXT => {
                Err(Problem::TooLong)
            }
            serde_json::Value::String(text)
                if text.chars().any(|c| c.is_control() && c != '\n') =>
            {
                Err(Problem::NotText)
            }
            serde_json::Value::Array(all) => all.iter().try_for_each(walk),
            serde_json::Value::Object(all) => all.values().try_for_each(walk),
            _ => Ok(()),
        }
    }
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| Refusal::Invalid {
        field: "text",
        problem: Problem::NotText,
    })?;
    walk(&value).map_err(|problem| Refusal::Invalid {
        field: "text",
        problem,
    })?;
    // Each field may be short enough and the entry still too long for anybody to read it again.
    if text.len() > MAX_ENTRY_BYTES {
        return Err(Refusal::Invalid {
            field: "text",
            problem: Problem::TooLong,
        });
    }
    Ok(())
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

fn screens_opened(
    desk: &Desk<'_>,
    patient: PatientId,
    record: Option<DocumentId>,
) -> Result<payload::ScreensOpened, Refusal> {
    let site = desk
        .record()?
        .site
        .clone()
        .ok_or(Refusal::NotHere("the record"))?;
    Ok(payload::ScreensOpened {
        patient,
        site,
        record: record.ok_or(Refusal::NotHere("the record"))?,
    })
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
    let held_bytes: usize = live.iter().map(|c| c.change.text_bytes()).sum();
    // A worry is taken down however full the record is.
    let is_safety = bundle.entries.iter().all(|(e, _)| e.body.is_safety());
    if more > LIMITS.text || !is_safety && more + held_bytes > LIMITS.document {
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
