//! Fills the page of one record: its timeline in causal order with claimed and received times, what is still to do, how to
//! reach her. Refuses to show what a screen scored.

mod alert;
mod question;
mod reach;
mod sentence;

pub use question::{is_hers, sides};

use super::page::handoff::{Entry, Gate, Grade, HandoffPage, Moment, OpenRecord, Record as State};
use super::page::{Place, SentenceRow, Tone};
use super::programme::{CLOCK_OFF_MS, Programme, Visitor};
use super::words;
use super::work::task_row;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use warmhand_core::domain::entry::{Body, Entry as Said};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::read::{Receipts, Summary, TaskState};
use warmhand_core::domain::time;

/// One record with what belongs to it.
pub struct Story<'a> {
    /// The patient.
    pub patient: &'a Patient,
    /// The record.
    pub record: &'a Record,
    /// What it reads as.
    pub summary: &'a Summary,
    /// When the server had each entry.
    pub receipts: &'a Receipts,
    /// Names of devices.
    pub devices: &'a BTreeMap<DeviceId, String>,
}

/// The page before a reason was chosen.
pub fn closed(
    programme: &Programme,
    visitor: &Visitor,
    (record, code): (DocumentId, String),
    gate: Gate,
) -> HandoffPage {
    let id = record.to_string();
    let frame = programme.frame(visitor, Place::Handoffs, &format!("/handoffs/{id}"));
    HandoffPage {
        frame,
        id,
        code,
        state: State::Closed(gate),
    }
}

/// The open page.
pub fn open(
    programme: &Programme,
    visitor: &Visitor,
    story: &Story<'_>,
    reason: &str,
) -> HandoffPage {
    let id = story.record.id.to_string();
    let frame = programme.frame(visitor, Place::Handoffs, &format!("/handoffs/{id}"));
    let summary = story.summary;
    let identified = match (&summary.identified, story.record.entries().first()) {
        (Some((at, by)), _) => format!(
            "Identified {} by {}",
            programme.when(*at),
            words::isolated(&programme.name(by))
        ),
        (None, Some(first)) => {
            format!(
                "Opened {} by {}",
                programme.when(first.occurred_at.timestamp()),
                words::isolated(&programme.name(&first.by))
            )
        }
        (None, None) => String::new(),
    };
    let open = OpenRecord {
        name: summary
            .name
            .clone()
            .unwrap_or_else(|| "No name yet".to_owned()),
        stage: words::stage(summary, programme.now),
        identified: match words::turns(summary, programme.now, &programme.zone()) {
            Some(turns) => format!("{identified} · {turns}"),
            None => identified,
        },
        owner: programme.names(&summary.owners),
        grade: summary.grade.map(|g| Grade {
            code: g.to_string(),
            meaning: words::grade(g).to_owned(),
        }),
        reason: reason.to_owned(),
        timeline: timeline(programme, story),
        to_do: alert::rows(programme, summary)
            .into_iter()
            .chain(alert::alike(programme, summary))
            .chain(
                summary
                    .tasks
                    .iter()
                    .filter(|t| {
                        matches!(t.state(programme.now), TaskState::Open | TaskState::Paused)
                    })
                    .map(|t| SentenceRow {
                        href: None,
                        ..task_row(programme, summary, t, false)
                    }),
            )
            .collect(),
        reach: reach::rows(story.patient),
        devices: devices(programme, story),
    };
    HandoffPage {
        frame,
        id,
        code: words::code(summary),
        state: State::Open(Box::new(open)),
    }
}

fn timeline(programme: &Programme, story: &Story<'_>) -> Vec<Moment> {
    let record = story.record;
    let questions = || story.patient.questions(record);
    let paired: BTreeSet<EntryId> = questions().flat_map(|i| i.entries).collect();
    let mut moments = Vec::new();
    for said in record.entries() {
        // A pair is told once, where the later of the two stands.
        for item in questions().filter(|i| question::last(record, i) == Some(said.id)) {
            moments.push(Moment::AtOnce(question::at_once(programme, story, item)));
        }
        if !paired.contains(&said.id) {
            moments.push(Moment::Entry(entry(programme, story, said)));
        }
    }
    moments.extend(
        question::across(programme, story)
            .into_iter()
            .map(Moment::AtOnce),
    );
    moments
}

/// What entries say that are in no record: when, what, and in which words.
pub fn sentences(
    programme: &Programme,
    doc: DocumentId,
    entries: &[Arc<Said>],
) -> Vec<(String, String, String)> {
    let alone = Record::of(doc, entries);
    entries
        .iter()
        .map(|said| {
            let told = sentence::of(said, &alone, &programme.sheet);
            let at = words::date_and_time(said.occurred_at.datetime());
            (at, told.what, told.words)
        })
        .collect()
}

fn entry(programme: &Programme, story: &Story<'_>, said: &Said) -> Entry {
    let told = sentence::of(said, story.record, &programme.sheet);
    let receipt = story.receipts.0.get(&said.id);
    let waited = receipt.map(|r| time::minutes_between(said.recorded_at, r.received_at));
    let written_late = time::minutes_between(said.occurred_at.timestamp(), said.recorded_at) > 15;
    let device = story.devices.get(&said.device).cloned().unwrap_or_default();
    let place: Vec<String> = told
        .place
        .into_iter()
        .chain(Some(device).filter(|d| !d.is_empty()))
        .collect();
    Entry {
        key: format!("entry-{}", said.id),
        at: words::date_and_time(said.occurred_at.datetime()),
        who: programme.name(&said.by),
        what: told.what,
        words: told.words,
        place: place.join(" · "),
        received: receipt.filter(|_| waited.is_some_and(|m| m > 15)).map(|r| {
            format!(
                "recorded offline, received {}",
                programme.when(r.received_at)
            )
        }),
        clock: receipt
            .filter(|r| r.offset_ms.abs() > CLOCK_OFF_MS)
            .map(|r| format!("clock {}", words::clock(r.offset_ms))),
        is_late: written_late,
        is_safety: sentence::is_safety(&said.body),
        newer_kind: match &said.body {
            Body::Unknown(kind) => Some(kind.clone()),
            _ => None,
        },
        voided: voided(programme, story.record, said),
    }
}

/// Who took an entry back; it stays to be read.
fn voided(programme: &Programme, record: &Record, said: &Said) -> Option<String> {
    let void = record.voided.iter().find(|v| v.entry == said.id)?;
    Some(format!(
        "{} said {} that this was an error",
        words::isolated(&programme.name(&void.by.by)),
        programme.when(void.by.occurred_at.timestamp())
    ))
}

/// The devices that wrote in this record, and whether the server knows of something unsent there.
fn devices(programme: &Programme, story: &Story<'_>) -> Vec<SentenceRow> {
    let wrote: BTreeSet<DeviceId> = story.record.entries().iter().map(|e| e.device).collect();
    wrote
        .into_iter()
        .filter_map(|id| story.devices.get(&id).map(|name| (id, name)))
        .map(|(id, name)| {
            let row = SentenceRow::new(&format!("device-{id}"), name, "");
            match programme.devices.iter().find(|d| d.id == id) {
                Some(device) if device.unsent > 0 => row.tagged(
                    &format!("{} unsent at last sight", device.unsent),
                    Tone::Plain,
                ),
                // What it recorded since it last spoke nobody here knows.
                Some(device) if device.is_silent(programme.now) => {
                    let seen = device.last_seen_at.map(|at| programme.when(at));
                    let seen = seen.unwrap_or_else(|| "never".to_owned());
                    row.tagged(&format!("last seen {seen}"), Tone::Late)
                }
                Some(_) => row.tagged("all received", Tone::Good),
                None => row,
            }
        })
        .collect()
}
