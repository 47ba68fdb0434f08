//! What surrounds a handoff, as plain data: her numbers, consents, what is proposed, who is waited for, and what came late.

use super::Receipts;
use crate::domain::authority;
use crate::domain::code::{Channel, CloseReason, ConsentKind, ConsentStatus, Role};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::Record;
use crate::domain::id::{DerivedId, EntryId, UserId};
use crate::domain::join::Patient;
use crate::domain::organisation::{Organisation, Person};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// A number of hers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberReading {
    /// As it was written.
    pub number: String,
    /// For calls or for texts: it is under the rule of this means, and is used for no other.
    pub channel: Channel,
    /// It is one of several by this means, or instructions for it conflict: nothing is left there before she was asked.
    pub verify: bool,
}

/// A consent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentReading {
    /// Its id.
    pub id: EntryId,
    /// What kind.
    pub kind: ConsentKind,
    /// Where it stands.
    pub status: ConsentStatus,
    /// Its last day.
    pub expires_on: Option<Date>,
}

/// What somebody proposed for another to accept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProposalReading {
    /// Its id: what declining it names.
    pub id: DerivedId,
    /// The entry: what accepting it names.
    pub entry: EntryId,
    /// What kind.
    pub kind: String,
    /// Who proposes it.
    pub by: UserId,
    /// Since when.
    pub since: Timestamp,
    /// Who may accept it: the record's owners if they may, else everybody who may.
    pub for_whom: Vec<UserId>,
    /// When it was accepted or declined.
    pub answered_at: Option<Timestamp>,
}

/// A handoff offered to a named person, or one that nobody holds: the patient is waiting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitingReading {
    /// The offer: what taking it names; none: it was never offered, and nobody holds it.
    pub offer: Option<EntryId>,
    /// Who offers, or left it without anybody.
    pub by: UserId,
    /// To whom; or whoever is designated there, else everybody who coordinates or supervises there.
    pub to: Vec<UserId>,
    /// Since when.
    pub since: Timestamp,
    /// From then on the backup may take it too.
    pub backup_from: Timestamp,
    /// Who that is.
    pub backup: Option<UserId>,
    /// Who took it.
    pub taken_by: Option<UserId>,
}

impl WaitingReading {
    /// May this person take it with one tap now?
    pub fn may_take(&self, person: &UserId, now: Timestamp) -> bool {
        let steps_in = self.backup.as_ref() == Some(person) && now >= self.backup_from;
        self.taken_by.is_none() && (self.to.contains(person) || steps_in)
    }
}

/// Her numbers, the earliest said first.
pub(super) fn numbers(patient: &Patient) -> Vec<NumberReading> {
    let numbers = patient.numbers.iter();
    let read = numbers.map(|number| NumberReading {
        number: number.number.clone(),
        channel: number.channel,
        verify: patient.has_several(number.channel) || patient.is_disputed(number.channel),
    });
    read.collect()
}

/// When the server had what came more than a day after it was recorded.
pub(super) fn arrived_late(record: &Record, receipts: &Receipts) -> Vec<Timestamp> {
    let received = record.entries().iter();
    let received = received.filter_map(|e| Some((e.recorded_at, receipts.received_at(e.id)?)));
    let mut late: Vec<Timestamp> = received
        .filter(|(recorded, received)| received.duration_since(*recorded).as_hours() >= 24)
        .map(|(_, received)| received)
        .collect();
    late.sort_unstable();
    late
}

pub(super) fn consents(record: &Record) -> Vec<ConsentReading> {
    record
        .consents
        .iter()
        .map(|c| ConsentReading {
            id: c.entry.id,
            kind: c.said.kind,
            status: c.status,
            expires_on: c.said.expires_on,
        })
        .collect()
}

pub(super) fn proposals(record: &Record, sheet: &Organisation) -> Vec<ProposalReading> {
    record
        .proposals
        .iter()
        .map(|proposal| {
            let entry = &proposal.entry;
            ProposalReading {
                id: proposal.id,
                entry: entry.id,
                kind: entry.body.kind().to_owned(),
                by: entry.by.clone(),
                since: entry.occurred_at.timestamp(),
                for_whom: acceptors(record, &entry.body, entry.occurred_at.date(), sheet),
                answered_at: proposal
                    .answered
                    .as_ref()
                    .map(|e| e.occurred_at.timestamp()),
            }
        })
        .collect()
}

fn acceptors(record: &Record, body: &Body, on: Date, sheet: &Organisation) -> Vec<UserId> {
    let stated = body.clone().into_statement();
    let site = record.site.as_ref();
    let may: Vec<UserId> = sheet
        .people
        .iter()
        .filter(|p| site.is_none_or(|s| p.works_at(s)))
        .filter(|p| authority::acting_role(p, &stated, site, sheet, on).is_some())
        .map(|p| p.id.clone())
        .collect();
    let owners: Vec<UserId> = may
        .iter()
        .filter(|p| record.owners.contains(p))
        .cloned()
        .collect();
    if owners.is_empty() { may } else { owners }
}

pub(super) fn waiting(
    record: &Record,
    sheet: &Organisation,
    closed: Option<CloseReason>,
) -> Vec<WaitingReading> {
    let mut all: Vec<_> = record
        .owner_offers
        .iter()
        .map(|offer| {
            let since = &offer.entry.occurred_at;
            WaitingReading {
                offer: Some(offer.entry.id),
                to: vec![offer.to.clone()],
                taken_by: offer.taken.as_ref().map(|(_, by)| by.clone()),
                ..waits(record, sheet, &offer.entry, since, &[&offer.to])
            }
        })
        .collect();
    let is_offered = all.iter().any(|w| w.taken_by.is_none());
    if closed.is_none() && record.owners.is_empty() && !is_offered {
        all.extend(unassigned(record, sheet));
    }
    all
}

/// The backup steps in when the time is up: whoever of the two on the roster was not asked.
fn waits(
    record: &Record,
    sheet: &Organisation,
    entry: &Entry,
    since: &Zoned,
    asked: &[&UserId],
) -> WaitingReading {
    let minutes = SignedDuration::from_mins(i64::from(sheet.settings.owner_timeout_min));
    let shift = record
        .site
        .as_ref()
        .and_then(|s| sheet.shift(s, since.date()));
    let backup = shift.and_then(|shift| {
        let mut both = shift.backup.iter().chain(std::iter::once(&shift.primary));
        both.find(|p| !asked.contains(p)).cloned()
    });
    let since = since.timestamp();
    WaitingReading {
        offer: None,
        by: entry.by.clone(),
        to: Vec::new(),
        since,
        backup_from: since.saturating_add(minutes).unwrap_or(since),
        backup,
        taken_by: None,
    }
}

/// Nobody holds it: since the need was seen, or since whoever held it last gave it up.
fn unassigned(record: &Record, sheet: &Organisation) -> Option<WaitingReading> {
    let (need, _) = record.need.as_ref()?;
    let released = record
        .past
        .standing()
        .iter()
        .filter(|e| matches!(e.body, Body::OwnerReleased(_)))
        .max_by_key(|e| (e.occurred_at.timestamp(), e.id));
    let left = released.unwrap_or(need);
    let since = &left.occurred_at;
    let shift = record
        .site
        .as_ref()
        .and_then(|s| sheet.shift(s, since.date()));
    let to = match shift {
        Some(shift) => vec![shift.primary.clone()],
        None => whoever_coordinates(record, sheet),
    };
    let asked: Vec<&UserId> = to.iter().collect();
    Some(WaitingReading {
        to: to.clone(),
        ..waits(record, sheet, left, since, &asked)
    })
}

fn whoever_coordinates(record: &Record, sheet: &Organisation) -> Vec<UserId> {
    let site = record.site.as_ref();
    let coordinates = |p: &&Person| {
        let has = |role| site.map_or(p.has_role(role), |site| p.has_role_at(role, site));
        has(Role::Coordinator) || has(Role::Supervisor)
    };
    let people = sheet.people.iter().filter(coordinates);
    people.map(|p| p.id.clone()).collect()
}
