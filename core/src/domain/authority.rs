//! Who may say what: the role matrix. Knows nothing of the state of a record (`guard`).

use super::code::Role;
use super::entry::Body;
use super::id::SiteId;
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
    let assistant = role == Role::Assistant;
    let designated = assistant && is_designated(person, site, sheet, on);
    let clinical = matches!(role, Role::Nurse | Role::Coordinator | Role::Provider) || designated;
    let care_staff = clinical || role == Role::Doula;
    let any_staff = !matches!(role, Role::Administrator | Role::Partner);
    let partner = role == Role::Partner;
    match body {
        Body::SafetyRaised(_) | Body::Unknown(_) => true,
        Body::RecordOpened(_)
        | Body::PatientDescribed(_)
        | Body::OwnerOffered(_)
        | Body::OwnerAccepted(_)
        | Body::OwnerReleased(_)
        | Body::Noted(_)
        | Body::SafetyHanded(_) => any_staff,
        Body::EncounterStarted(_) | Body::EncounterEnded(_) => care_staff || assistant,
        Body::ScreensOpened(_) | Body::ScreenRecorded(_) | Body::ScreenAnswered(_) => clinical,
        Body::NeedIdentified(_)
        | Body::LeaveReasonGiven(_)
        | Body::Offered(_)
        | Body::DecisionRecorded(_)
        | Body::MaterialGiven(_)
        | Body::NextStepSet(_)
        | Body::NextStepFulfilled(_)
        | Body::NextStepCancelled(_) => care_staff,
        Body::ContactAttempted(_)
        | Body::AppointmentBooked(_)
        | Body::AppointmentChanged(_)
        | Body::AppointmentCancelled(_) => care_staff || partner,
        Body::OutcomeRecorded(_) => clinical || partner,
        Body::ReviewSettled(_) | Body::TaskDone(_) => care_staff || role == Role::Supervisor,
        Body::SafetyAssessing(_) | Body::SafetyResolved(_) => {
            person.licensed_clinician && any_staff
        }
        Body::LoopClosed(_) => clinical || role == Role::Supervisor,
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
