//! Which entries of its own record an entry points at. Flags of a patient's other records and derived ids are not among
//! them.

use super::Body;
use crate::domain::id::EntryId;

impl Body {
    /// Calls `each` with every entry of the record that this one rests on or says more about.
    pub fn points_at(&self, each: &mut dyn FnMut(EntryId)) {
        let mut all = |ids: &[EntryId]| ids.iter().copied().for_each(&mut *each);
        match self {
            Self::EncounterEnded(p) => all(&[p.encounter]),
            Self::LeaveReasonGiven(p) => all(&[p.encounter]),
            Self::ScreenRecorded(p) => all(p.encounter.as_slice()),
            Self::ScreenAmended(p) => all(&[p.screen]),
            Self::ScreenSigned(p) => all(&[p.version]),
            Self::NeedIdentified(p) => {
                all(p.screen.as_slice());
                all(p.encounter.as_slice());
            }
            Self::OwnerAccepted(p) => all(p.offer.as_slice()),
            Self::Offered(p) => all(p.encounter.as_slice()),
            Self::ScriptSaid(p) => all(p.encounter.as_slice()),
            Self::MaterialGiven(p) => all(p.encounter.as_slice()),
            Self::ReadBack(p) => all(p.encounter.as_slice()),
            Self::SharingPlanConfirmed(p) => all(p.encounter.as_slice()),
            Self::SafetyRaised(p) => all(p.encounter.as_slice()),
            Self::ContactAttempted(p) => all(p.encounter.as_slice()),
            Self::DecisionRecorded(p) => {
                all(p.offer.as_slice());
                all(p.encounter.as_slice());
            }
            Self::BarrierRecorded(p) => {
                all(p.barrier.as_slice());
                all(p.encounter.as_slice());
            }
            Self::NextStepSet(p) => {
                all(p.encounter.as_slice());
                all(p.replaces.as_slice());
            }
            Self::NextStepFulfilled(p) => all(&[p.step]),
            Self::NextStepCancelled(p) => all(&[p.step]),
            Self::AppointmentBooked(p) => {
                all(&p.replaces);
                all(&p.also);
                all(p.rebooks.as_slice());
                all(p.encounter.as_slice());
            }
            Self::AppointmentChanged(p) => all(&[p.appointment]),
            Self::AppointmentCancelled(p) => all(&[p.appointment]),
            Self::PatientArrived(p) => all(&[p.appointment]),
            Self::OutcomeRecorded(p) => all(&[p.appointment]),
            Self::ConsentRecorded(p) => all(p.replaces.as_slice()),
            Self::ConsentRevoked(p) => all(&[p.consent]),
            Self::ElectronicQueued(p) => {
                all(&[p.plan]);
                all(p.encounter.as_slice());
            }
            Self::ElectronicSent(p) => {
                all(&[p.plan]);
                all(p.queued.as_slice());
                all(p.encounter.as_slice());
            }
            Self::ElectronicFailed(p) => all(&[p.queued]),
            Self::PartnerAccepted(p) => all(p.sent.as_slice()),
            Self::PartnerDeclined(p) => {
                all(p.sent.as_slice());
                all(p.appointment.as_slice());
            }
            Self::ReviewSettled(p) => all(p.keep.as_slice()),
            Self::EnteredInError(p) => all(&[p.entry]),
            _ => {}
        }
        if let Some(id) = self.accepts() {
            each(id);
        }
    }
}
