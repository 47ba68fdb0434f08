//! Life after the replay: every few seconds one small thing happens on one device, in real time. Some visits are without
//! a link and come in at their end. It goes on for a few hundred handoffs, and then devices only say that they are there.

use super::ask;
use super::cast::{AT_HOME, IN_CLINIC, MEMBERS, SILENT_PHONE, SILENT_TABLET, Visitor};
use super::device::{Device, Names};
use super::diary::Diary;
use super::intent::Intent;
use super::tale::{Step, Tale};
use crate::clock::Clock;
use jiff::tz::TimeZone;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use warmhand_core::domain::code::{DecisionValue, Mode};

/// Handoffs that are begun in real time, at most.
const MOST: usize = 300;

/// The devices, once the past is played.
pub struct Living {
    devices: Vec<Device>,
    names: Names,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
    rng: ChaCha8Rng,
    /// Patients are numbered on from the replay's.
    patient: usize,
    begun: usize,
    steps: VecDeque<Step>,
    offline: bool,
    turn: usize,
    missed: usize,
}

impl Living {
    /// Goes on with these devices.
    pub fn new(
        devices: Vec<Device>,
        names: Names,
        clock: Arc<dyn Clock>,
        zone: TimeZone,
        seed: u64,
        patient: usize,
    ) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self {
            devices,
            names,
            clock,
            zone,
            rng,
            patient,
            begun: 0,
            steps: VecDeque::new(),
            offline: false,
            turn: 0,
            missed: 0,
        }
    }

    /// Lives until it is told to stop.
    pub fn live(&mut self, stop: &Receiver<()>) {
        loop {
            let wait = Duration::from_millis(self.rng.random_range(3_000..6_000));
            match stop.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// One small thing. Whatever goes wrong, a device tries again at its next turn.
    pub fn tick(&mut self) {
        self.say_hello();
        if self.steps.is_empty() && self.begun < MOST {
            self.begin();
        }
        let Some(step) = self.steps.pop_front() else {
            return;
        };
        let now = self.clock.now();
        let last = self.steps.is_empty();
        let Some(device) = self.devices.get_mut(step.device) else {
            return;
        };
        if !self.offline {
            // What colleagues did elsewhere comes first.
            let _ = device.sync(now);
        }
        if device.act(&step, &self.names, now).is_err() {
            // What stands on it cannot be done either.
            self.steps.clear();
            self.missed += 1;
        }
        if !self.offline || last {
            let _ = device.sync(now);
        }
    }

    /// Handoffs that were begun, and those that could not be told to their end.
    pub fn begun(&self) -> (usize, usize) {
        (self.begun, self.missed)
    }

    /// One device after the other says that it is there.
    fn say_hello(&mut self) {
        let now = self.clock.now();
        self.turn = (self.turn + 1) % MEMBERS.len();
        let silent = self.turn == SILENT_PHONE || self.turn == SILENT_TABLET;
        let busy = self.offline
            && self
                .steps
                .front()
                .is_some_and(|step| step.device == self.turn);
        if let Some(device) = self.devices.get_mut(self.turn).filter(|_| !silent && !busy) {
            let _ = device.sync(now);
        }
    }

    fn begin(&mut self) {
        let here = |v: &&Visitor| v.device != SILENT_PHONE && v.device != SILENT_TABLET;
        let visitors: Vec<&Visitor> = AT_HOME.iter().chain(&IN_CLINIC).filter(here).collect();
        let Some(visitor) = visitors.get(self.rng.random_range(0..visitors.len().max(1))) else {
            return;
        };
        let modes: &[Mode] = if visitor.home {
            &[Mode::Phone, Mode::Phone, Mode::Written]
        } else {
            &[Mode::InPerson, Mode::Coordinator, Mode::Portal]
        };
        let mode = modes
            .get(self.rng.random_range(0..modes.len()))
            .copied()
            .unwrap_or(Mode::Phone);
        let says = if self.rng.random_bool(0.8) {
            DecisionValue::Agreed
        } else {
            DecisionValue::NotToday
        };
        let intent = Intent {
            patient: self.patient,
            visitor: **visitor,
            mode,
            says,
            luck: 1.0,
        };
        let diary = Diary::living(self.zone.clone(), self.clock.now());
        let mut tale = Tale::new(
            &diary,
            &mut self.rng,
            visitor.device,
            visitor.user,
            diary.now,
        );
        ask::first(&mut tale, &intent);
        self.steps = tale.steps.into();
        self.offline = visitor.home && self.rng.random_bool(0.3);
        self.patient += 1;
        self.begun += 1;
    }
}
