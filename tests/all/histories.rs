//! Ten thousand random histories of all commands by all roles on up to six devices, and five promises held over every
//! one of them: *convergence*, *no lost caution*, *no invented consent*, *idempotence*,
//! *nobody dropped*. What is promised is computed here
//! from the entries alone, by other means than the fold. The histories run once, on two threads.

#[path = "histories/hazards.rs"]
mod hazards;
#[path = "histories/in_hand.rs"]
mod in_hand;
#[path = "histories/known.rs"]
mod known;

use hazards::hazards;
use in_hand::in_hand;
use known::{Known, read_all, receipts};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use warmhand_core::domain::code::*;
use warmhand_core::domain::entry::{Body, Entry};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{DeviceId, EntryId, PatientId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::{Receipts, Summary, read};
use warmhand_core::store::ListRow;
use warmhand_core::usecase::{Counting, Desk};
use warmhand_core::view::{HandoffScreen, PatientsScreen, TodayScreen};
use warmhand_tests::world::{World, wide_sheet};

const HISTORIES: u64 = 10_000;
const LEAST_COMMANDS: u32 = 30;
const THREADS: u64 = 2;

type Entries = Vec<Arc<Entry>>;

#[derive(Default)]
struct Found {
    tried: u64,
    taken: u64,
    shortest: u32,
    longest_record: usize,
    hazards: BTreeMap<&'static str, u64>,
    /// The first broken promise of each kind, with the seed that breaks it.
    broken: BTreeMap<&'static str, String>,
}

static FOUND: OnceLock<Found> = OnceLock::new();

fn found() -> &'static Found {
    FOUND.get_or_init(|| {
        let sheet = wide_sheet();
        let halves: Vec<Found> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let sheet = &sheet;
                    scope.spawn(move || run((thread..HISTORIES).step_by(THREADS as usize), sheet))
                })
                .collect();
            threads
                .into_iter()
                .map(|t| t.join().expect("no history panics"))
                .collect()
        });
        halves.into_iter().reduce(merge).expect("histories ran")
    })
}

fn merge(mut all: Found, more: Found) -> Found {
    all.tried += more.tried;
    all.taken += more.taken;
    all.shortest = all.shortest.min(more.shortest);
    all.longest_record = all.longest_record.max(more.longest_record);
    for (hazard, count) in more.hazards {
        *all.hazards.entry(hazard).or_default() += count;
    }
    for (promise, how) in more.broken {
        all.broken.entry(promise).or_insert(how);
    }
    all
}

fn run(seeds: impl Iterator<Item = u64>, sheet: &Arc<Organisation>) -> Found {
    let mut found = Found {
        shortest: u32::MAX,
        ..Found::default()
    };
    for seed in seeds {
        let mut world = World::new(seed, sheet);
        let commands = world.rng.random_range(LEAST_COMMANDS..LEAST_COMMANDS + 15);
        while world.tried < commands {
            if world.rng.random_bool(0.85) {
                world.attempt();
            } else {
                world.deliver();
            }
        }
        found.tried += u64::from(world.tried);
        found.taken += u64::from(world.taken);
        found.shortest = found.shortest.min(world.tried);
        let mut broken = |promise, how: String| {
            found
                .broken
                .entry(promise)
                .or_insert(format!("seed {seed}: {how}"));
        };
        check(&world, &mut broken);
        let all = Known::of(&world);
        in_hand(&world, &all, &mut broken);
        found.longest_record = found.longest_record.max(all.entries[0].len());
        hazards(&world, &all, &mut |hazard| {
            *found.hazards.entry(hazard).or_default() += 1
        });
    }
    found
}

fn check(world: &World, broken: &mut dyn FnMut(&'static str, String)) {
    let all = Known::of(world);
    let mut rng = ChaCha12Rng::seed_from_u64(world.now.as_second().unsigned_abs());
    for _ in 0..2 {
        let mut shuffled = all.entries.clone();
        shuffled
            .iter_mut()
            .for_each(|entries| entries.shuffle(&mut rng));
        let (own, again) = read_all(world, &shuffled);
        let same = again == all.summaries
            && own.flag_groups() == all.own.flag_groups()
            && shown(world, &own, &again) == shown(world, &all.own, &all.summaries);
        if !same {
            broken("convergence", "another order reads otherwise".to_owned());
        }
    }
    let mut twice = all.entries.clone();
    for entries in &mut twice {
        let again = entries.clone();
        entries.extend(again);
        entries.shuffle(&mut rng);
    }
    if read_all(world, &twice).1 != all.summaries {
        broken(
            "idempotence",
            "entries that came twice read otherwise".to_owned(),
        );
    }
    for at in 0..3 {
        promises(
            &Record::of(world.docs[at], &all.entries[at]),
            world.patients[0],
            broken,
        );
    }
    for device in 0..world.devices.len() {
        promises(&world.fold(device, 0), world.patients[0], broken);
    }
}

/// What a coordinator is shown of it.
fn shown(
    world: &World,
    own: &Patient,
    summaries: &[Summary],
) -> (HandoffScreen, TodayScreen, PatientsScreen) {
    let coordinator = world.sheet.person(&"c1".into()).expect("a coordinator");
    let zone = jiff::tz::TimeZone::get(&world.sheet.zone).expect("a zone");
    let record = &own.records[0];
    let summary = summaries
        .iter()
        .find(|s| s.record == record.id)
        .expect("its summary");
    let receipts = Receipts::default();
    let reading = read(own, &receipts, &world.sheet, world.now);
    let mut ids = Counting::default();
    let desk = Desk {
        now: world.now,
        person: coordinator,
        device: DeviceId(uuid::Uuid::nil()),
        sheet: &world.sheet,
        patient: Some(own),
        record: Some(record),
        reading: Some(&reading),
        rng: RefCell::new(&mut ids),
    };
    let rows: Vec<ListRow> = summaries.iter().map(ListRow::of).collect();
    (
        HandoffScreen::of(&desk, summary.clone(), &receipts, Vec::new())
            .expect("the screen of a record"),
        TodayScreen::of(summaries, &world.sheet, &coordinator.id, &zone, world.now),
        PatientsScreen::of(&rows),
    )
}

/// What every fold promises, computed from its entries.
fn promises(record: &Record, patient: PatientId, broken: &mut dyn FnMut(&'static str, String)) {
    let entries = record.entries();
    let joined = Patient::of(patient, vec![record.clone()]);
    for entry in entries {
        let raises = match &entry.body {
            Body::SafetyRaised(_) => true,
            Body::ScreenRecorded(p) => p.self_harm == SelfHarm::Yes,
            Body::ScreenAmended(p) => p.self_harm == SelfHarm::Yes,
            _ => false,
        };
        let ended = entries.iter().any(|e| match &e.body {
            Body::SafetyResolved(p) => p.flags.contains(&entry.id),
            Body::EnteredInError(p) => p.entry == entry.id,
            _ => false,
        });
        let is_open = joined.flags.iter().any(|f| f.id == entry.id && f.is_open());
        if raises && !ended && !is_open {
            broken("no lost caution", format!("flag {} is not open", entry.id));
        }
    }
    for task in record.appointments.iter().filter(|a| a.is_live()) {
        if record.past.get(task.id).is_none() {
            broken(
                "no lost caution",
                "an appointment out of nothing".to_owned(),
            );
        }
    }
    consent(record, broken);
    reach(record, &joined, broken);
}

/// Has a person who had seen this entry settled a question, keeping another?
fn settled_against(record: &Record, id: EntryId) -> bool {
    record.entries().iter().any(|e| {
        let keeps = match &e.body {
            Body::ReviewSettled(p) => p.keep,
            Body::EnteredInError(p) if p.entry == id => return true,
            _ => None,
        };
        keeps.is_some_and(|keep| keep != id) && record.past.saw(e.id, id)
    })
}

/// The entries of a kind that no other of them has seen.
fn heads<'a, T>(
    record: &'a Record,
    pick: impl Fn(&'a Body) -> Option<T>,
) -> Vec<(&'a Arc<Entry>, T)> {
    let all: Vec<_> = record
        .entries()
        .iter()
        .filter_map(|e| pick(&e.body).map(|said| (e, said)))
        .collect();
    let ids: Vec<EntryId> = all.iter().map(|(e, _)| e.id).collect();
    all.into_iter()
        .filter(|(e, _)| !ids.iter().any(|later| record.past.saw(*later, e.id)))
        .collect()
}

fn consent(record: &Record, broken: &mut dyn FnMut(&'static str, String)) {
    if record.decision == DecisionState::Agreed {
        let decisions = heads(record, |b| match b {
            Body::DecisionRecorded(p) => Some(p.value),
            _ => None,
        });
        for (entry, value) in decisions {
            if value != DecisionValue::Agreed && !settled_against(record, entry.id) {
                broken("no invented consent", format!("{} heard {value}", entry.id));
            }
        }
    }
    for (entry, plan) in heads(record, |b| match b {
        Body::SharingPlanConfirmed(p) => Some(p),
        _ => None,
    }) {
        let withheld = plan.items.iter().filter(|i| i.choice != ShareChoice::Share);
        for item in withheld {
            if record.sharing.shared.contains(&item.kind) && !settled_against(record, entry.id) {
                broken(
                    "no invented consent",
                    format!("{} withheld {}", entry.id, item.kind),
                );
            }
        }
    }
    for consent in record
        .consents
        .iter()
        .filter(|c| c.status == ConsentStatus::Active)
    {
        for entry in record.entries() {
            let Body::ConsentRevoked(p) = &entry.body else {
                continue;
            };
            let same_kind = record.past.get(p.consent).is_some_and(
                |e| matches!(&e.body, Body::ConsentRecorded(c) if c.kind == consent.said.kind),
            );
            let forbids = p.consent == consent.entry.id
                || same_kind && record.past.concurrent(entry.id, consent.entry.id);
            if forbids && !settled_against(record, entry.id) {
                broken(
                    "no invented consent",
                    format!("{} was taken back", consent.entry.id),
                );
            }
        }
    }
}

fn reach(record: &Record, joined: &Patient, broken: &mut dyn FnMut(&'static str, String)) {
    for reach in joined.reach.iter().filter(|r| r.voicemail_ok) {
        for (entry, rule) in heads(record, |b| match b {
            Body::ContactRuleSet(p) if p.channel == reach.channel => Some(p),
            _ => None,
        }) {
            if !rule.voicemail_ok && !settled_against(record, entry.id) {
                broken("no lost caution", format!("{} forbade voicemail", entry.id));
            }
        }
    }
}

fn holds(promise: &str) {
    let broken = found().broken.get(promise);
    assert_eq!(broken, None, "{promise}");
}

#[test]
fn convergence() {
    holds("convergence");
}

#[test]
fn no_lost_caution() {
    holds("no lost caution");
}

#[test]
fn no_invented_consent() {
    holds("no invented consent");
}

#[test]
fn nobody_dropped() {
    holds("nobody dropped");
}

#[test]
fn idempotence() {
    holds("idempotence");
}

#[test]
fn the_histories_are_long_half_of_what_is_tried_is_taken_and_every_hazard_is_hit() {
    let found = found();
    println!(
        "{HISTORIES} histories of {} commands or more, {} tried, {} taken; longest record {} entries; {:#?}",
        found.shortest, found.tried, found.taken, found.longest_record, found.hazards
    );
    assert!(found.shortest >= LEAST_COMMANDS);
    let share = found.taken as f64 / found.tried as f64;
    assert!(share > 0.45, "{share}");
    for hazard in 1..=20 {
        let prefix = format!("H{hazard} ");
        let hit = found
            .hazards
            .iter()
            .any(|(name, count)| name.starts_with(&prefix) && *count > 0);
        assert!(hit, "H{hazard} was never hit: {:?}", found.hazards);
    }
}
