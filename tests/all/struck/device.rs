//! Every verb of a device's store, struck at every place: a day of one phone, step by step, each on a fresh copy of its
//! file.

use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use warmhand_core::app::{App, Carried, Place, SyncStep};
use warmhand_core::domain::id::DocumentId;
use warmhand_core::refusal::{Refusal, StorageTrouble};
use warmhand_tests::struck::{Said, Strike};
use warmhand_tests::town::{Phone, Town, copy};

/// Something that the phone does, the same each time.
enum Step {
    /// Enrols with this code and takes this answer.
    Enrol(String, Carried),
    /// A person does something.
    Do(Value),
    /// Takes this answer to what it asks for now.
    Take(Carried),
    /// Writes down for its lists what was overtaken.
    Look,
}

/// One phone on a file, its process begun anew for every step.
struct Day {
    folder: TempDir,
    steps: u64,
    struck: usize,
}

fn open(path: &Path, seed: u64) -> App {
    let rng = Box::new(ChaCha20Rng::seed_from_u64(seed));
    App::open(&Place::File(path.to_owned()), rng).unwrap()
}

fn does(app: &mut App, step: &Step, now: Timestamp) -> Result<(), Refusal> {
    match step {
        Step::Enrol(code, answer) => {
            let asked = app.enrol(code, now);
            app.sync_answered(asked.number, answer, now)
        }
        Step::Do(command) => {
            let command = serde_json::from_value(command.clone()).unwrap();
            app.dispatch(command, now).map(|_| ())
        }
        Step::Look => app.sync_next(now).map(|_| ()),
        Step::Take(answer) => {
            app.sync_wanted();
            match app.sync_next(now)? {
                SyncStep::Send(asked) => app.sync_answered(asked.number, answer, now),
                SyncStep::Idle(_) => panic!("nothing to ask"),
            }
        }
    }
}

impl Day {
    fn file(folder: &TempDir) -> PathBuf {
        folder.path().join("device.db")
    }

    fn said(folder: &TempDir) -> Said {
        Said::by(&Self::file(folder))
    }

    fn copied(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        folder
    }

    /// Does it at every place struck, each on a copy, and then for good.
    fn goes_on(&mut self, name: &str, step: &Step, now: Timestamp) {
        self.steps += 1;
        let before = Self::said(&self.folder);
        let done = self.copied();
        let never = Strike::never();
        let mut app = open(&Self::file(&done), self.steps);
        app.set_fault(Box::new(never.clone()));
        does(&mut app, step, now).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        drop(app);
        let after = Self::said(&done);
        assert!(after != before, "{name} has nothing to do");
        for at in 0..never.passed() {
            let (folder, strike) = (self.copied(), Strike::at(at));
            let mut app = open(&Self::file(&folder), self.steps);
            app.set_fault(Box::new(strike.clone()));
            let ended = Err(Refusal::Storage(StorageTrouble::Unavailable));
            assert_eq!(does(&mut app, step, now), ended, "{name}, {at}");
            let place = strike.place().unwrap();
            let expected = if place == "committed" {
                &after
            } else {
                &before
            };
            assert_eq!(
                expected.differs_in(&Self::said(&folder)),
                [""; 0],
                "{name}, {at}: {place}"
            );
            drop(app);
            // It begins again, and finds what it left.
            let mut app = open(&Self::file(&folder), self.steps);
            if place != "committed" {
                assert_eq!(does(&mut app, step, now), Ok(()), "{name}, {at}: {place}");
                drop(app);
                assert_eq!(
                    after.differs_in(&Self::said(&folder)),
                    [""; 0],
                    "{name}, {at}: {place}"
                );
            }
            self.struck += 1;
        }
        self.folder = done;
    }

    fn app(&self) -> App {
        open(&Self::file(&self.folder), self.steps + 1)
    }

    /// What the server answers to what the phone asks now.
    fn answer(&self, town: &Town, path: &str) -> Step {
        let mut app = self.app();
        app.sync_wanted();
        match app.sync_next(town.now()).unwrap() {
            SyncStep::Send(asked) => {
                assert_eq!(asked.path, path);
                Step::Take(town.carry(&asked))
            }
            SyncStep::Idle(_) => panic!("nothing to ask"),
        }
    }

    fn does(&mut self, town: &Town, name: &str, command: Value) {
        town.wait(1);
        self.goes_on(name, &Step::Do(command), town.now());
    }

    /// A step of its own, if there is anything to write down.
    fn looks(&mut self, town: &Town) {
        let copied = self.copied();
        let mut app = open(&Self::file(&copied), self.steps);
        does(&mut app, &Step::Look, town.now()).unwrap();
        drop(app);
        if Self::said(&copied) != Self::said(&self.folder) {
            self.goes_on("lists", &Step::Look, town.now());
        }
    }

    fn syncs(&mut self, town: &Town, name: &str, path: &str) {
        town.wait(1);
        self.looks(town);
        let step = self.answer(town, path);
        self.goes_on(name, &step, town.now());
    }

    /// The one record there is so far.
    fn record(&self, town: &Town) -> DocumentId {
        let patients = self.app().patients(town.now()).unwrap();
        assert_eq!(patients.rows.len(), 1);
        patients.rows[0].records[0]
    }
}

fn theirs(town: &Town, carla: &mut Phone, name: &str) -> DocumentId {
    let (record, _) = carla.handoff(town, name);
    carla.sync(town);
    record
}

#[test]
fn a_device_ended_at_any_place_of_any_verb_has_done_all_of_it_or_nothing() {
    let mut town = Town::default();
    let mut carla = town.device("carla", &["c1", "n2"]);
    let mut day = Day {
        folder: tempfile::tempdir().unwrap(),
        steps: 0,
        struck: 0,
    };
    drop(day.app());

    let code = town
        .run(town.server().issue_code(
            "ana".into(),
            "tablet".into(),
            vec!["n1".into(), "d1".into()],
        ))
        .unwrap();
    let asked = day.app().enrol(&code.text, town.now());
    let step = Step::Enrol(code.text, town.carry(&asked));
    day.goes_on("enrol", &step, town.now());
    day.does(&town, "sign in", json!({"SignIn": {"user": "n1"}}));
    day.syncs(&town, "the sheet comes", "/v1/sync");
    day.does(
        &town,
        "open a record",
        json!({"OpenRecord": {"site": "home", "preferred_name": "Rosa"}}),
    );
    let record = day.record(&town);
    day.does(&town, "a screen is two documents", json!({"RecordScreen": {"record": record, "instrument": "phq9", "mode": "interview", "items": [2, 2, 1, 2, 1, 1, 2, 1, 1]}}));
    day.does(
        &town,
        "a worry",
        json!({"RaiseSafety": {"record": record, "reason": "staff_concern"}}),
    );
    let shared = theirs(&town, &mut carla, "Imani");
    day.syncs(&town, "acks and a page", "/v1/sync");
    day.does(
        &town,
        "somebody else",
        json!({"SwitchUser": {"user": "d1"}}),
    );
    day.does(
        &town,
        "in another's record",
        json!({"AddNote": {"record": shared, "text": "seen at the door"}}),
    );
    carla.does(
        &town,
        json!({"AddNote": {"record": shared, "text": "meanwhile"}}),
    );
    carla.sync(&town);
    let image = town.image();
    day.syncs(&town, "both have written", "/v1/sync");
    carla.does(
        &town,
        json!({"AddNote": {"record": shared, "text": "after the image"}}),
    );
    carla.sync(&town);
    day.syncs(&town, "a page alone", "/v1/sync");

    town.restore(&image);
    day.syncs(&town, "the log is another", "/v1/sync");
    day.syncs(&town, "compared", "/v1/reconcile");
    day.syncs(&town, "offered and fetched", "/v1/docs");
    day.syncs(&town, "everything again", "/v1/sync");

    let sheet = warmhand_tests::organisation::SHEET.replace("Harbor Counseling", "Harbor House");
    town.run(town.server().store.load_sheet(sheet)).unwrap();
    day.syncs(&town, "a new sheet", "/v1/sync");
    let moved = warmhand_tests::organisation::SHEET
        .replace(
            r#""roles": [{"role": "nurse", "sites": ["home"]}]"#,
            r#""roles": [{"role": "nurse", "sites": ["clinic"]}]"#,
        )
        .replace(
            r#""roles": [{"role": "doula", "sites": ["home"]}]"#,
            r#""roles": [{"role": "doula", "sites": ["clinic"]}]"#,
        );
    town.run(town.server().store.load_sheet(moved)).unwrap();
    day.syncs(&town, "a record is no longer hers", "/v1/sync");

    day.does(&town, "whose it is", json!({"SwitchUser": {"user": "n1"}}));
    day.does(
        &town,
        "not sent",
        json!({"AddNote": {"record": record, "text": "not sent"}}),
    );
    let id = day.app().id().unwrap();
    town.run(town.server().store.revoke(id, "sup".into(), town.now()))
        .unwrap();
    day.syncs(&town, "out of service", "/v1/sync");
    day.looks(&town);
    day.goes_on(
        "credential refused",
        &Step::Take(Carried::Answer {
            status: 401,
            body: Vec::new(),
        }),
        town.now(),
    );
    assert!(day.struck > 200, "only {} places", day.struck);
}
