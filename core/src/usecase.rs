//! What a person can do, one line an arm. A command is data: it can be logged, replayed, generated and written in a
//! story. Each use case turns its command into entries; rules are checked and entries are written by `app`.
//!
//! JSON form: one key that names the command, with its fields: `{"EndEncounter":{"record":"…","encounter":"…"}}`.
//! Ids are UUID text. `at` is when it happened (RFC 9557, `2026-03-03T14:22-05:00[America/New_York]`); left out, it is
//! now in the zone of the record's site.

mod answer;
mod appointment;
mod care;
mod contact;
mod correction;
mod decision;
mod desk;
mod encounter;
mod entry;
mod loops;
mod need;
mod note;
mod record;
mod rehearsal;
mod review;
mod safety;
mod screen;
mod sharing;
mod step;

pub use answer::{RecordPartnerAccepted, RecordPartnerDeclined, TellPartner};
pub use appointment::{
    BookAppointment, CancelAppointment, ChangeAppointment, RecordArrival, RecordOutcome,
};
pub use care::{ReadBackToHer, RecordBarrier, SayScript, SetContactRule};
pub use contact::RecordContact;
pub use correction::{LinkPatients, UnlinkPatients, VoidEntry};
pub use decision::{GiveMaterial, OfferHandoff, RecordDecision};
pub use desk::{Desk, Draft, Plan, Target};
pub use encounter::{EndEncounter, GiveLeaveReason, StartEncounter};
pub use loops::CloseLoop;
pub use need::{AcceptOwnership, IdentifyNeed, OfferOwnership, ReleaseOwnership};
pub use note::AddNote;
pub use record::{DescribePatient, OpenRecord};
pub use rehearsal::{Counting, rehearse, rehearse_to};
pub use review::SettleReview;
pub use safety::{
    AssessSafety, DismissSafetyPanel, HandSafety, LinkFlags, RaiseSafety, ResolveSafety,
    TapSafetyCall,
};
pub use screen::{AmendScreen, RecordScreen, SignScreen};
pub use sharing::{
    ConfirmSharingPlan, FailElectronic, QueueElectronic, RecordConsent, RevokeConsent,
    SendElectronic,
};
pub use step::{CancelNextStep, CompleteTask, FulfilNextStep, SetNextStep};

use crate::domain::id::{DocumentId, EntryId, PatientId, UserId};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// Everything that a person can do on a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Command {
    /// Signs a person in: she must be among the device's people.
    SignIn {
        /// Who.
        user: UserId,
    },
    /// Hands a shared device to the next person; unsent work of the other goes out all the same.
    SwitchUser {
        /// Who.
        user: UserId,
    },
    /// See [`OpenRecord`].
    OpenRecord(OpenRecord),
    /// See [`DescribePatient`].
    DescribePatient(DescribePatient),
    /// See [`RecordScreen`].
    RecordScreen(RecordScreen),
    /// See [`IdentifyNeed`].
    IdentifyNeed(IdentifyNeed),
    /// See [`OfferOwnership`].
    OfferOwnership(OfferOwnership),
    /// See [`AcceptOwnership`].
    AcceptOwnership(AcceptOwnership),
    /// See [`ReleaseOwnership`].
    ReleaseOwnership(ReleaseOwnership),
    /// See [`StartEncounter`].
    StartEncounter(StartEncounter),
    /// See [`EndEncounter`].
    EndEncounter(EndEncounter),
    /// See [`GiveLeaveReason`].
    GiveLeaveReason(GiveLeaveReason),
    /// See [`OfferHandoff`].
    OfferHandoff(OfferHandoff),
    /// See [`RecordDecision`].
    RecordDecision(RecordDecision),
    /// See [`GiveMaterial`].
    GiveMaterial(GiveMaterial),
    /// See [`RecordContact`].
    RecordContact(RecordContact),
    /// See [`SetNextStep`].
    SetNextStep(SetNextStep),
    /// See [`FulfilNextStep`].
    FulfilNextStep(FulfilNextStep),
    /// See [`CancelNextStep`].
    CancelNextStep(CancelNextStep),
    /// See [`CompleteTask`].
    CompleteTask(CompleteTask),
    /// See [`BookAppointment`].
    BookAppointment(BookAppointment),
    /// See [`ChangeAppointment`].
    ChangeAppointment(ChangeAppointment),
    /// See [`CancelAppointment`].
    CancelAppointment(CancelAppointment),
    /// See [`RecordArrival`].
    RecordArrival(RecordArrival),
    /// See [`RecordOutcome`].
    RecordOutcome(RecordOutcome),
    /// See [`AddNote`].
    AddNote(AddNote),
    /// See [`SettleReview`].
    SettleReview(SettleReview),
    /// See [`RaiseSafety`].
    RaiseSafety(RaiseSafety),
    /// See [`HandSafety`].
    HandSafety(HandSafety),
    /// See [`AssessSafety`].
    AssessSafety(AssessSafety),
    /// See [`ResolveSafety`].
    ResolveSafety(ResolveSafety),
    /// See [`CloseLoop`].
    CloseLoop(CloseLoop),
    /// See [`SayScript`].
    SayScript(SayScript),
    /// See [`ReadBackToHer`].
    ReadBackToHer(ReadBackToHer),
    /// See [`RecordBarrier`].
    RecordBarrier(RecordBarrier),
    /// See [`SetContactRule`].
    SetContactRule(SetContactRule),
    /// See [`ConfirmSharingPlan`].
    ConfirmSharingPlan(ConfirmSharingPlan),
    /// See [`RecordConsent`].
    RecordConsent(RecordConsent),
    /// See [`RevokeConsent`].
    RevokeConsent(RevokeConsent),
    /// See [`QueueElectronic`].
    QueueElectronic(QueueElectronic),
    /// See [`SendElectronic`].
    SendElectronic(SendElectronic),
    /// See [`FailElectronic`].
    FailElectronic(FailElectronic),
    /// See [`RecordPartnerAccepted`].
    RecordPartnerAccepted(RecordPartnerAccepted),
    /// See [`RecordPartnerDeclined`].
    RecordPartnerDeclined(RecordPartnerDeclined),
    /// See [`AmendScreen`].
    AmendScreen(AmendScreen),
    /// See [`SignScreen`].
    SignScreen(SignScreen),
    /// See [`DismissSafetyPanel`].
    DismissSafetyPanel(DismissSafetyPanel),
    /// See [`TapSafetyCall`].
    TapSafetyCall(TapSafetyCall),
    /// See [`LinkFlags`].
    LinkFlags(LinkFlags),
    /// See [`VoidEntry`].
    VoidEntry(VoidEntry),
    /// See [`LinkPatients`].
    LinkPatients(LinkPatients),
    /// See [`UnlinkPatients`].
    UnlinkPatients(UnlinkPatients),
    /// See [`TellPartner`].
    TellPartner(TellPartner),
}

/// What a command made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The patient that it is about.
    pub patient: Option<PatientId>,
    /// The record that it was written in.
    pub record: Option<DocumentId>,
    /// The entry that names what was made (an encounter, an offer, an appointment, a flag).
    pub made: Option<EntryId>,
}

impl Command {
    /// The record that the command is about; none for signing in and for opening one.
    pub fn record(&self) -> Option<DocumentId> {
        match self {
            Self::SignIn { .. }
            | Self::SwitchUser { .. }
            | Self::OpenRecord(_)
            | Self::TellPartner(_) => None,
            Self::DescribePatient(c) => Some(c.record),
            Self::RecordScreen(c) => Some(c.record),
            Self::IdentifyNeed(c) => Some(c.record),
            Self::OfferOwnership(c) => Some(c.record),
            Self::AcceptOwnership(c) => Some(c.record),
            Self::ReleaseOwnership(c) => Some(c.record),
            Self::StartEncounter(c) => Some(c.record),
            Self::EndEncounter(c) => Some(c.record),
            Self::GiveLeaveReason(c) => Some(c.record),
            Self::OfferHandoff(c) => Some(c.record),
            Self::RecordDecision(c) => Some(c.record),
            Self::GiveMaterial(c) => Some(c.record),
            Self::RecordContact(c) => Some(c.record),
            Self::SetNextStep(c) => Some(c.record),
            Self::FulfilNextStep(c) => Some(c.record),
            Self::CancelNextStep(c) => Some(c.record),
            Self::CompleteTask(c) => Some(c.record),
            Self::BookAppointment(c) => Some(c.record),
            Self::ChangeAppointment(c) => Some(c.record),
            Self::CancelAppointment(c) => Some(c.record),
            Self::RecordArrival(c) => Some(c.record),
            Self::RecordOutcome(c) => Some(c.record),
            Self::AddNote(c) => Some(c.record),
            Self::SettleReview(c) => Some(c.record),
            Self::RaiseSafety(c) => Some(c.record),
            Self::HandSafety(c) => Some(c.record),
            Self::AssessSafety(c) => Some(c.record),
            Self::ResolveSafety(c) => Some(c.record),
            Self::CloseLoop(c) => Some(c.record),
            Self::SayScript(c) => Some(c.record),
            Self::ReadBackToHer(c) => Some(c.record),
            Self::RecordBarrier(c) => Some(c.record),
            Self::SetContactRule(c) => Some(c.record),
            Self::ConfirmSharingPlan(c) => Some(c.record),
            Self::RecordConsent(c) => Some(c.record),
            Self::RevokeConsent(c) => Some(c.record),
            Self::QueueElectronic(c) => Some(c.record),
            Self::SendElectronic(c) => Some(c.record),
            Self::FailElectronic(c) => Some(c.record),
            Self::RecordPartnerAccepted(c) => Some(c.record),
            Self::RecordPartnerDeclined(c) => Some(c.record),
            Self::AmendScreen(c) => Some(c.record),
            Self::SignScreen(c) => Some(c.record),
            Self::DismissSafetyPanel(c) => Some(c.record),
            Self::TapSafetyCall(c) => Some(c.record),
            Self::LinkFlags(c) => Some(c.record),
            Self::VoidEntry(c) => Some(c.record),
            Self::LinkPatients(c) => Some(c.record),
            Self::UnlinkPatients(c) => Some(c.record),
        }
    }

    /// A patient whom the command names, beside the record that it is about.
    pub fn patient(&self) -> Option<PatientId> {
        match self {
            Self::OpenRecord(c) => c.patient,
            Self::LinkPatients(c) => Some(c.patient),
            Self::UnlinkPatients(c) => Some(c.patient),
            _ => None,
        }
    }

    /// Is it taken also beside a record that she does not see? Nothing about safety waits for a right.
    pub fn is_said_beside(&self) -> bool {
        matches!(
            self,
            Self::RaiseSafety(_) | Self::TapSafetyCall(_) | Self::DismissSafetyPanel(_)
        )
    }

    /// The entries that this command makes, before rules are checked.
    pub fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        match self {
            Self::SignIn { .. } | Self::SwitchUser { .. } => Ok(Plan::default()),
            Self::OpenRecord(c) => c.plan(desk),
            Self::DescribePatient(c) => c.plan(desk),
            Self::RecordScreen(c) => c.plan(desk),
            Self::IdentifyNeed(c) => c.plan(desk),
            Self::OfferOwnership(c) => c.plan(desk),
            Self::AcceptOwnership(c) => c.plan(desk),
            Self::ReleaseOwnership(c) => Ok(c.plan(desk)),
            Self::StartEncounter(c) => c.plan(desk),
            Self::EndEncounter(c) => c.plan(desk),
            Self::GiveLeaveReason(c) => c.plan(desk),
            Self::OfferHandoff(c) => c.plan(desk),
            Self::RecordDecision(c) => c.plan(desk),
            Self::GiveMaterial(c) => c.plan(desk),
            Self::RecordContact(c) => c.plan(desk),
            Self::SetNextStep(c) => c.plan(desk),
            Self::FulfilNextStep(c) => Ok(c.plan(desk)),
            Self::CancelNextStep(c) => Ok(c.plan(desk)),
            Self::CompleteTask(c) => c.plan(desk),
            Self::BookAppointment(c) => c.plan(desk),
            Self::ChangeAppointment(c) => c.plan(desk),
            Self::CancelAppointment(c) => Ok(c.plan(desk)),
            Self::RecordArrival(c) => Ok(c.plan(desk)),
            Self::RecordOutcome(c) => Ok(c.plan(desk)),
            Self::AddNote(c) => Ok(c.plan(desk)),
            Self::SettleReview(c) => c.plan(desk),
            Self::RaiseSafety(c) => c.plan(desk),
            Self::HandSafety(c) => c.plan(desk),
            Self::AssessSafety(c) => c.plan(desk),
            Self::ResolveSafety(c) => c.plan(desk),
            Self::CloseLoop(c) => c.plan(desk),
            Self::SayScript(c) => c.plan(desk),
            Self::ReadBackToHer(c) => c.plan(desk),
            Self::RecordBarrier(c) => c.plan(desk),
            Self::SetContactRule(c) => c.plan(desk),
            Self::ConfirmSharingPlan(c) => c.plan(desk),
            Self::RecordConsent(c) => c.plan(desk),
            Self::RevokeConsent(c) => c.plan(desk),
            Self::QueueElectronic(c) => c.plan(desk),
            Self::SendElectronic(c) => c.plan(desk),
            Self::FailElectronic(c) => Ok(c.plan(desk)),
            Self::RecordPartnerAccepted(c) => c.plan(desk),
            Self::RecordPartnerDeclined(c) => c.plan(desk),
            Self::AmendScreen(c) => c.plan(desk),
            Self::SignScreen(c) => Ok(c.plan(desk)),
            Self::DismissSafetyPanel(c) => c.plan(desk),
            Self::TapSafetyCall(c) => c.plan(desk),
            Self::LinkFlags(c) => c.plan(desk),
            Self::VoidEntry(c) => Ok(c.plan(desk)),
            Self::LinkPatients(c) => c.plan(desk),
            Self::UnlinkPatients(c) => c.plan(desk),
            Self::TellPartner(c) => c.plan(desk),
        }
    }
}
