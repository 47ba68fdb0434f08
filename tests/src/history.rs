//! Random commands: whatever a person might try on a record, allowed or not. The rules decide which are taken.

use jiff::{SignedDuration, Timestamp, Zoned, civil::Date, tz::TimeZone};
use rand::seq::IndexedRandom;
use rand::{Rng, RngCore};
use warmhand_core::domain::code::*;
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{EntryId, PartnerId, UserId};
use warmhand_core::domain::payload::Revisit;
use warmhand_core::usecase::*;

/// The people who try things.
pub const PEOPLE: [&str; 8] = ["n1", "n2", "d1", "ma", "c1", "p1", "sup", "adm"];

fn code<T: Copy>(all: &[T], rng: &mut dyn RngCore) -> T {
    *all.choose(rng).expect("a code list is not empty")
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

/// What somebody who knows her work would do next, as a number of the table below.
fn sensible(record: &Record, now: Timestamp, rng: &mut dyn RngCore) -> u32 {
    let begun = |a: &warmhand_core::domain::fold::Appointment| a.is_live() && a.slot.start <= now;
    if record.need.is_none() {
        6
    } else if record.offers.is_empty() {
        11
    } else if record.decisions.is_empty() || record.decision == DecisionState::Offered {
        13
    } else if record.review.iter().any(|i| i.is_open()) && rng.random_bool(0.4) {
        25
    } else if record.appointments.iter().any(begun) {
        24
    } else if record.open_encounter().is_none() && rng.random_bool(0.5) {
        1
    } else if record.open_encounter().is_some() && rng.random_bool(0.3) {
        15
    } else {
        19
    }
}

/// A command on this record at this time.
pub fn command(record: &Record, now: Timestamp, rng: &mut dyn RngCore) -> Command {
    let id = record.id;
    let at = rng
        .random_bool(0.3)
        .then(|| zoned(now - SignedDuration::from_mins(rng.random_range(0..90))));
    let partner = PartnerId::from(*["har", "jun", "inh"].choose(rng).expect("partners"));
    let appointments: Vec<EntryId> = record.appointments.iter().map(|a| a.id).collect();
    let flags: Vec<EntryId> = record.flags.iter().map(|f| f.entry.id).collect();
    let steps: Vec<EntryId> = record.steps.iter().map(|s| s.entry.id).collect();
    let future = zoned(now + SignedDuration::from_hours(rng.random_range(-8..60)));
    let kind = if rng.random_bool(0.5) {
        sensible(record, now, rng)
    } else {
        rng.random_range(0..30)
    };
    match kind {
        0 => Command::DescribePatient(DescribePatient {
            record: id,
            preferred_name: Some(
                (*["Rosa", "Ñ", "أمل", "🌷 Li"].choose(rng).expect("names")).to_owned(),
            ),
            born_on: rng
                .random_bool(0.3)
                .then(|| Date::constant(1996, 2, rng.random_range(1..29))),
            pronouns: None,
            language: Some("es".into()),
            interpreter_needed: None,
            callback: Some("555-0100".into()),
            at,
        }),
        1 | 2 => Command::StartEncounter(StartEncounter {
            record: id,
            setting: code(Setting::ALL, rng),
            site: None,
            signal: Some(code(Signal::ALL, rng)),
            at,
        }),
        3 | 4 => Command::EndEncounter(EndEncounter {
            record: id,
            encounter: None,
            at,
        }),
        5 => Command::RecordScreen(RecordScreen {
            record: id,
            instrument: Instrument::Phq9,
            mode: ScreenMode::Interview,
            items: (0..9)
                .map(|_| rng.random_bool(0.95).then(|| rng.random_range(0..4)))
                .collect(),
            total: None,
            language: None,
            encounter: None,
            at,
        }),
        6 | 7 => Command::IdentifyNeed(IdentifyNeed {
            record: id,
            basis: code(NeedBasis::ALL, rng),
            need: None,
            urgency: None,
            screen: None,
            owner: None,
            encounter: None,
            at,
        }),
        8 => Command::AcceptOwnership(AcceptOwnership {
            record: id,
            offer: None,
            at,
        }),
        9 => Command::ReleaseOwnership(ReleaseOwnership { record: id, at }),
        10 => Command::OfferOwnership(OfferOwnership {
            record: id,
            to: UserId::from(*PEOPLE.choose(rng).expect("people")),
            at,
        }),
        11 | 12 => Command::OfferHandoff(OfferHandoff {
            record: id,
            mode: code(Mode::ALL, rng),
            script: None,
            language: None,
            outreach: rng.random_bool(0.3),
            encounter: None,
            at,
        }),
        13 | 14 => Command::RecordDecision(RecordDecision {
            record: id,
            value: if rng.random_bool(0.6) {
                DecisionValue::Agreed
            } else {
                code(DecisionValue::ALL, rng)
            },
            offer: None,
            reasons: vec![code(DecisionReason::ALL, rng)],
            patient_initiated: rng.random_bool(0.1),
            revisit: Some(if rng.random_bool(0.5) {
                Revisit::NextEncounter
            } else {
                Revisit::On(future.date())
            }),
            words: None,
            outreach: rng.random_bool(0.3),
            encounter: None,
            at,
        }),
        15 | 16 => Command::RecordContact(RecordContact {
            record: id,
            with: code(ContactWith::ALL, rng),
            direction: None,
            channel: None,
            outcome: code(ContactOutcome::ALL, rng),
            basis: None,
            partner: Some(partner),
            contact_name: None,
            ended_at: None,
            patient_on_line: rng.random_bool(0.6),
            introduced_by_name: false,
            context_given: false,
            retry_at: None,
            reason: None,
            encounter: None,
            at,
        }),
        17 => Command::SetNextStep(SetNextStep {
            record: id,
            what: code(StepKind::ALL, rng),
            due_at: future,
            contact_name: "Mia".into(),
            contact_channel: None,
            contact_value: "555-0142".into(),
            partner: Some(partner),
            owner: None,
            encounter: None,
            at,
        }),
        18 => Command::FulfilNextStep(FulfilNextStep {
            record: id,
            step: one_of(&steps, rng),
            at,
        }),
        19..=21 => Command::BookAppointment(BookAppointment {
            record: id,
            partner,
            start_local: future.datetime(),
            zone: None,
            second_hour: rng.random_bool(0.1),
            modality: None,
            booked_by: None,
            minutes: None,
            clinician: None,
            location: None,
            replaces: if rng.random_bool(0.3) {
                appointments.clone()
            } else {
                Vec::new()
            },
            also: Vec::new(),
            rebooks: None,
            outreach: rng.random_bool(0.5),
            encounter: None,
            at,
        }),
        22 => Command::ChangeAppointment(ChangeAppointment {
            record: id,
            appointment: one_of(&appointments, rng),
            start_local: future.datetime(),
            zone: None,
            second_hour: false,
            modality: None,
            at,
        }),
        23 => Command::CancelAppointment(CancelAppointment {
            record: id,
            appointment: one_of(&appointments, rng),
            cancelled_by: code(BookedBy::ALL, rng),
            reason: None,
            at,
        }),
        24 => Command::RecordOutcome(RecordOutcome {
            record: id,
            appointment: one_of(&appointments, rng),
            value: code(OutcomeValue::ALL, rng),
            source: None,
            at,
        }),
        25 => {
            let open: Vec<EntryId> = record
                .review
                .iter()
                .filter(|i| i.is_open())
                .flat_map(|i| i.choices.clone())
                .collect();
            Command::SettleReview(SettleReview {
                record: id,
                keep: one_of(&open, rng),
                items: Vec::new(),
                at,
            })
        }
        26 => Command::RaiseSafety(RaiseSafety {
            record: id,
            reason: code(SafetyReason::ALL, rng),
            words: None,
            encounter: None,
            at,
        }),
        27 => Command::HandSafety(HandSafety {
            record: id,
            flags: Vec::new(),
            to: "Dr. Lima".into(),
            how: HandedHow::Phone,
            at,
        }),
        28 => Command::ResolveSafety(ResolveSafety {
            record: id,
            flags,
            note: "assessed; a plan is made".into(),
            at,
        }),
        _ => Command::CloseLoop(CloseLoop {
            record: id,
            reason: code(CloseReason::ALL, rng),
            at,
        }),
    }
}
