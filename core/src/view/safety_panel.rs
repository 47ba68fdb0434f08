//! What to do when somebody is worried: the organisation's own steps, whom to call, to whom it is handed. Needs nothing:
//! without a sheet, without anybody signed in, without an enrolment it still says whom to call. Blocks nothing, hides
//! nothing of this, and says in words when this device can alert nobody.

use super::lines::{Line, lines};
use super::may::{Action, Asking, Obstacle};
use super::same_person::SameAs;
use super::when::{Length, When, clock};
use crate::domain::code::{FlagStatus, HandedHow, SafetyReason};
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::join::PatientFlag;
use crate::domain::organisation::Organisation;
use crate::domain::read::Receipts;
use crate::domain::time;
use crate::refusal::Refusal;
use crate::usecase::{
    AssessSafety, Command, Desk, HandSafety, LinkFlags, RaiseSafety, ResolveSafety,
};
use serde::Serialize;

/// The panel.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and its answer is yes or no"
)]
pub struct SafetyPanel {
    /// The organisation's own steps.
    pub steps: OwnSteps,
    /// Whom to call, in order.
    pub calls: Vec<Line>,
    /// Whom this device can alert now.
    pub alert: Alert,
    /// What one may be worried about, in order. None of these is a diagnosis.
    pub reasons: Vec<SafetyReason>,
    /// Her open flags, the longest open first; nobody's while nobody is signed in.
    pub flags: Vec<PanelFlag>,
    /// Patients who may be the same person, or were said to be: a flag of theirs may be hers. Nobody's beside no patient.
    pub same_as: Vec<SameAs>,
    /// Names that offer themselves for a hand-over; any other can be typed.
    pub clinicians: Vec<String>,
    /// How a flag may be handed over.
    pub hows: Vec<HandedHow>,
    /// A flag has no named clinician though the time for it is up: ask again, quietly.
    pub asks_again: bool,
    /// A worry can be recorded here.
    pub can_raise: bool,
    /// Flags can be handed to a named person.
    pub can_hand: bool,
    /// The signed-in person may assess.
    pub can_assess: bool,
    /// She may resolve.
    pub can_resolve: bool,
    /// She may say that two are of one event.
    pub can_link: bool,
    /// What stands before what cannot be done. Calling is never among it.
    pub problems: Vec<Obstacle>,
}

/// The organisation's own steps, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnSteps {
    /// Signed by a clinical lead.
    InForce {
        /// In order.
        steps: Vec<String>,
        /// By whom.
        signed_by: String,
    },
    /// Nobody has signed them: they are not in force, and are not shown.
    NotInForce,
    /// This device has no sheet yet.
    NotHere,
}

/// Whom this device can alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// The server has every open flag shown here.
    ServerKnows,
    /// The server answered a moment ago: what is recorded goes out at once.
    CanAlert,
    /// This device cannot alert anyone right now: call.
    CannotAlert,
}

/// An open flag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PanelFlag {
    /// The flag.
    pub flag: EntryId,
    /// In which record it was raised.
    pub record: DocumentId,
    /// About what.
    pub reason: SafetyReason,
    /// Where it stands.
    pub status: FlagStatus,
    /// Who raised it.
    pub by: String,
    /// When.
    pub raised: When,
    /// For how long it is open.
    pub open_for: Length,
    /// To whom it was handed.
    pub handed_to: Option<String>,
    /// The server has it.
    pub on_server: bool,
    /// Raised in the record that is open, or in another of hers.
    pub is_here: bool,
}

impl SafetyPanel {
    /// The panel without a patient. Never fails, whatever is missing.
    pub fn bare(sheet: Option<&Organisation>, has_link: bool) -> Self {
        let own = sheet.map(|s| &s.safety);
        Self {
            steps: own_steps(sheet),
            calls: lines(own),
            alert: if has_link {
                Alert::CanAlert
            } else {
                Alert::CannotAlert
            },
            reasons: SafetyReason::ALL
                .iter()
                .copied()
                .filter(|r| *r != SafetyReason::SelfHarmItem)
                .collect(),
            flags: Vec::new(),
            same_as: Vec::new(),
            clinicians: own
                .iter()
                .flat_map(|s| &s.on_call)
                .map(|c| c.name.clone())
                .collect(),
            hows: HandedHow::ALL.to_vec(),
            asks_again: false,
            can_raise: false,
            can_hand: false,
            can_assess: false,
            can_resolve: false,
            can_link: false,
            problems: Vec::new(),
        }
    }

    /// The same, where a worry cannot be recorded: it says why, and takes nothing away.
    #[must_use]
    pub fn because(mut self, why: &Refusal) -> Self {
        for action in [
            Action::RaiseSafety,
            Action::HandSafety,
            Action::AssessSafety,
            Action::ResolveSafety,
        ] {
            self.problems.push(Obstacle {
                action,
                why: why.clone(),
            });
        }
        self
    }

    /// The same where what there is may not be shown, on a locked device or to somebody who may not see the record: nothing
    /// of hers, and a worry can be recorded where it could be otherwise.
    #[must_use]
    pub fn hiding(self, open: Self, why: &Refusal) -> Self {
        let mut panel = self.because(why);
        panel
            .problems
            .retain(|problem| problem.action != Action::RaiseSafety);
        panel.can_raise = open.can_raise;
        let raise = |problem: &Obstacle| problem.action == Action::RaiseSafety;
        panel
            .problems
            .extend(open.problems.into_iter().filter(raise));
        panel
    }

    /// The panel at the side of a patient.
    pub fn of(desk: &Desk<'_>, receipts: &Receipts, has_link: bool, same_as: Vec<SameAs>) -> Self {
        let mut panel = Self::bare(Some(desk.sheet), has_link);
        let Some((patient, record)) = desk.patient.zip(desk.record) else {
            return panel.because(&Refusal::NotHere("the record"));
        };
        let zone = clock(desk);
        panel.same_as = same_as;
        panel.flags = patient
            .open_flags()
            .map(|flag| PanelFlag {
                flag: flag.id,
                record: flag.record,
                reason: flag.reason,
                status: flag.status,
                by: desk.sheet.name_of(&flag.entry.by).to_owned(),
                raised: When::of(flag.entry.occurred_at.timestamp(), &zone, desk.now),
                open_for: Length::between(flag.entry.occurred_at.timestamp(), desk.now),
                handed_to: flag.handed.as_ref().map(|(to, _, _)| to.clone()),
                on_server: receipts.received_at(flag.id).is_some(),
                is_here: flag.record == record.id,
            })
            .collect();
        if !panel.flags.is_empty() && panel.flags.iter().all(|f| f.on_server) {
            panel.alert = Alert::ServerKnows;
        }
        let limit = i64::from(desk.sheet.settings.safety_ack_min);
        panel.asks_again = patient.open_flags().any(|f| {
            f.status == FlagStatus::Open
                && time::minutes_between(f.entry.occurred_at.timestamp(), desk.now) >= limit
        });
        let site = record.site.as_ref();
        let here = desk.sheet.people.iter().filter(|p| {
            p.licensed_clinician && site.is_none_or(|s| p.works_at(s)) && p.id != desk.person.id
        });
        for person in here {
            if !panel.clinicians.contains(&person.name) {
                panel.clinicians.push(person.name.clone());
            }
        }
        panel.ask(desk, record.id, &patient.open_flags().collect::<Vec<_>>());
        panel
    }

    fn ask(&mut self, desk: &Desk<'_>, record: DocumentId, open: &[&PatientFlag]) {
        let flags: Vec<EntryId> = open.iter().map(|f| f.id).collect();
        let none = || Refusal::NotHere("an open safety flag");
        let some = |command: Command| (!open.is_empty()).then_some(command);
        let mut asking = Asking::at(desk);
        self.can_raise = asking.may(
            Action::RaiseSafety,
            Command::RaiseSafety(RaiseSafety {
                record,
                reason: SafetyReason::StaffConcern,
                words: None,
                encounter: None,
                at: None,
            }),
        );
        let hand = Command::HandSafety(HandSafety {
            record,
            flags: flags.clone(),
            to: "-".to_owned(),
            how: HandedHow::Phone,
            at: None,
        });
        self.can_hand = asking.may_if(Action::HandSafety, some(hand), none());
        let assess = Command::AssessSafety(AssessSafety {
            record,
            flags: flags.clone(),
            at: None,
        });
        self.can_assess = asking.may_if(Action::AssessSafety, some(assess), none());
        let resolve = Command::ResolveSafety(ResolveSafety {
            record,
            flags: flags.clone(),
            note: "-".to_owned(),
            at: None,
        });
        self.can_resolve = asking.may_if(Action::ResolveSafety, some(resolve), none());
        let link = LinkFlags {
            record,
            flags,
            at: None,
        };
        self.can_link = open.len() > 1 && super::may::would(desk, Command::LinkFlags(link));
        self.problems = asking.problems;
    }
}

fn own_steps(sheet: Option<&Organisation>) -> OwnSteps {
    let Some(sheet) = sheet else {
        return OwnSteps::NotHere;
    };
    match sheet.clinical_lead() {
        Some(lead) if !sheet.safety.steps.is_empty() => OwnSteps::InForce {
            steps: sheet.safety.steps.clone(),
            signed_by: lead.name.clone(),
        },
        _ => OwnSteps::NotInForce,
    }
}
