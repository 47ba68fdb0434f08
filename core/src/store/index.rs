//! Index rows: every record of a patient as a summary, computed by the fold in the transaction that changes one of her
//! documents. Lists read narrow rows, the first screen the summaries of whom it concerns; all of it can be made anew
//! from the changes at any time.

use super::change::live;
use super::{Rows, StoreError, Write};
use crate::domain::code::{DocumentKind, Stage};
use crate::domain::entry::Entry;
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, PartnerId, PatientId, UserId};
use crate::domain::join::Patient;
use crate::domain::organisation::Organisation;
use crate::domain::partner::Practice;
use crate::domain::read::{ReceiptTimes, Receipts, Side, Summary, TaskReading, read};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A document with a change that is not on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The document.
    pub doc: DocumentId,
    /// Whose.
    pub patient: PatientId,
    /// When the oldest was recorded, in milliseconds.
    pub since: i64,
    /// The server keeps work of this device and does not apply it.
    pub quarantined: bool,
    /// The server does not keep work of this device.
    pub rejected: bool,
}

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
    likeness: Likeness,
}

/// What tells whether two patients may be one, beside name and birth date: most records say nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Likeness {
    numbers: Vec<String>,
    links: Vec<([PatientId; 2], bool)>,
}

impl Rows<'_> {
    /// A document folded, with the receipts of its entries. Receipts that are not confirmed count for nothing.
    pub fn record(&self, doc: DocumentId) -> Result<(Record, Receipts), StoreError> {
        let changes = self.document(doc)?;
        let (mut entries, mut receipts) = (Vec::new(), Receipts::default());
        for stored in live(&changes) {
            for put in &stored.change.puts {
                // Kept as it is, and read by nobody: no entry, or one that lies under another's id.
                let Some(entry) = Entry::parse(&put.text)
                    .ok()
                    .filter(|entry| entry.id == put.id)
                else {
                    continue;
                };
                if let Some(receipt) = stored.standing_receipt()
                    && let Ok(received_at) = Timestamp::from_millisecond(receipt.received_at)
                {
                    receipts.0.insert(
                        entry.id,
                        ReceiptTimes {
                            received_at,
                            offset_ms: receipt.offset_ms,
                        },
                    );
                }
                entries.push(Arc::new(entry));
            }
        }
        Ok((Record::of(doc, &entries), receipts))
    }

    /// A patient with all her records that this device shows.
    pub fn patient(&self, patient: PatientId) -> Result<(Patient, Receipts), StoreError> {
        let (mut records, mut receipts) = (Vec::new(), Receipts::default());
        for doc in self.documents_of(patient, DocumentKind::Record)? {
            let (record, more) = self.record(doc)?;
            receipts.0.extend(more.0);
            records.push(record);
        }
        Ok((Patient::of(patient, records), receipts))
    }

    /// A practice, as far as people were told: its documents, folded.
    pub fn practice(&self, partner: &PartnerId) -> Result<Practice, StoreError> {
        let home = PatientId::of_practice(partner);
        let documents = self
            .documents_of(home, DocumentKind::Partner)?
            .into_iter()
            .map(|doc| self.record(doc).map(|(record, _)| record))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Practice::of(partner.clone(), &documents))
    }

    /// Every record as a list shows it now, whatever is due first first.
    pub fn list(&self, sheet: &Organisation, now: Timestamp) -> Result<Vec<ListRow>, StoreError> {
        let anew = self.overtaken(sheet, now)?;
        let mut statement = self.0.prepare_cached(
            "select record, patient, name, stage, next_due_at, flagged, born_on, likeness from record_index
                 order by next_due_at is null, next_due_at, record",
        )?;
        let mut rows = statement.query([])?;
        let mut list = Vec::new();
        while let Some(row) = rows.next()? {
            let stored = ListRow::read(row)?;
            list.push(anew.get(&stored.record).map_or(stored, ListRow::of));
        }
        Ok(list)
    }

    /// The whole reading, as of now, of every record that may be on somebody's first screen: something in it is hers, or
    /// a safety flag is open, which concerns everybody.
    pub fn concerning(
        &self,
        user: &UserId,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<Vec<Summary>, StoreError> {
        let anew = self.overtaken(sheet, now)?;
        let mut statement = self.0.prepare_cached(
            "select record, summary from record_summary where record in
                 (select record from concern where user in (?1, '')
                  union select record from record_index where flagged = 1)",
        )?;
        let mut found = read_summaries(&mut statement.query([user.as_str()])?, &anew)?;
        found.extend(anew.into_values());
        Ok(found)
    }

    /// All summaries as they read now.
    pub fn summaries(
        &self,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<Vec<Summary>, StoreError> {
        let anew = self.overtaken(sheet, now)?;
        let mut statement = self
            .0
            .prepare_cached("select record, summary from record_summary order by record")?;
        let mut found = read_summaries(&mut statement.query([])?, &anew)?;
        found.extend(anew.into_values());
        Ok(found)
    }

    /// The records that time alone has overtaken since they were indexed, read anew.
    fn overtaken(
        &self,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<BTreeMap<DocumentId, Summary>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select distinct patient from record_index where good_until is not null and good_until <= ?1",
        )?;
        let patients: Vec<Vec<u8>> = statement
            .query_map([now.as_millisecond()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut anew = BTreeMap::new();
        for patient in patients {
            let patient = PatientId::from_bytes(&patient).ok_or(StoreError::DAMAGED)?;
            let (joined, receipts) = self.patient(patient)?;
            let records = read(&joined, &receipts, sheet, now).records;
            anew.extend(records.into_iter().map(|summary| (summary.record, summary)));
        }
        Ok(anew)
    }

    /// Patients with a document here.
    pub fn patients(&self) -> Result<Vec<PatientId>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("select distinct patient from document where hidden = 0")?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| PatientId::from_bytes(id).ok_or(StoreError::DAMAGED))
            .collect()
    }

    /// Documents with a change that is not on the server, the longest waiting first. Asks the indexes of what waits, of
    /// what is unconfirmed and of what was refused, and no other change.
    pub fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select document.id, document.patient, min(recorded_at), max(state = 'quarantined'), max(state = 'rejected')
                 from (select place from change where state = 'saved' or relay = 1
                       union select place from change where confirmed = 0
                       union select place from change where state in ('quarantined', 'rejected')
                           and device = (select device from device)) as waits
                 join change on change.place = waits.place
                 join document on document.id = change.doc
                 group by document.id order by min(recorded_at)",
        )?;
        let mut rows = statement.query([])?;
        let mut waiting = Vec::new();
        while let Some(row) = rows.next()? {
            let (doc, patient): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            waiting.push(Waiting {
                doc: DocumentId::from_bytes(&doc).ok_or(StoreError::DAMAGED)?,
                patient: PatientId::from_bytes(&patient).ok_or(StoreError::DAMAGED)?,
                since: row.get(2)?,
                quarantined: row.get(3)?,
                rejected: row.get(4)?,
            });
        }
        Ok(waiting)
    }
}

/// Stored readings, but for those that were read anew.
fn read_summaries(
    rows: &mut rusqlite::Rows<'_>,
    anew: &BTreeMap<DocumentId, Summary>,
) -> Result<Vec<Summary>, StoreError> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let record = row.get_ref(0)?.as_blob().map_err(|_| StoreError::DAMAGED)?;
        let record = DocumentId::from_bytes(record).ok_or(StoreError::DAMAGED)?;
        if !anew.contains_key(&record) {
            let text = row.get_ref(1)?.as_str().map_err(|_| StoreError::DAMAGED)?;
            found.push(serde_json::from_str(text).map_err(|_| StoreError::DAMAGED)?);
        }
    }
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
                numbers: summary.numbers.clone(),
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
            numbers: &self.likeness.numbers,
            links: &self.likeness.links,
            has_open_flag: self.has_open_flag,
        })
    }

    fn read(row: &rusqlite::Row<'_>) -> Result<Self, StoreError> {
        let blob = |at: usize| {
            let blob = row.get_ref(at)?.as_blob();
            blob.map_err(|_| StoreError::DAMAGED)
        };
        let stage = row.get_ref(3)?.as_str().map_err(|_| StoreError::DAMAGED)?;
        let stage = Stage::ALL.iter().find(|known| known.as_str() == stage);
        let due: Option<i64> = row.get(4)?;
        let due = due.map(Timestamp::from_millisecond).transpose();
        let born_on: Option<String> = row.get(6)?;
        let born_on = born_on.map(|text| text.parse::<Date>()).transpose();
        let likeness = row.get_ref(7)?.as_str_or_null();
        let likeness = likeness.map_err(|_| StoreError::DAMAGED)?;
        let likeness = likeness.map(serde_json::from_str).transpose();
        Ok(Self {
            record: DocumentId::from_bytes(blob(0)?).ok_or(StoreError::DAMAGED)?,
            patient: PatientId::from_bytes(blob(1)?),
            name: row.get(2)?,
            stage: *stage.ok_or(StoreError::DAMAGED)?,
            next_due_at: due.map_err(|_| StoreError::DAMAGED)?,
            has_open_flag: row.get(5)?,
            born_on: born_on.map_err(|_| StoreError::DAMAGED)?,
            likeness: likeness
                .map_err(|_| StoreError::DAMAGED)?
                .unwrap_or_default(),
        })
    }
}

/// Whose first screen a record is on: whoever owns it while it is open, has a task in it that is not done, is asked a
/// question or to accept something, or may take it over. The empty code stands for everybody: a task is nobody's whom the
/// sheet still knows.
fn concerned<'a>(summary: &'a Summary, sheet: &Organisation) -> BTreeSet<&'a str> {
    let tasks = summary.tasks.iter().filter(|task| task.done.is_none());
    let questions = summary.review.iter().filter(|question| question.is_open());
    let proposals = summary.proposals.iter();
    let waiting = summary.waiting.iter().filter(|w| w.taken_by.is_none());
    let nobodys = |task: &&TaskReading| !task.owners.iter().any(|o| sheet.person(o).is_some());
    let everybody = tasks.clone().any(|task| nobodys(&task)).then_some("");
    let owners = summary.owners.iter().filter(|_| summary.is_open());
    owners
        .chain(tasks.flat_map(|task| &task.owners))
        .chain(questions.flat_map(|question| question.owners.iter().chain(&question.told)))
        .chain(
            proposals
                .filter(|p| p.answered_at.is_none())
                .flat_map(|p| &p.for_whom),
        )
        .chain(waiting.flat_map(|w| std::iter::once(&w.to).chain(&w.backup)))
        .map(UserId::as_str)
        .chain(everybody)
        .collect()
}

impl Write<'_> {
    /// Makes the index rows of a patient anew.
    pub fn index(
        &mut self,
        patient: PatientId,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (joined, receipts) = self.patient(patient)?;
        self.index_joined(&joined, &receipts, sheet, now)
    }

    /// The same for a patient who is read already, with everything that this transaction has written about her.
    pub fn index_joined(
        &mut self,
        patient: &Patient,
        receipts: &Receipts,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let reading = read(patient, receipts, sheet, now);
        let here: BTreeSet<DocumentId> = reading.records.iter().map(|r| r.record).collect();
        for record in self.indexed(patient.id)? {
            if !here.contains(&record) {
                self.forget_index(record)?;
            }
        }
        for summary in &reading.records {
            self.index_row(patient.id, summary, sheet)?;
        }
        Ok(())
    }

    fn indexed(&self, patient: PatientId) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select record from record_index where patient = ?1")?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([&patient.as_bytes()[..]], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        ids.iter()
            .map(|id| DocumentId::from_bytes(id).ok_or(StoreError::DAMAGED))
            .collect()
    }

    fn forget_index(&mut self, record: DocumentId) -> Result<(), StoreError> {
        for sql in [
            "delete from record_index where record = ?1",
            "delete from record_summary where record = ?1",
            "delete from concern where record = ?1",
        ] {
            self.change(sql, [&record.as_bytes()[..]])?;
        }
        Ok(())
    }

    fn index_row(
        &mut self,
        patient: PatientId,
        summary: &Summary,
        sheet: &Organisation,
    ) -> Result<(), StoreError> {
        let record = &summary.record.as_bytes()[..];
        let row = ListRow::of(summary);
        let says = row.likeness != Likeness::default();
        let likeness = says
            .then(|| serde_json::to_string(&row.likeness))
            .transpose();
        let likeness = likeness.map_err(|_| StoreError::DAMAGED)?;
        let text = serde_json::to_string(summary).map_err(|_| StoreError::DAMAGED)?;
        self.change(
            "insert into record_index
                 (record, patient, name, stage, next_due_at, good_until, flagged, born_on, likeness)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 on conflict (record) do update set patient = ?2, name = ?3, stage = ?4,
                     next_due_at = ?5, good_until = ?6, flagged = ?7, born_on = ?8, likeness = ?9",
            params![
                record,
                &patient.as_bytes()[..],
                summary.name,
                summary.stage.as_str(),
                summary.next_due_at.map(Timestamp::as_millisecond),
                summary.good_until.map(Timestamp::as_millisecond),
                row.has_open_flag,
                row.born_on.map(|on| on.to_string()),
                likeness,
            ],
        )?;
        self.change(
            "insert into record_summary (record, summary) values (?1, ?2)
                 on conflict (record) do update set summary = ?2",
            params![record, text],
        )?;
        self.index_concern(summary, sheet)
    }

    /// Writes only what is not so yet: most changes concern nobody else than before.
    fn index_concern(&mut self, summary: &Summary, sheet: &Organisation) -> Result<(), StoreError> {
        let record = &summary.record.as_bytes()[..];
        let wanted: BTreeSet<String> = concerned(summary, sheet)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let present: BTreeSet<String> = self
            .db
            .prepare_cached("select user from concern where record = ?1")?
            .query_map([record], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let sets = [
            (
                "delete from concern where user = ?1 and record = ?2",
                present.difference(&wanted),
            ),
            (
                "insert into concern (user, record) values (?1, ?2)",
                wanted.difference(&present),
            ),
        ];
        for (sql, users) in sets {
            for user in users {
                self.change(sql, params![user, record])?;
            }
        }
        Ok(())
    }
}

impl Rows<'_> {
    /// When something falls due next in a record that holds unsent work.
    pub fn next_due_of_unsent(&self) -> Result<Option<i64>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "select min(record_index.next_due_at) from record_index
                 where patient in (select document.patient from change join document on document.id = change.doc
                                   where change.state = 'saved' or change.relay = 1)",
        )?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }
}
