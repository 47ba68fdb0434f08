//! What somebody has to know though nothing is asked of her: a worry that was not seen when another was cleared, and a
//! referral that went before it was known that she takes her consent back.

use crate::domain::code::{AlertKind, ContactWith, FlagStatus, Role};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Record, Sent};
use crate::domain::id::{EntryId, PartnerId, UserId};
use crate::domain::join::{Patient, PatientFlag};
use crate::domain::organisation::Organisation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertReading {
    /// What.
    pub kind: AlertKind,
    /// The entry that was not seen.
    pub entry: EntryId,
    /// Who made it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// What was done without having seen it.
    pub unseen: EntryId,
    /// By whom.
    pub unseen_by: UserId,
    /// When.
    pub unseen_at: Timestamp,
    /// The practice that has what was sent.
    pub partner: Option<PartnerId>,
    /// Whom it is for.
    pub for_whom: Vec<UserId>,
    /// The worry is looked after to its end, or the practice was spoken to since.
    pub is_over: bool,
}

pub(super) fn alerts(
    patient: &Patient,
    record: &Record,
    sheet: &Organisation,
) -> Vec<AlertReading> {
    let mut all = concerns(patient, record, sheet);
    all.extend(sent(record, sheet));
    all
}

fn pair(kind: AlertKind, entry: &Entry, unseen: &Entry) -> AlertReading {
    AlertReading {
        kind,
        entry: entry.id,
        by: entry.by.clone(),
        at: entry.occurred_at.timestamp(),
        unseen: unseen.id,
        unseen_by: unseen.by.clone(),
        unseen_at: unseen.occurred_at.timestamp(),
        partner: None,
        for_whom: Vec::new(),
        is_over: false,
    }
}

/// Whoever cleared the other worry, clinicians and supervisors of the site, and the record's owners.
fn concerns(patient: &Patient, record: &Record, sheet: &Organisation) -> Vec<AlertReading> {
    let own = patient.flags.iter().filter(|f| f.record == record.id);
    own.filter_map(|flag| {
        let beside = record
            .flag_events
            .iter()
            .filter(|e| matches!(e.status, FlagStatus::Resolved | FlagStatus::EnteredInError))
            .filter(|e| !e.flags.contains(&flag.id))
            .filter(|e| record.past.concurrent(e.entry.id, flag.id));
        let others = patient.records.iter().filter(|r| r.id != record.id);
        let elsewhere = others
            .flat_map(|r| &r.flag_events)
            .filter(|e| passed_over(&e.entry, flag));
        let cleared = beside
            .chain(elsewhere)
            .map(|e| &e.entry)
            .max_by_key(|e| (e.occurred_at.timestamp(), e.id))?;
        let mut for_whom = here(record, sheet, |p| {
            p.licensed_clinician || p.has_role(Role::Supervisor)
        });
        for_whom.push(cleared.by.clone());
        for_whom.extend(record.owners.iter().cloned());
        Some(AlertReading {
            for_whom: each_once(for_whom),
            is_over: !flag.is_open(),
            ..pair(AlertKind::NewConcern, &flag.entry, cleared)
        })
    })
    .collect()
}

/// Was this said in another record after the worry arose, by somebody who did not know of it? No entry of one record is
/// after one of another: whoever clears a worry says which of the others she knew.
fn passed_over(said: &Entry, flag: &PatientFlag) -> bool {
    match &said.body {
        Body::SafetyResolved(p) => {
            !p.seen.contains(&flag.id)
                && said.occurred_at.timestamp() >= flag.entry.occurred_at.timestamp()
        }
        _ => false,
    }
}

/// The record's owners, whoever sent it, and the privacy contact; where the sheet names none, supervisors of the site.
fn sent(record: &Record, sheet: &Organisation) -> Vec<AlertReading> {
    let unknown = record.sent.iter().filter(|s| s.before_revocation_was_known);
    unknown
        .filter_map(|sent| {
            let revoked = revocation(record, sent)?;
            let mut for_whom = match &sheet.privacy_contact {
                Some(user) => vec![user.clone()],
                None => here(record, sheet, |p| p.has_role(Role::Supervisor)),
            };
            for_whom.push(sent.entry.by.clone());
            for_whom.extend(record.owners.iter().cloned());
            let both = [revoked, &*sent.entry];
            let known = both.iter().map(|e| e.occurred_at.timestamp()).max()?;
            let spoken = record.past.standing().iter().any(|e| {
                e.occurred_at.timestamp() >= known
                    && both.iter().any(|b| record.past.saw(e.id, b.id))
                    && matches!(&e.body, Body::ContactAttempted(p)
                        if p.with == ContactWith::Partner && p.partner.as_ref() == Some(&sent.said.partner))
            });
            Some(AlertReading {
                partner: Some(sent.said.partner.clone()),
                for_whom: each_once(for_whom),
                is_over: spoken,
                ..pair(AlertKind::SentBeforeRevocation, revoked, &sent.entry)
            })
        })
        .collect()
}

fn revocation<'a>(record: &'a Record, sent: &Sent) -> Option<&'a Entry> {
    let consent = sent.said.consent?;
    let given = record.consents.iter().find(|c| c.entry.id == consent)?;
    given
        .revoked_by
        .iter()
        .filter(|id| record.past.concurrent(**id, sent.entry.id))
        .filter_map(|id| record.past.get(*id))
        .map(|entry| &**entry)
        .min_by_key(|e| (e.occurred_at.timestamp(), e.id))
}

fn here(
    record: &Record,
    sheet: &Organisation,
    is: impl Fn(&crate::domain::organisation::Person) -> bool,
) -> Vec<UserId> {
    let site = record.site.as_ref();
    let people = sheet.people.iter().filter(|p| is(p));
    people
        .filter(|p| site.is_none_or(|site| p.works_at(site)))
        .map(|p| p.id.clone())
        .collect()
}

fn each_once(mut people: Vec<UserId>) -> Vec<UserId> {
    people.sort();
    people.dedup();
    people
}
