//! How sending stands: of the whole device, whoever is signed in, so that nothing is ever falsely green. Says no name of a
//! patient whom she may not see.

use super::App;
use crate::refusal::Refusal;
use crate::store::{Enrolment, Phase, readable};
use crate::view::{ClockOff, Help, Length, SyncState, SyncStatusScreen, UnsentRow, Why};
use jiff::Timestamp;

impl App {
    /// The truth about sending.
    pub fn sync_status(&self) -> Result<SyncStatusScreen, Refusal> {
        let device = self.device()?;
        let rows = self.store.rows();
        let sheet = readable(rows.sheet())?.flatten();
        let viewer = sheet.as_deref().map(|sheet| device.viewer(sheet));
        let mut unsent: Vec<UnsentRow> = Vec::new();
        for waiting in rows.waiting()? {
            let whose = readable(rows.patient(waiting.patient))?;
            let is_hers = whose
                .as_ref()
                .zip(viewer)
                .is_some_and(|(whose, viewer)| viewer.sees(&whose.scopes));
            let joined = whose.map(|whose| whose.patient);
            let is_damaged = readable(rows.document(waiting.doc))?.is_none();
            // Answers of a screen count for the patient's record; a person counts records, not documents.
            let home = joined
                .as_ref()
                .and_then(|joined| joined.record(waiting.doc).or(joined.records.first()));
            let record = home.map_or(waiting.doc, |r| r.id);
            let (help, why) = match (waiting.rejected, waiting.quarantined) {
                _ if is_damaged => (Some(Help::Damaged), None),
                (true, _) => (Some(Help::Rejected), waiting.rejected_for.map(Why::from)),
                (false, true) => (
                    Some(Help::Quarantined),
                    waiting.kept_aside_for.map(Why::from),
                ),
                (false, false) => (None, None),
            };
            let since = Timestamp::from_millisecond(waiting.since).unwrap_or(Timestamp::MIN);
            match unsent.iter_mut().find(|row| row.record == record) {
                Some(row) => {
                    row.since = row.since.min(since);
                    if row.help.is_none() {
                        (row.help, row.why) = (help, why);
                    }
                }
                None => unsent.push(UnsentRow {
                    record,
                    name: joined
                        .filter(|_| is_hers)
                        .and_then(|joined| joined.name().map(str::to_owned)),
                    since,
                    help,
                    why,
                }),
            }
        }
        let state = match device.phase {
            _ if device.signed_off => SyncState::SignedOff,
            _ if self.engine.needs_update() => SyncState::NeedsUpdate,
            _ if unsent.iter().any(|row| row.help.is_some()) => SyncState::NeedsHelp,
            _ if device.enrolment == Enrolment::Unconfirmed => SyncState::Unconfirmed,
            Phase::Comparing | Phase::Fetching | Phase::Confirming | Phase::Refilling => {
                SyncState::Comparing
            }
            _ if unsent.is_empty() => SyncState::AllSent,
            _ => SyncState::ToSend,
        };
        let last_answer_at = device
            .last_answer_at
            .and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let screen = SyncStatusScreen {
            state,
            count: u32::try_from(unsent.len()).unwrap_or(u32::MAX),
            waits_for: None,
            silent_for: None,
            clock_off: last_answer_at.and_then(|_| ClockOff::of(device.offset_ms)),
            unsent,
            last_answer_at,
            clock_offset_ms: last_answer_at.map(|_| device.offset_ms),
        };
        Ok(match device.phase {
            Phase::Wiping | Phase::Wiped | Phase::Ended => screen.nameless(SyncState::Wiped),
            _ if device.enrolment == Enrolment::Withdrawn => screen.nameless(SyncState::Withdrawn),
            _ => screen,
        })
    }

    /// The same, with how long things have waited.
    pub fn sync_status_at(&self, now: Timestamp) -> Result<SyncStatusScreen, Refusal> {
        let mut screen = self.sync_status()?;
        let device = self.device()?;
        if device.enrolment != Enrolment::Withdrawn && self.is_locked(&device, now)? {
            screen = screen.nameless(SyncState::Locked);
        }
        let corrected = device.corrected(now);
        let longest = screen.unsent.iter().map(|row| row.since).min();
        screen.waits_for = longest.map(|since| Length::between(since, corrected));
        screen.silent_for = screen.last_answer_at.map(|at| Length::between(at, now));
        // What needs a person comes before what only waits.
        screen
            .unsent
            .sort_by_key(|row| (row.help.is_none(), row.since, row.record));
        Ok(screen)
    }
}
