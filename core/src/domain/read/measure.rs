//! The figures of one record. Days are counted between local dates, minutes between claimed times.

use super::summary::AppointmentReading;
use crate::domain::code::{AppointmentStatus, DecisionValue};
use crate::domain::fold::{Decision, Record};
use crate::domain::time;
use jiff::Unit;
use jiff::civil::Date;

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

fn first_agreed(record: &Record) -> Option<Date> {
    record
        .decisions
        .iter()
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

/// Hesitant or not today at first, and agreed later: as good as agreed at once.
pub(super) fn converted(record: &Record) -> bool {
    let mut decisions: Vec<&Decision> = record.decisions.iter().collect();
    decisions.sort_by_key(|d| (d.entry.occurred_at.timestamp(), d.entry.id));
    let Some((first, later)) = decisions.split_first() else {
        return false;
    };
    matches!(
        first.said.value,
        DecisionValue::Hesitant | DecisionValue::NotToday
    ) && later.iter().any(|d| d.said.value == DecisionValue::Agreed)
}
