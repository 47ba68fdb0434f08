//! `join`: the records of one patient, read together. Safety is of the person: a flag raised in one record may be
//! moved on in another, and only by an entry that names it. Pure; no clock, no receipts.

mod across;
mod name;
mod reach;
#[cfg(test)]
mod tests;
mod twin;

pub use across::Across;
pub use reach::Reach;

use super::code::{Channel, FlagStatus, HandedHow, SafetyReason};
use super::entry::{Body, Entry};
use super::fold::{self, Number, Record, ReviewItem};
use super::id::{DocumentId, EntryId, PatientId};
use super::payload::{ExternalId, PatientDescribed, PerinatalStage};
use super::visibility::Scope;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A patient, as far as her records are here.
#[derive(Clone, Debug)]
pub struct Patient {
    /// Who.
    pub id: PatientId,
    /// Her records, by id.
    pub records: Vec<Record>,
    /// Documents of what she answered in screens, as far as they are here.
    pub answers: Vec<Record>,
    /// Every safety flag of hers, in order of raising.
    pub flags: Vec<PatientFlag>,
    /// How she may be reached, by each means the stricter of what was said.
    pub reach: Vec<Reach>,
    /// Her numbers, with the entries that say so: those to call, then those to text.
    pub numbers: Vec<Number>,
    /// Questions that reach over two of her records, open or settled.
    pub across: Vec<Across>,
    /// Screens that may be one form entered twice, with other answers; each with its record.
    pub duplicates: Vec<(DocumentId, ReviewItem)>,
    /// Screens that are another one's form once more.
    pub repeated: BTreeSet<EntryId>,
}

/// A safety flag with all that was done about it, in whichever record.
#[derive(Clone, Debug)]
pub struct PatientFlag {
    /// The entry that raised it names it.
    pub id: EntryId,
    /// That entry.
    pub entry: Arc<Entry>,
    /// In which record.
    pub record: DocumentId,
    /// About what.
    pub reason: SafetyReason,
    /// The furthest that an entry naming it has moved it.
    pub status: FlagStatus,
    /// To whom it was first handed, how, by which entry.
    pub handed: Option<(String, HandedHow, Arc<Entry>)>,
    /// Who first assessed it.
    pub assessed: Option<Arc<Entry>>,
    /// A clinician said that it was raised in error.
    pub in_error: Option<Arc<Entry>>,
    /// Who resolved it: each with a note; two may have.
    pub resolved: Vec<Arc<Entry>>,
}

impl PatientFlag {
    /// Does somebody still have to look after it?
    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }
}

impl Patient {
    /// Joins the documents of one patient: her records, and what she answered.
    pub fn of(id: PatientId, documents: Vec<Record>) -> Self {
        let (answers, mut records): (Vec<_>, Vec<_>) =
            documents.into_iter().partition(Record::is_of_answers);
        records.sort_by_key(|r| r.id);
        let twins = twin::twins(&records, &answers);
        let mut flags: Vec<PatientFlag> = records
            .iter()
            .flat_map(|record| record.flags.iter().map(move |flag| (record, flag)))
            .map(|(record, flag)| joined(&records, record.id, &flag.entry, flag.reason))
            .collect();
        flags.sort_by_key(|f| (f.entry.occurred_at.timestamp(), f.id));
        let (reach, rules) = reach::reach(&records);
        let (numbers, told) = reach::numbers(&records);
        let asked = [rules, told, name::differing(&records)];
        Self {
            id,
            records,
            flags,
            reach,
            numbers,
            across: asked.into_iter().flatten().collect(),
            answers,
            duplicates: twins.questions,
            repeated: twins.repeated,
        }
    }

    /// What two people left to decide in one of her records, open or settled.
    pub fn questions<'a>(
        &'a self,
        record: &'a Record,
    ) -> impl Iterator<Item = &'a ReviewItem> + Clone {
        let duplicates = self.duplicates.iter().filter(|(of, _)| *of == record.id);
        record.review.iter().chain(duplicates.map(|(_, item)| item))
    }

    /// One of her records.
    pub fn record(&self, id: DocumentId) -> Option<&Record> {
        self.records.iter().find(|r| r.id == id)
    }

    /// One of her documents: a record, or what she answered.
    pub fn document(&self, id: DocumentId) -> Option<&Record> {
        let mut documents = self.records.iter().chain(&self.answers);
        documents.find(|d| d.id == id)
    }

    /// Through what her documents may be seen, as far as they are here.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        let documents = self.records.iter().chain(&self.answers);
        documents.flat_map(Record::scopes).collect()
    }

    /// The flags that somebody still has to look after.
    pub fn open_flags(&self) -> impl Iterator<Item = &PatientFlag> {
        self.flags.iter().filter(|f| f.is_open())
    }

    /// On which numbers she may be called. One that is for texts alone is not among them.
    pub fn numbers_to_call(&self) -> impl Iterator<Item = &Number> {
        let to_call = |n: &&Number| n.channel == Channel::Voice;
        self.numbers.iter().filter(to_call)
    }

    /// Are there several numbers by this means? Which is hers is asked before anything is left on one.
    pub fn has_several(&self, channel: Channel) -> bool {
        let by_it = |n: &&Number| n.channel == channel;
        self.numbers.iter().filter(by_it).count() > 1
    }

    /// Do instructions for this means conflict?
    pub fn is_disputed(&self, channel: Channel) -> bool {
        let mut rules = self.reach.iter();
        rules.any(|rule| rule.channel == channel && rule.disputed)
    }

    /// Her numbers as they were written, each once, whether they are to call or to text: by which two people resemble each
    /// other, and nothing to call by.
    pub fn distinct_numbers(&self) -> Vec<String> {
        let mut known = BTreeSet::new();
        let new = |n: &&Number| known.insert(fold::bare_number(&n.number));
        let numbers = self.numbers.iter().filter(new);
        numbers.map(|n| n.number.clone()).collect()
    }

    /// How she wants to be called: the last said, over all records; while nobody said so, as somebody proposes.
    pub fn name(&self) -> Option<&str> {
        self.last(|d| d.preferred_name.as_deref()).or_else(|| {
            self.records
                .iter()
                .flat_map(|r| &r.proposals)
                .filter(|p| p.answered.is_none())
                .filter_map(|p| match &p.entry.body {
                    Body::PatientDescribed(d) => Some((&p.entry, d.preferred_name.as_deref()?)),
                    _ => None,
                })
                .max_by_key(|(e, _)| (e.occurred_at.timestamp(), e.id))
                .map(|(_, name)| name)
        })
    }

    /// Her birth date: the last said.
    pub fn born_on(&self) -> Option<Date> {
        self.last(|d| d.born_on)
    }

    /// The language that she prefers: the last said.
    pub fn language(&self) -> Option<&str> {
        self.last(|d| d.language.as_deref())
    }

    /// Where she stands around a birth: the last said.
    pub fn perinatal_stage(&self) -> Option<&PerinatalStage> {
        self.last(|d| d.perinatal_stage.as_ref())
    }

    /// Does anybody say that it came to a loss, whom nobody who knew of it has contradicted? Two who could not see each
    /// other's work may disagree; until a person has asked her, nobody speaks to her of a baby.
    pub fn is_after_loss(&self) -> bool {
        name::is_after_loss(&self.records)
    }

    /// Her pronouns: the last said.
    pub fn pronouns(&self) -> Option<&str> {
        self.last(|d| d.pronouns.as_deref())
    }

    /// Whether an interpreter is needed: the last said.
    pub fn interpreter_needed(&self) -> Option<bool> {
        self.last(|d| d.interpreter_needed)
    }

    /// Numbers by which other systems know her: for each system the last said.
    pub fn external_ids(&self) -> Vec<ExternalId> {
        let said = self.records.iter().flat_map(|r| &r.described);
        let systems: BTreeSet<&str> = said
            .flat_map(|(_, d)| &d.external_ids)
            .map(|id| id.system.as_str())
            .collect();
        let last = |system: &str| {
            self.last(|d| {
                d.external_ids
                    .iter()
                    .find(|id| id.system == system)
                    .cloned()
            })
        };
        systems.into_iter().filter_map(last).collect()
    }

    /// In each record what no later entry there says anew, then the last of these by its time. What a person let another
    /// stand for is passed over, as far as that one says it too.
    pub(crate) fn last<'a, T>(
        &'a self,
        field: impl Fn(&'a PatientDescribed) -> Option<T>,
    ) -> Option<T> {
        self.records
            .iter()
            .filter_map(|r| {
                let mut newest = r.described.iter().rev();
                newest.find_map(|(e, d)| {
                    let said = field(d)?;
                    (!name::has_lost(r, e.id, &field)).then_some((e, said))
                })
            })
            .max_by_key(|(e, _)| (e.occurred_at.timestamp(), e.id))
            .map(|(_, value)| value)
    }

    /// Flags that belong together: those that a clinician linked are one banner, each other is its own.
    pub fn flag_groups(&self) -> Vec<Vec<EntryId>> {
        let mut groups: Vec<BTreeSet<EntryId>> =
            self.flags.iter().map(|f| BTreeSet::from([f.id])).collect();
        for link in self.records.iter().flat_map(|r| &r.linked_flags) {
            let (mut joined, apart): (Vec<_>, Vec<_>) = groups
                .into_iter()
                .partition(|g| link.iter().any(|id| g.contains(id)));
            groups = apart;
            if let Some(first) = joined.pop() {
                groups.push(joined.into_iter().fold(first, |all, one| &all | &one));
            }
        }
        groups.sort();
        groups
            .into_iter()
            .map(|g| g.into_iter().collect())
            .collect()
    }
}

fn joined(
    records: &[Record],
    record: DocumentId,
    entry: &Arc<Entry>,
    reason: SafetyReason,
) -> PatientFlag {
    let mut events: Vec<_> = records
        .iter()
        .flat_map(|r| &r.flag_events)
        .filter(|e| e.flags.contains(&entry.id))
        .collect();
    events.sort_by_key(|e| (e.entry.occurred_at.timestamp(), e.entry.id));
    let first = |status| events.iter().find(|e| e.status == status);
    PatientFlag {
        id: entry.id,
        entry: Arc::clone(entry),
        record,
        reason,
        status: events
            .iter()
            .map(|e| e.status)
            .max()
            .unwrap_or(FlagStatus::Open),
        handed: first(FlagStatus::Handed).and_then(|e| {
            e.handed
                .clone()
                .map(|(to, how)| (to, how, Arc::clone(&e.entry)))
        }),
        assessed: first(FlagStatus::Assessing).map(|e| Arc::clone(&e.entry)),
        in_error: first(FlagStatus::EnteredInError).map(|e| Arc::clone(&e.entry)),
        resolved: events
            .iter()
            .filter(|e| e.status == FlagStatus::Resolved)
            .map(|e| Arc::clone(&e.entry))
            .collect(),
    }
}
