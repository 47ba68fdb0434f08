//! How a patient may be reached, over all her records. Of two instructions that nobody has brought together the stricter
//! acts; no number is ever dropped.

use super::across::{self, Across, Said};
use crate::domain::code::{Channel, ReviewKind};
use crate::domain::entry::Body;
use crate::domain::fold::{self, Number, Record};
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

impl Reach {
    /// Nothing is allowed until she has been asked.
    fn hold_back(&mut self) {
        (self.voicemail_ok, self.text_ok, self.say_org_name_ok) = (false, false, false);
        self.disputed = true;
    }
}

struct Rule<'a> {
    said: Said<'a>,
    rule: &'a ContactRuleSet,
}

/// The rules of all records. What is only proposed acts as well, where it makes the rule stricter.
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
                    asked: rule.confirmed_with_patient,
                },
                rule,
            }),
            _ => None,
        })
}

/// How she may be reached, and what two records say two ways.
pub(super) fn reach(records: &[Record]) -> (Vec<Reach>, Vec<Across>) {
    let (mut reach, asked) = by_means(records);
    if texts_a_number_that_is_no_more(records) {
        let texts = reach.iter_mut().filter(|r| r.channel == Channel::Text);
        texts.for_each(Reach::hold_back);
    }
    (reach, asked)
}

fn by_means(records: &[Record]) -> (Vec<Reach>, Vec<Across>) {
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
            // A proposal alone gives no leave: nobody who may has said anything that it could make stricter.
            let stated = of.iter().any(|r| !r.proposed);
            let allow =
                |allows: fn(&ContactRuleSet) -> bool| stated && of.iter().all(|r| allows(r));
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

/// Her numbers, by each means each once; and the pairs that two records say differently. One to call and one to text are
/// two facts: neither takes the other's place, nor is under the other's rule.
pub(super) fn numbers(records: &[Record]) -> (Vec<Number>, Vec<Across>) {
    let (mut numbers, mut asked) = (Vec::new(), Vec::new());
    for channel in [Channel::Voice, Channel::Text] {
        let told = records.iter().flat_map(|record| told(record, channel));
        let (all, plain): (Vec<Said<'_>>, Vec<Number>) = told.unzip();
        let mut standing: Vec<&Said<'_>> = across::standing(&all).collect();
        standing.sort_by_key(|said| (said.entry.occurred_at.timestamp(), said.entry.id));
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for said in standing {
            let number = plain.iter().find(|n| n.entry == said.entry.id);
            if known.insert(&said.what) {
                numbers.extend(number.cloned());
            }
        }
        asked.extend(across::pairs(ReviewKind::TwoNumbers, &all));
    }
    (numbers, asked)
}

/// A number for texts that was her number for calls as well, until another took its place there. The phone may be somebody
/// else's by now: the number stays, and nothing goes to it until somebody who knew of the other has asked her.
fn texts_a_number_that_is_no_more(records: &[Record]) -> bool {
    let said = |channel| -> Vec<Said<'_>> {
        let told = records.iter().flat_map(|record| told(record, channel));
        told.map(|(said, _)| said).collect()
    };
    let (calls, texts) = (said(Channel::Voice), said(Channel::Text));
    let current: Vec<&Said<'_>> = across::standing(&calls).collect();
    let rules: Vec<Said<'_>> = records
        .iter()
        .flat_map(rules)
        .filter(|r| r.rule.channel == Channel::Text && r.rule.confirmed_with_patient)
        .map(|r| r.said)
        .collect();
    let knows = |rule: &Said<'_>, newer: &Said<'_>| {
        !rule.proposed && rule.knew(newer, std::slice::from_ref(rule))
    };
    across::standing(&texts).any(|text| {
        let was = |call: &&Said<'_>| call.what == text.what;
        let is_hers = current.iter().any(&was);
        calls.iter().any(|call| was(&call))
            && !is_hers
            && !current
                .iter()
                .all(|newer| rules.iter().any(|rule| knows(rule, newer)))
    })
}

/// What a record says of her numbers for one means, each also as it was written.
fn told(record: &Record, channel: Channel) -> impl Iterator<Item = (Said<'_>, Number)> {
    record.past.standing().iter().filter_map(move |entry| {
        let number = fold::number(entry).filter(|n| n.channel == channel)?;
        let sees = match &entry.body {
            Body::PatientDescribed(p) => &p.sees,
            Body::ContactRuleSet(p) => &p.sees,
            _ => return None,
        };
        let said = Said {
            record,
            entry,
            what: fold::bare_number(&number.number),
            sees,
            lost: record.has_lost(ReviewKind::TwoNumbers, entry.id),
            proposed: false,
            asked: true,
        };
        Some((said, number))
    })
}
