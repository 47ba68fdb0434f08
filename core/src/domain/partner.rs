//! What staff were told about a practice, folded over what the sheet says. The newest word of a person counts, with its
//! age; nothing hides a practice. Knows no patient.

use super::code::Accepting;
use super::entry::{Body, Entry};
use super::fold::{Proposal, Record};
use super::id::{EntryId, PartnerId, UserId};
use super::organisation::{Organisation, Settings};
use super::payload::{PartnerTold, ToldContact};
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// Something that was told, by whom and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Told<T> {
    /// What.
    pub value: T,
    /// By whom.
    pub by: UserId,
    /// When, as the person says.
    pub at: Timestamp,
    /// By which entry.
    pub entry: EntryId,
}

/// A practice, as far as people were told.
#[derive(Clone, Debug)]
pub struct Practice {
    /// Which.
    pub id: PartnerId,
    /// Does it take new patients?
    pub accepting: Option<Told<Accepting>>,
    /// How long the wait is, in days.
    pub wait_days: Option<Told<u16>>,
    /// Contacts beside those of the sheet, the newest first.
    pub contacts: Vec<Told<ToldContact>>,
    /// When a person last checked it.
    pub verified: Option<Told<()>>,
    /// Everything that was told, in causal order.
    pub told: Vec<(Arc<Entry>, PartnerTold)>,
    /// What is proposed for the directory and not answered.
    pub proposals: Vec<Proposal>,
}

impl Practice {
    /// Folds the documents of one practice.
    pub fn of(id: PartnerId, documents: &[Record]) -> Self {
        let mut told: Vec<(Arc<Entry>, PartnerTold)> = documents
            .iter()
            .flat_map(|d| d.past.standing())
            .filter_map(|e| match &e.body {
                Body::PartnerTold(p) => Some((Arc::clone(e), p.clone())),
                _ => None,
            })
            .collect();
        told.sort_by_key(|(e, _)| (e.occurred_at.timestamp(), e.id));
        let mut contacts: Vec<_> = all(&told, |p| p.contact.clone());
        contacts.reverse();
        Self {
            id,
            accepting: all(&told, |p| p.accepting).pop(),
            wait_days: all(&told, |p| p.wait_days).pop(),
            contacts,
            verified: all(&told, |p| p.verified.then_some(())).pop(),
            proposals: documents
                .iter()
                .flat_map(|d| &d.proposals)
                .filter(|p| p.answered.is_none())
                .cloned()
                .collect(),
            told,
        }
    }

    /// The day on which a person last checked it: here, or as the sheet says.
    pub fn last_verified_on(&self, sheet: &Organisation) -> Option<Date> {
        let zone = sheet.partner_zone(&self.id);
        let here = self
            .verified
            .as_ref()
            .map(|told| told.at.to_zoned(zone).date());
        let there = sheet.partner(&self.id).and_then(|p| p.last_verified_on);
        here.max(there)
    }
}

/// Is what was last checked on this day too old to rely on? Never checked is stale.
pub fn is_stale(last_verified_on: Option<Date>, today: Date, settings: &Settings) -> bool {
    last_verified_on.is_none_or(|on| {
        on.until(today).map_or(true, |age| {
            age.get_days() > i32::from(settings.stale_after_days)
        })
    })
}

fn all<T>(
    told: &[(Arc<Entry>, PartnerTold)],
    pick: impl Fn(&PartnerTold) -> Option<T>,
) -> Vec<Told<T>> {
    told.iter()
        .filter_map(|(entry, said)| {
            Some(Told {
                value: pick(said)?,
                by: entry.by.clone(),
                at: entry.occurred_at.timestamp(),
                entry: entry.id,
            })
        })
        .collect()
}
