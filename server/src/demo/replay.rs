//! The replay: meeting by meeting the clock of the server is set, and every device that meets does what was recorded on
//! it since, and syncs: all devices of a meeting at once, a thread each. Knows nothing of what is done.

use super::device::{Device, Names};
use super::plan::{Plan, Turn};
use crate::clock::SetClock;
use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// What came of a replay.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Commands that were done.
    pub done: usize,
    /// Commands that a device refused, a sentence each: mistakes in the script.
    pub refused: Vec<String>,
    /// Times at which a device had a link.
    pub links: usize,
}

/// Enrols every device, each by its own code.
pub fn enrol(devices: &mut [Device], codes: &[String], at: Timestamp) -> Result<(), String> {
    thread::scope(|scope| {
        let enrolling: Vec<_> = devices
            .iter_mut()
            .zip(codes)
            .map(|(device, code)| scope.spawn(move || device.enrol(code, at)))
            .collect();
        enrolling
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| died())?)
    })
}

/// Plays the plan, until its end or until it is told to stop.
pub fn replay(
    plan: &Plan,
    devices: &mut [Device],
    names: &Names,
    clock: &SetClock,
    stopping: &AtomicBool,
) -> Result<Replayed, String> {
    let mut replayed = Replayed::default();
    for round in &plan.rounds {
        if stopping.load(Ordering::Relaxed) {
            break;
        }
        clock.set(round.at);
        let turns = thread::scope(|scope| {
            let playing: Vec<_> = devices
                .iter_mut()
                .enumerate()
                .filter_map(|(place, device)| {
                    let turn = round.turns.iter().find(|turn| turn.device == place)?;
                    Some(scope.spawn(move || play(turn, device, names, round.at)))
                })
                .collect();
            playing
                .into_iter()
                .map(|thread| thread.join().map_err(|_| died())?)
                .collect::<Result<Vec<_>, String>>()
        })?;
        for turn in turns {
            replayed.done += turn.done;
            replayed.links += 1;
            replayed.refused.extend(turn.refused);
        }
    }
    Ok(replayed)
}

fn play(
    turn: &Turn,
    device: &mut Device,
    names: &Names,
    at: Timestamp,
) -> Result<Replayed, String> {
    let mut replayed = Replayed::default();
    for step in &turn.steps {
        match device.act(step, names, step.at) {
            Ok(()) => replayed.done += 1,
            Err(refused) => replayed.refused.push(refused),
        }
    }
    if turn.weak {
        device.sync_weakly(at)?;
    } else {
        device.sync(at)?;
    }
    Ok(replayed)
}

fn died() -> String {
    "a device of the demo died; this is a mistake in the program".to_owned()
}
