//! Plays a story step by step. What happens at one time on several devices has no order of its own: each device does
//! its steps in turn, and only when none can go on does whoever is connected send and receive. So two devices do not
//! see each other's work of one time, in whatever order they come - unless one of them waits for what the other made,
//! or syncs in between. Refuses to judge what a story comes to.

use super::device::Device;
use super::form::Story;
use super::house::House;
use super::names::{self, Made, Names};
use super::order::Order;
use super::report::{self, Report};
use super::step::{Act, Link, Step, What};
use super::told::Eyes;
use super::{Played, Told, replica};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use warmhand_core::usecase::Command;

/// With a seed so many fresh replicas are filled, each in an order of its own.
const REPLICAS: usize = 20;

/// Where a story went wrong, and how.
type Amiss = (Option<String>, String);

/// A story on its way.
struct Stage<'a> {
    story: &'a Story,
    house: House,
    devices: Vec<Device>,
    names: Names,
    order: Order,
    reports: BTreeMap<String, Report>,
}

/// How a device's step went.
enum Turn {
    /// Done.
    Done,
    /// Done, and what comes next waits until the device has synced.
    ThenSync,
    /// Not before the device has synced; why, should that not help.
    Later(String),
}

pub(super) async fn play(story: &Story, seed: Option<u64>) -> Result<Played, Amiss> {
    let house = House::open(&story.organisation, story.start).map_err(|why| (None, why))?;
    let mut devices = Vec::new();
    for (number, told) in story.devices.iter().enumerate() {
        let device = Device::enrol(told, &house, story.start).await;
        devices.push(device.map_err(|why| (Some(format!("devices[{number}]")), why))?);
    }
    let order = Order::new(seed);
    let mut stage = Stage {
        story,
        house,
        devices,
        names: Names::default(),
        order,
        reports: BTreeMap::new(),
    };
    let mut left = story.steps.as_slice();
    while let Some(first) = left.first() {
        let (now, later) = left.split_at(left.partition_point(|step| step.at <= first.at));
        stage.moment(first.at, now).await?;
        left = later;
    }
    let end = story.steps.last().map_or(story.start, |step| step.at);
    stage.finish(end).await.map_err(|why| (None, why))
}

impl Stage<'_> {
    /// Everything that happens at one time; reports last.
    async fn moment(&mut self, at: Timestamp, steps: &[Step]) -> Result<(), Amiss> {
        self.house.set_clock(at);
        let mut queues: BTreeMap<usize, VecDeque<&Step>> = BTreeMap::new();
        for step in steps {
            if let Some(device) = step.device() {
                queues.entry(device).or_default().push_back(step);
            }
        }
        while !queues.is_empty() {
            let touched = self.round(&mut queues).await?;
            self.settle(&touched, at).await.map_err(|why| (None, why))?;
        }
        for step in steps
            .iter()
            .filter(|step| matches!(step.what, What::Report))
        {
            let report = self
                .report(at)
                .await
                .map_err(|why| (Some(step.place()), why))?;
            self.reports.insert(step.written_at.clone(), report);
        }
        Ok(())
    }

    /// Every device does of its steps what it can without syncing. Tells whose turn it then is to sync.
    async fn round(
        &mut self,
        queues: &mut BTreeMap<usize, VecDeque<&Step>>,
    ) -> Result<BTreeSet<usize>, Amiss> {
        let mut able: Vec<usize> = queues.keys().copied().collect();
        let mut touched = BTreeSet::new();
        let mut stuck = None;
        let mut moved = false;
        while !able.is_empty() {
            let turn = self.order.next_of(able.len());
            let Some(device) = able.get(turn).copied() else {
                break;
            };
            let Some(step) = queues.get(&device).and_then(|queue| queue.front()).copied() else {
                able.remove(turn);
                continue;
            };
            let went = self
                .turn(step, touched.contains(&device))
                .await
                .map_err(|why| (Some(step.place()), why))?;
            if let Turn::Later(why) = went {
                stuck = stuck.or(Some((Some(step.place()), why)));
                able.remove(turn);
                continue;
            }
            self.order.note(step.place());
            moved = true;
            touched.insert(device);
            if let Some(queue) = queues.get_mut(&device) {
                queue.pop_front();
            }
            if matches!(went, Turn::ThenSync) {
                able.remove(turn);
            }
        }
        queues.retain(|_, queue| !queue.is_empty());
        match stuck {
            Some(stuck) if !moved => Err(stuck),
            _ => Ok(touched),
        }
    }

    /// Whoever acted and is connected sends and receives; twice, so that each has what the others sent.
    async fn settle(&mut self, touched: &BTreeSet<usize>, at: Timestamp) -> Result<(), String> {
        let mut connected: Vec<usize> = touched
            .iter()
            .copied()
            .filter(|device| self.is_up(*device))
            .collect();
        let rounds = if connected.len() > 1 { 2 } else { 1 };
        for _ in 0..rounds {
            self.order.any(&mut connected);
            for device in &connected {
                if let Some(device) = self.devices.get_mut(*device) {
                    device
                        .run_until_quiet(&self.house, &mut self.order, at)
                        .await?;
                }
            }
        }
        Ok(())
    }

    fn is_up(&self, device: usize) -> bool {
        self.devices
            .get(device)
            .is_some_and(|device| device.link == Link::Up && !device.is_lost)
    }

    async fn turn(&mut self, step: &Step, acted: bool) -> Result<Turn, String> {
        let Some(at) = step.device() else {
            return Ok(Turn::Done);
        };
        let unsent = acted && self.is_up(at);
        let device = self.devices.get_mut(at).ok_or("there is no such device")?;
        if device.is_lost {
            return Err(format!("the device \"{}\" is lost", device.name));
        }
        let first_sync = || Ok(Turn::Later("it does not come to rest".to_owned()));
        match &step.what {
            What::Do(act) => self.act(at, act, step.at, unsent),
            What::Link { link: Link::Up, .. } => {
                let was_up = device.link == Link::Up;
                device.link = Link::Up;
                Ok(if was_up { Turn::Done } else { Turn::ThenSync })
            }
            // What was done while connected is sent before the link goes.
            What::Link { .. } | What::Lost { .. } | What::Revoked { .. } if unsent => first_sync(),
            What::Link { link, .. } => {
                device.link = *link;
                Ok(Turn::Done)
            }
            What::Sync { .. } if device.link != Link::Up => Err(format!(
                "the device \"{}\" cannot sync: its link is not up",
                device.name
            )),
            What::Sync { .. } => Ok(Turn::ThenSync),
            What::Lost { .. } => {
                device.is_lost = true;
                Ok(Turn::Done)
            }
            What::Revoked { .. } => {
                let id = device.id();
                self.house.revoke(id).await?;
                Ok(Turn::Done)
            }
            What::Report => Ok(Turn::Done),
        }
    }

    /// A command by a person.
    fn act(&mut self, at: usize, act: &Act, now: Timestamp, unsent: bool) -> Result<Turn, String> {
        let device = self.devices.get_mut(at).ok_or("there is no such device")?;
        for name in names::references(&act.command) {
            let received = match self.names.get(name) {
                Some(made) => device.has(&made)?,
                None => false,
            };
            if received {
                continue;
            }
            let why = format!("\"${name}\" has not reached the device \"{}\"", device.name);
            if unsent || self.names.get(name).is_none() {
                return Ok(Turn::Later(why));
            }
            return judged(act, Some(&why));
        }
        let mut command = act.command.clone();
        names::resolve(&mut command, "", &|name| self.names.get(name));
        let command: Command =
            serde_json::from_value(command).map_err(|error| format!("do: {error}"))?;
        let opens = matches!(command, Command::OpenRecord(_));
        let outcome = match device.dispatch(act.by.as_ref(), command, now) {
            Ok(outcome) => outcome,
            Err(refusal) => return judged(act, Some(&refusal.to_string())),
        };
        if let Some(name) = &act.named {
            let (Some(record), Some(patient), Some(entry)) =
                (outcome.record, outcome.patient, outcome.made)
            else {
                return Err(format!(
                    "as: the command made nothing that could be named \"{name}\""
                ));
            };
            self.names.give(
                name,
                Made {
                    record,
                    patient,
                    entry,
                    is_record: opens,
                },
            );
        }
        judged(act, None)
    }

    async fn report(&self, now: Timestamp) -> Result<Report, String> {
        let readings = self.house.readings(now).await?;
        let records = self.eyes(now).records(&readings);
        let silent = self.house.silent(now).await?;
        Ok(report::report(
            &readings,
            silent,
            records,
            &self.story.zone,
            now,
        ))
    }

    fn eyes(&self, now: Timestamp) -> Eyes<'_> {
        Eyes {
            names: &self.names,
            zone: &self.story.zone,
            now,
        }
    }

    /// What it came to, read by the server and by a fresh replica: the same, or the story is not told.
    async fn finish(mut self, now: Timestamp) -> Result<Played, String> {
        let readings = self.house.readings(now).await?;
        let records = self.eyes(now).records(&readings);
        let (changes, sheet) = (self.house.changes().await?, self.house.sheet().await?);
        let replicas = if self.order.is_shuffled() {
            REPLICAS
        } else {
            1
        };
        for _ in 0..replicas {
            let replica = replica::readings(changes.clone(), &sheet, &mut self.order, now)?;
            if replica != readings || self.eyes(now).records(&replica) != records {
                return Err(
                    "a fresh device reads something else than the server; please report this"
                        .to_owned(),
                );
            }
        }
        let projected = self.house.projected(now).await?;
        let is_kept = |summary| projected.contains(summary);
        let all = || readings.iter().flat_map(|reading| &reading.records);
        if all().count() != projected.len() || !all().all(is_kept) {
            return Err(
                "the server's pages show something else than its changes say; please report this"
                    .to_owned(),
            );
        }
        Ok(Played {
            told: Told {
                records,
                reports: self.reports,
            },
            tried: self.order.into_tried(),
        })
    }
}

/// Was a command taken or refused as the story says?
fn judged(act: &Act, why: Option<&str>) -> Result<Turn, String> {
    let expected = act.refused.as_deref();
    match (why, expected) {
        (None, None) => Ok(Turn::Done),
        (Some(why), Some(part)) if why.to_lowercase().contains(&part.to_lowercase()) => {
            Ok(Turn::Done)
        }
        (Some(why), Some(part)) => Err(format!(
            "was to be refused with \"{part}\", but was with: {why}"
        )),
        (Some(why), None) => Err(why.to_owned()),
        (None, Some(part)) => Err(format!("was to be refused with \"{part}\", but was taken")),
    }
}
