//! The one object that a shell holds, and whom it tells. Every method is one line into the core behind a lock.

use crate::caught::caught;
use crate::code::{DeviceId, DocumentId, Timestamp, UserId};
use crate::held::Held;
use crate::refusal::Refusal;
use crate::view::HandoffScreen;
use std::sync::{Arc, Mutex, PoisonError};
use warmhand_core::app::{self as core, Carried, Key, Outgoing, Place, SyncStep, Topic};
use warmhand_core::refusal as refused;
use warmhand_core::usecase::{Command, Outcome};
use warmhand_core::view::{DirectoryScreen, PatientsScreen, SyncStatusScreen, TodayScreen};
use zeroize::Zeroizing;

/// Told after a change is durable, outside every lock: it may call the app. It may be called on any thread.
#[uniffi::export(with_foreign)]
pub trait Listener: Send + Sync {
    /// These may have changed: read again what is shown. An error thrown here is passed over: the change is made.
    fn changed(&self, topics: Vec<Topic>);
}

/// A device. Methods wait for each other and for the disk: call them from a background thread.
#[derive(uniffi::Object)]
pub struct App {
    held: Mutex<Held>,
    listener: Mutex<Option<Arc<dyn Listener>>>,
}

impl App {
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut core::App) -> Result<T, refused::Refusal>,
    ) -> Result<T, Refusal> {
        let (done, changed) = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            (held.run(work), held.changed())
        };
        self.tell(changed);
        done
    }

    /// Foreign code runs here, after every lock is given back; what it throws is its own affair.
    fn tell(&self, topics: Vec<Topic>) {
        let listener = self
            .listener
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(listener) = listener.filter(|_| !topics.is_empty()) {
            let _ = caught(move || listener.changed(topics));
        }
    }
}

#[uniffi::export]
impl App {
    /// Opens the device's database, making it if there is none. The key is 32 random bytes that the platform keeps for
    /// this file alone.
    #[uniffi::constructor]
    pub fn open(path: String, key: Vec<u8>) -> Result<Self, Refusal> {
        let key = Key::new(&Zeroizing::new(key))?;
        if path.is_empty() {
            return Err(refused::Refusal::Invalid {
                field: "path",
                problem: refused::Problem::Empty,
            }
            .into());
        }
        Ok(Self {
            held: Mutex::new(Held::open(Place::Encrypted(path.into(), key))?),
            listener: Mutex::new(None),
        })
    }

    /// Who is told of changes from now on, in place of whoever was.
    pub fn set_listener(&self, listener: Arc<dyn Listener>) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    }

    /// Does what a person asked for, or refuses and changes nothing. It is durable when this returns. The command is
    /// JSON with one key that names it: `{"EndEncounter":{"record":"…"}}`. `now` is the device's own clock.
    pub fn dispatch(&self, command: String, now: Timestamp) -> Result<Outcome, Refusal> {
        let command: Command =
            serde_json::from_str(&command).map_err(|_| Refusal::unreadable("command"))?;
        self.with(|core| core.dispatch(command, now))
    }

    /// Asks to become a device, with a one-time code. Its answer comes back through `sync_answered`.
    pub fn enrol(&self, code: String, now: Timestamp) -> Result<Outgoing, Refusal> {
        self.with(|core| Ok(core.enrol(&code, now)))
    }

    /// The link came up, or the server nudged: the next `sync_next` has something to send.
    pub fn sync_wanted(&self) -> Result<(), Refusal> {
        self.with(|core| {
            core.sync_wanted();
            Ok(())
        })
    }

    /// What to carry now, or until when there is nothing.
    pub fn sync_next(&self, now: Timestamp) -> Result<SyncStep, Refusal> {
        self.with(|core| core.sync_next(now))
    }

    /// What the carrier brought back for the request of this number; an answer to another one is passed over.
    pub fn sync_answered(
        &self,
        number: u64,
        carried: Carried,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.with(|core| core.sync_answered(number, &carried, now))
    }

    /// Who this device is.
    pub fn id(&self) -> Result<DeviceId, Refusal> {
        self.with(|core| core.id())
    }

    /// Who may work on it.
    pub fn people(&self) -> Result<Vec<UserId>, Refusal> {
        self.with(|core| core.people())
    }

    /// Who is signed in.
    pub fn signed_in(&self) -> Result<Option<UserId>, Refusal> {
        self.with(|core| core.signed_in())
    }

    /// What the signed-in person has to do.
    pub fn today(&self, now: Timestamp) -> Result<TodayScreen, Refusal> {
        self.with(|core| core.today(now))
    }

    /// The caseload.
    pub fn patients(&self, now: Timestamp) -> Result<PatientsScreen, Refusal> {
        self.with(|core| core.patients(now))
    }

    /// One record.
    pub fn handoff(&self, record: DocumentId, now: Timestamp) -> Result<HandoffScreen, Refusal> {
        self.with(|core| core.handoff(record, now))
            .map(HandoffScreen::from)
    }

    /// Practices to call.
    pub fn directory(&self, now: Timestamp) -> Result<DirectoryScreen, Refusal> {
        self.with(|core| core.directory(now))
    }

    /// The truth about sending.
    pub fn sync_status(&self) -> Result<SyncStatusScreen, Refusal> {
        self.with(|core| core.sync_status())
    }
}
