//! Projections: what pages read. Recomputed from the fold for all records of a patient whenever one of them changes,
//! never patched. They store instants, never "overdue".

use super::document::folder;
use super::log::Row;
use super::visibility::Viewers;
use super::{StoreError, Verb, int};
use crate::admission::Document;
use jiff::Timestamp;
use rusqlite::params;
use std::collections::BTreeSet;
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::fold::{Record, Scope};
use warmhand_core::domain::id::PatientId;
use warmhand_core::domain::read::read;

/// A document that was read already, with everything that this transaction has written in it.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub document: &'a Document,
    /// It begins with this transaction.
    pub is_new: bool,
}

impl Verb<'_> {
    /// Recomputes a patient's projections, and the scopes through which her records may be seen; what changed in these
    /// is told as rows of the log. A document that was read already is not read again.
    pub(super) fn project(
        &self,
        patient: PatientId,
        viewers: &Viewers<'_>,
        now: Timestamp,
        known: Option<Known<'_>>,
    ) -> Result<(), StoreError> {
        let documents = self.documents_of(patient)?;
        let mut read_anew = Vec::new();
        for (id, _) in &documents {
            if known.is_none_or(|known| known.document.id != *id) {
                read_anew.push(self.document(*id)?);
            }
        }
        let all = || known.map(|k| k.document).into_iter().chain(&read_anew);
        let is_practice = |id| {
            let kind = documents
                .iter()
                .find(|(of, _)| *of == id)
                .map(|(_, kind)| *kind);
            kind == Some(DocumentKind::Partner)
        };
        let folder = folder(patient, all().filter(|d| !is_practice(d.id)));
        let reading = read(&folder.patient, &folder.receipts, viewers.sheet(), now);
        let head = int(self.head()?.seq)?;
        for summary in &reading.records {
            let text = serde_json::to_string(summary).map_err(|_| StoreError::Damaged)?;
            self.change(
                "insert into record_row (record, seq, read_at, summary) values (?1, ?2, ?3, ?4)
                     on conflict (record) do update set seq = ?2, read_at = ?3, summary = ?4
                     where summary is not ?4",
                params![
                    &summary.record.as_bytes()[..],
                    head,
                    now.as_millisecond(),
                    text
                ],
            )?;
        }
        // Answers may arrive before the record that they belong to: whoever brought them sees both.
        let patients = folder.patient.records.iter().chain(&folder.patient.answers);
        let mut scopes: BTreeSet<Scope> = patients.flat_map(Record::scopes).collect();
        for document in all().filter(|d| is_practice(d.id)) {
            scopes.extend(Record::of(document.id, &document.entries()).scopes());
        }
        let is_elsewhere = self.scope(patient, scopes)?;
        // Who reads answers also depends on who wrote them; everything else on the scopes and on what documents there are.
        let is_as_before = known.is_some_and(|known| !known.is_new)
            && !is_elsewhere
            && documents
                .iter()
                .all(|(_, kind)| !matches!(kind, DocumentKind::Screens | DocumentKind::Sud));
        if is_as_before {
            return Ok(());
        }
        let seq = self.head()?.seq;
        self.refresh_patient_visibility(patient, &documents, seq, viewers)
    }

    /// All of them, after the sheet changed.
    pub(super) fn project_all(&self, now: Timestamp) -> Result<(), StoreError> {
        let (_, sheet) = self.sheet()?;
        let viewers = self.viewers(&sheet)?;
        for patient in self.patients()? {
            self.project(patient, &viewers, now, None)?;
        }
        Ok(())
    }

    /// The same from nothing, for whoever does not trust what is there.
    pub(super) fn rebuild(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.change("delete from record_row", [])?;
        self.project_all(now)?;
        Ok(self.patients()?.len())
    }

    /// Brings the scopes of a patient up to date. Says whether any began or ended.
    fn scope(&self, patient: PatientId, scopes: BTreeSet<Scope>) -> Result<bool, StoreError> {
        let wanted: BTreeSet<(String, String)> = scopes
            .into_iter()
            .map(|scope| match scope {
                Scope::Site(site) => ("site".to_owned(), site.0),
                Scope::Person(user) => ("person".to_owned(), user.0),
                Scope::Everyone => ("everyone".to_owned(), String::new()),
            })
            .collect();
        let mut statement = self.db.prepare_cached(
            "select kind, value from scope where patient = ?1 and to_seq is null",
        )?;
        let present: BTreeSet<(String, String)> = statement
            .query_map([&patient.as_bytes()[..]], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        for (kind, value) in wanted.difference(&present) {
            let seq = self.append(&Row::ScopeOn(patient, kind.clone(), value.clone()))?;
            self.change(
                "insert into scope (patient, kind, value, from_seq) values (?1, ?2, ?3, ?4)",
                params![&patient.as_bytes()[..], kind, value, int(seq)?],
            )?;
        }
        for (kind, value) in present.difference(&wanted) {
            let seq = self.append(&Row::ScopeOff(patient, kind.clone(), value.clone()))?;
            self.change(
                "update scope set to_seq = ?4
                         where patient = ?1 and kind = ?2 and value = ?3 and to_seq is null",
                params![&patient.as_bytes()[..], kind, value, int(seq)?],
            )?;
        }
        Ok(wanted != present)
    }
}
