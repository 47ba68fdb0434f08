//! Which entries say the same fact, each in its own way. Whether they disagree is asked elsewhere (`review`): here is
//! only what each of them says, as a text to compare.

use super::care;
use super::decision::Decision;
use super::sharing;
use crate::domain::code::{Channel, OutcomeValue, ReviewKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, PartnerId};
use crate::domain::past::Past;
use crate::domain::payload::{ContactRuleSet, PatientDescribed};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Entries that each say the same fact, with what they say.
pub(super) struct Fact {
    pub kind: ReviewKind,
    pub said: Vec<(EntryId, String)>,
}

/// What a fact is about, within its kind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Decision,
    Outcome(EntryId),
    Slot(EntryId),
    End(EntryId),
    Field(&'static str),
    Elsewhere(String),
    Number(Channel),
    Rule(Channel),
    Plan,
    Screen(EntryId),
    Answer(PartnerId),
    Need,
}

impl About {
    fn kind(&self) -> ReviewKind {
        match self {
            Self::Decision => ReviewKind::DecisionDisputed,
            Self::Outcome(_) => ReviewKind::OutcomeDisputed,
            Self::Slot(_)
            | Self::End(_)
            | Self::Field(_)
            | Self::Elsewhere(_)
            | Self::Answer(_)
            | Self::Need => ReviewKind::TwoValues,
            Self::Number(_) => ReviewKind::TwoNumbers,
            Self::Rule(_) => ReviewKind::ContactRuleDisputed,
            Self::Plan => ReviewKind::SharingNarrowed,
            Self::Screen(_) => ReviewKind::ScreenVersions,
        }
    }
}

/// All facts of a record.
pub(super) fn facts(past: &Past, decisions: &[Decision]) -> Vec<Fact> {
    let mut all: BTreeMap<About, Vec<(EntryId, String)>> = BTreeMap::new();
    for decision in decisions {
        let said = (decision.entry.id, decision.said.value.to_string());
        all.entry(About::Decision).or_default().push(said);
    }
    for entry in past.standing() {
        if let Some(number) = care::number(entry) {
            let said = (entry.id, digits(&number.number));
            all.entry(About::Number(number.channel))
                .or_default()
                .push(said);
        }
        said(
            past,
            entry.id,
            entry.occurred_at.timestamp(),
            &entry.body,
            &mut |about, said| {
                all.entry(about).or_default().push((entry.id, said));
            },
        );
    }
    all.into_iter()
        .filter(|(_, said)| said.len() > 1)
        .map(|(about, said)| Fact {
            kind: about.kind(),
            said,
        })
        .collect()
}

/// What an outcome says of the time of its visit.
const AT_ITS_TIME: &str = "at its time";

fn said(past: &Past, id: EntryId, at: Timestamp, body: &Body, each: &mut dyn FnMut(About, String)) {
    match body {
        Body::OutcomeRecorded(p) => {
            each(About::Outcome(p.appointment), p.value.to_string());
            // A visit that took place, or was missed, at its time cannot have been moved or called off as well.
            if matches!(p.value, OutcomeValue::Attended | OutcomeValue::NoShow) {
                each(About::Slot(p.appointment), AT_ITS_TIME.into());
            }
        }
        // Who is there has come; she cannot have stayed away, nor the visit have been called off.
        Body::PatientArrived(p) => {
            each(
                About::Outcome(p.appointment),
                OutcomeValue::Attended.to_string(),
            );
            each(About::Slot(p.appointment), AT_ITS_TIME.into());
        }
        Body::AppointmentChanged(p) => each(
            About::Slot(p.appointment),
            format!("{} {} {}", p.start_local, p.zone, p.second_hour),
        ),
        Body::AppointmentCancelled(p) => each(About::Slot(p.appointment), "cancelled".into()),
        // Two that take the place of one are two bookings, which is asked anyway.
        Body::AppointmentBooked(p) => {
            for replaced in &p.replaces {
                each(About::Slot(*replaced), "replaced".into());
            }
        }
        Body::NeedIdentified(p) => each(About::Need, p.need.to_string()),
        Body::PartnerAccepted(p) => each(About::Answer(p.partner.clone()), "accepted".into()),
        Body::PartnerDeclined(p) => {
            each(About::Answer(p.partner.clone()), "declined".into());
            if let Some(appointment) = p.appointment {
                each(About::Slot(appointment), "cancelled".into());
            }
        }
        Body::EncounterEnded(p) => {
            let minute = at.as_second().div_euclid(60);
            each(About::End(p.encounter), minute.to_string());
        }
        Body::PatientDescribed(p) => described(p, each),
        Body::ContactRuleSet(p) => each(About::Rule(p.channel), rule(p)),
        Body::SharingPlanConfirmed(p) => {
            each(About::Plan, format!("{:?}", sharing::shares(p)));
        }
        // Each version says something of its own, until a clinician signs one.
        Body::ScreenAmended(p) => each(About::Screen(p.screen), id.to_string()),
        Body::ScreenSigned(p) => {
            let screen = match past.get(p.version).map(|e| &e.body) {
                Some(Body::ScreenAmended(amended)) => amended.screen,
                _ => p.version,
            };
            each(About::Screen(screen), p.version.to_string());
        }
        _ => {}
    }
}

fn described(said: &PatientDescribed, each: &mut dyn FnMut(About, String)) {
    let mut field = |name, value: Option<String>| {
        if let Some(value) = value {
            each(About::Field(name), value);
        }
    };
    let text = |answer: &dyn fmt::Debug| format!("{answer:?}");
    field("preferred_name", said.preferred_name.clone());
    field("legal_name", said.legal_name.clone());
    field("born_on", said.born_on.map(|date| date.to_string()));
    field("pronouns", said.pronouns.clone());
    field("language", said.language.clone());
    field(
        "interpreter_needed",
        said.interpreter_needed.map(|needed| needed.to_string()),
    );
    field(
        "perinatal_stage",
        said.perinatal_stage.as_ref().map(|s| text(s)),
    );
    field("child", said.child.as_ref().map(|c| text(c)));
    field("payer_type", said.payer_type.as_ref().map(|a| text(a)));
    field(
        "race_ethnicity",
        said.race_ethnicity.as_ref().map(|a| text(a)),
    );
    field(
        "first_time_parent",
        said.first_time_parent.as_ref().map(|a| text(a)),
    );
    field("area", said.area.as_ref().map(|a| text(a)));
    for id in &said.external_ids {
        each(About::Elsewhere(id.system.clone()), id.value.clone());
    }
}

/// A number without its punctuation: 555-0100 and 555 0100 are one.
pub(in crate::domain) fn digits(number: &str) -> String {
    let bare: String = number
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '+')
        .collect();
    if bare.is_empty() {
        number.to_owned()
    } else {
        bare
    }
}

/// What a rule allows, as a text to compare; its number is a fact of its own.
pub(in crate::domain) fn rule(said: &ContactRuleSet) -> String {
    format!(
        "{} {} {} {} {:?}",
        said.voicemail_ok, said.text_ok, said.say_org_name_ok, said.shared_phone, said.safe_hours
    )
}

/// Does it lift a disagreement of which its author knew? An instruction that she was not asked about does not.
pub(super) fn lifts(body: &Body) -> bool {
    !matches!(body, Body::ContactRuleSet(p) if !p.confirmed_with_patient)
}

/// A consent given while another of its kind was taken back, with the first entry that had seen both and says anew how it
/// stands with consents of that kind.
pub(super) fn consents(past: &Past) -> Vec<([EntryId; 2], Option<&Arc<Entry>>)> {
    let (mut given, mut revoked) = (Vec::new(), Vec::new());
    for entry in past.standing() {
        match &entry.body {
            Body::ConsentRecorded(p) => given.push((entry, p.kind)),
            Body::ConsentRevoked(p) => {
                if let Some(Body::ConsentRecorded(consent)) = past.get(p.consent).map(|e| &e.body) {
                    revoked.push((entry, p.consent, consent.kind));
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (consent, kind) in &given {
        for (revocation, of, revoked_kind) in &revoked {
            let pair = [consent.id, revocation.id];
            if *of == consent.id || kind != revoked_kind || !past.concurrent(pair[0], pair[1]) {
                continue;
            }
            let of_kind = given.iter().filter(|(_, k)| k == kind).map(|(e, _)| *e);
            let taken_back = revoked.iter().filter(|(_, _, k)| k == kind);
            let anew = of_kind
                .chain(taken_back.map(|(e, _, _)| *e))
                .filter(|e| pair.iter().all(|one| past.saw(e.id, *one)))
                .min_by_key(|e| (e.occurred_at.timestamp(), e.id));
            found.push((pair, anew));
        }
    }
    found
}
