//! `fold`: the entries of one record, read as a record. No clock, no receipts, no settings: equal entries give equal
//! records, whatever the order in which they came. Each region of the record is folded on its own (`decision`,
//! `appointment` ...); none chooses a winner between two people who could not see each other's work.

mod appointment;
mod care;
mod contact;
mod decision;
mod encounter;
mod fact;
mod item;
mod leaving;
mod ownership;
mod review;
mod safety;
mod sharing;
#[cfg(test)]
mod tests;
mod void;

pub use appointment::{Appointment, Slot};
pub(in crate::domain) use care::number;
pub use care::{Barrier, Link, Number, PartnerAnswer};
pub use contact::{Attempt, Step};
pub use decision::{Decision, Offer};
pub use encounter::Encounter;
pub(in crate::domain) use fact::{digits as bare_number, rule as rule_text};
pub use item::{ReviewItem, Settlement, asks_her};
pub(crate) use leaving::{GRACE, may_go_on};
pub use ownership::OwnerOffer;
pub use safety::{Flag, FlagEvent, Screen, ScreenVersion};
pub use sharing::{Consent, Queued, Sent, Sharing};
pub use void::{Proposal, Voided};

use super::code::{DecisionState, DocumentKind, Mode, ReviewKind};
use super::entry::{Body, Entry};
use super::id::{DocumentId, EntryId, PatientId, SiteId, UserId};
use super::past::Past;
use super::payload::{
    ContactRuleSet, LoopClosed, NeedIdentified, PatientDescribed, ReadBack, ScreenAnswered,
};
use super::visibility::Scope;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One record, folded.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its document.
    pub id: DocumentId,
    /// Of which kind; none while its opening has not arrived.
    pub kind: Option<DocumentKind>,
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
    /// Offers of ownership, with who took it.
    pub owner_offers: Vec<OwnerOffer>,
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
    /// Screens that may be one form entered twice. Whether it is a question shows in their answers, which lie elsewhere
    /// (`join`).
    pub twins: Vec<ReviewItem>,
    /// Safety flags raised in this record, with what happened to them in this record.
    pub flags: Vec<Flag>,
    /// What was done about flags, here, whichever record raised them.
    pub flag_events: Vec<FlagEvent>,
    /// Flags that are of one event.
    pub linked_flags: Vec<Vec<EntryId>>,
    /// Closings of the loop.
    pub closings: Vec<(Arc<Entry>, LoopClosed)>,
    /// What she lets a practice know.
    pub sharing: Sharing,
    /// Consents.
    pub consents: Vec<Consent>,
    /// Referrals that were queued.
    pub queued: Vec<Queued>,
    /// Referrals that were sent.
    pub sent: Vec<Sent>,
    /// What practices answered.
    pub partner_answers: Vec<PartnerAnswer>,
    /// What stands in the way.
    pub barriers: Vec<Barrier>,
    /// What was read back to her.
    pub read_backs: Vec<(Arc<Entry>, ReadBack)>,
    /// How she may be reached: the rules that stand.
    pub contact_rules: Vec<(Arc<Entry>, ContactRuleSet)>,
    /// Her numbers: those that no later one by the same means has seen.
    pub numbers: Vec<Number>,
    /// Patients said to be one person, or not.
    pub links: Vec<Link>,
    /// Answers of screens, where this is their document.
    pub forms: Vec<(Arc<Entry>, ScreenAnswered)>,
    /// What is proposed for another to accept.
    pub proposals: Vec<Proposal>,
    /// What was made in error.
    pub voided: Vec<Voided>,
}

impl Record {
    /// Folds the entries of one document, given in any order.
    pub fn of(id: DocumentId, entries: &[Arc<Entry>]) -> Self {
        let mut past = Past::of(entries);
        let (voided, proposals, items) = void::set_aside(&mut past);
        let opened = past.entries().iter().find_map(|e| match &e.body {
            Body::RecordOpened(p) => Some((p.patient, p.site.clone())),
            Body::ScreensOpened(p) => Some((p.patient, p.site.clone())),
            Body::SudOpened(p) => Some((p.patient, p.site.clone())),
            _ => None,
        });
        let kind = past
            .entries()
            .iter()
            .find_map(|e| e.body.opens().map(|(kind, _)| kind));
        let described = collect(&past, |body| match body {
            Body::PatientDescribed(p) => Some(p.clone()),
            _ => None,
        });
        let closings = collect(&past, |body| match body {
            Body::LoopClosed(p) => Some(p.clone()),
            _ => None,
        });
        let offers = decision::offers(&past);
        let decisions = decision::decisions(&past);
        let attempts = contact::attempts(&past);
        let steps = contact::steps(&past);
        let (appointments, review) = review::settle(&past, &decisions, items);
        let need = collect(&past, |body| match body {
            Body::NeedIdentified(p) => Some(p.clone()),
            _ => None,
        })
        .into_iter()
        .find(|(e, _)| !item::lost(&review, ReviewKind::TwoValues, e.id));
        let decision = decision::state(&past, &offers, &decisions, &review);
        let owners = ownership::owners(&past);
        let beside = encounter::Beside {
            past: &past,
            need: need.as_ref().map(|(e, _)| &**e),
            attempts: &attempts,
            steps: &steps,
            appointments: &appointments,
            decisions: &decisions,
            closings: &closings,
            review: &review,
        };
        let encounters = encounter::encounters(&beside);
        let mode_intended = offers.first().map(|offer| offer.mode);
        let mode_achieved = encounter::mode_achieved(&beside, &encounters);
        let (flags, flag_events) = safety::flags(&past, &voided);
        Self {
            id,
            linked_flags: safety::linked_flags(&past),
            owner_offers: ownership::offers(&past),
            sharing: sharing::sharing(&past, &review),
            consents: sharing::consents(&past, &review),
            queued: sharing::queued(&past),
            sent: sharing::sent(&past),
            partner_answers: care::partner_answers(&past),
            barriers: care::barriers(&past),
            read_backs: care::read_backs(&past),
            contact_rules: care::contact_rules(&past, &review),
            numbers: care::numbers(&past, &review),
            links: care::links(&past),
            forms: collect(&past, |body| match body {
                Body::ScreenAnswered(p) => Some(p.clone()),
                _ => None,
            }),
            twins: review::twins(&past),
            kind,
            proposals,
            voided,
            screens: safety::screens(&past),
            patient: opened.as_ref().map(|o| o.0),
            site: opened.map(|o| o.1),
            described,
            encounters,
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

    /// Has the entry that begins the document arrived?
    pub fn is_opened(&self) -> bool {
        self.kind.is_some()
    }

    /// Does it hold what a patient answered in screens, and nothing else?
    pub fn is_of_answers(&self) -> bool {
        matches!(self.kind, Some(DocumentKind::Screens | DocumentKind::Sud))
    }

    /// Has a person settled a question of this kind for another entry than this one?
    pub(in crate::domain) fn has_lost(&self, kind: ReviewKind, id: EntryId) -> bool {
        item::lost(&self.review, kind, id)
    }

    /// The entries that a person let stand for this one, where questions of this kind were settled.
    pub(in crate::domain) fn gave_way_to(
        &self,
        kind: ReviewKind,
        id: EntryId,
    ) -> impl Iterator<Item = EntryId> {
        item::gave_way_to(&self.review, kind, id)
    }

    /// The sites where something of it took place.
    pub fn sites(&self) -> impl Iterator<Item = &SiteId> {
        self.entries().iter().filter_map(|e| match &e.body {
            Body::RecordOpened(p) => Some(&p.site),
            Body::ScreensOpened(p) => Some(&p.site),
            Body::SudOpened(p) => Some(&p.site),
            Body::EncounterStarted(p) => Some(&p.site),
            _ => None,
        })
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

    /// Did this person write in it?
    pub fn has_author(&self, user: &UserId) -> bool {
        self.entries().iter().any(|e| e.by == *user)
    }

    /// Through what this record may be seen: sites of its entries, its owners, and whoever wrote in it; a worry is anybody's
    /// to raise, also where she sees nothing, and lets her see nothing.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        let wrote = |e: &&Arc<Entry>| !e.body.is_said_beside();
        let mut scopes: BTreeSet<_> = self
            .entries()
            .iter()
            .filter(wrote)
            .map(|e| Scope::Author(e.by.clone()))
            .collect();
        scopes.extend(self.owners.iter().cloned().map(Scope::Owner));
        scopes.extend(self.sites().cloned().map(Scope::Site));
        if self.patient.is_none() && self.is_opened() {
            scopes.insert(Scope::Everyone);
        }
        scopes
    }

    /// The visit that nobody has ended; of several the last begun.
    pub fn open_encounter(&self) -> Option<&Encounter> {
        self.encounters.iter().rev().find(|e| e.ended.is_none())
    }

    /// The visit that goes on at this time: nobody has ended it, and it is not longer than a visit can be.
    pub fn visit_at(&self, at: Timestamp) -> Option<&Encounter> {
        self.open_encounter().filter(|e| e.may_go_on(at))
    }

    /// The visit to which something of this claimed time belongs, whether it has ended since or not: of several the last
    /// begun. Where none went on then, it may be the first moment of one that was begun here a little later.
    pub fn visit_of(&self, at: Timestamp) -> Option<&Encounter> {
        let within = |e: &&Encounter, ahead: SignedDuration| {
            let began = e.entry.occurred_at.timestamp();
            let ended = e.ended.as_ref().map(jiff::Zoned::timestamp);
            at >= began.saturating_sub(ahead).unwrap_or(began)
                && at <= ended.unwrap_or(e.is_over_by())
                && at < e.is_over_by()
        };
        let mut visits = self.encounters.iter().rev();
        let went_on = visits.clone().find(|e| within(e, SignedDuration::ZERO));
        went_on.or_else(|| visits.find(|e| within(e, GRACE)))
    }

    /// An appointment by the entry that booked it.
    pub fn appointment(&self, id: EntryId) -> Option<&Appointment> {
        self.appointments.iter().find(|a| a.id == id)
    }
}

/// Every entry of a kind with its payload, causes first.
fn collect<T>(past: &Past, pick: impl Fn(&Body) -> Option<T>) -> Vec<(Arc<Entry>, T)> {
    past.standing()
        .iter()
        .filter_map(|e| pick(&e.body).map(|p| (Arc::clone(e), p)))
        .collect()
}
