//! The one object that a shell holds, and whom it tells. Every method is one line into the core behind a lock.

use crate::caught::caught;
use crate::code::{DerivedId, DeviceId, DocumentId, PartnerId, PatientId, Timestamp, UserId};
use crate::held::{Held, Open};
use crate::refusal::Refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::BufWriter;
use std::sync::{Arc, Mutex, PoisonError};
use warmhand_core::app::{self as core, Carried, Key, Outgoing, Place, Rescued, SyncStep, Topic};
use warmhand_core::refusal as refused;
use warmhand_core::usecase::{Command, Outcome};
use warmhand_core::view::SafetyPanel;
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
    fn opened(path: String, key: Vec<u8>, open: Open) -> Result<Self, Refusal> {
        let key = Key::new(&Zeroizing::new(key))?;
        if path.is_empty() {
            return Err(refused::Refusal::Invalid {
                field: "path",
                problem: refused::Problem::Empty,
            }
            .into());
        }
        Ok(Self {
            held: Mutex::new(Held::open(Place::Encrypted(path.into(), key), open)?),
            listener: Mutex::new(None),
        })
    }

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

    fn drawn<T: Serialize>(
        &self,
        work: impl FnOnce(&mut core::App) -> Result<T, refused::Refusal>,
    ) -> Result<String, Refusal> {
        self.with(work).and_then(|screen| text(&screen))
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
        Self::opened(path, key, core::App::open)
    }

    /// Opens a file that `open` refuses as damaged, for `rescue` alone: nothing is written to it.
    #[uniffi::constructor]
    pub fn open_to_rescue(path: String, key: Vec<u8>) -> Result<Self, Refusal> {
        Self::opened(path, key, core::App::open_to_rescue)
    }

    /// Reads the device's whole file and says whether it is sound; opening itself reads only what everything else stands
    /// on. Takes as long as the file is large and holds nobody up: call it beside the running app.
    pub fn check(&self) -> Result<(), Refusal> {
        let place = self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .place();
        caught(move || core::App::check(&place)).map_err(|at| Refusal::Internal { at })??;
        Ok(())
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

    /// Is there more to carry at once? A platform that gives little time in the background gives it as long as this holds.
    pub fn sync_goes_on(&self) -> Result<bool, Refusal> {
        self.with(|core| Ok(core.sync_goes_on()))
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

    /// Writes everything that this device holds into a new file, for whoever carries it to the server when the device
    /// cannot sync any more. Only its server opens it, or, where that has lost its keys, the one whose key for boxes is
    /// named, as "warmhand keys show" prints it. Nothing of the device changes.
    pub fn rescue(&self, path: String, named: Option<String>) -> Result<Rescued, Refusal> {
        self.with(|core| {
            let key = named.as_deref().map(str::parse).transpose();
            let key = key.map_err(|_| refused::Refusal::Invalid {
                field: "named",
                problem: refused::Problem::Unreadable,
            })?;
            let trouble = |_| refused::Refusal::Storage(refused::StorageTrouble::Unavailable);
            let mut file = BufWriter::new(File::create_new(&path).map_err(trouble)?);
            let rescued = core.rescue(&mut file, key);
            let kept = file.get_ref().sync_all().map_err(trouble);
            // Half a file is of no use, and would stand in the way of a whole one.
            rescued
                .and_then(|rescued| kept.map(|()| rescued))
                .inspect_err(|_| {
                    let _ = std::fs::remove_file(&path);
                })
        })
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

    /// Who may take the device in hand, by name, and which sites there are: a `SignInScreen`.
    pub fn sign_in_screen(&self) -> Result<String, Refusal> {
        self.drawn(|core| core.sign_in_screen())
    }

    // ---- screens: JSON text, in the form that the core's `view` documents ----

    /// What the signed-in person has to do: a `TodayScreen`.
    pub fn today(&self, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.today(now))
    }

    /// The caseload: a `PatientsScreen`.
    pub fn patients(&self, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.patients(now))
    }

    /// One record: a `HandoffScreen`.
    pub fn handoff(&self, record: DocumentId, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.handoff(record, now))
    }

    /// A new handoff for a patient to be named: a `NewHandoffScreen` for what was typed, a `HandoffDraft`.
    pub fn new_handoff(&self, draft: String, now: Timestamp) -> Result<String, Refusal> {
        let draft = typed(&draft)?;
        self.drawn(|core| core.new_handoff(&draft, now))
    }

    /// A new handoff in a record that is open.
    pub fn new_handoff_in(
        &self,
        record: DocumentId,
        draft: String,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let draft = typed(&draft)?;
        self.drawn(|core| core.new_handoff_in(record, &draft, now))
    }

    /// The visit with the strip "before they leave": a `VisitScreen`.
    pub fn visit(&self, record: DocumentId, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.visit(record, now))
    }

    /// The card in hand while a practice is called: a `CallCard`.
    pub fn call_card(
        &self,
        record: DocumentId,
        partner: Option<PartnerId>,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.drawn(|core| core.call_card(record, partner.as_ref(), now))
    }

    /// The offer and what she says to it: a `DecisionScreen` for a `DecisionDraft`.
    pub fn decision(
        &self,
        record: DocumentId,
        draft: String,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let draft = typed(&draft)?;
        self.drawn(|core| core.decision(record, &draft, now))
    }

    /// Booking a visit: an `AppointmentForm` for an `AppointmentDraft`.
    pub fn appointment_form(
        &self,
        record: DocumentId,
        draft: String,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let draft = typed(&draft)?;
        self.drawn(|core| core.appointment_form(record, &draft, now))
    }

    /// Writing down the scores of a form: a `ScreenForm` for a `ScreenDraft`.
    pub fn screen_form(
        &self,
        record: DocumentId,
        draft: String,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let draft = typed(&draft)?;
        self.drawn(|core| core.screen_form(record, &draft, now))
    }

    /// The next step: a `NextStepScreen` for a `NextStepDraft`.
    pub fn next_step(
        &self,
        record: DocumentId,
        draft: String,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        let draft = typed(&draft)?;
        self.drawn(|core| core.next_step(record, &draft, now))
    }

    /// The card that she keeps: a `PatientCard`. Safe for her and whoever reads along.
    pub fn patient_card(&self, record: DocumentId, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.patient_card(record, now))
    }

    /// A question that two people left: a `ReviewScreen`.
    pub fn review(
        &self,
        record: DocumentId,
        item: DerivedId,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.drawn(|core| core.review(record, item, now))
    }

    /// The patient of a record beside another who may be she: a `SamePersonScreen`.
    pub fn same_person(
        &self,
        record: DocumentId,
        other: PatientId,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.drawn(|core| core.same_person(record, other, now))
    }

    /// The whole history of a record: a `HistoryScreen`.
    pub fn history(&self, record: DocumentId, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.history(record, now))
    }

    /// What to do when somebody is worried: a `SafetyPanel`. It is there signed out, locked and not enrolled.
    pub fn safety_panel(
        &self,
        record: Option<DocumentId>,
        now: Timestamp,
    ) -> Result<String, Refusal> {
        self.drawn(|core| Ok(core.safety_panel(record, now)))
    }

    /// Practices to call: a `DirectoryScreen`.
    pub fn directory(&self, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.directory(now))
    }

    /// One practice: a `PartnerScreen`.
    pub fn partner(&self, partner: PartnerId, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.partner(&partner, now))
    }

    /// The truth about sending: a `SyncStatusScreen`.
    pub fn sync_status(&self, now: Timestamp) -> Result<String, Refusal> {
        self.drawn(|core| core.sync_status_at(now))
    }
}

/// Whom to call when no file can be opened at all: the `SafetyPanel` of a device that knows nothing.
#[uniffi::export]
pub fn safety_panel_without_file() -> Result<String, Refusal> {
    text(&SafetyPanel::bare(None, false))
}

/// What somebody typed, as JSON.
fn typed<T: DeserializeOwned>(draft: &str) -> Result<T, Refusal> {
    serde_json::from_str(draft).map_err(|_| Refusal::unreadable("draft"))
}

fn text(screen: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(screen).map_err(|_| Refusal::unreadable("screen"))
}
