//! The device's database: the only place that says SQL. Everything that belongs together is one transaction, durable
//! (`synchronous=FULL`) before anybody is told. Knows what is stored; what it means is read elsewhere.

mod author;
mod change;
mod cipher;
mod compare;
mod device;
mod document;
mod folded;
mod index;
mod list;
mod log;
mod open;
mod salvage;
mod settle;
mod sheet;
mod sound;
mod standing;
mod trouble;
mod waiting;
mod whole;
mod wipe;

pub use author::Author;
pub use change::{ChangeState, StoredChange, live};
pub use cipher::Key;
pub use device::{DeviceRow, Enrolment, Phase};
pub use folded::{End, Folded, Held};
pub use list::{Concerning, ListRow};
pub use open::Place;
pub use salvage::Salvaged;
pub use standing::Standing;
pub use trouble::{Fault, StoreError, readable};
pub use waiting::Waiting;
pub use whole::{WholeRow, whole_changes};

use crate::domain::id::PatientId;
use rusqlite::{Connection, Params, TransactionBehavior};
use sheet::KnownSheet;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// The open database.
pub struct Store {
    db: Connection,
    known: KnownSheet,
    log_pages: Arc<AtomicU32>,
    is_encrypted: bool,
    fault: Option<Box<dyn Fault>>,
    place: Place,
    /// Patients of whom something did not read when they were last indexed: not tried again by this process.
    unread: BTreeSet<PatientId>,
}

/// What can be read, in a transaction or outside of one.
pub struct Rows<'a>(pub(crate) &'a Connection, &'a KnownSheet);

/// One transaction: everything or nothing.
pub struct Write<'a> {
    db: &'a Connection,
    rows: Rows<'a>,
    fault: Option<&'a mut Box<dyn Fault>>,
    /// What does not read ends the part of the work that meets it, and nothing else.
    passes_over: bool,
}

impl Store {
    /// Reads.
    pub fn rows(&self) -> Rows<'_> {
        Rows(&self.db, &self.known)
    }

    /// Does its file keep from whoever has it what it says?
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Runs a transaction. Nothing of it is kept if it fails or refuses; it is durable when this returns.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        run: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(false, run)
    }

    /// The same, for work that failed on something that does not read: the parts that meet it are passed over.
    pub fn write_passing_over<T, E: From<StoreError>>(
        &mut self,
        run: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(true, run)
    }

    fn transaction<T, E: From<StoreError>>(
        &mut self,
        passes_over: bool,
        run: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let done = {
            let mut write = Write {
                db: &transaction,
                rows: Rows(&transaction, &self.known),
                fault: self.fault.as_mut(),
                passes_over,
            };
            let done = run(&mut write)?;
            write.step("commit")?;
            done
        };
        transaction.commit().map_err(StoreError::from)?;
        // Durable from here on, though nobody has been told.
        if let Some(fault) = self.fault.as_mut() {
            fault.at("committed")?;
        }
        Ok(done)
    }

    /// Lets a test end this process's work between any two statements.
    pub fn set_fault(&mut self, fault: Box<dyn Fault>) {
        self.fault = Some(fault);
    }
}

impl Write<'_> {
    fn step(&mut self, place: &str) -> Result<(), StoreError> {
        match self.fault.as_mut() {
            Some(fault) => fault.at(place),
            None => Ok(()),
        }
    }

    /// Is what does not read passed over?
    pub fn passes_over(&self) -> bool {
        self.passes_over
    }

    /// Does a part of the work. If it meets something that does not read and is passed over, nothing of this part is done.
    pub fn part<T>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if self.passes_over {
            self.apart(run)
        } else {
            run(self).map(Some)
        }
    }

    /// Does a part of the work. If it meets something that does not read, nothing of this part is done.
    pub fn apart<T>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.db.execute_batch("savepoint part")?;
        let done = readable(run(self))?;
        if done.is_none() {
            self.db.execute_batch("rollback to part")?;
        }
        self.db.execute_batch("release part")?;
        Ok(done)
    }

    /// Runs a statement that changes something, and says how many rows. The one door to them, so that a test can end
    /// the work between any two.
    fn change(&mut self, sql: &str, values: impl Params) -> Result<usize, StoreError> {
        self.step(sql)?;
        Ok(self.db.prepare_cached(sql)?.execute(values)?)
    }
}

impl<'a> Deref for Write<'a> {
    type Target = Rows<'a>;
    fn deref(&self) -> &Rows<'a> {
        &self.rows
    }
}
