//! A device on a file, as the people of a town hold it: what it does, and how its process ends and begins again.

use super::Town;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use warmhand_core::app::{App, Carried, Place, SyncStep};
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_core::refusal::Refusal;
use warmhand_core::usecase::{Command, Outcome};

fn open(path: &Path, seed: u64) -> App {
    App::open(
        &Place::File(path.to_owned()),
        Box::new(ChaCha20Rng::seed_from_u64(seed)),
    )
    .expect("the device opens")
}

/// A device on a file.
pub struct Phone {
    /// Its core.
    pub app: App,
    /// Its credential, once it has sent something.
    pub bearer: String,
    _folder: TempDir,
    path: PathBuf,
    seed: u64,
}

impl Phone {
    pub(super) fn enrolled(town: &Town, name: &str, people: &[&str]) -> Self {
        let people: Vec<_> = people.iter().map(|p| (*p).into()).collect();
        let code = town
            .run(
                town.server()
                    .issue_code(name.into(), "tablet".into(), people.clone()),
            )
            .expect("a code");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("device.db");
        let seed = name.bytes().fold(17, |seed: u64, b| {
            seed.wrapping_mul(31).wrapping_add(u64::from(b))
        });
        let mut app = open(&path, seed);
        let asked = app.enrol(&code.text, town.now());
        let carried = town.carry(&asked);
        app.sync_answered(asked.number, &carried, town.now())
            .expect("enrolled");
        let mut phone = Self {
            app,
            bearer: String::new(),
            _folder: folder,
            path,
            seed,
        };
        phone
            .app
            .dispatch(
                Command::SignIn {
                    user: people[0].clone(),
                },
                town.now(),
            )
            .expect("signed in");
        phone
    }

    /// Where its file lies.
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// The process ends; its file goes elsewhere.
    pub fn leave(self, to: &Path) {
        drop(self.app);
        std::fs::copy(&self.path, to).expect("copied");
    }

    /// The process ends and begins again: only what is on the disk is left.
    pub fn restart(&mut self) {
        self.seed += 1;
        self.app = open(&self.path, self.seed);
    }

    /// Other files lie there when its process begins again.
    pub fn replace(&mut self, put: impl FnOnce(&Path)) {
        self.seed += 1;
        self.app = App::open(&Place::Memory, Box::new(ChaCha20Rng::seed_from_u64(0)))
            .expect("nothing opens");
        put(&self.path);
        self.app = open(&self.path, self.seed);
    }

    /// Somebody does something.
    pub fn act(&mut self, town: &Town, command: Command) -> Result<Outcome, Refusal> {
        self.app.dispatch(command, town.now())
    }

    /// The same from its JSON form.
    pub fn does(&mut self, town: &Town, command: serde_json::Value) -> Outcome {
        let command: Command = serde_json::from_value(command).expect("a command");
        self.act(town, command).expect("the rules allow it")
    }

    /// Somebody notes something in a record.
    pub fn note(&mut self, town: &Town, record: DocumentId, text: &str) {
        self.does(town, json!({"AddNote": {"record": record, "text": text}}));
    }

    /// Sends once, and never hears what came of it.
    pub fn sends_unheard(&mut self, town: &Town) {
        self.app.sync_wanted();
        if let Ok(SyncStep::Send(asked)) = self.app.sync_next(town.now()) {
            town.carry(&asked);
        }
    }

    /// Sends and fetches until there is nothing to say; a struck server or device is tried again.
    pub fn sync(&mut self, town: &Town) {
        self.app.sync_wanted();
        for _ in 0..500 {
            match self.app.sync_next(town.now()) {
                Ok(SyncStep::Send(asked)) => {
                    self.bearer = asked.bearer.clone().unwrap_or_default();
                    let carried = town.carry(&asked);
                    let failed = !matches!(carried, Carried::Answer { status: 200, .. });
                    let taken = self.app.sync_answered(asked.number, &carried, town.now());
                    if taken.is_err() {
                        self.restart();
                    }
                    if failed || taken.is_err() {
                        self.app.sync_wanted();
                    }
                }
                Ok(SyncStep::Idle(_)) => return,
                Err(_) => {
                    self.restart();
                    self.app.sync_wanted();
                }
            }
        }
        panic!("the device does not come to rest");
    }

    /// The ids of all entries of a patient's records here.
    pub fn entries(&self, patient: PatientId) -> Vec<String> {
        let (patient, _) = self.app.patient(patient).expect("the patient");
        let mut ids: Vec<_> = patient
            .records
            .iter()
            .flat_map(|r| r.entries())
            .map(|e| e.id.to_string())
            .collect();
        ids.sort();
        ids
    }

    /// A handoff up to a booked visit: so many commands by one person.
    pub fn handoff(&mut self, town: &Town, name: &str) -> (DocumentId, PatientId) {
        let made = self.does(
            town,
            json!({"OpenRecord": {"site": "home", "preferred_name": name}}),
        );
        let (record, patient) = (
            made.record.expect("a record"),
            made.patient.expect("a patient"),
        );
        for command in [
            json!({"StartEncounter": {"record": record, "setting": "home", "signal": "voice_only"}}),
            json!({"RecordScreen": {"record": record, "instrument": "phq9", "mode": "interview",
                "items": [2, 2, 1, 2, 1, 1, 2, 1, 0]}}),
            json!({"IdentifyNeed": {"record": record, "basis": "screen"}}),
            json!({"OfferHandoff": {"record": record, "mode": "phone"}}),
            json!({"RecordDecision": {"record": record, "value": "agreed"}}),
            json!({"RecordContact": {"record": record, "with": "partner", "partner": "har",
                "outcome": "spoke_directly", "patient_on_line": true}}),
            json!({"BookAppointment": {"record": record, "partner": "har", "start_local": "2026-03-09T09:30"}}),
            json!({"EndEncounter": {"record": record}}),
        ] {
            town.wait(3);
            self.does(town, command);
        }
        (record, patient)
    }
}
