//! One step of a story: what it may say, and that its references can be kept. Refuses to know what a command does.

use super::amiss::{Amiss, reason};
use super::{moment, names};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use warmhand_core::domain::id::{DocumentId, EntryId, PatientId, UserId};
use warmhand_core::usecase::Command;

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    /// Its place in the file, from 0.
    pub number: usize,
    pub at: Timestamp,
    /// The time as the author wrote it.
    pub written_at: String,
    pub what: What,
}

/// What happens in a step.
#[derive(Debug)]
pub(super) enum What {
    Do(Box<Act>),
    Link { device: usize, link: Link },
    Sync { device: usize },
    Lost { device: usize },
    Revoked { device: usize },
    Report,
}

/// What a device can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Link {
    Up,
    /// A telephone call, but no data.
    Voice,
    Down,
}

/// A command by a person on a device.
#[derive(Debug)]
pub(super) struct Act {
    pub device: usize,
    pub by: Option<UserId>,
    /// As written, with references, its times given their zone.
    pub command: Value,
    /// The name for what it makes.
    pub named: Option<String>,
    /// Part of the sentence with which it is to be refused.
    pub refused: Option<String>,
}

/// A step as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToldStep {
    #[serde(default, rename = "about")]
    _about: Value,
    at: String,
    device: Option<String>,
    by: Option<UserId>,
    #[serde(rename = "do")]
    act: Option<Value>,
    #[serde(rename = "as")]
    named: Option<String>,
    refused: Option<String>,
    link: Option<Link>,
    sync: Option<bool>,
    lost: Option<bool>,
    revoked: Option<bool>,
    report: Option<bool>,
}

impl Step {
    /// Its place in the file.
    pub(super) fn place(&self) -> String {
        format!("steps[{}]", self.number)
    }

    /// The device that it is about; none for a report.
    pub(super) fn device(&self) -> Option<usize> {
        match &self.what {
            What::Do(act) => Some(act.device),
            What::Link { device, .. }
            | What::Sync { device }
            | What::Lost { device }
            | What::Revoked { device } => Some(*device),
            What::Report => None,
        }
    }
}

/// Reads a step.
pub(super) fn step(
    number: usize,
    told: ToldStep,
    devices: &[&str],
    zone: &TimeZone,
) -> Result<Step, String> {
    let at = moment::read(&told.at, zone)?.timestamp();
    let device = match &told.device {
        Some(name) => Some(
            devices
                .iter()
                .position(|device| device == name)
                .ok_or_else(|| format!("there is no device \"{name}\""))?,
        ),
        None => None,
    };
    if told.act.is_none() && (told.by.is_some() || told.named.is_some() || told.refused.is_some()) {
        return Err("\"by\", \"as\" and \"refused\" belong to a command in \"do\"".to_owned());
    }
    let here = || device.ok_or_else(|| "it names no device".to_owned());
    let is = |said: Option<bool>| said == Some(true);
    let mut said = Vec::new();
    if let Some(command) = told.act {
        said.push(What::Do(Box::new(act(
            here()?,
            told.by,
            command,
            told.named,
            told.refused,
            zone,
        )?)));
    }
    if let Some(link) = told.link {
        said.push(What::Link {
            device: here()?,
            link,
        });
    }
    if is(told.sync) {
        said.push(What::Sync { device: here()? });
    }
    if is(told.lost) {
        said.push(What::Lost { device: here()? });
    }
    if is(told.revoked) {
        said.push(What::Revoked { device: here()? });
    }
    if is(told.report) {
        said.push(What::Report);
    }
    let one = "a step says exactly one of do, link, sync, lost, revoked, report";
    let what = said.pop().ok_or(one)?;
    if said.is_empty() {
        Ok(Step {
            number,
            at,
            written_at: told.at,
            what,
        })
    } else {
        Err(one.to_owned())
    }
}

fn act(
    device: usize,
    by: Option<UserId>,
    mut command: Value,
    named: Option<String>,
    refused: Option<String>,
    zone: &TimeZone,
) -> Result<Act, String> {
    moment::give_zone(&mut command, zone).map_err(|why| format!("do: {why}"))?;
    // Played once with stand-ins, so that a field amiss is found before the story begins.
    let mut stand_in = command.clone();
    let nobody = names::Made {
        record: DocumentId(Uuid::nil()),
        patient: PatientId(Uuid::nil()),
        entry: EntryId(Uuid::nil()),
        is_record: false,
    };
    names::resolve(&mut stand_in, "", &|_| Some(nobody));
    let read: Command =
        serde_json::from_value(stand_in).map_err(|error| format!("do: {}", reason(&error)))?;
    if let Some(name) = named.as_ref().filter(|name| !names::is_name(name)) {
        return Err(format!(
            "as: \"{name}\" is no name: letters, digits, _ and -, beginning with a letter"
        ));
    }
    if named.is_some() && matches!(read, Command::SignIn { .. } | Command::SwitchUser { .. }) {
        return Err("as: signing in makes nothing that could be named".to_owned());
    }
    if named.is_some() && refused.is_some() {
        return Err("as: what is refused makes nothing that could be named".to_owned());
    }
    Ok(Act {
        device,
        by,
        command,
        named,
        refused,
    })
}

/// Every name is given once, and before it is used.
pub(super) fn check_names(steps: &[Step]) -> Result<(), Amiss> {
    let acts: Vec<(&Step, &Act)> = steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Do(act) => Some((step, &**act)),
            _ => None,
        })
        .collect();
    let all: BTreeMap<&str, &Step> = acts
        .iter()
        .filter_map(|(step, act)| act.named.as_deref().map(|name| (name, *step)))
        .collect();
    let mut given = BTreeSet::new();
    for (step, act) in acts {
        for name in names::references(&act.command) {
            if !given.contains(name) {
                let why = match all.get(name) {
                    Some(later) => format!("\"${name}\" is named only later, in {}", later.place()),
                    None => format!("\"${name}\" is named nowhere by \"as\""),
                };
                return Err((step.place(), why));
            }
        }
        if let Some(name) = &act.named
            && !given.insert(name.as_str())
        {
            return Err((
                step.place(),
                format!("as: the name \"{name}\" is given twice"),
            ));
        }
    }
    Ok(())
}
