//! Many devices at once, each on a thread of its own, let go together.

use super::floor::Carried;
use super::stopwatch::{Lap, Stopwatch, timed};
use std::sync::Barrier;
use std::thread;

/// What came of everybody's sync, and how long it took until the last of them was done.
pub struct Burst<T> {
    /// Each device's own.
    pub each: Vec<(T, Lap)>,
    /// From the first to the last.
    pub all: Lap,
}

impl Burst<Carried> {
    /// What all of them carried.
    pub fn carried(&self) -> Carried {
        let mut carried = Carried::default();
        for (one, _) in &self.each {
            carried.up += one.up;
            carried.down += one.down;
            carried.requests += one.requests;
        }
        carried
    }
}

/// Lets them go; whoever is done says so.
pub fn at_once<D: Send, T: Send>(
    devices: &mut [D],
    sync: impl Fn(&mut D) -> T + Sync,
    done: impl Fn() + Sync,
) -> Burst<T> {
    let start = Barrier::new(devices.len() + 1);
    thread::scope(|scope| {
        let running: Vec<_> = devices
            .iter_mut()
            .map(|device| {
                let (start, sync, done) = (&start, &sync, &done);
                scope.spawn(move || {
                    start.wait();
                    let told = timed(|| sync(device));
                    done();
                    told
                })
            })
            .collect();
        start.wait();
        let watch = Stopwatch::start();
        let each = running
            .into_iter()
            .map(|device| device.join().expect("a device"))
            .collect();
        Burst {
            each,
            all: watch.lap(),
        }
    })
}
