//! The outbox, the cursor and what an answer may do to them.

use super::*;
use crate::store::ChangeState;
use crate::view::SyncState;

#[test]
fn only_the_acknowledged_hash_leaves_the_outbox() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    let first = open_record(&mut app, "Ada").unwrap();
    let second = open_record(&mut app, "Día 👶").unwrap();
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    assert_eq!(answer.acks.len(), 2);
    // The server has both, but says so of one, and the page is lost.
    answer.acks.pop();
    answer.docs = Parcel::of(&Vec::new());
    app.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 200,
            body: pack(&answer),
        },
        now(),
    )
    .unwrap();
    let states =
        |app: &App, made: &Outcome| app.store.rows().document(patient_of(made).1).unwrap()[0].state;
    assert_eq!(states(&app, &first), ChangeState::Accepted);
    assert_eq!(states(&app, &second), ChangeState::Saved);
    assert_eq!(app.sync_status().unwrap().state, SyncState::ToSend);
    assert_eq!(run(&mut app, &mut server), Ok(1));
    assert_eq!(states(&app, &second), ChangeState::Accepted);
    assert_eq!(app.sync_status().unwrap().state, SyncState::AllSent);
    assert_eq!(server.log.len(), 2);
}

#[test]
fn an_answer_to_another_request_is_dropped_whole() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    let late = asks(&mut app);
    let answer = server.carry(&late);
    let second = asks(&mut app);
    app.sync_answered(late.number, &answer, now()).unwrap();
    assert!(
        shown(&app, record)
            .values()
            .all(|state| *state == EntryState::OnDevice)
    );
    // Under the right number outside and the wrong one inside it is no better.
    app.sync_answered(second.number, &answer, now()).unwrap();
    assert!(
        shown(&app, record)
            .values()
            .all(|state| *state == EntryState::OnDevice)
    );
    run(&mut app, &mut server).unwrap();
    assert!(
        shown(&app, record)
            .values()
            .all(|state| *state == EntryState::OnServer)
    );
}

#[test]
fn a_page_that_does_not_continue_the_stored_cursor_is_left_but_its_acks_count() {
    let mut server = Server::default();
    let mut other = enrolled(&mut server, 2);
    let theirs = patient_of(&open_record(&mut other, "Theirs").unwrap()).1;
    run(&mut other, &mut server).unwrap();
    let mut app = enrolled(&mut server, 1);
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    answer.from = Cursor {
        token: server.token(1),
        after: None,
    };
    app.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 200,
            body: pack(&answer),
        },
        now(),
    )
    .unwrap();
    assert!(
        shown(&app, record)
            .values()
            .all(|state| *state == EntryState::OnServer)
    );
    assert_eq!(app.holds(theirs), Ok(false));
    assert_eq!(
        app.store.rows().device().unwrap().unwrap().cursor.token.seq,
        0
    );
    run(&mut app, &mut server).unwrap();
    assert_eq!(app.holds(theirs), Ok(true));
}

#[test]
fn a_forgotten_record_is_hidden_at_once_and_wiped_when_nothing_of_it_waits() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    let made = open_record(&mut app, "Ada").unwrap();
    let (patient, record) = patient_of(&made);
    run(&mut app, &mut server).unwrap();
    note(&mut app, record, "not yet sent").unwrap();
    // The server loses the push and says forget.
    let asked = asks(&mut app);
    let mut request: SyncRequest = unpack(&asked.body).unwrap();
    request.push.clear();
    server.gone.insert(record);
    let answer = server.sync(&request);
    app.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 200,
            body: pack(&answer),
        },
        now(),
    )
    .unwrap();
    assert_eq!(app.holds(record), Ok(false));
    assert!(app.patients(now()).unwrap().rows.is_empty());
    assert_eq!(
        app.store.rows().document(record).unwrap().len(),
        2,
        "unsent work is not wiped"
    );
    run(&mut app, &mut server).unwrap();
    assert_eq!(server.log.len(), 2);
    assert!(app.store.rows().document(record).unwrap().is_empty());
    // A tombstone does not stand in the way of a new grant.
    server.gone.clear();
    let mut refetch = server.log.clone();
    for change in &mut refetch {
        change.receipt.offset_ms = 7;
    }
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    answer.docs = Parcel::of(&vec![DeliveredDocument {
        doc: record,
        content: Delivered::whole(refetch),
    }]);
    app.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 200,
            body: pack(&answer),
        },
        now(),
    )
    .unwrap();
    assert_eq!(app.holds(record), Ok(true));
    assert_eq!(app.patient(patient).unwrap().1.0.len(), 3);
}

#[test]
fn a_server_that_says_nothing_new_is_not_asked_in_a_ring() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    open_record(&mut app, "Ada").unwrap();
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    answer.acks.clear();
    answer.docs = Parcel::of(&Vec::new());
    answer.cursor = answer.from;
    app.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 200,
            body: pack(&answer),
        },
        now(),
    )
    .unwrap();
    let SyncStep::Idle(Some(until)) = app.sync_next(now()).unwrap() else {
        panic!("asks again at once")
    };
    assert!(until > now());
    // Not even a clock that was set back by years keeps it silent.
    let back = now() - jiff::SignedDuration::from_hours(24 * 800);
    assert!(matches!(app.sync_next(back).unwrap(), SyncStep::Send(_)));
}

#[test]
fn a_server_that_asks_for_patience_is_given_it_unless_somebody_records_something() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    run(&mut app, &mut server).unwrap();
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    answer.retry_after_ms = Some(3_000);
    let body = pack(&answer);
    let carried = Carried::Answer { status: 200, body };
    app.sync_answered(asked.number, &carried, now()).unwrap();
    let later = now() + jiff::SignedDuration::from_secs(3);
    assert_eq!(app.sync_next(now()), Ok(SyncStep::Idle(Some(later))));
    note(&mut app, record, "cannot wait").unwrap();
    app.sync_wanted();
    assert!(matches!(app.sync_next(now()), Ok(SyncStep::Send(_))));
}

#[test]
fn a_device_that_is_sent_away_keeps_everything_and_says_so() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    let asked = asks(&mut app);
    app.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 403,
            body: Vec::new(),
        },
        now(),
    )
    .unwrap();
    assert_eq!(app.sync_status().unwrap().state, SyncState::SignedOff);
    assert_eq!(app.holds(record), Ok(true));
    run(&mut app, &mut server).unwrap();
    assert_eq!(app.sync_status().unwrap().state, SyncState::AllSent);
}

#[test]
fn a_code_makes_a_device_once() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    let id = app.id().unwrap();
    let asked = app.enrol("another code", now());
    app.sync_answered(asked.number, &server.carry(&asked), now())
        .unwrap();
    assert_eq!(app.id(), Ok(id));
    let mut fresh = open(&Place::Memory, 2);
    let asked = fresh.enrol("wrong code", now());
    let refused = fresh.sync_answered(
        asked.number,
        &Carried::Answer {
            status: 404,
            body: Vec::new(),
        },
        now(),
    );
    assert_eq!(refused, Err(Refusal::NotEnrolled));
}
