//! One history being played: a server, its devices, what is on its way between them, and the truth beside them.

use super::device::Device;
use super::fault::{Blow, Fault, Struck, Tally, quick_folder};
use super::history::History;
use super::network::Message;
use super::operation::Operation;
use super::oracle::Failure;
use super::server::ServerProcess;
use super::template::Template;
use super::truth::Truth;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use std::rc::Rc;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use warmhand_core::wire::Decision;

/// Everything that there is.
pub struct World {
    pub(super) seed: u64,
    pub(super) page_bytes: u32,
    /// The true time.
    pub(super) now: Timestamp,
    pub(super) server: ServerProcess,
    /// The server's clock against the true time.
    pub(super) server_off_ms: i64,
    pub(super) devices: Vec<Device>,
    pub(super) net: Vec<Message>,
    pub(super) truth: Truth,
    /// What was counted.
    pub tally: Tally,
    /// What happened, one line each, if that is wanted.
    pub trace: Option<Vec<String>>,
    /// An image was put back.
    pub(super) restored: bool,
    /// Once receipts of what the server has lost were worth nothing.
    pub(super) receipts_void: bool,
    _folder: TempDir,
}

impl World {
    /// The beginning of a history.
    pub fn new(history: &History, runtime: &Rc<Runtime>, is_traced: bool) -> Self {
        let folder = quick_folder();
        // A journal that was begun late knows less of devices.
        let count = Template::get().put(folder.path(), history.seed.is_multiple_of(2));
        let now: Timestamp = "2026-03-02T14:00:00Z".parse().expect("a time");
        let at = folder.path().to_owned();
        let mut server = ServerProcess::new(at, Rc::clone(runtime), now, history.seed);
        server.refresh();
        server.take_image();
        let devices = (0..count).map(|n| {
            let path = folder.path().join(format!("device-{n}.db"));
            Device::new(path, history.seed.wrapping_mul(31).wrapping_add(n as u64))
        });
        Self {
            seed: history.seed,
            page_bytes: history.page_bytes,
            now,
            server,
            server_off_ms: 0,
            devices: devices.collect(),
            net: Vec::new(),
            truth: Truth::default(),
            tally: Tally::default(),
            trace: is_traced.then(Vec::new),
            restored: false,
            receipts_void: false,
            _folder: folder,
        }
    }

    /// Notes what happened.
    pub(super) fn says(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }

    /// A random source for one operation: the same wherever the operation stands.
    pub(super) fn rng(&self, with: u64) -> ChaCha12Rng {
        ChaCha12Rng::seed_from_u64(self.seed.rotate_left(17) ^ with)
    }

    /// The device that a number names, if it still exists.
    pub(super) fn named(&self, number: u8) -> Option<usize> {
        let at = usize::from(number) % self.devices.len();
        self.devices[at].lives().then_some(at)
    }

    pub(super) fn set_time(&mut self, now: Timestamp) {
        self.now = now;
        let off = SignedDuration::from_millis(self.server_off_ms);
        self.server.set_clock(now + off);
    }

    /// Counts a blow.
    pub(super) fn note_blow(&mut self, struck: &Struck, is_server: bool) {
        let fault = match (struck.blow, is_server) {
            (Blow::Kill, true) => Fault::ServerKilled,
            (Blow::Kill, false) => Fault::DeviceKilled,
            (Blow::Power(_), true) => Fault::ServerPowerLost,
            (Blow::Power(_), false) => Fault::DevicePowerLost,
            (Blow::Full, true) => Fault::ServerDiskFull,
            (Blow::Full, false) => Fault::DeviceDiskFull,
        };
        self.tally.count(fault);
        if struck.blow == Blow::Kill {
            let places = if is_server {
                &mut self.tally.server_places
            } else {
                &mut self.tally.device_places
            };
            places.insert(struck.place.clone());
        }
        self.says(|| {
            format!(
                "    {fault:?} at: {}",
                struck
                    .place
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        });
    }

    /// One operation; what must hold after it, holds.
    pub fn step(&mut self, operation: Operation) -> Result<(), Failure> {
        self.tally.operations += 1;
        self.says(|| format!("{operation:?}"));
        self.set_time(self.now + SignedDuration::from_mins(7));
        match operation {
            Operation::Open(d) => self.open(d),
            Operation::Note(d, r) => self.note(d, r),
            Operation::Try(d, r, k) => self.attempt(d, r, k),
            Operation::HandOver(d, r) => self.hand_over(d, r),
            Operation::Page(r, k) => self.page(r, k),
            Operation::Newer(d, r) => self.newer(d, r),
            Operation::Round(d) => self.round(d),
            Operation::Sync(d) => self.sync(d),
            Operation::Ask(d) => self.ask_on_the_way(d),
            Operation::Deliver(k) => self.deliver(k),
            Operation::Lose(k) => self.lose(k),
            Operation::Repeat(k) => self.repeat(k),
            Operation::LoseAnswer(d) => self.lose_answer(d),
            Operation::KillServer(n) => self.arm_server(n, Blow::Kill),
            Operation::KillDevice(d, n) => self.arm_device(d, n, Blow::Kill),
            Operation::ServerPower(n, k) => self.arm_server(n, Blow::Power(k)),
            Operation::DevicePower(d, n, k) => self.arm_device(d, n, Blow::Power(k)),
            Operation::ServerFull(n) => self.arm_server(n, Blow::Full),
            Operation::DeviceFull(d, n) => self.arm_device(d, n, Blow::Full),
            Operation::Image => self.image(),
            Operation::Restore(k) => self.restore(k, false),
            Operation::RestoreAnew(k) => self.restore(k, true),
            Operation::RestoreUnproved(k) => self.restore_unproved(k),
            Operation::RestoreEarly => self.restore_early(),
            Operation::Confirm(d) => self.confirm(d),
            Operation::Rotate => self.rotate(),
            Operation::LosePhone(d) => self.lose_phone(d),
            Operation::Backup(d) => self.back_up(d),
            Operation::Recover(d) => self.recover(d),
            Operation::Clock(d, k) => self.set_device_clock(d, k),
            Operation::ServerClock(k) => self.set_server_clock(k),
            Operation::Sheet(k) => self.load_sheet(k),
            Operation::Revoke(d) => self.revoke(d),
            Operation::Reinstate(d) => self.reinstate(d),
            Operation::People(d, k) => self.set_people(d, k),
            Operation::Erase(k) => self.erase(k),
            Operation::Forge(d, r, k) => self.forge(d, r, k),
            Operation::Bytes(d, k) => self.bytes(d, k),
            Operation::Babble(d, k) => self.babble(d, k),
            Operation::Mislead(d, k) => self.mislead(d, k),
            Operation::Release(k) => self.decide(k, Decision::Released),
            Operation::Dismiss(k) => self.decide(k, Decision::Dismissed),
            Operation::Odd(d, r) => self.odd(d, r),
        }
    }
}
