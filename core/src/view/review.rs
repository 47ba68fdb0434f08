//! What two people left for a person to decide: two sentences side by side and never a winner, for whom the question is,
//! and the commands that settle it.

use super::fact::{self, Fact};
use super::may::{Action, Asking, Obstacle};
use super::when::{Length, When, clock};
use crate::domain::code::{ReviewKind, Role, Setting};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::Record;
use crate::domain::id::{DerivedId, DocumentId, EntryId};
use crate::domain::join::Patient;
use crate::domain::payload::{ContactRuleSet, PatientDescribed};
use crate::domain::read::{Receipts, ReviewReading, Summary};
use crate::domain::time;
use crate::refusal::Refusal;
use crate::usecase::{Command, DescribePatient, Desk, SetContactRule, SettleReview, rehearse};
use serde::Serialize;

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
    /// The two sentences, the earlier first.
    pub sentences: Vec<Sentence>,
    /// For whom it is, by name.
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
        let mut found: Vec<(&Record, &Entry)> = question
            .entries
            .iter()
            .filter_map(|id| {
                let mut records = patient.records.iter();
                records.find_map(|r| r.past.get(*id).map(|e| (r, &**e)))
            })
            .collect();
        found.sort_by_key(|(_, e)| (e.occurred_at.timestamp(), e.id));
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
        Some(Self {
            record: record.id,
            item,
            name: patient.name().map(str::to_owned),
            kind: question.kind,
            sentences: found
                .iter()
                .map(|(r, e)| sentence(desk, r, e, receipts))
                .collect(),
            owners: names(&question.owners),
            told: names(&question.told),
            is_mine: question.owners.contains(&desk.person.id),
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
/// somebody who has seen both.
fn choices(
    desk: &Desk<'_>,
    record: &Record,
    question: &ReviewReading,
    found: &[(&Record, &Entry)],
) -> Vec<ChoiceRow> {
    let across = question.choices.is_empty() && question.is_open();
    let mut keeps: Vec<EntryId> = question.choices.clone();
    keeps.sort_by_key(|id| record.past.place(*id));
    let named = keeps.into_iter().map(|keep| {
        let settle = SettleReview {
            record: record.id,
            keep: Some(keep),
            items: vec![question.id],
            at: None,
        };
        (keep, Command::SettleReview(settle))
    });
    let anew = found.iter().filter(|_| across).filter_map(|(_, e)| {
        let other = found.iter().find(|(_, other)| other.id != e.id);
        let sides = [Some(&e.body), other.map(|(_, other)| &other.body)];
        Some((e.id, said_anew(record.id, question.kind, sides)?))
    });
    named
        .chain(anew)
        .map(|(keep, settle)| ChoiceRow {
            keep,
            can: question.is_open() && rehearse(settle.clone(), desk, None).is_ok(),
            settle,
        })
        .collect()
}

/// The chosen side, said anew beside the other.
fn said_anew(
    record: DocumentId,
    kind: ReviewKind,
    [chosen, other]: [Option<&Body>; 2],
) -> Option<Command> {
    match (chosen?, other) {
        (Body::ContactRuleSet(rule), _) => Some(rule_anew(record, rule)),
        (Body::PatientDescribed(said), Some(Body::PatientDescribed(other))) => {
            Some(described_anew(record, kind, said, other))
        }
        _ => None,
    }
}

fn rule_anew(record: DocumentId, rule: &ContactRuleSet) -> Command {
    Command::SetContactRule(SetContactRule {
        record,
        channel: rule.channel,
        value: rule.value.clone(),
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

/// What one side says of something that both say, each otherwise.
fn asked<T: Clone + PartialEq>(said: Option<&T>, other: Option<&T>) -> Option<T> {
    let differ = other.is_some() && said != other;
    said.filter(|_| differ).cloned()
}

/// Who she is, or her number: as the chosen side has it, and nothing that was not asked. What the sides do not differ in may
/// have been said anew since: a loss, above all.
fn described_anew(
    record: DocumentId,
    kind: ReviewKind,
    said: &PatientDescribed,
    other: &PatientDescribed,
) -> Command {
    let anew = if kind == ReviewKind::TwoNumbers {
        PatientDescribed {
            callback: said.callback.clone(),
            ..PatientDescribed::default()
        }
    } else {
        PatientDescribed {
            preferred_name: asked(said.preferred_name.as_ref(), other.preferred_name.as_ref()),
            legal_name: asked(said.legal_name.as_ref(), other.legal_name.as_ref()),
            born_on: asked(said.born_on.as_ref(), other.born_on.as_ref()),
            perinatal_stage: asked(
                said.perinatal_stage.as_ref(),
                other.perinatal_stage.as_ref(),
            ),
            ..PatientDescribed::default()
        }
    };
    Command::DescribePatient(DescribePatient::now(record, anew))
}
