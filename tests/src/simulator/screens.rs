//! What must hold of every screen: it can be drawn for whoever may see it and for nobody else, and what it says of where an
//! entry is, is so.

use super::look::DeviceLook;
use super::oracle::{Failure, Oracle, holds};
use super::work::shown;
use super::world::World;
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::app::App;
use warmhand_core::domain::code::{Role, Stage};
use warmhand_core::domain::entry::{Body, Entry};
use warmhand_core::domain::id::{DocumentId, EntryId, PatientId};
use warmhand_core::domain::organisation::Person;
use warmhand_core::domain::read::read;
use warmhand_core::refusal::Refusal;
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
    /// Who is signed in on a device, and the patients there whom she may see.
    fn looks(&self, d: usize, look: &DeviceLook) -> Option<(Person, BTreeSet<PatientId>)> {
        let app = self.devices[d].app.as_ref().expect("it lives");
        let sheet = app.sheet().ok()?;
        let person = sheet.person(look.signed_in.as_ref()?)?;
        let whose = look.documents.values().map(|(_, whose, _)| *whose);
        let whose: BTreeSet<_> = whose.collect();
        let hers = whose.into_iter();
        let hers = hers.filter(|patient| may_see(app, person, *patient));
        Some((person.clone(), hers.collect()))
    }

    /// Every screen of a record can be drawn for whoever may see it, and says "on the server" of what was said to be there.
    pub(super) fn check_screens(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        let app = self.devices[d].app.as_ref().expect("it lives");
        let Some((person, hers)) = self.looks(d, look) else {
            return Ok(());
        };
        let (user, now) = (&person.id, self.devices[d].clock(self.now));
        let is_hers = |record: &DocumentId| hers.contains(&look.documents[record].1);
        for row in app.sync_status().expect("a status").unsent {
            holds(
                Oracle::Visible,
                row.name.is_none() || is_hers(&row.record),
                || format!("device {d} names to {user} who waits in {}", row.record),
            )?;
        }
        for record in shown(look) {
            if !is_hers(&record) {
                let seen = app.handoff(record, now).map(|_| ());
                let flags = app.safety_panel(Some(record), now).flags;
                let is_locked = seen == Err(Refusal::Locked);
                let is_not_here = seen == Err(Refusal::NotHere("the record"));
                let is_hidden = (is_locked || is_not_here) && flags.is_empty();
                holds(Oracle::Visible, is_hidden, || {
                    format!("device {d} shows {record} to {user}, who may not see it")
                })?;
                continue;
            }
            let (history, handoff) = (app.history(record, now), app.handoff(record, now));
            if matches!(
                (&history, &handoff),
                (Err(Refusal::Locked), Err(Refusal::Locked))
            ) {
                continue;
            }
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
            for flag in app.safety_panel(Some(record), now).flags {
                let said = if flag.on_server {
                    EntryState::OnServer
                } else {
                    EntryState::OnDevice
                };
                self.holds_state(d, look, flag.flag, said)?;
            }
        }
        Ok(())
    }

    /// The lists can be drawn, name whoever is there and she may see, and say of her what her records read as.
    pub(super) fn check_lists(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        let app = self.devices[d].app.as_ref().expect("it lives");
        let Some((person, hers)) = self.looks(d, look) else {
            return Ok(());
        };
        let (user, sheet) = (&person.id, app.sheet().expect("a sheet"));
        let is_hers = |record: &DocumentId| hers.contains(&look.documents[record].1);
        let (today, listed) = (app.today(self.now), app.patients(self.now));
        let (Ok(_), Ok(listed)) = (today, listed) else {
            return holds(Oracle::Typed, false, || format!("device {d} draws no list"));
        };
        let shown: BTreeSet<DocumentId> = shown(look)
            .into_iter()
            .filter(|record| is_hers(record) && !look.entries_of(*record).is_empty())
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
            holds(Oracle::Visible, hers.contains(&row.patient), || {
                format!("device {d} lists {} to {user}", row.patient)
            })?;
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
                let is_seen = |other: &Entry| {
                    other.by != all[&id].by && !is_of_the_panel(other) && stands_on(other, id, &all)
                };
                proven.contains(&id) && others.any(is_seen)
            }
        };
        holds(Oracle::NeverFalse, is_so, || {
            format!("a screen of device {d} says of entry {id} that it is {state:?}")
        })
    }
}

/// May she see this patient? The rule, said once more: whoever has a device to herself was sent what she may see; of
/// several it is she who works where something of the patient took place, owns a record or wrote in one.
fn may_see(app: &App, person: &Person, patient: PatientId) -> bool {
    let is_shared = app.sign_in_screen().expect("its people").is_shared;
    if !is_shared && app.people().expect("its people") == [person.id.clone()] {
        return true;
    }
    let looks_after = |role: Role| !matches!(role, Role::Administrator | Role::Partner);
    let (joined, _) = app.patient(patient).expect("a patient");
    let documents = joined.records.iter().chain(&joined.answers);
    documents.into_iter().any(|document| {
        let works_there = document.sites().any(|site| {
            let mut roles = person.roles.iter();
            roles.any(|at| looks_after(at.role) && (at.sites.is_empty() || at.sites.contains(site)))
        });
        let wrote = document
            .entries()
            .iter()
            .any(|entry| entry.by == person.id && !is_of_the_panel(entry));
        works_there || wrote || document.owners.contains(&person.id)
    })
}

/// Is it said at the panel, which is there also for who sees nothing of the record?
fn is_of_the_panel(entry: &Entry) -> bool {
    matches!(
        entry.body,
        Body::SafetyRaised(_) | Body::SafetyCallTapped(_) | Body::SafetyPanelDismissed(_)
    )
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
