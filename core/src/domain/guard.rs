//! The rule of each event: may this entry follow what its author had seen? The same code runs on the device before an
//! entry is written and on the server at admission, there on the entry's own ancestors in this record and never on
//! anything newer. Times are claimed times; no clock is read. Flags of the patient's other records are the device's
//! alone.

mod breach;
mod closing;
mod connection;
mod safety;
mod sharing;
mod visit;

pub use breach::Breach;

use super::authority;
use super::code::Role;
use super::entry::{Body, Entry};
use super::fold::Record;
use super::id::EntryId;
use super::organisation::{Organisation, Person};
use jiff::SignedDuration;

/// What a rule may look at.
struct Case<'a> {
    entry: &'a Entry,
    /// The record as the author had seen it.
    past: &'a Record,
    sheet: &'a Organisation,
    person: &'a Person,
}

/// An entry is of what has happened; what is to come stands in its fields. Two clocks may differ by this much before it
/// is told, so that a time read off another clock is taken too.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// Checks an entry against the record as its author had seen it (`past`: its ancestors, folded).
pub fn check(entry: &Entry, past: &Record, sheet: &Organisation) -> Result<(), Breach> {
    // A worry is taken from everyone: no role, no sheet, no state stands before it.
    if matches!(entry.body, Body::SafetyRaised(_)) {
        return Ok(());
    }
    let ahead = entry
        .recorded_at
        .duration_until(entry.occurred_at.timestamp());
    ensure(ahead <= CLOCKS_DIFFER, Breach::InTheFuture)?;
    let on = entry.occurred_at.date();
    let site = match &entry.body {
        Body::RecordOpened(p) => Some(&p.site),
        Body::ScreensOpened(p) => Some(&p.site),
        Body::SudOpened(p) => Some(&p.site),
        Body::EncounterStarted(p) => Some(&p.site),
        _ => past.site.as_ref(),
    };
    let person = sheet.person(&entry.by).ok_or(Breach::Role)?;
    ensure(person.has_role(entry.role), Breach::Role)?;
    ensure(
        authority::allowed(entry.role, person, &entry.body, site, sheet, on),
        Breach::Role,
    )?;
    let opening = entry.body.opens().is_some();
    ensure(!opening || !past.is_opened(), Breach::AlreadyOpened)?;
    ensure(opening || past.is_opened(), Breach::NotOpened)?;
    let case = Case {
        entry,
        past,
        sheet,
        person,
    };
    case.accepts()?;
    case.event()?;
    case.refers()
}

impl Case<'_> {
    fn event(&self) -> Result<(), Breach> {
        match &self.entry.body {
            Body::PatientDescribed(p) => visit::described(p),
            Body::EncounterStarted(p) => self.started(&p.staff),
            Body::EncounterEnded(p) => self.ended(p.encounter),
            Body::LeaveReasonGiven(p) => self.left(p),
            Body::NeedIdentified(p) => self.identified(p),
            Body::OwnerOffered(p) => self.owner_offered(p),
            Body::OwnerAccepted(p) => self.owner_accepted(p),
            Body::OwnerReleased(_) => self.owner_released(),
            Body::Offered(p) => self.offered(p.encounter),
            Body::DecisionRecorded(p) => self.decided(p),
            Body::ScriptSaid(p) => text(&p.script),
            Body::MaterialGiven(p) => text(&p.what),
            Body::Noted(p) => text(&p.text),
            Body::BarrierRecorded(p) => self.barrier(p.barrier),
            Body::ContactAttempted(p) => self.contacted(p),
            Body::NextStepSet(p) => self.step_set(p),
            Body::NextStepFulfilled(p) => self.step(p.step),
            Body::NextStepCancelled(p) => self.step(p.step),
            Body::AppointmentBooked(p) => self.booked(p),
            Body::AppointmentChanged(p) => self.moved(p),
            Body::AppointmentCancelled(p) => self.standing(p.appointment),
            Body::PatientArrived(p) => self.arrived(p.appointment),
            Body::OutcomeRecorded(p) => self.outcome(p),
            Body::PartnerAccepted(p) => self.answered(&p.partner, p.sent, p.relayed_by.as_ref()),
            Body::PartnerDeclined(p) => self.declined(p),
            Body::SharingPlanConfirmed(p) => self.plan(p),
            Body::ConsentRecorded(p) => sharing::consent(p),
            Body::ConsentRevoked(p) => self.revoked(p.consent),
            Body::ElectronicQueued(p) => self.queued(p),
            Body::ElectronicSent(p) => self.sent(p),
            Body::ElectronicFailed(p) => self.failed(p),
            Body::ScreenAnswered(p) => safety::answers(p),
            Body::ScreenAmended(p) => self.amended(p),
            Body::ScreenSigned(p) => self.signed(p.version),
            Body::SafetyHanded(p) => {
                text(&p.to)?;
                self.flags(&p.flags)
            }
            Body::SafetyAssessing(p) => self.flags(&p.flags),
            Body::SafetyResolved(p) => {
                text(&p.note)?;
                self.flags(&p.flags)
            }
            Body::FlagsLinked(p) => self.linked(&p.flags),
            Body::ReviewSettled(p) => self.settled(p),
            Body::LoopClosed(p) => self.closed(p),
            Body::TaskDone(p) => self.ticked(p.task),
            Body::PatientsLinked(p) => self.patients(&p.patients),
            Body::PatientsUnlinked(p) => self.patients(&p.patients),
            Body::PartnerTold(p) => closing::told(p),
            Body::EnteredInError(p) => self.voided(p),
            _ => Ok(()),
        }
    }

    /// What it names is in what its author had seen.
    fn refers(&self) -> Result<(), Breach> {
        let mut known = true;
        self.entry
            .body
            .points_at(&mut |id| known &= self.past.past.get(id).is_some());
        ensure(known, Breach::Dangling)
    }

    /// Accepting names a proposal of the same kind that nobody has answered.
    fn accepts(&self) -> Result<(), Breach> {
        let Some(id) = self.entry.body.accepts() else {
            return Ok(());
        };
        let fits = self.past.proposals.iter().any(|p| {
            p.entry.id == id
                && p.answered.is_none()
                && p.entry.body.kind() == self.entry.body.kind()
        });
        ensure(
            fits && !self.entry.body.is_proposed(),
            Breach::NoSuchProposal,
        )
    }

    fn handoff(&self) -> Result<(), Breach> {
        ensure(self.past.need.is_some(), Breach::NotIdentified)
    }

    fn at(&self) -> jiff::Timestamp {
        self.entry.occurred_at.timestamp()
    }

    fn is(&self, role: Role) -> bool {
        self.entry.role == role
    }

    fn stands(&self, id: EntryId) -> bool {
        self.past.past.stands(id)
    }
}

fn ensure(holds: bool, breach: Breach) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(breach) }
}

fn text(said: &str) -> Result<(), Breach> {
    ensure(!said.trim().is_empty(), Breach::TextMissing)
}
