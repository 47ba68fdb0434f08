//! The server is restored from an older image: nothing that it once acknowledged is lost, and nothing is shown as being
//! there before it says so again.

use super::*;
use crate::view::SyncState;

/// Two devices, each with a record; the first has fetched the second's. Then the server's log is cut.
fn restored(cut: usize) -> (Server, App, App, [DocumentId; 2]) {
    let mut server = Server::default();
    let mut other = enrolled(&mut server, 2);
    let theirs = patient_of(&open_record(&mut other, "Theirs").unwrap()).1;
    run(&mut other, &mut server).unwrap();
    let mut app = enrolled(&mut server, 1);
    let ours = patient_of(&open_record(&mut app, "Ours").unwrap()).1;
    note(&mut app, theirs, "too early: not here yet").unwrap_err();
    run(&mut app, &mut server).unwrap();
    note(&mut app, theirs, "seen by us").unwrap();
    run(&mut app, &mut server).unwrap();
    assert_eq!(server.log.len(), 3);
    server.log.truncate(cut);
    (server, app, other, [theirs, ours])
}

/// Is an entry on the server? What is said of all entries of a record.
fn states(app: &App, record: DocumentId) -> BTreeSet<bool> {
    shown(app, record)
        .into_values()
        .map(|state| state == EntryState::OnServer)
        .collect()
}

#[test]
fn after_the_word_resync_nothing_is_green_until_it_is_confirmed_again() {
    let (mut server, mut app, _, [theirs, ours]) = restored(1);
    let asked = asks(&mut app);
    app.sync_answered(asked.number, &server.carry(&asked), now())
        .unwrap();
    for record in [theirs, ours] {
        assert_eq!(states(&app, record), BTreeSet::from([false]));
    }
    assert_eq!(app.sync_status().unwrap().state, SyncState::Comparing);
    for path in ["/v1/reconcile", "/v1/docs"] {
        let asked = asks(&mut app);
        assert_eq!(asked.path, path);
        app.sync_answered(asked.number, &server.carry(&asked), now())
            .unwrap();
    }
    // Of what it still has it said so; what it lacks is on its way, and not there.
    assert_eq!(states(&app, theirs), BTreeSet::from([false, true]));
    assert_eq!(states(&app, ours), BTreeSet::from([false]));
    run(&mut app, &mut server).unwrap();
    for record in [theirs, ours] {
        assert_eq!(states(&app, record), BTreeSet::from([true]));
    }
    assert_eq!(app.sync_status().unwrap().state, SyncState::AllSent);
}

#[test]
fn whatever_was_lost_comes_back_from_any_device_that_holds_it_with_its_receipt() {
    for cut in 0..3 {
        let (mut server, mut app, _, docs) = restored(cut);
        let had = held(&app);
        while app.sync_status().unwrap().state != SyncState::AllSent || server.log.len() < 3 {
            let asked = asks(&mut app);
            app.sync_answered(asked.number, &server.carry(&asked), now())
                .unwrap();
            let there: BTreeSet<_> = server
                .log
                .iter()
                .flat_map(|c| c.change.puts.iter().map(|put| put.id))
                .collect();
            for (entry, state) in docs.iter().flat_map(|doc| shown(&app, *doc)) {
                assert!(
                    state == EntryState::OnDevice || there.contains(&entry),
                    "green before it is there again"
                );
            }
        }
        let has: BTreeMap<_, _> = server.log.iter().map(|c| (c.hash, c.receipt)).collect();
        assert_eq!(
            has, had,
            "the very receipts, own and others', after a cut at {cut}"
        );
    }
}

/// Every change of the device with its receipt.
fn held(app: &App) -> BTreeMap<ChangeHash, Receipt> {
    let rows = app.store.rows();
    let docs: Vec<_> = app
        .patients(now())
        .unwrap()
        .rows
        .into_iter()
        .flat_map(|row| row.records)
        .collect();
    docs.into_iter()
        .flat_map(|doc| rows.document(doc).unwrap())
        .map(|c| (c.hash, c.receipt.unwrap()))
        .collect()
}

#[test]
fn a_head_that_goes_back_is_a_resync_whatever_it_calls_itself() {
    let (mut server, mut app, _, [_, ours]) = restored(3);
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    answer.high = server.token(1);
    app.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 200,
            body: pack(&answer),
        },
        now(),
    )
    .unwrap();
    assert_eq!(states(&app, ours), BTreeSet::from([false]));
    run(&mut app, &mut server).unwrap();
    assert_eq!(states(&app, ours), BTreeSet::from([true]));
}

#[test]
fn a_second_restore_in_the_middle_starts_it_again() {
    let (mut server, mut app, _, [theirs, ours]) = restored(2);
    for _ in 0..2 {
        let asked = asks(&mut app);
        app.sync_answered(asked.number, &server.carry(&asked), now())
            .unwrap();
    }
    server.log.clear();
    server.epoch = [9; 16];
    let mut later = now();
    for _ in 0..20 {
        // It backs off between two mismatches in a row: time passes.
        later += jiff::SignedDuration::from_mins(11);
        app.sync_wanted();
        if let SyncStep::Send(asked) = app.sync_next(later).unwrap() {
            app.sync_answered(asked.number, &server.carry(&asked), later)
                .unwrap();
        }
    }
    assert_eq!(server.log.len(), 3);
    for record in [theirs, ours] {
        assert_eq!(states(&app, record), BTreeSet::from([true]));
    }
}

#[test]
fn what_the_server_does_not_deliver_any_more_is_given_back_to_it_and_then_forgotten() {
    let (mut server, mut app, _, [theirs, ours]) = restored(0);
    server.gone.insert(theirs);
    run(&mut app, &mut server).unwrap();
    assert_eq!(server.log.len(), 3, "also what it does not show us");
    assert_eq!(app.holds(theirs), Ok(false));
    assert_eq!(app.patients(now()).unwrap().rows.len(), 1);
    assert!(app.store.rows().document(theirs).unwrap().is_empty());
    assert_eq!(states(&app, ours), BTreeSet::from([true]));
}

#[test]
fn a_device_that_the_server_does_not_know_yet_gives_what_it_has_and_loses_nothing_by_waiting() {
    let (mut server, mut app, _, [theirs, ours]) = restored(0);
    server.unconfirmed = true;
    let had = held(&app);
    run(&mut app, &mut server).unwrap();
    // It asks again, but not at once; meanwhile its people go on with what they have.
    let Ok(SyncStep::Idle(Some(at))) = app.sync_next(now()) else {
        panic!("it does not wait");
    };
    assert_eq!(at.duration_since(now()).as_secs(), 300);
    assert_eq!(held(&app), had);
    note(&mut app, theirs, "while it waits").unwrap();
    note(&mut app, ours, "while it waits").unwrap();
    run(&mut app, &mut server).unwrap();
    // The server keeps both, and they are shown as what they are: here, and not yet there.
    assert_eq!(server.quarantine.len(), 2);
    assert_eq!(app.sync_status().unwrap().unsent.len(), 2);
    for record in [theirs, ours] {
        assert_eq!(states(&app, record), BTreeSet::from([false, true]));
    }

    // Somebody has said whose it is: what was kept is judged, and asked about once more.
    server.unconfirmed = false;
    server.quarantine.clear();
    run(&mut app, &mut server).unwrap();
    assert_eq!(app.sync_status().unwrap().state, SyncState::AllSent);
    for record in [theirs, ours] {
        assert_eq!(states(&app, record), BTreeSet::from([true]));
    }
}
