//! Which keys a database was signed with, and the key file as it becomes another while the server runs.

use super::{Sqlite, StoreError, Verb};
use crate::journal::Event;
use crate::key_file::{KeyFile, Mark};
use crate::store::Doing;
use rusqlite::{Connection, params};
use std::sync::{Arc, PoisonError};

/// The keys that a database names.
pub(super) fn named_keys(db: &Connection) -> Result<Vec<Mark>, StoreError> {
    let mut statement = db.prepare("select id, mark from signing_key order by id")?;
    let marks = statement.query_map([], |row| {
        Ok(Mark {
            id: row.get(0)?,
            mark: row.get(1)?,
        })
    })?;
    Ok(marks.collect::<Result<_, _>>()?)
}

/// Names every key of a file.
pub(super) fn name_keys(db: &Connection, keys: &KeyFile) -> Result<(), StoreError> {
    for (mark, _) in keys.marks() {
        db.execute(
            "insert or ignore into signing_key (id, mark) values (?1, ?2)",
            params![mark.id, mark.mark],
        )?;
    }
    Ok(())
}

/// The sentence for keys that are not there.
pub(super) fn lacks(numbers: &[u16], what: &str) -> StoreError {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    StoreError::Refused(format!(
        "the key file lacks key {} with which this {what} was signed; put back the copy that has it",
        numbers.join(", ")
    ))
}

impl Verb<'_> {
    /// Names the keys that this database does not name yet, before anything is signed with them.
    pub(super) fn name_keys(&self, keys: &KeyFile) -> Result<(), StoreError> {
        let before = named_keys(self.db)?;
        for (Mark { id, mark }, made_at) in keys.marks() {
            if before.iter().all(|named| named.id != id) {
                self.change(
                    "insert into signing_key (id, mark) values (?1, ?2)",
                    params![id, mark],
                )?;
                self.note(Event::Keyed { id, mark }, made_at);
            }
        }
        Ok(())
    }
}

impl Sqlite {
    /// The keys in force.
    pub(super) fn keys(&self) -> Arc<KeyFile> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys)
    }

    /// Names keys that came into the file since the database was last open.
    pub(super) fn name_all(&self) -> Result<(), StoreError> {
        let keys = self.keys();
        let unnamed = |verb: &Verb<'_>| Ok(named_keys(verb.db)?.len() < keys.marks().len());
        if Self::read_on(&self.reader, &self.beside(), unnamed)? {
            self.write_now(move |verb| verb.name_keys(&keys))?;
        }
        Ok(())
    }

    /// The file is another: named first, then in force.
    pub(super) fn take_keys(&self) -> Doing<'_, Option<u16>> {
        let Some(folder) = self.folder.clone() else {
            return Box::pin(async { Ok(None) });
        };
        let present: Vec<Mark> = self.keys().marks().into_iter().map(|(m, _)| m).collect();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || KeyFile::load(&folder)).await;
            let file = read
                .map_err(|_| StoreError::Unavailable)?
                .map_err(StoreError::Refused)?;
            let lacking = file.lacks(&present);
            if !lacking.is_empty() {
                return Err(lacks(&lacking, "database"));
            }
            if file.marks().len() == present.len() {
                return Ok(None);
            }
            let named = file.clone();
            self.write(move |verb| verb.name_keys(&named)).await?;
            let signing = file.signing();
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(file);
            Ok(Some(signing))
        })
    }
}
