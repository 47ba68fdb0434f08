//! Versions of the organisation's sheet.

use super::log::Row;
use super::{StoreError, Verb, int};
use rusqlite::params;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::wire::Sheet;

/// A sheet travels whole in one answer.
const MAX_SHEET: usize = 256 * 1024;

/// The sheet that was read last, so that it is not read anew for every request. It is known again by its whole text: a
/// version that was never committed cannot be taken for another.
#[derive(Default)]
pub(crate) struct KnownSheet(Mutex<Option<(String, Arc<Organisation>)>>);

impl KnownSheet {
    fn read(&self, text: &str) -> Result<Arc<Organisation>, StoreError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, sheet)) = known.as_ref().filter(|(known, _)| known == text) {
            return Ok(Arc::clone(sheet));
        }
        let sheet = Arc::new(Organisation::parse(text).map_err(|_| StoreError::Unreadable)?);
        *known = Some((text.to_owned(), Arc::clone(&sheet)));
        Ok(sheet)
    }
}

impl Verb<'_> {
    /// Puts a new version in force; who may see what follows from it at once.
    pub(super) fn load_sheet(&self, text: &str) -> Result<u64, StoreError> {
        if text.len() > MAX_SHEET {
            return Err(StoreError::Refused(
                "the organisation is larger than 256 KB".into(),
            ));
        }
        Organisation::parse(text).map_err(StoreError::Refused)?;
        let version: i64 = self.db.query_row(
            "select coalesce(max(version), 0) + 1 from sheet",
            [],
            |row| row.get(0),
        )?;
        let seq = self.append(&Row::Sheet(
            version.unsigned_abs(),
            Sha256::digest(text).into(),
        ))?;
        self.change(
            "insert into sheet (version, seq, text) values (?1, ?2, ?3)",
            params![version, int(seq)?, text],
        )?;
        self.look_again()?;
        Ok(version.unsigned_abs())
    }

    /// The sheet in force.
    pub(super) fn sheet(&self) -> Result<(Sheet, Arc<Organisation>), StoreError> {
        let (version, text): (i64, String) = self
            .db
            .prepare_cached("select version, text from sheet order by version desc limit 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let sheet = self.known.read(&text)?;
        Ok((
            Sheet {
                version: version.unsigned_abs(),
                text,
            },
            sheet,
        ))
    }

    /// The row of the sheet in force.
    pub(super) fn sheet_seq(&self) -> Result<u64, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select seq from sheet order by version desc limit 1")?;
        let seq: i64 = statement.query_row([], |row| row.get(0))?;
        Ok(seq.unsigned_abs())
    }

    /// The sheet that was in force at a row, and before the first: the first.
    pub(super) fn sheet_at(&self, seq: u64) -> Result<Organisation, StoreError> {
        let version = int(self.sheet_version_at(seq)?)?;
        let text: String = self
            .db
            .prepare_cached("select text from sheet where version = ?1")?
            .query_row([version], |row| row.get(0))?;
        Organisation::parse(&text).map_err(|_| StoreError::Unreadable)
    }

    /// Its version.
    pub(super) fn sheet_version_at(&self, seq: u64) -> Result<u64, StoreError> {
        let version: i64 = self.db.prepare_cached("select version from sheet order by seq <= ?1 desc, case when seq <= ?1 then -seq else seq end limit 1")?
            .query_row([int(seq)?], |row| row.get(0))?;
        Ok(version.unsigned_abs())
    }
}
