//! The end of a process at a place of a test's choice, and everything that a database says, to compare before and after.

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use warmhand_core::store::{Fault as DeviceFault, StoreError as DeviceError};
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::Fault;

/// Strikes once, at the n-th place; notes the places on the way.
#[derive(Clone, Debug)]
pub struct Strike {
    at: usize,
    passed: Arc<Mutex<Vec<String>>>,
}

impl Strike {
    /// Strikes at this place, counted from 0.
    pub fn at(at: usize) -> Self {
        Self {
            at,
            passed: Arc::default(),
        }
    }

    /// Passes every place.
    pub fn never() -> Self {
        Self::at(usize::MAX)
    }

    /// How many places were passed, the struck one among them.
    pub fn passed(&self) -> usize {
        self.passed.lock().expect("places").len()
    }

    /// Where it struck, if it came to that.
    pub fn place(&self) -> Option<String> {
        self.passed.lock().expect("places").get(self.at).cloned()
    }

    /// Was this place passed, or struck?
    pub fn came_to(&self, place: &str) -> bool {
        self.passed
            .lock()
            .expect("places")
            .iter()
            .any(|passed| passed == place)
    }

    fn strikes_now(&self, place: &str) -> bool {
        let mut passed = self.passed.lock().expect("places");
        passed.push(place.to_owned());
        passed.len() == self.at.wrapping_add(1)
    }
}

impl Fault for Strike {
    fn strikes(&self, place: &str) -> Option<StoreError> {
        self.strikes_now(place).then_some(StoreError::Killed)
    }
}

impl DeviceFault for Strike {
    fn at(&mut self, place: &str) -> Result<(), DeviceError> {
        if self.strikes_now(place) {
            Err(DeviceError::Killed)
        } else {
            Ok(())
        }
    }
}

/// Every row of every table, in the order of its columns.
#[derive(Debug, PartialEq)]
pub struct Said(BTreeMap<String, Vec<Vec<Value>>>);

impl Said {
    /// By the committed state of this file, which another connection may have open.
    pub fn by(path: &Path) -> Self {
        let db =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).expect("opens");
        let mut tables = db
            .prepare("select name from sqlite_schema where type = 'table'")
            .expect("the schema");
        let tables: Vec<String> = tables
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .expect("the tables");
        let rows = |table: &String| {
            let mut all = db.prepare(&format!("select * from {table}")).expect("rows");
            let width = all.column_count();
            let mut rows: Vec<Vec<Value>> = all
                .query_map([], |row| (0..width).map(|at| row.get(at)).collect())
                .and_then(Iterator::collect)
                .expect("rows");
            rows.sort_by_key(|row| format!("{row:?}"));
            rows
        };
        Self(
            tables
                .iter()
                .map(|table| (table.clone(), rows(table)))
                .collect(),
        )
    }

    /// The rows of a table.
    pub fn rows(&self, table: &str) -> &[Vec<Value>] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }

    /// Of each table in which anything is another than it was before: the rows that went, and those that came.
    pub fn since(&self, before: &Self) -> BTreeMap<String, [Vec<Vec<Value>>; 2]> {
        let less = |from: &Self, those: &Self, table: &str| {
            let those = those.rows(table);
            let rows = from.rows(table).iter();
            rows.filter(|row| !those.contains(row)).cloned().collect()
        };
        let tables = self.differs_in(before).into_iter();
        let told = tables.map(|table| {
            let rows = [less(before, self, &table), less(self, before, &table)];
            (table, rows)
        });
        told.collect()
    }

    /// The tables in which two differ: what a failed comparison shows.
    pub fn differs_in(&self, other: &Self) -> Vec<String> {
        let names = self.0.keys().chain(other.0.keys());
        let mut differ: Vec<_> = names
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .cloned()
            .collect();
        differ.sort();
        differ.dedup();
        differ
    }
}
