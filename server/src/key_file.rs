//! The key file: the organisation's id and its keys, each with a number and a date. The newest signs, the older ones
//! check for ever. It outlives every database and belongs into a second place. Refuses to show a secret.

mod credential;
mod receipt;

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use warmhand_core::wire::BoxKey;

/// Where it lies in a data folder.
pub const FILE: &str = "warmhand.keys";

const HEAD: &str = "warmhand keys 1";

/// An organisation with its keys.
#[derive(Clone)]
pub struct KeyFile {
    organisation: [u8; 16],
    older: Vec<Key>,
    newest: Key,
    /// What follows from the newest for boxes, once somebody asked: every sync does.
    closing: OnceLock<BoxKey>,
}

#[derive(Clone)]
struct Key {
    id: u16,
    made_at: Timestamp,
    secret: [u8; 32],
}

/// What a database and the journal know a key by: tells it from others, and nothing else of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Its number.
    pub id: u16,
    /// As text.
    pub mark: String,
}

impl KeyFile {
    /// A first key.
    pub fn new(organisation: [u8; 16], secret: [u8; 32], made_at: Timestamp) -> Self {
        let newest = Key {
            id: 1,
            made_at,
            secret,
        };
        Self {
            organisation,
            older: Vec::new(),
            newest,
            closing: OnceLock::new(),
        }
    }

    /// The same with a key that signs from now on; none once all numbers are used.
    pub fn rotated(&self, secret: [u8; 32], made_at: Timestamp) -> Option<Self> {
        self.numbered(self.newest.id.checked_add(1)?, secret, made_at)
    }

    fn numbered(&self, id: u16, secret: [u8; 32], made_at: Timestamp) -> Option<Self> {
        let newest = Key {
            id,
            made_at,
            secret,
        };
        let older = self.all().cloned().collect();
        (id > self.newest.id).then_some(Self {
            organisation: self.organisation,
            older,
            newest,
            closing: OnceLock::new(),
        })
    }

    /// One new key in place of lost ones, with a number that none of those had.
    pub fn after_loss(
        last: u16,
        organisation: [u8; 16],
        secret: [u8; 32],
        made_at: Timestamp,
    ) -> Option<Self> {
        let mut anew = Self::new(organisation, secret, made_at);
        anew.newest.id = last.checked_add(1)?;
        Some(anew)
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        self.older.iter().chain(std::iter::once(&self.newest))
    }

    fn key(&self, id: u16) -> Option<&Key> {
        self.all().find(|key| key.id == id)
    }

    /// The number of the key that signs.
    pub fn signing(&self) -> u16 {
        self.newest.id
    }

    /// Each key with its date, the oldest first.
    pub fn marks(&self) -> Vec<(Mark, Timestamp)> {
        let marked = |key: &Key| (self.mark(key), key.made_at);
        self.all().map(marked).collect()
    }

    /// Is this one of its keys?
    pub fn has(&self, mark: &Mark) -> bool {
        self.key(mark.id).is_some_and(|key| self.mark(key) == *mark)
    }

    /// The numbers of those that it lacks.
    pub fn lacks<'a>(&self, named: impl IntoIterator<Item = &'a Mark>) -> Vec<u16> {
        let lacking = named.into_iter().filter(|mark| !self.has(mark));
        let mut lacking: Vec<u16> = lacking.map(|mark| mark.id).collect();
        lacking.sort_unstable();
        lacking.dedup();
        lacking
    }

    fn mark(&self, key: &Key) -> Mark {
        let mut hash = Sha256::new();
        hash.update(b"wh-key-mark-1");
        hash.update(self.organisation);
        hash.update(key.secret);
        let whole = hash.finalize();
        let short: [u8; 8] = whole.first_chunk().copied().unwrap_or_default();
        Mark {
            id: key.id,
            mark: hex::encode(short),
        }
    }

    /// Secret bytes that follow from a key, others for every purpose; of no use from a number that it does not have.
    pub(crate) fn derive(&self, id: u16, purpose: &[u8]) -> [u8; 32] {
        let key = self.key(id).unwrap_or(&self.newest);
        Hmac::<Sha256>::new_from_slice(&key.secret).map_or([0; 32], |mut mac| {
            for field in [purpose, &self.organisation] {
                mac.update(&(field.len() as u64).to_be_bytes());
                mac.update(field);
            }
            mac.finalize().into_bytes().into()
        })
    }

    /// What follows from the key that signs for whoever closes boxes, made once.
    pub(crate) fn closing(&self, make: impl FnOnce() -> BoxKey) -> BoxKey {
        *self.closing.get_or_init(make)
    }

    /// Reads the keys of a data folder.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let path = folder.join(FILE);
        for_its_owner(&path)?;
        Self::read(&path)
    }

    /// Reads a copy of the keys.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| {
            format!(
                "the key file {} cannot be read: {error}; put back its second copy",
                path.display()
            )
        })?;
        Self::parse(&text).ok_or_else(|| {
            format!(
                "the key file {} does not read; put back its copy",
                path.display()
            )
        })
    }

    /// Nothing is guessed: a line that does not read is no key file.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != HEAD {
            return None;
        }
        let organisation = bytes(lines.next()?.strip_prefix("organisation ")?)?;
        let mut keys = lines.map(Key::parse);
        let mut file = Self {
            organisation,
            older: Vec::new(),
            newest: keys.next()??,
            closing: OnceLock::new(),
        };
        for key in keys {
            let Key {
                id,
                made_at,
                secret,
            } = key?;
            file = file.numbered(id, secret, made_at)?;
        }
        Some(file)
    }

    fn text(&self) -> String {
        let organisation = hex::encode(self.organisation);
        let line = |key: &Key| {
            let secret = hex::encode(key.secret);
            format!("key {} {} {secret}\n", key.id, key.made_at)
        };
        let lines: Vec<String> = self.all().map(line).collect();
        format!("{HEAD}\norganisation {organisation}\n{}", lines.concat())
    }

    /// Writes them into a new data folder.
    pub fn save(&self, folder: &Path) -> Result<(), String> {
        self.export(&folder.join(FILE))
    }

    /// Writes them into a file that does not exist yet, readable by its owner alone.
    pub fn export(&self, path: &Path) -> Result<(), String> {
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|file| self.write(file))
            .and_then(|()| settled(path));
        written
            .map_err(|error| format!("the key file {} cannot be written: {error}", path.display()))
    }

    /// Writes them in place of the keys of a data folder: at every moment the old file is there, or the new one.
    pub fn replace(&self, folder: &Path) -> Result<(), String> {
        let (path, beside) = (folder.join(FILE), folder.join(format!("{FILE}.part")));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|file| self.write(file))
            .and_then(|()| fs::rename(&beside, &path))
            .and_then(|()| settled(&path));
        written.map_err(|error| {
            fs::remove_file(&beside).ok();
            format!("the key file {} cannot be written: {error}", path.display())
        })
    }

    fn write(&self, mut file: File) -> std::io::Result<()> {
        file.write_all(self.text().as_bytes())?;
        file.sync_all()
    }
}

impl Key {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("key ")?.split(' ');
        let key = Self {
            id: words.next()?.parse().ok().filter(|id| *id > 0)?,
            made_at: words.next()?.parse().ok()?,
            secret: bytes(words.next()?)?,
        };
        words.next().is_none().then_some(key)
    }

    /// The HMAC of fields, each with its length before it.
    fn mac(&self, fields: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            return [0; 32];
        };
        for field in fields {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        mac.finalize().into_bytes().into()
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}

/// Whoever reads it can speak as any device. A copy may lie where there are no owners; where it is used there are.
fn for_its_owner(path: &Path) -> Result<(), String> {
    let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        let path = path.display();
        return Err(format!(
            "the key file {path} is open to others than its owner, and whoever reads it can speak as any device; close \
             it with chmod 600 {path}"
        ));
    }
    Ok(())
}

/// The name of a file is on the disk as well.
fn settled(path: &Path) -> std::io::Result<()> {
    let folder = match path.parent().map(Path::to_path_buf) {
        Some(here) if !here.as_os_str().is_empty() => here,
        _ => PathBuf::from("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> KeyFile {
        KeyFile::new([7; 16], [9; 32], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn keys_are_read_as_they_were_written_and_nothing_else_is_keys() {
        let folder = tempfile::tempdir().unwrap();
        keys().save(folder.path()).unwrap();
        let two = keys().rotated([3; 32], Timestamp::UNIX_EPOCH).unwrap();
        two.replace(folder.path()).unwrap();
        let read = KeyFile::load(folder.path()).unwrap();
        assert_eq!(read.marks(), two.marks());
        assert_eq!(read.signing(), 2);
        let text = two.text();
        for wrong in [
            text.replace("keys 1", "keys 2"),
            text.replace("key 2", "key 1"),
            text.replace("key 1", "key 0"),
            text.replace("key 2", "key 70000"),
            text.replace("0303", "03"),
            text.replace("0303", "zz03"),
            format!("{text}one more line\n"),
            text.lines().take(2).collect::<Vec<_>>().join("\n"),
            String::new(),
        ] {
            assert!(KeyFile::parse(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_second_copy_is_for_its_owner_alone_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        keys().export(&copy).unwrap();
        let mode = fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let sentence = keys().export(&copy).unwrap_err();
        assert!(sentence.contains("cannot be written"), "{sentence}");
    }

    #[test]
    fn keys_that_others_may_read_are_not_used_until_they_are_closed() {
        let folder = tempfile::tempdir().unwrap();
        keys().save(folder.path()).unwrap();
        let path = folder.path().join(FILE);
        let with = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            KeyFile::load(folder.path()).map(|_| ())
        };
        for mode in [0o640, 0o604, 0o620, 0o644] {
            let sentence = with(mode).unwrap_err();
            assert!(sentence.contains("close it with chmod 600 "), "{sentence}");
        }
        assert_eq!(with(0o600), Ok(()));
        assert_eq!(with(0o400), Ok(()));
    }

    #[test]
    fn a_mark_tells_keys_apart_and_says_nothing_of_them() {
        let two = keys().rotated([3; 32], Timestamp::UNIX_EPOCH).unwrap();
        let named: Vec<Mark> = two.marks().into_iter().map(|(mark, _)| mark).collect();
        assert_eq!(two.lacks(&named), [0_u16; 0]);
        assert_eq!(keys().lacks(&named), [2]);
        let other = KeyFile::new([8; 16], [9; 32], Timestamp::UNIX_EPOCH);
        assert_eq!(other.lacks(&named), [1, 2]);
        assert!(named.iter().all(|mark| mark.mark.len() == 16));
    }
}
