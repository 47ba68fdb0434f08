//! Devices: enrolled by a code that is good once, seen at every request. How they end is told in `withdrawal`.

use super::log::Row;
use super::{StoreError, Verb, instant, int, sound};
use crate::journal::{Event, Place};
use crate::sealing;
use crate::store::{CodeDraft, DeviceRow, LossRow};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};
use warmhand_core::domain::id::{DeviceId, UserId};
use warmhand_core::wire::{DeviceState, EnrolAnswer, Hello};

/// It locks later than a shared one, and nobody else signs in on it.
pub(super) const ONE_PERSONS: &str =
    "a phone is one person's; what several people work on is a tablet";

impl Verb<'_> {
    /// The server's own device, on which pages write.
    pub(super) fn add_web_device(&self, id: DeviceId) -> Result<(), StoreError> {
        self.append(&Row::DeviceEnrolled(id))?;
        self.change(
            "insert into device (id, name, kind) values (?1, 'Dashboard', 'web')",
            params![&id.as_bytes()[..]],
        )?;
        Ok(())
    }

    pub(super) fn web_device(&self) -> Result<DeviceId, StoreError> {
        let id: Vec<u8> =
            self.db
                .query_row("select id from device where kind = 'web'", [], |row| {
                    row.get(0)
                })?;
        sound(DeviceId::from_bytes(&id))
    }

    pub(super) fn device_of(&self, token_hash: &[u8; 32]) -> Result<Option<DeviceId>, StoreError> {
        let id: Option<Vec<u8>> = self
            .db
            .prepare_cached("select id from device where token = ?1")?
            .query_row([&token_hash[..]], |row| row.get(0))
            .optional()?;
        id.map(|id| sound(DeviceId::from_bytes(&id))).transpose()
    }

    pub(super) fn issue_code(&self, draft: &CodeDraft) -> Result<(), StoreError> {
        self.check_place(&draft.name, &draft.kind, &draft.people)?;
        let people = serde_json::to_string(&draft.people).map_err(|_| StoreError::Unreadable)?;
        self.change(
            "insert into enrol_code (hash, name, kind, people, expires_at) values (?1, ?2, ?3, ?4, ?5)",
            params![&draft.hash[..], draft.name.trim(), draft.kind, people, draft.expires_at.as_millisecond()],
        )?;
        Ok(())
    }

    /// Can a device be called so, be of this kind and have these people?
    pub(super) fn check_place(
        &self,
        name: &str,
        kind: &str,
        people: &[UserId],
    ) -> Result<(), StoreError> {
        let (_, sheet) = self.sheet()?;
        let unknown = people.iter().find(|p| sheet.person(p).is_none());
        let sentence = if name.trim().is_empty() || name.chars().count() > 80 {
            "give the device a name of 1 to 80 characters".to_owned()
        } else if kind != "phone" && kind != "tablet" {
            "a device is a phone or a tablet".to_owned()
        } else if people.is_empty() {
            "say who works on the device".to_owned()
        } else if kind == "phone" && people.len() > 1 {
            ONE_PERSONS.to_owned()
        } else if let Some(unknown) = unknown {
            format!("\"{unknown}\" is not among the organisation's people")
        } else {
            return Ok(());
        };
        Err(StoreError::Refused(sentence))
    }

    /// Uses a code up and makes the device.
    pub(super) fn enrol(
        &self,
        code_hash: &[u8; 32],
        device: DeviceId,
        now: Timestamp,
    ) -> Result<EnrolAnswer, StoreError> {
        let token = self.keys.credential(device);
        let draft: Option<(String, String, String)> = self
            .db
            .query_row(
                "update enrol_code set used_at = ?2 where hash = ?1 and used_at is null and expires_at > ?2
                     returning name, kind, people",
                params![&code_hash[..], now.as_millisecond()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        let (name, kind, people) = draft.ok_or(StoreError::NotFound(
            "this code is unknown, used or too old; ask for a new one",
        ))?;
        let people: Vec<UserId> =
            serde_json::from_str(&people).map_err(|_| StoreError::Unreadable)?;
        self.change(
            "insert into device (id, name, kind, token, last_seen_at) values (?1, ?2, ?3, ?4, ?5)",
            params![
                &device.as_bytes()[..],
                name,
                kind,
                &Sha256::digest(&token)[..],
                now.as_millisecond()
            ],
        )?;
        self.append(&Row::DeviceEnrolled(device))?;
        self.put_people_on(device, &people)?;
        // It is told the head as it is now: by what held before nothing of it is judged.
        self.change(
            "update device set known_seq = ?2 where id = ?1",
            params![&device.as_bytes()[..], int(self.head()?.seq)?],
        )?;
        let place = Place {
            device,
            name: name.clone(),
            kind: kind.clone(),
            people: people.clone(),
        };
        self.note(Event::Enrolled(place), now);
        let (sheet, _) = self.sheet()?;
        Ok(EnrolAnswer {
            number: 0,
            device,
            token,
            name,
            shared: kind == "tablet",
            high: self.head()?,
            server_now: now.as_millisecond(),
            sheet,
            people,
            box_key: sealing::closing(self.keys),
        })
    }

    /// These may work on it from here on, and it sees what they see.
    pub(super) fn put_people_on(
        &self,
        device: DeviceId,
        people: &[UserId],
    ) -> Result<(), StoreError> {
        let mut seq = self.head()?.seq;
        for user in people {
            seq = self.put_on(device, user)?;
        }
        self.refresh_device_visibility(device, seq)
    }

    /// A device as the audit names it.
    pub(super) fn named(&self, device: DeviceId) -> Result<String, StoreError> {
        let name: String = self
            .db
            .prepare_cached("select name from device where id = ?1")?
            .query_row([&device.as_bytes()[..]], |row| row.get(0))?;
        Ok(format!("{device} \"{name}\""))
    }

    pub(super) fn is_revoked(&self, device: DeviceId) -> Result<bool, StoreError> {
        Ok(self
            .db
            .prepare_cached("select revoked_at is not null from device where id = ?1")?
            .query_row([&device.as_bytes()[..]], |row| row.get(0))?)
    }

    /// Notes how a device is. Whoever speaks so is not wiped, or no longer: a phone may be put back from its backup.
    pub(super) fn seen(
        &self,
        device: DeviceId,
        hello: &Hello,
        state: &DeviceState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(
            "update device set last_seen_at = ?2, unsent = ?3, next_due_at = ?4, offset_ms = ?5,
                 sheet_version = ?6, oldest_unsent_at = ?7, is_encrypted = coalesce(?8, is_encrypted), wiped_at = null
             where id = ?1",
            params![
                &device.as_bytes()[..],
                now.as_millisecond(),
                state.unsent,
                state.next_due_at,
                hello.offset_ms(now),
                i64::try_from(hello.sheet_version).unwrap_or(i64::MAX),
                state.oldest_unsent_at,
                state.is_encrypted,
            ],
        )?;
        Ok(())
    }

    /// After its push was taken nothing of it is unsent any more, as far as the server knows; and what it has shown to
    /// know, and is told now, is noted.
    pub(super) fn took(
        &self,
        device: DeviceId,
        hello: &Hello,
        count: usize,
    ) -> Result<(), StoreError> {
        self.change(
            "update device set unsent = max(0, unsent - ?2),
                 next_due_at = case when unsent <= ?2 then null else next_due_at end,
                 oldest_unsent_at = case when unsent <= ?2 then null else oldest_unsent_at end,
                 cursor_seq = ?3, known_seq = max(known_seq, ?4), told_seq = ?5
             where id = ?1",
            params![
                &device.as_bytes()[..],
                int(count as u64)?,
                int(hello.cursor.token.seq)?,
                int(hello.high.seq)?,
                int(self.head()?.seq)?,
            ],
        )?;
        Ok(())
    }

    /// Who may work on a device now.
    pub(super) fn people(&self, device: DeviceId) -> Result<Vec<UserId>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select user from device_person where device = ?1 and to_seq is null order by user",
        )?;
        Ok(statement
            .query_map([&device.as_bytes()[..]], |row| row.get(0).map(UserId))?
            .collect::<Result<_, _>>()?)
    }

    pub(super) fn device_rows(&self) -> Result<Vec<DeviceRow>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select id, name, kind, last_seen_at, unsent, oldest_unsent_at, next_due_at, offset_ms, revoked_at, wiped_at,
                 is_encrypted, (select count(*) from sealed_box where device = id and box <> x''), confirmed, proposed
                 from device order by id",
        )?;
        let mut rows = statement.query([])?;
        let mut devices = Vec::new();
        while let Some(row) = rows.next()? {
            let at = |column: usize| -> Result<Option<Timestamp>, StoreError> {
                Ok(row.get::<_, Option<i64>>(column)?.map(instant))
            };
            let id: Vec<u8> = row.get(0)?;
            let id = sound(DeviceId::from_bytes(&id))?;
            let revoked_at = at(8)?;
            devices.push(DeviceRow {
                people: self.people(id)?,
                id,
                name: row.get(1)?,
                kind: row.get(2)?,
                last_seen_at: at(3)?,
                unsent: row.get(4)?,
                oldest_unsent_at: at(5)?,
                next_due_at: at(6)?,
                offset_ms: row.get(7)?,
                revoked_at,
                is_confirmed: row.get(12)?,
                proposed: serde_json::from_str(&row.get::<_, String>(13)?)
                    .map_err(|_| StoreError::Unreadable)?,
                loss: match revoked_at {
                    Some(_) => Some(LossRow {
                        patients: self.patients_on(id)?,
                        is_encrypted: row.get(10)?,
                        wiped_at: at(9)?,
                        boxes: row.get(11)?,
                    }),
                    None => None,
                },
            });
        }
        Ok(devices)
    }
}
