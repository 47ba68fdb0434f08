//! What a use case may look at, and what it hands back. Refuses to write: `app` does.

use crate::domain::code::{DocumentKind, Role};
use crate::domain::entry::Body;
use crate::domain::fold::Record;
use crate::domain::id::{DeviceId, DocumentId, EntryId, PartnerId, PatientId, UserId, uuid_v7};
use crate::domain::join::Patient;
use crate::domain::organisation::{Organisation, Partner, Person};
use crate::domain::read::Reading;
use crate::domain::time;
use crate::domain::visibility::{self, Scope};
use crate::refusal::{Problem, Refusal};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rand::RngCore;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Everything that a use case may look at.
pub struct Desk<'a> {
    /// Now, by the device's clock corrected by the last known offset.
    pub now: Timestamp,
    /// Who is signed in.
    pub person: &'a Person,
    /// On which device.
    pub device: DeviceId,
    /// The sheet.
    pub sheet: &'a Organisation,
    /// The patient of the command's record.
    pub patient: Option<&'a Patient>,
    /// The command's record; none for opening one.
    pub record: Option<&'a Record>,
    /// What it reads as, now.
    pub reading: Option<&'a Reading>,
    /// The random source.
    pub rng: RefCell<&'a mut dyn RngCore>,
}

/// Where an entry goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The command's record.
    Record,
    /// Another record of the same patient.
    Of(DocumentId),
    /// A record that begins with it.
    NewRecord(DocumentId),
    /// The patient's document for screen answers, begun if this device knows none that it may write in.
    Screens,
    /// The same for what she answers about alcohol and drugs.
    Sud,
    /// The practice's own document, begun if this device knows none.
    Practice(PartnerId),
}

/// An entry before it has its head.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its id.
    pub id: EntryId,
    /// Where it goes.
    pub target: Target,
    /// When it happened; now if none.
    pub at: Option<Zoned>,
    /// The role to write in, if the usual choice would not do.
    pub role: Option<Role>,
    /// What it says.
    pub body: Body,
}

/// The entries that a command makes, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In order; those of one target become one change.
    pub drafts: Vec<Draft>,
    /// The entry that names what was made.
    pub made: Option<EntryId>,
    /// The patient, when the record is new.
    pub patient: Option<PatientId>,
}

impl Desk<'_> {
    /// A fresh entry id.
    pub fn entry_id(&self) -> EntryId {
        EntryId(uuid_v7(self.now, &mut **self.rng.borrow_mut()))
    }

    /// A fresh document id.
    pub fn document_id(&self) -> DocumentId {
        DocumentId(uuid_v7(self.now, &mut **self.rng.borrow_mut()))
    }

    /// A fresh patient id.
    pub fn patient_id(&self) -> PatientId {
        PatientId(uuid_v7(self.now, &mut **self.rng.borrow_mut()))
    }

    /// The record that the command names.
    pub fn record(&self) -> Result<&Record, Refusal> {
        self.record.ok_or(Refusal::NotHere("the record"))
    }

    /// The encounter that an entry belongs to: the named one; where a time is claimed, the one that went on then, though it
    /// has ended since; else the one that goes on. One that nobody ended goes on for no longer than a visit can.
    pub fn encounter(
        &self,
        named: Option<EntryId>,
        at: Option<&Zoned>,
    ) -> Result<Option<EntryId>, Refusal> {
        let record = self.record()?;
        match named {
            Some(id) if record.encounters.iter().any(|e| e.id == id) => Ok(Some(id)),
            Some(_) => Err(Refusal::NotHere("the visit")),
            None => {
                let went_on = |at: &Zoned| record.visit_of(at.timestamp());
                let visit = at.map_or_else(|| record.visit_at(self.now), went_on);
                Ok(visit.map(|e| e.id))
            }
        }
    }

    /// The practice of this code.
    pub fn partner(&self, id: &PartnerId) -> Result<&Partner, Refusal> {
        self.sheet.partner(id).ok_or(Refusal::Invalid {
            field: "partner",
            problem: Problem::Unknown,
        })
    }

    /// A person whom the sheet knows, or nobody.
    pub fn known(&self, user: Option<&UserId>, field: &'static str) -> Result<(), Refusal> {
        if user.is_none_or(|user| self.sheet.person(user).is_some()) {
            return Ok(());
        }
        Err(Refusal::Invalid {
            field,
            problem: Problem::Unknown,
        })
    }

    /// Through what the records of the patient may be seen.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        self.patient.map(Patient::scopes).unwrap_or_default()
    }

    /// Somebody who may see the record, or nobody: what is given to anyone else reaches nobody.
    pub fn sees(&self, user: Option<&UserId>, field: &'static str) -> Result<(), Refusal> {
        self.known(user, field)?;
        let Some(person) = user.and_then(|user| self.sheet.person(user)) else {
            return Ok(());
        };
        if visibility::may_see(person, &self.scopes(), DocumentKind::Record, false) {
            return Ok(());
        }
        let problem = Problem::CannotSee;
        Err(Refusal::Invalid { field, problem })
    }

    /// When a practice's promise made at this time falls due; none if it promised nothing, or does so no more.
    pub fn promise_due(&self, id: &PartnerId, at: Option<&Zoned>) -> Option<Timestamp> {
        let partner = self.sheet.partner(id)?;
        let made_at = at.map_or(self.now, Zoned::timestamp);
        let zone = self.sheet.partner_zone(id);
        let promise = partner.promise_on(time::date_in(made_at, &zone))?;
        Some(partner.calendar.promise_due(promise, made_at, &zone))
    }

    /// The local date of a claimed time, or today at the record's site.
    pub fn date(&self, at: Option<&Zoned>) -> Date {
        let site = self.record.and_then(|r| r.site.as_ref());
        let zone = site.map_or(TimeZone::UTC, |site| self.sheet.site_zone(site));
        at.map_or_else(|| self.now.to_zoned(zone).date(), Zoned::date)
    }

    /// A plan of one entry in the command's record.
    pub fn one(&self, at: Option<Zoned>, body: impl Into<Body>) -> Plan {
        let id = self.entry_id();
        Plan {
            drafts: vec![Draft {
                id,
                target: Target::Record,
                at,
                role: None,
                body: body.into(),
            }],
            made: Some(id),
            patient: None,
        }
    }
}
