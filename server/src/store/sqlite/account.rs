//! Who may sign in on pages, and her visits.

use super::{StoreError, Verb, instant};
use crate::store::SessionRow;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use warmhand_core::domain::id::{DocumentId, UserId};

impl Verb<'_> {
    pub(super) fn save_account(
        &self,
        user: &UserId,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        self.change(
            "insert into account (user, password_hash) values (?1, ?2)
                 on conflict (user) do update set password_hash = ?2",
            params![user.as_str(), password_hash],
        )?;
        // Whoever signed in with the old one is out.
        self.change("delete from session where user = ?1", [user.as_str()])?;
        Ok(())
    }

    pub(super) fn account(&self, user: &UserId) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select password_hash from account where user = ?1")?;
        Ok(statement
            .query_row([user.as_str()], |row| row.get(0))
            .optional()?)
    }

    /// A password that was replaced while it was being looked at opens nothing any more.
    pub(super) fn begin_session(
        &self,
        token: &[u8; 32],
        session: &SessionRow,
        proved_by: &str,
    ) -> Result<bool, StoreError> {
        let reasons =
            serde_json::to_string(&session.reasons).map_err(|_| StoreError::Unreadable)?;
        let began = self.change(
            "insert into session (token, user, csrf, began_at, used_at, reasons)
                 select ?1, ?2, ?3, ?4, ?5, ?6
                 where exists (select 1 from account where user = ?2 and password_hash = ?7)",
            params![
                &token[..],
                session.user.as_str(),
                session.csrf,
                session.began_at.as_millisecond(),
                session.used_at.as_millisecond(),
                reasons,
                proved_by,
            ],
        )?;
        Ok(began > 0)
    }

    /// An update alone: who signed out, or has a new password, is not signed in again by a request that was under way.
    pub(super) fn touch_session(
        &self,
        token: &[u8; 32],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let touched = self.change(
            "update session set used_at = ?2 where token = ?1",
            params![&token[..], now.as_millisecond()],
        )?;
        Ok(touched > 0)
    }

    /// Read and written in one transaction: of two records opened at once neither takes the other's reason away.
    pub(super) fn open_record(
        &self,
        token: &[u8; 32],
        record: DocumentId,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(mut session) = self.session(token)? else {
            return Ok(false);
        };
        self.audit(now, &session.user, "opened a record", Some(record), why)?;
        session.reasons.insert(record, why.to_owned());
        let reasons =
            serde_json::to_string(&session.reasons).map_err(|_| StoreError::Unreadable)?;
        self.change(
            "update session set reasons = ?2 where token = ?1",
            params![&token[..], reasons],
        )?;
        Ok(true)
    }

    pub(super) fn session(&self, token: &[u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let row: Option<(String, String, i64, i64, String)> = self
            .db
            .prepare_cached(
                "select user, csrf, began_at, used_at, reasons from session where token = ?1",
            )?
            .query_row([&token[..]], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                ))
            })
            .optional()?;
        row.map(|(user, csrf, began_at, used_at, reasons)| {
            let reasons = serde_json::from_str(&reasons).map_err(|_| StoreError::Unreadable)?;
            Ok(SessionRow {
                user: UserId(user),
                csrf,
                began_at: instant(began_at),
                used_at: instant(used_at),
                reasons,
            })
        })
        .transpose()
    }

    pub(super) fn end_session(&self, token: &[u8; 32]) -> Result<(), StoreError> {
        self.change("delete from session where token = ?1", [&token[..]])?;
        Ok(())
    }
}
