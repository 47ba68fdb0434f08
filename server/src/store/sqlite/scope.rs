//! Through what a patient's records may be seen: sites and people, computed from the fold of her documents whenever one
//! of them says something new of it, never patched. What begins or ends is told as rows of the log.

use super::log::Row;
use super::visibility::Viewers;
use super::{StoreError, Verb, int, readable};
use crate::admission::Document;
use rusqlite::params;
use std::collections::BTreeSet;
use warmhand_core::domain::fold::Scope;
use warmhand_core::domain::id::PatientId;

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
        self.scope(patient, scopes, is_whole)?;
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
        scopes: BTreeSet<Scope>,
    ) -> Result<bool, StoreError> {
        Ok(written(scopes) == self.present_scopes(patient)?)
    }

    /// The scopes of a patient with those of a document of hers of which they do not know yet.
    pub(super) fn scopes_with(
        &self,
        patient: PatientId,
        document: &Document,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut scopes = self.present_scopes(patient)?;
        scopes.extend(written(document.record().scopes()));
        Ok(scopes.into_iter().collect())
    }

    /// Through what a patient's records may be seen now.
    pub(super) fn present_scopes(
        &self,
        patient: PatientId,
    ) -> Result<BTreeSet<(String, String)>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select kind, value from scope where patient = ?1 and to_seq is null",
        )?;
        Ok(statement
            .query_map([&patient.as_bytes()[..]], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Where one of her documents does not read, what it alone may have said of who sees her stands.
    fn scope(
        &self,
        patient: PatientId,
        scopes: BTreeSet<Scope>,
        is_whole: bool,
    ) -> Result<(), StoreError> {
        let (wanted, present) = (written(scopes), self.present_scopes(patient)?);
        for (kind, value) in wanted.difference(&present) {
            let seq = self.append(&Row::ScopeOn(patient, kind.clone(), value.clone()))?;
            self.change(
                "insert into scope (patient, kind, value, from_seq) values (?1, ?2, ?3, ?4)",
                params![&patient.as_bytes()[..], kind, value, int(seq)?],
            )?;
        }
        for (kind, value) in present.difference(&wanted).filter(|_| is_whole) {
            let seq = self.append(&Row::ScopeOff(patient, kind.clone(), value.clone()))?;
            self.change(
                "update scope set to_seq = ?4
                         where patient = ?1 and kind = ?2 and value = ?3 and to_seq is null",
                params![&patient.as_bytes()[..], kind, value, int(seq)?],
            )?;
        }
        Ok(())
    }
}

/// Scopes as they are kept: kind and value.
fn written(scopes: BTreeSet<Scope>) -> BTreeSet<(String, String)> {
    scopes
        .into_iter()
        .map(|scope| match scope {
            Scope::Site(site) => ("site".to_owned(), site.0),
            Scope::Owner(user) => ("owner".to_owned(), user.0),
            Scope::Author(user) => ("author".to_owned(), user.0),
            Scope::Everyone => ("everyone".to_owned(), String::new()),
        })
        .collect()
}
