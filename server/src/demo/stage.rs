//! The stage: the server of the demo on its own port, whose clock is driven through the past, and the devices in front
//! of it. Knows no handoff.

use super::cast::{self, MEMBERS, ORGANISATION, PASSWORD, SUPERVISOR};
use super::device::{Device, Names};
use super::plan::Plan;
use super::replay;
use crate::clock::{Random, SetClock};
use crate::health::Front;
use crate::key_file::KeyFile;
use crate::listen::{self, Entrance};
use crate::store::sqlite::Sqlite;
use crate::{Server, Settings, data_folder};
use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use warmhand_core::app::Place;

pub use replay::Replayed as Told;

/// The server and its devices.
pub struct Stage {
    /// The server.
    pub server: Arc<Server>,
    /// Its clock.
    pub clock: Arc<SetClock>,
    /// Where it is served.
    pub address: String,
    devices: Vec<Device>,
    names: Names,
    _held: File,
    ended: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Stage {
    /// Opens the server in a folder and serves on a listener; begins with the sample organisation if there is none yet.
    /// `kept`: devices have files there too.
    pub async fn open(
        listener: TcpListener,
        folder: &Path,
        kept: bool,
        at: Timestamp,
    ) -> Result<Self, String> {
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let address = format!("http://{address}");
        if !Sqlite::exists(folder) {
            crate::begin::begin(folder, ORGANISATION, &Random::from_os())?;
        }
        let held = data_folder::hold(folder)?;
        let store = Sqlite::open(folder, KeyFile::load(folder)?).map_err(|e| e.to_string())?;
        store.replay().map_err(|e| e.to_string())?;
        let clock = Arc::new(SetClock::at(at));
        let random = Arc::new(Random::from_os());
        let server = Server::new(Arc::new(store), clock.clone(), random, Settings::default());
        server
            .set_password(SUPERVISOR.into(), PASSWORD.to_owned())
            .await
            .map_err(|error| error.to_string())?;
        let devices = devices(&folder.join("devices"), kept, &address)?;
        let (ended, end) = oneshot::channel::<()>();
        // A stage that is dropped ends as well.
        let end = async { end.await.unwrap_or(()) };
        let front = Front::new(folder.to_owned(), 0);
        front.open(Arc::clone(&server));
        let entrance = Entrance::plain(listener);
        let serving = tokio::spawn(listen::serve(entrance, front.router(), end));
        Ok(Self {
            server,
            clock,
            address,
            devices,
            names: Names::default(),
            _held: held,
            ended,
            serving,
        })
    }

    /// Enrols the devices and plays a plan, unless it is told to stop before its end.
    pub async fn play(&mut self, plan: &Plan, stopping: &Arc<AtomicBool>) -> Result<Told, String> {
        let mut codes = Vec::new();
        for member in &MEMBERS {
            let people = member.people.iter().map(|user| (*user).into()).collect();
            let (name, kind) = (member.name.to_owned(), member.kind.as_str().to_owned());
            let code = self.server.issue_code(name, kind, people).await;
            codes.push(code.map_err(|error| error.to_string())?.text);
        }
        let (plan, clock, stopping) = (plan.clone(), self.clock.clone(), stopping.clone());
        let (mut devices, names) = self.devices();
        let playing = tokio::task::spawn_blocking(move || {
            replay::enrol(&mut devices, &codes, plan.from)?;
            let told = replay::replay(&plan, &mut devices, &names, &clock, &stopping)?;
            Ok::<_, String>((devices, names, told))
        });
        let (devices, names, told) = playing.await.map_err(|error| error.to_string())??;
        (self.devices, self.names) = (devices, names);
        Ok(told)
    }

    /// The devices that are not green, but for the one that is to be silent: something of theirs is not on the server,
    /// or waits for help.
    pub fn not_green(&self) -> Vec<&'static str> {
        self.devices
            .iter()
            .enumerate()
            .filter(|(at, device)| *at != cast::SILENT_PHONE && !device.is_green().unwrap_or(false))
            .map(|(_, device)| device.name())
            .collect()
    }

    /// Hands the devices over, with what stand-ins have come to stand for.
    pub fn devices(&mut self) -> (Vec<Device>, Names) {
        (
            std::mem::take(&mut self.devices),
            std::mem::take(&mut self.names),
        )
    }

    /// Ends serving.
    pub async fn close(self) -> Result<(), String> {
        let _ = self.ended.send(());
        self.serving.await.map_err(|error| error.to_string())
    }
}

/// The devices: in files if they are kept, else in memory.
fn devices(folder: &Path, kept: bool, address: &str) -> Result<Vec<Device>, String> {
    if kept {
        fs::create_dir_all(folder)
            .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    }
    MEMBERS
        .iter()
        .map(|member| {
            let file = folder.join(format!("{}.db", member.file));
            let place = if kept {
                Place::File(file)
            } else {
                Place::Memory
            };
            let rng = Box::new(ChaCha20Rng::from_os_rng());
            Device::open(*member, &place, address, rng)
        })
        .collect()
}
