//! The data folder as the system sees it: whose it is, whether it can be written, how much room is left, and whether
//! another server holds it. Refuses before anything in it is opened. Knows nothing of what lies in its files.

use rustix::fs::{Access, access, statvfs};
use rustix::process::geteuid;
use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

/// With less room not even one request can be kept.
const LEAST_BYTES: u64 = 4_000_000;

/// What the system says of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whose it is.
    pub owner: u32,
    /// Who we are.
    pub ourselves: u32,
    /// May it be written, and everything in it?
    pub is_writable: bool,
    /// Room left.
    pub free_bytes: u64,
}

/// Asks the system.
pub fn look(folder: &Path) -> io::Result<Found> {
    let owner = std::fs::metadata(folder)?.uid();
    let ourselves = geteuid().as_raw();
    Ok(Found {
        owner,
        ourselves,
        // What is another's may not even be listed, and whose it is has to be said all the same.
        is_writable: owner == ourselves && is_writable(folder)?,
        free_bytes: free_bytes(folder)?,
    })
}

/// May files be put into it? Not when its file system has become read-only, as one does that found itself damaged.
pub fn takes_files(folder: &Path) -> bool {
    access(folder, Access::WRITE_OK).is_ok()
}

fn is_writable(folder: &Path) -> io::Result<bool> {
    let mut is_writable = takes_files(folder);
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        is_writable &= path.is_dir() || access(path, Access::WRITE_OK).is_ok();
    }
    Ok(is_writable)
}

/// Makes a folder, for its owner alone: what lies in it is of patients.
pub fn make(folder: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| format!("{} cannot be made: {error}", folder.display()))
}

/// The same, and looks whether a server can work in it: before whoever may write anywhere leaves files behind that their
/// owner cannot open.
pub fn make_usable(folder: &Path) -> Result<(), String> {
    make(folder)?;
    let found = look(folder).map_err(|error| {
        format!(
            "the data folder {} cannot be read: {error}",
            folder.display()
        )
    })?;
    usable(folder, &found)
}

/// Room left where a folder lies, for whoever is not root.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let system = statvfs(folder)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Can a server work in it? The error is one sentence.
pub fn usable(folder: &Path, found: &Found) -> Result<(), String> {
    let at = folder.display();
    let Found {
        owner, ourselves, ..
    } = found;
    if owner != ourselves {
        return Err(format!(
            "the data folder {at} belongs to user {owner}, and this is user {ourselves}; run warmhand as user {owner}"
        ));
    }
    if !found.is_writable {
        return Err(format!(
            "the data folder {at} or a file in it cannot be written; make it writable for user {owner}"
        ));
    }
    if found.free_bytes < LEAST_BYTES {
        return Err(format!(
            "there is no room left for the data folder {at}; free some space first, nothing was lost"
        ));
    }
    Ok(())
}

/// Keeps the folder for one server as long as the handle lives. The folder itself is locked: every file in it may be
/// replaced, and a lock would go on with the old one.
pub fn hold(folder: &Path) -> Result<File, String> {
    let file = File::open(folder).map_err(|error| {
        format!(
            "the data folder {} cannot be read: {error}",
            folder.display()
        )
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "the data folder {} is being served by another warmhand; stop that one first",
            folder.display()
        )),
        Err(TryLockError::Error(error)) => Err(format!(
            "the data folder {} cannot be kept from other servers: {error}",
            folder.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Found = Found {
        owner: 998,
        ourselves: 998,
        is_writable: true,
        free_bytes: 1_000_000_000,
    };

    fn refused(found: Found) -> String {
        usable(Path::new("/var/lib/warmhand"), &found).unwrap_err()
    }

    #[test]
    fn a_folder_of_another_user_is_refused_even_by_root() {
        assert_eq!(usable(Path::new("/var/lib/warmhand"), &SOUND), Ok(()));
        let by_root = Found {
            ourselves: 0,
            ..SOUND
        };
        assert_eq!(
            refused(by_root),
            "the data folder /var/lib/warmhand belongs to user 998, and this is user 0; run warmhand as user 998"
        );
    }

    #[test]
    fn a_read_only_folder_is_refused() {
        let sentence = refused(Found {
            is_writable: false,
            ..SOUND
        });
        assert!(sentence.contains("cannot be written"), "{sentence}");
    }

    #[test]
    fn a_full_disk_is_refused() {
        let sentence = refused(Found {
            free_bytes: LEAST_BYTES - 1,
            ..SOUND
        });
        assert!(sentence.contains("no room left"), "{sentence}");
    }

    #[test]
    fn the_system_says_that_a_folder_of_ours_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        let found = look(folder.path()).unwrap();
        assert_eq!(found.owner, found.ourselves);
        assert!(found.is_writable);
        assert!(found.free_bytes > 0);
        assert!(look(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_folder_is_held_by_one_server_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let held = hold(folder.path()).unwrap();
        let sentence = hold(folder.path()).unwrap_err();
        assert!(
            sentence.contains("served by another warmhand"),
            "{sentence}"
        );
        drop(held);
        assert!(hold(folder.path()).is_ok());
    }
}
