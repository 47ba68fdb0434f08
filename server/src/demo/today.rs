//! What the first page shows: a worry of the last hour, a promise that was missed three quarters of an hour ago, a call
//! that nobody tried again, and a phone that fell silent with work that it could not send.

use super::call;
use super::cast::{AT_HOME, BAYVIEW, NORTHSIDE, SILENT_PHONE, Visitor};
use super::diary::{Diary, SILENT_SINCE};
use super::intent::{HARBOR, Intent, JUNIPER, Practice};
use super::tale::Tale;
use super::visit;
use super::worry;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use warmhand_core::domain::code::{DecisionValue, Mode};
use warmhand_core::domain::organisation::Calendar;

/// Juniper's day ends at this hour; its promise is one working day.
const JUNIPER_CLOSES: i8 = 18;

/// One of these scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Raised and handed over within the last hour.
    Worry,
    /// Harbor promised a call within 24 hours.
    MissedPromise,
    /// Juniper promised one within a working day.
    MissedWorkingDay,
    /// A voicemail that nobody followed.
    Voicemail,
    /// Recorded on the phone that fell silent.
    Unsent,
    /// A promise that is due tomorrow.
    DueTomorrow,
}

impl Scene {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Worry,
        Self::MissedPromise,
        Self::MissedWorkingDay,
        Self::Voicemail,
        Self::Unsent,
        Self::DueTomorrow,
    ];

    /// When it begins.
    pub fn begins(self, diary: &Diary) -> Timestamp {
        match self {
            Self::Worry => diary.before(62),
            Self::MissedPromise => diary.before(25 * 60 + 25),
            // Three days back, whatever the day, a working day has ended since the next one began.
            Self::MissedWorkingDay => diary.working_before(diary.before(72 * 60)),
            Self::Voicemail => diary.working_before(diary.before(51 * 60)),
            Self::Unsent => diary.now - SILENT_SINCE - SignedDuration::from_mins(130),
            Self::DueTomorrow => diary.before(225),
        }
    }

    /// Who is in it.
    pub fn intent(self, patient: usize) -> Intent {
        let visitor = match self {
            Self::Worry => AT_HOME.iter().find(|v| v.user == "ngozi").copied(),
            Self::Voicemail => AT_HOME.iter().find(|v| v.user == "ana").copied(),
            Self::Unsent => AT_HOME.iter().find(|v| v.device == SILENT_PHONE).copied(),
            Self::MissedPromise | Self::MissedWorkingDay | Self::DueTomorrow => None,
        };
        let desk = if self == Self::MissedPromise {
            NORTHSIDE
        } else {
            BAYVIEW
        };
        let at_desk = Visitor {
            user: desk.coordinator,
            device: desk.tablet,
            desk,
            home: false,
            screens: true,
        };
        let mode = if visitor.is_some() {
            Mode::Phone
        } else {
            Mode::Portal
        };
        Intent {
            patient,
            visitor: visitor.unwrap_or(at_desk),
            mode,
            says: DecisionValue::Agreed,
            luck: 1.0,
        }
    }

    /// Plays it.
    pub fn play(self, tale: &mut Tale<'_>, intent: &Intent) {
        match self {
            Self::Worry => worry::just_now(tale, intent),
            Self::MissedPromise | Self::DueTomorrow => promised(tale, intent, HARBOR),
            Self::MissedWorkingDay => promised(tale, intent, JUNIPER),
            Self::Voicemail => voicemail(tale, intent),
            Self::Unsent => unsent(tale, intent),
        }
    }

    /// Is its work still on its device when everything has been played?
    pub fn stays(self) -> bool {
        self == Self::Unsent
    }
}

fn until_agreed(tale: &mut Tale<'_>, intent: &Intent) {
    visit::arrive(tale, intent);
    visit::identify(tale, intent);
    visit::offer(tale, intent);
    visit::agree(tale);
}

fn promised(tale: &mut Tale<'_>, intent: &Intent, by: Practice) {
    until_agreed(tale, intent);
    let sent = json!({
        "with": "partner", "partner": by.id, "channel": "portal", "outcome": "spoke_staff_only",
        "contact_name": "Intake desk",
    });
    tale.act(3, "RecordContact", sent);
    tale.wait(5);
    let (day, hour) = if by == JUNIPER {
        let next = Calendar::default().business_day_after(tale.local().date(), 1);
        (next, JUNIPER_CLOSES)
    } else {
        let due = tale.local().saturating_add(24.hours());
        (due.date(), due.hour())
    };
    call::their_call(tale, intent, by, day, hour);
    visit::leave(tale, 6);
}

fn voicemail(tale: &mut Tale<'_>, intent: &Intent) {
    until_agreed(tale, intent);
    let retry_at = tale
        .diary
        .before(26 * 60)
        .max(tale.at())
        .to_zoned(tale.diary.zone.clone());
    let tried = json!({
        "with": "partner", "partner": HARBOR.id, "outcome": "left_voicemail", "retry_at": retry_at.to_string(),
    });
    tale.act(4, "RecordContact", tried);
    step_due(tale, intent, 20);
    visit::leave(tale, 7);
}

fn unsent(tale: &mut Tale<'_>, intent: &Intent) {
    until_agreed(tale, intent);
    step_due(tale, intent, 19);
    visit::leave(tale, 11);
}

/// A call of ours, so many hours after now.
fn step_due(tale: &mut Tale<'_>, intent: &Intent, hours: i64) {
    let due =
        (tale.diary.now + SignedDuration::from_hours(hours)).to_zoned(tale.diary.zone.clone());
    let said = json!({
        "what": "our_callback", "due_at": due.to_string(), "contact_name": HARBOR.contact,
        "contact_value": HARBOR.number, "partner": HARBOR.id, "owner": intent.visitor.desk.coordinator,
    });
    tale.act(3, "SetNextStep", said);
}
