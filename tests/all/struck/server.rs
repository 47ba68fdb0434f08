//! Every verb of the server's store, struck at every place.

#[path = "server/day.rs"]
mod day;

use day::{Again, Day, day};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use warmhand_server::store::StoreError;
use warmhand_server::store::sqlite::{Sqlite, Verified};
use warmhand_tests::struck::{Said, Strike};
use warmhand_tests::town::copy;

impl Day {
    /// A fresh copy of the folder, its server struck.
    fn struck(&self, strike: &Strike) -> (TempDir, Sqlite) {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        let store = Sqlite::open(folder.path(), self.key.clone()).unwrap();
        (folder, store.with_fault(Arc::new(strike.clone())))
    }

    fn sound(&self, folder: &Path) -> Verified {
        let store = Sqlite::open(folder, self.key.clone()).unwrap();
        self.town.run(store.verify(self.now)).unwrap()
    }
}

fn said(folder: &TempDir) -> Said {
    Said::by(&folder.path().join("warmhand.db"))
}

#[test]
fn a_server_ended_at_any_place_of_any_verb_has_done_all_of_it_or_nothing() {
    let (day, verbs) = day();
    let before = said(&day.folder);
    let mut struck = 0;
    for (name, act, again) in verbs {
        let never = Strike::never();
        let (folder, store) = day.struck(&never);
        day.town
            .run(act(&store))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let done = said(&folder);
        assert!(
            name.starts_with("read") || done != before,
            "{name} has nothing to do"
        );
        let places = never.passed();
        for at in 0..places {
            let strike = Strike::at(at);
            let (folder, store) = day.struck(&strike);
            assert_eq!(
                day.town.run(act(&store)),
                Err(StoreError::Killed),
                "{name}, {at}"
            );
            let place = strike.place().unwrap();
            let after = said(&folder);
            // What is told after that is read by another.
            let is_done = strike.came_to("committed");
            let expected = if is_done { &done } else { &before };
            assert_eq!(
                expected.differs_in(&after),
                [""; 0],
                "{name}, {at}: {place}"
            );
            // The same process goes on after an error, as a full disk is one.
            let repeated = day.town.run(act(&store));
            if again == Again::Same || !is_done {
                assert_eq!(repeated, Ok(()), "{name}, {at}: {place}");
                assert_eq!(
                    done.differs_in(&said(&folder)),
                    [""; 0],
                    "{name}, {at}: {place}"
                );
            }
            drop(store);
            assert_eq!(
                day.sound(folder.path()),
                Verified::SOUND,
                "{name}, {at}: {place}"
            );
            struck += 1;
        }
    }
    assert!(struck > 190, "only {struck} places");
}
