//! How far a record has come: on the device, on the server, seen by somebody else; and of what was not taken, why.

use serde_json::json;
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::domain::id::{DocumentId, EntryId};
use warmhand_core::view::{EntryState, Help, Why};
use warmhand_core::wire::{AckState, QuarantineReason, RejectReason, SyncAnswer, pack, unpack};
use warmhand_server::store::Store;
use warmhand_tests::town::{Phone, Town};

/// Where an entry is, and who is known to have seen it, by two screens of one device.
fn shown(phone: &Phone, town: &Town, record: DocumentId, entry: EntryId) -> (EntryState, String) {
    let history = phone.app.history(record, town.now()).unwrap();
    let row = history.entries.iter().find(|row| row.entry == entry);
    let row = row.expect("it is there");
    let handoff = phone.app.handoff(record, town.now()).unwrap();
    let line = handoff.timeline.iter().find(|line| line.entry == entry);
    assert_eq!(line.expect("it is there").state, row.state);
    let seen = row.seen.as_ref().map(|seen| seen.name.clone());
    (row.state, seen.unwrap_or_default())
}

fn notes(phone: &mut Phone, town: &Town, record: DocumentId) -> EntryId {
    let made = phone.does(
        town,
        json!({"AddNote": {"record": record, "text": "she is fine"}}),
    );
    made.made.expect("an entry")
}

#[test]
fn an_entry_is_seen_once_somebody_else_wrote_after_it_and_the_server_has_that() {
    let town = Town::default();
    let (mut ana, mut carla, record, _) = town.shared_handoff();
    let note = notes(&mut ana, &town, record);
    let (here, nobody) = (EntryState::OnDevice, String::new());
    assert_eq!(shown(&ana, &town, record, note), (here, nobody.clone()));
    assert_eq!(
        ana.app.handoff(record, town.now()).unwrap().state,
        EntryState::OnDevice,
        "as far as its last entry"
    );
    ana.sync(&town);
    let there = (EntryState::OnServer, nobody);
    assert_eq!(shown(&ana, &town, record, note), there);
    // That her device has it says nothing of her.
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(shown(&ana, &town, record, note), there);
    // What its author writes after it says nothing either.
    notes(&mut ana, &town, record);
    ana.sync(&town);
    assert_eq!(shown(&ana, &town, record, note), there);

    carla.sync(&town);
    let hers = notes(&mut carla, &town, record);
    assert_eq!(shown(&carla, &town, record, note), there, "not told yet");
    carla.sync(&town);
    let seen = (EntryState::Seen, "Carla Reyes".to_owned());
    assert_eq!(shown(&carla, &town, record, note), seen);
    assert_eq!(shown(&ana, &town, record, note), there, "not heard yet");
    ana.sync(&town);
    assert_eq!(shown(&ana, &town, record, note), seen);
    assert_eq!(shown(&ana, &town, record, hers).0, EntryState::OnServer);
    assert_eq!(
        ana.app.handoff(record, town.now()).unwrap().state,
        EntryState::OnServer,
        "nobody is known to have seen Carla's"
    );
}

#[test]
fn what_was_written_beside_an_entry_has_not_seen_it() {
    let town = Town::default();
    let (mut ana, mut carla, record, _) = town.shared_handoff();
    let (one, other) = (
        notes(&mut ana, &town, record),
        notes(&mut carla, &town, record),
    );
    for _ in 0..2 {
        ana.sync(&town);
        carla.sync(&town);
    }
    for entry in [one, other] {
        let there = (EntryState::OnServer, String::new());
        assert_eq!(shown(&ana, &town, record, entry), there);
    }
}

#[test]
fn of_what_was_not_taken_it_is_said_why() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    notes(&mut ana, &town, record);
    let row = |ana: &Phone| {
        let mut rows = ana.app.sync_status().unwrap().unsent.into_iter();
        rows.next().map(|row| (row.record, row.help, row.why))
    };
    assert_eq!(row(&ana), Some((record, None, None)), "it waits");
    let (id, store) = (ana.app.id().unwrap(), town.store());
    town.run(store.revoke(id, "sup".into(), town.now()))
        .unwrap();
    // It sends, is told, and the answer is lost; then it is taken back.
    ana.sends_unheard(&town);
    town.run(store.reinstate(id, "sup".into(), town.now()))
        .unwrap();
    ana.sync(&town);
    let why = (record, Some(Help::Quarantined), Some(Why::OutOfService));
    assert_eq!(row(&ana), Some(why));
    // What stands on it waits for the same reason, and that is the one that is said.
    notes(&mut ana, &town, record);
    ana.sync(&town);
    assert_eq!(row(&ana), Some(why));
}

/// What a device says of a note of which the server says this.
fn told_of(state: AckState) -> Option<(Option<Help>, Option<Why>)> {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    notes(&mut ana, &town, record);
    ana.app.sync_wanted();
    let Ok(SyncStep::Send(asked)) = ana.app.sync_next(town.now()) else {
        panic!("there is something to say")
    };
    let Carried::Answer { status: 200, body } = town.carry(&asked) else {
        panic!("the server answers")
    };
    let mut answer: SyncAnswer = unpack(&body).unwrap();
    let [ack] = &mut answer.acks[..] else {
        panic!("one change was sent")
    };
    ack.state = state;
    let body = pack(&answer);
    let carried = Carried::Answer { status: 200, body };
    ana.app
        .sync_answered(asked.number, &carried, town.now())
        .unwrap();
    let rows = ana.app.sync_status().unwrap().unsent;
    let row = rows.iter().find(|row| row.record == record)?;
    Some((row.help, row.why))
}

#[test]
fn each_reason_is_told_in_a_word_of_its_own() {
    use QuarantineReason as Q;
    use RejectReason as R;
    let quarantined = [
        (Q::Access, Why::Access),
        (Q::Role, Why::Role),
        (Q::Guard, Why::Rule),
        (Q::Revoked, Why::OutOfService),
        (Q::Recovered, Why::Unproven),
        (Q::EntryId, Why::Taken),
        (Q::Unconfirmed, Why::Unconfirmed),
    ];
    let quarantined =
        quarantined.map(|(reason, why)| (AckState::Quarantined(reason), Help::Quarantined, why));
    let rejected = [
        (R::Malformed, Why::Unreadable),
        (R::WrongHash, Why::Unreadable),
        (R::TooBig, Why::TooLong),
        (R::Full, Why::Full),
        (R::Crowded, Why::Crowded),
    ];
    let rejected = rejected.map(|(reason, why)| (AckState::Rejected(reason), Help::Rejected, why));
    for (state, help, why) in quarantined.into_iter().chain(rejected) {
        assert_eq!(told_of(state), Some((Some(help), Some(why))));
    }
    // What its device writes anew waits like anything else.
    for reason in [Q::Reauthor, Q::StandsOn] {
        assert_eq!(
            told_of(AckState::Quarantined(reason)),
            Some((None, None)),
            "{reason:?}"
        );
    }
    assert_eq!(told_of(AckState::Rejected(R::Erased)), None);
}
