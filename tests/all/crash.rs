//! Real processes on real files, killed while they work, their power cut at every byte that matters, their disk full:
//! whatever was acknowledged is there, nothing is there twice, and everybody comes to hold the same.

#[path = "crash/device.rs"]
mod device;
#[path = "crash/full.rs"]
mod full;
#[path = "crash/power.rs"]
mod power;
#[path = "crash/server.rs"]
mod server;

use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use warmhand_server::store::sqlite::{Sqlite, Verified};
use warmhand_tests::load::device::Device;
use warmhand_tests::load::server::{self as load, Listening, morning};
use warmhand_tests::organisation::SHEET;
use warmhand_tests::victim::{Disk, Victim, changes, is_whole, left};

/// The program that is killed.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_victim"))
}

/// An organisation in a folder; devices lie beside it.
struct Ground {
    files: TempDir,
    runtime: Runtime,
}

impl Ground {
    fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        load::init(&files.path().join("server"), SHEET);
        let runtime = Runtime::new().unwrap();
        Self { files, runtime }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn server(&self) -> PathBuf {
        self.file("server")
    }

    fn database(&self) -> PathBuf {
        self.server().join("warmhand.db")
    }

    /// The organisation, served by this process.
    fn serve(&self) -> Listening {
        Listening::to(load::open(&self.server(), morning(), 1).0.router())
    }

    /// The organisation, served by a process of its own: the product's command.
    fn serve_apart(&self, disk: Option<&Disk>) -> (Victim, String) {
        let key = self.server().join("warmhand.keys");
        if !key.exists() {
            load::key().save(&self.server()).unwrap();
        }
        let data = self.server();
        let words = ["server", "serve", "--listen", "127.0.0.1:0", "--data"];
        let words = [&words[..], &[data.to_str().unwrap()]].concat();
        let mut victim = Victim::start(program(), &words, &self.file("server.said"), disk);
        let url = |said: &[String]| {
            let line = said
                .iter()
                .find_map(|line| line.strip_prefix("Serving on "));
            line.map(|url| url.trim_end_matches('/').to_owned())
        };
        victim.until(|said| url(said).is_some());
        let url = url(&victim.said()).unwrap();
        (victim, url)
    }

    /// A device in a file of its own, enrolled at the server that listens there, this person signed in.
    fn device(&self, name: &str, user: &str, url: &str, seed: u64) -> Device {
        let server = load::open(&self.server(), morning(), 100 + seed).0;
        let people = vec![user.into()];
        let code = server.issue_code(name.to_owned(), "phone".to_owned(), people);
        let code = self.runtime.block_on(code).unwrap();
        let mut device = Device::open(&self.file(name), url, seed);
        device.enrol(&code.text, morning());
        device.does(json!({"SignIn": {"user": user}}), morning());
        device
    }

    /// Ana's device, the server in a process of its own, and the disk under that.
    fn watched(&self) -> (Device, Victim, Disk) {
        let listening = self.serve();
        let mut ana = self.device("ana.db", "n1", &listening.url, 1);
        drop(listening);
        let disk = Disk::watched(self.files.path());
        let (victim, url) = self.serve_apart(Some(&disk));
        ana.server = url;
        (ana, victim, disk)
    }

    /// A device that writes without end, as a process of its own.
    fn device_apart(&self, name: &str, url: &str, seed: u64, disk: Option<&Disk>) -> Victim {
        let (file, seed) = (self.file(name), seed.to_string());
        let words = ["device", file.to_str().unwrap(), url, &seed];
        Victim::start(program(), &words, &self.file("device.said"), disk)
    }

    /// What the server's database says of itself.
    fn verify(&self) -> Verified {
        let store = Sqlite::open(&self.server(), load::key()).unwrap();
        self.runtime.block_on(store.verify(morning())).unwrap()
    }

    /// What a killed process left, looked at in a copy: the files stay as it left them.
    fn look_at_copy(&self, database: &Path) -> Look {
        let copy = self.file("copy.db");
        let read = |end: &str| std::fs::read(warmhand_tests::victim::beside(database, end));
        left(&read("").unwrap(), &read("-wal").unwrap_or_default(), &copy);
        Look::of(&copy)
    }
}

/// What lies in a database, by what people wrote.
#[derive(Debug, PartialEq)]
struct Look {
    /// Every text of a note, every name and every id of a screen's result, and how often it is there.
    texts: BTreeMap<String, usize>,
    /// Results of screens in records, and answers of screens beside them.
    screens: [usize; 2],
}

impl Look {
    fn of(database: &Path) -> Self {
        let db = Connection::open(database).unwrap();
        assert!(is_whole(&db), "{} is damaged", database.display());
        let (mut texts, mut screens) = (BTreeMap::new(), [0, 0]);
        for put in changes(&db).into_values().flat_map(|change| change.puts) {
            let entry: Value = serde_json::from_str(&put.text).unwrap();
            match entry["kind"].as_str().unwrap() {
                "ScreenRecorded" => {
                    screens[0] += 1;
                    let id = entry["id"].as_str().unwrap().to_owned();
                    *texts.entry(id).or_default() += 1;
                }
                "ScreenAnswered" => screens[1] += 1,
                _ => {
                    let payload = &entry["payload"];
                    let text = payload["text"]
                        .as_str()
                        .or(payload["preferred_name"].as_str());
                    if let Some(text) = text {
                        *texts.entry(text.to_owned()).or_default() += 1;
                    }
                }
            }
        }
        Self { texts, screens }
    }

    /// All of this is there, and nothing twice; of two documents that one action writes in, both have it or neither.
    fn holds<'a>(&self, acknowledged: impl IntoIterator<Item = &'a String>) {
        for text in acknowledged {
            assert!(self.texts.contains_key(text), "{text} is lost");
        }
        let twice = self.texts.iter().find(|(_, count)| **count > 1);
        assert_eq!(twice, None);
        assert_eq!(self.screens[0], self.screens[1]);
    }
}

/// What a process said that it had written.
fn wrote(said: &[String]) -> Vec<String> {
    let texts = said.iter().filter_map(|line| line.strip_prefix("wrote "));
    texts.map(str::to_owned).collect()
}
