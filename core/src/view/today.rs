//! What a person has to do: safety first, then what is overdue, then what is due, then what is to come. Nothing of her
//! caseload is ever dropped from it.

mod row;

pub use row::{FlagRow, ProposalRow, QuestionRow, ShiftRow, TaskRow, WaitingRow};

use super::alert::{self, AlertRow};
use super::when::{Length, When};
use crate::domain::id::UserId;
use crate::domain::organisation::{Organisation, Person};
use crate::domain::read::{Summary, TaskReading, TaskState};
use crate::domain::time;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeSet;

/// The first screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TodayScreen {
    /// As of when.
    pub as_of: Timestamp,
    /// Open safety flags of everybody on this device's caseload.
    pub flags: Vec<FlagRow>,
    /// What she has to know though nothing is asked of her, the newest first.
    pub alerts: Vec<AlertRow>,
    /// Questions that two people left.
    pub questions: Vec<QuestionRow>,
    /// Past their time, the longest first.
    pub overdue: Vec<TaskRow>,
    /// Due today, the next first.
    pub due: Vec<TaskRow>,
    /// To come; without a date last.
    pub later: Vec<TaskRow>,
    /// Patients who wait for somebody to take their handoff, the longest first.
    pub waiting: Vec<WaitingRow>,
    /// What others propose for her to accept, the oldest first.
    pub proposals: Vec<ProposalRow>,
    /// Who is designated today where she works.
    pub shifts: Vec<ShiftRow>,
    /// Handoffs that are hers and open.
    pub handoffs: u32,
    /// When the next task to come is due: nothing else is before that.
    pub quiet_until: Option<When>,
    /// Patients of whom something does not read on this device any more: what any list says of them may be old. Said above
    /// everything else, and that the practice is to be called.
    pub unread: u32,
}

impl TodayScreen {
    /// The screen of one person over the records of her device.
    pub fn of(
        records: &[Summary],
        sheet: &Organisation,
        person: &UserId,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Self {
        let mut screen = Self {
            as_of: now,
            flags: Vec::new(),
            alerts: Vec::new(),
            questions: Vec::new(),
            overdue: Vec::new(),
            due: Vec::new(),
            later: Vec::new(),
            waiting: Vec::new(),
            proposals: Vec::new(),
            shifts: shifts(sheet, person, now),
            handoffs: 0,
            quiet_until: None,
            unread: 0,
        };
        let reader = Reader {
            sheet,
            me: sheet.person(person),
            person,
            known: sheet.people.iter().map(|p| &p.id).collect(),
            zone,
            now,
        };
        for record in records {
            screen.flags.extend(reader.flags(record));
            screen.alerts.extend(reader.alerts(record));
            screen.questions.extend(reader.questions(record));
            screen.waiting.extend(reader.waiting(record));
            screen.proposals.extend(reader.proposals(record));
            if record.is_open() && record.owners.contains(person) {
                screen.handoffs = screen.handoffs.saturating_add(1);
            }
            screen.take(&reader, record);
        }
        screen.sort();
        screen
    }

    fn take(&mut self, reader: &Reader<'_>, record: &Summary) {
        let today = time::date_in(reader.now, reader.zone);
        for task in &record.tasks {
            let Some(row) = reader.task(record, task) else {
                continue;
            };
            match task.due_at.filter(|_| !task.paused) {
                Some(due) if time::is_overdue(due, reader.now) => self.overdue.push(row),
                Some(due) if time::date_in(due, reader.zone) <= today => self.due.push(row),
                _ => self.later.push(row),
            }
        }
    }

    fn sort(&mut self) {
        self.flags.sort_by_key(|f| (f.raised_at, f.flag));
        self.alerts
            .sort_by_key(|a| (std::cmp::Reverse(a.when.at), a.entry));
        self.questions
            .sort_by_key(|q| (!q.is_mine, q.question.due_at, q.question.id));
        for rows in [&mut self.overdue, &mut self.due, &mut self.later] {
            rows.sort_by_key(|t| (t.due_at.is_none(), t.due_at, t.task));
        }
        self.waiting.sort_by_key(|w| (w.since.at, w.offer));
        self.proposals.sort_by_key(|p| (p.since.at, p.entry));
        let next = self.later.iter().find(|t| !t.is_paused);
        self.quiet_until = next.and_then(|t| t.due.clone());
    }
}

/// Who reads, when and by what clock.
struct Reader<'a> {
    sheet: &'a Organisation,
    me: Option<&'a Person>,
    person: &'a UserId,
    known: BTreeSet<&'a UserId>,
    zone: &'a TimeZone,
    now: Timestamp,
}

impl Reader<'_> {
    fn when(&self, at: Timestamp) -> When {
        When::of(at, self.zone, self.now)
    }

    fn flags(&self, record: &Summary) -> impl Iterator<Item = FlagRow> {
        let open = record.flags.iter().filter(|f| f.status.is_open());
        open.map(move |flag| FlagRow {
            record: record.record,
            flag: flag.id,
            name: record.name.clone(),
            status: flag.status,
            raised_at: flag.raised_at,
            raised_by: self.sheet.name_of(&flag.by).to_owned(),
            handed_to: flag.handed.as_ref().map(|(to, _)| to.clone()),
        })
    }

    fn alerts(&self, record: &Summary) -> impl Iterator<Item = AlertRow> {
        let all = alert::rows(record, self.sheet, self.zone, self.now);
        let mine = move |row: &AlertRow| row.for_whom.contains(self.person);
        all.into_iter().filter(mine)
    }

    /// Is it hers? Of what nobody holds whom the sheet still knows it is whoever's works at the record's site.
    fn is_hers(&self, record: &Summary, owners: &[UserId]) -> bool {
        let site = record.site.as_ref();
        let is_here = |me: &Person| site.is_none_or(|site| me.works_at(site));
        owners.contains(self.person) || self.is_nobodys(owners) && self.me.is_some_and(is_here)
    }

    fn is_nobodys(&self, owners: &[UserId]) -> bool {
        !owners.iter().any(|owner| self.known.contains(owner))
    }

    fn questions(&self, record: &Summary) -> impl Iterator<Item = QuestionRow> {
        let open = record.review.iter().filter(|question| question.is_open());
        open.filter_map(move |question| {
            let is_mine = self.is_hers(record, &question.owners);
            let concerns = is_mine || question.told.contains(self.person);
            concerns.then(|| QuestionRow {
                record: record.record,
                name: record.name.clone(),
                question: question.clone(),
                is_mine,
            })
        })
    }

    /// Offers made to her, handoffs that nobody holds, and those in which she is the backup: from when she may step in
    /// is said.
    fn waiting(&self, record: &Summary) -> impl Iterator<Item = WaitingRow> {
        let concerns = record.waiting.iter().filter(move |w| {
            w.taken_by.is_none()
                && (w.to.contains(self.person) || w.backup.as_ref() == Some(self.person))
        });
        let present = record.encounters.iter().any(|e| e.goes_on(self.now));
        concerns.map(move |w| WaitingRow {
            record: record.record,
            offer: w.offer,
            name: record.name.clone(),
            from: self.sheet.name_of(&w.by).to_owned(),
            to: w
                .to
                .iter()
                .map(|user| self.sheet.name_of(user).to_owned())
                .collect(),
            is_present: present,
            is_to_me: w.to.contains(self.person),
            since: self.when(w.since),
            waits_for: Length::between(w.since, self.now),
            backup_from: self.when(w.backup_from),
            can_accept: w.may_take(self.person, self.now),
        })
    }

    fn proposals(&self, record: &Summary) -> impl Iterator<Item = ProposalRow> {
        let mine = record
            .proposals
            .iter()
            .filter(move |p| p.answered_at.is_none() && p.for_whom.contains(self.person));
        mine.map(move |p| ProposalRow {
            record: record.record,
            id: p.id,
            entry: p.entry,
            kind: p.kind.clone(),
            name: record.name.clone(),
            by: self.sheet.name_of(&p.by).to_owned(),
            since: self.when(p.since),
        })
    }

    /// A task that is hers, or that nobody holds whom the sheet still knows.
    fn task(&self, record: &Summary, task: &TaskReading) -> Option<TaskRow> {
        if !matches!(task.state(self.now), TaskState::Open | TaskState::Paused) {
            return None;
        }
        if !self.is_hers(record, &task.owners) {
            return None;
        }
        let partner = task.partner.as_ref().and_then(|p| self.sheet.partner(p));
        Some(TaskRow {
            record: record.record,
            task: task.id,
            cause: task.cause,
            kind: task.kind,
            name: record.name.clone(),
            stage: record.stage,
            due_at: task.due_at,
            partner: partner.map(|p| p.name.clone()),
            due: task.due_at.map(|at| self.when(at)),
            late: task
                .due_at
                .filter(|_| task.is_overdue(self.now))
                .map(|due| Length::between(due, self.now)),
            is_paused: task.paused,
            is_nobodys: self.is_nobodys(&task.owners),
        })
    }
}

fn shifts(sheet: &Organisation, person: &UserId, now: Timestamp) -> Vec<ShiftRow> {
    let Some(me) = sheet.person(person) else {
        return Vec::new();
    };
    let name = |user: &UserId| sheet.name_of(user).to_owned();
    let here = sheet.sites.iter().filter(|site| me.works_at(&site.id));
    let mut rows: Vec<ShiftRow> = here
        .map(|site| {
            let today = time::date_in(now, &sheet.site_zone(&site.id));
            let shift = sheet.shift(&site.id, today);
            ShiftRow {
                site: site.name.clone(),
                primary: shift.map(|s| name(&s.primary)),
                backup: shift.and_then(|s| s.backup.as_ref()).map(name),
                is_me: shift
                    .is_some_and(|s| s.primary == *person || s.backup.as_ref() == Some(person)),
            }
        })
        .collect();
    rows.sort_by(|a, b| (!a.is_me, &a.site).cmp(&(!b.is_me, &b.site)));
    rows
}
