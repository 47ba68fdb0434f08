//! A device: the real core on a file, the blow that may strike it, and what it was told, kept apart from it.

use super::fault::{Blow, Blows, Struck};
use super::look::{self, AcceptedChange, DeviceLook};
use super::process::{Disk, Image};
use crate::victim::whole;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use warmhand_core::app::{App, Place};
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, UserId};
use warmhand_core::store::{StoredChange, WholeRow};
use warmhand_core::wire::{Columns, DeliveredChange, Packed};

/// What a device has been told, as somebody beside it wrote down.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Changes that the server said it has, and has not asked to compare since.
    pub on_server: BTreeSet<ChangeHash>,
    /// Own changes that were refused.
    pub refused: BTreeSet<ChangeHash>,
}

/// A copy of a phone, with what it had been told by then.
pub struct Backup {
    image: Image,
    told: Told,
}

/// A device.
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Who works on it.
    pub people: Vec<UserId>,
    /// The file.
    pub path: PathBuf,
    /// The core; none once the phone is lost.
    pub app: Option<App>,
    /// Looks at the file.
    pub eyes: Connection,
    /// What may strike it.
    pub blows: Blows,
    /// Its clock against the true time, in milliseconds.
    pub off_ms: i64,
    /// What it was told.
    pub told: Told,
    /// The number of its request in flight, as long as its process lives.
    pub in_flight: Option<u64>,
    /// Taken out of service.
    pub revoked: bool,
    /// It was put back from its backup, and has forgotten what it did since.
    pub was_put_back: bool,
    /// So many of its comparisons are about to end too early.
    pub misled: u8,
    backup: Option<Backup>,
    seed: u64,
    starts: u64,
}

fn start(path: &Path, seed: u64, blows: &Blows) -> App {
    let rng = Box::new(ChaCha20Rng::seed_from_u64(seed));
    let mut app = App::open(&Place::File(path.to_owned()), rng).expect("the device opens");
    app.set_fault(Box::new(blows.clone()));
    app
}

impl Device {
    /// A device on the file of an enrolled one.
    pub fn new(path: PathBuf, seed: u64) -> Self {
        let blows = Blows::on(&path);
        let app = start(&path, seed, &blows);
        Self {
            id: app.id().expect("enrolled"),
            people: app.people().expect("people"),
            eyes: look::open(&path),
            app: Some(app),
            path,
            blows,
            off_ms: 0,
            told: Told::default(),
            in_flight: None,
            revoked: false,
            was_put_back: false,
            misled: 0,
            backup: None,
            seed,
            starts: 0,
        }
    }

    /// Its own clock at this time.
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_millis(self.off_ms)
    }

    /// Does it still exist?
    pub fn lives(&self) -> bool {
        self.app.is_some()
    }

    /// What its file says.
    pub fn look(&self) -> DeviceLook {
        DeviceLook::of(&self.eyes)
    }

    fn next_seed(&mut self) -> u64 {
        self.starts += 1;
        self.seed
            .wrapping_add(self.starts.wrapping_mul(0x9e37_79b9))
    }

    /// The process ends and begins again.
    pub fn restart(&mut self) {
        let seed = self.next_seed();
        self.app = None;
        self.in_flight = None;
        self.app = Some(start(&self.path, seed, &self.blows));
    }

    /// Other files lie there when it begins again.
    fn restart_on(&mut self, put: impl FnOnce(&Path)) {
        self.app = None;
        self.eyes = Connection::open_in_memory().expect("nothing");
        put(&self.path);
        self.restart();
        self.eyes = look::open(&self.path);
    }

    /// If it was struck, it ends and begins again. Tells how.
    pub fn recover_from_blow(&mut self) -> Option<Struck> {
        let struck = self.blows.struck()?;
        match struck.blow {
            Blow::Kill => self.restart(),
            Blow::Power(part) => {
                let disk = Disk::of(&self.path);
                self.restart_on(|path| disk.put_cut(path, part));
            }
            Blow::Full => {}
        }
        Some(struck)
    }

    /// The phone is gone.
    pub fn lose(&mut self) {
        self.app = None;
        self.in_flight = None;
    }

    /// Copies its file.
    pub fn back_up(&mut self) {
        let image = Image::of(&self.path, &self.eyes);
        let told = self.told.clone();
        self.backup = Some(Backup { image, told });
    }

    /// Puts the copy back, if there is one.
    pub fn put_back(&mut self) -> bool {
        let Some(backup) = self.backup.take() else {
            return false;
        };
        self.restart_on(|path| backup.image.put(path));
        self.was_put_back = true;
        self.told = backup.told.clone();
        self.backup = Some(backup);
        true
    }

    /// The server's word for everything but these is worth nothing any more.
    pub fn void_receipts(&mut self, kept: &BTreeMap<ChangeHash, AcceptedChange>) {
        // Nor is there an older copy that has it.
        self.backup = None;
        let look = self.look();
        for hash in look.changes.keys().filter(|hash| !kept.contains_key(hash)) {
            let sql = "update change set mac = ?2 where hash = ?1 and mac is not null";
            self.eyes
                .execute(sql, [&hash.0[..], &look::VOID])
                .expect("written");
        }
        for (doc, changes) in whole(&self.eyes) {
            let void = |stored: StoredChange| {
                let mut receipt = stored.receipt.expect("a receipt");
                if !kept.contains_key(&stored.hash) {
                    receipt.mac = look::VOID;
                }
                DeliveredChange {
                    change: stored.change,
                    hash: stored.hash,
                    receipt,
                }
            };
            let changes: Vec<_> = changes.into_iter().map(void).collect();
            let packed = Packed::of(&changes).expect("columns");
            let changes = packed.rebuild(doc).expect("changes");
            let row = WholeRow::of(&Columns::of(&packed), &changes, self.id).expect("a row");
            let sql = "update whole set pack = ?2, size = ?3 where doc = ?1";
            self.eyes
                .execute(sql, params![&doc.as_bytes()[..], row.pack, row.size])
                .expect("written");
        }
    }
}
