//! What goes wrong, by its name, and how often it did. And the blow that ends a process at one of its storage calls.

use super::process::log_end;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use warmhand_core::refusal::StorageTrouble;
use warmhand_core::store::{Fault as DeviceFault, StoreError as DeviceError};
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::Fault as ServerFault;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($(#[$doc])* $name),* }

        impl Fault {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

faults! {
    /// A request never arrived.
    RequestLost,
    /// An answer never arrived.
    AnswerLost,
    /// A request arrived twice.
    RequestRepeated,
    /// An answer arrived twice.
    AnswerRepeated,
    /// A message was overtaken by another.
    Reordered,
    /// The server's process ended in a storage call.
    ServerKilled,
    /// A device's process ended in a storage call.
    DeviceKilled,
    /// The server's power failed in a commit and took a part of what was not synced.
    ServerPowerLost,
    /// A device's power failed in a commit.
    DevicePowerLost,
    /// The server had no room for a statement.
    ServerDiskFull,
    /// A device had no room for a statement.
    DeviceDiskFull,
    /// An older image was put back as it was.
    ServerRestored,
    /// An older image was put back under a new epoch.
    ServerRestoredAnew,
    /// An older image was put back, and no receipt of what came after it was worth anything.
    ServerRestoredUnproved,
    /// An image was put back that is older than a device's enrolment.
    RestoredBeforeEnrolment,
    /// A device asked that the image did not know.
    DeviceUnknown,
    /// Somebody said whose such a device is.
    DeviceConfirmed,
    /// A new key signs.
    KeyRotated,
    /// Nothing was to be left of a record.
    RecordErased,
    /// A device was told so.
    ErasureTold,
    /// A phone is gone.
    PhoneLost,
    /// A phone was restored from its backup.
    PhoneRestored,
    /// A device's clock was years off.
    DeviceClockOff,
    /// The server's clock was off.
    ServerClockOff,
    /// A device lost sight of a document that it had.
    AccessLost,
    /// A device came to see a document that others had written.
    AccessGiven,
    /// An owner gave a record to another.
    Reassigned,
    /// A device was taken out of service.
    DeviceRevoked,
    /// It was taken back before it had wiped itself.
    DeviceReinstated,
    /// A device wiped itself.
    DeviceWiped,
    /// And closed in boxes what nobody had taken.
    BoxClosed,
    /// People came to a device and left it.
    PeopleChanged,
    /// A change in the name of somebody else.
    Forged,
    /// A change under another device's actor.
    Hijacked,
    /// A change that breaks its own grammar.
    Malformed,
    /// Bytes that are no message, to the server.
    HostileRequest,
    /// Bytes that are no answer, to a device.
    HostileAnswer,
    /// A comparison ended too early, with something missing.
    ComparisonCut,
    /// An entry of a newer version.
    NewerSchema,
    /// An entry that nobody can read.
    OddEntry,
    /// A person put into the record what had been kept aside.
    Released,
    /// A person left out of it what had been kept aside.
    Dismissed,
    /// A device wrote anew what a refusal had held up.
    WrittenAnew,
}

/// How often each kind came, and at how many different places processes were ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By kind.
    pub faults: BTreeMap<Fault, u64>,
    /// The statements at which the server was ended.
    pub server_places: BTreeSet<String>,
    /// The statements at which a device was ended.
    pub device_places: BTreeSet<String>,
    /// Operations played.
    pub operations: u64,
    /// Requests that reached the server.
    pub requests: u64,
    /// Entries written.
    pub entries: u64,
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
        self.server_places
            .extend(other.server_places.iter().cloned());
        self.device_places
            .extend(other.device_places.iter().cloned());
        self.operations += other.operations;
        self.requests += other.requests;
        self.entries += other.entries;
    }

    /// Kinds that never came.
    pub fn missing(&self) -> Vec<Fault> {
        let came = |fault: &Fault| self.faults.contains_key(fault);
        Fault::ALL.iter().copied().filter(|f| !came(f)).collect()
    }
}

/// In which way a process is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// It ends.
    Kill,
    /// The machine loses power in a commit; the number chooses how many eighths of what
    /// was not synced are left.
    Power(u8),
    /// A statement finds no room; the process lives on.
    Full,
}

/// Where and how a process was struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// How.
    pub blow: Blow,
    /// The statement.
    pub place: String,
}

impl Struck {
    /// What was being written is there nevertheless, though nobody was told.
    pub fn is_after_commit(&self) -> bool {
        let is_whole = !matches!(self.blow, Blow::Power(part) if part % 8 < 7);
        self.place == "committed" && is_whole
    }
}

#[derive(Debug, Default)]
struct Armed {
    database: PathBuf,
    /// Where its log ended before the commit under way.
    ended: (Vec<u8>, usize),
    blow: Option<(usize, Blow)>,
    /// The transaction under way has written something.
    has_written: bool,
    /// Only calls of such transactions count.
    only_written: bool,
    struck: Option<Struck>,
}

/// Strikes a process once, where it was told to. Shared with the store that it is built into.
#[derive(Clone, Debug)]
pub struct Blows(Arc<Mutex<Armed>>);

impl Blows {
    /// For the process that has this database.
    pub fn on(database: &Path) -> Self {
        Self(Arc::new(Mutex::new(Armed {
            database: database.to_owned(),
            ..Armed::default()
        })))
    }

    fn armed(&self) -> MutexGuard<'_, Armed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The so-manieth call from now is struck; an odd number counts only calls of transactions that have written.
    pub fn arm(&self, calls: u8, blow: Blow) {
        self.armed().blow = Some((usize::from(calls), blow));
        self.armed().only_written = calls % 2 == 1;
    }

    /// Nothing is struck any more.
    pub fn disarm(&self) {
        self.armed().blow = None;
    }

    /// Nothing is struck while this looks.
    pub fn spared<T>(&self, look: impl FnOnce() -> T) -> T {
        let blow = self.armed().blow.take();
        let seen = look();
        self.armed().blow = blow;
        seen
    }

    /// What was struck since this was last asked.
    pub fn struck(&self) -> Option<Struck> {
        self.armed().struck.take()
    }

    fn strikes_at(&self, place: &str) -> Option<Blow> {
        let mut armed = self.armed();
        let (has_written, only_written) = (armed.has_written, armed.only_written);
        armed.has_written = match place {
            "begin" | "committed" => false,
            "commit" => has_written,
            _ => true,
        };
        let is_power = matches!(armed.blow, Some((_, Blow::Power(_))));
        if is_power && place == "commit" {
            armed.ended = log_end(&armed.database);
        }
        // A row that is written as it was is no write: the commit before it has been told.
        let is_in_log = is_power && has_written && place == "committed";
        let is_in_log = is_in_log && log_end(&armed.database) != armed.ended;
        let (calls, blow) = armed.blow.as_mut()?;
        if only_written && !has_written {
            return None;
        }
        let fits = match blow {
            Blow::Kill => true,
            // Only what was written can be lost, and only until it is told.
            Blow::Power(_) => is_in_log,
            Blow::Full => !matches!(place, "begin" | "committed"),
        };
        if *calls > 0 || !fits {
            *calls = calls.saturating_sub(1);
            return None;
        }
        let blow = *blow;
        armed.blow = None;
        armed.struck = Some(Struck {
            blow,
            place: place.to_owned(),
        });
        Some(blow)
    }
}

impl ServerFault for Blows {
    fn strikes(&self, place: &str) -> Option<StoreError> {
        self.strikes_at(place).map(|blow| match blow {
            Blow::Full => StoreError::Full,
            Blow::Kill | Blow::Power(_) => StoreError::Killed,
        })
    }
}

impl DeviceFault for Blows {
    fn at(&mut self, place: &str) -> Result<(), DeviceError> {
        match self.strikes_at(place) {
            Some(Blow::Full) => Err(DeviceError::Trouble(StorageTrouble::Full)),
            Some(Blow::Kill | Blow::Power(_)) => Err(DeviceError::Killed),
            None => Ok(()),
        }
    }
}

/// Where files live that need not survive the machine: in memory where the system offers it, so that a durable commit
/// costs nothing.
pub fn quick_folder() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    tempfile::tempdir_in(place).expect("a folder")
}
