//! What must hold after every operation.

use super::look::{self, DeviceLook, HeldChange};
use super::network::Answer;
use super::oracle::{Failure, Oracle, holds};
use super::world::World;
use std::collections::BTreeSet;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::EntryId;
use warmhand_core::view::SyncState;
use warmhand_core::wire::{Ack, AckState, DocsAnswer, QuarantineReason, SyncAnswer, unpack};

impl World {
    /// The log is dense; what was just accepted was written by who it says; nothing lies twice before the reviewer.
    pub(super) fn check_server(&mut self, new: &[ChangeHash]) -> Result<(), Failure> {
        for device in &mut self.devices {
            device.revoked |= self.server.is_revoked(device.id);
        }
        self.check_erased()?;
        let (head, rows) = look::head(&self.server.eyes);
        holds(Oracle::Log, head.seq == rows, || {
            format!("head {} of {rows} rows", head.seq)
        })?;
        self.check_log()?;
        self.check_sight()?;
        let own = look::own_device(&self.server.eyes);
        for hash in new {
            // Accepted and erased within one step.
            let Some(change) = self.server.accepted.get(hash) else {
                continue;
            };
            for (id, text) in &change.entries {
                let written = self.truth.written.get(id);
                let may_be_anew =
                    self.truth.written_anew.contains(id) || self.truth.accepted_once.contains(id);
                let is_anew = change.device == own && may_be_anew;
                let is_hers = written.is_some_and(|w| {
                    let is_her_device = w.device == change.device || is_anew;
                    w.text == *text && w.user == change.user && is_her_device
                });
                holds(Oracle::Author, is_hers, || {
                    format!(
                        "entry {id} was accepted in the name of {}, who never wrote it",
                        change.user
                    )
                })?;
                self.truth.accepted_once.insert(*id);
            }
        }
        self.check_once()
    }

    /// Nothing in an answer is invisible to whom it goes, and what it says is there, is there.
    pub(super) fn check_answer(&mut self, d: usize, answer: &Answer) -> Result<(), Failure> {
        if answer.status != 200 {
            return Ok(());
        }
        let acks = match answer.path {
            "/v1/sync" => {
                let told: SyncAnswer = unpack(&answer.body).expect("an answer");
                self.check_delivered(d, &told.docs.open().expect("a page"))?;
                told.acks
            }
            "/v1/docs" => {
                let told: DocsAnswer = unpack(&answer.body).expect("an answer");
                self.check_delivered(d, &told.docs)?;
                told.acks
            }
            _ => return Ok(()),
        };
        for Ack { hash, state } in acks {
            let is_so = match state {
                AckState::Accepted(_) => self.server.accepted.contains_key(&hash),
                AckState::AcceptedAs(other, _) => self.server.accepted.contains_key(&other),
                AckState::Quarantined(_) | AckState::Decided(..) => {
                    self.server.quarantine.contains_key(&hash)
                }
                AckState::MissingDeps(_) | AckState::Rejected(_) => true,
            };
            holds(Oracle::NeverFalse, is_so, || {
                format!("device {d} is told {state:?} of {hash:?}, and that is not committed")
            })?;
        }
        Ok(())
    }

    /// What an answer made a device give up, the server had when it answered.
    pub(super) fn check_kept(
        &mut self,
        d: usize,
        before: &DeviceLook,
        after: &DeviceLook,
        held: &BTreeSet<EntryId>,
    ) -> Result<(), Failure> {
        if after.is_wiped() && !before.is_wiped() {
            self.check_boxed(d, before, after, held)?;
        }
        let (had, mut has) = (before.entries(), after.entries());
        let boxed = self.opened(d, &after.boxes);
        has.extend(boxed.flat_map(|boxed| boxed.entries));
        let erased = self.erased_in(before);
        // Written after the server had been told to, and before this device heard of it.
        self.forget_entries(&erased);
        // What the server itself once wrote, with a receipt that is worth nothing, is taken by nobody.
        let own = look::own_device(&self.server.eyes);
        let is_void = |id: &EntryId| {
            let has = |held: &&HeldChange| held.entries.iter().any(|(entry, _)| entry == id);
            let mut holding = before.changes.values().filter(has);
            self.truth.gone.contains(id) && holding.all(|held| held.is_void && held.device == own)
        };
        let mut wiped = had
            .difference(&has)
            .filter(|id| !erased.contains(id) && !is_void(id))
            .copied();
        if let Some(lost) = wiped.clone().find(|entry| !held.contains(entry)) {
            return holds(Oracle::Kept, false, || {
                format!(
                    "device {d} wiped entry {lost}, which the server that ordered it did not hold"
                )
            });
        }
        if wiped.next().is_some() {
            self.truth
                .promised
                .retain(|entry, on| *on != d || has.contains(entry) || !held.contains(entry));
            self.note_what_is_gone();
        }
        Ok(())
    }

    /// A device holds what it should, as it was written, keeps what was refused, and says nothing false.
    pub(super) fn check_device(&mut self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        for held in look.changes.values() {
            for (id, text) in &held.entries {
                let is_same = self.truth.written.get(id).is_some_and(|w| w.text == *text);
                holds(Oracle::Author, is_same, || {
                    format!("device {d} holds {id}, which nobody wrote so")
                })?;
            }
            // That it is not said yet whose the device is, is no word about what was written on it.
            let unconfirmed = Some(QuarantineReason::Unconfirmed as i64);
            let is_own = held.device == self.devices[d].id;
            let is_taken_for_refused = is_own && held.is_refused() && held.reason == unconfirmed;
            holds(Oracle::Refused, !is_taken_for_refused, || {
                format!("device {d} takes for refused what waits until somebody says whose it is")
            })?;
        }
        self.check_refused_kept(d, look)?;
        if look.is_wiped() {
            return self.check_wiped(d, look);
        }
        self.check_exact(d, look)?;
        self.check_said(d, look)
    }

    /// "On the server" is said of what the server said it has, and of nothing else.
    fn check_said(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        let device = &self.devices[d];
        let app = device.app.as_ref().expect("it lives");
        let mut proven: BTreeSet<EntryId> = BTreeSet::new();
        for hash in &device.told.on_server {
            if let Some(held) = look.changes.get(hash) {
                proven.extend(held.entries.iter().map(|(id, _)| *id));
            }
        }
        let patients: BTreeSet<_> = look
            .documents
            .values()
            .map(|(_, patient, _)| *patient)
            .collect();
        for patient in patients {
            let (_, receipts) = app.patient(patient).expect("a patient");
            let mut said = receipts.0.keys();
            let false_one = said.find(|id| !proven.contains(id));
            holds(Oracle::NeverFalse, false_one.is_none(), || {
                format!("device {d} shows entry {false_one:?} as on the server")
            })?;
        }
        let screen = app.sync_status().expect("a status");
        let own = look.changes.iter();
        let own = own.filter(|(_, held)| held.device == device.id && !held.is_settled());
        for (hash, held) in own.filter(|(hash, _)| !device.told.on_server.contains(hash)) {
            let row = screen
                .unsent
                .iter()
                .find(|row| look.is_home(row.record, held.doc));
            let is_said = row.is_some_and(|row| row.help.is_some() || !held.is_refused());
            let says_all = screen.state == SyncState::AllSent;
            holds(Oracle::NeverFalse, is_said && !says_all, || {
                format!(
                    "device {d} says {:?}, {row:?} and has {hash:?} {held:?}",
                    screen.state
                )
            })?;
        }
        // Of what is there, with nothing in doubt, no screen says too much.
        let is_there = |hash: &ChangeHash| device.told.on_server.contains(hash);
        if look.phase == "normal" && look.changes.keys().all(is_there) {
            return Ok(());
        }
        self.check_screens(d, look)
    }
}
