//! The figures of one record. Days are counted between local dates, minutes between claimed times.

use super::row::AppointmentReading;
use crate::domain::code::{
    AppointmentStatus, CloseReason, ContactOutcome, ContactWith, DecisionState, DecisionValue,
    OutcomeValue, ReviewKind,
};
use crate::domain::entry::{Body, Entry};
use crate::domain::fold::{Decision, Record};
use crate::domain::id::EntryId;
use crate::domain::time;
use jiff::civil::Date;
use jiff::{Timestamp, Unit};

/// Minutes from identifying the need to the patient speaking with a practice.
pub(super) fn identify_to_contact_min(record: &Record) -> Option<i64> {
    let identified = record.need.as_ref()?.0.occurred_at.timestamp();
    let first = record
        .attempts
        .iter()
        .filter(|a| a.spoke_directly())
        .map(|a| a.entry.occurred_at.timestamp())
        .filter(|at| *at >= identified)
        .min()?;
    Some(time::minutes_between(identified, first))
}

/// Her decisions, but for those that a person let another stand for.
fn heard(record: &Record) -> impl Iterator<Item = &Decision> {
    let lost = |d: &&Decision| record.has_lost(ReviewKind::DecisionDisputed, d.entry.id);
    record.decisions.iter().filter(move |d| !lost(d))
}

/// When she first agreed.
pub(super) fn agreed_at(record: &Record) -> Option<Timestamp> {
    let agreed = heard(record).filter(|d| d.said.value == DecisionValue::Agreed);
    agreed.map(|d| d.entry.occurred_at.timestamp()).min()
}

fn first_agreed(record: &Record) -> Option<Date> {
    heard(record)
        .filter(|d| d.said.value == DecisionValue::Agreed)
        .min_by_key(|d| (d.entry.occurred_at.timestamp(), d.entry.id))
        .map(|d| d.entry.occurred_at.date())
}

/// Days between two dates.
fn days(from: Date, to: Date) -> Option<i64> {
    from.until((Unit::Day, to))
        .ok()
        .map(|span| i64::from(span.get_days()))
}

fn first_kept(appointments: &[AppointmentReading]) -> Option<&AppointmentReading> {
    appointments
        .iter()
        .filter(|a| a.kept)
        .min_by_key(|a| (a.start, a.id))
}

/// Days from the first agreement to the first kept appointment.
pub(super) fn days_to_appt(record: &Record, appointments: &[AppointmentReading]) -> Option<i64> {
    days(
        first_agreed(record)?,
        first_kept(appointments)?.local.date(),
    )
}

/// The same from the first offer.
pub(super) fn days_from_offer(record: &Record, appointments: &[AppointmentReading]) -> Option<i64> {
    days(
        record.offers.first()?.at.date(),
        first_kept(appointments)?.local.date(),
    )
}

/// Days from the first agreement to the first visit that she attended.
pub(super) fn days_to_attended(
    record: &Record,
    appointments: &[AppointmentReading],
) -> Option<i64> {
    let attended = appointments
        .iter()
        .filter(|a| a.status == AppointmentStatus::Attended)
        .min_by_key(|a| (a.start, a.id))?;
    days(first_agreed(record)?, attended.local.date())
}

/// The path of the referral in the words of `BSeR`, each step where it differs from the one before. A call in which the
/// practice reached her and she was booked at once is one step.
pub(super) fn bser_path(record: &Record) -> Vec<String> {
    let mut path: Vec<&str> = Vec::new();
    let mut sent = false;
    let minute = |e: &Entry| e.occurred_at.timestamp().as_second().div_euclid(60);
    let mut entries: Vec<_> = record.past.standing().iter().collect();
    entries.sort_by_key(|e| (e.occurred_at.timestamp(), record.past.place(e.id)));
    let booked_with = |call: &Entry| {
        entries.iter().any(|e| {
            matches!(e.body, Body::AppointmentBooked(_))
                && (minute(e) == minute(call) || e.after.contains(&call.id))
        })
    };
    let live = |id: EntryId| record.appointment(id).is_some();
    for entry in &entries {
        let step = match &entry.body {
            Body::ElectronicSent(_) => {
                sent = true;
                "2.0"
            }
            _ if !sent => continue,
            Body::PartnerAccepted(_) => "3.0",
            Body::PartnerDeclined(_) => "4.0",
            Body::ContactAttempted(p)
                if p.with == ContactWith::Partner
                    && p.outcome == ContactOutcome::SpokeDirectly
                    && p.patient_on_line
                    && !booked_with(entry) =>
            {
                "5.1"
            }
            Body::AppointmentBooked(_) | Body::AppointmentChanged(_) => "5.1.1",
            Body::OutcomeRecorded(p) if live(p.appointment) => match p.value {
                OutcomeValue::Attended => "5.1.4",
                OutcomeValue::NoShow => "5.1.2",
                OutcomeValue::CancelledPatient | OutcomeValue::CancelledPartner => "5.1.3",
                OutcomeValue::Rescheduled | OutcomeValue::Unknown => continue,
            },
            Body::AppointmentCancelled(_) => "5.1.3",
            Body::DecisionRecorded(p) if p.value == DecisionValue::Withdrew => "5.2",
            Body::LoopClosed(p) if p.reason == CloseReason::Attended => "7.0",
            Body::LoopClosed(p) if p.reason == CloseReason::PatientChoice => "6.0",
            _ => continue,
        };
        if path.last() != Some(&step) {
            path.push(step);
        }
    }
    path.into_iter().map(str::to_owned).collect()
}

/// Hesitant or not today at first, and agreed later: as good as agreed at once. While it is in question whether she
/// agreed, nothing is claimed.
pub(super) fn converted(record: &Record) -> bool {
    if record.decision == DecisionState::Disputed {
        return false;
    }
    let mut decisions: Vec<&Decision> = heard(record).collect();
    decisions.sort_by_key(|d| (d.entry.occurred_at.timestamp(), d.entry.id));
    let Some((first, later)) = decisions.split_first() else {
        return false;
    };
    matches!(
        first.said.value,
        DecisionValue::Hesitant | DecisionValue::NotToday
    ) && later.iter().any(|d| d.said.value == DecisionValue::Agreed)
}
