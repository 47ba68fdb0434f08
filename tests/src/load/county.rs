//! A county's server with any number of records: twenty nurses at one site, each with her device. One of her records is
//! made by real commands; the others are that one written again.

use super::device::Device;
use super::pattern::{Made, NAME, Pattern, words};
use super::server::{self, Listening};
use jiff::{SignedDuration, Timestamp, ToSpan};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;
use warmhand_core::app::BUILD;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{
    Ack, AckState, Cursor, DeviceState, Hello, PushedChange, PushedDocument, SCHEMA, Status,
    SyncAnswer, SyncRequest, Token,
};
use warmhand_server::Server;
use warmhand_server::clock::SetClock;
use warmhand_server::sealing::closing;

/// Who makes records.
pub const NURSES: usize = 20;
/// Entries of a record.
const ENTRIES: usize = 12;
/// Records in one push of the fixture: so many of one nurse follow one another.
pub const AT_ONCE: usize = 50;
/// The password of the supervisor on the dashboard.
pub const PASSWORD: &str = "a county morning";

/// Where a nurse works: they share one site, or have sites of their own.
fn site(nurse: usize, sites: usize) -> String {
    match nurse % sites {
        0 => "home".to_owned(),
        other => format!("home-{other}"),
    }
}

fn sheet(sites: usize) -> String {
    let nurse = |n: usize| {
        let at = site(n, sites);
        json!({"id": format!("n{}", n + 1), "name": format!("Nurse {}", n + 1),
            "roles": [{"role": "nurse", "sites": [at]}]})
    };
    let mut people: Vec<Value> = (0..NURSES).map(nurse).collect();
    let houses: Vec<Value> = (0..sites)
        .map(|n| json!({"id": site(n, sites), "name": format!("Home visiting {n}")}))
        .collect();
    people.push(json!({"id": "c1", "name": "Carla Reyes", "roles": [{"role": "coordinator"}]}));
    people.push(json!({"id": "sup", "name": "Maya Lindqvist", "roles": [{"role": "supervisor"}]}));
    json!({
        "name": "Morning County", "zone": "America/New_York",
        "sites": houses,
        "people": people,
        "roster": [{"site": "home", "primary": "c1", "backup": "n1"}],
        "partners": [
            {"id": "har", "name": "Harbor Counseling", "promise": {"value": 24, "unit": "clock_hours"},
             "contacts": [{"name": "Mia", "role": "intake", "channel": "voice", "value": "555-0142"}]},
            {"id": "jun", "name": "Juniper Clinic", "promise": {"value": 1, "unit": "business_days"},
             "contacts": [{"name": "Rosa", "channel": "voice", "value": "555-0171"}]}
        ]
    })
    .to_string()
}

/// No two devices draw the same ids, not even two of one person.
fn seed(path: &Path) -> u64 {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().iter().fold(17, |seed: u64, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(*byte))
    })
}

/// What one nurse's week was like: the commands of a record, in order, after it was opened.
fn week(nurse: usize, record: DocumentId) -> Vec<Value> {
    let owner = format!("n{}", nurse + 1);
    let mut commands = vec![
        json!({"StartEncounter": {"record": record, "setting": "home", "signal": "voice_only"}}),
        json!({"IdentifyNeed": {"record": record, "basis": "judgement", "owner": owner}}),
        json!({"OfferHandoff": {"record": record, "mode": "phone"}}),
        json!({"RecordDecision": {"record": record, "value": "agreed"}}),
    ];
    let book = |on: &str| json!({"BookAppointment": {"record": record, "partner": "har", "start_local": on}});
    match nurse % 4 {
        // A visit to come; one that was, unasked; a step that is set; a call to be made again.
        0 => commands.push(book("2026-03-12T09:30")),
        1 => commands.push(book("2026-03-09T09:30")),
        2 => commands.push(
            json!({"SetNextStep": {"record": record, "what": "our_callback",
            "due_at": "2026-03-10T16:00-04:00[America/New_York]", "contact_name": "Mia",
            "contact_value": "555-0142", "partner": "har"}}),
        ),
        _ => commands.push(
            json!({"RecordContact": {"record": record, "with": "partner", "partner": "jun",
            "outcome": "no_answer", "patient_on_line": true}}),
        ),
    }
    commands.push(json!({"EndEncounter": {"record": record}}));
    commands
}

/// The server with what is known of its records.
pub struct County {
    folder: PathBuf,
    runtime: Runtime,
    server: Arc<Server>,
    clock: Arc<SetClock>,
    patterns: Vec<Pattern>,
    sites: usize,
    /// Where each nurse's device stands in the log.
    positions: BTreeMap<DeviceId, Token>,
    /// Every record, in order of making.
    pub records: Vec<Made>,
    /// The random source of the fixture.
    pub rng: ChaCha20Rng,
    number: u64,
    /// Which key for closed boxes its devices have.
    box_key: u64,
}

impl County {
    /// A county without copies: its nurses have made one record each, all at one site.
    pub fn new(folder: &Path) -> Self {
        Self::of_sites(folder, 1)
    }

    /// The same with so many sites: whoever works at one sees nothing of the others.
    pub fn of_sites(folder: &Path, sites: usize) -> Self {
        let start: Timestamp = "2026-03-02T13:00:00Z".parse().expect("a time");
        server::init(folder, &sheet(sites));
        let (server, clock) = server::open(folder, start, 1);
        let mut county = Self {
            folder: folder.to_owned(),
            runtime: Runtime::new().expect("a runtime"),
            server,
            clock,
            patterns: Vec::new(),
            sites,
            positions: BTreeMap::new(),
            records: Vec::new(),
            rng: ChaCha20Rng::seed_from_u64(7),
            number: 0,
            box_key: closing(&server::key()).mark(),
        };
        county
            .runtime
            .block_on(
                county
                    .server
                    .set_password("sup".into(), PASSWORD.to_owned()),
            )
            .expect("a password");
        county.draw();
        county.clock.set(server::morning());
        county
    }

    fn now(&self) -> Timestamp {
        self.server.now()
    }

    /// Lets every nurse make her record.
    fn draw(&mut self) {
        let listening = Listening::to(self.server.router());
        let files = tempfile::tempdir().expect("a folder");
        let mut made = Vec::new();
        for nurse in 0..NURSES {
            let user = format!("n{}", nurse + 1);
            let path = files.path().join(&user);
            let mut device = self.device(&path, &listening.url, &user);
            let site = site(nurse, self.sites);
            let open = json!({"OpenRecord": {"site": site, "preferred_name": NAME}});
            let opened = device.does(open, self.now());
            let record = opened.record.expect("a record");
            for command in week(nurse, record) {
                self.clock.set(self.now() + SignedDuration::from_mins(4));
                device.does(command, self.now());
            }
            made.push((record, opened.patient.expect("a patient"), device));
            self.clock.set(self.now() + 20.minutes());
        }
        for (record, _, device) in &mut made {
            let patient = device
                .app
                .handoff(*record, self.server.now())
                .expect("it reads");
            let missing = ENTRIES.saturating_sub(patient.timeline.len());
            for _ in 0..missing {
                let text = words(90, &mut self.rng);
                device.does(
                    json!({"AddNote": {"record": *record, "text": text}}),
                    self.server.now(),
                );
            }
            device.sync(self.server.now());
            assert!(device.is_green(), "the pattern is on the server");
        }
        let changes = self
            .runtime
            .block_on(self.server.store.changes())
            .expect("changes");
        for (record, patient, _) in made {
            let pattern = Pattern::of(&changes, record, patient);
            assert_eq!(
                pattern.len(),
                ENTRIES,
                "a record of the figures has twelve entries"
            );
            self.patterns.push(pattern);
        }
    }

    /// An enrolled device, its person signed in.
    pub fn device(&self, path: &Path, url: &str, user: &str) -> Device {
        let code = self
            .runtime
            .block_on(
                self.server
                    .issue_code(user.into(), "phone".into(), vec![user.into()]),
            )
            .expect("a code");
        let mut device = Device::open(path, url, seed(path));
        device.enrol(&code.text, self.now());
        device.does(json!({"SignIn": {"user": user}}), self.now());
        device
    }

    /// Makes records until there are so many.
    pub fn grow(&mut self, to: usize, mut progress: impl FnMut(usize)) {
        while self.records.len() < to {
            let from = self.records.len();
            let nurse = (from / AT_ONCE) % NURSES;
            let mut push = Vec::new();
            for n in from..to.min(from + AT_ONCE) {
                let pattern = self.patterns.get(nurse).expect("a pattern");
                let (made, changes) = pattern.make(n, &mut self.rng);
                push.push(PushedDocument {
                    doc: made.doc,
                    changes,
                });
                self.records.push(made);
            }
            let device = self.patterns.get(nurse).expect("a pattern").device();
            self.push(device, push);
            progress(self.records.len());
        }
    }

    /// A record of this nurse as if she had made it on another device; not sent.
    pub fn copy_on(&mut self, nurse: usize, device: DeviceId) -> (Made, Vec<PushedChange>) {
        let pattern = self.patterns.get(nurse).expect("a pattern").on(device);
        self.number += 1;
        pattern.make(
            usize::try_from(self.number).unwrap_or_default(),
            &mut self.rng,
        )
    }

    /// Notes by others on these records, sent from their devices.
    pub fn others_write(&mut self, records: std::ops::Range<usize>) -> Vec<PushedChange> {
        let now = self.now();
        let mut written = Vec::new();
        for at in records {
            let made = self.records.get_mut(at).expect("a record");
            let change = made.note(now, &mut self.rng);
            let (device, doc) = (made.device(), made.doc);
            let changes = vec![change.clone()];
            self.push(device, vec![PushedDocument { doc, changes }]);
            written.push(change);
        }
        written
    }

    /// What the device of a nurse says when it pushes this.
    pub fn request(&mut self, device: DeviceId, push: Vec<PushedDocument>) -> SyncRequest {
        self.number += 1;
        let head = self.positions.get(&device).copied().unwrap_or(Token {
            epoch: [7; 16],
            ..Token::default()
        });
        SyncRequest {
            hello: Hello {
                number: self.number,
                build: BUILD.to_owned(),
                schema: SCHEMA,
                client_now: self.now().as_millisecond(),
                sheet_version: 1,
                cursor: Cursor {
                    token: head,
                    after: None,
                },
                high: head,
                box_key: self.box_key,
            },
            state: DeviceState::default(),
            push,
            page_bytes: 1,
        }
    }

    /// The device is in step with the server: what it asks from here on is asked of what comes.
    pub fn is_in_step(&mut self, device: DeviceId) {
        let answer = self.ask(device, Vec::new());
        self.positions.insert(device, answer.high);
    }

    fn ask(&mut self, device: DeviceId, push: Vec<PushedDocument>) -> SyncAnswer {
        let request = self.request(device, push);
        let asked = self.server.store.sync(device, request, self.now());
        self.runtime.block_on(asked).expect("taken")
    }

    fn push(&mut self, device: DeviceId, push: Vec<PushedDocument>) {
        let answer = self.ask(device, push);
        assert_eq!(answer.status, Status::Ok);
        let refused = |ack: &Ack| !matches!(ack.state, AckState::Accepted(_));
        assert!(!answer.acks.iter().any(refused), "a record is refused");
        for known in self.patterns.iter().map(Pattern::device) {
            self.positions.insert(known, answer.high);
        }
    }

    /// The server behind a socket.
    pub fn listen(&self) -> Listening {
        Listening::to(self.server.router())
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The running server.
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }
}
