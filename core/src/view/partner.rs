//! One practice, all offline: whom to call, what it promised, what people were told and how old that is, and what our own
//! attempts have taught. Nothing hides a practice.

use super::may::{Action, Asking, Obstacle, would};
use super::practice::{AgreementRow, CapacityRow, Learned, agreement, capacity, learned, ordered};
use super::when::When;
use crate::domain::code::{Accepting, Channel};
use crate::domain::entry::Body;
use crate::domain::fold::{Proposal, Record};
use crate::domain::id::{DerivedId, EntryId, PartnerId, UserId};
use crate::domain::organisation::{Calendar, PartnerContact, Promise};
use crate::domain::partner::{Practice, is_stale};
use crate::domain::payload::ToldContact;
use crate::domain::read::Summary;
use crate::usecase::{Command, Desk, TellPartner, rehearse};
use jiff::civil::Date;
use serde::Serialize;

/// The screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and its answer is yes or no"
)]
pub struct PartnerScreen {
    /// Which.
    pub partner: PartnerId,
    /// Its name.
    pub name: String,
    /// Part of the own house.
    pub in_house: bool,
    /// Shown first in the directory.
    pub pinned: bool,
    /// What one tap dials.
    pub dial: Option<PartnerContact>,
    /// Its contacts: those of the sheet, those to be called first.
    pub contacts: Vec<PartnerContact>,
    /// Contacts that staff were told since, the newest first.
    pub told_contacts: Vec<ToldContactRow>,
    /// When it is open.
    pub calendar: Calendar,
    /// Its zone.
    pub zone: String,
    /// It is open now, as far as its calendar says.
    pub is_open_now: bool,
    /// What it promises, or did while its agreement held.
    pub promise: Option<Promise>,
    /// What was agreed with it, and whether that holds today.
    pub agreement: Option<AgreementRow>,
    /// What was told about its room, with its age.
    pub capacity: Option<CapacityRow>,
    /// Languages spoken.
    pub languages: Vec<String>,
    /// What it asks for, step by step.
    pub intake_steps: Vec<String>,
    /// When somebody last checked this.
    pub last_verified_on: Option<Date>,
    /// That is too long ago to rely on, or never was.
    pub is_stale: bool,
    /// What our own attempts have taught.
    pub learned: Learned,
    /// What was told in words, the newest first.
    pub notes: Vec<ToldNoteRow>,
    /// What is proposed for the directory.
    pub proposals: Vec<ProposedRow>,
    /// Its room can be told.
    pub can_tell: bool,
    /// It can be said to be checked.
    pub can_verify: bool,
    /// A contact can be added, at least as a proposal.
    pub can_add_contact: bool,
    /// The contact will wait for somebody to accept it.
    pub contact_is_proposed: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
}

/// A contact that staff were told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldContactRow {
    /// The contact.
    pub contact: ToldContact,
    /// Who was told.
    pub by: String,
    /// When.
    pub when: When,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldNoteRow {
    /// In words.
    pub note: String,
    /// By whom.
    pub by: String,
    /// When.
    pub when: When,
}

/// A proposal for the directory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposedRow {
    /// The proposal.
    pub id: DerivedId,
    /// The entry: what accepting it names.
    pub entry: EntryId,
    /// The contact, where it is one.
    pub contact: Option<ToldContact>,
    /// By whom.
    pub by: String,
    /// When.
    pub when: When,
    /// The signed-in person may accept it.
    pub can_accept: bool,
    /// The command that accepts it.
    pub accept: Command,
}

impl PartnerScreen {
    /// The screen of one practice. `documents` are its own, where any were begun.
    pub fn of(
        desk: &Desk<'_>,
        id: &PartnerId,
        practice: &Practice,
        documents: &[Record],
        records: &[Summary],
    ) -> Option<Self> {
        let (sheet, now) = (desk.sheet, desk.now);
        let partner = sheet.partner(id)?;
        let zone = sheet.partner_zone(id);
        let local = now.to_zoned(zone.clone());
        let verified = practice.last_verified_on(sheet);
        let name = |user: &UserId| sheet.name_of(user).to_owned();
        let mut asking = Asking::beside(desk, documents.first());
        let can_tell = asking.may(
            Action::TellCapacity,
            Command::TellPartner(TellPartner {
                accepting: Some(Accepting::Yes),
                ..nothing(id)
            }),
        );
        let can_verify = asking.may(
            Action::Verify,
            Command::TellPartner(TellPartner {
                verified: true,
                ..nothing(id)
            }),
        );
        let contact = TellPartner {
            contact: Some(ToldContact {
                name: "-".to_owned(),
                role: None,
                channel: Channel::Voice,
                value: "-".to_owned(),
            }),
            ..nothing(id)
        };
        let can_add_contact = asking.may(Action::AddContact, Command::TellPartner(contact.clone()));
        let stated = TellPartner {
            proposed: Some(false),
            ..contact
        };
        let contact_is_proposed = can_add_contact && !would(desk, Command::TellPartner(stated));
        let contacts = ordered(partner);
        let mut notes: Vec<ToldNoteRow> = practice
            .told
            .iter()
            .filter_map(|(entry, said)| {
                Some(ToldNoteRow {
                    note: said.note.clone()?,
                    by: name(&entry.by),
                    when: When::of(entry.occurred_at.timestamp(), &zone, now),
                })
            })
            .collect();
        notes.reverse();
        Some(Self {
            partner: id.clone(),
            name: partner.name.clone(),
            in_house: partner.in_house,
            pinned: partner.pinned,
            dial: contacts
                .iter()
                .find(|c| c.channel == Channel::Voice)
                .cloned(),
            contacts,
            told_contacts: practice
                .contacts
                .iter()
                .map(|told| ToldContactRow {
                    contact: told.value.clone(),
                    by: name(&told.by),
                    when: When::of(told.at, &zone, now),
                })
                .collect(),
            is_open_now: partner.calendar.works_on(local.date())
                && (partner.calendar.opens..partner.calendar.closes).contains(&local.time()),
            calendar: partner.calendar.clone(),
            zone: partner.zone.clone().unwrap_or_else(|| sheet.zone.clone()),
            promise: partner.promise,
            agreement: agreement(partner, local.date()),
            capacity: capacity(practice, sheet, now),
            languages: partner.languages.clone(),
            intake_steps: partner.intake_steps.clone(),
            last_verified_on: verified,
            is_stale: is_stale(verified, local.date(), &sheet.settings),
            learned: learned(id, records, now),
            notes,
            proposals: practice
                .proposals
                .iter()
                .map(|p| proposed(desk, id, documents, p))
                .collect(),
            can_tell,
            can_verify,
            can_add_contact,
            contact_is_proposed,
            problems: asking.problems,
        })
    }
}

fn nothing(partner: &PartnerId) -> TellPartner {
    TellPartner {
        partner: partner.clone(),
        accepting: None,
        wait_days: None,
        contact: None,
        verified: false,
        note: None,
        proposed: None,
        accepts: None,
        at: None,
    }
}

fn proposed(
    desk: &Desk<'_>,
    partner: &PartnerId,
    documents: &[Record],
    proposal: &Proposal,
) -> ProposedRow {
    let entry = &proposal.entry;
    let holds = |document: &&Record| document.entries().iter().any(|e| e.id == entry.id);
    let document = documents.iter().find(holds);
    let said = match &entry.body {
        Body::PartnerTold(p) => TellPartner {
            accepting: p.accepting,
            wait_days: p.wait_days,
            contact: p.contact.clone(),
            verified: p.verified,
            note: p.note.clone(),
            ..nothing(partner)
        },
        _ => nothing(partner),
    };
    let contact = said.contact.clone();
    let accept = Command::TellPartner(TellPartner {
        accepts: Some(entry.id),
        proposed: Some(false),
        ..said
    });
    let zone = desk.sheet.partner_zone(partner);
    ProposedRow {
        id: proposal.id,
        entry: entry.id,
        contact,
        by: desk.sheet.name_of(&entry.by).to_owned(),
        when: When::of(entry.occurred_at.timestamp(), &zone, desk.now),
        can_accept: rehearse(accept.clone(), desk, document).is_ok(),
        accept,
    }
}
