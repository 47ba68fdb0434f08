//! The program as a process of its own, as a system starts it: a start that is refused ends with one sentence, a status that
//! is not 0 and nothing changed; one that is not says where it serves, logs for machines, and takes what is put in place
//! while it serves.

#[path = "process/start.rs"]
mod start;

use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use warmhand_tests::certificate::{certificate, files};
use warmhand_tests::cli::{organisation, said};
use warmhand_tests::load::device::{Device, agent};
use warmhand_tests::load::server::morning;
use warmhand_tests::victim::Victim;

/// The program: its first word is `server`, and then the product's own.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_victim"))
}

/// An organisation that a process serves.
struct Served {
    folder: TempDir,
    process: Victim,
}

impl Served {
    /// Serves it, and waits until it says so.
    fn with(folder: TempDir, words: &[&str]) -> Self {
        let data = folder.path().join("data");
        let first = ["server", "serve", "--listen", "127.0.0.1:0", "--data"];
        let all = [&first[..], &[data.to_str().unwrap()], words].concat();
        let (says, log) = (folder.path().join("said"), folder.path().join("log"));
        let mut process = Victim::logging(program(), &all, &says, &log);
        process.until(|said| {
            said.iter()
                .any(|line| line.to_lowercase().contains("serving"))
        });
        Self { folder, process }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap()
    }

    /// Waits until its log has this.
    fn until_it_logs(&mut self, word: &str) {
        let log = self.file("log");
        let has = || fs::read_to_string(&log).unwrap().contains(word);
        self.process.until(|_| has());
    }
}

/// Asks for a page: the status and what it says.
fn asked(address: &str) -> (u16, String) {
    let mut answer = agent().get(address).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), text)
}

#[test]
fn a_log_for_machines_is_json_to_the_last_line_and_names_nobody() {
    const NAMES: [&str; 3] = ["Rosalinda", "Quetzal", "she sleeps badly"];
    let for_machines = [
        "--log",
        "json",
        "--log-level",
        "debug",
        "--min-free-mb",
        "1",
    ];
    let words = [&for_machines[..], &["--metrics-listen", "127.0.0.1:0"]].concat();
    let mut served = Served::with(organisation(), &words);
    let line = served.process.said().concat();
    let told: Value = serde_json::from_str(&line).unwrap();
    let url = told["serving"].as_str().unwrap().trim_end_matches('/');
    let metrics = told["metrics"].as_str().unwrap();

    let data = served.file("data");
    let who = ["--kind", "phone", "--people", "n1", "--data"];
    let code = [
        &["enrol-code", "--name", "Ana's phone"],
        &who[..],
        &[data.to_str().unwrap()],
    ];
    let (went_well, text) = said(&code.concat());
    assert!(went_well, "{text}");
    let mut ana = Device::open(&served.file("ana.db"), url, 1);
    ana.enrol(text.lines().next().unwrap(), morning());
    ana.does(json!({"SignIn": {"user": "n1"}}), morning());
    let name = "Rosalinda Quetzal";
    let opened = json!({"OpenRecord": {"site": "home", "preferred_name": name}});
    let record = ana.does(opened, morning()).record;
    let note = json!({"AddNote": {"record": record, "text": "she sleeps badly"}});
    ana.does(note, morning());
    ana.sync(morning());
    assert!(ana.is_green());
    // Where a name has come into an address, as nothing here puts it, the log does not say it.
    assert_eq!(asked(&format!("{url}/handoffs?name=Rosalinda")).0, 303);
    assert_eq!(asked(&format!("{url}/Rosalinda/Quetzal")).0, 404);

    assert_eq!(
        asked(&format!("{url}/healthz")),
        (200, "alive\n".to_owned())
    );
    assert_eq!(asked(&format!("{url}/readyz")), (200, "ready\n".to_owned()));
    // Metrics are had at their own address, and nothing else is there.
    let (status, text) = asked(metrics);
    assert_eq!(status, 200);
    assert!(text.contains("\nwarmhand_changes_total"), "{text}");
    assert_eq!(NAMES.iter().find(|name| text.contains(**name)), None);
    assert_eq!(asked(&format!("{url}/metrics")).0, 404);
    assert_eq!(asked(&metrics.replace("/metrics", "/healthz")).0, 404);

    // What it complains of is such a line as well.
    let keys = data.join("warmhand.keys");
    fs::set_permissions(&keys, Permissions::from_mode(0o644)).unwrap();
    served.process.signal(Signal::HUP);
    served.until_it_logs("stay in force");
    served.process.signal(Signal::TERM);
    assert!(served.process.ends().success());
    let log = served.log();
    assert!(log.lines().count() > 5, "{log}");
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
        assert!(
            line["level"].is_string() && line["timestamp"].is_string(),
            "{line}"
        );
    }
    assert_eq!(NAMES.iter().find(|name| log.contains(**name)), None);
    assert_eq!(
        served.process.said().concat(),
        line,
        "and nothing else was said"
    );
}

#[test]
fn a_new_certificate_is_taken_while_it_serves_and_one_that_does_not_fit_is_not() {
    let folder = organisation();
    let (first, second) = (certificate(2020, 2120), certificate(2020, 2121));
    first.put(folder.path());
    let at = files(folder.path());
    let (crt, key) = (at.certificate.to_str().unwrap(), at.key.to_str().unwrap());
    let words = ["--tls-certificate", crt, "--tls-key", key];
    let mut served = Served::with(folder, &words);
    let line = served.process.said().concat();
    let address = line.strip_prefix("Serving on https://").unwrap();
    let address: SocketAddr = address.trim_end_matches('/').parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let alive = |trusted| {
        let told = runtime.block_on(crate::serve::asked(address, trusted, "/healthz"));
        told.is_some_and(|told| told.starts_with("HTTP/1.1 200"))
    };
    assert!(alive(&first) && !alive(&second));
    // Half of the new pair.
    fs::write(&at.certificate, &second.certificate).unwrap();
    served.process.signal(Signal::HUP);
    served.until_it_logs("the old certificate stays in force");
    assert!(alive(&first) && !alive(&second));
    second.put(served.folder.path());
    served.process.signal(Signal::HUP);
    served.until_it_logs("a new certificate is in force");
    assert!(!alive(&first) && alive(&second));
}
