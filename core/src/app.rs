//! The face of the core: commands in, screens out, and the bytes of sync. A shell holds one of these behind its lock.
//! Opens no socket and reads no clock: `now` is always the device's raw clock, corrected here by the last known offset.

mod lease;
mod rescue;
mod screens;
mod status;
#[cfg(test)]
mod tests;
mod writer;

use crate::domain::id::{DeviceId, DocumentId, PartnerId, PatientId, UserId};
use crate::domain::join::Patient;
use crate::domain::organisation::Organisation;
use crate::domain::partner::Practice;
use crate::domain::read::{Receipts, Summary};
use crate::domain::visibility::Viewer;
use crate::refusal::Refusal;
use crate::store::{Concerning, DeviceRow, Fault, Store, StoreError};
pub use crate::store::{Key, Place};
use crate::sync::Engine;
pub use crate::sync::{Carried, Outgoing, SyncStep};
use crate::usecase::{Command, Outcome};
use crate::view::{PatientsScreen, TodayScreen};
use jiff::Timestamp;
use rand::RngCore;
pub use rescue::Rescued;
use std::sync::Arc;

/// The version that this software says it is.
pub const BUILD: &str = concat!("warmhand/", env!("CARGO_PKG_VERSION"));
/// While pages follow one another whoever lists reads at most so many patients anew: less than a tenth of a second on the
/// machine of the figures, some times that on a phone.
const MOST_STALE: u32 = 1_000;

/// What may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Records, and with them every list.
    Records,
    /// How sending stands.
    Sync,
    /// Who is signed in, or who may be.
    People,
}

/// Told after a commit, outside every lock of the core.
pub trait Listener: Send {
    /// These may have changed: read again what is shown.
    fn changed(&self, topics: &[Topic]);
}

/// A device.
pub struct App {
    store: Store,
    engine: Engine,
    rng: Box<dyn RngCore + Send>,
    listener: Option<Box<dyn Listener>>,
}

impl App {
    /// Opens the device's database.
    pub fn open(place: &Place, rng: Box<dyn RngCore + Send>) -> Result<Self, Refusal> {
        let mut app = Self {
            store: Store::open(place)?,
            engine: Engine::default(),
            rng,
            listener: None,
        };
        app.clean()?;
        Ok(app)
    }

    /// Opens the file of a device that need not be sound, for [`Self::rescue`]: all else that would write in it is refused.
    pub fn open_to_rescue(place: &Place, rng: Box<dyn RngCore + Send>) -> Result<Self, Refusal> {
        Ok(Self {
            store: Store::open_to_read(place)?,
            engine: Engine::default(),
            rng,
            listener: None,
        })
    }

    /// Cleans the file of a device that was wiped, where that is still to be done. Somebody beside us who reads it, or a
    /// full disk, puts it off to the next time.
    fn clean(&mut self) -> Result<(), StoreError> {
        match self.store.clean() {
            Err(StoreError::Trouble(_) | StoreError::Unreadable) | Ok(()) => Ok(()),
            Err(StoreError::Killed) => Err(StoreError::Killed),
        }
    }

    /// Reads the device's whole file and says whether it is sound. For a large file this takes a while: a shell calls
    /// it beside the running app, after opening; opening itself reads what everything else stands on.
    pub fn check(place: &Place) -> Result<(), Refusal> {
        Ok(Store::check(place)?)
    }

    /// Who is told of changes.
    pub fn set_listener(&mut self, listener: Box<dyn Listener>) {
        self.listener = Some(listener);
    }

    /// Lets a test end the work between any two statements.
    pub fn set_fault(&mut self, fault: Box<dyn Fault>) {
        self.store.set_fault(fault);
    }

    fn tell(&self, topics: &[Topic]) {
        if let Some(listener) = &self.listener {
            listener.changed(topics);
        }
    }

    fn device(&self) -> Result<DeviceRow, Refusal> {
        self.store.rows().device()?.ok_or(Refusal::NotEnrolled)
    }

    /// The sheet that this device holds.
    pub fn sheet(&self) -> Result<Arc<Organisation>, Refusal> {
        self.store.rows().sheet()?.ok_or(Refusal::NotEnrolled)
    }

    /// Who this device is.
    pub fn id(&self) -> Result<DeviceId, Refusal> {
        Ok(self.device()?.device)
    }

    /// Who may work on it.
    pub fn people(&self) -> Result<Vec<UserId>, Refusal> {
        Ok(self.device()?.people)
    }

    /// Who is signed in.
    pub fn signed_in(&self) -> Result<Option<UserId>, Refusal> {
        Ok(self.device()?.signed_in)
    }

    /// Does what a person asked for, or refuses and changes nothing.
    pub fn dispatch(&mut self, command: Command, now: Timestamp) -> Result<Outcome, Refusal> {
        let mut device = self.in_service()?;
        if let Command::SignIn { user } | Command::SwitchUser { user } = &command {
            if !device.people.contains(user) {
                return Err(Refusal::SignedOut);
            }
            device.signed_in = Some(user.clone());
            self.store.write(|write| write.save_device(&device))?;
            self.tell(&[Topic::People, Topic::Records]);
            return Ok(Outcome::default());
        }
        let sheet = self.sheet()?;
        let corrected = device.corrected(now);
        let outcome = writer::run(
            &mut self.store,
            &mut *self.rng,
            &device,
            &sheet,
            command,
            corrected,
        )?;
        self.engine.want();
        self.tell(&[Topic::Records, Topic::Sync]);
        Ok(outcome)
    }

    // ---- sync ----

    /// Asks to become a device; the answer comes back through `sync_answered`.
    pub fn enrol(&mut self, code: &str, now: Timestamp) -> Outgoing {
        self.engine.enrol(code, BUILD, &mut *self.rng, now)
    }

    /// The link came up, or the server nudged.
    pub fn sync_wanted(&mut self) {
        self.engine.want();
    }

    /// What to carry now, or until when there is nothing.
    pub fn sync_next(&mut self, now: Timestamp) -> Result<SyncStep, Refusal> {
        self.clean()?;
        self.catch_up(now)?;
        let next = self.engine.next(&self.store, BUILD, &mut *self.rng, now)?;
        if matches!(next, SyncStep::Idle(_)) {
            self.store.settle_log();
        }
        Ok(next)
    }

    /// Is there more to carry at once? A platform that gives little time in the background gives it as long as this holds.
    pub fn sync_goes_on(&self) -> bool {
        self.engine.goes_on()
    }

    /// Whoever asks for lists reads anew what was overtaken, by an entry, an answer or time; written down here, it is read
    /// once. While pages follow one another they come first, as long as a list can be read meanwhile. A database that
    /// cannot be written costs that time and nothing else.
    fn catch_up(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let rows = self.store.rows();
        // What waits says with the next request when something of it falls due.
        let has_time = self.engine.goes_on() && rows.unsent()?.0 == 0;
        if has_time && !rows.is_stale_beyond(MOST_STALE)? {
            return Ok(());
        }
        let (Some(device), Some(sheet)) = (rows.device()?, rows.sheet()?) else {
            return Ok(());
        };
        match self.store.index_overtaken(&sheet, device.corrected(now)) {
            Err(StoreError::Trouble(_) | StoreError::Unreadable) | Ok(()) => Ok(()),
            Err(StoreError::Killed) => Err(StoreError::Killed),
        }
    }

    /// What the carrier brought back.
    pub fn sync_answered(
        &mut self,
        number: u64,
        carried: &Carried,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let taken = self
            .engine
            .answered(&mut self.store, number, carried, &mut *self.rng, now)?;
        if matches!(carried, Carried::Failed) {
            // A morning without a signal: nobody waits, and the log must not grow until the evening.
            self.store.settle_log();
        }
        let mut topics = vec![Topic::Sync];
        if !taken.patients.is_empty() {
            topics.push(Topic::Records);
        }
        if taken.people {
            topics.push(Topic::People);
        }
        self.tell(&topics);
        Ok(())
    }

    // ---- screens ----

    /// A patient with her records here, and the receipts of their entries: all that this device holds of her, whoever is
    /// signed in. No screen shows it.
    pub fn patient(&self, patient: PatientId) -> Result<(Patient, Receipts), Refusal> {
        let held = self.store.rows().patient(patient)?;
        Ok((held.patient, held.receipts))
    }

    /// Is this record on this device, to be shown?
    pub fn holds(&self, record: DocumentId) -> Result<bool, Refusal> {
        Ok(self
            .store
            .rows()
            .document_row(record)?
            .is_some_and(|(_, _, hidden)| !hidden))
    }

    /// Every record that is for the signed-in person, as it reads now; none while the device is locked.
    fn summaries(&self, sheet: &Organisation, now: Timestamp) -> Result<Vec<Summary>, Refusal> {
        let device = self.in_service()?;
        if self.is_locked(&device, now)? {
            return Ok(Vec::new());
        }
        let (viewer, now) = (device.viewer(sheet), device.corrected(now));
        Ok(self.store.rows().summaries(&viewer, sheet, now)?)
    }

    /// What the signed-in person has to do.
    pub fn today(&self, raw: Timestamp) -> Result<TodayScreen, Refusal> {
        let device = self.unlocked(raw)?;
        let user = device.signed_in.clone().ok_or(Refusal::SignedOut)?;
        let sheet = self.sheet()?;
        let zone = jiff::tz::TimeZone::get(&sheet.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let now = device.corrected(raw);
        let rows = self.store.rows();
        let viewer = device.viewer(&sheet);
        let Concerning { records, unread } = rows.concerning(&user, &viewer, &sheet, now)?;
        let mut screen = TodayScreen::of(&records, &sheet, &user, &zone, now);
        screen.unread = unread;
        self.settle_waiting(&mut screen.waiting, raw);
        Ok(screen)
    }

    /// The caseload of the signed-in person.
    pub fn patients(&self, now: Timestamp) -> Result<PatientsScreen, Refusal> {
        let device = self.unlocked(now)?;
        let sheet = self.sheet()?;
        let viewer = device.viewer(&sheet);
        if matches!(viewer, Viewer::Nobody) {
            return Err(Refusal::SignedOut);
        }
        let rows = self.store.rows();
        let list = rows.list(&viewer, &sheet, device.corrected(now))?;
        Ok(PatientsScreen::of(&list))
    }

    /// A practice, as far as people were told.
    pub fn practice(&self, partner: &PartnerId) -> Result<Practice, Refusal> {
        Ok(self.store.rows().practice(partner)?)
    }
}
