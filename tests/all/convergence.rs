//! Any commands by anybody on several replicas, delivered in any order: equal entries give equal folds, equal receipts
//! and time give equal readings, and caution is never lost on the way.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use warmhand_core::domain::code::{DecisionState, FlagStatus};
use warmhand_core::domain::entry::{APP, Body, Entry};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PatientId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::{ReceiptTimes, Receipts, read};
use warmhand_core::domain::{authority, guard};
use warmhand_core::store::ListRow;
use warmhand_core::usecase::{Command, Desk, Target};
use warmhand_core::view::{DirectoryScreen, HandoffScreen, PatientsScreen, TodayScreen};
use warmhand_tests::history::{self, PEOPLE};
use warmhand_tests::organisation::sheet;

type Replica = BTreeMap<EntryId, Arc<Entry>>;

struct World {
    sheet: Organisation,
    doc: DocumentId,
    patient: PatientId,
    now: Timestamp,
    rng: ChaCha12Rng,
    replicas: Vec<Replica>,
    accepted: u32,
}

impl World {
    fn new(seed: u64, replicas: usize) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let now: Timestamp = "2026-03-03T15:00:00Z".parse().unwrap();
        let (doc, patient) = (
            DocumentId::new(now, &mut rng),
            PatientId::new(now, &mut rng),
        );
        let mut world = Self {
            sheet: sheet(),
            doc,
            patient,
            now,
            rng,
            replicas: vec![Replica::new(); replicas],
            accepted: 0,
        };
        let opened = Body::RecordOpened(warmhand_core::domain::payload::RecordOpened {
            patient,
            site: "home".into(),
        });
        let entry = Arc::new(world.entry(
            0,
            "n1",
            Vec::new(),
            EntryId::new(now, &mut world.rng.clone()),
            opened,
            None,
        ));
        for replica in &mut world.replicas {
            replica.insert(entry.id, Arc::clone(&entry));
        }
        world
    }

    fn fold(&self, replica: &Replica) -> Record {
        Record::of(self.doc, &replica.values().cloned().collect::<Vec<_>>())
    }

    fn entry(
        &self,
        at: usize,
        by: &str,
        after: Vec<EntryId>,
        id: EntryId,
        body: Body,
        when: Option<jiff::Zoned>,
    ) -> Entry {
        let person = self.sheet.person(&by.into()).unwrap();
        let zone = jiff::tz::TimeZone::get(&self.sheet.zone).unwrap();
        let occurred_at = when.unwrap_or_else(|| self.now.to_zoned(zone));
        let site = "home".into();
        let role =
            authority::acting_role(person, &body, Some(&site), &self.sheet, occurred_at.date());
        Entry {
            id,
            by: by.into(),
            role: role.unwrap_or(person.roles[0].role),
            device: DeviceId(uuid::Uuid::from_u128(at as u128)),
            occurred_at,
            recorded_at: self.now,
            after,
            app: APP.into(),
            body,
        }
    }

    /// Somebody tries something on a replica; the rules take it or refuse it.
    fn attempt(&mut self) {
        self.now += SignedDuration::from_mins(self.rng.random_range(1..200));
        let at = self.rng.random_range(0..self.replicas.len());
        let by = PEOPLE[self.rng.random_range(0..PEOPLE.len())];
        let record = self.fold(&self.replicas[at]);
        let mut rng = self.rng.clone();
        self.rng.random::<u64>();
        let command: Command = history::command(&record, self.now, &mut rng);
        let patient = Patient::of(self.patient, vec![record.clone()]);
        let reading = read(&patient, &Receipts::default(), &self.sheet, self.now);
        let desk = Desk {
            now: self.now,
            person: self.sheet.person(&by.into()).unwrap(),
            device: DeviceId(uuid::Uuid::from_u128(at as u128)),
            sheet: &self.sheet,
            patient: Some(&patient),
            record: Some(&record),
            reading: Some(&reading),
            rng: RefCell::new(&mut rng),
        };
        let Ok(plan) = command.plan(&desk) else {
            return;
        };
        let mut replica = self.replicas[at].clone();
        let mut after = record.heads();
        for draft in plan
            .drafts
            .into_iter()
            .filter(|d| d.target != Target::Screens)
        {
            let entry = self.entry(at, by, after, draft.id, draft.body, draft.at);
            let text = entry.to_text().unwrap();
            assert_eq!(
                Entry::parse(&text).as_ref(),
                Ok(&entry),
                "an entry reads as it was written"
            );
            if guard::check(&entry, &self.fold(&replica), &self.sheet).is_err() {
                return;
            }
            after = vec![entry.id];
            replica.insert(entry.id, Arc::new(entry));
        }
        self.replicas[at] = replica;
        self.accepted += 1;
    }

    /// One replica learns what another knows.
    fn deliver(&mut self) {
        let from = self.rng.random_range(0..self.replicas.len());
        let to = self.rng.random_range(0..self.replicas.len());
        let news = self.replicas[from].clone();
        self.replicas[to].extend(news);
    }
}

fn flags_shown_open(world: &World) -> BTreeSet<EntryId> {
    let mut open = BTreeSet::new();
    for replica in &world.replicas {
        let patient = Patient::of(world.patient, vec![world.fold(replica)]);
        open.extend(patient.open_flags().map(|f| f.id));
    }
    open
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_in_any_order_reads_the_same(seed in any::<u64>()) {
        let mut world = World::new(seed, 4);
        let mut ever_open = BTreeSet::new();
        for _ in 0..60 {
            if world.rng.random_bool(0.85) { world.attempt() } else { world.deliver() }
            ever_open.extend(flags_shown_open(&world));
        }
        let mut all: Vec<Arc<Entry>> = world.replicas.iter().flatten().map(|(_, e)| Arc::clone(e)).collect();
        let receipts = Receipts(all.iter().map(|e| {
            (e.id, ReceiptTimes { received_at: e.recorded_at + SignedDuration::from_hours(3), offset_ms: 0 })
        }).collect());
        let patient = Patient::of(world.patient, vec![Record::of(world.doc, &all)]);
        let expected = read(&patient, &receipts, &world.sheet, world.now);
        let zone = jiff::tz::TimeZone::get(&world.sheet.zone).unwrap();
        let coordinator = world.sheet.person(&"c1".into()).unwrap().clone();
        let screens = |patient: &Patient, reading: &warmhand_core::domain::read::Reading| {
            let records = &reading.records;
            let handoff = HandoffScreen::of(&patient.records[0], records[0].clone(), &receipts, &world.sheet, &coordinator);
            let today = TodayScreen::of(records, &world.sheet, &coordinator.id, &zone, world.now);
            let list: Vec<_> = records.iter().map(ListRow::of).collect();
            (handoff, today, PatientsScreen::of(&list), DirectoryScreen::of(&world.sheet, records))
        };
        let shown = screens(&patient, &expected);
        let mut orders = world.rng.clone();
        for _ in 0..4 {
            // Twice the same, shuffled: replayed batches change nothing.
            all.shuffle(&mut orders);
            let again = Patient::of(world.patient, vec![Record::of(world.doc, &all)]);
            let reading = read(&again, &receipts, &world.sheet, world.now);
            prop_assert_eq!(&reading, &expected);
            prop_assert_eq!(&screens(&again, &reading), &shown);
        }
        // No lost caution: whatever was open on a replica is open, or resolved by an entry that names it.
        let record = &patient.records[0];
        for flag in &patient.flags {
            if ever_open.contains(&flag.id) && !flag.is_open() {
                prop_assert!(record.flag_events.iter().any(|e| e.status == FlagStatus::Resolved && e.flags.contains(&flag.id)));
            }
        }
        // No invented consent: an agreement stands only if nobody, unseen by it, heard otherwise.
        if record.decision == DecisionState::Agreed {
            let open = record.review.iter().any(|i| i.is_open() && i.kind == warmhand_core::domain::code::ReviewKind::DecisionDisputed);
            prop_assert!(!open);
        }
    }
}

#[test]
fn random_histories_reach_the_states_that_matter() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut accepted = 0;
    for seed in 0..200 {
        let mut world = World::new(seed, 4);
        for _ in 0..80 {
            if world.rng.random_bool(0.85) {
                world.attempt()
            } else {
                world.deliver()
            }
        }
        accepted += world.accepted;
        let all: Vec<Arc<Entry>> = world
            .replicas
            .iter()
            .flatten()
            .map(|(_, e)| Arc::clone(e))
            .collect();
        let record = Record::of(world.doc, &all);
        seen.extend(
            record
                .review
                .iter()
                .map(|i| format!("review {} open={}", i.kind, i.is_open())),
        );
        seen.extend(
            record
                .appointments
                .iter()
                .map(|a| format!("appointment {}", a.status)),
        );
        seen.extend(
            record
                .encounters
                .iter()
                .map(|e| format!("grade {}", e.grade)),
        );
        seen.insert(format!("decision {}", record.decision));
        seen.insert(format!("closed {}", !record.closings.is_empty()));
    }
    let missing: Vec<_> = [
        "review two_booked open=true",
        "review two_booked open=false",
        "review decision_disputed open=true",
        "review outcome_disputed open=true",
        "review two_values open=true",
        "appointment booked",
        "appointment attended",
        "appointment no_show",
        "appointment cancelled",
        "appointment superseded",
        "grade W0",
        "grade W1",
        "grade W2",
        "grade W3",
        "decision disputed",
        "closed true",
    ]
    .into_iter()
    .filter(|s| !seen.contains(*s))
    .collect();
    assert!(
        missing.is_empty(),
        "never reached: {missing:?}; {accepted} accepted; saw {seen:#?}"
    );
}
