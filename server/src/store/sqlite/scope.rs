//! Through what a patient's records may be seen: sites and people, computed from the fold of her documents whenever one
//! of them says something new of it, never patched. What begins or ends is told as rows of the log.

use super::log::Row;
use super::visibility::Viewers;
use super::{StoreError, Verb, int, readable, sound};
use crate::admission::Document;
use rusqlite::params;
use std::collections::BTreeSet;
use warmhand_core::domain::id::PatientId;
use warmhand_core::domain::visibility::Scope;

impl Verb<'_> {
    /// Brings a patient's scopes and who sees her documents up to date. A document that was read already, with everything
    /// that this transaction has written in it, is not read again.
    pub(super) fn place(
        &self,
        patient: PatientId,
        viewers: &Viewers<'_>,
        known: Option<&Document>,
    ) -> Result<(), StoreError> {
        let documents = self.documents_of(patient)?;
        // Answers may arrive before the record that they belong to: whoever brought them sees both.
        let mut scopes: BTreeSet<Scope> = known.map_or_else(BTreeSet::new, |d| d.record().scopes());
        let mut is_whole = true;
        for (id, _) in &documents {
            if known.is_none_or(|known| known.id != *id) {
                match readable(self.document(*id))? {
                    Some(document) => scopes.extend(document.record().scopes()),
                    None => is_whole = false,
                }
            }
        }
        self.scope(patient, &scopes, is_whole)?;
        let seq = self.head()?.seq;
        self.refresh_patient_visibility(patient, &documents, seq, viewers)
    }

    /// Who sees what, after the sheet changed: the scopes are what they were.
    pub(super) fn look_again(&self) -> Result<(), StoreError> {
        let (_, sheet) = self.sheet()?;
        let viewers = self.viewers(&sheet)?;
        let seq = self.head()?.seq;
        for patient in self.patients()? {
            let documents = self.documents_of(patient)?;
            self.refresh_patient_visibility(patient, &documents, seq, &viewers)?;
        }
        Ok(())
    }

    /// All of it from the changes, for whoever does not trust what is there. Returns for how many patients.
    pub(super) fn rebuild(&self) -> Result<usize, StoreError> {
        let (_, sheet) = self.sheet()?;
        let viewers = self.viewers(&sheet)?;
        let patients = self.patients()?;
        // A device that has everything up to the head would not hear of what begins or ends there.
        let row = self.append(&Row::Rebuilt)?;
        self.end_what_began_wrongly(row)?;
        for patient in &patients {
            self.place(*patient, &viewers, None)?;
        }
        Ok(patients.len())
    }

    /// Are these, of the fold, the scopes that are kept?
    pub(super) fn has_scopes(
        &self,
        patient: PatientId,
        scopes: &BTreeSet<Scope>,
    ) -> Result<bool, StoreError> {
        Ok(*scopes == self.present_scopes(patient)?)
    }

    /// The scopes of a patient with those of a document of hers of which they do not know yet.
    pub(super) fn scopes_with(
        &self,
        patient: PatientId,
        document: &Document,
    ) -> Result<BTreeSet<Scope>, StoreError> {
        let mut scopes = self.present_scopes(patient)?;
        scopes.extend(document.record().scopes());
        Ok(scopes)
    }

    /// Through what a patient's records may be seen now.
    pub(super) fn present_scopes(&self, patient: PatientId) -> Result<BTreeSet<Scope>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select kind, value from scope where patient = ?1 and to_seq is null",
        )?;
        read(statement.query([&patient.as_bytes()[..]])?)
    }

    /// The same, as of a row.
    pub(super) fn scopes(
        &self,
        patient: PatientId,
        seq: u64,
    ) -> Result<BTreeSet<Scope>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select kind, value from scope where patient = ?1 and from_seq <= ?2 and coalesce(to_seq, ?2 + 1) > ?2",
        )?;
        read(statement.query(params![&patient.as_bytes()[..], int(seq)?])?)
    }

    /// Where one of her documents does not read, what it alone may have said of who sees her stands.
    fn scope(
        &self,
        patient: PatientId,
        wanted: &BTreeSet<Scope>,
        is_whole: bool,
    ) -> Result<(), StoreError> {
        let present = self.present_scopes(patient)?;
        for (kind, value) in wanted.difference(&present).map(Scope::as_row) {
            let seq = self.append(&Row::ScopeOn(patient, kind.to_owned(), value.to_owned()))?;
            self.change(
                "insert into scope (patient, kind, value, from_seq) values (?1, ?2, ?3, ?4)",
                params![&patient.as_bytes()[..], kind, value, int(seq)?],
            )?;
        }
        let over = present.difference(wanted).filter(|_| is_whole);
        for (kind, value) in over.map(Scope::as_row) {
            let seq = self.append(&Row::ScopeOff(patient, kind.to_owned(), value.to_owned()))?;
            self.change(
                "update scope set to_seq = ?4
                         where patient = ?1 and kind = ?2 and value = ?3 and to_seq is null",
                params![&patient.as_bytes()[..], kind, value, int(seq)?],
            )?;
        }
        Ok(())
    }
}

fn read(mut rows: rusqlite::Rows<'_>) -> Result<BTreeSet<Scope>, StoreError> {
    let mut scopes = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        scopes.insert(sound(Scope::of_row(&kind, row.get(1)?))?);
    }
    Ok(scopes)
}
