//! Rules of the visit: its two ends, who looks after the handoff, the offer and the answer.

use super::{Breach, Case, ensure};
use crate::domain::authority;
use crate::domain::code::{DecisionValue, LeaveCheck};
use crate::domain::fold::Encounter;
use crate::domain::id::{EntryId, UserId};
use crate::domain::payload::{
    Answer, DecisionRecorded, LeaveReasonGiven, NeedIdentified, OwnerAccepted, OwnerOffered,
    PatientDescribed,
};
use jiff::SignedDuration;

pub(super) fn described(said: &PatientDescribed) -> Result<(), Breach> {
    ensure(said.says_something(), Breach::NothingSaid)?;
    if matches!(&said.race_ethnicity, Some(Answer::Said(codes)) if codes.is_empty()) {
        return Err(Breach::NothingSaid);
    }
    let mut numbers = said.numbers_elsewhere();
    numbers.try_for_each(|id| {
        super::text(&id.system)?;
        super::text(&id.value)
    })
}

impl Case<'_> {
    fn encounter(&self, id: EntryId) -> Result<&Encounter, Breach> {
        let found = self.past.encounters.iter().find(|e| e.id == id);
        found.ok_or(Breach::NoSuchEncounter)
    }

    pub(super) fn started(&self, staff: &[UserId]) -> Result<(), Breach> {
        let known = staff.iter().all(|user| self.sheet.person(user).is_some());
        ensure(known, Breach::NoSuchPerson)
    }

    pub(super) fn ended(&self, encounter: EntryId) -> Result<(), Breach> {
        let began = self.encounter(encounter)?.entry.occurred_at.timestamp();
        // A clock that was ahead when it began, and has been set since, keeps nobody from ending it.
        let is_ahead = began > self.entry.recorded_at;
        ensure(is_ahead || self.at() >= began, Breach::EndsBeforeStart)
    }

    pub(super) fn left(&self, said: &LeaveReasonGiven) -> Result<(), Breach> {
        let encounter = self.encounter(said.encounter)?;
        ensure(encounter.ended.is_some(), Breach::NoSuchEncounter)?;
        ensure(
            encounter.leave_check == LeaveCheck::Fail,
            Breach::LeftWithPlan,
        )?;
        super::text(&said.reason)
    }

    pub(super) fn identified(&self, said: &NeedIdentified) -> Result<(), Breach> {
        ensure(self.past.need.is_none(), Breach::AlreadyIdentified)?;
        let known = said
            .owner
            .as_ref()
            .is_none_or(|owner| self.sheet.person(owner).is_some());
        ensure(known, Breach::NoSuchPerson)
    }

    /// Staff on site alone hand a handoff to one another.
    fn on_site(&self) -> Result<(), Breach> {
        let here = self.past.sites().any(|site| self.person.works_at(site));
        ensure(here, Breach::OffSite)
    }

    pub(super) fn owner_offered(&self, said: &OwnerOffered) -> Result<(), Breach> {
        self.handoff()?;
        self.on_site()?;
        ensure(self.sheet.person(&said.to).is_some(), Breach::NoSuchPerson)
    }

    /// The receiver takes it, or the backup once the time is up; without an offer anybody on site may.
    pub(super) fn owner_accepted(&self, said: &OwnerAccepted) -> Result<(), Breach> {
        self.handoff()?;
        self.on_site()?;
        let Some(id) = said.offer else {
            return Ok(());
        };
        let offers = &self.past.owner_offers;
        let offer = offers
            .iter()
            .find(|o| o.entry.id == id)
            .ok_or(Breach::Dangling)?;
        if offer.to == self.entry.by {
            return Ok(());
        }
        let minutes = i64::from(self.sheet.settings.owner_timeout_min);
        let waited = offer
            .entry
            .occurred_at
            .timestamp()
            .duration_until(self.at());
        let on = self.entry.occurred_at.date();
        let steps_in = self
            .past
            .sites()
            .any(|site| authority::is_designated(self.person, Some(site), self.sheet, on));
        ensure(
            steps_in && waited >= SignedDuration::from_mins(minutes),
            Breach::OfferedToAnother,
        )
    }

    pub(super) fn owner_released(&self) -> Result<(), Breach> {
        self.handoff()?;
        ensure(self.past.owners.contains(&self.entry.by), Breach::NotOwner)
    }

    pub(super) fn offered(&self, encounter: Option<EntryId>) -> Result<(), Breach> {
        self.handoff()?;
        let Some(encounter) = encounter else {
            // By phone, outside a visit; while one goes on what she said in it holds.
            let open = self.past.visit_at(self.at());
            return open.map_or(Ok(()), |visit| self.not_declined(visit.id));
        };
        let encounter = self.encounter(encounter)?;
        let over = encounter
            .ended
            .as_ref()
            .is_some_and(|end| self.at() > end.timestamp());
        ensure(!over, Breach::EncounterOver)?;
        self.not_declined(encounter.id)
    }

    /// No second prompt after she declined in this visit; her own word (`patient_initiated`) opens it again.
    fn not_declined(&self, encounter: EntryId) -> Result<(), Breach> {
        let last = self
            .past
            .decisions
            .iter()
            .filter(|d| d.encounter == Some(encounter))
            .max_by_key(|d| (d.entry.occurred_at.timestamp(), d.entry.id));
        let declined = last
            .is_some_and(|d| d.said.value != DecisionValue::Agreed && !d.said.patient_initiated);
        ensure(!declined, Breach::AskedAgain)
    }

    pub(super) fn decided(&self, said: &DecisionRecorded) -> Result<(), Breach> {
        self.handoff()?;
        let offers = &self.past.offers;
        ensure(
            said.patient_initiated || !offers.is_empty(),
            Breach::NotOffered,
        )?;
        ensure(
            said.offer
                .is_none_or(|id| offers.iter().any(|o| o.id == id)),
            Breach::NotOffered,
        )?;
        let declines = matches!(
            said.value,
            DecisionValue::Hesitant | DecisionValue::NotToday
        );
        ensure(!declines || !said.reasons.is_empty(), Breach::ReasonMissing)?;
        ensure(!declines || said.revisit.is_some(), Breach::RevisitMissing)
    }

    pub(super) fn barrier(&self, named: Option<EntryId>) -> Result<(), Breach> {
        let known = named.is_none_or(|id| self.past.barriers.iter().any(|b| b.id == id));
        ensure(known, Breach::NoSuchBarrier)
    }
}
