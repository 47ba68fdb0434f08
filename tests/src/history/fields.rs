//! The fields of a random command: what somebody might fill in, fitting or not.

use super::{PEOPLE, code, one, one_of, zoned};
use jiff::{SignedDuration, Timestamp};
use rand::{Rng, RngCore};
use serde_json::{Value, json};
use warmhand_core::domain::code::*;
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{EntryId, PatientId};

pub(super) fn fields(
    name: &str,
    record: &Record,
    other: PatientId,
    now: Timestamp,
    rng: &mut dyn RngCore,
) -> Value {
    let partner = one(&["har", "jun", "inh"], rng);
    let appointments: Vec<EntryId> = record.appointments.iter().map(|a| a.id).collect();
    let live: Vec<EntryId> = record
        .appointments
        .iter()
        .filter(|a| a.is_live())
        .map(|a| a.id)
        .collect();
    let flags: Vec<EntryId> = record.flags.iter().map(|f| f.entry.id).collect();
    let steps: Vec<EntryId> = record.steps.iter().map(|s| s.entry.id).collect();
    let screens: Vec<EntryId> = record.screens.iter().map(|s| s.entry.id).collect();
    let versions: Vec<EntryId> = record
        .screens
        .iter()
        .flat_map(|s| &s.versions)
        .map(|v| v.entry.id)
        .collect();
    let consents: Vec<EntryId> = record.consents.iter().map(|c| c.entry.id).collect();
    let queued: Vec<EntryId> = record.queued.iter().map(|q| q.entry.id).collect();
    let any: Vec<EntryId> = record
        .entries()
        .iter()
        .rev()
        .take(6)
        .map(|e| e.id)
        .collect();
    let future = zoned(now + SignedDuration::from_hours(rng.random_range(-8..60)));
    let items = |rng: &mut dyn RngCore| -> Vec<Option<u8>> {
        (0..9)
            .map(|_| rng.random_bool(0.97).then(|| rng.random_range(0..4)))
            .collect()
    };
    match name {
        "DescribePatient" => json!({
            "preferred_name": rng.random_bool(0.4).then(|| one(&["Rosa", "Ñ", "أمل", "🌷 Li"], rng)),
            "born_on": rng.random_bool(0.4).then(|| one(&["1996-02-03", "1996-03-02"], rng)),
            "legal_name": rng.random_bool(0.2).then(|| one(&["Rosa Maria", "Rosa Marta"], rng)),
            "perinatal_stage": rng.random_bool(0.2).then(|| one(&["loss", "other"], rng)),
            "external_ids": [{"system": "county", "value": one(&["A-1", "A-2"], rng)}],
            "payer_type": rng.random_bool(0.2).then(|| one(&["declined", "not_asked"], rng)),
            "callback": one(&["555-0100", "555 0100", "555-0188", "+1 555 0199"], rng),
        }),
        "StartEncounter" => {
            json!({"setting": code(Setting::ALL, rng), "signal": code(Signal::ALL, rng), "staff": [one(&PEOPLE, rng)]})
        }
        "GiveLeaveReason" => json!({"reason": "no time"}),
        "RecordScreen" => {
            let (mode, mut items) = (code(ScreenMode::ALL, rng), items(rng));
            // About alcohol and drugs: in a document of its own, which fewer may see.
            let instrument = if rng.random_bool(0.3) {
                items.truncate(3);
                "audit_c"
            } else {
                "phq9"
            };
            json!({"instrument": instrument, "mode": mode, "items": items})
        }
        "AmendScreen" => {
            json!({"screen": one_of(&screens, rng), "mode": "interview", "items": items(rng)})
        }
        "SignScreen" => json!({"version": one_of(&versions, rng)}),
        "IdentifyNeed" => json!({"basis": code(NeedBasis::ALL, rng)}),
        "OfferOwnership" => json!({"to": one(&PEOPLE, rng)}),
        "OfferHandoff" => json!({"mode": code(Mode::ALL, rng), "outreach": rng.random_bool(0.4)}),
        "RecordDecision" => json!({
            "value": if rng.random_bool(0.65) { json!("agreed") } else { code(DecisionValue::ALL, rng) },
            "reasons": [code(DecisionReason::ALL, rng)], "patient_initiated": rng.random_bool(0.1),
            "revisit": if rng.random_bool(0.5) { json!("next_encounter") } else { json!({"on": future.date()}) },
            "outreach": rng.random_bool(0.3),
        }),
        "SayScript" => json!({"script": "T2", "language": "es"}),
        "GiveMaterial" => json!({"what": "card"}),
        "ReadBackToHer" => json!({"corrections": [{"what": "callback"}]}),
        "RecordBarrier" => {
            json!({"kind": code(BarrierKind::ALL, rng), "plan": rng.random_bool(0.5).then_some("a ride")})
        }
        "SetContactRule" => json!({
            "channel": one(&["voice", "voice", "text"], rng), "voicemail_ok": rng.random_bool(0.5),
            "text_ok": rng.random_bool(0.5), "say_org_name_ok": rng.random_bool(0.5),
        }),
        "ConfirmSharingPlan" => json!({"items": [
            {"kind": code(&[ShareKind::Callback, ShareKind::Reason, ShareKind::Language], rng), "choice": "withhold"},
            {"kind": "alcohol_drug", "choice": code(ShareChoice::ALL, rng)},
        ]}),
        "RecordConsent" => json!({
            "kind": "part2_specific", "patient_name": "Rosa", "discloser": "us", "what": "screen", "partners": [partner],
            "purpose": "treatment", "right_to_revoke_told": true, "expires_on": "2027-01-01",
            "signed": rng.random_bool(0.9), "signed_on": "2026-03-03",
        }),
        "RevokeConsent" => json!({"consent": one_of(&consents, rng)}),
        "QueueElectronic" => json!({"partner": partner}),
        "SendElectronic" => json!({
            "partner": partner,
            "queued": (rng.random_bool(0.2) && !queued.is_empty()).then(|| one_of(&queued, rng)),
        }),
        "FailElectronic" => json!({"queued": one_of(&queued, rng), "reason": "no connection"}),
        "RecordContact" => json!({
            "with": code(ContactWith::ALL, rng), "outcome": code(ContactOutcome::ALL, rng), "partner": partner,
            "patient_on_line": rng.random_bool(0.6),
        }),
        "SetNextStep" => json!({
            "what": code(StepKind::ALL, rng), "due_at": future, "contact_name": "Mia", "contact_value": "555-0142",
            "partner": partner, "replaces": (rng.random_bool(0.5) && !steps.is_empty()).then(|| one_of(&steps, rng)),
        }),
        "FulfilNextStep" => json!({"step": one_of(&steps, rng)}),
        "CancelNextStep" => json!({"step": one_of(&steps, rng), "reason": "she called"}),
        "BookAppointment" => json!({
            "partner": partner, "start_local": future.datetime(), "second_hour": rng.random_bool(0.1),
            "proposed": rng.random_bool(0.1),
            "replaces": if rng.random_bool(0.5) { live.clone() } else { Vec::new() },
            "also": if rng.random_bool(0.3) { live } else { Vec::new() }, "outreach": rng.random_bool(0.5),
        }),
        "ChangeAppointment" => {
            json!({"appointment": one_of(&live, rng), "start_local": future.datetime()})
        }
        "CancelAppointment" => {
            json!({"appointment": one_of(&live, rng), "cancelled_by": code(BookedBy::ALL, rng)})
        }
        "RecordArrival" => json!({"appointment": one_of(&live, rng)}),
        "RecordOutcome" => {
            json!({"appointment": one_of(&appointments, rng), "value": code(OutcomeValue::ALL, rng)})
        }
        "RecordPartnerAccepted" => json!({"partner": partner, "missing": ["insurance"]}),
        "RecordPartnerDeclined" => {
            json!({"partner": partner, "reason": code(DeclineReason::ALL, rng)})
        }
        "TellPartner" => json!({
            "partner": "har", "accepting": code(Accepting::ALL, rng), "verified": rng.random_bool(0.3),
        }),
        "AddNote" => json!({"text": one(&["slept badly", "أمل", "🌷"], rng)}),
        "SettleReview" => {
            let open = record.review.iter().filter(|i| i.is_open());
            let choices: Vec<EntryId> = open.flat_map(|i| i.choices.clone()).collect();
            json!({"keep": one_of(&choices, rng)})
        }
        "RaiseSafety" => json!({"reason": code(SafetyReason::ALL, rng)}),
        "TapSafetyCall" => json!({"call": code(SafetyCall::ALL, rng)}),
        "HandSafety" => json!({"to": "Dr. Lima", "how": "phone"}),
        "ResolveSafety" => {
            let some: Vec<EntryId> = flags
                .iter()
                .copied()
                .filter(|_| rng.random_bool(0.6))
                .collect();
            json!({"flags": some, "note": "assessed; a plan is made"})
        }
        "LinkFlags" => json!({"flags": flags}),
        "CloseLoop" => json!({"reason": code(CloseReason::ALL, rng)}),
        "VoidEntry" => json!({"entry": one_of(&any, rng), "reason": "wrong patient"}),
        "LinkPatients" | "UnlinkPatients" => json!({"patient": other}),
        "CompleteTask" => json!({"kind": code(TaskKind::ALL, rng)}),
        _ => json!({}),
    }
}
