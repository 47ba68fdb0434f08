//! Bytes that no honest sender made, in a process of its own whose every allocation is counted: whatever a decoder is
//! given that faces a network or a file, it answers, within bounds of memory and work, on a small stack.

#[path = "bytes/decoder.rs"]
mod decoder;
#[path = "bytes/door.rs"]
mod door;
#[path = "bytes/every.rs"]
mod every;
#[path = "bytes/swollen.rs"]
mod swollen;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Deep nesting has to be refused before this is used up; a thread of the server has four times as much.
const STACK: usize = 512 * 1024;

/// Runs one thing at a time, so that nothing else is counted, on a small stack.
fn alone(work: impl FnOnce() + Send) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let name = std::thread::current().name().unwrap_or("bytes").to_owned();
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().name(name).stack_size(STACK);
        let working = small.spawn_scoped(scope, work).unwrap();
        if let Err(panicked) = working.join() {
            std::panic::resume_unwind(panicked);
        }
    });
}

/// Where the seeds of all decoders lie, a folder each.
fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bytes/__fuzz__")
}

/// The seeds of a decoder, and what once did harm.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(corpora().join(name).join("corpus")).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{name} has no seeds");
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}
