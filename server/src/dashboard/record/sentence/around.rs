//! Sentences for what surrounds the handoff: screens amended, plans and consents, referrals and answers, what is linked
//! or taken back.

use super::{Told, practice};
use crate::dashboard::words;
use warmhand_core::domain::code::{ScreenResult, VerifiedBy};
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::payload::ContactRuleSet;

fn plain(what: impl Into<String>) -> Told {
    Told {
        what: what.into(),
        words: String::new(),
        place: Vec::new(),
    }
}

pub(super) fn of(body: &Body, sheet: &Organisation) -> Told {
    match body {
        Body::ScreenAmended(p) => {
            let result = match p.result {
                ScreenResult::Positive => "positive",
                ScreenResult::Negative => "not positive",
                ScreenResult::Incomplete => "incomplete",
            };
            let harm = super::harm(p.instrument, p.self_harm);
            Told {
                words: p.reason.clone().unwrap_or_default(),
                ..plain(format!(
                    "put a screen right ({}): {result}{harm}",
                    words::instrument(p.instrument)
                ))
            }
        }
        Body::ScreenSigned(_) => plain("stands by this version of the screen"),
        Body::ScriptSaid(p) => plain(format!("said script {}", words::isolated(&p.script))),
        Body::ReadBack(p) => {
            let whom = match p.verified_by {
                VerifiedBy::Patient => "her",
                VerifiedBy::Family => "her family",
            };
            let put_right: Vec<_> = p.corrections.iter().map(|c| c.what.clone()).collect();
            let found = match put_right.len() {
                0 => "nothing to put right".to_owned(),
                _ => format!("put right: {}", put_right.join(", ")),
            };
            plain(format!("read it back to {whom}: {found}"))
        }
        Body::BarrierRecorded(p) => Told {
            words: p
                .plan
                .clone()
                .or_else(|| p.detail.clone())
                .unwrap_or_default(),
            ..plain(format!(
                "noted what stands in the way: {}",
                p.kind.as_str().replace('_', " ")
            ))
        },
        Body::ContactRuleSet(p) => plain(format!("noted how she may be reached: {}", rule(p))),
        Body::SharingPlanConfirmed(_) => plain("went through with her what may be shared"),
        Body::ConsentRecorded(_) => plain("recorded a consent"),
        Body::ConsentRevoked(p) => Told {
            words: p.reason.clone().unwrap_or_default(),
            ..plain("heard that she takes a consent back")
        },
        Body::ElectronicQueued(p) => plain(format!(
            "prepared a referral to {}: queued, not sent",
            practice(&p.partner, sheet)
        )),
        Body::ElectronicSent(p) => plain(format!(
            "sent a referral to {}",
            practice(&p.partner, sheet)
        )),
        Body::ElectronicFailed(p) => Told {
            words: p.reason.clone(),
            ..plain("could not send the referral")
        },
        Body::PartnerAccepted(p) => plain(format!(
            "heard that {} takes her on",
            practice(&p.partner, sheet)
        )),
        Body::PartnerDeclined(p) => Told {
            words: p.words.clone().unwrap_or_default(),
            ..plain(format!(
                "heard that {} cannot take her ({})",
                practice(&p.partner, sheet),
                p.reason.as_str().replace('_', " ")
            ))
        },
        Body::PartnerTold(_) => plain("was told something about the practice"),
        Body::SafetyPanelDismissed(_) => plain("put the safety panel away; the concern stays open"),
        Body::SafetyCallTapped(p) => plain(match p.call {
            warmhand_core::domain::code::SafetyCall::Emergency911 => "tapped to call 911",
            warmhand_core::domain::code::SafetyCall::Lifeline988 => "tapped to call 988",
            warmhand_core::domain::code::SafetyCall::OnCall => {
                "tapped to call the clinician on call"
            }
            warmhand_core::domain::code::SafetyCall::MaternalHotline => {
                "tapped to call the support line"
            }
        }),
        Body::FlagsLinked(_) => plain("said that these concerns are of the same event"),
        Body::PatientsLinked(p) if p.proposed => plain("thinks that two patients are one person"),
        Body::PatientsLinked(_) => plain("said that two patients are one person"),
        Body::PatientsUnlinked(_) => plain("said that two patients are not one person"),
        Body::EnteredInError(p) => Told {
            words: p.reason.clone(),
            ..plain("said that an entry was an error")
        },
        _ => plain("recorded something"),
    }
}

fn rule(said: &ContactRuleSet) -> String {
    let rule = super::rule(
        [said.voicemail_ok, said.text_ok, said.say_org_name_ok],
        said.safe_hours.as_slice(),
        said.shared_phone,
    );
    let asked = if said.confirmed_with_patient {
        "confirmed with her"
    } else {
        "not confirmed with her"
    };
    format!("{rule}, {asked}")
}

/// What is at stake in one side of a disagreement: what was done, and the fact.
pub(super) fn fact(body: &Body) -> Option<(String, String)> {
    let fact = match body {
        Body::PatientDescribed(p) => ("noted who she is", words::person::described(p).join(", ")),
        Body::ContactRuleSet(p) => ("noted how she may be reached", rule(p)),
        Body::SharingPlanConfirmed(p) => {
            let shared: Vec<_> = p
                .items
                .iter()
                .filter(|i| i.choice == warmhand_core::domain::code::ShareChoice::Share)
                .map(|i| i.kind.as_str().replace('_', " "))
                .collect();
            (
                "went through with her what may be shared",
                shared.join(", "),
            )
        }
        Body::ConsentRecorded(_) => ("recorded a consent", "she consents".to_owned()),
        Body::ConsentRevoked(_) => ("heard that she takes it back", "taken back".to_owned()),
        Body::EnteredInError(_) => ("called it an error", "an error".to_owned()),
        Body::ScreenAmended(_) | Body::ScreenSigned(_) => {
            ("put the screen right", "this version".to_owned())
        }
        _ => return None,
    };
    Some((fact.0.to_owned(), fact.1))
}
