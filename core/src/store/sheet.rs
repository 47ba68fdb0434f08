//! The organisation's sheet as the server last brought it. Read from its text once, and again when the text is another.

use super::{Rows, StoreError, Write};
use crate::domain::organisation::Organisation;
use rusqlite::{OptionalExtension, params};
use std::sync::{Arc, Mutex, PoisonError};

/// The sheet that was read last, with its text.
#[derive(Default)]
pub(super) struct KnownSheet(Mutex<Option<(String, Arc<Organisation>)>>);

impl Rows<'_> {
    /// The version of the sheet; 0 before the first has come.
    pub fn sheet_version(&self) -> Result<u64, StoreError> {
        let version = self
            .0
            .prepare_cached("select version from sheet")?
            .query_row([], |row| row.get::<_, i64>(0))
            .optional()?;
        Ok(version.unwrap_or_default().unsigned_abs())
    }

    /// The sheet; none before the first has come.
    pub fn sheet(&self) -> Result<Option<Arc<Organisation>>, StoreError> {
        let text: Option<String> = self
            .0
            .prepare_cached("select text from sheet")?
            .query_row([], |row| row.get(0))
            .optional()?;
        let Some(text) = text else {
            return Ok(None);
        };
        let mut known = self.1.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, sheet)) = known.as_ref().filter(|(known, _)| *known == text) {
            return Ok(Some(Arc::clone(sheet)));
        }
        let Ok(sheet) = Organisation::parse(&text).map(Arc::new) else {
            return Ok(None);
        };
        *known = Some((text, Arc::clone(&sheet)));
        Ok(Some(sheet))
    }
}

impl Write<'_> {
    /// Writes the sheet.
    pub fn save_sheet(&mut self, version: u64, text: &str) -> Result<(), StoreError> {
        let version = i64::try_from(version).map_err(|_| StoreError::Unreadable)?;
        self.change(
            "insert into sheet (id, version, text) values (1, ?1, ?2)
                 on conflict (id) do update set version = ?1, text = ?2",
            params![version, text],
        )?;
        Ok(())
    }
}
