//! Index rows: every record of a patient as a summary, computed by the fold. The transaction that changes one of her
//! documents only marks her as stale, so that saving and taking an answer are short: whoever lists reads her anew, and the
//! next step of sync writes it down. All of it can be made anew from the changes at any time.

use super::list::Likeness;
use super::{Held, ListRow, Store, StoreError, Write, readable};
use crate::domain::id::{DocumentId, PatientId, UserId};
use crate::domain::organisation::Organisation;
use crate::domain::read::{Summary, read};
use jiff::Timestamp;
use rusqlite::params;
use std::collections::BTreeSet;

/// Whose first screen a record is on: whoever owns it while it is open, has a task in it that is not done, is asked a
/// question or to accept something, may take it over, or has to know of something. The empty code stands for everybody: a task or a question is
/// nobody's whom the sheet still knows.
fn concerned<'a>(summary: &'a Summary, sheet: &Organisation) -> BTreeSet<&'a str> {
    let tasks = summary.tasks.iter().filter(|task| task.done.is_none());
    let questions = summary.review.iter().filter(|question| question.is_open());
    let proposals = summary.proposals.iter();
    let waiting = summary.waiting.iter().filter(|w| w.taken_by.is_none());
    let alerts = summary.alerts.iter().filter(|alert| !alert.is_over);
    let is_everybodys = tasks.clone().any(|task| sheet.knows_none(&task.owners))
        || questions
            .clone()
            .any(|asked| sheet.knows_none(&asked.owners));
    let everybody = is_everybodys.then_some("");
    let owners = summary.owners.iter().filter(|_| summary.is_open());
    owners
        .chain(tasks.flat_map(|task| &task.owners))
        .chain(questions.flat_map(|question| question.owners.iter().chain(&question.told)))
        .chain(
            proposals
                .filter(|p| p.answered_at.is_none())
                .flat_map(|p| &p.for_whom),
        )
        .chain(waiting.flat_map(|w| w.to.iter().chain(&w.backup)))
        .chain(alerts.flat_map(|alert| &alert.for_whom))
        .map(UserId::as_str)
        .chain(everybody)
        .collect()
}

impl Store {
    /// Reads anew, and writes, what an answer or time alone has overtaken: a list that is looked at twice reads it once.
    pub fn index_overtaken(
        &mut self,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut patients = self.rows().overtaken_patients(now)?;
        patients.retain(|patient| !self.unread.contains(patient));
        if patients.is_empty() {
            return Ok(());
        }
        let mut unread = self.unread.clone();
        self.write(|write| {
            for patient in patients {
                if readable(write.index(patient, sheet, now))?.is_none() {
                    unread.insert(patient);
                }
            }
            write.change("delete from stale", [])?;
            write.mark_stale(&unread)
        })?;
        self.unread = unread;
        Ok(())
    }
}

impl Write<'_> {
    /// The index rows of these patients are not to be believed any more.
    pub fn mark_stale<'p>(
        &mut self,
        patients: impl IntoIterator<Item = &'p PatientId>,
    ) -> Result<(), StoreError> {
        for patient in patients {
            self.change(
                "insert or ignore into stale (patient) values (?1)",
                [&patient.as_bytes()[..]],
            )?;
        }
        Ok(())
    }

    /// Makes the index rows of a patient anew.
    fn index(
        &mut self,
        patient: PatientId,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Held {
            patient: joined,
            receipts,
            scopes,
            ..
        } = self.patient(patient)?;
        let reading = read(&joined, &receipts, sheet, now);
        let reach = self.reach(&scopes)?;
        let here: BTreeSet<DocumentId> = reading.records.iter().map(|r| r.record).collect();
        for record in self.indexed(patient)? {
            if !here.contains(&record) {
                self.forget_index(record)?;
            }
        }
        for summary in &reading.records {
            self.index_row((patient, reach), summary, sheet, now)?;
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
            .map(|id| DocumentId::from_bytes(id).ok_or(StoreError::Unreadable))
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

    /// Writes only what is not so yet: most changes leave what a list shows as it was.
    fn index_row(
        &mut self,
        (patient, reach): (PatientId, i64),
        summary: &Summary,
        sheet: &Organisation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let record = &summary.record.as_bytes()[..];
        let row = ListRow::of(summary);
        let says = row.likeness != Likeness::default();
        let likeness = says
            .then(|| serde_json::to_string(&row.likeness))
            .transpose();
        let likeness = likeness.map_err(|_| StoreError::Unreadable)?;
        let text = serde_json::to_string(summary).map_err(|_| StoreError::Unreadable)?;
        self.change(
            "insert into record_index
                 (record, patient, name, stage, next_due_at, good_until, flagged, born_on, likeness,
                  read_at, reach)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 on conflict (record) do update set patient = ?2, name = ?3, stage = ?4,
                     next_due_at = ?5, good_until = ?6, flagged = ?7, born_on = ?8, likeness = ?9,
                     read_at = ?10, reach = ?11
                 where (patient, name, stage, next_due_at, good_until, flagged, born_on, likeness, reach)
                     is not (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?11)
                     or read_at > ?10",
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
                now.as_millisecond(),
                reach,
            ],
        )?;
        self.change(
            "insert into record_summary (record, reach, summary) values (?1, ?2, ?3)
                 on conflict (record) do update set reach = ?2, summary = ?3
                 where (reach, summary) is not (?2, ?3)",
            params![record, reach, text],
        )?;
        self.index_concern(summary, sheet)
    }

    /// Most changes concern nobody else than before.
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
