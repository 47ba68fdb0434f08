//! What is known of a practice, wherever one is shown: what was agreed with it, what was told about its room, whom to call
//! first, and what our own attempts have taught.

use super::when::{Length, When};
use crate::domain::code::{Accepting, Channel};
use crate::domain::id::PartnerId;
use crate::domain::organisation::{AgreementState, Organisation, Partner, PartnerContact};
use crate::domain::partner::Practice;
use crate::domain::read::Summary;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// What was agreed with a practice. One that has ended is said to have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgreementRow {
    /// How it stands today.
    pub state: AgreementState,
    /// Its first day.
    pub starts: Option<Date>,
    /// Its last day.
    pub ends: Option<Date>,
    /// Whom to call when a promise is not kept.
    pub escalation: Option<PartnerContact>,
}

/// What was agreed with a practice, as it stands on a day there.
pub(super) fn agreement(partner: &Partner, on: Date) -> Option<AgreementRow> {
    let agreed = partner.agreement.as_ref()?;
    Some(AgreementRow {
        state: agreed.state(on),
        starts: agreed.starts,
        ends: agreed.ends,
        escalation: agreed.escalation.clone(),
    })
}

/// What was told about a practice's room.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapacityRow {
    /// Does it take new patients?
    pub accepting: Accepting,
    /// How long the wait is, if that was told with it.
    pub wait_days: Option<u16>,
    /// Who was told.
    pub by: String,
    /// When.
    pub when: When,
    /// How long ago.
    pub age: Length,
}

/// What was told about room last, by a person, with its age.
pub(super) fn capacity(
    practice: &Practice,
    sheet: &Organisation,
    now: Timestamp,
) -> Option<CapacityRow> {
    let told = practice.accepting.as_ref()?;
    let zone = sheet.partner_zone(&practice.id);
    Some(CapacityRow {
        accepting: told.value,
        // A wait that was told before the room was is of another day.
        wait_days: practice
            .wait_days
            .as_ref()
            .filter(|w| w.at >= told.at)
            .map(|w| w.value),
        by: sheet.name_of(&told.by).to_owned(),
        when: When::of(told.at, &zone, now),
        age: Length::between(told.at, now),
    })
}

/// Those to be called first, else as the sheet has them.
pub(super) fn ordered(partner: &Partner) -> Vec<PartnerContact> {
    let mut contacts = partner.contacts.clone();
    contacts.sort_by_key(|c| c.channel != Channel::Voice);
    contacts
}

/// What our own attempts have taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Learned {
    /// Our calls that this device knows of.
    pub calls: u32,
    /// Those that somebody answered.
    pub answered: u32,
    /// The median of days from agreement to the first kept appointment there; none under three.
    pub median_wait_days: Option<i64>,
    /// Its promises that fell due or were met.
    pub promises: u32,
    /// Those that were met in time.
    pub promises_met: u32,
}

/// What our own attempts with a practice have taught, as far as this device knows them.
pub(super) fn learned(partner: &PartnerId, records: &[Summary], now: Timestamp) -> Learned {
    let calls = || {
        let all = records.iter().flat_map(|r| &r.calls);
        all.filter(move |c| c.partner == *partner)
    };
    let due = || {
        let all = records.iter().flat_map(|r| &r.promises);
        all.filter(move |p| p.partner == *partner)
            .filter(move |p| p.met_at.is_some() || p.late_min(now).is_some())
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Learned {
        calls: count(calls().count()),
        answered: count(calls().filter(|c| c.answered).count()),
        median_wait_days: median_wait(partner, records),
        promises: count(due().count()),
        promises_met: count(due().filter(|p| p.late_min(now).is_none()).count()),
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
