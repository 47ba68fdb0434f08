//! How a patient may be reached, over all her records. Of two instructions that nobody has brought together the stricter
//! acts; no number is ever dropped.

use super::across::{self, Across, Said};
use crate::domain::code::{Channel, ReviewKind};
use crate::domain::entry::Body;
use crate::domain::fold::{self, Record};
use crate::domain::id::EntryId;
use crate::domain::payload::{ContactRuleSet, SafeHours};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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

struct Rule<'a> {
    said: Said<'a>,
    rule: &'a ContactRuleSet,
}

/// The rules of all records. What is only proposed acts as well: it can but make the rule stricter.
fn rules(record: &Record) -> impl Iterator<Item = Rule<'_>> {
    let proposed = record.proposals.iter().filter(|p| p.answered.is_none());
    let all = record.past.standing().iter();
    all.chain(proposed.map(|p| &p.entry))
        .filter_map(|entry| match &entry.body {
            Body::ContactRuleSet(rule) => Some(Rule {
                said: Said {
                    record,
                    entry,
                    what: fold::rule_text(rule),
                    sees: &rule.sees,
                    lost: record.has_lost(ReviewKind::ContactRuleDisputed, entry.id),
                    proposed: rule.proposed,
                },
                rule,
            }),
            _ => None,
        })
}

/// How she may be reached, and what two records say two ways.
pub(super) fn reach(records: &[Record]) -> (Vec<Reach>, Vec<Across>) {
    let mut by_channel: BTreeMap<Channel, (Vec<Said<'_>>, Vec<&ContactRuleSet>)> = BTreeMap::new();
    for Rule { said, rule } in records.iter().flat_map(rules) {
        let (all, payloads) = by_channel.entry(rule.channel).or_default();
        all.push(said);
        payloads.push(rule);
    }
    let mut asked = Vec::new();
    let reach = by_channel
        .into_iter()
        .map(|(channel, (all, payloads))| {
            asked.extend(across::pairs(ReviewKind::ContactRuleDisputed, &all));
            let standing: Vec<&Said<'_>> = across::standing(&all).collect();
            let acts = |said: &&Said<'_>| standing.iter().any(|s| s.entry.id == said.entry.id);
            let of: Vec<&ContactRuleSet> = all
                .iter()
                .zip(payloads)
                .filter(|(said, _)| acts(said))
                .map(|(_, rule)| rule)
                .collect();
            let allow = |allows: fn(&ContactRuleSet) -> bool| of.iter().all(|r| allows(r));
            let mut safe_hours: Vec<SafeHours> = Vec::new();
            for hours in of.iter().filter_map(|r| r.safe_hours.clone()) {
                if !safe_hours.contains(&hours) {
                    safe_hours.push(hours);
                }
            }
            safe_hours.sort_by_key(|h| (h.from, h.to));
            let mut said = standing.iter().map(|s| &s.what);
            let first = said.next();
            Reach {
                channel,
                voicemail_ok: allow(|r| r.voicemail_ok),
                text_ok: allow(|r| r.text_ok),
                say_org_name_ok: allow(|r| r.say_org_name_ok),
                shared_phone: of.iter().any(|r| r.shared_phone),
                safe_hours,
                disputed: said.any(|other| Some(other) != first),
            }
        })
        .collect();
    (reach, asked)
}

/// The numbers on which she may be called, each once; and the pairs that two records say differently.
pub(super) fn numbers(records: &[Record]) -> (Vec<(EntryId, String)>, Vec<Across>) {
    let all: Vec<(Said<'_>, &str)> = records.iter().flat_map(told).collect();
    let (all, plain): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let mut standing: Vec<&Said<'_>> = across::standing(&all).collect();
    standing.sort_by_key(|said| (said.entry.occurred_at.timestamp(), said.entry.id));
    let mut numbers: Vec<(EntryId, String)> = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for said in standing {
        let place = all.iter().position(|s| s.entry.id == said.entry.id);
        let number = place.and_then(|at| plain.get(at));
        if let Some(number) = number.filter(|_| known.insert(&said.what)) {
            numbers.push((said.entry.id, (*number).to_owned()));
        }
    }
    (numbers, across::pairs(ReviewKind::TwoNumbers, &all))
}

/// What a record says of her numbers, each also as it was written.
fn told(record: &Record) -> impl Iterator<Item = (Said<'_>, &str)> {
    record.past.standing().iter().filter_map(move |entry| {
        let (number, sees) = match &entry.body {
            Body::PatientDescribed(p) => (p.callback.as_deref()?, &p.sees),
            Body::ContactRuleSet(p) if matches!(p.channel, Channel::Voice | Channel::Text) => {
                (p.value.as_deref()?, &p.sees)
            }
            _ => return None,
        };
        let said = Said {
            record,
            entry,
            what: fold::bare_number(number),
            sees,
            lost: record.has_lost(ReviewKind::TwoNumbers, entry.id),
            proposed: false,
        };
        Some((said, number))
    })
}
