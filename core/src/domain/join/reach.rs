//! How a patient may be reached, over all her records. Of two instructions that nobody has brought together the stricter
//! acts; no number is ever dropped.

use crate::domain::code::{Channel, ReviewKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{self, Record};
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::payload::{ContactRuleSet, SafeHours};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How she may be reached by one means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and its answer is yes or no"
)]
pub struct Reach {
    /// By what means.
    pub channel: Channel,
    /// A voicemail may be left.
    pub voicemail_ok: bool,
    /// A text may be sent.
    pub text_ok: bool,
    /// The organisation may be named.
    pub say_org_name_ok: bool,
    /// Others answer it too.
    pub shared_phone: bool,
    /// Within all of these hours.
    pub safe_hours: Vec<SafeHours>,
    /// Two instructions conflict: the stricter acts until she has been asked.
    pub disputed: bool,
}

/// A question that reaches over two records of one patient. It closes when an entry names what it had seen of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Across {
    /// What kind.
    pub kind: ReviewKind,
    /// The two entries.
    pub entries: [EntryId; 2],
    /// The record of the later one: there it is asked.
    pub record: DocumentId,
}

type Rule<'a> = (DocumentId, &'a Arc<Entry>, &'a ContactRuleSet);

/// The rules that stand over all records: none that another record's rule names as seen. What is only proposed acts as
/// well: it can but make the rule stricter.
fn standing(records: &[Record]) -> Vec<Rule<'_>> {
    let seen: BTreeSet<EntryId> = records
        .iter()
        .flat_map(|r| &r.contact_rules)
        .flat_map(|(_, rule)| rule.sees.iter().copied())
        .collect();
    let stated = records
        .iter()
        .flat_map(|r| r.contact_rules.iter().map(|(e, rule)| (r.id, e, rule)));
    let proposed = records.iter().flat_map(|r| {
        r.proposals
            .iter()
            .filter(|p| p.answered.is_none())
            .filter_map(|p| match &p.entry.body {
                Body::ContactRuleSet(rule) => Some((r.id, &p.entry, rule)),
                _ => None,
            })
    });
    stated
        .chain(proposed)
        .filter(|(_, e, _)| !seen.contains(&e.id))
        .collect()
}

/// How she may be reached, and what two records say two ways.
pub(super) fn reach(records: &[Record]) -> (Vec<Reach>, Vec<Across>) {
    let rules = standing(records);
    let channels: BTreeSet<Channel> = rules.iter().map(|(_, _, r)| r.channel).collect();
    let mut across = Vec::new();
    let reach = channels
        .into_iter()
        .map(|channel| {
            let of: Vec<&Rule<'_>> = rules
                .iter()
                .filter(|(_, _, r)| r.channel == channel)
                .collect();
            let all = |allows: fn(&ContactRuleSet) -> bool| of.iter().all(|(_, _, r)| allows(r));
            let texts: Vec<(DocumentId, &Arc<Entry>, String)> = of
                .iter()
                .map(|(doc, e, r)| (*doc, *e, fold::rule_text(r)))
                .collect();
            let differ = texts
                .iter()
                .any(|(_, _, t)| texts.first().is_some_and(|f| f.2 != *t));
            across.extend(pairs(ReviewKind::ContactRuleDisputed, &texts));
            let mut safe_hours: Vec<SafeHours> = Vec::new();
            for hours in of.iter().filter_map(|(_, _, r)| r.safe_hours.clone()) {
                if !safe_hours.contains(&hours) {
                    safe_hours.push(hours);
                }
            }
            safe_hours.sort_by_key(|h| (h.from, h.to));
            Reach {
                channel,
                voicemail_ok: all(|r| r.voicemail_ok),
                text_ok: all(|r| r.text_ok),
                say_org_name_ok: all(|r| r.say_org_name_ok),
                shared_phone: of.iter().any(|(_, _, r)| r.shared_phone),
                safe_hours,
                disputed: differ,
            }
        })
        .collect();
    (reach, across)
}

/// The numbers on which she may be called, each once; and the pairs that two records leave open.
pub(super) fn numbers(records: &[Record]) -> (Vec<(EntryId, String)>, Vec<Across>) {
    let seen: BTreeSet<EntryId> = records.iter().flat_map(Record::numbers_seen).collect();
    let mut all: Vec<(DocumentId, &Arc<Entry>, String)> = records
        .iter()
        .flat_map(|r| {
            let entry = |id: &EntryId| r.past.get(*id);
            r.numbers
                .iter()
                .filter(|(id, _)| !seen.contains(id))
                .filter_map(move |(id, number)| Some((r.id, entry(id)?, number.clone())))
        })
        .collect();
    all.sort_by_key(|(_, e, _)| (e.occurred_at.timestamp(), e.id));
    let across = pairs(
        ReviewKind::TwoNumbers,
        &all.iter()
            .map(|(doc, e, n)| (*doc, *e, fold::bare_number(n)))
            .collect::<Vec<_>>(),
    );
    let mut numbers: Vec<(EntryId, String)> = Vec::new();
    for (_, entry, number) in all {
        let known = numbers
            .iter()
            .any(|(_, n)| fold::bare_number(n) == fold::bare_number(&number));
        if !known {
            numbers.push((entry.id, number));
        }
    }
    (numbers, across)
}

/// Two entries of different records that differ.
pub(super) fn pairs(kind: ReviewKind, said: &[(DocumentId, &Arc<Entry>, String)]) -> Vec<Across> {
    let mut found = Vec::new();
    for (at, (a_doc, a, a_said)) in said.iter().enumerate() {
        for (b_doc, b, b_said) in said.iter().skip(at + 1) {
            if a_doc == b_doc || a_said == b_said {
                continue;
            }
            let later = |e: &Arc<Entry>| (e.occurred_at.timestamp(), e.id);
            let mut entries = [a.id, b.id];
            entries.sort_unstable();
            found.push(Across {
                kind,
                entries,
                record: if later(a) > later(b) { *a_doc } else { *b_doc },
            });
        }
    }
    found
}
