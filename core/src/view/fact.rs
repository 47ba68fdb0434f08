//! What an entry says, in codes and in the words of people: what two sentences stand side by side with, and what a
//! history is written from. Refuses to show what a screen scored.

use crate::domain::code::{
    Area, BookedBy, Channel, ConsentKind, ContactOutcome, ContactWith, DecisionReason,
    DecisionValue, Instrument, Modality, Mode, OutcomeSource, OutcomeValue, PayerType,
    RaceEthnicity, SafetyReason, ScreenResult, SelfHarm, Setting, ShareChoice, ShareKind, StepKind,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, PartnerId};
use crate::domain::organisation::Organisation;
use crate::domain::payload::{Answer, ExternalId, PatientDescribed, PerinatalStage, SafeHours};
use jiff::civil::{Date, DateTime};
use serde::Serialize;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Who she is.
    Described(Box<DescribedFact>),
    /// A visit began.
    Visit(Setting),
    /// A screen, as its result.
    Screen {
        /// Which.
        instrument: Instrument,
        /// Its result in a word.
        result: ScreenResult,
        /// Its safety question.
        self_harm: SelfHarm,
    },
    /// An offer.
    Offer(Mode),
    /// A decision.
    Decision {
        /// What.
        value: DecisionValue,
        /// Why.
        reasons: Vec<DecisionReason>,
    },
    /// An attempt at contact.
    Contact {
        /// With whom.
        with: ContactWith,
        /// With which practice.
        partner: Option<String>,
        /// What came of it.
        outcome: ContactOutcome,
    },
    /// A next step.
    Step {
        /// What.
        what: StepKind,
        /// By when, on its own clock.
        due_local: DateTime,
        /// Who.
        contact: String,
    },
    /// A booking.
    Appointment {
        /// With whom.
        partner: String,
        /// When, there.
        local: DateTime,
        /// The zone there.
        zone: String,
        /// How.
        modality: Modality,
    },
    /// A booking was moved.
    Moved {
        /// To when, there.
        local: DateTime,
        /// The zone there.
        zone: String,
    },
    /// A booking was called off.
    CalledOff(BookedBy),
    /// She was there.
    Arrived(OutcomeSource),
    /// What became of a visit.
    Outcome {
        /// What.
        value: OutcomeValue,
        /// Who says so.
        source: OutcomeSource,
    },
    /// What she lets a practice know.
    Sharing {
        /// These.
        shared: Vec<ShareKind>,
        /// Not these.
        withheld: Vec<ShareKind>,
    },
    /// A consent.
    Consent(ConsentKind),
    /// How she may be reached.
    Rule {
        /// By what means.
        channel: Channel,
        /// A voicemail may be left.
        voicemail_ok: bool,
        /// A text may be sent.
        text_ok: bool,
        /// The organisation may be named.
        say_org_name_ok: bool,
        /// Between these hours.
        safe_hours: Option<SafeHours>,
        /// Others answer it too.
        shared_phone: bool,
    },
    /// A worry.
    Worry(SafetyReason),
    /// Flags were handed to somebody.
    Handed(String),
    /// A question was settled for this entry.
    Settled(Option<EntryId>),
    /// Another entry was an error.
    Void(EntryId),
    /// Its kind says it all, or nothing here knows it.
    Kind,
}

/// What one entry says of who she is; what it is silent about is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DescribedFact {
    /// How she wants to be called.
    pub name: Option<String>,
    /// Her name on paper.
    pub legal_name: Option<String>,
    /// Her birth date.
    pub born_on: Option<Date>,
    /// On which number.
    pub callback: Option<String>,
    /// Her language.
    pub language: Option<String>,
    /// Her pronouns.
    pub pronouns: Option<String>,
    /// Whether an interpreter is needed.
    pub interpreter_needed: Option<bool>,
    /// Where she stands around a birth.
    pub perinatal_stage: Option<PerinatalStage>,
    /// The chart of the child whose parent she is.
    pub child: Option<ExternalId>,
    /// Numbers by which other systems know her.
    pub external_ids: Vec<ExternalId>,
    /// Who pays.
    pub payer_type: Option<Answer<PayerType>>,
    /// As she says herself.
    pub race_ethnicity: Option<Answer<Vec<RaceEthnicity>>>,
    /// Whether it is her first child.
    pub first_time_parent: Option<Answer<bool>>,
    /// Where she lives.
    pub area: Option<Answer<Area>>,
}

impl DescribedFact {
    fn of(said: &PatientDescribed) -> Self {
        let said = said.clone();
        Self {
            name: said.preferred_name,
            legal_name: said.legal_name,
            born_on: said.born_on,
            callback: said.callback,
            language: said.language,
            pronouns: said.pronouns,
            interpreter_needed: said.interpreter_needed,
            perinatal_stage: said.perinatal_stage,
            child: said.child,
            external_ids: said.external_ids,
            payer_type: said.payer_type,
            race_ethnicity: said.race_ethnicity,
            first_time_parent: said.first_time_parent,
            area: said.area,
        }
    }
}

/// What an entry says, and in which words.
pub(super) fn of(entry: &Entry, sheet: &Organisation) -> (Fact, Option<String>) {
    let fact = match &entry.body {
        Body::PatientDescribed(p) => Fact::Described(Box::new(DescribedFact::of(p))),
        Body::EncounterStarted(p) => Fact::Visit(p.setting),
        Body::ScreenRecorded(p) => Fact::Screen {
            instrument: p.instrument,
            result: p.result,
            self_harm: p.self_harm,
        },
        Body::ScreenAmended(p) => Fact::Screen {
            instrument: p.instrument,
            result: p.result,
            self_harm: p.self_harm,
        },
        Body::Offered(p) => Fact::Offer(p.mode),
        Body::DecisionRecorded(p) => Fact::Decision {
            value: p.value,
            reasons: p.reasons.clone(),
        },
        Body::ContactAttempted(p) => Fact::Contact {
            with: p.with,
            partner: p.partner.as_ref().map(|id| practice(id, sheet)),
            outcome: p.outcome,
        },
        Body::NextStepSet(p) => Fact::Step {
            what: p.what,
            due_local: p.due_at.datetime(),
            contact: p.contact_name.clone(),
        },
        Body::AppointmentBooked(p) => Fact::Appointment {
            partner: practice(&p.partner, sheet),
            local: p.start_local,
            zone: p.zone.clone(),
            modality: p.modality,
        },
        Body::AppointmentChanged(p) => Fact::Moved {
            local: p.start_local,
            zone: p.zone.clone(),
        },
        Body::AppointmentCancelled(p) => Fact::CalledOff(p.cancelled_by),
        Body::PatientArrived(p) => Fact::Arrived(p.source),
        Body::OutcomeRecorded(p) => Fact::Outcome {
            value: p.value,
            source: p.source,
        },
        Body::SharingPlanConfirmed(p) => {
            let of = |shared: bool| {
                let chosen = p
                    .items
                    .iter()
                    .filter(|i| (i.choice == ShareChoice::Share) == shared);
                chosen.map(|i| i.kind).collect()
            };
            Fact::Sharing {
                shared: of(true),
                withheld: of(false),
            }
        }
        Body::ConsentRecorded(p) => Fact::Consent(p.kind),
        Body::ContactRuleSet(p) => Fact::Rule {
            channel: p.channel,
            voicemail_ok: p.voicemail_ok,
            text_ok: p.text_ok,
            say_org_name_ok: p.say_org_name_ok,
            safe_hours: p.safe_hours.clone(),
            shared_phone: p.shared_phone,
        },
        Body::SafetyRaised(p) => Fact::Worry(p.reason),
        Body::SafetyHanded(p) => Fact::Handed(p.to.clone()),
        Body::ReviewSettled(p) => Fact::Settled(p.keep),
        Body::EnteredInError(p) => Fact::Void(p.entry),
        _ => Fact::Kind,
    };
    (fact, words(&entry.body))
}

/// What somebody typed, or said.
fn words(body: &Body) -> Option<String> {
    match body {
        Body::Noted(p) => Some(p.text.clone()),
        Body::DecisionRecorded(p) => p.words.clone(),
        Body::SafetyRaised(p) => p.words.clone(),
        Body::SafetyResolved(p) => Some(p.note.clone()),
        Body::LeaveReasonGiven(p) => Some(p.reason.clone()),
        Body::NextStepCancelled(p) => Some(p.reason.clone()),
        Body::AppointmentCancelled(p) => p.reason.clone(),
        Body::PartnerDeclined(p) => p.words.clone(),
        Body::TaskDone(p) => p.result.clone(),
        Body::EnteredInError(p) => Some(p.reason.clone()),
        Body::MaterialGiven(p) => Some(p.what.clone()),
        Body::PartnerTold(p) => p.note.clone(),
        Body::BarrierRecorded(p) => p.plan.clone().or_else(|| p.detail.clone()),
        _ => None,
    }
}

/// A practice by its name, or its code if the sheet no longer knows it.
pub(super) fn practice(id: &PartnerId, sheet: &Organisation) -> String {
    sheet
        .partner(id)
        .map_or_else(|| id.to_string(), |p| p.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ledger::{Ledger, said};
    use serde_json::json;

    const SHEET: &str = r#"{"name": "Sample", "zone": "UTC", "people": [],
        "sites": [{"id": "home", "name": "Home visiting"}]}"#;

    #[test]
    fn two_instructions_that_differ_are_told_as_two() {
        let sheet = Organisation::parse(SHEET).unwrap();
        let told = |differs: serde_json::Value| {
            let mut rule = json!({"channel": "voice", "voicemail_ok": true, "text_ok": true, "say_org_name_ok": true});
            let fields = differs.as_object().unwrap().clone();
            rule.as_object_mut().unwrap().extend(fields);
            let rule: crate::domain::payload::ContactRuleSet = said(rule);
            let mut ledger = Ledger::record(1);
            ledger.says("10:00", rule);
            of(ledger.entries.last().unwrap(), &sheet).0
        };
        let plain = told(json!({}));
        let hours = json!({"safe_hours": {"from": "09:00", "to": "12:00"}});
        assert_ne!(plain, told(hours));
        assert_ne!(plain, told(json!({"shared_phone": true})));
    }
}
