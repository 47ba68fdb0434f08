//! A device or a person is taken away: revoked, taken back, off a device; and what a wiped device says.

use super::device::ONE_PERSONS;
use super::log::Row;
use super::{StoreError, Verb, instant, int};
use crate::journal::Event;
use crate::sealing;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;
use warmhand_core::domain::id::{DeviceId, UserId};
use warmhand_core::wire::{Ack, SyncRequest, WipedAnswer, WipedReport, Withdrawal};

const NOT_THERE: StoreError = StoreError::NotFound("there is no such device in service");

/// Since when a device is out of service, and since when it is wiped.
type Ended = (Option<Timestamp>, Option<Timestamp>);

impl Verb<'_> {
    /// Out of service: it sees nothing more, and what it still sends goes into quarantine.
    pub(super) fn revoke(&self, device: DeviceId, now: Timestamp) -> Result<(), StoreError> {
        let changed = self.change(
            "update device set revoked_at = ?2 where id = ?1 and revoked_at is null and kind != 'web'",
            params![&device.as_bytes()[..], now.as_millisecond()],
        )?;
        if changed == 0 {
            return Err(match self.row_of(device)? {
                Some((Some(at), _)) => {
                    StoreError::Refused(format!("it was revoked at {at} already"))
                }
                _ => NOT_THERE,
            });
        }
        self.note(Event::Revoked(device), now);
        let seq = self.append(&Row::Revoked(device))?;
        self.refresh_device_visibility(device, seq)
    }

    /// In service again, as long as it has not said that it is wiped: then it has nothing left to be told apart by.
    pub(super) fn reinstate(&self, device: DeviceId, now: Timestamp) -> Result<(), StoreError> {
        let changed = self.change(
            "update device set revoked_at = null where id = ?1 and revoked_at is not null and wiped_at is null",
            [&device.as_bytes()[..]],
        )?;
        if changed == 0 {
            return Err(match self.row_of(device)? {
                Some((None, _)) => StoreError::Refused("it is in service already".into()),
                Some((Some(_), Some(at))) => StoreError::Refused(format!(
                    "it said at {at} that it holds nothing any more; enrol it anew"
                )),
                _ => NOT_THERE,
            });
        }
        self.note(Event::Reinstated(device), now);
        let seq = self.append(&Row::Reinstated(device))?;
        self.refresh_device_visibility(device, seq)
    }

    /// Since when a device is out of service, and wiped; nothing for none.
    fn row_of(&self, device: DeviceId) -> Result<Option<Ended>, StoreError> {
        let row = self.db.query_row(
            "select revoked_at, wiped_at from device where id = ?1 and kind != 'web'",
            [&device.as_bytes()[..]],
            |row| {
                let at = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(instant));
                Ok((at(0)?, at(1)?))
            },
        );
        Ok(row.optional()?)
    }

    /// Who works on a device from now on.
    pub(super) fn set_people(
        &self,
        device: DeviceId,
        people: &[UserId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let is_phone: Option<bool> = self
            .db
            .query_row(
                "select kind = 'phone' from device
                     where id = ?1 and kind != 'web' and revoked_at is null",
                [&device.as_bytes()[..]],
                |row| row.get(0),
            )
            .optional()?;
        let is_phone = is_phone.ok_or(NOT_THERE)?;
        if !self.is_confirmed(device)? {
            return Err(StoreError::Refused(
                "the server does not know this device yet; confirm it, and say then who works on it".into(),
            ));
        }
        if people.is_empty() {
            return Err(StoreError::Refused(
                "say who works on the device; to take it from everybody, revoke it".into(),
            ));
        }
        if is_phone && people.len() > 1 {
            return Err(StoreError::Refused(ONE_PERSONS.into()));
        }
        let (_, sheet) = self.sheet()?;
        let was: BTreeSet<UserId> = self.people(device)?.into_iter().collect();
        let is: BTreeSet<UserId> = people.iter().cloned().collect();
        if let Some(unknown) = is
            .difference(&was)
            .find(|user| sheet.person(user).is_none())
        {
            return Err(StoreError::Refused(format!(
                "\"{unknown}\" is not among the organisation's people"
            )));
        }
        let mut last = None;
        for user in was.difference(&is) {
            last = Some(self.take_off(device, user)?);
        }
        for user in is.difference(&was) {
            last = Some(self.put_on(device, user)?);
        }
        match last {
            Some(seq) => {
                self.note(Event::People(device, is.into_iter().collect()), now);
                self.refresh_device_visibility(device, seq)
            }
            None => Ok(()),
        }
    }

    /// A person works on a device no longer. Returns the row that says so.
    pub(super) fn take_off(&self, device: DeviceId, user: &UserId) -> Result<u64, StoreError> {
        let seq = self.append(&Row::PersonOff(device, user.clone()))?;
        self.change(
            "update device_person set to_seq = ?3 where device = ?1 and user = ?2 and to_seq is null",
            params![&device.as_bytes()[..], user.as_str(), int(seq)?],
        )?;
        Ok(seq)
    }

    /// A person may work on a device. Returns the row that says so.
    pub(super) fn put_on(&self, device: DeviceId, user: &UserId) -> Result<u64, StoreError> {
        let seq = self.append(&Row::PersonOn(device, user.clone()))?;
        self.change(
            "insert into device_person (device, user, from_seq) values (?1, ?2, ?3)",
            params![&device.as_bytes()[..], user.as_str(), int(seq)?],
        )?;
        Ok(seq)
    }

    /// What a revoked device is told after its push: nothing about records, and to wipe as soon as nothing of what it said
    /// it has to send is left without an answer. It looks once more itself.
    pub(super) fn withdrawal(&self, request: &SyncRequest, acks: &[Ack]) -> Withdrawal {
        let answered = acks.iter().filter(|ack| ack.is_answer()).count();
        if u32::try_from(answered).unwrap_or(u32::MAX) >= request.state.unsent {
            Withdrawal::Wipe(sealing::closing(self.keys))
        } else {
            Withdrawal::Drain
        }
    }

    /// A device holds nothing any more. One that an older database believes in service is out of it.
    pub(super) fn wiped(
        &self,
        device: DeviceId,
        report: &WipedReport,
        now: Timestamp,
    ) -> Result<WipedAnswer, StoreError> {
        if !self.is_revoked(device)? {
            self.revoke(device, now)?;
        }
        let at = now.as_millisecond();
        let id = &device.as_bytes()[..];
        self.change(
            "update device set last_seen_at = ?2, unsent = 0, oldest_unsent_at = null, next_due_at = null where id = ?1",
            params![id, at],
        )?;
        let sql = "update device set wiped_at = ?2 where id = ?1 and wiped_at is null";
        if self.change(sql, params![id, at])? == 1 {
            self.append(&Row::Wiped(device, at))?;
        }
        for closed in &report.brings {
            self.keep(device, closed, now)?;
        }
        let mut lacks = Vec::new();
        for hash in &report.holds {
            if !self.has_box(hash)? {
                lacks.push(*hash);
            }
        }
        Ok(WipedAnswer {
            number: report.number,
            server_now: at,
            lacks,
        })
    }

    /// The row by which the last of them was put on a device.
    pub(super) fn put_on_seq(&self, device: DeviceId) -> Result<u64, StoreError> {
        let sql = "select coalesce(max(from_seq), 0) from device_person where device = ?1 and to_seq is null";
        let mut statement = self.db.prepare_cached(sql)?;
        let seq: i64 = statement.query_row([&device.as_bytes()[..]], |row| row.get(0))?;
        Ok(seq.unsigned_abs())
    }

    /// Of how many patients records lay on a device at most, as of its last request: what it could see from where it had
    /// applied the log up to what it was told.
    pub(super) fn patients_on(&self, device: DeviceId) -> Result<u32, StoreError> {
        let sql = "select count(distinct document.patient) from device
                 join visibility on visibility.device = device.id and from_seq <= told_seq
                     and coalesce(to_seq, cursor_seq + 1) > cursor_seq
                 join document on document.id = visibility.doc and document.kind != 'partner'
             where device.id = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_row([&device.as_bytes()[..]], |row| row.get(0))?)
    }

    /// Who works on a device and is on the sheet in force.
    pub(super) fn people_in_force(&self, device: DeviceId) -> Result<Vec<UserId>, StoreError> {
        let (_, sheet) = self.sheet()?;
        let mut people = self.people(device)?;
        people.retain(|user| sheet.person(user).is_some());
        Ok(people)
    }

    /// Who may have written what a device sends: who works on it and is on the sheet in force, and who did and was when
    /// it last heard from here. Once it has shown that it knows of a later row, an earlier one no longer counts.
    pub(super) fn writers(&self, device: DeviceId, heard: u64) -> Result<Vec<UserId>, StoreError> {
        let mut writers = self.people_in_force(device)?;
        let mut before = self.people_at(device, heard)?;
        before.retain(|user| !writers.contains(user));
        if before.is_empty() {
            return Ok(writers);
        }
        let sheet = self.sheet_at(heard)?;
        before.retain(|user| sheet.person(user).is_some());
        writers.extend(before);
        Ok(writers)
    }

    /// The row up to which a device has shown that it heard, whatever an older copy of it says now.
    pub(super) fn heard(&self, device: DeviceId, request: &SyncRequest) -> Result<u64, StoreError> {
        let mut statement = self
            .db
            .prepare_cached("select known_seq from device where id = ?1")?;
        let known: i64 = statement.query_row([&device.as_bytes()[..]], |row| row.get(0))?;
        Ok(known.unsigned_abs().max(request.hello.high.seq))
    }
}
