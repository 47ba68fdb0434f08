//! A server on real files and devices that reach its router without a socket: what it takes to stop either side at any
//! place, put an older image back, and look at what is left.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;
use warmhand_core::app::{App, Carried, Outgoing, Place, SyncStep};
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};
use warmhand_core::refusal::Refusal;
use warmhand_core::usecase::{Command, Outcome};
use warmhand_server::clock::{Clock, Random, SetClock};
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::QuarantineRow;
use warmhand_server::store::sqlite::{self, Fault, Sqlite, Verified};
use warmhand_server::{Server, Settings};

/// A server with its folder and its clock.
pub struct Town {
    folder: TempDir,
    clock: Arc<SetClock>,
    runtime: Runtime,
    store: Option<Sqlite>,
    server: Option<Arc<Server>>,
    keys: KeyFile,
    seed: u64,
}

impl Default for Town {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Town {
    /// Opens a town with the test organisation; its server may be struck by a fault.
    pub fn new(fault: Option<Arc<dyn Fault>>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let start: Timestamp = "2026-03-02T13:00:00Z".parse().expect("a time");
        let keys = KeyFile::new([7; 16], [9; 32], jiff::Timestamp::UNIX_EPOCH);
        let settings = sqlite::Settings {
            sheet: crate::organisation::SHEET,
            epoch: [7; 16],
            keys: keys.clone(),
            web: DeviceId(uuid::Uuid::from_u128(1)),
        };
        let place = sqlite::Place::Folder(folder.path().to_owned());
        drop(sqlite::init(&place, &settings).expect("a database"));
        let runtime = Runtime::new().expect("a runtime");
        let clock = Arc::new(SetClock::at(start));
        let mut town = Self {
            folder,
            clock,
            runtime,
            store: None,
            server: None,
            keys,
            seed: 0,
        };
        town.open(fault);
        town
    }

    /// Starts the server on what lies in the folder.
    pub fn open(&mut self, fault: Option<Arc<dyn Fault>>) {
        self.seed += 1;
        let mut store =
            Sqlite::open(self.folder.path(), self.keys.clone()).expect("the database opens");
        store.replay().expect("the journal reads");
        if let Some(fault) = fault {
            store = store.with_fault(fault);
        }
        let random = Arc::new(Random::seeded(self.seed));
        let clock: Arc<dyn Clock> = self.clock.clone();
        self.store = Some(store.clone());
        self.server = Some(Server::new(
            Arc::new(store),
            clock,
            random,
            Settings::default(),
        ));
    }

    /// Stops it: what is in memory is gone.
    pub fn close(&mut self) {
        self.server = None;
        self.store = None;
    }

    /// The server's database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("warmhand.db")
    }

    /// A copy of the stopped server's folder.
    pub fn image(&mut self) -> TempDir {
        self.close();
        let image = tempfile::tempdir().expect("a folder");
        copy(self.folder.path(), image.path());
        self.open(None);
        image
    }

    /// The keys with which it signs receipts and proves devices.
    pub fn keys(&self) -> &KeyFile {
        &self.keys
    }

    /// Its storage.
    pub fn store(&self) -> &Sqlite {
        self.store.as_ref().expect("open")
    }

    /// Where its database lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a folder back whose keys are others.
    pub fn restore_under(&mut self, image: &TempDir, keys: KeyFile) {
        self.keys = keys;
        self.restore(image);
    }

    /// Puts an older folder back.
    pub fn restore(&mut self, image: &TempDir) {
        self.close();
        for file in std::fs::read_dir(self.folder.path()).expect("the folder") {
            std::fs::remove_file(file.expect("a file").path()).expect("removed");
        }
        copy(image.path(), self.folder.path());
        self.open(None);
    }

    /// The running server.
    pub fn server(&self) -> &Arc<Server> {
        self.server.as_ref().expect("the server runs")
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// So many minutes go by.
    pub fn wait(&self, minutes: i64) {
        self.clock
            .set(self.now() + SignedDuration::from_mins(minutes));
    }

    /// Runs something of the server's to its end.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Sends bytes to a path and brings back status and body.
    pub fn post(&self, path: &str, bearer: Option<&str>, body: Vec<u8>) -> (u16, Vec<u8>) {
        let mut request = Request::post(path);
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let request = request.body(Body::from(body)).expect("a request");
        self.run(async {
            let answer = self
                .server()
                .router()
                .oneshot(request)
                .await
                .expect("an answer");
            let status = answer.status().as_u16();
            (
                status,
                to_bytes(answer.into_body(), usize::MAX)
                    .await
                    .expect("a body")
                    .to_vec(),
            )
        })
    }

    /// Checks the server's database against itself.
    pub fn verify(&self) -> Verified {
        self.run(self.store().verify(self.now()))
            .expect("it can be read")
    }

    /// What is kept aside and waits for a person.
    pub fn aside(&self) -> Vec<QuarantineRow> {
        let aside = self.server().store.quarantine(self.now());
        self.run(aside).expect("it reads").rows
    }

    /// The ids of all entries of a patient's records on the server.
    pub fn entries(&self, patient: PatientId) -> Vec<String> {
        let folder = self
            .run(self.server().store.folder(patient, None))
            .expect("the folder");
        let records = folder.patient.records.iter();
        let entries = records.flat_map(|r| r.entries());
        let mut ids: Vec<_> = entries.map(|e| e.id.to_string()).collect();
        ids.sort();
        ids
    }

    /// A handoff that a nurse recorded and that has reached the coordinator too: their devices, and where it lies.
    pub fn shared_handoff(&self) -> (Phone, Phone, DocumentId, PatientId) {
        let mut nurse = self.device("ana", &["n1"]);
        let mut coordinator = self.device("carla", &["c1"]);
        let (record, patient) = nurse.handoff(self, "Rosa");
        nurse.sync(self);
        coordinator.sync(self);
        (nurse, coordinator, record, patient)
    }

    /// A device with these people, enrolled, the first of them signed in.
    pub fn device(&self, name: &str, people: &[&str]) -> Phone {
        let people: Vec<_> = people.iter().map(|p| (*p).into()).collect();
        let code = self
            .run(
                self.server()
                    .issue_code(name.into(), "tablet".into(), people.clone()),
            )
            .expect("a code");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("device.db");
        let seed = name.bytes().fold(17, |seed: u64, b| {
            seed.wrapping_mul(31).wrapping_add(u64::from(b))
        });
        let mut app = open(&path, seed);
        let asked = app.enrol(&code.text, self.now());
        let carried = self.carry(&asked);
        app.sync_answered(asked.number, &carried, self.now())
            .expect("enrolled");
        let mut phone = Phone {
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
                self.now(),
            )
            .expect("signed in");
        phone
    }

    /// Carries a request.
    pub fn carry(&self, asked: &Outgoing) -> Carried {
        let (status, body) = self.post(asked.path, asked.bearer.as_deref(), asked.body.clone());
        Carried::Answer { status, body }
    }
}

/// Copies the files of one folder into another.
pub fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

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
            serde_json::json!({"OpenRecord": {"site": "home", "preferred_name": name}}),
        );
        let (record, patient) = (
            made.record.expect("a record"),
            made.patient.expect("a patient"),
        );
        for command in [
            serde_json::json!({"StartEncounter": {"record": record, "setting": "home", "signal": "voice_only"}}),
            serde_json::json!({"RecordScreen": {"record": record, "instrument": "phq9", "mode": "interview",
                "items": [2, 2, 1, 2, 1, 1, 2, 1, 0]}}),
            serde_json::json!({"IdentifyNeed": {"record": record, "basis": "screen"}}),
            serde_json::json!({"OfferHandoff": {"record": record, "mode": "phone"}}),
            serde_json::json!({"RecordDecision": {"record": record, "value": "agreed"}}),
            serde_json::json!({"RecordContact": {"record": record, "with": "partner", "partner": "har",
                "outcome": "spoke_directly", "patient_on_line": true}}),
            serde_json::json!({"BookAppointment": {"record": record, "partner": "har", "start_local": "2026-03-09T09:30"}}),
            serde_json::json!({"EndEncounter": {"record": record}}),
        ] {
            town.wait(3);
            self.does(town, command);
        }
        (record, patient)
    }
}
