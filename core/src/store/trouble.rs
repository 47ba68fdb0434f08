//! What can go wrong with a database, in the few kinds that a person can do something about.

use crate::refusal::{Refusal, StorageTrouble};
use rusqlite::ErrorCode;

/// A store that could not do what it was asked; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The database cannot serve.
    Trouble(StorageTrouble),
    /// A stored value does not read: it is damaged, in a database that may be sound otherwise.
    Unreadable,
    /// A test ended the work here.
    Killed,
}

/// Ends the work at a place of its choice: the process is over, or the disk is full. In the product there is none.
pub trait Fault: Send {
    /// Called before every statement that changes something, before its commit and after.
    fn at(&mut self, place: &str) -> Result<(), StoreError>;
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Trouble(match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => StorageTrouble::Full,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StorageTrouble::Busy,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StorageTrouble::Damaged,
                _ => StorageTrouble::Unavailable,
            },
            // A column that does not hold what the schema says was not written by this software.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => return Self::Unreadable,
            _ => StorageTrouble::Unavailable,
        })
    }
}

/// What was read; none of what does not read, where that is to be in the way of nothing else.
pub fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Unreadable) => Ok(None),
        read => read.map(Some),
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Trouble(trouble) => Self::Storage(trouble),
            StoreError::Unreadable => Self::Storage(StorageTrouble::Damaged),
            StoreError::Killed => Self::Storage(StorageTrouble::Unavailable),
        }
    }
}
