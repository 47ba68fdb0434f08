//! Rules of the connection: contact, next steps, appointments with what came of them, and what practices answer.

use super::{Breach, Case, ensure};
use crate::domain::code::{
    AppointmentStatus, BookedBy, ContactBasis, ContactWith, DecisionState, OutcomeValue, Role,
};
use crate::domain::id::{EntryId, PartnerId, UserId};
use crate::domain::payload::{
    AppointmentBooked, AppointmentChanged, ContactAttempted, NextStepSet, OutcomeRecorded,
    PartnerDeclined,
};
use crate::domain::time;
use jiff::tz::TimeZone;

impl Case<'_> {
    pub(super) fn agreed(&self) -> Result<(), Breach> {
        match self.past.decision {
            DecisionState::Agreed => Ok(()),
            DecisionState::Disputed => Err(Breach::Disputed),
            _ => Err(Breach::NotAgreed),
        }
    }

    pub(super) fn contacted(&self, said: &ContactAttempted) -> Result<(), Breach> {
        let backwards = said
            .ended_at
            .as_ref()
            .is_some_and(|end| end.timestamp() < self.at());
        ensure(!backwards, Breach::EndsBeforeStart)?;
        if said.with != ContactWith::Partner {
            return Ok(());
        }
        ensure(said.partner.is_some(), Breach::PartnerMissing)?;
        match said.basis {
            ContactBasis::Agreed => self.agreed(),
            ContactBasis::PatientCalls => Ok(()),
            ContactBasis::Emergency => {
                let said = said.reason.as_ref().is_some_and(|r| !r.trim().is_empty());
                ensure(said, Breach::EmergencyUnsaid)
            }
        }
    }

    pub(super) fn step_set(&self, said: &NextStepSet) -> Result<(), Breach> {
        self.handoff()?;
        let complete =
            !said.contact_name.trim().is_empty() && !said.contact_value.trim().is_empty();
        ensure(complete, Breach::StepIncomplete)?;
        said.replaces.map_or(Ok(()), |id| self.step(id))
    }

    pub(super) fn step(&self, id: EntryId) -> Result<(), Breach> {
        ensure(
            self.past.steps.iter().any(|s| s.entry.id == id),
            Breach::NoSuchStep,
        )
    }

    pub(super) fn booked(&self, said: &AppointmentBooked) -> Result<(), Breach> {
        self.handoff()?;
        time::start(said.start_local, &said.zone, said.second_hour)
            .map_err(|_| Breach::NoSuchTime)?;
        if said.proposed {
            return Ok(());
        }
        if said.booked_by == BookedBy::Staff {
            self.agreed()?;
        }
        let named = |id: EntryId| {
            said.replaces.contains(&id) || said.also.contains(&id) || said.rebooks == Some(id)
        };
        let unnamed = self
            .past
            .appointments
            .iter()
            .any(|a| a.is_live() && !named(a.id));
        ensure(!unnamed, Breach::LiveAppointment)?;
        for replaced in &said.replaces {
            self.to_come(*replaced)?;
        }
        said.rebooks
            .map_or(Ok(()), |id| self.rebooked(id, &said.partner))?;
        let mut all = said.replaces.iter().chain(&said.also).chain(&said.rebooks);
        ensure(
            all.all(|id| self.past.appointment(*id).is_some()),
            Breach::NoSuchAppointment,
        )
    }

    pub(super) fn moved(&self, said: &AppointmentChanged) -> Result<(), Breach> {
        time::start(said.start_local, &said.zone, said.second_hour)
            .map_err(|_| Breach::NoSuchTime)?;
        self.standing(said.appointment)?;
        self.to_come(said.appointment)
    }

    /// What was missed or called off is booked again at the same practice: one series is one entry of its calendar.
    fn rebooked(&self, id: EntryId, partner: &PartnerId) -> Result<(), Breach> {
        let before = self.past.appointment(id).ok_or(Breach::NoSuchAppointment)?;
        let ended = matches!(
            before.status,
            AppointmentStatus::NoShow
                | AppointmentStatus::Cancelled
                | AppointmentStatus::OutcomeDisputed
        );
        ensure(ended && before.partner() == partner, Breach::NotToRebook)
    }

    /// A visit that was kept or missed stays where it was: what is made instead is booked anew.
    pub(super) fn to_come(&self, id: EntryId) -> Result<(), Breach> {
        let is_over = self.past.appointment(id).is_some_and(|a| {
            matches!(
                a.status,
                AppointmentStatus::Attended | AppointmentStatus::NoShow
            )
        });
        ensure(!is_over, Breach::AppointmentOver)
    }

    pub(super) fn standing(&self, id: EntryId) -> Result<(), Breach> {
        let appointment = self.past.appointment(id).ok_or(Breach::NoSuchAppointment)?;
        let over = matches!(
            appointment.status,
            AppointmentStatus::Cancelled | AppointmentStatus::Superseded
        );
        ensure(!over, Breach::AppointmentOver)
    }

    /// She comes on the day, there; before its hour as well.
    pub(super) fn arrived(&self, id: EntryId) -> Result<(), Breach> {
        self.standing(id)?;
        let slot = &self
            .past
            .appointment(id)
            .ok_or(Breach::NoSuchAppointment)?
            .slot;
        let zone = TimeZone::get(&slot.zone).unwrap_or(TimeZone::UTC);
        let there = time::date_in(self.at(), &zone);
        ensure(there >= slot.local.date(), Breach::TooEarly)
    }

    pub(super) fn outcome(&self, said: &OutcomeRecorded) -> Result<(), Breach> {
        let appointment = self
            .past
            .appointment(said.appointment)
            .ok_or(Breach::NoSuchAppointment)?;
        // That it is called off may be told before; that she came, or stayed away, is known at its time.
        let early = self.at() < appointment.slot.start;
        let told_before = matches!(
            said.value,
            OutcomeValue::CancelledPatient
                | OutcomeValue::CancelledPartner
                | OutcomeValue::Rescheduled
        );
        ensure(!early || told_before, Breach::TooEarly)
    }

    /// A practice answers what was sent to it; what it said by phone is relayed by the person who heard it.
    pub(super) fn answered(
        &self,
        partner: &PartnerId,
        sent: Option<EntryId>,
        relayed_by: Option<&UserId>,
    ) -> Result<(), Breach> {
        self.handoff()?;
        let here = self
            .past
            .sent
            .iter()
            .any(|s| s.said.partner == *partner && sent.is_none_or(|id| s.entry.id == id));
        let relayed = relayed_by == Some(&self.entry.by) && !self.is(Role::Partner);
        ensure(here || relayed && sent.is_none(), Breach::NothingSent)
    }

    pub(super) fn declined(&self, said: &PartnerDeclined) -> Result<(), Breach> {
        self.answered(&said.partner, said.sent, said.relayed_by.as_ref())?;
        said.appointment.map_or(Ok(()), |id| {
            let own = self
                .past
                .appointment(id)
                .is_some_and(|a| *a.partner() == said.partner);
            ensure(own, Breach::NoSuchAppointment)?;
            self.standing(id)
        })
    }
}
