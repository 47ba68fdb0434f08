//! Random commands: whatever a person might try on a record, sensible or not. The rules decide which are taken.

mod fields;

use fields::fields;
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use rand::seq::IndexedRandom;
use rand::{Rng, RngCore};
use serde_json::{Value, json};
use warmhand_core::domain::code::*;
use warmhand_core::domain::fold::{Appointment, Record, ReviewItem};
use warmhand_core::domain::id::{EntryId, PatientId};
use warmhand_core::usecase::Command;

/// The people who try things.
pub const PEOPLE: [&str; 10] = ["n1", "n2", "d1", "ma", "c1", "p1", "sup", "adm", "a2", "pp"];

/// Everything that a person can try, by the name of its command.
pub const TRIES: [&str; 47] = [
    "DescribePatient",
    "StartEncounter",
    "EndEncounter",
    "GiveLeaveReason",
    "RecordScreen",
    "AmendScreen",
    "SignScreen",
    "IdentifyNeed",
    "OfferOwnership",
    "AcceptOwnership",
    "ReleaseOwnership",
    "OfferHandoff",
    "RecordDecision",
    "SayScript",
    "GiveMaterial",
    "ReadBackToHer",
    "RecordBarrier",
    "SetContactRule",
    "ConfirmSharingPlan",
    "RecordConsent",
    "RevokeConsent",
    "QueueElectronic",
    "SendElectronic",
    "FailElectronic",
    "RecordContact",
    "SetNextStep",
    "FulfilNextStep",
    "CancelNextStep",
    "BookAppointment",
    "ChangeAppointment",
    "CancelAppointment",
    "RecordArrival",
    "RecordOutcome",
    "RecordPartnerAccepted",
    "RecordPartnerDeclined",
    "TellPartner",
    "AddNote",
    "SettleReview",
    "RaiseSafety",
    "DismissSafetyPanel",
    "TapSafetyCall",
    "HandSafety",
    "AssessSafety",
    "ResolveSafety",
    "LinkFlags",
    "CloseLoop",
    "VoidEntry",
];

/// Said rarely: two patients as one, and tasks ticked.
const SELDOM: [&str; 3] = ["LinkPatients", "UnlinkPatients", "CompleteTask"];

fn one<'a>(all: &[&'a str], rng: &mut dyn RngCore) -> &'a str {
    all.choose(rng).expect("a list is not empty")
}

fn code<T: Copy + serde::Serialize>(all: &[T], rng: &mut dyn RngCore) -> Value {
    json!(all.choose(rng).expect("a code list is not empty"))
}

fn zoned(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::get("America/New_York").expect("zone"))
}

/// One of these, or (rarely) none of them.
fn one_of(ids: &[EntryId], rng: &mut dyn RngCore) -> EntryId {
    ids.choose(rng)
        .copied()
        .unwrap_or(EntryId(uuid::Uuid::nil()))
}

/// What somebody who knows her work would do next.
fn sensible(record: &Record, now: Timestamp, rng: &mut dyn RngCore) -> &'static str {
    let begun = |a: &Appointment| a.is_live() && a.slot.start <= now;
    let visit = record.open_encounter().is_some();
    if record.need.is_none() {
        return one(
            &[
                "IdentifyNeed",
                "IdentifyNeed",
                "DescribePatient",
                "StartEncounter",
                "RecordScreen",
            ],
            rng,
        );
    }
    if record.review.iter().any(ReviewItem::is_open) && rng.random_bool(0.25) {
        return "SettleReview";
    }
    if record.offers.is_empty() {
        return "OfferHandoff";
    }
    if record.decisions.is_empty() || record.decision == DecisionState::Offered {
        return "RecordDecision";
    }
    if record.appointments.iter().any(begun) && rng.random_bool(0.6) {
        return one(&["RecordArrival", "RecordOutcome", "RecordOutcome"], rng);
    }
    if !visit && rng.random_bool(0.15) {
        return "StartEncounter";
    }
    let agreed = record.decision == DecisionState::Agreed;
    let flagged = !record.flags.is_empty();
    match rng.random_range(0..12) {
        0 if visit => "EndEncounter",
        0 | 1 => "AddNote",
        2 if flagged => one(
            &[
                "HandSafety",
                "ResolveSafety",
                "LinkFlags",
                "AssessSafety",
                "DismissSafetyPanel",
            ],
            rng,
        ),
        2 => "RaiseSafety",
        3 => one(
            &[
                "SetContactRule",
                "DescribePatient",
                "RecordBarrier",
                "ReadBackToHer",
                "SayScript",
            ],
            rng,
        ),
        4 => one(
            &[
                "TellPartner",
                "RecordScreen",
                "AmendScreen",
                "SignScreen",
                "AcceptOwnership",
            ],
            rng,
        ),
        5 => one(
            &[
                "SetNextStep",
                "SetNextStep",
                "FulfilNextStep",
                "CancelNextStep",
            ],
            rng,
        ),
        6 => one(
            &[
                "RecordConsent",
                "RecordConsent",
                "RevokeConsent",
                "VoidEntry",
                "CloseLoop",
            ],
            rng,
        ),
        7 if agreed => one(
            &[
                "ConfirmSharingPlan",
                "ConfirmSharingPlan",
                "SendElectronic",
                "QueueElectronic",
            ],
            rng,
        ),
        8 if agreed => one(
            &[
                "RecordContact",
                "RecordPartnerAccepted",
                "RecordPartnerDeclined",
            ],
            rng,
        ),
        9 if agreed => one(
            &["ChangeAppointment", "CancelAppointment", "BookAppointment"],
            rng,
        ),
        10 | 11 if agreed => "BookAppointment",
        _ => one(
            &[
                "RecordDecision",
                "RecordContact",
                "GiveMaterial",
                "OfferOwnership",
            ],
            rng,
        ),
    }
}

/// Who would usually do this.
fn usual(name: &str, rng: &mut dyn RngCore) -> &'static str {
    match name {
        "ResolveSafety" | "AssessSafety" | "LinkFlags" | "SignScreen" => "p1",
        "LinkPatients" | "UnlinkPatients" => "sup",
        "VoidEntry" => one(&["sup", "n1", "c1"], rng),
        _ => one(&["n1", "n2", "c1", "c1", "p1", "d1"], rng),
    }
}

/// Somebody and a command of hers on this record at this time. `other` is a patient who may be the same person.
pub fn attempt(
    record: &Record,
    other: PatientId,
    now: Timestamp,
    rng: &mut dyn RngCore,
) -> (&'static str, Command) {
    let name = match rng.random_range(0..100) {
        0..80 => sensible(record, now, rng),
        80..98 => one(&TRIES, rng),
        _ => one(&SELDOM, rng),
    };
    let by = if rng.random_bool(0.85) {
        usual(name, rng)
    } else {
        one(&PEOPLE, rng)
    };
    let mut fields = fields(name, record, other, now, rng);
    if name != "TellPartner" {
        fields["record"] = json!(record.id);
    }
    if rng.random_bool(0.2) && !matches!(name, "EndEncounter") {
        let ago = SignedDuration::from_mins(rng.random_range(0..60));
        fields["at"] = json!(zoned(now - ago));
    }
    let command = json!({ name: fields });
    let read = serde_json::from_value(command.clone());
    (
        by,
        read.unwrap_or_else(|error| panic!("{command}: {error}")),
    )
}
