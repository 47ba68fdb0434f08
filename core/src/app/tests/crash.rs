//! The device is ended between any two statements, over and over: what it had said to a person, or taken from the
//! server, is there when it starts again.

use super::*;
use crate::store::{Fault, Phase, StoreError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Ends the process at the n-th place.
struct Countdown(Arc<AtomicU32>);

impl Fault for Countdown {
    fn at(&mut self, _: &str) -> Result<(), StoreError> {
        let left = self.0.load(Relaxed);
        self.0.store(left.saturating_sub(1), Relaxed);
        if left == 1 {
            Err(StoreError::Killed)
        } else {
            Ok(())
        }
    }
}

/// A device that is ended once and started again.
struct Mortal<'a> {
    path: &'a Path,
    app: App,
    left: Arc<AtomicU32>,
    starts: u64,
}

impl<'a> Mortal<'a> {
    fn born(path: &'a Path, lives: u32) -> Self {
        let left = Arc::new(AtomicU32::new(lives));
        let mut app = open(&Place::File(path.to_owned()), 1);
        app.set_fault(Box::new(Countdown(Arc::clone(&left))));
        Self {
            path,
            app,
            left,
            starts: 1,
        }
    }

    /// Does it; if the device ends in it, starts the device again. None if it ended.
    fn try_to<T>(&mut self, act: impl FnOnce(&mut App) -> Result<T, Refusal>) -> Option<T> {
        let done = act(&mut self.app).ok();
        if done.is_none() {
            assert_eq!(self.left.load(Relaxed), 0, "only a fault ends it");
            self.starts += 1;
            self.app = open(&Place::File(self.path.to_owned()), self.starts);
        }
        done
    }

    /// Does it, again if the device ended in it.
    fn surely<T>(&mut self, act: impl Fn(&mut App) -> Result<T, Refusal>) -> T {
        match self.try_to(&act) {
            Some(done) => done,
            None => act(&mut self.app).unwrap(),
        }
    }
}

/// A morning: a record, notes, somebody else's work, a server restored from an old image. Returns whether it ended.
fn morning(path: &Path, lives: u32) -> bool {
    let mut server = Server::default();
    let mut other = enrolled(&mut server, 99);
    let theirs = patient_of(&open_record(&mut other, "Theirs").unwrap()).1;
    run(&mut other, &mut server).unwrap();

    let mut device = Mortal::born(path, lives);
    if device.try_to(|app| enrol(app, &mut server)).is_none() && device.app.id().is_err() {
        enrol(&mut device.app, &mut server).unwrap();
    }
    device.surely(|app| {
        app.dispatch(
            Command::SignIn {
                user: UserId::from("n1"),
            },
            now(),
        )
    });
    let record = patient_of(&device.surely(|app| open_record(app, "Ada"))).1;
    let mut told = vec![];
    for at in 0..2 {
        told.extend(device.try_to(|app| note(app, record, &format!("note {at}"))));
        assert!(
            told.iter()
                .all(|entry| shown(&device.app, record).contains_key(entry)),
            "a person was told of it"
        );
    }
    device.try_to(|app| run(app, &mut server));
    device.try_to(|app| run(app, &mut server));
    told.extend(device.try_to(|app| note(app, theirs, "seen")));
    device.try_to(|app| run(app, &mut server));
    let acknowledged: BTreeSet<_> = server.log.iter().map(|c| c.hash).collect();
    server.log.truncate(1);
    for _ in 0..3 {
        device.try_to(|app| run(app, &mut server));
        green_is_true(&device.app, &server, [record, theirs]);
    }
    assert!(
        acknowledged.is_subset(&server.log.iter().map(|c| c.hash).collect()),
        "what was acknowledged is there"
    );
    let everywhere: BTreeMap<_, _> = [record, theirs]
        .iter()
        .flat_map(|doc| shown(&device.app, *doc))
        .collect();
    assert!(
        told.iter()
            .all(|entry| everywhere.get(entry) == Some(&EntryState::OnServer))
    );
    assert_eq!(device.app.store.rows().unsent().unwrap().0, 0);
    device.starts > 1
}

/// No screen says "on the server" of what the server does not have, once the device has heard that its log is another.
fn green_is_true(app: &App, server: &Server, records: [DocumentId; 2]) {
    let device = app.store.rows().device().unwrap().unwrap();
    if device.phase == Phase::Normal && !server.knows(&device.high) {
        return;
    }
    let there: BTreeSet<_> = server
        .log
        .iter()
        .flat_map(|c| c.change.puts.iter().map(|put| put.id))
        .collect();
    for record in records
        .into_iter()
        .filter(|record| app.holds(*record) == Ok(true))
    {
        for (entry, state) in shown(app, record) {
            assert!(state != EntryState::OnServer || there.contains(&entry));
        }
    }
}

#[test]
fn ended_between_any_two_statements_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut lives = 1;
    while morning(&folder.path().join(format!("{lives}.db")), lives) {
        lives += 1;
    }
    assert!(
        lives > 100,
        "the faults reach every verb, not {lives} places"
    );
}
