//! A report: the figures as known at its time, refolded from the changes that the server had by then, and the records
//! that stand behind them.

use super::told::Records;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Serialize;
use warmhand_core::domain::code::{AppointmentStatus, Grade, LeaveCheck};
use warmhand_core::domain::read::{Reading, Summary};
use warmhand_core::domain::time;

/// Handoffs of this many days are counted.
const PERIOD_DAYS: i64 = 30;

/// Two visits attended within this many days are engagement.
const ENGAGED_WITHIN: SignedDuration = SignedDuration::from_hours(60 * 24);

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Handoffs whose loop is open.
    open: usize,
    /// Open tasks past their time.
    overdue: usize,
    /// Safety flags that somebody still has to look after.
    safety: usize,
    /// Devices that have not spoken for more than a day.
    silent: usize,
    /// What became of the handoffs of the last 30 days.
    funnel: Funnel,
    /// The devices that are silent.
    silent_devices: Vec<String>,
    /// The records as known then.
    records: Records,
}

/// How far the handoffs came. Each step counts handoffs, each handoff once.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Funnel {
    identified: usize,
    offered: usize,
    agreed: usize,
    direct_contact: usize,
    left_with_plan: usize,
    scheduled: usize,
    attended: usize,
    engaged: usize,
}

/// Counts what was known.
pub(super) fn report(
    readings: &[Reading],
    mut silent_devices: Vec<String>,
    records: Records,
    zone: &TimeZone,
    now: Timestamp,
) -> Report {
    silent_devices.sort();
    let all = || readings.iter().flat_map(|reading| &reading.records);
    Report {
        open: all().filter(|r| r.is_open()).count(),
        overdue: all().map(|r| r.overdue(now).count()).sum(),
        safety: all()
            .flat_map(|r| &r.flags)
            .filter(|f| f.status.is_open())
            .count(),
        silent: silent_devices.len(),
        funnel: funnel(all(), zone, now),
        silent_devices,
        records,
    }
}

fn funnel<'a>(
    records: impl Iterator<Item = &'a Summary>,
    zone: &TimeZone,
    now: Timestamp,
) -> Funnel {
    let from = time::date_in(now, zone).saturating_sub(PERIOD_DAYS.days());
    let cohort: Vec<&Summary> = records
        .filter(|r| r.identified_on.is_some_and(|on| on >= from))
        .collect();
    let of = |reached: &dyn Fn(&Summary) -> bool| cohort.iter().filter(|r| reached(r)).count();
    Funnel {
        identified: cohort.len(),
        offered: of(&|r| r.offered_at.is_some()),
        agreed: of(&|r| r.agreed_at.is_some()),
        direct_contact: of(&|r| r.encounters.iter().any(|e| e.direct_contact)),
        left_with_plan: of(&|r| {
            r.encounters
                .iter()
                .any(|e| e.agreed && e.grade >= Grade::W1 && e.leave_check == LeaveCheck::Pass)
        }),
        scheduled: of(&|r| r.appointments.iter().any(|a| a.kept)),
        attended: of(&|r| !visits(r).is_empty()),
        engaged: of(&|r| match visits(r).as_slice() {
            [first, second, ..] => second.duration_since(*first) <= ENGAGED_WITHIN,
            _ => false,
        }),
    }
}

/// The visits that she attended, in order.
fn visits(record: &Summary) -> Vec<Timestamp> {
    let attended = record
        .appointments
        .iter()
        .filter(|a| a.status == AppointmentStatus::Attended);
    let mut visits: Vec<Timestamp> = attended.map(|a| a.start).collect();
    visits.sort();
    visits
}
