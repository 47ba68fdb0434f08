//! The audit: who did what, on which record, and why. Each row's hash covers the one before, and its number is never given
//! again, so that a row that is changed or taken out shows. Holds no patient's words.

use super::{Sqlite, StoreError, Verb, instant, int, readable, sound};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use sha2::{Digest, Sha256};
use warmhand_core::domain::id::{DocumentId, UserId};

/// What a row is chained to; none before the first.
pub(crate) type Link = Option<[u8; 32]>;

/// What somebody did, as the audit keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number: one more than the row before.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub user: UserId,
    /// What.
    pub what: String,
    /// On which record, if on one.
    pub record: Option<DocumentId>,
    /// Why, or on which device.
    pub why: String,
}

const COLUMNS: &str = "id, at, user, what, record, why, chain";

/// The hash of a row on top of the one before.
fn link(before: Link, row: &AuditRow) -> [u8; 32] {
    let mut hash = Sha256::new();
    if let Some(before) = before {
        hash.update(before);
    }
    let record = row.record.map(|record| record.as_bytes().to_vec());
    let fields: [&[u8]; 5] = [
        &row.at.as_millisecond().to_be_bytes(),
        row.user.as_str().as_bytes(),
        row.what.as_bytes(),
        &record.unwrap_or_default(),
        row.why.as_bytes(),
    ];
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}

fn audit_row(row: &Row<'_>) -> Result<AuditRow, StoreError> {
    let (number, at): (i64, i64) = (row.get(0)?, row.get(1)?);
    let record: Option<Vec<u8>> = row.get(4)?;
    let record = record.map(|id| sound(DocumentId::from_bytes(&id)));
    Ok(AuditRow {
        number: number.unsigned_abs(),
        at: instant(at),
        user: UserId(row.get(2)?),
        what: row.get(3)?,
        record: record.transpose()?,
        why: row.get(5)?,
    })
}

/// What a check of the audit came to so far.
pub(super) enum Audited {
    /// It holds up to this row, whose link is this; there are more.
    Until(u64, Link),
    /// All of it holds.
    Whole,
    /// This row is missing, or is not what was written.
    BreaksAt(u64),
}

impl Verb<'_> {
    /// Adds a row.
    pub(super) fn audit(
        &self,
        at: Timestamp,
        user: &UserId,
        what: &str,
        record: Option<DocumentId>,
        why: &str,
    ) -> Result<(), StoreError> {
        let sql = "select chain from audit order by id desc limit 1";
        // One that is damaged stops nobody's work: the check says where the audit breaks.
        let before: Option<Link> = self
            .db
            .query_row(sql, [], |row| Ok(row.get(0).ok()))
            .optional()?;
        let row = AuditRow {
            number: 0,
            at,
            user: user.clone(),
            what: what.to_owned(),
            record,
            why: why.to_owned(),
        };
        self.change(
            "insert into audit (at, user, what, record, why, chain) values (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                at.as_millisecond(),
                user.as_str(),
                what,
                record.map(|record| record.as_bytes().to_vec()),
                why,
                &link(before.flatten(), &row)[..]
            ],
        )?;
        Ok(())
    }

    /// Is each of the rows after this one there, and what its link says? At most so many are looked at.
    pub(super) fn check_audit(
        &self,
        after: u64,
        before: Link,
        most: u64,
    ) -> Result<Audited, StoreError> {
        let sql = format!("select {COLUMNS} from audit where id > ?1 order by id limit ?2");
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query(params![int(after)?, int(most)?])?;
        let (mut last, mut before) = (after, before);
        while let Some(row) = rows.next()? {
            let made = audit_row(row).ok().filter(|row| row.number == last + 1);
            let made = made.map(|row| link(before, &row));
            let stored: Link = row.get(6).ok();
            if made.is_none() || made != stored {
                return Ok(Audited::BreaksAt(last + 1));
            }
            (last, before) = (last + 1, made);
        }
        if last - after == most {
            return Ok(Audited::Until(last, before));
        }
        // Those at the end leave no gap: the number that was given last tells.
        let sql = "select seq from sqlite_sequence where name = 'audit'";
        let given: Option<i64> = self.db.query_row(sql, [], |row| row.get(0)).optional()?;
        Ok(if given.unwrap_or_default().unsigned_abs() > last {
            Audited::BreaksAt(last + 1)
        } else {
            Audited::Whole
        })
    }

    fn audit_rows(
        &self,
        since: Timestamp,
        record: Option<DocumentId>,
    ) -> Result<Vec<(u64, Option<AuditRow>)>, StoreError> {
        let sql = format!(
            "select {COLUMNS} from audit where at >= ?1 and (?2 is null or record = ?2) order by id"
        );
        let record = record.map(|record| record.as_bytes().to_vec());
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut rows = statement.query(params![since.as_millisecond(), record])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            found.push((number.unsigned_abs(), readable(audit_row(row))?));
        }
        Ok(found)
    }
}

impl Sqlite {
    /// What was done since then, on one record or on any, the oldest first; only its number of what does not read.
    pub async fn audited(
        &self,
        since: Timestamp,
        record: Option<DocumentId>,
    ) -> Result<Vec<(u64, Option<AuditRow>)>, StoreError> {
        self.read(move |verb| verb.audit_rows(since, record)).await
    }
}
