//! A device of the demo: a real core behind a real HTTP client. Knows nothing of the plan but one step at a time; what a
//! stand-in stands for is looked up among what all devices have made.

use super::cast::Member;
use super::tale::Step;
use jiff::{SignedDuration, Timestamp};
use rand::RngCore;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::Agent;
use uuid::Uuid;
use warmhand_core::app::{App, Carried, Outgoing, Place, SyncStep};
use warmhand_core::refusal::Refusal;
use warmhand_core::usecase::{Command, Outcome};

/// More requests in a row than any honest sync needs.
const MOST_REQUESTS: usize = 200;

/// What stand-ins stand for, on all devices.
#[derive(Debug, Default)]
pub struct Names(Mutex<BTreeMap<Uuid, Uuid>>);

impl Names {
    fn learn(&self, stand_in: &Outcome, made: &Outcome) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = [
            (stand_in.patient.map(|id| id.0), made.patient.map(|id| id.0)),
            (stand_in.record.map(|id| id.0), made.record.map(|id| id.0)),
            (stand_in.made.map(|id| id.0), made.made.map(|id| id.0)),
        ];
        names.extend(
            pairs
                .into_iter()
                .filter_map(|(stand_in, made)| stand_in.zip(made)),
        );
    }

    /// The command with every stand-in replaced by what was made.
    fn resolve(&self, command: &Command) -> Result<Command, serde_json::Error> {
        let mut told = serde_json::to_value(command)?;
        self.replace(&mut told);
        serde_json::from_value(told)
    }

    fn replace(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(made) = Uuid::try_parse(text)
                    .ok()
                    .and_then(|id| names.get(&id).copied())
                {
                    *text = made.to_string();
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.replace(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.replace(value)),
            _ => {}
        }
    }
}

/// A device.
pub struct Device {
    member: Member,
    app: App,
    agent: Agent,
    server: String,
}

impl Device {
    /// Opens a device: its database and its client for the server at this address.
    pub fn open(
        member: Member,
        place: &Place,
        server: &str,
        rng: Box<dyn RngCore + Send>,
    ) -> Result<Self, String> {
        let app = App::open(place, rng).map_err(|refusal| format!("{}: {refusal}", member.name))?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .max_redirects(0)
            .proxy(None);
        Ok(Self {
            member,
            app,
            agent: config.build().new_agent(),
            server: server.to_owned(),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.member.name
    }

    /// Everything that was recorded on it is on the server, and nothing waits for help.
    pub fn is_green(&self) -> Result<bool, Refusal> {
        Ok(self.app.sync_status()?.state == warmhand_core::view::SyncState::AllSent)
    }

    /// What its clock shows.
    fn clock(&self, at: Timestamp) -> Timestamp {
        at + SignedDuration::from_mins(self.member.ahead_min)
    }

    /// Takes its place by a one-time code.
    pub fn enrol(&mut self, code: &str, at: Timestamp) -> Result<(), String> {
        let asked = self.app.enrol(code, self.clock(at));
        let (number, carried) = (asked.number, self.carry(&asked));
        self.told(number, &carried, at)
    }

    /// A person does something on it. The error is one sentence.
    pub fn act(&mut self, step: &Step, names: &Names, at: Timestamp) -> Result<(), String> {
        let said = |why: &dyn std::fmt::Display| {
            let told = serde_json::to_value(&step.command).unwrap_or_default();
            let name = told
                .as_object()
                .and_then(|t| t.keys().next())
                .cloned()
                .unwrap_or_default();
            format!(
                "{} refused {name} by {} at {at}: {why}",
                self.member.name, step.user
            )
        };
        let command = names.resolve(&step.command).map_err(|error| said(&error))?;
        let holds = self.app.signed_in().map_err(|refusal| said(&refusal))?;
        let now = self.clock(at);
        if holds.as_ref().is_none_or(|user| user.as_str() != step.user) {
            let user = step.user.into();
            let change = if holds.is_none() {
                Command::SignIn { user }
            } else {
                Command::SwitchUser { user }
            };
            self.app
                .dispatch(change, now)
                .map_err(|refusal| said(&refusal))?;
        }
        let made = self
            .app
            .dispatch(command, now)
            .map_err(|refusal| said(&refusal))?;
        names.learn(&step.makes, &made);
        Ok(())
    }

    /// Sends and fetches until there is nothing to say.
    pub fn sync(&mut self, at: Timestamp) -> Result<(), String> {
        self.app.sync_wanted();
        let mut failed = 0;
        for _ in 0..MOST_REQUESTS {
            let now = self.clock(at);
            match self
                .app
                .sync_next(now)
                .map_err(|refusal| self.said(&refusal))?
            {
                SyncStep::Idle(_) => return Ok(()),
                SyncStep::Send(asked) => {
                    let carried = self.carry(&asked);
                    if !matches!(carried, Carried::Answer { status: 200, .. }) {
                        failed += 1;
                    }
                    self.told(asked.number, &carried, at)?;
                    if failed > 2 {
                        return Err(self.said(&"the server does not answer"));
                    }
                    if failed > 0 {
                        self.app.sync_wanted();
                    }
                }
            }
        }
        Err(self.said(&"sync does not come to an end"))
    }

    /// The link breaks in every sync, and carries no more than a word on how the device is.
    pub fn sync_weakly(&mut self, at: Timestamp) -> Result<(), String> {
        self.app.sync_wanted();
        let mut now = at;
        for _ in 0..MOST_REQUESTS {
            match self
                .app
                .sync_next(self.clock(now))
                .map_err(|refusal| self.said(&refusal))?
            {
                SyncStep::Idle(Some(later)) => {
                    now = now.max(later - SignedDuration::from_mins(self.member.ahead_min));
                }
                SyncStep::Idle(None) => return Ok(()),
                SyncStep::Send(asked) if asked.path == "/v1/heartbeat" => {
                    let carried = self.carry(&asked);
                    return self.told(asked.number, &carried, now);
                }
                SyncStep::Send(asked) => self.told(asked.number, &Carried::Failed, now)?,
            }
        }
        Err(self.said(&"a word on how it is never got through"))
    }

    fn told(&mut self, number: u64, carried: &Carried, at: Timestamp) -> Result<(), String> {
        let now = self.clock(at);
        self.app
            .sync_answered(number, carried, now)
            .map_err(|refusal| self.said(&refusal))
    }

    fn said(&self, why: &dyn std::fmt::Display) -> String {
        format!("{}: {why}", self.member.name)
    }

    fn carry(&self, asked: &Outgoing) -> Carried {
        let url = format!("{}{}", self.server, asked.path);
        let mut request = self
            .agent
            .post(&url)
            .header("content-type", "application/cbor");
        if let Some(bearer) = &asked.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let Ok(mut answer) = request.send(asked.body.as_slice()) else {
            return Carried::Failed;
        };
        let status = answer.status().as_u16();
        match answer.body_mut().read_to_vec() {
            Ok(body) => Carried::Answer { status, body },
            Err(_) => Carried::Failed,
        }
    }
}
