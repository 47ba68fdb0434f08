//! What two people said at once, side by side: in one record or over two of hers, open or settled. Says nothing of what
//! stands in a record that is not the visitor's.

use super::{Story, sentence};
use crate::dashboard::page::ChoiceRow;
use crate::dashboard::page::handoff::{AtOnce, Settle, Side};
use crate::dashboard::programme::Programme;
use crate::dashboard::words;
use crate::dashboard::work::Sides;
use std::collections::BTreeMap;
use warmhand_core::domain::code::Channel;
use warmhand_core::domain::entry::{Body, Entry as Said};
use warmhand_core::domain::fold::{Record, ReviewItem, Settlement, asks_her};
use warmhand_core::domain::id::{DerivedId, DocumentId, EntryId};
use warmhand_core::domain::join::Patient;

const NOTED_AGAIN: &str = "Whoever has asked her notes it again, and that settles it.";

/// What two of her records say differently: nobody chooses here; she is asked, and it is noted anew.
pub(super) fn across(programme: &Programme, story: &Story<'_>) -> Vec<AtOnce> {
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
                    || format!("{place} {NOTED_AGAIN}"),
                    |settled| settled_by(programme, story, settled),
                )),
            }
        })
        .collect()
}

pub(super) fn last(record: &Record, item: &ReviewItem) -> Option<EntryId> {
    item.entries
        .into_iter()
        .max_by_key(|id| record.past.place(*id))
}

pub(super) fn at_once(programme: &Programme, story: &Story<'_>, item: &ReviewItem) -> AtOnce {
    let record = story.record;
    let settle = match &item.settled {
        Some(settled) => Settle::Said(settled_by(programme, story, settled)),
        None if is_for_her(record, item) => {
            let until = "Both are kept, and the stricter holds until she has been asked.";
            Settle::Said(format!("{until} {NOTED_AGAIN}"))
        }
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
    let sides = said_in(item)
        .filter_map(|id| record.past.get(id))
        .map(|e| side(programme, record, e))
        .collect();
    AtOnce {
        key: format!("item-{}", item.id),
        what: sentence::two_people(item.kind).to_owned(),
        sides,
        settle,
    }
}

/// What a question is about, each once: the two sides, then whatever else is an answer to it.
fn said_in(item: &ReviewItem) -> impl Iterator<Item = EntryId> {
    let others = item.choices.iter().copied();
    let others = others.filter(|id| !item.entries.contains(id));
    item.entries.into_iter().chain(others)
}

fn is_for_her(record: &Record, item: &ReviewItem) -> bool {
    let said = said_in(item).filter_map(|id| record.past.get(id));
    asks_her(item.kind, said.map(|e| &**e))
}

/// Is it a question that nobody chooses an answer to here?
pub fn is_hers(patient: &Patient, record: DocumentId, item: DerivedId) -> bool {
    let mut found = patient.record(record).into_iter().flat_map(|record| {
        let asked = patient.questions(record).filter(|i| i.id == item);
        asked.map(move |i| is_for_her(record, i))
    });
    found.any(|hers| hers)
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
fn side(programme: &Programme, record: &Record, said: &Said) -> Side {
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
        .map_or_else(|| outside(&said.body), |e| words::place(e.setting));
    let how = format!(
        "{setting}, {}",
        programme.when(said.occurred_at.timestamp())
    );
    Side::new(&programme.name(&said.by), &what, &fact, &how)
}

/// Where something was heard outside any visit: by phone only where the entry says so. It may have been said in a corridor,
/// or copied from a chart.
fn outside(body: &Body) -> &'static str {
    let by_phone = match body {
        Body::ContactAttempted(p) => p.channel == Channel::Voice,
        Body::Offered(p) => p.encounter.is_none(),
        Body::DecisionRecorded(p) => p.encounter.is_none() && p.patient_initiated,
        _ => false,
    };
    if by_phone {
        "by phone"
    } else {
        "outside a visit"
    }
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
        open.map(move |i| (r.id, said_in(i).collect::<Vec<_>>()))
    });
    let across = patient.across.iter().filter(|a| a.is_open());
    let across = across.map(|a| (a.record, a.entries.to_vec()));
    own.chain(across)
        .filter(|(asked_in, _)| opened.contains_key(asked_in))
        .flat_map(|(asked_in, said)| said.into_iter().map(move |id| (asked_in, id)))
        .filter_map(|(asked_in, id)| {
            let (record, said) = said_here(programme, patient, id)?;
            Some(((asked_in, id), side(programme, record, said)))
        })
        .collect()
}
