//! One record as plain data: what indexes and projections keep, what views and pages are filled from.

use super::task::Work;
use super::{
    LoopPoint, PromiseReading, Receipts, ReviewReading, TaskReading, TaskState, loops, measure,
    promise, review,
};
use crate::domain::code::{
    AppointmentStatus, Channel, CloseReason, DecisionState, DecisionValue, Direction, FlagStatus,
    Grade, LeaveCheck, Modality, Mode, ReviewKind, SafetyReason, Setting, Stage, TaskKind,
};
use crate::domain::entry::Body;
use crate::domain::fold::{Encounter, Record};
use crate::domain::id::{DeviceId, DocumentId, EntryId, PartnerId, PatientId, SiteId, UserId};
use crate::domain::join::{Patient, PatientFlag};
use crate::domain::organisation::Organisation;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

/// One record, read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The record.
    pub record: DocumentId,
    /// Whose.
    pub patient: Option<PatientId>,
    /// How she wants to be called; for devices and for pages opened with a reason.
    pub name: Option<String>,
    /// Where it was opened.
    pub site: Option<SiteId>,
    /// Where it stands, in one word.
    pub stage: Stage,
    /// Why it is closed, while it is.
    pub closed: Option<CloseReason>,
    /// Who looks after it.
    pub owners: Vec<UserId>,
    /// When the need was identified, and by whom; none: no handoff in this record.
    pub identified: Option<(Timestamp, UserId)>,
    /// On the local calendar.
    pub identified_on: Option<Date>,
    /// When it was first offered.
    pub offered_at: Option<Timestamp>,
    /// When she first agreed.
    pub agreed_at: Option<Timestamp>,
    /// The decision as all that is known has it.
    pub decision: DecisionState,
    /// As the first offer meant it.
    pub mode_intended: Option<Mode>,
    /// As it came.
    pub mode_achieved: Option<Mode>,
    /// The best of its encounters.
    pub grade: Option<Grade>,
    /// Its encounters.
    pub encounters: Vec<EncounterReading>,
    /// Its appointments.
    pub appointments: Vec<AppointmentReading>,
    /// Its promises.
    pub promises: Vec<PromiseReading>,
    /// Its tasks.
    pub tasks: Vec<TaskReading>,
    /// Its questions.
    pub review: Vec<ReviewReading>,
    /// The patient's safety flags that were raised in this record.
    pub flags: Vec<FlagReading>,
    /// Turns of the loop, from its first closing on.
    pub loop_history: Vec<LoopPoint>,
    /// Calls to practices: what a directory learns from.
    pub calls: Vec<CallReading>,
    /// What comes next.
    pub next: Option<Next>,
    /// When it is due.
    pub next_due_at: Option<Timestamp>,
    /// Minutes from the need to the patient speaking with a practice.
    pub identify_to_contact_min: Option<i64>,
    /// Days from agreement to the first kept appointment.
    pub days_to_appt: Option<i64>,
    /// Days from the first offer to it.
    pub days_from_offer: Option<i64>,
    /// Days from agreement to the first visit attended.
    pub days_to_attended: Option<i64>,
    /// Not today at first, agreed later.
    pub converted: bool,
    /// Until when this reads the same though nothing is recorded: the next visit's start, or a task's lapse.
    pub good_until: Option<Timestamp>,
    /// When the server had its newest entry.
    pub received_at: Option<Timestamp>,
    /// Entries that came more than 24 h after they were recorded.
    pub arrived_late: u32,
    /// Entries written by a newer version.
    pub unknown: u32,
}

/// An encounter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncounterReading {
    /// Its id.
    pub id: EntryId,
    /// Where.
    pub setting: Setting,
    /// When it began.
    pub started_at: Timestamp,
    /// When she left.
    pub ended_at: Option<Timestamp>,
    /// On the local calendar.
    pub ended_on: Option<Date>,
    /// Its grade.
    pub grade: Grade,
    /// What the leave-check says.
    pub leave_check: LeaveCheck,
    /// She spoke to the practice before leaving.
    pub direct_contact: bool,
    /// Written up late.
    pub late_entries: u32,
}

/// An appointment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppointmentReading {
    /// Its id.
    pub id: EntryId,
    /// With whom.
    pub partner: PartnerId,
    /// Wall time.
    pub local: DateTime,
    /// Its zone.
    pub zone: String,
    /// The instant.
    pub start: Timestamp,
    /// How.
    pub modality: Modality,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Standing at its start, or now if that is to come.
    pub kept: bool,
    /// SEQUENCE of its calendar entry.
    pub sequence: u32,
    /// Who booked it.
    pub by: UserId,
}

/// A call to a practice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallReading {
    /// Which.
    pub partner: PartnerId,
    /// When.
    pub at: Timestamp,
    /// Did somebody answer?
    pub answered: bool,
}

/// A safety flag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlagReading {
    /// Its id.
    pub id: EntryId,
    /// About what.
    pub reason: SafetyReason,
    /// Where it stands.
    pub status: FlagStatus,
    /// Who raised it.
    pub by: UserId,
    /// On which device.
    pub device: DeviceId,
    /// When, as she says.
    pub raised_at: Timestamp,
    /// When the server knew.
    pub received_at: Option<Timestamp>,
    /// In which setting it was raised.
    pub setting: Option<Setting>,
    /// To whom it was first handed, and when.
    pub handed: Option<(String, Timestamp)>,
    /// Minutes to the first clinician: handed to, or assessing.
    pub clinician_min: Option<i64>,
    /// Who resolved it.
    pub resolved_by: Vec<UserId>,
    /// When it was first resolved.
    pub resolved_at: Option<Timestamp>,
}

/// What comes next in a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// What.
    pub kind: NextKind,
    /// When.
    pub at: Option<Timestamp>,
    /// With which practice.
    pub partner: Option<PartnerId>,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextKind {
    /// A person decides between two sentences.
    Decide(ReviewKind),
    /// A visit.
    Visit,
    /// A task.
    Task(TaskKind),
}

pub(super) fn summary(
    patient: &Patient,
    record: &Record,
    receipts: &Receipts,
    sheet: &Organisation,
    now: Timestamp,
) -> Summary {
    let appointments: Vec<_> = record
        .appointments
        .iter()
        .map(|a| appointment(a, now))
        .collect();
    let promises = promise::promises(record);
    let review = review::review(record, receipts, sheet);
    let loop_history = loops::history(patient, record, receipts);
    let last = loop_history.last();
    let closed = last.and_then(|p| p.closed);
    let closed_at = last.filter(|p| p.closed.is_some()).and_then(|p| p.at);
    let work = Work {
        patient,
        record,
        appointments: &appointments,
        promises: &promises,
        review: &review,
        closed_at,
        sheet,
    };
    let tasks = work.tasks();
    let next = next(&appointments, &tasks, &review, now);
    let agreed = record
        .decisions
        .iter()
        .filter(|d| d.said.value == DecisionValue::Agreed);
    Summary {
        record: record.id,
        patient: record.patient,
        name: patient.name().map(str::to_owned),
        site: record.site.clone(),
        stage: stage(patient, record, closed, &appointments, &tasks, now),
        closed,
        owners: record.owners.clone(),
        identified: record
            .need
            .as_ref()
            .map(|(e, _)| (e.occurred_at.timestamp(), e.by.clone())),
        identified_on: record.need.as_ref().map(|(e, _)| e.occurred_at.date()),
        offered_at: record.offers.first().map(|o| o.at.timestamp()),
        agreed_at: agreed.map(|d| d.entry.occurred_at.timestamp()).min(),
        decision: record.decision,
        mode_intended: record.mode_intended,
        mode_achieved: record.mode_achieved,
        grade: record
            .encounters
            .iter()
            .map(|e| e.grade)
            .max()
            .filter(|_| record.need.is_some()),
        encounters: record.encounters.iter().map(encounter).collect(),
        flags: patient
            .flags
            .iter()
            .filter(|f| f.record == record.id)
            .map(|f| flag(record, f, receipts))
            .collect(),
        identify_to_contact_min: measure::identify_to_contact_min(record),
        days_to_appt: measure::days_to_appt(record, &appointments),
        days_from_offer: measure::days_from_offer(record, &appointments),
        days_to_attended: measure::days_to_attended(record, &appointments),
        converted: measure::converted(record),
        received_at: record
            .entries()
            .iter()
            .filter_map(|e| receipts.received_at(e.id))
            .max(),
        arrived_late: count(record.entries().iter().filter(|e| {
            receipts
                .received_at(e.id)
                .is_some_and(|r| r.duration_since(e.recorded_at).as_hours() >= 24)
        })),
        unknown: count(
            record
                .entries()
                .iter()
                .filter(|e| matches!(e.body, Body::Unknown(_))),
        ),
        calls: record.attempts.iter().filter_map(call).collect(),
        good_until: good_until(&appointments, &tasks, now),
        next_due_at: next.as_ref().and_then(|n| n.at),
        next,
        appointments,
        promises,
        tasks,
        review,
        loop_history,
    }
}

impl Summary {
    /// Does it still read the same at this time?
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.good_until.is_none_or(|until| now < until)
    }

    /// Is there a handoff whose loop is open?
    pub fn is_open(&self) -> bool {
        self.identified.is_some() && self.closed.is_none()
    }

    /// Does a safety flag raised here need somebody?
    pub fn has_open_flag(&self) -> bool {
        self.flags.iter().any(|f| f.status != FlagStatus::Resolved)
    }

    /// Open tasks past their time.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &TaskReading> {
        self.tasks.iter().filter(move |t| t.is_overdue(now))
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// The headline: the first that fits, the cautious ones first.
fn stage(
    patient: &Patient,
    record: &Record,
    closed: Option<CloseReason>,
    appointments: &[AppointmentReading],
    tasks: &[TaskReading],
    now: Timestamp,
) -> Stage {
    let any = |status| appointments.iter().any(|a| a.status == status);
    let live_step = tasks.iter().any(|t| {
        matches!(t.kind, TaskKind::NextStep | TaskKind::PromiseMissed)
            && t.state(now) == TaskState::Open
    });
    match record.decision {
        _ if patient.open_flags().next().is_some() => Stage::Safety,
        _ if record
            .review
            .iter()
            .any(crate::domain::fold::ReviewItem::is_open) =>
        {
            Stage::NeedsAPerson
        }
        _ if closed.is_some() => Stage::Closed,
        _ if any(AppointmentStatus::Attended) => Stage::Attended,
        _ if any(AppointmentStatus::NoShow) && !any(AppointmentStatus::Booked) => {
            Stage::MissedVisit
        }
        _ if any(AppointmentStatus::Booked) => Stage::Booked,
        _ if live_step => Stage::NextStepSet,
        DecisionState::Withdrew | DecisionState::DoNotAskAgain => Stage::StoppedAtHerWish,
        DecisionState::Agreed => Stage::Connecting,
        DecisionState::Hesitant | DecisionState::NotToday => Stage::NotToday,
        DecisionState::Offered | DecisionState::Disputed => Stage::Offered,
        DecisionState::NotOffered if record.need.is_some() => Stage::Identified,
        DecisionState::NotOffered => Stage::Opened,
    }
}

/// A question first, then whatever is due first: a visit or a task.
fn next(
    appointments: &[AppointmentReading],
    tasks: &[TaskReading],
    review: &[ReviewReading],
    now: Timestamp,
) -> Option<Next> {
    if let Some(item) = review.iter().find(|i| i.is_open()) {
        return Some(Next {
            kind: NextKind::Decide(item.kind),
            at: item.due_at,
            partner: None,
        });
    }
    let visits = appointments
        .iter()
        .filter(|a| a.status == AppointmentStatus::Booked && a.start > now)
        .map(|a| Next {
            kind: NextKind::Visit,
            at: Some(a.start),
            partner: Some(a.partner.clone()),
        });
    let open = tasks.iter().filter(|t| {
        // A check after a visit to come is not what comes next.
        t.state(now) == TaskState::Open && t.kind != TaskKind::AttendanceCheck
            || t.kind == TaskKind::AttendanceCheck
                && t.state(now) == TaskState::Open
                && appointments
                    .iter()
                    .any(|a| a.id == t.cause && a.start <= now)
    });
    let tasks = open.map(|t| Next {
        kind: NextKind::Task(t.kind),
        at: t.due_at,
        partner: t.partner.clone(),
    });
    visits.chain(tasks).min_by_key(|n| (n.at.is_none(), n.at))
}

fn encounter(encounter: &Encounter) -> EncounterReading {
    EncounterReading {
        id: encounter.id,
        setting: encounter.setting,
        started_at: encounter.entry.occurred_at.timestamp(),
        ended_at: encounter.ended.as_ref().map(jiff::Zoned::timestamp),
        ended_on: encounter.ended.as_ref().map(jiff::Zoned::date),
        grade: encounter.grade,
        leave_check: encounter.leave_check,
        direct_contact: encounter.direct_contact,
        late_entries: encounter.late_entries,
    }
}

fn appointment(
    appointment: &crate::domain::fold::Appointment,
    now: Timestamp,
) -> AppointmentReading {
    AppointmentReading {
        id: appointment.id,
        partner: appointment.partner().clone(),
        local: appointment.slot.local,
        zone: appointment.slot.zone.clone(),
        start: appointment.slot.start,
        modality: appointment.slot.modality,
        status: appointment.status,
        kept: appointment.is_kept(now),
        sequence: appointment.sequence,
        by: appointment.entry.by.clone(),
    }
}

/// The next instant at which time alone makes this read otherwise.
fn good_until(
    appointments: &[AppointmentReading],
    tasks: &[TaskReading],
    now: Timestamp,
) -> Option<Timestamp> {
    let starts = appointments.iter().map(|a| a.start);
    let lapses = tasks.iter().filter_map(|t| t.lapses_at);
    starts.chain(lapses).filter(|at| *at > now).min()
}

/// Our own calls alone tell how well a practice is reached.
fn call(attempt: &crate::domain::fold::Attempt) -> Option<CallReading> {
    let ours =
        attempt.said.direction == Direction::ToPartner && attempt.said.channel == Channel::Voice;
    let partner = attempt.said.partner.clone().filter(|_| ours)?;
    Some(CallReading {
        partner,
        at: attempt.entry.occurred_at.timestamp(),
        answered: attempt.reached(),
    })
}

fn flag(record: &Record, flag: &PatientFlag, receipts: &Receipts) -> FlagReading {
    let raised_at = flag.entry.occurred_at.timestamp();
    let setting = record.encounters.iter().find(|e| {
        let at = e.entry.occurred_at.timestamp();
        at <= raised_at
            && e.ended
                .as_ref()
                .is_none_or(|end| end.timestamp() >= raised_at)
    });
    let handed_at = flag
        .handed
        .as_ref()
        .map(|(_, _, e)| e.occurred_at.timestamp());
    let assessed_at = flag.assessed.as_ref().map(|e| e.occurred_at.timestamp());
    let first = [handed_at, assessed_at].into_iter().flatten().min();
    let mut resolved_by: Vec<_> = flag.resolved.iter().map(|e| e.by.clone()).collect();
    resolved_by.sort();
    resolved_by.dedup();
    FlagReading {
        id: flag.id,
        reason: flag.reason,
        status: flag.status,
        by: flag.entry.by.clone(),
        device: flag.entry.device,
        raised_at,
        received_at: receipts.received_at(flag.id),
        setting: setting.map(|e| e.setting),
        handed: flag
            .handed
            .as_ref()
            .map(|(to, _, e)| (to.clone(), e.occurred_at.timestamp())),
        clinician_min: first.map(|at| crate::domain::time::minutes_between(raised_at, at)),
        resolved_by,
        resolved_at: flag
            .resolved
            .iter()
            .map(|e| e.occurred_at.timestamp())
            .min(),
    }
}
