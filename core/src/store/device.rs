//! The device itself: who it is, how far it has applied the log, who is signed in.

use super::{Rows, StoreError, Write};
use crate::domain::id::{DeviceId, UserId};
use crate::domain::organisation::Organisation;
use crate::domain::visibility::Viewer;
use crate::wire::{BoxKey, Cursor, Token};
use jiff::{SignedDuration, Timestamp};
use minicbor::{Decode, Encode};
use rusqlite::{OptionalExtension, params};

/// This device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Who it is.
    pub device: DeviceId,
    /// Its credential.
    pub token: String,
    /// Its name.
    pub name: String,
    /// Shared by several people.
    pub shared: bool,
    /// Who may work on it.
    pub people: Vec<UserId>,
    /// Applied up to here.
    pub cursor: Cursor,
    /// The highest head ever told.
    pub high: Token,
    /// How it stands with the server.
    pub phase: Phase,
    /// The positions of a resync under way.
    pub resync: Option<(Cursor, Token)>,
    /// Device clock minus server clock at the last answer, in milliseconds.
    pub offset_ms: i64,
    /// Who is signed in.
    pub signed_in: Option<UserId>,
    /// When the server last answered, by the device's clock.
    pub last_answer_at: Option<i64>,
    /// The server no longer takes it.
    pub signed_off: bool,
    /// How its enrolment stands, as the server last said.
    pub enrolment: Enrolment,
    /// Under which it closes what only the server may open.
    pub box_key: BoxKey,
}

impl DeviceRow {
    /// The device's clock set right by what the server said last.
    pub fn corrected(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(SignedDuration::from_millis(self.offset_ms))
            .unwrap_or(now)
    }

    /// Who looks at it.
    pub fn viewer<'s>(&self, sheet: &'s Organisation) -> Viewer<'s> {
        let signed_in = self.signed_in.as_ref();
        let signed_in = signed_in.and_then(|user| sheet.person(user));
        Viewer::of(self.shared, &self.people, signed_in)
    }

    /// Told the head of the log within a resync.
    pub fn told(&mut self, head: Token) {
        if let Some((_, high)) = self.resync.as_mut() {
            *high = head;
        }
    }

    /// The server answered: it takes this device, and its clock is known.
    pub fn heard(&mut self, offset_ms: i64, now: Timestamp) {
        self.offset_ms = offset_ms;
        self.last_answer_at = Some(now.as_millisecond());
        self.signed_off = false;
    }
}

/// How its enrolment stands: does the server take what the device sends?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolment {
    /// It does.
    In,
    /// The server was put back from a copy older than this device: it keeps everything aside until somebody says whose the
    /// device is.
    Unconfirmed,
    /// The device was taken out of service: it sends what it holds and shows nothing.
    Withdrawn,
}

impl Enrolment {
    fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Unconfirmed => "unconfirmed",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        [Self::In, Self::Unconfirmed, Self::Withdrawn]
            .into_iter()
            .find(|enrolment| enrolment.as_str() == text)
            .ok_or(StoreError::Unreadable)
    }
}

/// How a device stands with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Positions match.
    Normal,
    /// The log is another one: documents are being compared.
    Comparing,
    /// Compared: every hash held of what differs is being confirmed, and what is lacking fetched.
    Fetching,
    /// It could not be compared: every hash held is being confirmed.
    Confirming,
    /// All is confirmed: every visible document is fetched anew.
    Refilling,
    /// Everything is deleted; its file may still hold the bytes.
    Wiping,
    /// Nothing of it is left in the file; the server has not heard of that.
    Wiped,
    /// And the server knows, and has what was sealed for it.
    Ended,
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Comparing => "comparing",
            Self::Fetching => "fetching",
            Self::Confirming => "confirming",
            Self::Refilling => "refilling",
            Self::Wiping => "wiping",
            Self::Wiped => "wiped",
            Self::Ended => "ended",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        [
            Self::Normal,
            Self::Comparing,
            Self::Fetching,
            Self::Confirming,
            Self::Refilling,
            Self::Wiping,
            Self::Wiped,
            Self::Ended,
        ]
        .into_iter()
        .find(|phase| phase.as_str() == text)
        .ok_or(StoreError::Unreadable)
    }

    /// Does it hold nothing any more?
    pub fn is_wiped(self) -> bool {
        matches!(self, Self::Wiping | Self::Wiped | Self::Ended)
    }
}

fn blob<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).unwrap_or_default()
}

fn read<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, StoreError> {
    minicbor::decode(bytes).map_err(|_| StoreError::Unreadable)
}

type Raw = (
    Vec<u8>,
    String,
    String,
    bool,
    String,
    Vec<u8>,
    Vec<u8>,
    String,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
);

impl Rows<'_> {
    /// This device; none before it is enrolled.
    pub fn device(&self) -> Result<Option<DeviceRow>, StoreError> {
        let found = self
            .0
            .prepare_cached(
                "select device, token, name, shared, people, cursor, high, phase, resync_cursor, resync_high,
                        offset_ms, signed_in, last_answer_at, signed_off, enrolment, box_key from device",
            )?
            .query_row([], |row| {
                let raw: Raw = (
                    row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?,
                    row.get(7)?, row.get(8)?, row.get(9)?,
                );
                let rest: (i64, Option<String>, Option<i64>, bool, String, [u8; 32]) =
                    (row.get(10)?, row.get(11)?, row.get(12)?, row.get(13)?, row.get(14)?, row.get(15)?);
                Ok((raw, rest))
            })
            .optional()?;
        let Some((raw, rest)) = found else {
            return Ok(None);
        };
        let (device, token, name, shared, people, cursor, high, phase, resync_cursor, resync_high) =
            raw;
        let (offset_ms, signed_in, last_answer_at, signed_off, enrolment, box_key) = rest;
        let resync = match (resync_cursor, resync_high) {
            (Some(cursor), Some(high)) => Some((read(&cursor)?, read(&high)?)),
            _ => None,
        };
        Ok(Some(DeviceRow {
            device: DeviceId::from_bytes(&device).ok_or(StoreError::Unreadable)?,
            token,
            name,
            shared,
            people: serde_json::from_str(&people).map_err(|_| StoreError::Unreadable)?,
            cursor: read(&cursor)?,
            high: read(&high)?,
            phase: Phase::read(&phase)?,
            resync,
            offset_ms,
            signed_in: signed_in.map(UserId),
            last_answer_at,
            signed_off,
            enrolment: Enrolment::read(&enrolment)?,
            box_key: BoxKey(box_key),
        }))
    }
}

impl Write<'_> {
    /// Writes the whole row of this device.
    pub fn save_device(&mut self, row: &DeviceRow) -> Result<(), StoreError> {
        let people = serde_json::to_string(&row.people).map_err(|_| StoreError::Unreadable)?;
        let (resync_cursor, resync_high) =
            row.resync.as_ref().map(|(c, h)| (blob(c), blob(h))).unzip();
        self.change(
            "insert into device (id, device, token, name, shared, people, cursor, high, phase,
                     resync_cursor, resync_high, offset_ms, signed_in, last_answer_at, signed_off, enrolment,
                     box_key)
                 values (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
                 on conflict (id) do update set device = ?1, token = ?2, name = ?3, shared = ?4,
                     people = ?5, cursor = ?6, high = ?7, phase = ?8, resync_cursor = ?9,
                     resync_high = ?10, offset_ms = ?11, signed_in = ?12, last_answer_at = ?13,
                     signed_off = ?14, enrolment = ?15, box_key = ?16",
            params![
                row.device.as_bytes(),
                row.token,
                row.name,
                row.shared,
                people,
                blob(&row.cursor),
                blob(&row.high),
                row.phase.as_str(),
                resync_cursor,
                resync_high,
                row.offset_ms,
                row.signed_in.as_ref().map(UserId::as_str),
                row.last_answer_at,
                row.signed_off,
                row.enrolment.as_str(),
                row.box_key.0,
            ],
        )?;
        Ok(())
    }
}
