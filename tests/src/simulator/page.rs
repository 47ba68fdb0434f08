//! Somebody is on a page of the server: what it shows her, and what she writes there.

use super::oracle::{Failure, Oracle, holds};
use super::truth::Written;
use super::world::World;
use rand::Rng;
use std::collections::BTreeSet;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::DocumentId;
use warmhand_core::domain::payload::Noted;
use warmhand_core::domain::read::read;
use warmhand_server::store::Store;

impl World {
    /// Records in the server's log.
    fn records(&self) -> Vec<DocumentId> {
        let opened = self.server.accepted.values().filter(|change| {
            change
                .entries
                .first()
                .is_some_and(|(_, text)| text.contains("\"RecordOpened\""))
        });
        opened.map(|change| change.doc).collect()
    }

    pub(super) fn page(&mut self, r: u8, k: u16) -> Result<(), Failure> {
        self.server.refresh();
        self.check_page()?;
        let records = self.records();
        if records.is_empty() {
            return Ok(());
        }
        let record = records[usize::from(r) % records.len()];
        let user = if k.is_multiple_of(2) { "c1" } else { "n2" };
        let text = format!("on a page {}", self.truth.written.len());
        let seed = self
            .rng(u64::from(k) << 32 | self.tally.operations)
            .random();
        let now = self.server_now();
        let body = Body::from(Noted { text });
        let store = self.server.store();
        let done = self
            .server
            .run(store.author(user.into(), record, body, seed, now));
        if let Some(struck) = self.server.recover_from_blow() {
            self.note_blow(&struck, true);
        }
        let new = self.server.refresh();
        for hash in &new {
            let change = &self.server.accepted[hash];
            for (entry, text) in change.entries.clone() {
                // After a blow everything is seen anew, also what others wrote.
                if self.truth.written.contains_key(&entry) {
                    continue;
                }
                let (device, user) = (change.device, change.user.clone());
                self.truth
                    .written
                    .insert(entry, Written { text, device, user });
                if done.is_ok() {
                    self.truth.acknowledged.insert(entry);
                }
            }
        }
        self.says(|| format!("    {user} on a page: {} changes", new.len()));
        self.check_server(&new)
    }

    /// What a page shows of a record is what its entries read as now, however long the process has known it.
    pub(super) fn check_page(&self) -> Result<(), Failure> {
        let (store, now) = (self.server.store(), self.server_now());
        let blows = &self.server.blows;
        let page = blows.spared(|| self.server.run(store.snapshot(now)));
        let page = page.expect("a page");
        for shown in &page.records {
            let patient = shown.patient.expect("a patient");
            let folder = blows.spared(|| self.server.run(store.folder(patient, None)));
            let folder = folder.expect("a folder");
            let mut reading = read(&folder.patient, &folder.receipts, &page.sheet, now);
            reading.records.iter_mut().for_each(|r| r.shrink());
            let is_so = reading.records.contains(shown);
            holds(Oracle::Projection, is_so, || {
                format!("a page shows {} otherwise than it reads", shown.record)
            })?;
        }
        let records: BTreeSet<_> = self.records().into_iter().collect();
        let listed: BTreeSet<_> = page.records.iter().map(|shown| shown.record).collect();
        holds(Oracle::Projection, records == listed, || {
            format!("a page lists {listed:?}, and there are {records:?}")
        })
    }
}
