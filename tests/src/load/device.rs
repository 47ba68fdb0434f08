//! A device with a file and a kept connection of its own. It counts what it carries.

use super::floor::Carried as Count;
use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::path::Path;
use std::time::Duration;
use ureq::Agent;
use warmhand_core::app::{App, Carried, Outgoing, Place, SyncStep};
use warmhand_core::view::SyncState;

/// More requests in a row than any honest sync needs.
const MOST_REQUESTS: usize = 2_000;

/// A client that keeps its connection.
pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(600)))
        .max_redirects(0)
        .proxy(None)
        .build()
        .new_agent()
}

/// A device.
pub struct Device {
    /// Its core.
    pub app: App,
    agent: Agent,
    /// Where its server is.
    pub server: String,
}

impl Device {
    /// Opens the device of this file; it speaks with the server at this address.
    pub fn open(path: &Path, server: &str, seed: u64) -> Self {
        let rng = Box::new(ChaCha20Rng::seed_from_u64(seed));
        Self {
            app: App::open(&Place::File(path.to_owned()), rng).expect("the device opens"),
            agent: agent(),
            server: server.to_owned(),
        }
    }

    /// Takes its place by a one-time code.
    pub fn enrol(&mut self, code: &str, now: Timestamp) {
        let asked = self.app.enrol(code, now);
        let carried = self.answered(&asked).0;
        self.app
            .sync_answered(asked.number, &carried, now)
            .expect("enrolled");
    }

    /// Somebody does something, in its JSON form.
    pub fn does(
        &mut self,
        command: serde_json::Value,
        now: Timestamp,
    ) -> warmhand_core::usecase::Outcome {
        let command = serde_json::from_value(command).expect("a command");
        self.app.dispatch(command, now).expect("the rules allow it")
    }

    /// Sends and fetches until there is nothing to say.
    pub fn sync(&mut self, now: Timestamp) -> Count {
        self.app.sync_wanted();
        self.goes_on(now)
    }

    /// Fetches everything, until it is durable; lists are not made ready yet.
    pub fn fetch(&mut self, now: Timestamp) -> Count {
        let mut count = self.exchange(now);
        while self.app.sync_goes_on() {
            assert!(self.step(now, &mut count), "there is something to say");
        }
        count
    }

    /// The same for what is left to say after an exchange: mostly nothing.
    pub fn goes_on(&mut self, now: Timestamp) -> Count {
        let mut count = Count::default();
        for _ in 0..MOST_REQUESTS {
            if !self.step(now, &mut count) {
                return count;
            }
        }
        panic!("sync does not come to an end");
    }

    /// One request, and its answer taken: what is recorded here is there, and what was there is here, both durable.
    pub fn exchange(&mut self, now: Timestamp) -> Count {
        self.app.sync_wanted();
        let mut count = Count::default();
        assert!(self.step(now, &mut count), "there is something to say");
        count
    }

    /// Tries to send without a signal: what a shell does after each entry, and what makes the lists ready meanwhile.
    pub fn finds_no_signal(&mut self, now: Timestamp) {
        self.app.sync_wanted();
        if let SyncStep::Send(asked) = self.app.sync_next(now).expect("a step") {
            self.app
                .sync_answered(asked.number, &Carried::Failed, now)
                .expect("nothing came");
        }
    }

    /// One request and its answer taken; none once there is nothing to say.
    pub fn request(&mut self, now: Timestamp) -> Option<Count> {
        let mut count = Count::default();
        self.step(now, &mut count).then_some(count)
    }

    fn step(&mut self, now: Timestamp, count: &mut Count) -> bool {
        match self.app.sync_next(now).expect("a step") {
            SyncStep::Idle(_) => false,
            SyncStep::Send(asked) => {
                let (carried, down) = self.answered(&asked);
                count.up += asked.body.len();
                count.down += down;
                count.requests += 1;
                self.app
                    .sync_answered(asked.number, &carried, now)
                    .expect("taken");
                true
            }
        }
    }

    /// Everything recorded here is on the server.
    pub fn is_green(&self) -> bool {
        self.app.sync_status().expect("a status").state == SyncState::AllSent
    }

    /// Carries a request to a server that is there and takes it.
    fn answered(&self, asked: &Outgoing) -> (Carried, usize) {
        let carried = self.carry(asked);
        let Carried::Answer { status: 200, body } = &carried else {
            panic!("the server refuses {}", asked.path);
        };
        let down = body.len();
        (carried, down)
    }

    /// Carries a request; a server that is gone brings nothing back.
    pub fn carry(&self, asked: &Outgoing) -> Carried {
        let mut request = self.agent.post(format!("{}{}", self.server, asked.path));
        if let Some(bearer) = &asked.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let Ok(mut answer) = request.send(asked.body.as_slice()) else {
            return Carried::Failed;
        };
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_vec();
        body.map_or(Carried::Failed, |body| Carried::Answer { status, body })
    }
}
