//! The engine of sync, sans-IO: it says what to send and takes what came back; it opens no socket and reads no clock.
//! One request is in flight at a time, under a random number; an answer with another number is dropped whole. What an
//! answer tells, and the positions that it raises, are one transaction.

mod answer;
mod apply;
mod arrived;
mod compare;
mod enrol;
mod ground;
mod reauthor;
mod request;
mod resync;
mod settle;
mod wipe;

pub use arrived::WORKER;

use crate::document::ChangeHash;
use crate::domain::id::{DocumentId, PatientId};
use crate::refusal::Refusal;
use crate::store::{Phase, Store, StoreError};
use crate::wire::unpack;
use jiff::{SignedDuration, Timestamp};
use minicbor::Decode;
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
    Docs,
    Heartbeat,
    Wiped,
}

/// The engine's memory: nothing in it outlives the process, and nothing needs to.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is the answer to a question of its own"
)]
#[derive(Debug, Default)]
pub struct Engine {
    in_flight: Option<(u64, Kind)>,
    comparison: Option<resync::Comparison>,
    wanted: bool,
    wanted_meanwhile: bool,
    /// The last answer left more to say or to hear, at once.
    goes_on: bool,
    /// What the last request brought to the server.
    sent: Vec<(DocumentId, ChangeHash)>,
    /// Documents of which the server took something and did not speak: what waits in others goes first.
    held_up: BTreeSet<DocumentId>,
    failures: u32,
    /// So many heartbeats were answered, and nothing else since.
    heartbeats: u32,
    /// The server said last that it does not know this version.
    is_unknown: bool,
    not_before: Option<Timestamp>,
    last_said: Option<Timestamp>,
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Somebody else has the file: it is tried again.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// So long after an answer the link counts as there.
const LINK: SignedDuration = SignedDuration::from_mins(2);

impl Engine {
    /// Something was recorded, a nudge came, or the link came up: sync at the next chance.
    pub fn want(&mut self) {
        self.wanted = true;
        // The answer on its way may be of before.
        self.wanted_meanwhile = true;
        self.not_before = None;
    }

    /// Is it in the middle of something that takes more than one answer?
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Did the server say last that app and server are of versions that do not know each other?
    pub fn needs_update(&self) -> bool {
        self.is_unknown
    }

    /// Did the server answer a moment ago, and nothing fail since? What the platform says of its link is no proof.
    pub fn has_link(&self, now: Timestamp) -> bool {
        let heard = self.last_said.filter(|at| *at <= now);
        self.failures == 0 && heard.is_some_and(|at| now.duration_since(at) <= LINK)
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
        // A clock that was set back must not keep the device silent until it comes round again.
        if let Some(at) = self
            .not_before
            .filter(|at| *at > now && at.duration_since(now) <= HOUR)
        {
            return Ok(SyncStep::Idle(Some(at)));
        }
        let number = rng.random();
        let is_quiet = self
            .last_said
            .is_none_or(|at| at > now || now.duration_since(at) >= HOUR);
        let (kind, path, body) = match device.phase {
            Phase::Wiping => {
                self.goes_on = false;
                return Ok(SyncStep::Idle(now.checked_add(MINUTE).ok()));
            }
            Phase::Ended if !self.wanted && !is_quiet => return Ok(self.idle()),
            Phase::Wiped | Phase::Ended => (
                Kind::Wiped,
                "/v1/wiped",
                wipe::request(store, build, number, now)?,
            ),
            _ if self.failures >= 2 && self.failures.is_multiple_of(2) => (
                Kind::Heartbeat,
                "/v1/heartbeat",
                request::heartbeat(store, &device, build, number, now)?,
            ),
            Phase::Comparing => (
                Kind::Reconcile,
                "/v1/reconcile",
                resync::compare(store, &mut self.comparison, &device, build, number, now)?,
            ),
            Phase::Fetching | Phase::Confirming => (
                Kind::Docs,
                "/v1/docs",
                resync::request(store, &device, build, number, now)?,
            ),
            Phase::Normal | Phase::Refilling if !self.wanted && !is_quiet => {
                return Ok(self.idle());
            }
            Phase::Normal | Phase::Refilling => {
                let push = request::waiting(store, &self.held_up)?;
                let sent = push.iter().map(|stored| (stored.change.doc, stored.hash));
                self.sent = sent.collect();
                let body = request::sync(store, &device, push, build, number, now)?;
                (Kind::Sync, "/v1/sync", body)
            }
        };
        self.wanted_meanwhile = false;
        self.in_flight = Some((number, kind));
        Ok(SyncStep::Send(Outgoing {
            number,
            path,
            bearer: Some(device.token),
            body,
        }))
    }

    fn idle(&self) -> SyncStep {
        SyncStep::Idle(self.last_said.and_then(|at| at.checked_add(HOUR).ok()))
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

    /// Takes what the carrier brought. An answer to another number is dropped whole.
    pub fn answered(
        &mut self,
        store: &mut Store,
        number: u64,
        carried: &Carried,
        rng: &mut dyn RngCore,
        now: Timestamp,
    ) -> Result<Taken, Refusal> {
        let Some((_, kind)) = self.in_flight.filter(|(expected, _)| *expected == number) else {
            return Ok(Taken::default());
        };
        self.in_flight = None;
        self.goes_on = false;
        if let Carried::Answer { status, .. } = carried {
            // A heartbeat is heard in any version.
            self.is_unknown = *status == 426 || self.is_unknown && kind == Kind::Heartbeat;
        }
        let taken = match carried {
            Carried::Answer { status: 200, body } => match kind {
                Kind::Enrol => enrol::answered(store, number, body, now),
                Kind::Sync => answer::answered(store, number, body, rng, now),
                Kind::Reconcile => resync::compared(store, &mut self.comparison, number, body, now),
                Kind::Docs => resync::answered(store, number, body, rng, now),
                Kind::Heartbeat => request::heard(number, body),
                Kind::Wiped => wipe::answered(store, number, body, now),
            },
            Carried::Answer {
                status: 401 | 403, ..
            } if kind != Kind::Enrol => {
                let written = store.write(settle::signed_off);
                written
                    .map_err(Untaken::Store)
                    .and(Err(Untaken::Unreadable))
            }
            Carried::Answer { .. } | Carried::Failed => Err(Untaken::Unreadable),
        };
        let refused = matches!(
            carried,
            Carried::Answer {
                status: 400..500,
                ..
            }
        );
        match taken {
            Ok(taken) if taken.is_stuck => {
                self.heard_of(&taken);
                // The server is there: no heartbeat has to ask for it.
                self.failures = self.failures.saturating_add(self.failures % 2);
                self.failed(rng, now);
                Ok(taken)
            }
            Ok(taken) => {
                self.heard_of(&taken);
                (self.failures, self.heartbeats) = match (kind, self.heartbeats) {
                    // The next failure counts as the second: it may have been the link all along.
                    (Kind::Heartbeat, 0) => (1, 1),
                    // What fails though the server is there is asked again ever more rarely.
                    (Kind::Heartbeat, before) => (self.failures | 1, before.saturating_add(1)),
                    _ => (0, 0),
                };
                self.not_before = taken.wait.and_then(|wait| now.checked_add(wait).ok());
                self.wanted = taken.more || self.wanted_meanwhile;
                self.goes_on = self.wanted && taken.wait.is_none();
                self.last_said = Some(now);
                Ok(taken)
            }
            Err(Untaken::Unreadable) if kind == Kind::Enrol && refused => Err(Refusal::NotEnrolled),
            // An answer that does not read is as good as none.
            Err(Untaken::Unreadable) => {
                self.failed(rng, now);
                Ok(Taken::default())
            }
            Err(Untaken::Store(error)) => {
                self.failed(rng, now);
                Err(error.into())
            }
        }
    }

    /// Notes in which documents something was spoken of, and in which not.
    fn heard_of(&mut self, taken: &Taken) {
        let sent = std::mem::take(&mut self.sent);
        let Some(spoken_of) = &taken.spoken_of else {
            return;
        };
        for (doc, hash) in sent {
            if spoken_of.contains(&hash) {
                self.held_up.remove(&doc);
            } else {
                self.held_up.insert(doc);
            }
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
pub struct Taken {
    /// Patients whose documents changed.
    pub patients: BTreeSet<PatientId>,
    /// Who may work here, or who is signed in, changed.
    pub people: bool,
    /// The changes of which the server spoke; none if it did not look at them.
    spoken_of: Option<BTreeSet<ChangeHash>>,
    /// There is more to say or to hear.
    more: bool,
    /// It changed nothing, though there is more: to be asked again, but not at once.
    is_stuck: bool,
    /// The server asks for patience.
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

/// An answer to this very request, read, with the device's clock against the server's. `said`: which number and which clock
/// it names.
fn ours<A: for<'b> Decode<'b, ()>>(
    body: &[u8],
    number: u64,
    now: Timestamp,
    said: impl Fn(&A) -> (u64, i64),
) -> Result<(A, i64), Untaken> {
    let answer = unpack(body)?;
    let (echoed, server_now) = said(&answer);
    let offset_ms = offset(now, server_now)?;
    if echoed == number {
        Ok((answer, offset_ms))
    } else {
        Err(Untaken::Unreadable)
    }
}

/// The device's clock against the server's; an answer from a year that cannot be is not read further.
fn offset(now: Timestamp, server_now: i64) -> Result<i64, Untaken> {
    const YEARS: std::ops::Range<i64> = 946_684_800_000..7_258_118_400_000; // 2000 to 2200
    if !YEARS.contains(&server_now) {
        return Err(Untaken::Unreadable);
    }
    Ok(now.as_millisecond().saturating_sub(server_now))
}
