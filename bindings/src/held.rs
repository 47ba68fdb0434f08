//! The core behind its lock: opened, worked with by one thread at a time, and opened anew after a panic, so that
//! nothing half done is ever worked on. What a transaction had not committed is gone with it; the file is whole.

use crate::caught::caught;
use crate::refusal::Refusal;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};
use warmhand_core::app::{self, App, Place, Topic};
use warmhand_core::refusal::StorageTrouble;

/// How the core is opened.
pub(crate) type Open =
    fn(&Place, Box<dyn RngCore + Send>) -> Result<App, warmhand_core::refusal::Refusal>;

/// The core, or the place from which to open it.
pub(crate) struct Held {
    place: Place,
    open: Open,
    core: Option<App>,
    heard: Heard,
}

/// What the core tells while it is locked, kept until it is not.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Topic>>>);

impl app::Listener for Heard {
    fn changed(&self, topics: &[Topic]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend_from_slice(topics);
    }
}

impl Held {
    /// Opens the database at this place.
    pub(crate) fn open(place: Place, open: Open) -> Result<Self, Refusal> {
        let mut held = Self {
            place,
            open,
            core: None,
            heard: Heard::default(),
        };
        held.run(|_| Ok(()))?;
        Ok(held)
    }

    /// Works with the core. The core goes into the work and comes back only if it does not panic.
    pub(crate) fn run<T>(
        &mut self,
        work: impl FnOnce(&mut App) -> Result<T, warmhand_core::refusal::Refusal>,
    ) -> Result<T, Refusal> {
        let core = self.core.take();
        let (place, open, heard) = (&self.place, self.open, self.heard.clone());
        let (core, done) = caught(move || {
            let mut core = match core {
                Some(core) => core,
                None => match opened(place, open, heard) {
                    Ok(core) => core,
                    Err(refusal) => return (None, Err(refusal)),
                },
            };
            let done = work(&mut core).map_err(Refusal::from);
            (Some(core), done)
        })
        .map_err(|at| Refusal::Internal { at })?;
        self.core = core;
        done
    }

    /// Where the file lies.
    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    /// What changed since this was last asked.
    pub(crate) fn changed(&self) -> Vec<Topic> {
        take(&mut *self.heard.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn opened(place: &Place, open: Open, heard: Heard) -> Result<App, Refusal> {
    let rng = StdRng::try_from_os_rng().map_err(|_| Refusal::Storage {
        trouble: StorageTrouble::Unavailable,
    })?;
    let mut core = open(place, Box::new(rng))?;
    core.set_listener(Box::new(heard));
    Ok(core)
}
