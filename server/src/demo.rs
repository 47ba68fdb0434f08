//! The demo: a sample organisation whose devices play several weeks of handoffs through real cores over real HTTP, and
//! then go on living. Nothing in it is a shortcut: what the dashboard shows was recorded on a device, synced, judged
//! and projected like any other work. A client of the server: nothing of the server depends on it.

mod ask;
mod call;
mod cast;
mod collide;
mod device;
mod diary;
mod differ;
mod follow;
mod intent;
mod living;
mod modes;
mod plan;
mod replay;
mod stage;
mod tale;
#[cfg(test)]
mod tests;
mod today;
mod visit;
mod words;
mod worry;

pub use living::Living;
pub use plan::{Plan, plan};
pub use stage::{Stage, Told};

use crate::clock::{Clock, SystemClock};
use jiff::tz::TimeZone;
use std::fs;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use warmhand_core::domain::organisation::Organisation;

/// The demo tells the same story each time.
const SEED: u64 = 7;
const WEEKS: u16 = 5;
/// A kept folder has this file once its past has been played.
const PLAYED: &str = "demo-played";

/// Replays the weeks, says how to sign in, and lives until asked to stop.
pub async fn run(
    listener: TcpListener,
    data: Option<PathBuf>,
    stop: impl Future<Output = ()> + Send + 'static,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    // From here on Ctrl-C is heard: what is being played ends, and a passing folder goes.
    let (stopping, stopped) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    tokio::spawn({
        let (stopping, stopped) = (Arc::clone(&stopping), Arc::clone(&stopped));
        async move {
            stop.await;
            stopping.store(true, Ordering::Relaxed);
            stopped.notify_one();
        }
    });
    let passing = tempfile::tempdir().map_err(said)?;
    let kept = data.is_some();
    let folder = data.unwrap_or_else(|| passing.path().join("data"));
    let played = folder.join(PLAYED).exists();
    if !played && holds_something(&folder) {
        return Err(format!(
            "{} is not empty and holds no finished demo; choose an empty folder",
            folder.display()
        ));
    }
    let now = SystemClock.now();
    let plan = plan(SEED, WEEKS, now)?;
    let begins = if played { now } else { plan.from };
    let mut stage = Stage::open(listener, &folder, kept, begins).await?;
    if !played {
        let _ = writeln!(
            err,
            "Playing {WEEKS} weeks of a sample organisation through real devices ..."
        );
        let told = stage.play(&plan, &stopping).await?;
        if stopping.load(Ordering::Relaxed) {
            return stage.close().await;
        }
        // A mistake in the script: what was refused is missing, and the rest can still be shown.
        for refused in &told.refused {
            let _ = writeln!(err, "A step of the demo was refused: {refused}");
        }
        for name in stage.not_green() {
            let _ = writeln!(err, "{name} still has something to send.");
        }
        fs::write(folder.join(PLAYED), "").map_err(said)?;
    }
    stage.clock.follow(Box::new(SystemClock));
    stage.server.tell(0);
    let sheet = Organisation::parse(cast::ORGANISATION)?;
    let name = sheet.name_of(&cast::SUPERVISOR.into()).to_owned();
    welcome(out, &stage.address, &name).map_err(said)?;

    let zone = TimeZone::get(&sheet.zone).unwrap_or(TimeZone::UTC);
    let (devices, names) = stage.devices();
    // Continued on another day it goes on otherwise, and with other patients, than on this one.
    let seed = now.as_second().unsigned_abs();
    let patient = 200 + usize::try_from(seed / 60 % 700).unwrap_or(0);
    let mut living = Living::new(devices, names, stage.clock.clone(), zone, seed, patient);
    let (hush, hushed) = mpsc::channel();
    let life = tokio::task::spawn_blocking(move || living.live(&hushed));
    stopped.notified().await;
    // The devices stop first, so that none finds its server gone.
    drop(hush);
    let _ = life.await;
    stage.close().await
}

fn holds_something(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some())
}

fn welcome(out: &mut dyn Write, address: &str, name: &str) -> std::io::Result<()> {
    writeln!(out, "Dashboard: {address}/")?;
    writeln!(out, "Name: {name}")?;
    writeln!(out, "Password: {}", cast::PASSWORD)?;
    let devices = cast::MEMBERS.len();
    writeln!(out, "{devices} devices go on living; Ctrl-C ends it.")?;
    out.flush()
}
