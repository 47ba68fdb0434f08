//! The whole history of a record: who said what, in which role, on which device, when it happened, when it was written
//! down and when the server had it. Nothing is left out: what a newer version recorded is there, and so is what was
//! taken back.

use super::fact::{self, Fact};
use super::may::would;
use super::receipt::{EntryState, SeenBy};
use super::when::{Length, When, clock};
use crate::domain::code::{CloseReason, Role};
use crate::domain::entry::Body;
use crate::domain::id::{DeviceId, DocumentId, EntryId};
use crate::domain::read::Receipts;
use crate::domain::time;
use crate::usecase::{Command, Desk, VoidEntry};
use serde::Serialize;

/// The screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryScreen {
    /// The record.
    pub record: DocumentId,
    /// Her name, as far as is known.
    pub name: Option<String>,
    /// Every entry, causes first.
    pub entries: Vec<HistoryRow>,
    /// Turns of the loop.
    pub turns: Vec<TurnRow>,
    /// Entries that a newer version recorded.
    pub by_newer: u32,
    /// Entries that are on this device alone.
    pub only_here: u32,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and its answer is yes or no"
)]
pub struct HistoryRow {
    /// The entry.
    pub entry: EntryId,
    /// Who.
    pub by: String,
    /// In which role.
    pub role: Role,
    /// On which device.
    pub device: DeviceId,
    /// On this one?
    pub is_this_device: bool,
    /// What kind; one that is not known here was recorded by a newer version.
    pub kind: String,
    /// Recorded by a newer version.
    pub by_newer: bool,
    /// What it says.
    pub fact: Fact,
    /// In whose words.
    pub words: Option<String>,
    /// When it happened, as its author says.
    pub happened: When,
    /// Written down so much later.
    pub written_after: Option<Length>,
    /// When the server had it.
    pub received: Option<When>,
    /// Received so much later than it was written down.
    pub received_after: Option<Length>,
    /// Its author's clock was more than five minutes off.
    pub clock_off: bool,
    /// Where it is.
    pub state: EntryState,
    /// Who is known to have seen it.
    pub seen: Option<SeenBy>,
    /// Only proposed, for another to accept.
    pub is_proposed: bool,
    /// By whom it was said to be an error.
    pub void_by: Option<String>,
    /// Entries that say the same fact otherwise, unseen by its author.
    pub beside: Vec<EntryId>,
    /// The signed-in person may say that it was an error.
    pub can_void: bool,
}

/// The loop was closed, or opened again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TurnRow {
    /// Why it was closed; none where it opened again.
    pub closed: Option<CloseReason>,
    /// When; none while a receipt is missing.
    pub when: Option<When>,
}

/// What is written down this much later is said to be late.
const LATE_MIN: i64 = 15;

impl HistoryScreen {
    /// The screen.
    pub fn of(desk: &Desk<'_>, receipts: &Receipts) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let entries: Vec<_> = record
            .entries()
            .iter()
            .map(|entry| {
                let (fact, words) = fact::of(entry, desk.sheet);
                let received_at = receipts.received_at(entry.id);
                let happened = entry.occurred_at.timestamp();
                let late = |from, to| {
                    (time::minutes_between(from, to) > LATE_MIN).then(|| Length::between(from, to))
                };
                let void = VoidEntry {
                    record: record.id,
                    entry: entry.id,
                    reason: "-".to_owned(),
                    at: None,
                };
                HistoryRow {
                    entry: entry.id,
                    by: desk.sheet.name_of(&entry.by).to_owned(),
                    role: entry.role,
                    device: entry.device,
                    is_this_device: entry.device == desk.device,
                    kind: entry.body.kind().to_owned(),
                    by_newer: matches!(entry.body, Body::Unknown(_)),
                    fact,
                    words,
                    happened: When::zoned(&entry.occurred_at, desk.now),
                    written_after: late(happened, entry.recorded_at),
                    received: received_at.map(|at| When::of(at, &clock(desk), desk.now)),
                    received_after: received_at.and_then(|at| late(entry.recorded_at, at)),
                    clock_off: receipts.is_clock_off(entry.id),
                    state: EntryState::of(record, entry.id, receipts),
                    seen: SeenBy::of(desk, record, entry.id, receipts),
                    is_proposed: entry.body.is_proposed(),
                    void_by: record
                        .voided
                        .iter()
                        .find(|v| v.entry == entry.id)
                        .map(|v| desk.sheet.name_of(&v.by.by).to_owned()),
                    beside: patient
                        .questions(record)
                        .filter(|i| i.entries.contains(&entry.id))
                        .flat_map(|i| i.entries)
                        .filter(|id| *id != entry.id)
                        .collect(),
                    can_void: would(desk, Command::VoidEntry(void)),
                }
            })
            .collect();
        let reading = desk.reading.map(|r| &r.records);
        let summary = reading.and_then(|all| all.iter().find(|r| r.record == record.id));
        let turns = summary
            .iter()
            .flat_map(|s| &s.loop_history)
            .map(|point| TurnRow {
                closed: point.closed,
                when: point.at.map(|at| When::of(at, &clock(desk), desk.now)),
            })
            .collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let only_here = entries.iter().filter(|e| e.state == EntryState::OnDevice);
        Some(Self {
            record: record.id,
            name: patient.name().map(str::to_owned),
            by_newer: count(entries.iter().filter(|e| e.by_newer).count()),
            only_here: count(only_here.count()),
            entries,
            turns,
        })
    }
}
