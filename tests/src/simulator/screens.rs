//! What must hold of every screen: it can be drawn, and what it says of where an entry is, is so.

use super::look::DeviceLook;
use super::oracle::{Failure, Oracle, holds};
use super::work::shown;
use super::world::World;
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::domain::code::Stage;
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::{DocumentId, EntryId};
use warmhand_core::domain::read::read;
use warmhand_core::view::EntryState;

/// What a patient with several records shows: what needs somebody before what is under way, that before what is over.
const FIRST: [Stage; 13] = [
    Stage::Safety,
    Stage::NeedsAPerson,
    Stage::MissedVisit,
    Stage::Booked,
    Stage::NextStepSet,
    Stage::Connecting,
    Stage::NotToday,
    Stage::Offered,
    Stage::Identified,
    Stage::Attended,
    Stage::StoppedAtHerWish,
    Stage::Closed,
    Stage::Opened,
];

impl World {
    /// Every screen can be drawn, and says "on the server" of what was said to be there.
    pub(super) fn check_screens(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        let device = &self.devices[d];
        let app = device.app.as_ref().expect("it lives");
        let sheet = app.sheet().expect("a sheet");
        let Some(user) = look
            .signed_in
            .as_ref()
            .filter(|user| sheet.person(user).is_some())
        else {
            return Ok(());
        };
        for record in shown(look) {
            let (history, handoff) = (app.history(record, self.now), app.handoff(record, self.now));
            let (Ok(history), Ok(handoff)) = (history, handoff) else {
                // A record that was refused whole is not one yet.
                let is_live = !look.entries_of(record).is_empty();
                holds(Oracle::Typed, !is_live, || {
                    format!("{record} has no screen for {user}")
                })?;
                continue;
            };
            let rows = handoff.timeline.iter().map(|row| (row.entry, row.state));
            let said = history.entries.iter().map(|row| (row.entry, row.state));
            for (id, state) in said.chain(rows.clone()) {
                self.holds_state(d, look, id, state)?;
            }
            let least = rows.map(|(_, state)| state).min();
            let least = least.unwrap_or(EntryState::OnDevice);
            holds(Oracle::NeverFalse, least == handoff.state, || {
                format!("device {d} shows {record} as further than its last entry")
            })?;
            for flag in app.safety_panel(Some(record), self.now).flags {
                let said = if flag.on_server {
                    EntryState::OnServer
                } else {
                    EntryState::OnDevice
                };
                self.holds_state(d, look, flag.flag, said)?;
            }
        }
        let (today, listed) = (app.today(self.now), app.patients(self.now));
        let (Ok(_), Ok(listed)) = (today, listed) else {
            return holds(Oracle::Typed, false, || format!("device {d} draws no list"));
        };
        let shown: BTreeSet<DocumentId> = shown(look)
            .into_iter()
            .filter(|record| !look.entries_of(*record).is_empty())
            .collect();
        let rows: BTreeSet<DocumentId> = listed
            .rows
            .iter()
            .flat_map(|r| &r.records)
            .copied()
            .collect();
        holds(Oracle::Projection, shown.is_subset(&rows), || {
            format!("device {d} lists {rows:?} and shows {shown:?}")
        })?;
        for row in &listed.rows {
            let (patient, receipts) = app.patient(row.patient).expect("a patient");
            let read = read(&patient, &receipts, &sheet, self.now).records;
            let place = |stage: &Stage| FIRST.iter().position(|first| first == stage);
            let stage = read.iter().map(|record| record.stage).min_by_key(place);
            let due = read.iter().filter_map(|record| record.next_due_at).min();
            let is_so = stage == Some(row.stage) && due == row.next_due_at;
            holds(Oracle::Projection, is_so, || {
                format!(
                    "device {d} lists {} otherwise than her records read",
                    row.patient
                )
            })?;
        }
        Ok(())
    }

    /// What a screen says of an entry is so, by what this device was told and by the entries themselves.
    fn holds_state(
        &self,
        d: usize,
        look: &DeviceLook,
        id: EntryId,
        state: EntryState,
    ) -> Result<(), Failure> {
        let on_server = &self.devices[d].told.on_server;
        let (mut all, mut proven) = (BTreeMap::new(), BTreeSet::new());
        for (hash, held) in &look.changes {
            for (id, text) in &held.entries {
                // What does not read is in no record.
                let Ok(entry) = Entry::parse(text) else {
                    continue;
                };
                all.insert(*id, entry);
                if on_server.contains(hash) {
                    proven.insert(*id);
                }
            }
        }
        let is_so = match state {
            EntryState::OnDevice => true,
            EntryState::OnServer => proven.contains(&id),
            EntryState::Seen => {
                let mut others = proven.iter().map(|other| &all[other]);
                let is_seen = |other: &Entry| other.by != all[&id].by && stands_on(other, id, &all);
                proven.contains(&id) && others.any(is_seen)
            }
        };
        holds(Oracle::NeverFalse, is_so, || {
            format!("a screen of device {d} says of entry {id} that it is {state:?}")
        })
    }
}

/// Had who wrote this had that other before her? By what each entry names, however many lie between them.
fn stands_on(later: &Entry, earlier: EntryId, all: &BTreeMap<EntryId, Entry>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = later.after.clone();
    while let Some(id) = open.pop() {
        if id == earlier {
            return true;
        }
        if seen.insert(id) {
            open.extend(
                all.get(&id)
                    .into_iter()
                    .flat_map(|entry| entry.after.clone()),
            );
        }
    }
    false
}
