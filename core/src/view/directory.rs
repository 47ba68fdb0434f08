//! Practices to call, all offline: contacts, promises, and what our own calls have taught.

use super::practice::{AgreementRow, CapacityRow, agreement, capacity, learned, ordered};
use crate::domain::code::Channel;
use crate::domain::organisation::{Organisation, Partner, PartnerContact};
use crate::domain::partner::{Practice, is_stale};
use crate::domain::read::Summary;
use jiff::Timestamp;
use jiff::civil::Date;
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
    /// Its promises that fell due or were met, and those that were met in time.
    pub promises: u32,
    /// Those that were met in time.
    pub promises_met: u32,
    /// One of the first few.
    pub is_pinned: bool,
    /// What was agreed with it, and whether that holds today.
    pub agreement: Option<AgreementRow>,
    /// What one tap dials.
    pub dial: Option<PartnerContact>,
    /// What was told about its room, with its age.
    pub capacity: Option<CapacityRow>,
    /// When somebody last checked it.
    pub last_verified_on: Option<Date>,
    /// That is too long ago to rely on, or never was.
    pub is_stale: bool,
}

/// So many practices are pinned at most: a list of favourites that is longer is none.
const PINNED: usize = 3;

impl DirectoryScreen {
    /// The screen from the sheet, the records of a device and what was told.
    pub fn of(
        sheet: &Organisation,
        records: &[Summary],
        practices: &[Practice],
        now: Timestamp,
    ) -> Self {
        let mut partners: Vec<_> = sheet
            .partners
            .iter()
            .map(|partner| {
                let told = practices.iter().find(|p| p.id == partner.id);
                card(partner, sheet, records, told, now)
            })
            .collect();
        partners.sort_by(|a, b| {
            (!a.partner.pinned, &a.partner.name).cmp(&(!b.partner.pinned, &b.partner.name))
        });
        for card in partners.iter_mut().take(PINNED) {
            card.is_pinned = card.partner.pinned;
        }
        Self { partners }
    }
}

fn card(
    partner: &Partner,
    sheet: &Organisation,
    records: &[Summary],
    told: Option<&Practice>,
    now: Timestamp,
) -> PartnerCard {
    let learned = learned(&partner.id, records, now);
    let today = now.to_zoned(sheet.partner_zone(&partner.id)).date();
    let verified = told.map_or(partner.last_verified_on, |p| p.last_verified_on(sheet));
    PartnerCard {
        partner: partner.clone(),
        calls: learned.calls,
        answered: learned.answered,
        median_wait_days: learned.median_wait_days,
        promises: learned.promises,
        promises_met: learned.promises_met,
        is_pinned: false,
        agreement: agreement(partner, today),
        dial: ordered(partner)
            .into_iter()
            .find(|c| c.channel == Channel::Voice),
        capacity: told.and_then(|p| capacity(p, sheet, now)),
        last_verified_on: verified,
        is_stale: is_stale(verified, today, &sheet.settings),
    }
}
