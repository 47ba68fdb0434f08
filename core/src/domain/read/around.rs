//! What surrounds a handoff, as plain data: consents, what is proposed, and who is waited for.

use crate::domain::code::{ConsentKind, ConsentStatus};
use crate::domain::fold::Record;
use crate::domain::id::{DerivedId, EntryId, UserId};
use crate::domain::organisation::Organisation;
use crate::domain::{authority, entry::Body};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

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

/// A handoff offered to a named person: the patient is waiting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitingReading {
    /// The offer: what taking it names.
    pub offer: EntryId,
    /// Who offers.
    pub by: UserId,
    /// To whom.
    pub to: UserId,
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
        self.taken_by.is_none() && (self.to == *person || steps_in)
    }
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

pub(super) fn waiting(record: &Record, sheet: &Organisation) -> Vec<WaitingReading> {
    let minutes = SignedDuration::from_mins(i64::from(sheet.settings.owner_timeout_min));
    record
        .owner_offers
        .iter()
        .map(|offer| {
            let since = offer.entry.occurred_at.timestamp();
            let on = offer.entry.occurred_at.date();
            let shift = record.site.as_ref().and_then(|s| sheet.shift(s, on));
            // Whoever of the two is not the one who was asked steps in.
            let backup = shift.and_then(|shift| {
                let both = std::iter::once(&shift.backup).flatten();
                both.chain(std::iter::once(&shift.primary))
                    .find(|p| **p != offer.to)
                    .cloned()
            });
            WaitingReading {
                offer: offer.entry.id,
                by: offer.entry.by.clone(),
                to: offer.to.clone(),
                since,
                backup_from: since.saturating_add(minutes).unwrap_or(since),
                backup,
                taken_by: offer.taken.as_ref().map(|(_, by)| by.clone()),
            }
        })
        .collect()
}
