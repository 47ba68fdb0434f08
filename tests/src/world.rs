//! Several devices with what each knows, and people who try things on them: the pure rules alone, no store. Every
//! document that a patient's work touches is here: two records of hers, one of a patient who may be the same person,
//! the answers of her screens, and what is told about a practice.

use crate::history;
use crate::organisation::sheet;
use jiff::{SignedDuration, Timestamp, Zoned};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use warmhand_core::domain::entry::{APP, Body, Entry};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PartnerId, PatientId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::payload::{PartnerOpened, RecordOpened, ScreensOpened};
use warmhand_core::domain::read::{Receipts, read};
use warmhand_core::domain::{authority, guard};
use warmhand_core::usecase::{Desk, Target};

/// What one device knows of one document.
pub type Known = BTreeMap<EntryId, Arc<Entry>>;

/// Her two records, another patient's, her answers, the practice: the documents in their places.
pub const DOCUMENTS: usize = 5;

/// Devices, what they know, and the clock.
pub struct World {
    /// The sheet in force.
    pub sheet: Arc<Organisation>,
    /// The documents.
    pub docs: [DocumentId; DOCUMENTS],
    /// The patient, and one who may be she.
    pub patients: [PatientId; 2],
    /// The clock.
    pub now: Timestamp,
    /// What each device knows.
    pub devices: Vec<[Known; DOCUMENTS]>,
    /// Commands that were tried, and taken.
    pub tried: u32,
    /// Of these the rules took so many.
    pub taken: u32,
    /// The random source.
    pub rng: ChaCha12Rng,
}

impl World {
    /// Devices that all know the opened documents and nothing else.
    pub fn new(seed: u64, sheet: &Arc<Organisation>) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let now: Timestamp = "2026-03-03T15:00:00Z".parse().expect("a time");
        let devices = rng.random_range(2..=6);
        let mut world = Self {
            sheet: Arc::clone(sheet),
            docs: std::array::from_fn(|_| DocumentId::new(now, &mut rng)),
            patients: std::array::from_fn(|_| PatientId::new(now, &mut rng)),
            now,
            devices: vec![std::array::from_fn(|_| Known::new()); devices],
            tried: 0,
            taken: 0,
            rng,
        };
        let [own, other] = world.patients;
        let opened = |patient| {
            Body::from(RecordOpened {
                patient,
                site: "home".into(),
            })
        };
        let record = world.docs[0];
        let openings = [
            opened(own),
            opened(own),
            opened(other),
            ScreensOpened {
                patient: own,
                site: "home".into(),
                record,
            }
            .into(),
            PartnerOpened {
                partner: PartnerId::from("har"),
            }
            .into(),
        ];
        for (at, body) in openings.into_iter().enumerate() {
            let id = EntryId::new(now, &mut world.rng);
            let entry = Arc::new(world.entry(0, "n1", Vec::new(), id, body, None));
            for device in &mut world.devices {
                device[at].insert(id, Arc::clone(&entry));
            }
        }
        world
    }

    /// A document as a device knows it.
    pub fn fold(&self, device: usize, at: usize) -> Record {
        let entries: Vec<_> = self.devices[device][at].values().cloned().collect();
        Record::of(self.docs[at], &entries)
    }

    /// Everything that anybody knows of a document.
    pub fn union(&self, at: usize) -> Vec<Arc<Entry>> {
        let all: Known = self.devices.iter().flat_map(|d| d[at].clone()).collect();
        all.into_values().collect()
    }

    fn entry(
        &self,
        device: usize,
        by: &str,
        after: Vec<EntryId>,
        id: EntryId,
        body: Body,
        when: Option<Zoned>,
    ) -> Entry {
        let person = self.sheet.person(&by.into()).expect("a person");
        let zone = jiff::tz::TimeZone::get(&self.sheet.zone).expect("a zone");
        let occurred_at = when.unwrap_or_else(|| self.now.to_zoned(zone));
        let site = "home".into();
        let role =
            authority::acting_role(person, &body, Some(&site), &self.sheet, occurred_at.date());
        Entry {
            id,
            by: by.into(),
            role: role.unwrap_or(person.roles[0].role),
            device: DeviceId(uuid::Uuid::from_u128(device as u128)),
            occurred_at,
            recorded_at: self.now,
            after,
            app: APP.into(),
            body,
        }
    }

    /// Somebody tries something on a device; the rules take it or refuse it. Tells the documents that it changed.
    pub fn attempt(&mut self) -> Vec<usize> {
        self.now += SignedDuration::from_mins(self.rng.random_range(1..200));
        self.tried += 1;
        let device = self.rng.random_range(0..self.devices.len());
        // Most of what happens concerns one record; some of it her other one, or the other patient's.
        let at = [0, 0, 0, 0, 0, 0, 0, 0, 1, 2][self.rng.random_range(0..10)];
        let record = self.fold(device, at);
        let mut rng = ChaCha12Rng::seed_from_u64(self.rng.random());
        let [own, other] = self.patients;
        let twin = if at == 2 { own } else { other };
        let (by, command) = history::attempt(&record, twin, self.now, &mut rng);
        let records = match at {
            0 => vec![record.clone(), self.fold(device, 1)],
            1 => vec![self.fold(device, 0), record.clone()],
            _ => vec![record.clone()],
        };
        let patient = Patient::of(if at == 2 { other } else { own }, records);
        let ticks = matches!(command, warmhand_core::usecase::Command::CompleteTask(_));
        let reading = ticks.then(|| read(&patient, &Receipts::default(), &self.sheet, self.now));
        let sheet = Arc::clone(&self.sheet);
        let desk = Desk {
            now: self.now,
            person: sheet.person(&by.into()).expect("a person"),
            device: DeviceId(uuid::Uuid::from_u128(device as u128)),
            sheet: &sheet,
            patient: Some(&patient),
            record: Some(&record),
            reading: reading.as_ref(),
            rng: RefCell::new(&mut rng),
        };
        let Ok(plan) = command.plan(&desk) else {
            return Vec::new();
        };
        let mut written: Vec<(usize, Arc<Entry>)> = Vec::new();
        for draft in plan.drafts {
            let place = match draft.target {
                Target::Screens if at == 2 => continue,
                // Nothing that is tried here asks about alcohol or drugs.
                Target::Sud => continue,
                Target::Screens => 3,
                Target::Practice(_) => 4,
                Target::Of(doc) => self.docs.iter().position(|d| *d == doc).unwrap_or(at),
                Target::Record | Target::NewRecord(_) => at,
            };
            let mut known: Vec<_> = self.devices[device][place].values().cloned().collect();
            known.extend(
                written
                    .iter()
                    .filter(|(p, _)| *p == place)
                    .map(|(_, e)| Arc::clone(e)),
            );
            let past = Record::of(self.docs[place], &known);
            let entry = self.entry(device, by, past.heads(), draft.id, draft.body, draft.at);
            if guard::check(&entry, &past, &self.sheet).is_err() {
                return Vec::new();
            }
            written.push((place, Arc::new(entry)));
        }
        self.taken += 1;
        let mut changed: Vec<usize> = written.iter().map(|(place, _)| *place).collect();
        for (place, entry) in written {
            self.devices[device][place].insert(entry.id, entry);
        }
        changed.dedup();
        changed
    }

    /// One device learns what another knows of some documents.
    pub fn deliver(&mut self) {
        let from = self.rng.random_range(0..self.devices.len());
        let to = self.rng.random_range(0..self.devices.len());
        for at in 0..DOCUMENTS {
            if self.rng.random_bool(0.8) {
                let news = self.devices[from][at].clone();
                self.devices[to][at].extend(news);
            }
        }
    }
}

/// The sheet in which every setting is wide open, so that more is taken.
pub fn wide_sheet() -> Arc<Organisation> {
    let mut sheet = sheet();
    sheet.settings.doula_may_screen = true;
    sheet.settings.doula_may_consent = true;
    Arc::new(sheet)
}
