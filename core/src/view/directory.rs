//! Practices to call, all offline: contacts, promises, and what our own calls have taught.

use crate::domain::id::PartnerId;
use crate::domain::organisation::{Organisation, Partner};
use crate::domain::read::Summary;
use serde::Serialize;

/// The screen: pinned practices first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DirectoryScreen {
    /// In order.
    pub partners: Vec<PartnerCard>,
}

/// A practice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartnerCard {
    /// What the sheet says of it.
    pub partner: Partner,
    /// Our calls that this device knows of.
    pub calls: u32,
    /// Those that somebody answered.
    pub answered: u32,
    /// The median of days from agreement to the first kept appointment there; none under three.
    pub median_wait_days: Option<i64>,
}

impl DirectoryScreen {
    /// The screen from the sheet and the records of a device.
    pub fn of(sheet: &Organisation, records: &[Summary]) -> Self {
        let mut partners: Vec<_> = sheet
            .partners
            .iter()
            .map(|partner| card(partner, records))
            .collect();
        partners.sort_by(|a, b| {
            (!a.partner.pinned, &a.partner.name).cmp(&(!b.partner.pinned, &b.partner.name))
        });
        Self { partners }
    }
}

fn card(partner: &Partner, records: &[Summary]) -> PartnerCard {
    let calls: Vec<_> = records
        .iter()
        .flat_map(|r| &r.calls)
        .filter(|c| c.partner == partner.id)
        .collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    PartnerCard {
        partner: partner.clone(),
        calls: count(calls.len()),
        answered: count(calls.iter().filter(|c| c.answered).count()),
        median_wait_days: median_wait(&partner.id, records),
    }
}

fn median_wait(partner: &PartnerId, records: &[Summary]) -> Option<i64> {
    let first_here = |r: &&Summary| {
        r.appointments
            .iter()
            .filter(|a| a.kept)
            .min_by_key(|a| a.start)
            .is_some_and(|a| a.partner == *partner)
    };
    let mut days: Vec<i64> = records
        .iter()
        .filter(first_here)
        .filter_map(|r| r.days_to_appt)
        .collect();
    days.sort_unstable();
    if days.len() < 3 {
        return None;
    }
    days.get(days.len() / 2).copied()
}
