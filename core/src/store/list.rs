//! Lists: narrow rows for every record, and the whole reading of those that are on somebody's first screen, of both only
//! what is for whoever looks. Whoever was overtaken since she was indexed, by an answer of the server or by time alone, is
//! read anew.

mod sight;

use super::{Held, Rows, StoreError, readable};
use crate::domain::code::Stage;
use crate::domain::id::{DocumentId, PatientId, UserId};
use crate::domain::organisation::Organisation;
use crate::domain::read::{Side, Summary, read};
use crate::domain::visibility::Viewer;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sight::Sight;
use std::collections::BTreeSet;

/// A record as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    /// The record.
    pub record: DocumentId,
    /// Whose.
    pub patient: Option<PatientId>,
    /// How she wants to be called.
    pub name: Option<String>,
    /// Where it stands, in one word.
    pub stage: Stage,
    /// When something is due next.
    pub next_due_at: Option<Timestamp>,
    /// A safety flag raised in it needs somebody.
    pub has_open_flag: bool,
    /// Her birth date.
    pub born_on: Option<Date>,
    pub(super) likeness: Likeness,
}

/// What may be on somebody's first screen.
#[derive(Debug)]
pub struct Concerning {
    /// The records, each read as of now.
    pub records: Vec<Summary>,
    /// Patients of whom something does not read: what is here of them was read before.
    pub unread: u32,
}

/// What tells whether two patients may be one, beside name and birth date: most records say nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Likeness {
    numbers: Vec<String>,
    links: Vec<([PatientId; 2], bool)>,
}

impl Rows<'_> {
    /// Every record that is for her as a list shows it now, whatever is due first first.
    pub fn list(
        &self,
        viewer: &Viewer<'_>,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<Vec<ListRow>, StoreError> {
        let anew = self.overtaken(viewer, sheet, now)?;
        let mut statement = self.0.prepare_cached(
            "select record, patient, name, stage, next_due_at, flagged, born_on, likeness, reach from record_index
                 order by next_due_at is null, next_due_at, record",
        )?;
        let mut rows = statement.query([])?;
        let mut list = Vec::new();
        let mut sight = Sight::of(self, viewer);
        while let Some(row) = rows.next()? {
            if !sight.sees(row.get(8)?)? {
                continue;
            }
            let stored = ListRow::read(row)?;
            if !anew.is_of(stored.patient) {
                list.push(stored);
            }
        }
        if !anew.records.is_empty() {
            list.extend(anew.records.iter().map(ListRow::of));
            list.sort_by_key(|row| (row.next_due_at.is_none(), row.next_due_at, row.record));
        }
        Ok(list)
    }

    /// The whole reading, as of now, of every record that may be on somebody's first screen: something in it is hers, or
    /// a safety flag is open, which concerns everybody who may see the record.
    pub fn concerning(
        &self,
        user: &UserId,
        viewer: &Viewer<'_>,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<Concerning, StoreError> {
        let anew = self.overtaken(viewer, sheet, now)?;
        let unread = anew.unread;
        let mut statement = self.0.prepare_cached(
            "select reach, summary from record_summary where record in
                 (select record from concern where user in (?1, '')
                  union select record from record_index where flagged = 1)",
        )?;
        let sight = Sight::of(self, viewer);
        let records = read_summaries(&mut statement.query([user.as_str()])?, sight, anew)?;
        Ok(Concerning { records, unread })
    }

    /// All summaries that are for her as they read now.
    pub fn summaries(
        &self,
        viewer: &Viewer<'_>,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<Vec<Summary>, StoreError> {
        let anew = self.overtaken(viewer, sheet, now)?;
        let mut statement = self
            .0
            .prepare_cached("select reach, summary from record_summary order by record")?;
        let sight = Sight::of(self, viewer);
        read_summaries(&mut statement.query([])?, sight, anew)
    }

    /// Are there more patients than this of whom no index row tells what was written or came?
    pub fn is_stale_beyond(&self, count: u32) -> Result<bool, StoreError> {
        let sql = "select exists (select 1 from stale limit 1 offset ?1)";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([count], |row| row.get(0))?)
    }

    /// Patients with a record that was overtaken since it was indexed.
    pub(super) fn overtaken_patients(
        &self,
        now: Timestamp,
    ) -> Result<BTreeSet<PatientId>, StoreError> {
        let mut patients = BTreeSet::new();
        // Each question of its own index: asked at once, all rows were looked at.
        for sql in [
            "select patient from stale where ?1 is not null",
            "select patient from record_index indexed by record_index_good_until where good_until <= ?1",
            "select patient from record_index indexed by record_index_read_at where read_at > ?1",
        ] {
            let mut statement = self.0.prepare_cached(sql)?;
            let mut rows = statement.query([now.as_millisecond()])?;
            while let Some(row) = rows.next()? {
                let id = row
                    .get_ref(0)?
                    .as_blob()
                    .map_err(|_| StoreError::Unreadable)?;
                patients.insert(PatientId::from_bytes(id).ok_or(StoreError::Unreadable)?);
            }
        }
        Ok(patients)
    }

    fn overtaken(
        &self,
        viewer: &Viewer<'_>,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<Anew, StoreError> {
        let mut anew = Anew::default();
        for patient in self.overtaken_patients(now)? {
            // Of whom something does not read, what was read last is shown: she is not to vanish from a list.
            let Some(held) = readable(self.patient(patient))? else {
                anew.unread += 1;
                continue;
            };
            let Held {
                patient: joined,
                receipts,
                scopes,
                ..
            } = held;
            anew.patients.insert(patient);
            if viewer.sees(&scopes) {
                let reading = read(&joined, &receipts, sheet, now);
                anew.records.extend(reading.records);
            }
        }
        Ok(anew)
    }
}

/// Whoever was overtaken, and all records as they read now that are for whoever looks: there may be more of them than were
/// indexed, or fewer.
#[derive(Default)]
struct Anew {
    patients: BTreeSet<PatientId>,
    records: Vec<Summary>,
    /// So many more were overtaken, and do not read.
    unread: u32,
}

impl Anew {
    fn is_of(&self, patient: Option<PatientId>) -> bool {
        patient.is_some_and(|patient| self.patients.contains(&patient))
    }
}

/// Stored readings, and what was read anew in place of its own.
fn read_summaries(
    rows: &mut rusqlite::Rows<'_>,
    mut sight: Sight<'_>,
    anew: Anew,
) -> Result<Vec<Summary>, StoreError> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if !sight.sees(row.get(0)?)? {
            continue;
        }
        let text = row
            .get_ref(1)?
            .as_str()
            .map_err(|_| StoreError::Unreadable)?;
        let stored: Summary = serde_json::from_str(text).map_err(|_| StoreError::Unreadable)?;
        if !anew.is_of(stored.patient) {
            found.push(stored);
        }
    }
    found.extend(anew.records);
    Ok(found)
}

impl ListRow {
    /// The row of a reading.
    pub fn of(summary: &Summary) -> Self {
        Self {
            record: summary.record,
            patient: summary.patient,
            name: summary.name.clone(),
            stage: summary.stage,
            next_due_at: summary.next_due_at,
            has_open_flag: summary.has_open_flag(),
            born_on: summary.born_on,
            likeness: Likeness {
                numbers: summary.numbers.iter().map(|n| n.number.clone()).collect(),
                links: summary.links.clone(),
            },
        }
    }

    /// What the record says of who its patient is.
    pub fn side(&self) -> Option<Side<'_>> {
        Some(Side {
            patient: self.patient?,
            name: self.name.as_deref(),
            born_on: self.born_on,
            numbers: self.likeness.numbers.iter().map(String::as_str).collect(),
            links: &self.likeness.links,
            has_open_flag: self.has_open_flag,
        })
    }

    fn read(row: &rusqlite::Row<'_>) -> Result<Self, StoreError> {
        let blob = |at: usize| {
            let blob = row.get_ref(at)?.as_blob();
            blob.map_err(|_| StoreError::Unreadable)
        };
        let stage = row
            .get_ref(3)?
            .as_str()
            .map_err(|_| StoreError::Unreadable)?;
        let stage = Stage::ALL.iter().find(|known| known.as_str() == stage);
        let due: Option<i64> = row.get(4)?;
        let due = due.map(Timestamp::from_millisecond).transpose();
        let born_on: Option<String> = row.get(6)?;
        let born_on = born_on.map(|text| text.parse::<Date>()).transpose();
        let likeness = row.get_ref(7)?.as_str_or_null();
        let likeness = likeness.map_err(|_| StoreError::Unreadable)?;
        let likeness = likeness.map(serde_json::from_str).transpose();
        Ok(Self {
            record: DocumentId::from_bytes(blob(0)?).ok_or(StoreError::Unreadable)?,
            patient: PatientId::from_bytes(blob(1)?),
            name: row.get(2)?,
            stage: *stage.ok_or(StoreError::Unreadable)?,
            next_due_at: due.map_err(|_| StoreError::Unreadable)?,
            has_open_flag: row.get(5)?,
            born_on: born_on.map_err(|_| StoreError::Unreadable)?,
            likeness: likeness
                .map_err(|_| StoreError::Unreadable)?
                .unwrap_or_default(),
        })
    }
}
