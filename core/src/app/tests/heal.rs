//! What is refused stays with its author, and her other work goes on without it.

use super::*;
use crate::store::ChangeState;
use crate::view::SyncState;

/// A device with a record that the server has.
fn begun(seed: u64) -> (Server, App, DocumentId) {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, seed);
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    run(&mut app, &mut server).unwrap();
    (server, app, record)
}

/// The hash of what was written last.
fn last(app: &App) -> ChangeHash {
    app.store.rows().outbox(99).unwrap().last().unwrap().hash
}

fn state(app: &App, hash: ChangeHash) -> ChangeState {
    app.store.rows().change(hash).unwrap().unwrap().state
}

/// The text of an entry in every change that holds it.
fn texts(app: &App, record: DocumentId, entry: EntryId) -> BTreeSet<String> {
    let held = app.store.rows().document(record).unwrap();
    let puts = held.into_iter().flat_map(|stored| stored.change.puts);
    puts.filter(|put| put.id == entry)
        .map(|put| put.text)
        .collect()
}

fn void(app: &mut App, record: DocumentId, entry: EntryId) -> EntryId {
    let command = serde_json::json!({"VoidEntry": {"record": record, "entry": entry, "reason": "wrong_patient"}});
    let command: Command = serde_json::from_value(command).unwrap();
    app.dispatch(command, now()).unwrap().made.unwrap()
}

#[test]
fn what_stood_on_a_refused_entry_is_written_anew_without_it_and_its_actor_is_used_no_more() {
    for rejected in [false, true] {
        let (mut server, mut app, record) = begun(1);
        let refused = note(&mut app, record, "not taken").unwrap();
        let hash = last(&app);
        if rejected {
            server.rejects.insert(hash);
        } else {
            server.refuses.insert(hash, QuarantineReason::Guard);
        }
        let on_top = note(&mut app, record, "on top of it").unwrap();
        let superseded = last(&app);
        run(&mut app, &mut server).unwrap();
        let entries = shown(&app, record);
        assert!(!entries.contains_key(&refused));
        assert_eq!(entries.get(&on_top), Some(&EntryState::OnServer));
        assert_eq!(
            texts(&app, record, on_top).len(),
            1,
            "in the very same bytes"
        );
        assert_eq!(state(&app, superseded), ChangeState::Superseded);
        assert!(!state(&app, hash).is_taken());
        assert_eq!(app.sync_status().unwrap().state, SyncState::NeedsHelp);
        let next = note(&mut app, record, "goes on").unwrap();
        run(&mut app, &mut server).unwrap();
        assert_eq!(shown(&app, record).get(&next), Some(&EntryState::OnServer));
        let actors: BTreeSet<_> = server.log.iter().map(|c| c.change.actor).collect();
        assert_eq!(actors.len(), 2, "one before the refusal and one after it");
        assert_eq!(run(&mut app, &mut server), Ok(1), "it has come to rest");
    }
}

#[test]
fn where_the_person_is_refused_nothing_is_written_anew() {
    for reason in [
        QuarantineReason::Access,
        QuarantineReason::Revoked,
        QuarantineReason::Recovered,
    ] {
        let (mut server, mut app, record) = begun(2);
        note(&mut app, record, "not taken").unwrap();
        server.refuses.insert(last(&app), reason);
        note(&mut app, record, "on top of it").unwrap();
        let on_top = last(&app);
        run(&mut app, &mut server).unwrap();
        assert_eq!(state(&app, on_top), ChangeState::Quarantined);
        assert_eq!(server.quarantine.len(), 2, "one piece of work, once");
        assert_eq!(server.log.len(), 1);
    }
}

#[test]
fn an_entry_that_speaks_of_a_refused_one_stays_with_it() {
    let (mut server, mut app, record) = begun(3);
    let refused = note(&mut app, record, "not taken").unwrap();
    server.refuses.insert(last(&app), QuarantineReason::Guard);
    let about_it = void(&mut app, record, refused);
    let stays = last(&app);
    let other = note(&mut app, record, "about something else").unwrap();
    run(&mut app, &mut server).unwrap();
    assert_eq!(state(&app, stays), ChangeState::Quarantined);
    let entries = shown(&app, record);
    assert!(!entries.contains_key(&about_it));
    assert_eq!(entries.get(&other), Some(&EntryState::OnServer));
}

#[test]
fn what_a_person_decided_is_no_longer_held_up_with_its_author() {
    for decision in [Decision::Released, Decision::Dismissed] {
        let (mut server, mut app, record) = begun(4);
        note(&mut app, record, "not taken").unwrap();
        let hash = last(&app);
        let reason = QuarantineReason::Access;
        server.refuses.insert(hash, reason);
        run(&mut app, &mut server).unwrap();
        assert_eq!(app.sync_status().unwrap().state, SyncState::NeedsHelp);
        server.decided.push(Decided {
            hash,
            reason,
            decision,
        });
        app.sync_wanted();
        run(&mut app, &mut server).unwrap();
        assert_eq!(app.sync_status().unwrap().state, SyncState::AllSent);
        let expected = match decision {
            Decision::Released => ChangeState::Released,
            Decision::Dismissed => ChangeState::Dismissed,
        };
        assert_eq!(state(&app, hash), expected);
    }
}

#[test]
fn a_device_restored_from_its_backup_takes_its_own_later_work_and_writes_anew_what_forked() {
    let folder = tempfile::tempdir().unwrap();
    let (here, backup) = (
        folder.path().join("device.db"),
        folder.path().join("backup.db"),
    );
    let mut server = Server::default();
    let mut app = open(&Place::File(here.clone()), 1);
    enrol(&mut app, &mut server).unwrap();
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    run(&mut app, &mut server).unwrap();
    drop(app);
    std::fs::copy(&here, &backup).unwrap();
    let mut app = open(&Place::File(here), 2);
    let later = note(&mut app, record, "after the backup").unwrap();
    run(&mut app, &mut server).unwrap();
    drop(app);

    // Whether the server speaks of the fork first, or its page comes before anything was sent.
    for asks_first in [false, true] {
        let copy = folder.path().join(format!("copy-{asks_first}.db"));
        std::fs::copy(&backup, &copy).unwrap();
        let mut server = server.clone();
        let mut app = open(&Place::File(copy), 3);
        let asked = asks_first.then(|| asks(&mut app));
        let forked = note(&mut app, record, "under the same count").unwrap();
        let on_top = note(&mut app, record, "and the next").unwrap();
        if let Some(asked) = asked {
            let answer = server.carry(&asked);
            app.sync_answered(asked.number, &answer, now()).unwrap();
            assert_eq!(app.store.rows().outbox(9).unwrap().len(), 2);
        }
        run(&mut app, &mut server).unwrap();
        let entries = shown(&app, record);
        for entry in [later, forked, on_top] {
            assert_eq!(entries.get(&entry), Some(&EntryState::OnServer));
        }
        assert_eq!(app.sync_status().unwrap().state, SyncState::AllSent);
        assert_eq!(app.store.rows().refetches(), Ok(Vec::new()));
        assert_eq!(server.quarantine.is_empty(), asks_first);
    }
}
