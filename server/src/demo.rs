//! The demo: a sample organisation whose devices play several weeks of handoffs through real cores over real HTTP, and
//! then go on living. Nothing in it is a shortcut: what the dashboard shows was recorded on a device, synced, judged
//! and projected like any other work. A client of the server: nothing of the server depends on it.

mod cast;
mod collide;
mod device;
mod diary;
mod follow;
mod living;
mod modes;
mod plan;
mod replay;
mod tale;
mod today;
mod visit;
mod words;
mod worry;

use crate::clock::{Clock, Random, SetClock, SystemClock};
use crate::receipt::ReceiptKey;
use crate::store::sqlite::Sqlite;
use crate::{Server, Settings};
use cast::{MEMBERS, ORGANISATION, PASSWORD, SUPERVISOR};
use device::{Device, Names};
use jiff::tz::TimeZone;
use living::Living;
use plan::Plan;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::fs;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use warmhand_core::app::Place;
use warmhand_core::domain::organisation::Organisation;

/// The demo tells the same story each time.
const SEED: u64 = 7;
const WEEKS: u16 = 5;
/// Patients of the living days are numbered from here.
const NEXT_PATIENT: usize = 500;

/// Replays the weeks, says how to sign in, and lives until asked to stop.
pub async fn run(
    listener: TcpListener,
    data: Option<PathBuf>,
    stop: impl Future<Output = ()> + Send + 'static,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    let passing = tempfile::tempdir().map_err(said)?;
    let folder = data.unwrap_or_else(|| passing.path().join("data"));
    let address = format!("http://{}", listener.local_addr().map_err(said)?);
    let fresh = !Sqlite::exists(&folder);
    let now = SystemClock.now();
    let plan = plan::plan(SEED, WEEKS, now)?;
    let clock = Arc::new(SetClock::at(plan.from));
    if fresh {
        crate::cli::begin(&folder, ORGANISATION, &Random::from_os())?;
    } else {
        clock.follow(Box::new(SystemClock));
    }
    let store =
        Sqlite::open(&folder, ReceiptKey::load(&folder)?).map_err(|error| error.to_string())?;
    let server = Server::new(
        Arc::new(store),
        clock.clone(),
        Arc::new(Random::from_os()),
        Settings::default(),
    );
    let (ended, end) = oneshot::channel::<()>();
    let serving = tokio::spawn({
        let server = Arc::clone(&server);
        async move {
            server
                .serve(listener, async { end.await.unwrap_or(()) })
                .await
        }
    });
    let devices = open(&folder.join("devices"), &address)?;
    let names = Names::default();
    let (devices, names) = if fresh {
        server
            .set_password(SUPERVISOR.into(), PASSWORD.to_owned())
            .await
            .map_err(|error| error.to_string())?;
        let _ = writeln!(
            err,
            "Playing {WEEKS} weeks of a sample organisation through real devices ..."
        );
        play(&server, &plan, devices, names, &clock).await?
    } else {
        (devices, names)
    };
    clock.follow(Box::new(SystemClock));
    server.tell(0);
    let sheet = Organisation::parse(ORGANISATION)?;
    writeln!(out, "Dashboard: {address}/").map_err(said)?;
    writeln!(out, "Name: {}", sheet.name_of(&SUPERVISOR.into())).map_err(said)?;
    writeln!(out, "Password: {PASSWORD}").map_err(said)?;
    writeln!(
        out,
        "{} devices go on living; Ctrl-C ends it.",
        MEMBERS.len()
    )
    .map_err(said)?;
    out.flush().map_err(said)?;
    let zone = TimeZone::get(&sheet.zone).unwrap_or(TimeZone::UTC);
    let mut living = Living::new(
        devices,
        names,
        clock,
        zone,
        now.as_second().unsigned_abs(),
        NEXT_PATIENT,
    );
    let (hush, hushed) = mpsc::channel();
    let life = tokio::task::spawn_blocking(move || living.live(&hushed));
    stop.await;
    // The devices stop first, so that none finds its server gone.
    drop(hush);
    let _ = life.await;
    let _ = ended.send(());
    serving
        .await
        .map_err(|error| error.to_string())?
        .map_err(said)
}

fn open(folder: &Path, address: &str) -> Result<Vec<Device>, String> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    MEMBERS
        .iter()
        .map(|member| {
            let place = Place::File(folder.join(format!("{}.db", member.file)));
            Device::open(
                *member,
                &place,
                address,
                Box::new(ChaCha20Rng::from_os_rng()),
            )
        })
        .collect()
}

/// Enrols the devices and plays the plan. What a device refuses is a mistake in the plan.
async fn play(
    server: &Arc<Server>,
    plan: &Plan,
    mut devices: Vec<Device>,
    names: Names,
    clock: &Arc<SetClock>,
) -> Result<(Vec<Device>, Names), String> {
    let mut codes = Vec::new();
    for member in &MEMBERS {
        let people = member.people.iter().map(|user| (*user).into()).collect();
        let code = server
            .issue_code(
                member.name.to_owned(),
                member.kind.as_str().to_owned(),
                people,
            )
            .await;
        codes.push(code.map_err(|error| error.to_string())?.text);
    }
    let (plan, clock) = (plan.clone(), Arc::clone(clock));
    let playing = tokio::task::spawn_blocking(move || {
        replay::enrol(&mut devices, &codes, plan.from)?;
        let replayed = replay::replay(&plan, &mut devices, &names, &clock, &mut std::io::sink())?;
        let waiting = devices
            .iter()
            .enumerate()
            .find(|(at, device)| *at != cast::SILENT_PHONE && !device.is_green().unwrap_or(false));
        if let Some((_, device)) = waiting {
            return Err(format!("{} still has something to send", device.name()));
        }
        match replayed.refused.first() {
            Some(first) => Err(format!(
                "{} steps of the demo were refused; the first: {first}",
                replayed.refused.len()
            )),
            None => Ok((devices, names)),
        }
    });
    playing.await.map_err(|error| error.to_string())?
}
