//! One record as plain data: what indexes and readings keep, what views and pages are filled from.

use super::around::{self, ConsentReading, NumberReading, ProposalReading, WaitingReading};
use super::row::{self, AppointmentReading, CallReading, EncounterReading, FlagReading};
use super::stage::{self, Next};
use super::task::Work;
use super::{
    AlertReading, LoopPoint, PromiseReading, Receipts, ReviewReading, TaskReading, alert, loops,
    measure, promise, review,
};
use crate::domain::code::{
    BarrierStatus, CloseReason, DecisionState, Grade, Mode, ReviewKind, ShareKind, Stage,
};
use crate::domain::entry::Body;
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, PartnerId, PatientId, SiteId, UserId};
use crate::domain::join::{Patient, Reach};
use crate::domain::organisation::Organisation;
use jiff::Timestamp;
use jiff::civil::Date;
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
    /// Its appointments; last those that are only proposed.
    pub appointments: Vec<AppointmentReading>,
    /// Its promises.
    pub promises: Vec<PromiseReading>,
    /// Its tasks.
    pub tasks: Vec<TaskReading>,
    /// What somebody has to know though nothing is asked of her.
    #[serde(default)]
    pub alerts: Vec<AlertReading>,
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
    /// Until when this reads the same though nothing is recorded: the next visit's start, the time at which one cannot go on
    /// any more, a task's lapse, or that at which nobody has her any more.
    pub good_until: Option<Timestamp>,
    /// When the server had its newest entry.
    pub received_at: Option<Timestamp>,
    /// When the server had each entry that came more than 24 h after it was recorded, the first first.
    pub arrived_late: Vec<Timestamp>,
    /// Entries written by a newer version.
    pub unknown: u32,
    /// Her birth date, the last said.
    #[serde(default)]
    pub born_on: Option<Date>,
    /// Her numbers, each with what it is for and whether anything may be left there.
    #[serde(default)]
    pub numbers: Vec<NumberReading>,
    /// How she may be reached, the stricter of what was said.
    #[serde(default)]
    pub reach: Vec<Reach>,
    /// What a practice may be told now.
    #[serde(default)]
    pub shared: Vec<ShareKind>,
    /// Of which version of the sharing plan; 0: none is confirmed.
    #[serde(default)]
    pub plan_version: u32,
    /// Her consents.
    #[serde(default)]
    pub consents: Vec<ConsentReading>,
    /// Barriers that nothing is planned for yet.
    #[serde(default)]
    pub barriers_open: u32,
    /// When it was last read back to her.
    #[serde(default)]
    pub verified_at: Option<Timestamp>,
    /// What she put right.
    #[serde(default)]
    pub corrections: u32,
    /// Offers of ownership, and a handoff that nobody holds: the patient is waiting until somebody takes it.
    #[serde(default)]
    pub waiting: Vec<WaitingReading>,
    /// What is proposed for another to accept.
    #[serde(default)]
    pub proposals: Vec<ProposalReading>,
    /// Patients said to be the same person, or not.
    #[serde(default)]
    pub links: Vec<([PatientId; 2], bool)>,
    /// Practices that declined.
    #[serde(default)]
    pub declined_by: Vec<PartnerId>,
    /// Referrals that wait to be sent: they count as not sent.
    #[serde(default)]
    pub queued: u32,
    /// Referrals that went before a revocation of their consent was known.
    #[serde(default)]
    pub sent_before_revocation: u32,
    /// Entries taken back as errors.
    #[serde(default)]
    pub voided: u32,
    /// Entries by a clock that was more than five minutes off.
    #[serde(default)]
    pub clock_off: u32,
    /// The path of the referral in the words of `BSeR`.
    #[serde(default)]
    pub bser_path: Vec<String>,
}

#[expect(
    clippy::too_many_lines,
    reason = "one line a field, and there are many fields"
)]
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
        .map(|a| row::appointment(a, now))
        .collect();
    let promises = promise::promises(record);
    let review = review::review(patient, record, receipts, sheet);
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
        turns: &loop_history,
        closed_at,
        sheet,
        now,
    };
    let (tasks, quiet_until) = work.tasks();
    let next = stage::next(&appointments, &tasks, &review, now);
    let live_step = stage::live_step(record, &promises, &tasks, now);
    Summary {
        record: record.id,
        patient: record.patient,
        name: patient.name().map(str::to_owned),
        site: record.site.clone(),
        stage: stage::stage(patient, record, closed, &appointments, live_step),
        closed,
        owners: record.owners.clone(),
        identified: record
            .need
            .as_ref()
            .map(|(e, _)| (e.occurred_at.timestamp(), e.by.clone())),
        identified_on: record.need.as_ref().map(|(e, _)| e.occurred_at.date()),
        offered_at: record.offers.first().map(|o| o.at.timestamp()),
        agreed_at: measure::agreed_at(record),
        decision: record.decision,
        mode_intended: record.mode_intended,
        mode_achieved: record.mode_achieved,
        grade: record
            .encounters
            .iter()
            .map(|e| e.grade)
            .max()
            .filter(|_| record.need.is_some()),
        encounters: record
            .encounters
            .iter()
            .map(|e| row::encounter(record, e))
            .collect(),
        flags: patient
            .flags
            .iter()
            .filter(|f| f.record == record.id)
            .map(|f| row::flag(record, f, receipts))
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
        arrived_late: around::arrived_late(record, receipts),
        unknown: count(
            record
                .entries()
                .iter()
                .filter(|e| matches!(e.body, Body::Unknown(_))),
        ),
        born_on: patient.born_on(),
        numbers: around::numbers(patient),
        reach: patient.reach.clone(),
        shared: record.sharing.shared.iter().copied().collect(),
        plan_version: record.sharing.version,
        consents: around::consents(record),
        barriers_open: count(
            record
                .barriers
                .iter()
                .filter(|b| b.status == BarrierStatus::Open),
        ),
        verified_at: record
            .read_backs
            .last()
            .map(|(e, _)| e.occurred_at.timestamp()),
        corrections: count(record.read_backs.iter().flat_map(|(_, r)| &r.corrections)),
        alerts: alert::alerts(patient, record, sheet),
        waiting: around::waiting(record, sheet, closed),
        proposals: around::proposals(record, sheet),
        links: record.links.iter().map(|l| (l.patients, l.same)).collect(),
        declined_by: record
            .partner_answers
            .iter()
            .filter(|a| a.declined.is_some())
            .filter(|a| !record.has_lost(ReviewKind::TwoValues, a.entry.id))
            .map(|a| a.partner.clone())
            .collect(),
        queued: count(record.queued.iter().filter(|q| q.sent.is_none())),
        sent_before_revocation: count(record.sent.iter().filter(|s| s.before_revocation_was_known)),
        voided: count(record.voided.iter()),
        clock_off: count(
            record
                .entries()
                .iter()
                .filter(|e| receipts.is_clock_off(e.id)),
        ),
        bser_path: measure::bser_path(record),
        calls: record.attempts.iter().filter_map(row::call).collect(),
        good_until: stage::good_until(record, &appointments, &tasks, now)
            .into_iter()
            .chain(quiet_until)
            .min(),
        next_due_at: next.as_ref().and_then(|n| n.at),
        next,
        appointments: appointments
            .into_iter()
            .chain(row::proposed(record))
            .collect(),
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
        self.flags.iter().any(|f| f.status.is_open())
    }

    /// Gives back the room that reading it from text left over, before it is kept for long.
    pub fn shrink(&mut self) {
        self.encounters.shrink_to_fit();
        self.appointments.shrink_to_fit();
        self.promises.shrink_to_fit();
        self.tasks.shrink_to_fit();
        self.review.shrink_to_fit();
        self.flags.shrink_to_fit();
        self.loop_history.shrink_to_fit();
        self.calls.shrink_to_fit();
        self.numbers.shrink_to_fit();
        self.consents.shrink_to_fit();
    }

    /// Open tasks past their time.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &TaskReading> {
        self.tasks.iter().filter(move |t| t.is_overdue(now))
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
