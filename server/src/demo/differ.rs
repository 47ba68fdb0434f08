//! Two people who cannot see each other's work note one thing differently: what may be shared, on which number she is
//! called, whether a voicemail may be left. Until somebody has asked her the stricter of the two holds.

use super::call;
use super::cast;
use super::collide::unseen;
use super::follow::{self, reached_her};
use super::intent::{HARBOR, Intent};
use super::tale::Tale;
use super::visit;
use serde_json::json;
use warmhand_core::domain::organisation::Calendar;

/// What two people note differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// What a practice may be told.
    Sharing,
    /// Her number.
    Number,
    /// Whether a voicemail may be left.
    Voicemail,
}

impl Difference {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Sharing, Self::Number, Self::Voicemail];

    /// What is noted at her home, and what on the phone.
    fn notes(self, patient: usize) -> (&'static str, [serde_json::Value; 2]) {
        match self {
            Self::Sharing => (
                "ConfirmSharingPlan",
                [
                    json!({ "items": [{ "kind": "notes", "choice": "share" }] }),
                    json!({ "items": [{ "kind": "notes", "choice": "withhold" },
                        { "kind": "callback", "choice": "ask_first" }] }),
                ],
            ),
            Self::Number => (
                "DescribePatient",
                [
                    json!({ "callback": cast::callback(patient + 40) }),
                    json!({ "callback": cast::callback(patient + 60) }),
                ],
            ),
            Self::Voicemail => (
                "SetContactRule",
                [
                    json!({ "channel": "voice", "voicemail_ok": true, "text_ok": true }),
                    json!({ "channel": "voice", "shared_phone": true }),
                ],
            ),
        }
    }
}

/// She agreed by phone; the next day a nurse is with her while the coordinator calls.
pub fn differ(tale: &mut Tale<'_>, intent: &Intent, what: Difference) {
    tale.open(intent.visitor.desk.site, &cast::patient(intent.patient));
    tale.act(
        2,
        "DescribePatient",
        json!({ "language": "en", "callback": cast::callback(intent.patient) }),
    );
    tale.act(
        2,
        "IdentifyNeed",
        json!({ "basis": "judgement", "urgency": "soon" }),
    );
    reached_her(tale, 3);
    tale.act(
        1,
        "OfferHandoff",
        json!({ "mode": intent.mode, "script": "T2", "outreach": true }),
    );
    tale.act(
        2,
        "RecordDecision",
        json!({ "value": "agreed", "outreach": true }),
    );
    let before = tale.standing();
    let day = Calendar::default().business_day_after(tale.local().date(), 1);
    let morning = tale.diary.at(day, 10, 15);
    let (name, [at_home, by_phone]) = what.notes(intent.patient);
    if !tale.diary.is_regular(morning)
        || !tale.turn(intent.visitor.device, intent.visitor.user, morning)
    {
        return;
    }
    visit::start(tale, intent);
    tale.act(7, name, at_home);
    call::spoke(tale, 4, HARBOR, "voice");
    follow::book(tale, 6, HARBOR, 3..8, false);
    visit::leave(tale, 9);
    let Some(visit_ended) = unseen(tale, intent, &before, morning) else {
        return;
    };
    reached_her(tale, 2);
    tale.act(3, name, by_phone);
    tale.join(visit_ended);
}
