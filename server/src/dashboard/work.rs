//! Fills the pages of work, safety and review: sentences in order of need.

use super::page::handoff::Side;
use super::page::list::{ListGroup, ListPage};
use super::page::review::{ReviewPage, ReviewRow};
use super::page::{Place, SentenceRow, Tag, Tone};
use super::programme::{Programme, Visitor};
use super::words;
use crate::store::QuarantineRow;
use jiff::ToSpan;
use std::collections::BTreeMap;
use warmhand_core::domain::code::{DecisionState, FlagStatus, TaskKind};
use warmhand_core::domain::id::{DocumentId, EntryId};
use warmhand_core::domain::read::{FlagReading, Summary, TaskReading, TaskState};
use warmhand_core::domain::time;

/// Open safety flags: first what lies in no record, then the longest open.
pub fn flag_rows(programme: &Programme) -> Vec<SentenceRow> {
    let aside = programme.worries().map(|lying| worry(programme, lying));
    aside.chain(recorded(programme)).collect()
}

/// A worry that is kept aside, like a flag of a record. That somebody was worried is said without a reason, as a flag is; her words are not.
fn worry(programme: &Programme, lying: &QuarantineRow) -> SentenceRow {
    let of = match lying.patient {
        Some(patient) => format!("patient {}", patient.short_code()),
        None => "nobody can say of whom".to_owned(),
    };
    let waits = words::duration(time::minutes_between(lying.since, programme.now));
    SentenceRow::new(
        &format!("aside-worry-{}", hex::encode(lying.hash.0)),
        &format!(
            "Raised by {}, and kept aside",
            words::isolated(&programme.name(&lying.user))
        ),
        &format!("{of} · in no record before somebody puts it there"),
    )
    .tagged(&format!("waits {waits}"), Tone::Danger)
    .leading_to("/quarantine")
}

fn recorded(programme: &Programme) -> Vec<SentenceRow> {
    let mut flags: Vec<(&Summary, &FlagReading)> = programme
        .records()
        .flat_map(|r| words::open_flags(r).map(move |f| (r, f)))
        .collect();
    flags.sort_by_key(|(_, f)| (f.status != FlagStatus::Open, f.raised_at, f.id));
    flags
        .into_iter()
        .map(|(record, flag)| flag_row(programme, record, flag))
        .collect()
}

fn flag_row(programme: &Programme, record: &Summary, flag: &FlagReading) -> SentenceRow {
    let place = flag
        .setting
        .map(|s| format!(", {}", words::place(s)))
        .unwrap_or_default();
    let mut said = vec![format!("patient {}", words::code(record))];
    said.push(match (&flag.handed, flag.status) {
        (Some((to, at)), _) => format!("handed to {} {}", words::isolated(to), programme.when(*at)),
        (None, FlagStatus::Assessing) => "a clinician is assessing it".to_owned(),
        (None, FlagStatus::Resolved) => "resolved without being handed on".to_owned(),
        (None, _) => "not handed to anybody yet".to_owned(),
    });
    if let Some(received) = flag
        .received_at
        .filter(|at| time::minutes_between(flag.raised_at, *at) > 15)
    {
        said.push(format!(
            "recorded offline {}, arrived here {}",
            programme.when(flag.raised_at),
            programme.when(received)
        ));
    }
    if let Some(turns) =
        words::turns(record, programme.now, &programme.zone()).filter(|_| record.closed.is_none())
    {
        said.push(format!("loop {turns}"));
    }
    let open = words::duration(time::minutes_between(flag.raised_at, programme.now));
    SentenceRow::new(
        &format!("flag-{}", flag.id),
        &format!(
            "Raised by {}{place}",
            words::isolated(&programme.name(&flag.by))
        ),
        &said.join(" · "),
    )
    .tagged(&format!("open {open}"), Tone::Danger)
    .leading_to(&format!("/handoffs/{}", record.record))
}

/// Tasks and questions past their time, the longest first.
pub fn overdue_rows(programme: &Programme) -> Vec<SentenceRow> {
    let tasks = programme
        .records()
        .flat_map(|r| r.overdue(programme.now).map(move |t| (r, t)));
    let mut rows: Vec<_> = tasks
        .map(|(r, t)| (urgency(t.kind), t.due_at, task_row(programme, r, t, true)))
        .collect();
    rows.sort_by_key(|(urgency, due, row)| (*urgency, *due, row.key.clone()));
    rows.into_iter().map(|(_, _, row)| row).collect()
}

/// What somebody waits for comes before what is only to be written up.
fn urgency(kind: TaskKind) -> u8 {
    match kind {
        TaskKind::SafetyNextDay | TaskKind::SafetyAck => 0,
        TaskKind::PromiseMissed | TaskKind::NextDay | TaskKind::RetryCall => 1,
        TaskKind::NextStep
        | TaskKind::Unplanned
        | TaskKind::NothingPlanned
        | TaskKind::Rebook
        | TaskKind::SendReferral
        | TaskKind::TryNextPartner
        | TaskKind::NoShowRescue
        | TaskKind::CallOtherPartner
        | TaskKind::Revisit => 2,
        TaskKind::Reminder | TaskKind::AttendanceCheck => 3,
    }
}

/// A task as a sentence.
pub fn task_row(
    programme: &Programme,
    record: &Summary,
    task: &TaskReading,
    with_code: bool,
) -> SentenceRow {
    let partner = task
        .partner
        .as_ref()
        .and_then(|p| programme.sheet.partner(p))
        .map(|p| p.name.as_str());
    let mut said = Vec::new();
    if with_code {
        said.push(format!("patient {}", words::code(record)));
    }
    said.push(if programme.sheet.knows_none(&task.owners) {
        "nobody holds this".to_owned()
    } else {
        programme.names(&task.owners)
    });
    let is_paused = task.state(programme.now) == TaskState::Paused;
    if is_paused {
        said.push(waits(record.decision).to_owned());
        said.extend(
            task.due_at
                .map(|due| format!("meant for {}", programme.when(due))),
        );
    }
    let row = SentenceRow::new(
        &format!("task-{}", task.id),
        &words::task(task.kind, partner),
        &said.join(" · "),
    )
    .leading_to(&format!("/handoffs/{}", record.record));
    match task.due_at {
        _ if is_paused => row.tagged("waits", Tone::Plain),
        Some(due) if task.is_overdue(programme.now) => row.tagged(
            &words::duration(time::minutes_between(due, programme.now)),
            Tone::Late,
        ),
        Some(due) => row.tagged(&programme.when(due), Tone::Plain),
        None => row.tagged("when she is next seen", Tone::Plain),
    }
}

/// Why nobody is to do it now, though it is meant.
fn waits(decision: DecisionState) -> &'static str {
    match decision {
        DecisionState::Disputed => {
            "waits: two people heard different answers, and she is asked first"
        }
        DecisionState::Withdrew | DecisionState::DoNotAskAgain => {
            "waits: she asked us to stop, and no practice is called for her"
        }
        _ => "waits until she agrees: no practice is called for her before",
    }
}

/// Everything overdue, what is due today or tomorrow, and what would be if nothing held it back.
pub fn work(programme: &Programme, visitor: &Visitor) -> ListPage {
    let overdue = overdue_rows(programme);
    let soon = programme.today().saturating_add(1.day());
    let zone = programme.zone();
    let rows = |state: TaskState| {
        let all = programme.records();
        let mut soon: Vec<_> = all
            .flat_map(|r| r.tasks.iter().map(move |t| (r, t)))
            .filter(|(_, t)| t.state(programme.now) == state && !t.is_overdue(programme.now))
            .filter(|(_, t)| t.due_at.is_some_and(|at| time::date_in(at, &zone) <= soon))
            .collect();
        soon.sort_by_key(|(_, t)| (t.due_at, t.id));
        let rows = soon.into_iter();
        let rows = rows.map(|(r, t)| task_row(programme, r, t, true));
        rows.collect::<Vec<_>>()
    };
    let (due, waits) = (rows(TaskState::Open), rows(TaskState::Paused));
    let frame = programme.frame(visitor, Place::Work, "/work");
    ListPage {
        title: "Work".into(),
        standing: format!(
            "{} overdue, {} due today or tomorrow · as known at {}",
            overdue.len(),
            due.len(),
            frame.known_at
        ),
        groups: vec![
            ListGroup::new(
                "overdue",
                "Overdue",
                Tone::Late,
                "Nothing is past its time.",
            )
            .with(overdue),
            ListGroup::new(
                "due",
                "Due today or tomorrow",
                Tone::Plain,
                "Nothing is due today or tomorrow.",
            )
            .with(due),
            ListGroup::new("waits", "Held back", Tone::Plain, "Nothing is held back.").with(waits),
        ],
        note: "A late step can still be done with its real date; it is done on the handoff itself."
            .into(),
        frame,
    }
}

/// Flags that are open, and those resolved in the last week.
pub fn safety(programme: &Programme, visitor: &Visitor) -> ListPage {
    let open = flag_rows(programme);
    let since = programme
        .now
        .saturating_sub((7 * 24).hours())
        .unwrap_or(programme.now);
    let mut resolved: Vec<(&Summary, &FlagReading)> = programme
        .records()
        .flat_map(|r| r.flags.iter().map(move |f| (r, f)))
        .filter(|(_, f)| f.resolved_at.is_some_and(|at| at >= since))
        .collect();
    resolved.sort_by_key(|(_, f)| (std::cmp::Reverse(f.resolved_at), f.id));
    let resolved: Vec<_> = resolved
        .into_iter()
        .map(|(record, flag)| {
            let row = flag_row(programme, record, flag);
            let at = flag
                .resolved_at
                .map(|at| programme.when(at))
                .unwrap_or_default();
            let by = programme.names(&flag.resolved_by);
            SentenceRow {
                detail: format!("{} · resolved by {by}", row.detail),
                ..row
            }
            .tagged(&at, Tone::Good)
        })
        .collect();
    let frame = programme.frame(visitor, Place::Safety, "/safety");
    ListPage {
        title: "Safety".into(),
        standing: format!("{} open · as known at {}", open.len(), frame.known_at),
        groups: vec![
            ListGroup::new("open", "Open", Tone::Danger, "No safety flag is open.").with(open),
            ListGroup::new("resolved", "Resolved this week", Tone::Good, "None was resolved this week.").with(resolved),
        ],
        note: "A flag is resolved on a device or at the patient's side by a licensed clinician who names it. Times here \
               are never a measure of a person."
            .into(),
        frame,
    }
}

/// The sentences of open questions, by the record in which one is asked and the entry.
pub type Sides = BTreeMap<(DocumentId, EntryId), Side>;

/// Questions that two people left. In their words only where the record was opened for a reason.
pub fn review(
    programme: &Programme,
    visitor: &Visitor,
    opened: &BTreeMap<DocumentId, String>,
    sides: &Sides,
) -> ReviewPage {
    let mut open: Vec<_> = programme
        .records()
        .flat_map(|r| r.review.iter().filter(|i| i.is_open()).map(move |i| (r, i)))
        .collect();
    open.sort_by_key(|(_, i)| (i.opened_at, i.id));
    let rows = open
        .into_iter()
        .map(|(record, item)| ReviewRow {
            key: format!("review-{}", item.id),
            code: words::code(record),
            href: format!("/handoffs/{}", record.record),
            what: words::review(item.kind).to_owned(),
            tag: Tag::new(
                item.open_minutes(programme.now)
                    .map_or_else(|| "new".into(), words::duration),
                Tone::Late,
            ),
            said: opened.contains_key(&record.record).then(|| {
                let side = |id: &EntryId| sides.get(&(record.record, *id)).cloned();
                item.entries.iter().filter_map(side).collect()
            }),
            detail: format!(
                "{} decides with her · nobody is messaged before that",
                if programme.sheet.knows_none(&item.owners) {
                    "Whoever works there".to_owned()
                } else {
                    programme.names(&item.owners)
                }
            ),
        })
        .collect();
    ReviewPage {
        frame: programme.frame(visitor, Place::Review, "/review"),
        rows,
        aside: u32::try_from(programme.aside.len()).unwrap_or(u32::MAX),
    }
}
