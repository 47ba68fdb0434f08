//! `fold`: the entries of one record, read as a record. No clock, no receipts, no settings: equal entries give equal
//! records, whatever the order in which they came. Each region of the record is folded on its own (`decision`,
//! `appointment` ...); none chooses a winner between two people who could not see each other's work.

mod appointment;
mod contact;
mod decision;
mod encounter;
mod ownership;
mod review;
mod safety;

pub use appointment::{Appointment, Slot};
pub use contact::{Attempt, Step};
pub use decision::{Decision, Offer};
pub use encounter::Encounter;
pub use review::{ReviewItem, Settlement};
pub use safety::{Flag, FlagEvent, Screen};

use super::code::{DecisionState, Mode};
use super::entry::{Body, Entry};
use super::id::{DocumentId, EntryId, PatientId, SiteId, UserId};
use super::past::Past;
use super::payload::{LoopClosed, NeedIdentified, PatientDescribed};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One record, folded.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its document.
    pub id: DocumentId,
    /// Whose it is; none while its opening has not arrived.
    pub patient: Option<PatientId>,
    /// Where it was opened.
    pub site: Option<SiteId>,
    /// Who had seen what.
    pub past: Past,
    /// What people said of the patient, in order.
    pub described: Vec<(Arc<Entry>, PatientDescribed)>,
    /// Visits.
    pub encounters: Vec<Encounter>,
    /// Screens, as their results.
    pub screens: Vec<Screen>,
    /// The need that began the handoff, if any.
    pub need: Option<(Arc<Entry>, NeedIdentified)>,
    /// Who looks after it now; two who took it unseen by each other both do.
    pub owners: Vec<UserId>,
    /// Offers.
    pub offers: Vec<Offer>,
    /// Decisions.
    pub decisions: Vec<Decision>,
    /// The decision as all that is known has it.
    pub decision: DecisionState,
    /// How the first offer meant her to meet the practice.
    pub mode_intended: Option<Mode>,
    /// How she met it.
    pub mode_achieved: Option<Mode>,
    /// Attempts at contact.
    pub attempts: Vec<Attempt>,
    /// Next steps.
    pub steps: Vec<Step>,
    /// Appointments.
    pub appointments: Vec<Appointment>,
    /// What two people left for a person to decide, open or settled.
    pub review: Vec<ReviewItem>,
    /// Safety flags raised in this record, with what happened to them in this record.
    pub flags: Vec<Flag>,
    /// What was done about flags, here, whichever record raised them.
    pub flag_events: Vec<FlagEvent>,
    /// Closings of the loop.
    pub closings: Vec<(Arc<Entry>, LoopClosed)>,
}

/// Through what a record may be seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// An entry at this site.
    Site(SiteId),
    /// This person owns it, or wrote in it.
    Person(UserId),
}

impl Record {
    /// Folds the entries of one document, given in any order.
    pub fn of(id: DocumentId, entries: &[Arc<Entry>]) -> Self {
        let past = Past::of(entries);
        let opened = past.entries().iter().find_map(|e| match &e.body {
            Body::RecordOpened(p) => Some((p.patient, p.site.clone())),
            Body::ScreensOpened(p) => Some((p.patient, p.site.clone())),
            _ => None,
        });
        let described = collect(&past, |body| match body {
            Body::PatientDescribed(p) => Some(p.clone()),
            _ => None,
        });
        let closings = collect(&past, |body| match body {
            Body::LoopClosed(p) => Some(p.clone()),
            _ => None,
        });
        let need = collect(&past, |body| match body {
            Body::NeedIdentified(p) => Some(p.clone()),
            _ => None,
        })
        .into_iter()
        .next();
        let offers = decision::offers(&past);
        let decisions = decision::decisions(&past);
        let attempts = contact::attempts(&past);
        let steps = contact::steps(&past);
        let (appointments, review) = review::settle(&past, &decisions);
        let decision = decision::state(&past, &offers, &decisions, &review);
        let owners = ownership::owners(&past);
        let encounters = encounter::encounters(
            &past,
            need.is_some(),
            &attempts,
            &steps,
            &appointments,
            &decisions,
            &closings,
        );
        let mode_intended = offers.first().map(|offer| offer.mode);
        let mode_achieved =
            encounter::mode_achieved(&past, &encounters, &attempts, &steps, &appointments);
        let (screens, flags, flag_events) = safety::safety(&past);
        Self {
            id,
            patient: opened.as_ref().map(|o| o.0),
            site: opened.map(|o| o.1),
            described,
            encounters,
            screens,
            need,
            owners,
            offers,
            decisions,
            decision,
            mode_intended,
            mode_achieved,
            attempts,
            steps,
            appointments,
            review,
            flags,
            flag_events,
            closings,
            past,
        }
    }

    /// The entries, causes first.
    pub fn entries(&self) -> &[Arc<Entry>] {
        self.past.entries()
    }

    /// The newest entries: what a new one comes after.
    pub fn heads(&self) -> Vec<EntryId> {
        self.past.heads()
    }

    /// This record as the authors of these entries had seen it.
    #[must_use]
    pub fn past_of(&self, after: &[EntryId]) -> Self {
        Self::of(self.id, &self.past.up_to(after))
    }

    /// Through what this record may be seen: sites of its entries, its owners, and whoever wrote in it.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        let mut scopes: BTreeSet<_> = self
            .entries()
            .iter()
            .map(|e| Scope::Person(e.by.clone()))
            .collect();
        scopes.extend(self.owners.iter().cloned().map(Scope::Person));
        for entry in self.entries() {
            match &entry.body {
                Body::RecordOpened(p) => scopes.insert(Scope::Site(p.site.clone())),
                Body::ScreensOpened(p) => scopes.insert(Scope::Site(p.site.clone())),
                Body::EncounterStarted(p) => scopes.insert(Scope::Site(p.site.clone())),
                _ => false,
            };
        }
        scopes
    }

    /// The visit that is under way, if exactly one is; of several the last begun.
    pub fn open_encounter(&self) -> Option<&Encounter> {
        self.encounters.iter().rev().find(|e| e.ended.is_none())
    }

    /// An appointment by the entry that booked it.
    pub fn appointment(&self, id: EntryId) -> Option<&Appointment> {
        self.appointments.iter().find(|a| a.id == id)
    }

    /// What people said last of the patient, field by field, in causal order.
    pub fn patient_name(&self) -> Option<&str> {
        self.described
            .iter()
            .rev()
            .find_map(|(_, d)| d.preferred_name.as_deref())
    }
}

/// Every entry of a kind with its payload, causes first.
fn collect<T>(past: &Past, pick: impl Fn(&Body) -> Option<T>) -> Vec<(Arc<Entry>, T)> {
    past.entries()
        .iter()
        .filter_map(|e| pick(&e.body).map(|p| (Arc::clone(e), p)))
        .collect()
}
