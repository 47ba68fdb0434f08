//! The journal: what has to be known also when the database is an older one again. Lines are added, each with its own
//! checksum, and are on the disk before the database says the same. It holds ids, names of devices and codes of staff,
//! nothing of a patient. Knows no database.

use crate::key_file::Mark;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use warmhand_core::domain::id::{DeviceId, DocumentId, UserId};

/// Where it lies in a data folder.
pub const FILE: &str = "warmhand.journal";

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A device was enrolled.
    Enrolled(Place),
    /// Somebody said of a device that was enrolled after the backup whose it is.
    Confirmed(Place),
    /// A device was taken out of service.
    Revoked(DeviceId),
    /// It was taken back into service.
    Reinstated(DeviceId),
    /// Who works on a device from now on.
    People(DeviceId, Vec<UserId>),
    /// Nothing was to be left of a document.
    Erased(DocumentId),
    /// The database is signed with this key from now on.
    Keyed {
        /// Its number.
        id: u16,
        /// What it is known by.
        mark: String,
    },
}

/// A device's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its id.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// `phone` or `tablet`.
    pub kind: String,
    /// Who may work on it.
    pub people: Vec<UserId>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// Why a journal is of no use as it is. The sentence says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Amiss {
    /// Not there, or not ours to read.
    #[error("the journal cannot be read: {0}")]
    Unreadable(String),
    /// A line is not what was written, or one of a newer version.
    #[error(
        "line {0} of the journal is damaged; put back its copy, or move it away and revoke again what was revoked since the backup"
    )]
    Damaged(usize),
}

/// The journal of a data folder.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// Where in the file the lines lie whose transaction has not ended yet.
    open: Mutex<Option<Range<u64>>>,
}

impl Journal {
    /// Of this folder, whether or not there is one yet.
    pub fn of(folder: &Path) -> Self {
        Self {
            path: folder.join(FILE),
            open: Mutex::default(),
        }
    }

    /// Is anything in it?
    pub fn is_begun(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() > 0)
    }

    /// Everything in it.
    pub fn lines(&self) -> Result<Vec<Line>, Amiss> {
        read(&self.path)
    }

    /// Adds lines; they are on the disk when this returns. What a crash left of a line is taken away first. Several
    /// processes may: a command works beside a running server.
    pub fn append(&self, lines: &[Line]) -> io::Result<()> {
        self.add(lines).map(|_| ())
    }

    /// The same for a transaction that is about to commit: [`Self::stands`] or [`Self::take_back`] is said next.
    pub fn announce(&self, lines: &[Line]) -> io::Result<()> {
        let added = self.add(lines)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let first = open.take().filter(|open| open.end == added.start);
        *open = Some(first.map_or(added.start, |open| open.start)..added.end);
        Ok(())
    }

    fn add(&self, lines: &[Line]) -> io::Result<Range<u64>> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        file.lock()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let sound = whole(&bytes).len();
        if sound < bytes.len() {
            file.set_len(u64::try_from(sound).unwrap_or_default())?;
        }
        let start = u64::try_from(sound).unwrap_or_default();
        let added = self.add_to(&mut file, lines, bytes.is_empty());
        // Whoever asked is told that it was not done: then nothing of it may be left.
        let length = added.inspect_err(|_| {
            let _ = file.set_len(start).and_then(|()| file.sync_all());
        })?;
        Ok(start..start + length)
    }

    fn add_to(&self, file: &mut File, lines: &[Line], is_new: bool) -> io::Result<u64> {
        let mut text = String::new();
        for line in lines {
            text += &written(line)?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if is_new && let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(u64::try_from(text.len()).unwrap_or_default())
    }

    /// What was announced is true: its transaction is on the disk.
    pub fn stands(&self) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// What was announced since the last transaction that ended is not so after all, and this process lives to take it out
    /// again; a shorter file needs no room. If it cannot, or another process has added to it, the lines stay, and the
    /// next start does what they say. A device that the database has out of service stays so whatever they say.
    pub fn take_back(&self) {
        let open = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(open) = open else { return };
        if let Err(error) = self.cut(&open) {
            tracing::warn!(%error, "the journal says more than was done, and is taken at its word at the next start");
        }
    }

    fn cut(&self, open: &Range<u64>) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.path)?;
        file.lock()?;
        if file.metadata()?.len() != open.end {
            return Err(io::Error::other("another process has added to it"));
        }
        file.set_len(open.start)?;
        file.sync_all()
    }
}

/// The lines of a file.
pub fn read(path: &Path) -> Result<Vec<Line>, Amiss> {
    let bytes = fs::read(path).map_err(|error| Amiss::Unreadable(error.to_string()))?;
    let text = whole(&bytes).split_inclusive(|byte| *byte == b'\n');
    let lines = text.enumerate();
    lines
        .map(|(at, line)| told(line).ok_or(Amiss::Damaged(at + 1)))
        .collect()
}

/// The keys that lines name.
pub fn marks(lines: &[Line]) -> impl Iterator<Item = Mark> {
    lines.iter().filter_map(|line| match &line.event {
        Event::Keyed { id, mark } => Some(Mark {
            id: *id,
            mark: mark.clone(),
        }),
        _ => None,
    })
}

/// Who is out of service after all of them, and since when.
pub fn revoked(lines: &[Line]) -> BTreeMap<DeviceId, Timestamp> {
    let mut revoked = BTreeMap::new();
    for line in lines {
        match line.event {
            Event::Revoked(device) => {
                revoked.entry(device).or_insert(line.at);
            }
            Event::Reinstated(device) => {
                revoked.remove(&device);
            }
            _ => {}
        }
    }
    revoked
}

/// Who works on each device whose people were changed, as it stands after all lines.
pub fn people(lines: &[Line]) -> BTreeMap<DeviceId, &[UserId]> {
    let mut people: BTreeMap<DeviceId, &[UserId]> = BTreeMap::new();
    for line in lines {
        match &line.event {
            Event::People(device, present) => {
                people.insert(*device, present);
            }
            // Somebody has said since whose it is.
            Event::Confirmed(place) => {
                people.remove(&place.device);
            }
            _ => {}
        }
    }
    people
}

/// All but what a crash left of the last line: its end, or blocks of it, were never written out.
fn whole(bytes: &[u8]) -> &[u8] {
    let until = |bytes: &[u8]| {
        bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1)
    };
    let ended = bytes.get(..until(bytes)).unwrap_or_default();
    let before = ended.split_last().map_or(0, |(_, rest)| until(rest));
    match ended.get(before..) {
        Some(last) if last.contains(&0) => ended.get(..before).unwrap_or_default(),
        _ => ended,
    }
}

fn checksum(text: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(text).into();
    hex::encode(hash.first_chunk::<8>().unwrap_or(&[0; 8]))
}

fn written(line: &Line) -> io::Result<String> {
    let text = serde_json::to_string(line)?;
    Ok(format!("{} {text}\n", checksum(&text)))
}

fn told(line: &[u8]) -> Option<Line> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (sum, text) = line.split_once(' ')?;
    (checksum(text) == sum).then(|| serde_json::from_str(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn revoked(n: u128) -> Line {
        Line {
            at: Timestamp::UNIX_EPOCH,
            event: Event::Revoked(DeviceId(Uuid::from_u128(n))),
        }
    }

    fn journal(folder: &Path, lines: &[Line]) -> Journal {
        let journal = Journal::of(folder);
        for line in lines {
            journal.append(std::slice::from_ref(line)).unwrap();
        }
        journal
    }

    #[test]
    fn what_a_crash_left_of_the_last_line_is_passed_over_and_taken_away() {
        let (one, two, three) = (revoked(1), revoked(2), revoked(3));
        let length = written(&two).unwrap().len();
        for cut in 1..=length {
            let folder = tempfile::tempdir().unwrap();
            let journal = journal(folder.path(), &[one.clone(), two.clone()]);
            let bytes = fs::read(&journal.path).unwrap();
            fs::write(&journal.path, &bytes[..bytes.len() - cut]).unwrap();
            assert_eq!(journal.lines(), Ok(vec![one.clone()]), "{cut}");
            journal.append(std::slice::from_ref(&three)).unwrap();
            assert_eq!(
                journal.lines(),
                Ok(vec![one.clone(), three.clone()]),
                "{cut}"
            );
        }
        // The length was written out, and a block of the content was not.
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), &[one.clone(), two.clone()]);
        let mut bytes = fs::read(&journal.path).unwrap();
        let end = bytes.len();
        bytes[end - 20..end - 5].fill(0);
        fs::write(&journal.path, &bytes).unwrap();
        assert_eq!(journal.lines(), Ok(vec![one.clone()]));
        journal.append(std::slice::from_ref(&three)).unwrap();
        assert_eq!(journal.lines(), Ok(vec![one, three]));
    }

    #[test]
    fn a_damaged_line_is_named_wherever_the_damage_is() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), &[revoked(1), revoked(2), revoked(3)]);
        let sound = fs::read(&journal.path).unwrap();
        let ends: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] == b'\n').collect();
        for at in 0..ends[1] {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            fs::write(&journal.path, &bytes).unwrap();
            let line = if at <= ends[0] { 1 } else { 2 };
            assert_eq!(journal.lines(), Err(Amiss::Damaged(line)), "byte {at}");
        }
    }

    #[test]
    fn every_event_is_read_as_it_was_written() {
        let place = Place {
            device: DeviceId(Uuid::from_u128(7)),
            name: "Ana's phone, أمل".into(),
            kind: "phone".into(),
            people: vec!["n1".into(), "c1".into()],
        };
        let keyed = Event::Keyed {
            id: 2,
            mark: "00ff".into(),
        };
        let events = [
            Event::Enrolled(place.clone()),
            Event::Confirmed(place),
            keyed,
        ];
        let at = "2026-03-02T13:00:00Z".parse().unwrap();
        let lines: Vec<Line> = events.map(|event| Line { at, event }).into();
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::of(folder.path());
        assert!(!journal.is_begun());
        journal.append(&lines).unwrap();
        assert_eq!(journal.lines(), Ok(lines.clone()));
        assert_eq!(marks(&lines).map(|mark| mark.id).collect::<Vec<_>>(), [2]);
    }
}
