//! What people do in a history: on devices, by the commands of the product, and with a newer app.

use super::fault::Fault;
use super::look::DeviceLook;
use super::oracle::{Failure, Oracle, holds};
use super::truth::Written;
use super::world::World;
use crate::history;
use serde_json::json;
use warmhand_core::domain::id::{DocumentId, UserId};
use warmhand_core::usecase::Command;

/// So many records and no more: a history stays small enough to be read.
const RECORDS: usize = 6;

/// The records that a device shows.
pub(super) fn shown(look: &DeviceLook) -> Vec<DocumentId> {
    let records = look
        .documents
        .iter()
        .filter(|(_, (kind, _, hidden))| kind == "record" && !hidden);
    records.map(|(doc, _)| *doc).collect()
}

impl World {
    pub(super) fn pick(&self, d: usize, r: u8) -> Option<DocumentId> {
        let shown = shown(&self.devices[d].look());
        (!shown.is_empty()).then(|| shown[usize::from(r) % shown.len()])
    }

    pub(super) fn open(&mut self, d: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        if self.devices[d].look().documents.len() >= RECORDS {
            return Ok(());
        }
        let user = self.devices[d].people[0].clone();
        let command = json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}});
        self.command(
            d,
            &user,
            serde_json::from_value(command).expect("a command"),
        )
    }

    pub(super) fn note(&mut self, d: u8, r: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let Some(record) = self.pick(d, r) else {
            return Ok(());
        };
        let people = &self.devices[d].people;
        let user = people[usize::from(r) % people.len()].clone();
        let text = format!("note {}", self.truth.written.len());
        let command = json!({"AddNote": {"record": record, "text": text}});
        self.command(
            d,
            &user,
            serde_json::from_value(command).expect("a command"),
        )
    }

    pub(super) fn attempt(&mut self, d: u8, r: u8, k: u16) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let Some(record) = self.pick(d, r) else {
            return Ok(());
        };
        let look = self.devices[d].look();
        let patient = look.documents[&record].1;
        let others = look.documents.values().map(|(_, other, _)| *other);
        let twin = others
            .into_iter()
            .find(|other| *other != patient)
            .unwrap_or(patient);
        let device = &self.devices[d];
        let app = device.app.as_ref().expect("it lives");
        let Ok((joined, _)) = app.patient(patient) else {
            return Ok(());
        };
        let Some(folded) = joined.record(record) else {
            return Ok(());
        };
        let now = device.clock(self.now);
        let mut rng = self.rng(u64::from(k) << 8);
        let tries = (0..12).map(|_| history::attempt(folded, twin, now, &mut rng));
        let found = tries
            .into_iter()
            .find(|(by, _)| device.people.contains(&UserId::from(*by)));
        let Some((by, command)) = found else {
            return Ok(());
        };
        self.command(d, &by.into(), command)
    }

    pub(super) fn hand_over(&mut self, d: u8, r: u8) -> Result<(), Failure> {
        const OTHERS: [&str; 6] = ["n2", "d1", "c1", "ma", "a2", "n1"];
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let Some(record) = self.pick(d, r) else {
            return Ok(());
        };
        let device = &self.devices[d];
        let patient = device.look().documents[&record].1;
        let app = device.app.as_ref().expect("it lives");
        let Ok((joined, _)) = app.patient(patient) else {
            return Ok(());
        };
        let Some(folded) = joined.record(record) else {
            return Ok(());
        };
        let people = &device.people;
        let open = folded.owner_offers.iter().rev().find(|o| o.taken.is_none());
        let mine = open.filter(|offer| people.contains(&offer.to));
        let owner = folded.owners.iter().find(|owner| people.contains(owner));
        let user = mine.map(|offer| &offer.to).or(owner).unwrap_or(&people[0]);
        let command = match mine {
            Some(offer) => json!({"AcceptOwnership": {"record": record, "offer": offer.entry.id}}),
            None if folded.need.is_none() => {
                json!({"IdentifyNeed": {"record": record, "basis": "judgement", "owner": user}})
            }
            None => {
                let to = OTHERS[usize::from(r) % OTHERS.len()];
                json!({"OfferOwnership": {"record": record, "to": to}})
            }
        };
        let user = user.clone();
        self.command(
            d,
            &user,
            serde_json::from_value(command).expect("a command"),
        )
    }

    /// Somebody asks the core for something; what she was told is written down.
    fn command(&mut self, d: usize, user: &UserId, command: Command) -> Result<(), Failure> {
        let name = format!("{command:?}");
        let now = self.devices[d].clock(self.now);
        let app = self.devices[d].app.as_mut().expect("it lives");
        if app.signed_in().ok().flatten().as_ref() != Some(user) {
            let sign_in = Command::SignIn { user: user.clone() };
            let done = app.dispatch(sign_in, now);
            let struck = self.devices[d].recover_from_blow();
            if let Some(struck) = &struck {
                self.note_blow(struck, false);
            }
            if struck.is_some() || done.is_err() {
                return Ok(());
            }
        }
        let app = self.devices[d].app.as_mut().expect("it lives");
        let done = app.dispatch(command, now);
        let struck = self.devices[d].recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, false);
        }
        let is_durable = done.is_ok() || struck.is_some_and(|s| s.is_after_commit());
        let (look, id) = (self.devices[d].look(), self.devices[d].id);
        let own = look
            .changes
            .values()
            .filter(|held| held.device == id && held.state == "saved");
        let known = &self.truth.written;
        let new: Vec<_> = own
            .flat_map(|held| held.entries.iter().cloned())
            .filter(|(entry, _)| !known.contains_key(entry))
            .collect();
        holds(Oracle::Typed, is_durable || new.is_empty(), || {
            format!("device {d} refused and wrote: {done:?}")
        })?;
        let kind = name.split(['(', ' ']).next().unwrap_or_default().to_owned();
        let refusal = done.as_ref().err().map(ToString::to_string);
        let count = new.len();
        self.says(|| {
            format!(
                "    {user} on device {d}: {kind}, {}",
                refusal.unwrap_or_else(|| format!("{count} entries"))
            )
        });
        for (entry, text) in new {
            if text.contains("\"OwnerAccepted\"") || text.contains("\"OwnerReleased\"") {
                self.tally.count(Fault::Reassigned);
            }
            self.tally.entries += 1;
            if done.is_ok() {
                self.truth.promised.insert(entry, d);
            }
            let user = user.clone();
            self.truth.written.insert(
                entry,
                Written {
                    text,
                    device: id,
                    user,
                },
            );
        }
        self.check_device(d, &look)
    }

    pub(super) fn newer(&mut self, d: u8, r: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let user = self.devices[d].people[0].clone();
        let Some(mut draft) = self.draft(d, r, &user) else {
            return Ok(());
        };
        draft.entry["kind"] = json!("SomethingOfTomorrow");
        draft.entry["payload"] = json!({"of": [1, {"tomorrow": null}], "día": "👶"});
        let change = draft.change();
        let (put, device) = (change.puts[0].clone(), self.devices[d].id);
        let written = Written {
            text: put.text,
            device,
            user,
        };
        self.truth.written.insert(put.id, written);
        self.tally.count(Fault::NewerSchema);
        self.push_directly(d, vec![super::hostile::pushed(change)])
    }
}
