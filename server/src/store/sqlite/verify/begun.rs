//! Where things began: a page brings a document whole to whoever began to see it after her cursor, and only what is new to
//! whoever saw it before. A start that is too early would leave out changes for ever, so each has to follow from the log.

use super::super::log::Row;
use super::super::{StoreError, Verb, int, sound};
use rusqlite::params;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId, UserId};
use warmhand_core::domain::organisation::Organisation;

impl Verb<'_> {
    /// Did a device begin to see these documents where the definition says that it did see them, and is no interval of it
    /// turned about, or of a row that is not there?
    pub(super) fn began_rightly(
        &self,
        device: DeviceId,
        docs: &[DocumentId],
    ) -> Result<bool, StoreError> {
        let id = &device.as_bytes()[..];
        let mut statement = self.db.prepare_cached(
            "select not exists (select 1 from visibility where device = ?1 and
                 (max(from_seq, coalesce(to_seq, from_seq)) > ?2 or to_seq < from_seq))",
        )?;
        let head = int(self.head()?.seq)?;
        if !statement.query_row(params![id, head], |row| row.get(0))? {
            return Ok(false);
        }
        let mut sheets = Sheets::default();
        let mut statement = self.db.prepare_cached(
            "select from_seq from visibility where device = ?1 and doc = ?2 and to_seq is null",
        )?;
        for doc in docs {
            let starts = statement.query_map(params![id, &doc.as_bytes()[..]], |row| row.get(0))?;
            let starts: Vec<i64> = starts.collect::<Result<_, _>>()?;
            match starts[..] {
                [] => {}
                [start] if self.saw_from(device, *doc, start, &mut sheets)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Did it see the document at the row where that is said to have begun, and was there anything of it?
    fn saw_from(
        &self,
        device: DeviceId,
        doc: DocumentId,
        start: i64,
        sheets: &mut Sheets,
    ) -> Result<bool, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select exists (select 1 from change where doc = ?1 and seq <= ?2)")?;
        let is_there: bool =
            statement.query_row(params![&doc.as_bytes()[..], start], |row| row.get(0))?;
        let start = start.unsigned_abs();
        let is_past = start <= self.head()?.seq;
        let sheet = sheets.at(self, start)?;
        Ok(is_there && is_past && self.visible(device, doc, start, &sheet)?)
    }

    /// Do those who work on a device do so from the rows that say it?
    pub(super) fn people_began_rightly(&self, device: DeviceId) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select user, content from device_person left join log on log.seq = from_seq
                 where device = ?1 and to_seq is null",
        )?;
        let mut rows = statement.query([&device.as_bytes()[..]])?;
        while let Some(row) = rows.next()? {
            let said = Row::PersonOn(device, UserId(row.get(0)?));
            let told: Option<Vec<u8>> = row.get(1)?;
            if !is_said(&said, told.as_deref()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// May a patient's records be seen through her present scopes from the rows that say it?
    pub(super) fn scopes_began_rightly(&self, patient: PatientId) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select scope.kind, value, content from scope left join log on log.seq = from_seq
                 where patient = ?1 and to_seq is null",
        )?;
        let mut rows = statement.query([&patient.as_bytes()[..]])?;
        while let Some(row) = rows.next()? {
            let said = Row::ScopeOn(patient, row.get(0)?, row.get(1)?);
            let told: Option<Vec<u8>> = row.get(2)?;
            if !is_said(&said, told.as_deref()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends at a row what did not begin where it says, so that it begins anew.
    pub(in super::super) fn end_what_began_wrongly(&self, row: u64) -> Result<(), StoreError> {
        for patient in self.patients()? {
            if !self.scopes_began_rightly(patient)? {
                self.change(
                    "update scope set to_seq = ?2, from_seq = min(from_seq, ?2)
                         where patient = ?1 and to_seq is null",
                    params![&patient.as_bytes()[..], int(row)?],
                )?;
            }
        }
        let mut statement = self.db.prepare_cached(
            "select rowid, device, doc, from_seq from visibility where to_seq is null",
        )?;
        let open = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        let open: Vec<(i64, Vec<u8>, Vec<u8>, i64)> = open.collect::<Result<_, _>>()?;
        let (mut sheets, mut seen) = (Sheets::default(), BTreeSet::new());
        for (interval, device, doc, start) in open {
            let device = sound(DeviceId::from_bytes(&device))?;
            let doc = sound(DocumentId::from_bytes(&doc))?;
            let is_first = seen.insert((device, doc));
            if !is_first || !self.saw_from(device, doc, start, &mut sheets)? {
                self.change(
                    "update visibility set to_seq = ?2, from_seq = min(from_seq, ?2) where rowid = ?1",
                    params![interval, int(row)?],
                )?;
            }
        }
        Ok(())
    }
}

/// Is this row what the log has there?
pub(super) fn is_said(row: &Row, told: Option<&[u8]>) -> bool {
    minicbor::to_vec(row).is_ok_and(|row| told == Some(&row))
}

/// The sheets that were in force, each read once.
#[derive(Default)]
struct Sheets(BTreeMap<u64, Arc<Organisation>>);

impl Sheets {
    fn at(&mut self, verb: &Verb<'_>, seq: u64) -> Result<Arc<Organisation>, StoreError> {
        let version = verb.sheet_version_at(seq)?;
        if let Some(sheet) = self.0.get(&version) {
            return Ok(Arc::clone(sheet));
        }
        let sheet = Arc::new(verb.sheet_at(seq)?);
        self.0.insert(version, Arc::clone(&sheet));
        Ok(sheet)
    }
}
