//! Real bytes for the tests of hostile ones: `seeds FOLDER` writes what a small town really said, each message plain and
//! packed, into the corpus of its decoder. Run once for a new decoder; what lies there stays.

use serde_json::json;
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use warmhand_core::app::{Carried, Outgoing, SyncStep};
use warmhand_core::document::{Change, beside, seal};
use warmhand_core::wire::{
    Delivered, DeliveredDocument, DeviceState, DocsAnswer, DocsRequest, EnrolAnswer, EnrolRequest,
    Heartbeat, HeartbeatAnswer, ReconcileAnswer, ReconcileRequest, RescueParts, SealedBox,
    SyncAnswer, SyncRequest, WipedAnswer, WipedReport, pack, unpack,
};
use warmhand_server::sealing;
use warmhand_tests::certificate::certificate;
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::{Phone, Town};

struct Corpus(PathBuf);

impl Corpus {
    fn put(&self, decoder: &str, name: &str, bytes: &[u8]) {
        let folder = self.0.join(decoder).join("corpus");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), bytes).expect("written");
    }

    fn message<T: minicbor::Encode<()>>(&self, decoder: &str, name: &str, message: &T) {
        let plain = [vec![0], minicbor::to_vec(message).expect("bytes")].concat();
        self.put(decoder, name, &plain);
        self.put(decoder, &format!("{name}-packed"), &pack(message));
    }

    fn exchange(&self, name: &str, asked: &Outgoing, answer: &Carried) {
        let Carried::Answer { status: 200, body } = answer else {
            return;
        };
        match asked.path {
            "/v1/sync" => {
                let request: SyncRequest = unpack(&asked.body).expect("a request");
                self.message("sync_request", name, &request);
                let answer: SyncAnswer = unpack(body).expect("an answer");
                self.message("sync_answer", name, &answer);
                let docs = answer.docs.open().expect("a page");
                self.message("page", name, &docs);
                self.documents(name, &docs);
                if let Some(pushed) = request.push.first() {
                    self.change(name, &pushed.changes[0].change);
                }
            }
            "/v1/reconcile" => {
                let request: ReconcileRequest = unpack(&asked.body).expect("a request");
                self.message("reconcile_request", name, &request);
                let answer: ReconcileAnswer = unpack(body).expect("an answer");
                self.message("reconcile_answer", name, &answer);
                self.put("reconcile_frame", &format!("{name}-asked"), &request.frame);
                self.put("reconcile_frame", name, &answer.frame);
            }
            "/v1/docs" => {
                let request: DocsRequest = unpack(&asked.body).expect("a request");
                self.message("docs_request", name, &request);
                let answer: DocsAnswer = unpack(body).expect("an answer");
                self.message("docs_answer", name, &answer);
                self.documents(name, &answer.docs);
            }
            "/v1/wiped" => {
                let report: WipedReport = unpack(&asked.body).expect("a report");
                self.message("wiped_report", name, &report);
                let answer: WipedAnswer = unpack(body).expect("an answer");
                self.message("wiped_answer", name, &answer);
            }
            _ => {}
        }
    }

    fn documents(&self, name: &str, docs: &[DeliveredDocument]) {
        for (n, delivered) in docs.iter().enumerate() {
            if let Delivered::Whole(columns) = &delivered.content {
                let packed = columns.read().expect("columns");
                let bytes = minicbor::to_vec(packed).expect("bytes");
                self.put("packed", &format!("{name}-{n}"), &bytes);
            }
        }
    }

    fn change(&self, name: &str, change: &Change) {
        let sealed = seal(change.clone()).expect("within bounds");
        let fields = beside(&sealed).expect("fields");
        let length = u16::try_from(fields.len()).expect("few");
        let lies = [&length.to_be_bytes()[..], &fields, &sealed.bytes].concat();
        self.put("kept", name, &lies);
        self.put("change", name, &minicbor::to_vec(change).expect("bytes"));
        for (n, put) in change.puts.iter().enumerate() {
            self.put("entry", &format!("{name}-{n}"), put.text.as_bytes());
        }
    }
}

/// Carries everything that a device has to say, and keeps it.
fn carried(phone: &mut Phone, town: &Town, corpus: &Corpus, name: &str) {
    phone.app.sync_wanted();
    for n in 0..20 {
        let SyncStep::Send(asked) = phone.app.sync_next(town.now()).expect("a step") else {
            return;
        };
        phone.bearer = asked.bearer.clone().unwrap_or_default();
        let answer = town.carry(&asked);
        corpus.exchange(&format!("{name}-{n}"), &asked, &answer);
        phone
            .app
            .sync_answered(asked.number, &answer, town.now())
            .expect("taken");
    }
}

/// A rescue file whose boxes are open: of a closed one no change would come to what reads what is in it.
fn unclosed(town: &Town, file: &[u8]) -> Vec<u8> {
    let bytes = RefCell::new(Vec::new());
    let open = |device, closed: &SealedBox| {
        let opened = sealing::open(town.keys(), device, closed).expect("its own");
        let length = u32::try_from(opened.len()).expect("a short part");
        bytes.borrow_mut().extend(length.to_be_bytes());
        bytes.borrow_mut().extend(&opened);
        Some(opened)
    };
    let parts = RescueParts::of(file, open).expect("a rescue file");
    let device = parts.device();
    parts.for_each(|part| drop(part.expect("a part")));
    [
        b"warmhand rescue 1\n",
        &device.as_bytes()[..],
        &bytes.into_inner(),
    ]
    .concat()
}

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let corpus = Corpus(Path::new(&folder).to_owned());
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let (record, _) = ana.handoff(&town, "Rosa");
    carried(&mut ana, &town, &corpus, "push");
    let older = town.image();
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "after the image"}}),
    );
    carried(&mut ana, &town, &corpus, "note");
    carried(&mut carla, &town, &corpus, "fetch");
    town.restore(&older);
    carried(&mut carla, &town, &corpus, "resync");
    let mut rescued = Vec::new();
    carla.app.rescue(&mut rescued, None).expect("written");
    corpus.put("rescue", "carla", &unclosed(&town, &rescued));

    ana.app.sync_wanted();
    if let Ok(SyncStep::Send(asked)) = ana.app.sync_next(town.now())
        && let Ok(request) = unpack::<SyncRequest>(&asked.body)
    {
        let beat = Heartbeat {
            hello: request.hello,
            state: DeviceState::default(),
        };
        let (status, body) = town.post("/v1/heartbeat", Some(&ana.bearer), pack(&beat));
        assert_eq!(status, 200);
        corpus.message("heartbeat", "beat", &beat);
        let answer: HeartbeatAnswer = unpack(&body).expect("an answer");
        corpus.message("heartbeat_answer", "beat", &answer);
    }
    enrolment(&town, &corpus);
    withdrawal(&town, &corpus);
    corpus.put("organisation", "sheet", SHEET.as_bytes());
    corpus.put("config", "server", CONFIG.as_bytes());
    let key = tempfile::tempdir().expect("a folder");
    town.keys().save(key.path()).expect("written");
    let key = fs::read(key.path().join("warmhand.keys")).expect("the key");
    corpus.put("key_file", "key", &key);
    let journal = fs::read(town.folder().join("warmhand.journal")).expect("the journal");
    corpus.put("journal", "town", &journal);
    corpus.put("credential", "ana", ana.bearer.as_bytes());
    corpus.put(
        "forwarded",
        "chain",
        b"198.51.100.7, [2001:db8::7]:443, 192.0.2.9:8080",
    );
    // Without its key: none lies in a repository.
    let vouches = certificate(2020, 2120).certificate;
    corpus.put("certificate", "localhost", vouches.as_bytes());
    for name in ["sc2", "sc4"] {
        let story = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("stories/{name}.json"));
        corpus.put("story", name, &fs::read(story).expect("a story"));
    }
}

/// A device that is taken out of service with work that it has not sent.
fn withdrawal(town: &Town, corpus: &Corpus) {
    let mut lena = town.device("lena", &["d1"]);
    lena.does(
        town,
        json!({"OpenRecord": {"site": "home", "preferred_name": "Imani"}}),
    );
    let id = lena.app.id().expect("a device");
    let store = &town.server().store;
    town.run(store.revoke(id, "sup".into(), town.now()))
        .expect("revoked");
    carried(&mut lena, town, corpus, "withdrawn");
}

fn enrolment(town: &Town, corpus: &Corpus) {
    let issued = town
        .server()
        .issue_code("Lena's phone".into(), "phone".into(), vec!["d1".into()]);
    let code = town.run(issued).expect("a code").text;
    let asked = EnrolRequest {
        number: 7,
        code,
        build: "warmhand/0.1.0".to_owned(),
        client_now: town.now().as_millisecond(),
    };
    let (status, body) = town.post("/v1/enrol", None, pack(&asked));
    assert_eq!(status, 200);
    corpus.message("enrol_request", "code", &asked);
    let answer: EnrolAnswer = unpack(&body).expect("an answer");
    corpus.message("enrol_answer", "code", &answer);
}

const CONFIG: &str = r#"data = "/var/lib/warmhand"
listen = "0.0.0.0:443"
public_url = "https://warmhand.example.org"
tls_certificate = "/etc/warmhand/fullchain.pem"
tls_key = "/etc/warmhand/privkey.pem"
trusted_proxies = "10.0.0.5, 192.0.2.0/24"
session_idle = "15min"
max_connections = 900
min_free_mb = 256
log = "json"
"#;
