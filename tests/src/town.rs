//! A server on real files and devices that reach its router without a socket: what it takes to stop either side at any
//! place, put an older image back, and look at what is left.

mod phone;

pub use phone::Phone;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;
use warmhand_core::app::{Carried, Outgoing};
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};
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
        Phone::enrolled(self, name, people)
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
