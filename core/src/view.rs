//! Screens: one file a screen, everything that a shell draws and nothing for it to compute. Ordered, grouped, with
//! codes for words; no English but content. What may be done is a command, rehearsed. Reads nothing itself: `app` hands
//! in what it loaded.

mod alert;
mod appointment_form;
#[cfg(test)]
pub(crate) mod bench;
mod call_card;
mod decision;
mod directory;
mod fact;
mod handoff;
mod history;
mod lines;
mod may;
mod new_handoff;
mod next_step;
mod partner;
mod patient_card;
mod patients;
mod person;
mod practice;
mod receipt;
mod review;
mod safety_panel;
mod same_person;
mod screen_form;
mod script;
mod sign_in;
mod sync_status;
mod today;
mod visit;
mod when;

pub use alert::AlertRow;
pub use appointment_form::{
    AppointmentDraft, AppointmentForm, PartnerChoice, ProposedVisitRow, StandingRow, Wait,
};
pub use call_card::{AttemptRow, CallCard, SharedPiece};
pub use decision::{DecisionChoice, DecisionDraft, DecisionScreen, OfferRow};
pub use directory::{DirectoryScreen, PartnerCard};
pub use fact::{DescribedFact, Fact};
pub use handoff::{BeforeLeaving, HandoffScreen, May, TaskStateRow, TimelineRow};
pub use history::{HistoryRow, HistoryScreen, TurnRow};
pub use lines::{Line, Purpose, Way};
pub use may::{Action, Obstacle};
pub use new_handoff::{HandoffDraft, KnownRow, NewHandoffScreen, ScreenRow, SiteRow};
pub use next_step::{NextStepDraft, NextStepScreen, OwnerChoice, StepRow};
pub use partner::{PartnerScreen, ProposedRow, ToldContactRow, ToldNoteRow};
pub use patient_card::{CardContact, CardHow, CardNext, PatientCard};
pub use patients::{PatientRow, PatientsScreen, SameRow};
pub use person::PersonRow;
pub use practice::{AgreementRow, CapacityRow, Learned};
pub use receipt::{EntryState, SeenBy};
pub use review::{ChoiceRow, ReviewScreen, Sentence, SettledRow};
pub use safety_panel::{Alert, OwnSteps, PanelFlag, SafetyPanel};
pub use same_person::{PersonSide, SameAs, SamePersonScreen};
pub use screen_form::{ItemRow, ScreenDraft, ScreenForm};
pub use script::ScriptRow;
pub use sign_in::{PlaceRow, SignInScreen, StaffRow};
pub use sync_status::{ClockOff, Help, SyncState, SyncStatusScreen, UnsentRow, Why};
pub use today::{FlagRow, ProposalRow, QuestionRow, ShiftRow, TaskRow, TodayScreen, WaitingRow};
pub use visit::{CheckIn, FirstThing, LeaveKind, LeaveMark, LeaveStrip, VisitRow, VisitScreen};
pub use when::{Day, Length, When};
