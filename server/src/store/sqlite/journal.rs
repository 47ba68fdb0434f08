//! What a verb tells the journal, on the disk before its commit; and what the journal knows and an older database does
//! not, said to it again before anybody is answered.

use super::{Sqlite, StoreError, Verb};
use crate::journal::{Amiss, Event, Line, Place, people, revoked};
use jiff::Timestamp;
use std::io::ErrorKind;
use std::sync::Arc;
use warmhand_core::domain::id::DeviceId;

/// What the journal knew and the database did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Devices that were enrolled and wait to be confirmed.
    pub enrolled: usize,
    /// Devices that were enrolled and of which somebody had said whose they are.
    pub confirmed: usize,
    /// Devices that were taken out of service.
    pub revoked: usize,
    /// People who were taken off a device.
    pub taken_off: usize,
    /// Records of which nothing was to be left.
    pub erased: usize,
}

impl From<Amiss> for StoreError {
    fn from(amiss: Amiss) -> Self {
        Self::Refused(amiss.to_string())
    }
}

fn unwritten(error: &std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Unavailable,
    }
}

impl Verb<'_> {
    /// This has to be known also when the database is an older one again.
    pub(super) fn note(&self, event: Event, at: Timestamp) {
        self.noted.borrow_mut().push(Line { at, event });
    }

    /// Writes what was noted, after everything that this transaction changes and before its commit.
    pub(super) fn end_journal(&self) -> Result<(), StoreError> {
        let noted = self.noted.take();
        let Some(journal) = self.journal.filter(|_| !noted.is_empty()) else {
            return Ok(());
        };
        self.step("journal")?;
        let mut lines = Vec::new();
        if !journal.is_begun() {
            lines = self.known_of_devices()?;
        }
        for line in noted {
            if lines.iter().all(|known| known.event != line.event) {
                lines.push(line);
            }
        }
        journal.announce(&lines).map_err(|error| unwritten(&error))
    }

    /// What a journal that is begun anew has to know.
    fn known_of_devices(&self) -> Result<Vec<Line>, StoreError> {
        let mut lines = Vec::new();
        for device in self.device_rows()? {
            if let Some(at) = device.revoked_at {
                let event = Event::Revoked(device.id);
                lines.push(Line { at, event });
            }
        }
        for (doc, _) in self.erased_between(0, self.head()?.seq)? {
            let (at, event) = (Timestamp::UNIX_EPOCH, Event::Erased(doc));
            lines.push(Line { at, event });
        }
        let keys = self.keys.marks().into_iter();
        lines.extend(keys.map(|(mark, at)| Line {
            at,
            event: Event::Keyed {
                id: mark.id,
                mark: mark.mark,
            },
        }));
        Ok(lines)
    }

    /// Says again what the database lacks.
    fn say_again(&self, lines: &[Line]) -> Result<Replayed, StoreError> {
        let mut replayed = Replayed::default();
        let mut entered = Vec::new();
        for Line { at, event } in lines {
            match event {
                Event::Enrolled(place) => {
                    if self.enter(place, None, *at)? {
                        entered.push(place.device);
                    }
                }
                Event::Confirmed(place) => {
                    self.enter(place, None, *at)?;
                    if !self.is_confirmed(place.device)? {
                        self.confirm_as(place, *at)?;
                        replayed.confirmed += 1;
                    }
                }
                Event::Erased(doc) => {
                    if !self.is_erased(*doc)? {
                        self.erase_document(*doc)?;
                        replayed.erased += 1;
                    }
                }
                // Said last, as it stands after all lines. Keys were named when the database was opened with them.
                Event::Revoked(_)
                | Event::Reinstated(_)
                | Event::People(..)
                | Event::Keyed { .. } => {}
            }
        }
        for (device, at) in revoked(lines) {
            self.enter(&nameless(device), None, at)?;
            if !self.is_revoked(device)? {
                self.revoke(device, at)?;
                replayed.revoked += 1;
            }
        }
        // Whoever was taken off a device stays off it; whoever was put on it since is put on it again by a person.
        for (device, present) in people(lines) {
            for user in self.people(device)? {
                if !present.contains(&user) {
                    let seq = self.take_off(device, &user)?;
                    self.refresh_device_visibility(device, seq)?;
                    replayed.taken_off += 1;
                }
            }
        }
        for device in entered {
            let waits = !self.is_confirmed(device)? && !self.is_revoked(device)?;
            replayed.enrolled += usize::from(waits);
        }
        Ok(replayed)
    }

    /// Does the journal read, and is every revocation in it known here? One that is not begun has nothing to say yet.
    pub(super) fn journal_holds(&self) -> Result<bool, StoreError> {
        let Some(journal) = self.journal else {
            return Ok(true);
        };
        if !journal.is_begun() {
            let devices = self.device_rows()?;
            return Ok(devices.iter().all(|device| device.revoked_at.is_none()));
        }
        let Ok(lines) = journal.lines() else {
            return Ok(false);
        };
        let erased = lines.iter().filter_map(|line| match line.event {
            Event::Erased(doc) => Some(doc),
            _ => None,
        });
        for doc in erased {
            if !self.is_erased(doc)? {
                return Ok(false);
            }
        }
        let mut devices = revoked(&lines).into_keys();
        devices.try_fold(true, |holds, device| {
            Ok(holds && self.is_known(device)? && self.is_revoked(device)?)
        })
    }
}

/// A device of which nothing is known but that it was here.
pub(super) fn nameless(device: DeviceId) -> Place {
    let id = device.to_string();
    let end = id.get(id.len().saturating_sub(6)..).unwrap_or_default();
    Place {
        device,
        name: format!("Device {end}"),
        kind: "device".to_owned(),
        people: Vec::new(),
    }
}

impl Sqlite {
    /// Brings the database up to what the journal knows, before the server first answers; a journal that is not there is
    /// begun.
    pub fn replay(&self) -> Result<Replayed, StoreError> {
        let Some(journal) = &self.journal else {
            return Ok(Replayed::default());
        };
        if !journal.is_begun() {
            let begin = |verb: &Verb<'_>| verb.known_of_devices();
            let lines = Self::read_on(&self.reader, &self.beside(), begin)?;
            journal.append(&lines).map_err(|error| unwritten(&error))?;
            return Ok(Replayed::default());
        }
        journal.lines()?;
        let journal = Arc::clone(journal);
        self.write_now(move |verb| {
            // Read in here: a command beside us may be at it, and what it has not committed is not yet so.
            let lines = journal.lines()?;
            let replayed = verb.say_again(&lines)?;
            // All of it stands in the journal, but what was taken back there and never became so here.
            verb.noted.take();
            let known = revoked(&lines);
            let lacking = verb.known_of_devices()?.into_iter();
            let lacking: Vec<Line> = lacking
                .filter(|line| matches!(line.event, Event::Revoked(id) if !known.contains_key(&id)))
                .collect();
            if !lacking.is_empty() {
                journal
                    .append(&lacking)
                    .map_err(|error| unwritten(&error))?;
            }
            Ok(replayed)
        })
    }
}
