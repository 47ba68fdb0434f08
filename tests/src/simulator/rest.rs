//! What must hold once faults have stopped: everybody comes to rest, and then everything is where it belongs.

use super::look::{self, DeviceLook, HeldChange};
use super::oracle::{Failure, Oracle, holds};
use super::work::shown;
use super::world::World;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::domain::id::{DocumentId, EntryId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::read::read;
use warmhand_server::store::Store;

/// So often everybody syncs until everything has to be everywhere.
const ROUNDS: usize = 30;
/// A reconnect with nothing new: bytes up and down, however many documents there are.
const SMALL: (usize, usize) = (600, 300);

impl World {
    fn living(&self) -> Vec<usize> {
        (0..self.devices.len())
            .filter(|d| self.devices[*d].lives())
            .collect()
    }

    /// Faults stop; everybody comes to rest; then everything is looked at.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.says(|| "faults stop".to_owned());
        self.server.blows.disarm();
        for device in &mut self.devices {
            device.blows.disarm();
            device.off_ms = 0;
        }
        self.server_off_ms = 0;
        self.set_time(self.now + SignedDuration::from_mins(7));
        while !self.net.is_empty() {
            self.deliver(0)?;
        }
        self.come_to_rest()?;
        // What is looked at lies on the disk.
        self.server.restart();
        for d in self.living() {
            self.devices[d].restart();
        }
        self.check_books()?;
        self.check_entries()?;
        self.check_refused()?;
        self.check_released(true)?;
        self.check_seen()?;
        for d in self.living() {
            let look = self.devices[d].look();
            if look.is_wiped() {
                self.check_ended(d, &look)?;
                continue;
            }
            self.check_erased_on(d, &look)?;
            self.check_replica(d, &look)?;
            self.check_healed(d, &look)?;
            self.check_screens(d, &look)?;
            self.check_lists(d, &look)?;
            self.check_cheap(d)?;
        }
        Ok(())
    }

    fn come_to_rest(&mut self) -> Result<(), Failure> {
        for _ in 0..ROUNDS {
            self.set_time(self.now + SignedDuration::from_mins(20));
            for d in self.living() {
                let d = u8::try_from(d).expect("a few devices");
                self.sync(d)?;
                self.confirm(d)?;
            }
            if self.restless().is_none() {
                return Ok(());
            }
        }
        let restless = self.restless();
        holds(Oracle::Quiet, restless.is_none(), || {
            restless.unwrap_or_default()
        })
    }

    fn restless(&self) -> Option<String> {
        self.living().into_iter().find_map(|d| {
            let look = self.devices[d].look();
            let waits = look.changes.values().filter(|held| held.waits()).count();
            if look.phase == "ended" {
                return None;
            }
            let is_quiet = waits == 0
                && look.phase == "normal"
                && look.cursor.token == self.server.head
                && look.refetches.is_empty();
            (!is_quiet).then(|| {
                format!(
                    "device {d}: {waits} changes wait, {}, row {} of {}, does not apply: {:?}",
                    look.phase, look.cursor.token.seq, self.server.head.seq, look.refetches
                )
            })
        })
    }

    /// The server agrees with itself.
    fn check_books(&self) -> Result<(), Failure> {
        let verified = self.server.verify(self.server_now());
        holds(Oracle::Log, verified.log, || {
            "a link of the chain does not hold".to_owned()
        })?;
        holds(Oracle::Visible, verified.visibility, || {
            "intervals are not what the definition says".to_owned()
        })?;
        holds(Oracle::Projection, verified.records, || {
            "a projection is not what recomputing gives".to_owned()
        })?;
        holds(Oracle::Projection, verified.documents, || {
            "what is made of a document for others is not what is stored".to_owned()
        })
    }

    /// Everything acknowledged is there.
    fn check_entries(&self) -> Result<(), Failure> {
        let texts: BTreeMap<EntryId, &String> = self
            .server
            .accepted
            .values()
            .flat_map(|change| change.entries.iter().map(|(id, text)| (*id, text)))
            .collect();
        for id in self.truth.acknowledged.difference(&self.truth.gone) {
            let is_there = texts
                .get(id)
                .is_some_and(|text| **text == self.truth.written[id].text);
            holds(Oracle::Kept, is_there, || {
                format!("acknowledged entry {id} is not in the record")
            })?;
        }
        let mut kept = self.server.entries();
        kept.extend(self.entries_in_boxes());
        for (id, d) in &self.truth.promised {
            let device = &self.devices[*d];
            let is_kept =
                kept.contains(id) || device.lives() && device.look().entries().contains(id);
            holds(Oracle::Kept, is_kept, || {
                format!("entry {id}, written on device {d}, is nowhere")
            })?;
        }
        Ok(())
    }

    /// Who believes that the server keeps something for a person to decide, is right; and a decision was heard.
    fn check_refused(&self) -> Result<(), Failure> {
        let kept = self.server.entries();
        for d in self.living() {
            let look = self.devices[d].look();
            for (hash, held) in &look.changes {
                let is_kept = held.entries.iter().all(|(id, _)| kept.contains(id));
                holds(
                    Oracle::Refused,
                    held.state != "quarantined" || is_kept,
                    || {
                        format!(
                            "device {d} believes that {hash:?} lies in quarantine, and the server has lost it"
                        )
                    },
                )?;
                let is_own = held.device == self.devices[d].id && !self.devices[d].revoked;
                let lying = self.server.quarantine.get(hash);
                let is_decided = lying.is_some_and(|lying| lying.is_decided);
                let is_heard = held.state != "quarantined" || !is_own || !is_decided;
                holds(Oracle::Refused, is_heard, || {
                    format!("device {d} never heard what was decided about {hash:?}")
                })?;
            }
        }
        Ok(())
    }

    /// A device has of every visible document what the server has, nothing of others, and reads it the same.
    fn check_replica(&self, d: usize, look: &DeviceLook) -> Result<(), Failure> {
        let id = self.devices[d].id;
        let visible = self.server.sight.must(id);
        let mut on_server: BTreeMap<DocumentId, BTreeMap<EntryId, String>> = BTreeMap::new();
        for change in self.server.accepted.values() {
            on_server
                .entry(change.doc)
                .or_default()
                .extend(change.entries.iter().cloned());
        }
        for doc in visible.keys() {
            let (here, there) = (look.entries_of(*doc), &on_server[doc]);
            holds(Oracle::Exact, here == *there, || {
                format!(
                    "device {d} has {} of {} entries of {doc}",
                    here.len(),
                    there.len()
                )
            })?;
            let is_shown = look
                .documents
                .get(doc)
                .is_some_and(|(_, _, hidden)| !hidden);
            holds(Oracle::Exact, is_shown, || {
                format!("device {d} hides {doc}, which it may see")
            })?;
        }
        for (doc, (_, _, hidden)) in &look.documents {
            let own_refused = |held: &HeldChange| held.doc == *doc && held.is_refused();
            let has_refused = look.changes.values().any(own_refused);
            let may_see = self.server.sight.may(id, *doc);
            let may = may_see || has_refused;
            holds(Oracle::Exact, may, || {
                format!("device {d} still has {doc} (hidden: {hidden})")
            })?;
            let remote = |held: &HeldChange| held.doc == *doc && held.state == "remote";
            let has_remote = look.changes.values().any(remote);
            holds(Oracle::Exact, may_see || !has_remote, || {
                format!("device {d} still has what others wrote in {doc}")
            })?;
        }
        holds(
            Oracle::Exact,
            look.sheet == look::sheet(&self.server.eyes),
            || format!("device {d} has another sheet than the one in force"),
        )?;
        self.check_reading(d, look, &visible.into_keys().collect())
    }

    fn check_reading(
        &self,
        d: usize,
        look: &DeviceLook,
        visible: &BTreeSet<DocumentId>,
    ) -> Result<(), Failure> {
        let app = self.devices[d].app.as_ref().expect("it lives");
        let sheet = app.sheet().expect("a sheet");
        let patients: BTreeSet<_> = shown(look)
            .iter()
            .map(|doc| look.documents[doc].1)
            .collect();
        for patient in patients {
            let (here, receipts) = app.patient(patient).expect("a patient");
            let store = self.server.store();
            let there = self
                .server
                .run(store.folder(patient, None))
                .expect("a folder");
            let all = there
                .patient
                .records
                .iter()
                .all(|record| visible.contains(&record.id));
            if !all || here.records.len() != there.patient.records.len() {
                continue;
            }
            let folds = format!("{:?}", here.records) == format!("{:?}", there.patient.records);
            // Not everybody who may see a record may see what she answered.
            let theirs = there.patient.answers.iter();
            let answers = theirs.filter(|document| visible.contains(&document.id));
            let documents = there.patient.records.iter().chain(answers);
            let there_for_it = Patient::of(patient, documents.cloned().collect());
            holds(Oracle::SameReading, folds, || {
                format!("device {d} folds {patient} otherwise")
            })?;
            holds(Oracle::SameReading, receipts == there.receipts, || {
                format!("device {d} has other receipts of {patient}")
            })?;
            let own = read(&here, &receipts, &sheet, self.now);
            let other = read(&there_for_it, &there.receipts, &sheet, self.now);
            holds(Oracle::SameReading, own == other, || {
                format!("device {d} reads {patient} otherwise")
            })?;
        }
        Ok(())
    }

    /// A reconnect with nothing new.
    fn check_cheap(&mut self, d: usize) -> Result<(), Failure> {
        let now = self.now;
        let app = self.devices[d].app.as_mut().expect("it lives");
        app.sync_wanted();
        let mut asked = Vec::new();
        while let Ok(SyncStep::Send(request)) = app.sync_next(now) {
            let (status, body) = self.server.post(
                request.path,
                request.bearer.as_deref(),
                request.body.clone(),
            );
            asked.push((request.body.len(), body.len()));
            let carried = Carried::Answer { status, body };
            let _ = app.sync_answered(request.number, &carried, now);
            if asked.len() > 1 {
                break;
            }
        }
        // One that was taken out of service may only just have come so far: then it says that it is wiped as well.
        if self.devices[d].revoked {
            return Ok(());
        }
        let is_cheap = asked.len() == 1 && asked[0].0 <= SMALL.0 && asked[0].1 <= SMALL.1;
        holds(Oracle::Cheap, is_cheap, || {
            format!("device {d} reconnected with (up, down) {asked:?}")
        })
    }
}
