//! What two people left for a person to decide: two sentences side by side and never a winner, for whom the question is,
//! and the commands that settle it.

use super::fact::{self, Fact};
use super::may::{Action, Asking, Obstacle};
use super::when::{Length, When, clock};
use crate::domain::code::{Channel, ReviewKind, Role, Setting};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Record, asks_her};
use crate::domain::id::{DerivedId, DocumentId, EntryId};
use crate::domain::join::Patient;
use crate::domain::payload::{ContactRuleSet, PatientDescribed};
use crate::domain::read::{Receipts, ReviewReading, Summary};
use crate::domain::time;
use crate::refusal::Refusal;
use crate::usecase::{Command, DescribePatient, Desk, SetContactRule, SettleReview, rehearse};
use serde::Serialize;
use std::collections::BTreeSet;

/// The screen of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewScreen {
    /// The record.
    pub record: DocumentId,
    /// The question.
    pub item: DerivedId,
    /// Her name.
    pub name: Option<String>,
    /// What kind.
    pub kind: ReviewKind,
    /// What was said, each once, the earlier first: the two that the question is about, and whatever else is an answer to it.
    pub sentences: Vec<Sentence>,
    /// For whom it is, by name; nobody where they have left, and then it is for whoever works at its site.
    pub owners: Vec<String>,
    /// Who else is told.
    pub told: Vec<String>,
    /// It is for the signed-in person.
    pub is_mine: bool,
    /// When the server had both sides; none: this device knows of it alone.
    pub opened: Option<When>,
    /// For how long it stood.
    pub open_for: Option<Length>,
    /// When it is to be settled.
    pub due: Option<When>,
    /// It is past that.
    pub is_late: bool,
    /// The answers, in the order of the sentences.
    pub choices: Vec<ChoiceRow>,
    /// The signed-in person may settle it.
    pub can_settle: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
    /// How it was settled.
    pub settled: Option<SettledRow>,
}

/// What one person said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sentence {
    /// The entry.
    pub entry: EntryId,
    /// In which record.
    pub record: DocumentId,
    /// Who.
    pub by: String,
    /// In which role.
    pub role: Role,
    /// When it happened.
    pub when: When,
    /// In which setting; none: outside any visit.
    pub setting: Option<Setting>,
    /// The kind of the entry.
    pub kind: String,
    /// What.
    pub fact: Fact,
    /// In whose words.
    pub words: Option<String>,
    /// When the server had it.
    pub received: Option<When>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceRow {
    /// The entry that would stand.
    pub keep: EntryId,
    /// The command that says so.
    pub settle: Command,
    /// It would be taken.
    pub can: bool,
}

/// How it was settled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SettledRow {
    /// By whom.
    pub by: Option<String>,
    /// When.
    pub when: When,
    /// What stands; none: two people settled it two ways, or it was said anew.
    pub keep: Option<EntryId>,
}

impl ReviewScreen {
    /// The screen of one question of the record at hand.
    pub fn of(
        desk: &Desk<'_>,
        summary: &Summary,
        receipts: &Receipts,
        item: DerivedId,
    ) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let question = summary.review.iter().find(|q| q.id == item)?;
        let zone = clock(desk);
        let when = |at| When::of(at, &zone, desk.now);
        let found = found(patient, question);
        let choices = choices(desk, record, question, &found);
        let mut asking = Asking::at(desk);
        let can_settle = match choices.iter().find(|c| c.can).or(choices.first()) {
            _ if !question.is_open() => false,
            Some(choice) => asking.may(Action::Settle, choice.settle.clone()),
            None => asking.no(Action::Settle, Refusal::NotHere("an answer to this")),
        };
        let names = |users: &[crate::domain::id::UserId]| {
            let mut names: Vec<String> = users
                .iter()
                .map(|u| desk.sheet.name_of(u).to_owned())
                .collect();
            names.sort();
            names
        };
        let until = question.settled_at.unwrap_or(desk.now);
        let is_nobodys = desk.sheet.knows_none(&question.owners);
        let site = record.site.as_ref();
        let is_here = site.is_none_or(|site| desk.person.works_at(site));
        Some(Self {
            record: record.id,
            item,
            name: patient.name().map(str::to_owned),
            kind: question.kind,
            sentences: found
                .iter()
                .map(|(r, e)| sentence(desk, r, e, receipts))
                .collect(),
            owners: if is_nobodys {
                Vec::new()
            } else {
                names(&question.owners)
            },
            told: names(&question.told),
            is_mine: question.owners.contains(&desk.person.id) || is_nobodys && is_here,
            opened: question.opened_at.map(when),
            open_for: question.opened_at.map(|at| Length::between(at, until)),
            due: question.due_at.map(when),
            is_late: question.is_open()
                && question
                    .due_at
                    .is_some_and(|at| time::is_overdue(at, desk.now)),
            choices,
            can_settle,
            problems: asking.problems,
            settled: question.settled_at.map(|at| SettledRow {
                by: settled_by(desk, patient, record, item),
                when: when(at),
                keep: question.keep,
            }),
        })
    }
}

/// What was said, each once: an answer to choose is also there to read.
fn found<'a>(patient: &'a Patient, question: &ReviewReading) -> Vec<(&'a Record, &'a Entry)> {
    let said: BTreeSet<EntryId> = question
        .entries
        .iter()
        .chain(&question.choices)
        .copied()
        .collect();
    let mut found: Vec<(&Record, &Entry)> = said
        .into_iter()
        .filter_map(|id| {
            let mut records = patient.records.iter();
            records.find_map(|r| r.past.get(id).map(|e| (r, &**e)))
        })
        .collect();
    found.sort_by_key(|(_, e)| (e.occurred_at.timestamp(), e.id));
    found
}

fn settled_by(
    desk: &Desk<'_>,
    patient: &Patient,
    record: &Record,
    item: DerivedId,
) -> Option<String> {
    let own = record.review.iter().chain(&record.twins);
    let own = own.map(|i| (i.id, i.settled.as_ref()));
    let across = patient.across.iter().map(|a| (a.id, a.settled.as_ref()));
    let (_, settled) = own.chain(across).find(|(id, _)| *id == item)?;
    let by = settled?.by;
    let entry = patient.records.iter().find_map(|r| r.past.get(by))?;
    Some(desk.sheet.name_of(&entry.by).to_owned())
}

fn sentence(desk: &Desk<'_>, record: &Record, entry: &Entry, receipts: &Receipts) -> Sentence {
    let (fact, words) = fact::of(entry, desk.sheet);
    let at = entry.occurred_at.timestamp();
    let visit = record.encounters.iter().rev().find(|e| {
        at >= e.entry.occurred_at.timestamp()
            && e.ended.as_ref().is_none_or(|end| at <= end.timestamp())
    });
    Sentence {
        entry: entry.id,
        record: record.id,
        by: desk.sheet.name_of(&entry.by).to_owned(),
        role: entry.role,
        when: When::zoned(&entry.occurred_at, desk.now),
        setting: visit.map(|e| e.setting),
        kind: entry.body.kind().to_owned(),
        fact,
        words,
        received: receipts
            .received_at(entry.id)
            .map(|at| When::of(at, &clock(desk), desk.now)),
    }
}

/// One answer a side. What reaches over two records has no item in either: there the chosen side is said anew, by
/// somebody who has seen both. So is how she may be reached, in one record too: only she says which of two holds.
fn choices(
    desk: &Desk<'_>,
    record: &Record,
    question: &ReviewReading,
    found: &[(&Record, &Entry)],
) -> Vec<ChoiceRow> {
    let across = question.choices.is_empty();
    let asks_her = asks_her(question.kind, found.iter().map(|(_, e)| *e));
    let answer = |(_, e): &(&Record, &Entry)| {
        let settle = if across || asks_her {
            let other = found.iter().find(|(_, other)| other.id != e.id);
            let other = other.map(|(_, other)| &other.body);
            said_anew(desk, record.id, question.kind, [Some(&e.body), other])?
        } else {
            Command::SettleReview(SettleReview {
                record: record.id,
                keep: Some(e.id),
                items: vec![question.id],
                at: None,
            })
        };
        Some((e.id, settle))
    };
    let is_answer = |(_, e): &&(&Record, &Entry)| {
        (across && question.is_open()) || question.choices.contains(&e.id)
    };
    found
        .iter()
        .filter(is_answer)
        .filter_map(answer)
        .map(|(keep, settle)| ChoiceRow {
            keep,
            can: question.is_open() && rehearse(settle.clone(), desk, None).is_ok(),
            settle,
        })
        .collect()
}

/// The chosen side, said anew beside the other.
fn said_anew(
    desk: &Desk<'_>,
    record: DocumentId,
    kind: ReviewKind,
    [chosen, other]: [Option<&Body>; 2],
) -> Option<Command> {
    match (kind, chosen?, other) {
        (ReviewKind::TwoNumbers, chosen, _) => number_anew(desk, record, chosen),
        (ReviewKind::ContactRuleDisputed, Body::ContactRuleSet(rule), _) => {
            Some(rule_anew(record, rule))
        }
        (_, Body::PatientDescribed(said), Some(Body::PatientDescribed(other))) => {
            Some(described_anew(record, said, other))
        }
        _ => None,
    }
}

/// The rule, and no number: what number is hers is another question, and a newer one may have been said since.
fn rule_anew(record: DocumentId, rule: &ContactRuleSet) -> Command {
    Command::SetContactRule(SetContactRule {
        record,
        channel: rule.channel,
        value: None,
        voicemail_ok: rule.voicemail_ok,
        text_ok: rule.text_ok,
        say_org_name_ok: rule.say_org_name_ok,
        safe_hours: rule.safe_hours.clone(),
        shared_phone: rule.shared_phone,
        // She is asked before it is said anew: that is what settles it.
        confirmed_with_patient: true,
        proposed: None,
        accepts: None,
        at: None,
    })
}

/// The number, and no rule: what may be left on it is another question, and a stricter word may have been said since. A
/// number to call is said as one to call back.
fn number_anew(desk: &Desk<'_>, record: DocumentId, chosen: &Body) -> Option<Command> {
    let callback = match chosen {
        Body::PatientDescribed(said) => said.callback.clone()?,
        Body::ContactRuleSet(rule) if rule.channel == Channel::Voice => rule.value.clone()?,
        Body::ContactRuleSet(rule) => return text_anew(desk, record, rule.value.clone()?),
        _ => return None,
    };
    let said = PatientDescribed {
        callback: Some(callback),
        ..PatientDescribed::default()
    };
    Some(Command::DescribePatient(DescribePatient::now(record, said)))
}

/// A number for texts has no place but a rule: the one that acts now, the strictest of all, which she is not asked about.
fn text_anew(desk: &Desk<'_>, record: DocumentId, value: String) -> Option<Command> {
    let mut reach = desk.patient?.reach.iter();
    let acts = reach.find(|r| r.channel == Channel::Text)?;
    Some(Command::SetContactRule(SetContactRule {
        record,
        channel: Channel::Text,
        value: Some(value),
        voicemail_ok: acts.voicemail_ok,
        text_ok: acts.text_ok,
        say_org_name_ok: acts.say_org_name_ok,
        safe_hours: acts.safe_hours.first().cloned(),
        shared_phone: acts.shared_phone,
        confirmed_with_patient: false,
        proposed: None,
        accepts: None,
        at: None,
    }))
}

/// What one side says of something that both say, each otherwise.
fn asked<T: Clone + PartialEq>(said: Option<&T>, other: Option<&T>) -> Option<T> {
    let differ = other.is_some() && said != other;
    said.filter(|_| differ).cloned()
}

/// Who she is, as the chosen side has it, and nothing that was not asked. What the sides do not differ in may have been said
/// anew since: a loss, above all.
fn described_anew(
    record: DocumentId,
    said: &PatientDescribed,
    other: &PatientDescribed,
) -> Command {
    let anew = PatientDescribed {
        preferred_name: asked(said.preferred_name.as_ref(), other.preferred_name.as_ref()),
        legal_name: asked(said.legal_name.as_ref(), other.legal_name.as_ref()),
        born_on: asked(said.born_on.as_ref(), other.born_on.as_ref()),
        perinatal_stage: asked(
            said.perinatal_stage.as_ref(),
            other.perinatal_stage.as_ref(),
        ),
        ..PatientDescribed::default()
    };
    Command::DescribePatient(DescribePatient::now(record, anew))
}

#[cfg(test)]
mod tests;
