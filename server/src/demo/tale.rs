//! The tale of one handoff: who does what on which device, in an order in which everybody has on her device what she
//! goes on from. Ids in it are stand-ins: what they stand for is known once a device has made it. Knows when people
//! work and meet (`diary`), and nothing of why they do what they do.

use super::diary::Diary;
use jiff::{SignedDuration, Timestamp, Zoned};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};
use warmhand_core::domain::id::{DocumentId, EntryId, PatientId, uuid_v7};
use warmhand_core::usecase::{Command, Outcome};

/// One thing that one person does.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When she does it, by a clock that is right.
    pub at: Timestamp,
    /// On which device.
    pub device: usize,
    /// Who.
    pub user: &'static str,
    /// What, with stand-ins for ids.
    pub command: Command,
    /// The stand-ins for what it makes.
    pub makes: Outcome,
}

/// Where a tale stands.
#[derive(Clone, Debug)]
pub struct Standing {
    device: usize,
    user: &'static str,
    at: Timestamp,
}

/// A tale in the making.
pub struct Tale<'a> {
    /// When people work and meet.
    pub diary: &'a Diary,
    /// Chance.
    pub rng: &'a mut ChaCha8Rng,
    /// The stand-in of its record.
    pub record: DocumentId,
    /// What is done, as told.
    pub steps: Vec<Step>,
    /// Whatever could not be told: a mistake in the script.
    pub fault: Option<String>,
    now: Standing,
    // What the next turn elsewhere has to have seen, besides what was done last.
    others: Vec<Standing>,
    // Written up this much after it happened.
    later: Option<SignedDuration>,
}

impl<'a> Tale<'a> {
    /// A tale that begins on a device at a time.
    pub fn new(
        diary: &'a Diary,
        rng: &'a mut ChaCha8Rng,
        device: usize,
        user: &'static str,
        at: Timestamp,
    ) -> Self {
        let record = DocumentId(uuid_v7(at, rng));
        let now = Standing { device, user, at };
        Self {
            diary,
            rng,
            record,
            steps: Vec::new(),
            fault: None,
            now,
            others: Vec::new(),
            later: None,
        }
    }

    /// When it is, in the tale.
    pub fn at(&self) -> Timestamp {
        self.now.at
    }

    /// The same on the clock of the organisation.
    pub fn local(&self) -> Zoned {
        self.now.at.to_zoned(self.diary.zone.clone())
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        self.now.clone()
    }

    /// Goes back to where it stood: what follows is done by somebody who has not seen what was done since. Returns
    /// where that ended.
    pub fn meanwhile(&mut self, standing: Standing) -> Standing {
        std::mem::replace(&mut self.now, standing)
    }

    /// From here on both are known.
    pub fn join(&mut self, other: Standing) {
        self.others.push(other);
    }

    /// The next to act, as soon as she works, has it on her device, and it is the wanted time. Says whether there is
    /// such a time before now.
    pub fn turn(&mut self, device: usize, user: &'static str, wanted: Timestamp) -> bool {
        let mut at = wanted;
        for seen in std::iter::once(&self.now).chain(&self.others) {
            let Some(here) = self.diary.carried(seen.device, seen.at, device) else {
                return false;
            };
            at = at.max(here);
        }
        self.turn_at(device, user, self.diary.working(at))
    }

    /// The same at a time that is not moved, and that must not be too early.
    pub fn turn_at(&mut self, device: usize, user: &'static str, at: Timestamp) -> bool {
        if self
            .diary
            .link(device, at + SignedDuration::from_mins(1))
            .is_none()
        {
            return false;
        }
        self.others.clear();
        self.now = Standing { device, user, at };
        true
    }

    /// Is there time for so many minutes here before the last link?
    pub fn has_time(&self, minutes: i64) -> bool {
        self.diary
            .link(
                self.now.device,
                self.now.at + SignedDuration::from_mins(minutes),
            )
            .is_some()
    }

    /// Another person takes the same device.
    pub fn hand(&mut self, user: &'static str) {
        self.now.user = user;
    }

    /// From here on things are written up so much later than they happened; none: as they happen.
    pub fn write_later(&mut self, later: Option<SignedDuration>) {
        if let Some(until_now) = self.later.take() {
            self.now.at += until_now;
        }
        self.later = later;
    }

    /// So many minutes go by.
    pub fn wait(&mut self, minutes: i64) {
        let seconds = self.rng.random_range(0..50);
        self.now.at += SignedDuration::from_secs(minutes * 60 + seconds);
    }

    /// After so many minutes the person at the device does this. Returns the stand-in of what it makes.
    pub fn act(&mut self, minutes: i64, name: &str, mut fields: Value) -> EntryId {
        self.wait(minutes);
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("record".to_owned(), Value::from(self.record.to_string()));
        }
        let made = EntryId(uuid_v7(self.now.at, self.rng));
        self.push(
            name,
            fields,
            Outcome {
                made: Some(made),
                ..Outcome::default()
            },
        );
        made
    }

    /// The record is opened for a new patient.
    pub fn open(&mut self, site: &str, preferred_name: &str) {
        let patient = PatientId(uuid_v7(self.now.at, self.rng));
        let fields = serde_json::json!({ "site": site, "preferred_name": preferred_name });
        self.push(
            "OpenRecord",
            fields,
            Outcome {
                patient: Some(patient),
                record: Some(self.record),
                made: None,
            },
        );
    }

    fn push(&mut self, name: &str, mut fields: Value, makes: Outcome) {
        let happened = self.local();
        if let (Some(_), Some(fields)) = (self.later, fields.as_object_mut()) {
            fields
                .entry("at")
                .or_insert_with(|| Value::from(happened.to_string()));
        }
        let at = self.now.at + self.later.unwrap_or_default();
        let told: Map<String, Value> = [(name.to_owned(), fields)].into_iter().collect();
        match serde_json::from_value(Value::Object(told)) {
            Ok(command) => {
                self.steps.push(Step {
                    at,
                    device: self.now.device,
                    user: self.now.user,
                    command,
                    makes,
                });
            }
            Err(error) => {
                self.fault.get_or_insert_with(|| {
                    format!("the demo's script says a {name} that does not read: {error}")
                });
            }
        }
    }
}

/// Adds fields to a command's.
pub fn merge(fields: &mut Value, more: Value) {
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
}
