//! The one place that reads a clock to measure with: time as a person waits, and time as a processor worked.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// How long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lap {
    /// As a person waits.
    pub wall: Duration,
    /// As this process worked, on all its threads.
    pub cpu: Duration,
}

impl Lap {
    /// Both, one after the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
        }
    }

    /// Wall time in milliseconds.
    pub fn ms(&self) -> f64 {
        self.wall.as_secs_f64() * 1e3
    }

    /// Wall time in microseconds.
    pub fn us(&self) -> f64 {
        self.wall.as_secs_f64() * 1e6
    }

    /// Processor time in microseconds.
    pub fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6
    }
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}

/// A running watch.
pub struct Stopwatch {
    began: Instant,
    cpu: Duration,
}

impl Stopwatch {
    /// Starts.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads a clock to measure with"
    )]
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
            cpu: cpu(),
        }
    }

    /// How long it has run.
    pub fn lap(&self) -> Lap {
        Lap {
            wall: self.began.elapsed(),
            cpu: cpu().saturating_sub(self.cpu),
        }
    }
}

/// Does something and says how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Lap) {
    let watch = Stopwatch::start();
    let done = work();
    (done, watch.lap())
}

/// The value below which this share of them lies.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// The value in the middle.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}
