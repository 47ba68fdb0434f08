//! Which index rows are for whoever looks. A row carries the number of its set of scopes; each set is judged once, by the
//! rule itself, however many patients share it.

use crate::domain::visibility::{Scope, Viewer};
use crate::store::{Rows, StoreError, Write};
use rusqlite::OptionalExtension;
use std::collections::{BTreeSet, HashMap};

pub(super) struct Sight<'a> {
    rows: &'a Rows<'a>,
    viewer: &'a Viewer<'a>,
    judged: HashMap<i64, bool>,
}

impl<'a> Sight<'a> {
    pub(super) fn of(rows: &'a Rows<'a>, viewer: &'a Viewer<'a>) -> Self {
        Self {
            rows,
            viewer,
            judged: HashMap::new(),
        }
    }

    /// Is a row with this set for her?
    pub(super) fn sees(&mut self, reach: i64) -> Result<bool, StoreError> {
        if matches!(self.viewer, Viewer::Alone) {
            return Ok(true);
        }
        if let Some(sees) = self.judged.get(&reach) {
            return Ok(*sees);
        }
        let sees = self.viewer.sees(&self.rows.scopes(reach)?);
        self.judged.insert(reach, sees);
        Ok(sees)
    }
}

impl Rows<'_> {
    fn scopes(&self, reach: i64) -> Result<BTreeSet<Scope>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("select scopes from reach where id = ?1")?;
        let text: String = statement.query_row([reach], |row| row.get(0))?;
        serde_json::from_str(&text).map_err(|_| StoreError::Unreadable)
    }
}

impl Write<'_> {
    /// The number of a set of scopes. One that no row carries any more stays: it says who works together, and of nobody
    /// else.
    pub(in crate::store) fn reach(&mut self, scopes: &BTreeSet<Scope>) -> Result<i64, StoreError> {
        let text = serde_json::to_string(scopes).map_err(|_| StoreError::Unreadable)?;
        let known = self
            .db
            .prepare_cached("select id from reach where scopes = ?1")?
            .query_row([&text], |row| row.get(0))
            .optional()?;
        if let Some(known) = known {
            return Ok(known);
        }
        self.change("insert into reach (scopes) values (?1)", [&text])?;
        Ok(self.db.last_insert_rowid())
    }
}
