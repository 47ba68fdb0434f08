//! The server: the real router over the real store on a file, without a socket; the blow that may strike it; its images.

use super::fault::{Blow, Blows, Struck};
use super::look::{self, AcceptedChange, Lying};
use super::process::{Disk, Image};
use super::sight::Sight;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use jiff::Timestamp;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, EntryId};
use warmhand_core::wire::{DeliveredChange, Token};
use warmhand_server::clock::{Clock, Random};
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::sqlite::{Sqlite, Verified};
use warmhand_server::store::{Doing, Store, StoreError};
use warmhand_server::{Server, Settings};

/// A clock that can be set back.
#[derive(Debug)]
pub struct SetBackClock(AtomicI64);

impl Clock for SetBackClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).expect("a time")
    }
}

/// The key with which every simulated server begins.
fn first_key() -> KeyFile {
    KeyFile::new([7; 16], [9; 32], jiff::Timestamp::UNIX_EPOCH)
}

/// The server's process and its folder.
pub struct ServerProcess {
    folder: PathBuf,
    path: PathBuf,
    runtime: Rc<Runtime>,
    clock: Arc<SetBackClock>,
    store: Option<Sqlite>,
    router: Option<Router>,
    /// Looks at the file.
    pub eyes: Connection,
    /// What may strike it.
    pub blows: Blows,
    /// Its copies, the oldest first.
    pub images: Vec<Image>,
    /// Every accepted change of the present log.
    pub accepted: BTreeMap<ChangeHash, AcceptedChange>,
    /// Every change that lies, or lay, in quarantine.
    pub quarantine: BTreeMap<ChangeHash, Lying>,
    /// The head.
    pub head: Token,
    /// Who sees what by that log, told without the server.
    pub sight: Sight,
    /// The key file, which no image has.
    pub keys: KeyFile,
    seed: u64,
    starts: u64,
    epochs: u8,
}

impl ServerProcess {
    /// Starts on the folder of one that was set up.
    pub fn new(folder: PathBuf, runtime: Rc<Runtime>, now: Timestamp, seed: u64) -> Self {
        let path = folder.join("warmhand.db");
        let mut process = Self {
            eyes: look::open(&path),
            blows: Blows::on(&path),
            folder,
            path,
            runtime,
            clock: Arc::new(SetBackClock(AtomicI64::new(now.as_millisecond()))),
            store: None,
            router: None,
            images: Vec::new(),
            accepted: BTreeMap::new(),
            quarantine: BTreeMap::new(),
            head: Token::default(),
            sight: Sight::default(),
            keys: first_key(),
            seed,
            starts: 0,
            epochs: 0,
        };
        process.start();
        process
    }

    fn start(&mut self) {
        self.starts += 1;
        let store = Sqlite::open(&self.folder, self.keys.clone()).expect("the database opens");
        store.replay().expect("the journal reads");
        let store = store.with_fault(Arc::new(self.blows.clone()));
        let seed = self.seed.wrapping_add(self.starts.wrapping_mul(0x51ed));
        let server = Server::new(
            Arc::new(store.clone()),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            Arc::new(Random::seeded(seed)),
            Settings::default(),
        );
        self.router = Some(server.router());
        self.store = Some(store);
    }

    fn stop(&mut self) {
        self.router = None;
        self.store = None;
    }

    /// Sets its clock.
    pub fn set_clock(&self, now: Timestamp) {
        self.clock.0.store(now.as_millisecond(), Ordering::SeqCst);
    }

    /// Its store.
    pub fn store(&self) -> &Sqlite {
        self.store.as_ref().expect("the server runs")
    }

    /// Runs a verb to its end.
    pub fn run<T>(&self, verb: Doing<'_, T>) -> Result<T, StoreError> {
        self.runtime.block_on(verb)
    }

    /// Every accepted change with its fields and its receipt.
    pub fn changes(&self) -> Vec<DeliveredChange> {
        let read = || self.run(self.store().changes());
        self.blows.spared(read).expect("the changes")
    }

    /// Sends bytes to a path and brings back status and body.
    pub fn post(&self, path: &str, bearer: Option<&str>, body: Vec<u8>) -> (u16, Vec<u8>) {
        let mut request = Request::post(path);
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let request = request.body(Body::from(body)).expect("a request");
        let router = self.router.clone().expect("the server runs");
        self.runtime.block_on(async {
            let answer = router.oneshot(request).await.expect("an answer");
            let status = answer.status().as_u16();
            let body = to_bytes(answer.into_body(), usize::MAX).await;
            (status, body.expect("a body").to_vec())
        })
    }

    /// If it was struck, it ends and begins again. Tells how.
    pub fn recover_from_blow(&mut self) -> Option<Struck> {
        let struck = self.blows.struck()?;
        match struck.blow {
            Blow::Kill => {
                self.stop();
                self.start();
            }
            Blow::Power(part) => {
                let disk = Disk::of(&self.path);
                self.restart_on(|path| disk.put_cut(path, part));
            }
            Blow::Full => {}
        }
        Some(struck)
    }

    fn restart_on(&mut self, put: impl FnOnce(&Path)) {
        self.stop();
        self.eyes = Connection::open_in_memory().expect("nothing");
        put(&self.path);
        self.eyes = look::open(&self.path);
        self.accepted.clear();
        self.start();
    }

    /// Stops and begins again: what is in memory is gone.
    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// Copies its database.
    pub fn take_image(&mut self) {
        if self.images.len() < 5 {
            self.images.push(Image::of(&self.path, &self.eyes));
        }
    }

    /// Puts an image back, as it is or under an epoch that never was.
    pub fn restore(&mut self, image: &Image, is_new_epoch: bool) {
        self.restart_on(|path| image.put(path));
        if is_new_epoch {
            self.epochs += 1;
            let epoch = [100 + self.epochs; 16];
            self.eyes
                .execute("update head set epoch = ?1", [&epoch[..]])
                .expect("a new epoch");
        }
    }

    /// A new key signs from now on: it is in the file before the process hears of it.
    pub fn rotate(&mut self, now: Timestamp) -> Result<Option<u16>, StoreError> {
        let secret = [self.keys.marks().len() as u8; 32];
        self.keys = self.keys.rotated(secret, now).expect("a number is left");
        self.keys
            .replace(&self.folder)
            .expect("the file is written");
        self.run(self.store().look_at_keys())
    }

    /// Does this device wait for somebody to say whose it is?
    pub fn is_unconfirmed(&self, device: DeviceId) -> bool {
        look::is_unconfirmed(&self.eyes, device)
    }

    /// Reads what was accepted since it was last read. Tells which changes these are.
    pub fn refresh(&mut self) -> Vec<ChangeHash> {
        let last = self.accepted.values().map(|c| c.seq).max().unwrap_or(0);
        let new = look::accepted_after(&self.eyes, last);
        let hashes = new.iter().map(|(hash, _)| *hash).collect();
        self.accepted.extend(new);
        self.quarantine = look::quarantine(&self.eyes);
        self.head = look::head(&self.eyes).0;
        self.sight.follow(&self.eyes, &self.accepted);
        hashes
    }

    /// The entries of the record, and those that it keeps for a person to decide.
    pub fn entries(&self) -> BTreeSet<EntryId> {
        let accepted = self.accepted.values().flat_map(|change| &change.entries);
        let kept = self
            .quarantine
            .values()
            .flat_map(|lying| &lying.change.puts);
        let accepted = accepted.map(|(id, _)| *id);
        accepted.chain(kept.map(|put| put.id)).collect()
    }

    /// Is this device out of service? What the journal knows outlives an older image, and a commit that was struck.
    pub fn is_revoked(&self, device: DeviceId) -> bool {
        look::is_revoked(&self.eyes, device)
    }

    /// Checks the database against itself.
    pub fn verify(&self, now: Timestamp) -> Verified {
        let verified = self.runtime.block_on(self.store().verify(now));
        verified.expect("it can be read")
    }
}
