//! Who may say what: the role matrix, with what the organisation's sheet widens. Knows nothing of the state of a record
//! (`guard`).

use super::code::Role;
use super::entry::Body;
use super::id::{PartnerId, SiteId};
use super::organisation::{Organisation, Person};
use jiff::civil::Date;

/// Is this person designated at the site on that day, as primary or backup? A designated assistant has the
/// coordinator's rights there.
pub fn is_designated(
    person: &Person,
    site: Option<&SiteId>,
    sheet: &Organisation,
    on: Date,
) -> bool {
    site.and_then(|site| sheet.shift(site, on))
        .is_some_and(|shift| {
            shift.primary == person.id || shift.backup.as_ref() == Some(&person.id)
        })
}

/// In which capacity somebody acts: her role, as the day's roster and the sheet widen it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "one answer for each circle of people that a row of the matrix names"
)]
struct Standing {
    role: Role,
    /// Nurse, coordinator, provider, designated assistant.
    clinical: bool,
    care_staff: bool,
    any_staff: bool,
    /// Coordinator, or an assistant designated as one.
    coordinator: bool,
}

impl Standing {
    fn of(
        role: Role,
        person: &Person,
        site: Option<&SiteId>,
        sheet: &Organisation,
        on: Date,
    ) -> Self {
        let designated = role == Role::Assistant && is_designated(person, site, sheet, on);
        let coordinator = role == Role::Coordinator || designated;
        let clinical = coordinator || matches!(role, Role::Nurse | Role::Provider);
        Self {
            role,
            clinical,
            care_staff: clinical || role == Role::Doula,
            any_staff: !matches!(role, Role::Administrator | Role::Partner),
            coordinator,
        }
    }

    /// May she propose this for another to accept?
    fn proposes(&self, body: &Body) -> bool {
        match body {
            Body::PatientDescribed(_) | Body::ContactRuleSet(_) => self.role == Role::Doula,
            Body::AppointmentBooked(_) | Body::PartnerTold(_) => {
                self.care_staff || self.role == Role::Partner
            }
            Body::LoopClosed(_) => matches!(self.role, Role::Doula | Role::Partner),
            Body::PatientsLinked(_) => self.coordinator,
            _ => false,
        }
    }
}

/// May this person, in this role, make an entry of this kind? What an unknown kind needs is unknown: a newer version
/// has checked it, and it has no effect here.
pub fn allowed(
    role: Role,
    person: &Person,
    body: &Body,
    site: Option<&SiteId>,
    sheet: &Organisation,
    on: Date,
) -> bool {
    let who = Standing::of(role, person, site, sheet, on);
    if role == Role::Partner && !own_practice(person, body) {
        return false;
    }
    if body.is_proposed() {
        return who.proposes(body) || states(&who, person, body, sheet);
    }
    states(&who, person, body, sheet)
}

fn states(who: &Standing, person: &Person, body: &Body, sheet: &Organisation) -> bool {
    let role = who.role;
    let partner = role == Role::Partner;
    let supervisor = role == Role::Supervisor;
    let doula = role == Role::Doula;
    let screens = who.clinical
        || doula && sheet.settings.doula_may_screen
        || role == Role::Assistant && sheet.settings.assistant_may_screen;
    let consents = who.clinical || doula && sheet.settings.doula_may_consent;
    let clinician = person.licensed_clinician
        && matches!(
            role,
            Role::Nurse | Role::Coordinator | Role::Provider | Role::Supervisor
        );
    match body {
        Body::SafetyRaised(_) | Body::PartnerOpened(_) | Body::Unknown(_) => true,
        Body::RecordOpened(_)
        | Body::OwnerOffered(_)
        | Body::OwnerAccepted(_)
        | Body::OwnerReleased(_)
        | Body::Noted(_)
        | Body::SafetyPanelDismissed(_)
        | Body::SafetyCallTapped(_)
        | Body::EnteredInError(_) => who.any_staff,
        Body::SafetyHanded(_) => who.any_staff || partner,
        // A doula proposes what changes how a patient is known or reached; a supervisor reads it.
        Body::PatientDescribed(_) => who.clinical || role == Role::Assistant,
        Body::EncounterStarted(_) | Body::EncounterEnded(_) => {
            who.care_staff || role == Role::Assistant
        }
        Body::ScreensOpened(_)
        | Body::SudOpened(_)
        | Body::ScreenRecorded(_)
        | Body::ScreenAmended(_)
        | Body::ScreenAnswered(_) => screens,
        Body::NeedIdentified(_)
        | Body::LeaveReasonGiven(_)
        | Body::Offered(_)
        | Body::ScriptSaid(_)
        | Body::DecisionRecorded(_)
        | Body::MaterialGiven(_)
        | Body::ReadBack(_)
        | Body::BarrierRecorded(_)
        | Body::NextStepSet(_)
        | Body::NextStepFulfilled(_)
        | Body::NextStepCancelled(_) => who.care_staff,
        Body::SharingPlanConfirmed(_) | Body::ConsentRecorded(_) | Body::ConsentRevoked(_) => {
            consents
        }
        Body::ContactRuleSet(_)
        | Body::ElectronicQueued(_)
        | Body::ElectronicSent(_)
        | Body::ElectronicFailed(_) => who.clinical,
        Body::ContactAttempted(_)
        | Body::AppointmentBooked(_)
        | Body::AppointmentChanged(_)
        | Body::AppointmentCancelled(_)
        | Body::PartnerAccepted(_)
        | Body::PartnerDeclined(_) => who.care_staff || partner,
        Body::PatientArrived(_) | Body::OutcomeRecorded(_) => who.clinical || partner,
        Body::ReviewSettled(_) | Body::TaskDone(_) => who.care_staff || supervisor,
        Body::SafetyAssessing(_)
        | Body::SafetyResolved(_)
        | Body::FlagsLinked(_)
        | Body::ScreenSigned(_) => clinician,
        Body::LoopClosed(_) => who.clinical || supervisor,
        Body::PatientsLinked(_) | Body::PatientsUnlinked(_) => supervisor,
        // A new contact changes the directory; whether there is room today does not.
        Body::PartnerTold(p) if p.contact.is_some() => {
            who.coordinator || supervisor || role == Role::Administrator
        }
        Body::PartnerTold(_) => {
            who.care_staff || partner || supervisor || role == Role::Administrator
        }
    }
}

/// A practice speaks of itself alone.
fn own_practice(person: &Person, body: &Body) -> bool {
    let own = |named: &PartnerId| person.partner.as_ref() == Some(named);
    match body {
        Body::ContactAttempted(p) => p.partner.as_ref().is_some_and(own),
        Body::AppointmentBooked(p) => own(&p.partner),
        Body::PartnerAccepted(p) => own(&p.partner),
        Body::PartnerDeclined(p) => own(&p.partner),
        Body::PartnerOpened(p) => own(&p.partner),
        _ => true,
    }
}

/// The role in which this person makes such an entry: the first of hers, at the site before elsewhere, that allows it.
pub fn acting_role(
    person: &Person,
    body: &Body,
    site: Option<&SiteId>,
    sheet: &Organisation,
    on: Date,
) -> Option<Role> {
    let at_site = |here: bool| {
        person
            .roles
            .iter()
            .filter(move |r| site.is_none_or(|s| r.sites.is_empty() || r.sites.contains(s)) == here)
            .map(|r| r.role)
    };
    at_site(true)
        .chain(at_site(false))
        .find(|role| allowed(*role, person, body, site, sheet, on))
}
