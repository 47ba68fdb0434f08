//! A copy of the whole database, taken while it is served, and such a copy put back in another folder. What is written
//! has its name only once it is whole and on the disk.

use super::named_keys::{lacks, name_keys, named_keys};
use super::open::{FILE, VERSION, version};
use super::{StoreError, instant};
use crate::key_file::{KeyFile, Mark};
use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What a copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Rows of the log.
    pub rows: u64,
    /// Accepted changes.
    pub changes: u64,
}

/// Whether a backup's keys are at hand.
pub enum Keys<'a> {
    /// They are these.
    Same(&'a KeyFile),
    /// Some are lost: it goes on with these, and no receipt of a lost one proves anything any more.
    Lost(&'a KeyFile),
}

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The keys that it was signed with.
    pub keys: Vec<Mark>,
    /// When its newest change came in.
    pub received_at: Option<Timestamp>,
}

/// Looks into a backup.
pub fn image(file: &Path) -> Result<Image, StoreError> {
    let db = read_only(file)?;
    known(&db)?;
    let newest: Option<i64> =
        db.query_row("select max(received_at) from change", [], |row| row.get(0))?;
    Ok(Image {
        keys: named_keys(&db)?,
        received_at: newest.map(instant),
    })
}

/// Copies the database of a folder into a new file, as it is at one moment.
pub fn backup(folder: &Path, to: &Path) -> Result<Copied, StoreError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Err(StoreError::Empty);
    }
    let source = read_only(&path)?;
    known(&source)?;
    fill(&source, to, |_| Ok(()))
}

/// Puts a backup into a folder that has no database yet. Its log goes on in a new epoch: every device compares what it
/// holds and gives back what the backup lacks.
pub fn restore(
    from: &Path,
    folder: &Path,
    keys: &Keys<'_>,
    epoch: [u8; 16],
) -> Result<Copied, StoreError> {
    let to = folder.join(FILE);
    if to.exists() {
        return Err(StoreError::Refused(
            "there is an organisation in this folder already".into(),
        ));
    }
    let source = read_only(from)?;
    known(&source)?;
    let (held, without) = match keys {
        Keys::Same(held) => (held, false),
        Keys::Lost(held) => (held, true),
    };
    let lacking = held.lacks(&named_keys(&source)?);
    if !lacking.is_empty() && !without {
        return Err(lacks(&lacking, "backup"));
    }
    fill(&source, &to, |copy| {
        copy.execute("update head set epoch = ?1", [&epoch[..]])?;
        if without {
            copy.execute("delete from signing_key", [])?;
            name_keys(copy, held)?;
        }
        Ok(())
    })
}

fn read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(path, flags)?)
}

/// Is it a database of this version?
fn known(db: &Connection) -> Result<(), StoreError> {
    match version(db)? {
        VERSION => Ok(()),
        newer if newer > VERSION => Err(StoreError::Newer),
        _ => Err(StoreError::Damaged),
    }
}

/// The file beside the wanted one, until it is whole.
fn part(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn fill(
    source: &Connection,
    to: &Path,
    then: impl FnOnce(&Connection) -> Result<(), StoreError>,
) -> Result<Copied, StoreError> {
    let part = part(to);
    let done = write(source, &part, then).and_then(|copied| {
        named(&part, to)?;
        Ok(copied)
    });
    if done.is_err() {
        // Nothing half-made stays; that it was never there is as good.
        fs::remove_file(&part).ok();
    }
    done
}

fn write(
    source: &Connection,
    part: &Path,
    then: impl FnOnce(&Connection) -> Result<(), StoreError>,
) -> Result<Copied, StoreError> {
    // For its owner alone, before anything is in it.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(part)
        .map_err(|_| StoreError::Unavailable)?;
    let mut copy = Connection::open(part)?;
    // All pages in one step: one moment of the database, whoever writes to it meanwhile.
    if Backup::new(source, &mut copy)?.step(-1)? != StepResult::Done {
        return Err(StoreError::Busy);
    }
    copy.query_row("pragma journal_mode = delete", [], |_| Ok(()))?;
    let sound: String = copy.query_row("pragma quick_check", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(StoreError::Damaged);
    }
    then(&copy)?;
    let count = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok(Copied {
        rows: count("select seq from head")?.unsigned_abs(),
        changes: count("select count(*) from change")?.unsigned_abs(),
    })
}

/// On the disk, and then under its name.
fn named(part: &Path, to: &Path) -> Result<(), StoreError> {
    let place = |path: &Path| path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let folder = match place(to) {
        here if here.as_os_str().is_empty() => PathBuf::from("."),
        folder => folder,
    };
    let named = File::open(part)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(part, to));
    named.map_err(|_| StoreError::Unavailable)?;
    let settled = File::open(folder).and_then(|folder| folder.sync_all());
    settled.map_err(|_| {
        // Whoever is told that it failed finds nothing there.
        fs::remove_file(to).ok();
        StoreError::Unavailable
    })
}
