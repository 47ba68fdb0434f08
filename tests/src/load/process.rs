//! Another process as the system sees it: how much memory it holds and how long it has worked. Reads `/proc` alone.

use std::fs;
use std::time::Duration;

fn status(pid: u32, field: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Memory that it holds now, in megabytes.
pub fn resident_mb(pid: u32) -> f64 {
    mb(status(pid, "VmRSS:"))
}

/// The most that it ever held, in megabytes.
pub fn peak_mb(pid: u32) -> f64 {
    mb(status(pid, "VmHWM:"))
}

fn mb(kb: Option<u64>) -> f64 {
    kb.map_or(f64::NAN, |kb| kb as f64 / 1024.0)
}

/// How long its threads have worked, those that ended not counted.
pub fn worked(pid: u32) -> Duration {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Duration::ZERO;
    };
    threads
        .filter_map(|thread| {
            let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            let ns: u64 = text.split_whitespace().next()?.parse().ok()?;
            Some(Duration::from_nanos(ns))
        })
        .sum()
}
