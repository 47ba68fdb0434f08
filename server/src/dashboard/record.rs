//! Fills the page of one record: its timeline in causal order with claimed and received times, two people's sentences
//! side by side, what is still to do, how to reach her. Refuses to show what a screen scored.

mod alert;
mod reach;
mod sentence;

use super::page::handoff::{
    AtOnce, Entry, Gate, Grade, HandoffPage, Moment, OpenRecord, Record as State, Settle, Side,
};
use super::page::{ChoiceRow, Place, SentenceRow, Tone};
use super::programme::{CLOCK_OFF_MS, Programme, Visitor};
use super::words;
use super::work::{Sides, task_row};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use warmhand_core::domain::entry::{Body, Entry as Said};
use warmhand_core::domain::fold::{Record, ReviewItem, Settlement};
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
    summary: &Summary,
    gate: Gate,
) -> HandoffPage {
    let id = summary.record.to_string();
    let frame = programme.frame(visitor, Place::Handoffs, &format!("/handoffs/{id}"));
    HandoffPage {
        frame,
        id,
        code: words::code(summary),
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
        reach: reach::rows(story.patient, story.record),
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
        for item in questions().filter(|i| last(record, i) == Some(said.id)) {
            moments.push(Moment::AtOnce(at_once(programme, story, item)));
        }
        if !paired.contains(&said.id) {
            moments.push(Moment::Entry(entry(programme, story, said)));
        }
    }
    moments.extend(across(programme, story).into_iter().map(Moment::AtOnce));
    moments
}

/// What two of her records say differently: nobody chooses here; she is asked, and it is noted anew.
fn across(programme: &Programme, story: &Story<'_>) -> Vec<AtOnce> {
    let here = story.patient.across.iter();
    here.filter(|asked| asked.record == story.record.id)
        .map(|asked| {
            let sides = asked.entries.iter().filter_map(|id| {
                let (record, said) = said_here(programme, story.patient, *id)?;
                Some(side(programme, record, said))
            });
            let sides: Vec<Side> = sides.collect();
            let place = if sides.len() < asked.entries.len() {
                Side::ELSEWHERE
            } else {
                "Said in two of her records."
            };
            AtOnce {
                key: format!("across-{}", asked.id),
                what: sentence::two_people(asked.kind).to_owned(),
                sides,
                settle: Settle::Said(asked.settled.as_ref().map_or_else(
                    || {
                        format!(
                            "{place} Whoever has asked her notes it again, and that settles it."
                        )
                    },
                    |settled| settled_by(programme, story, settled),
                )),
            }
        })
        .collect()
}

fn last(record: &Record, item: &ReviewItem) -> Option<EntryId> {
    item.entries
        .into_iter()
        .max_by_key(|id| record.past.place(*id))
}

fn at_once(programme: &Programme, story: &Story<'_>, item: &ReviewItem) -> AtOnce {
    let record = story.record;
    let settle = match &item.settled {
        Some(settled) => Settle::Said(settled_by(programme, story, settled)),
        None => Settle::Ask {
            item: item.id.to_string(),
            choices: item
                .choices
                .iter()
                .filter_map(|id| record.past.get(*id))
                .map(|e| ChoiceRow::new(&e.id.to_string(), &sentence::keeps(e, &programme.sheet)))
                .collect(),
        },
    };
    let sides = item
        .entries
        .iter()
        .filter_map(|id| record.past.get(*id))
        .map(|e| side(programme, record, e))
        .collect();
    AtOnce {
        key: format!("item-{}", item.id),
        what: sentence::two_people(item.kind).to_owned(),
        sides,
        settle,
    }
}

/// Who settled a question, when, and what stands.
fn settled_by(programme: &Programme, story: &Story<'_>, settled: &Settlement) -> String {
    let mut records = story.patient.records.iter();
    let by = records.find_map(|r| r.past.get(settled.by));
    let by = by.map(|e| programme.name(&e.by));
    let kept = settled.keep;
    let kept = kept.and_then(|id| said_here(programme, story.patient, id));
    let stands = kept
        .map(|(record, e)| format!(": {} stands", side(programme, record, e).fact))
        .unwrap_or_default();
    format!(
        "Settled by {} {}{stands}",
        words::isolated(&by.unwrap_or_default()),
        programme.when(settled.at)
    )
}

/// One person's sentence of a disagreement.
pub fn side(programme: &Programme, record: &Record, said: &Said) -> Side {
    let told = sentence::of(said, record, &programme.sheet);
    let (what, fact) = sentence::fact(said, &programme.sheet).unwrap_or((told.what, String::new()));
    let setting = record
        .encounters
        .iter()
        .find(|e| {
            let at = said.occurred_at.timestamp();
            at >= e.entry.occurred_at.timestamp()
                && e.ended.as_ref().is_none_or(|end| at <= end.timestamp())
        })
        .map_or("by phone", |e| words::place(e.setting));
    let how = format!(
        "{setting}, {}",
        programme.when(said.occurred_at.timestamp())
    );
    Side::new(&programme.name(&said.by), &what, &fact, &how)
}

/// An entry of a patient, if it stands in a record of the visitor's sites.
fn said_here<'a>(
    programme: &Programme,
    patient: &'a Patient,
    id: EntryId,
) -> Option<(&'a Record, &'a Said)> {
    let record = patient.records.iter().find(|r| r.past.get(id).is_some())?;
    let is_hers = programme.records().any(|r| r.record == record.id);
    let said = record.past.get(id).filter(|_| is_hers)?;
    Some((record, said))
}

/// The sentences of every open question that is asked in an opened record: those of one record, and those that reach over
/// two of the visitor's sites.
pub fn sides(
    programme: &Programme,
    patient: &Patient,
    opened: &BTreeMap<DocumentId, String>,
) -> Sides {
    let own = patient.records.iter().flat_map(|r| {
        let open = patient.questions(r).filter(|i| i.is_open());
        open.map(move |i| (r.id, i.entries))
    });
    let across = patient.across.iter().filter(|a| a.is_open());
    let across = across.map(|a| (a.record, a.entries));
    own.chain(across)
        .filter(|(asked_in, _)| opened.contains_key(asked_in))
        .flat_map(|(asked_in, entries)| entries.map(|id| (asked_in, id)))
        .filter_map(|(asked_in, id)| {
            let (record, said) = said_here(programme, patient, id)?;
            Some(((asked_in, id), side(programme, record, said)))
        })
        .collect()
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
                Some(_) => row.tagged("all received", Tone::Good),
                None => row,
            }
        })
        .collect()
}
