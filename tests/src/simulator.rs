//! The simulator that proves the sync: the real core on files and the real router in memory, without a socket, without a
//! real clock. One seed is one history; a history is a list of operations; whatever fails is cut down to its shortest
//! history, kept, and played again with every run.

mod carry;
mod decide;
mod device;
mod erase;
mod fault;
mod heal;
mod history;
mod hostile;
mod look;
mod network;
mod noise;
mod operation;
mod oracle;
mod page;
mod process;
mod rest;
mod safety;
mod screens;
mod server;
mod shrink;
mod sight;
mod template;
mod told;
mod trouble;
mod truth;
mod visible;
mod withdraw;
mod work;
mod world;

pub use fault::{Fault, Tally};
pub use history::{History, Kept};
pub use operation::Operation;
pub use oracle::{Failure, Oracle};

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::{Builder, Runtime};
use world::World;

/// What came of a history.
#[derive(Debug)]
pub struct Played {
    /// What failed, if something did.
    pub failure: Option<Failure>,
    /// What was counted.
    pub tally: Tally,
    /// What happened, if that was wanted.
    pub trace: Vec<String>,
}

/// Plays histories, one after the other.
pub struct Simulator {
    runtime: Rc<Runtime>,
}

impl Default for Simulator {
    fn default() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build();
        Self {
            runtime: Rc::new(runtime.expect("a runtime")),
        }
    }
}

impl Simulator {
    /// Plays one history to its end.
    pub fn play(&self, history: &History, is_traced: bool) -> Played {
        let mut world = World::new(history, &self.runtime, is_traced);
        let whole = catch_unwind(AssertUnwindSafe(|| {
            let mut operations = history.operations.iter();
            operations.try_for_each(|operation| world.step(*operation))?;
            world.finish()
        }));
        let failure = match whole {
            Ok(done) => done.err(),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Some(Failure {
                    oracle: Oracle::Typed,
                    says: format!("a panic: {}", text.unwrap_or_default()),
                })
            }
        };
        let mut trace = world.trace.take().unwrap_or_default();
        if is_traced && let Some(failure) = &failure {
            trace.push(format!("!! {failure}"));
        }
        Played {
            failure,
            tally: world.tally.clone(),
            trace,
        }
    }

    /// The shortest history in which the same oracle fails.
    pub fn shortest(&self, history: &History, oracle: Oracle) -> History {
        shrink::shortest(history, oracle, |candidate| {
            self.play(candidate, false)
                .failure
                .map(|failure| failure.oracle)
        })
    }
}

/// Many histories.
#[derive(Debug, Default)]
pub struct Run {
    /// What was counted.
    pub tally: Tally,
    /// The failing seed that was found first, with what failed.
    pub failure: Option<(u64, Failure)>,
}

/// Plays the histories of these seeds on two threads, up to the first that fails.
pub fn run(seeds: Range<u64>, played: impl Fn() + Sync) -> Run {
    let next = AtomicU64::new(seeds.start);
    let all = Mutex::new(Run::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let simulator = Simulator::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    let is_over = seed >= seeds.end || all.lock().expect("a run").failure.is_some();
                    if is_over {
                        return;
                    }
                    let one = simulator.play(&History::of(seed), false);
                    played();
                    let mut all = all.lock().expect("a run");
                    all.tally.add(&one.tally);
                    let is_first = all.failure.as_ref().is_none_or(|(other, _)| seed < *other);
                    if let Some(failure) = one.failure.filter(|_| is_first) {
                        all.failure = Some((seed, failure));
                    }
                }
            });
        }
    });
    all.into_inner().expect("a run")
}
