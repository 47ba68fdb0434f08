//! A record that real commands made once, written again under other ids and another name as often as is wanted: the
//! changes are sealed directly, nobody types ten thousand records.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::seq::IndexedRandom;
use rand::{Rng, RngCore};
use uuid::Uuid;
use warmhand_core::document::{Actor, Change, ChangeHash, Put, genesis_hash, seal};
use warmhand_core::domain::code::Role;
use warmhand_core::domain::entry::{APP, Entry};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PatientId, UserId};
use warmhand_core::domain::payload::Noted;
use warmhand_core::wire::{DeliveredChange, PushedChange};

/// Entries of each change of a record: twelve in eight.
const GROUPS: [usize; 8] = [2, 2, 2, 2, 1, 1, 1, 1];

/// The name in a pattern.
pub const NAME: &str = "Rosa of the pattern";

const FIRST_NAMES: [&str; 16] = [
    "Rosa", "Amina", "Grace", "Mei", "Lucía", "Fatima", "Hannah", "Priya", "Nora", "Ingrid",
    "Chidi", "Yara", "Sofia", "Ruth", "Leila", "Ada",
];

const WORDS: [&str; 24] = [
    "she", "slept", "a", "little", "better", "her", "mother", "stays", "until", "Friday", "call",
    "after", "nap", "asked", "about", "the", "bus", "to", "clinic", "prefers", "mornings", "and",
    "will", "bring",
];

/// A record to be written again.
pub struct Pattern {
    doc: DocumentId,
    patient: PatientId,
    device: DeviceId,
    user: UserId,
    puts: Vec<Put>,
}

/// The end of a record that was made, where more can be written.
#[derive(Clone)]
pub struct Made {
    /// The record.
    pub doc: DocumentId,
    /// Whose.
    pub patient: PatientId,
    device: DeviceId,
    user: UserId,
    actor: Actor,
    seq: u64,
    next_op: u64,
    tip: ChangeHash,
    last: EntryId,
}

fn another(id: Uuid, rng: &mut dyn RngCore) -> Uuid {
    let mut bytes = id.into_bytes();
    // The time and the version stay, so that ids lie in an index as they do in life.
    rng.fill_bytes(&mut bytes[9..]);
    Uuid::from_bytes(bytes)
}

/// What the floor carries of a change: its entries' texts.
pub fn plain(change: &PushedChange) -> Vec<u8> {
    let puts = &change.change.puts;
    puts.iter().flat_map(|put| put.text.bytes()).collect()
}

/// So many bytes of words, roughly.
pub fn words(bytes: usize, rng: &mut dyn RngCore) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        text.push_str(WORDS.choose(rng).expect("words"));
        text.push(' ');
    }
    text.trim_end().to_owned()
}

impl Pattern {
    /// The pattern in a document's changes.
    pub fn of(changes: &[DeliveredChange], doc: DocumentId, patient: PatientId) -> Self {
        let own: Vec<_> = changes.iter().filter(|c| c.change.doc == doc).collect();
        let first = &own.first().expect("a change").change;
        Self {
            doc,
            patient,
            device: first.device,
            user: first.user.clone(),
            puts: own.iter().flat_map(|c| c.change.puts.clone()).collect(),
        }
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.puts.len()
    }

    /// Has it none?
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty()
    }

    /// On which device it was made.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The same as if it had been made on another device of the same person.
    #[must_use]
    pub fn on(&self, device: DeviceId) -> Self {
        let moved = |put: &Put| Put {
            id: put.id,
            text: put
                .text
                .replace(&self.device.to_string(), &device.to_string()),
        };
        Self {
            doc: self.doc,
            patient: self.patient,
            device,
            user: self.user.clone(),
            puts: self.puts.iter().map(moved).collect(),
        }
    }

    /// The record once more, for the n-th patient.
    pub fn make(&self, n: usize, rng: &mut dyn RngCore) -> (Made, Vec<PushedChange>) {
        let doc = DocumentId(another(self.doc.0, rng));
        let patient = PatientId(another(self.patient.0, rng));
        let mut ids = vec![(self.doc.0, doc.0), (self.patient.0, patient.0)];
        ids.extend(self.puts.iter().map(|p| (p.id.0, another(p.id.0, rng))));
        let name = format!("{} {n}", FIRST_NAMES[n % FIRST_NAMES.len()]);
        let puts: Vec<Put> = self
            .puts
            .iter()
            .zip(ids.iter().skip(2))
            .map(|(put, (_, id))| {
                let text = put.text.replace(NAME, &name);
                let text = ids.iter().fold(text, |text, (old, new)| {
                    text.replace(&old.to_string(), &new.to_string())
                });
                Put {
                    id: EntryId(*id),
                    text,
                }
            })
            .collect();
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        let mut made = Made {
            doc,
            patient,
            device: self.device,
            user: self.user.clone(),
            actor: Actor::derive(self.device, &self.user, doc, &nonce),
            seq: 0,
            next_op: 2,
            tip: genesis_hash(),
            last: puts.last().expect("an entry").id,
        };
        let mut rest = puts.as_slice();
        let changes = GROUPS
            .iter()
            .map(|size| {
                let (group, after) = rest.split_at(*size);
                rest = after;
                let nonce = (made.seq == 0).then_some(nonce);
                made.write(group.to_vec(), nonce)
            })
            .collect();
        (made, changes)
    }
}

impl Made {
    fn write(&mut self, puts: Vec<Put>, nonce: Option<[u8; 16]>) -> PushedChange {
        self.seq += 1;
        let ops = puts.len() as u64;
        let sealed = seal(Change {
            doc: self.doc,
            actor: self.actor,
            seq: self.seq,
            start_op: self.next_op,
            deps: vec![self.tip],
            nonce,
            device: self.device,
            user: self.user.clone(),
            puts,
        })
        .expect("a sound change");
        self.next_op += ops;
        self.tip = sealed.hash;
        PushedChange {
            change: sealed.change,
            hash: sealed.hash,
            receipt: None,
            orphan: false,
        }
    }

    /// Who writes in it.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// One entry of some 400 bytes more, by who made the record.
    pub fn note(&mut self, now: Timestamp, rng: &mut dyn RngCore) -> PushedChange {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let length = rng.random_range(60..100);
        let entry = Entry {
            id: EntryId::new(now, rng),
            by: self.user.clone(),
            role: Role::Nurse,
            device: self.device,
            occurred_at: now.to_zoned(zone),
            recorded_at: now,
            after: vec![self.last],
            app: APP.to_owned(),
            body: Noted {
                text: words(length, rng),
            }
            .into(),
        };
        self.last = entry.id;
        let put = Put {
            id: entry.id,
            text: entry.to_text().expect("a text"),
        };
        self.write(vec![put], None)
    }
}
