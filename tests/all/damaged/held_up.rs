//! What the server cannot take, or keeps for somebody to decide, holds up nothing else that is to be sent.

use super::*;

#[test]
fn what_waits_with_an_unconfirmed_device_goes_with_every_push() {
    let mut town = Town::default();
    let image = town.image();
    let mut ana = town.device("ana", &["n1"]);
    let (first, _) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    ana.note(&town, first, "she called back");
    town.restore(&image);
    let mut later = None;
    for _ in 0..6 {
        ana.app.sync_wanted();
        let Ok(SyncStep::Send(asked)) = ana.app.sync_next(town.now()) else {
            break;
        };
        let carried = town.carry(&asked);
        ana.app
            .sync_answered(asked.number, &carried, town.now())
            .expect("taken");
        // Something else is written while they compare.
        later.get_or_insert_with(|| ana.handoff(&town, "Noor"));
    }
    let kept: BTreeSet<_> = town.aside().into_iter().map(|row| row.doc).collect();
    assert!(kept.contains(&first), "{kept:?}");
    assert!(kept.len() > 1, "{kept:?}");
}

#[test]
fn what_the_server_cannot_take_keeps_nothing_else_from_being_sent() {
    let town = Town::default();
    let (mut ana, mut carla, damaged, _) = town.shared_handoff();
    let (sound, patient) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    carla.sync(&town);
    damage(&town.database(), damaged, true);
    // More than one request holds.
    for n in 0..450 {
        ana.note(&town, damaged, &format!("she was called {n} times"));
    }
    ana.note(&town, sound, "she called back");
    for _ in 0..2 {
        ana.sync(&town);
    }
    carla.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    damage(&town.database(), damaged, false);
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::AllSent, 0));
}

#[test]
fn whatever_an_unconfirmed_device_holds_comes_to_the_server() {
    let mut town = Town::default();
    let image = town.image();
    let mut ana = town.device("ana", &["n1"]);
    let (first, _) = ana.handoff(&town, "Rosa");
    for n in 0..450 {
        ana.note(&town, first, &format!("she was called {n} times"));
    }
    let (last, _) = ana.handoff(&town, "Noor");
    town.restore(&image);
    for _ in 0..4 {
        ana.sync(&town);
    }
    assert_eq!(state(&ana).0, SyncState::Unconfirmed);
    let kept: BTreeSet<_> = town.aside().into_iter().map(|row| row.doc).collect();
    assert!(kept.contains(&first) && kept.contains(&last), "{kept:?}");
}
