//! The engine of sync, sans-IO: it says what to send and takes what came back; it opens no socket and reads no clock.
//! One request is in flight at a time, under a random number; an answer with another number is dropped whole. What an
//! answer tells, and the positions that it raises, are one transaction.

mod apply;
mod enrol;
mod request;
mod resync;
mod settle;

use crate::domain::id::PatientId;
use crate::domain::organisation::Organisation;
use crate::refusal::Refusal;
use crate::store::{Phase, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use rand::{Rng, RngCore};
use std::collections::BTreeSet;

/// What the carrier is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncStep {
    /// Carry this and bring back the answer.
    Send(Outgoing),
    /// Nothing before this time, unless something is recorded or the link comes up.
    Idle(Option<Timestamp>),
}

/// A request as bytes for the carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The number under which its answer is taken.
    pub number: u64,
    /// Where on the server.
    pub path: &'static str,
    /// The credential for `Authorization: Bearer`.
    pub bearer: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the carrier brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// An answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// None came.
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Enrol,
    Sync,
    Reconcile,
    Heartbeat,
}

/// The engine's memory: nothing in it outlives the process, and nothing needs to.
#[derive(Debug, Default)]
pub struct Engine {
    in_flight: Option<(u64, Kind)>,
    wanted: bool,
    failures: u32,
    not_before: Option<Timestamp>,
    last_said: Option<Timestamp>,
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Engine {
    /// Something was recorded, a nudge came, or the link came up: sync at the next chance.
    pub fn want(&mut self) {
        self.wanted = true;
        self.not_before = None;
    }

    /// What to do now.
    pub fn next(
        &mut self,
        store: &Store,
        build: &str,
        rng: &mut dyn RngCore,
        now: Timestamp,
    ) -> Result<SyncStep, StoreError> {
        let Some(device) = store.rows().device()? else {
            return Ok(SyncStep::Idle(None));
        };
        if let Some(at) = self.not_before.filter(|at| *at > now) {
            return Ok(SyncStep::Idle(Some(at)));
        }
        let number = rng.random();
        let quiet_since = self
            .last_said
            .is_none_or(|at| now.duration_since(at) >= HOUR);
        let (kind, path, body) = match device.phase {
            Phase::Confirming => (
                Kind::Reconcile,
                "/v1/reconcile",
                resync::request(store, &device, build, number, now)?,
            ),
            _ if self.failures >= 2 && self.failures.is_multiple_of(2) => (
                Kind::Heartbeat,
                "/v1/heartbeat",
                request::heartbeat(store, &device, build, number, now)?,
            ),
            Phase::Refilling => (
                Kind::Sync,
                "/v1/sync",
                request::sync(store, &device, build, number, now)?,
            ),
            Phase::Normal if self.wanted || quiet_since => (
                Kind::Sync,
                "/v1/sync",
                request::sync(store, &device, build, number, now)?,
            ),
            Phase::Normal => {
                return Ok(SyncStep::Idle(
                    self.last_said.and_then(|at| at.checked_add(HOUR).ok()),
                ));
            }
        };
        self.in_flight = Some((number, kind));
        Ok(SyncStep::Send(Outgoing {
            number,
            path,
            bearer: Some(device.token),
            body,
        }))
    }

    /// Asks to become a device, with a one-time code.
    pub fn enrol(
        &mut self,
        code: &str,
        build: &str,
        rng: &mut dyn RngCore,
        now: Timestamp,
    ) -> Outgoing {
        let number = rng.random();
        self.in_flight = Some((number, Kind::Enrol));
        Outgoing {
            number,
            path: "/v1/enrol",
            bearer: None,
            body: enrol::request(code, build, number, now),
        }
    }

    /// Takes what the carrier brought. Returns the patients whose documents changed; none for an answer to another
    /// number, which is dropped whole.
    pub fn answered(
        &mut self,
        store: &mut Store,
        number: u64,
        carried: &Carried,
        rng: &mut dyn RngCore,
        now: Timestamp,
    ) -> Result<BTreeSet<PatientId>, Refusal> {
        let Some((_, kind)) = self.in_flight.filter(|(expected, _)| *expected == number) else {
            return Ok(BTreeSet::new());
        };
        self.in_flight = None;
        let body = match carried {
            Carried::Answer { status: 200, body } => body,
            Carried::Answer {
                status: 401 | 403, ..
            } if kind != Kind::Enrol => {
                store.write(settle::signed_off)?;
                self.failed(rng, now);
                return Ok(BTreeSet::new());
            }
            Carried::Answer {
                status: 401 | 403 | 404,
                ..
            } if kind == Kind::Enrol => {
                return Err(Refusal::NotHere("a place for this code on the server"));
            }
            Carried::Answer { .. } | Carried::Failed => {
                self.failed(rng, now);
                return Ok(BTreeSet::new());
            }
        };
        let taken = match kind {
            Kind::Enrol => enrol::answered(store, number, body, now).map(|()| Taken::default()),
            Kind::Sync => settle::answered(store, number, body, now),
            Kind::Reconcile => resync::answered(store, number, body, now),
            Kind::Heartbeat => Ok(Taken {
                more: true,
                ..Taken::default()
            }),
        };
        match taken {
            Ok(taken) => {
                self.failures = u32::from(kind == Kind::Heartbeat);
                self.not_before = taken.wait.and_then(|wait| now.checked_add(wait).ok());
                self.wanted = taken.more || kind == Kind::Enrol;
                self.last_said = Some(now);
                Ok(taken.patients)
            }
            // An answer that does not read is as good as none.
            Err(Untaken::Unreadable) => {
                self.failed(rng, now);
                Ok(BTreeSet::new())
            }
            Err(Untaken::Store(error)) => Err(error.into()),
        }
    }

    /// Backs off: two seconds, doubled up to ten minutes, spread by half.
    fn failed(&mut self, rng: &mut dyn RngCore, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.wanted = true;
        let base = 1_000_i64 << self.failures.min(10);
        let wait = base.min(600_000);
        let wait = wait / 2 + rng.random_range(0..=wait / 2);
        self.not_before = now.checked_add(SignedDuration::from_millis(wait)).ok();
    }
}

/// What an answer led to.
#[derive(Debug, Default)]
struct Taken {
    patients: BTreeSet<PatientId>,
    more: bool,
    wait: Option<SignedDuration>,
}

/// Why an answer was not taken.
#[derive(Debug)]
enum Untaken {
    Unreadable,
    Store(StoreError),
}

impl From<StoreError> for Untaken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<crate::wire::Unreadable> for Untaken {
    fn from(_: crate::wire::Unreadable) -> Self {
        Self::Unreadable
    }
}

/// The sheet as this device holds it; an empty one before the first has come.
fn sheet(rows: &crate::store::Rows<'_>) -> Result<Option<Organisation>, StoreError> {
    Ok(rows
        .sheet()?
        .and_then(|(_, text)| Organisation::parse(&text).ok()))
}
