//! A device of which as much waits for a person as is kept of one: out of service it is told so, that it may end; in service
//! it is told nothing, and goes on asking until there is room.

use super::{edited, pushed, request, sends};
use rusqlite::{Connection, params};
use serde_json::json;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{AckState, QuarantineReason, RejectReason};
use warmhand_server::store::Store;
use warmhand_tests::town::Town;

/// So much waits of a device that no more is kept.
fn fill(town: &Town, id: DeviceId) {
    let db = Connection::open(town.database()).unwrap();
    let fills = "insert into quarantine (hash, doc, device, sender, reason, fields, since)
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)
        select randomblob(32), ?1, ?2, ?2, 0, x'', 0 from n";
    let filled = db.execute(fills, params![&[9_u8; 16][..], &id.as_bytes()[..]]);
    assert_eq!(filled, Ok(5_000));
}

/// Of one thing that waited it is decided.
fn makes_room(town: &Town) {
    let db = Connection::open(town.database()).unwrap();
    let one =
        "delete from quarantine where hash = (select min(hash) from quarantine where fields = x'')";
    assert_eq!(db.execute(one, []), Ok(1));
}

#[test]
fn of_one_device_only_so_much_waits_for_a_person() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    ana.note(&town, record, "she called back");
    let request = request(&mut ana, &town);
    let id = ana.app.id().unwrap();
    town.run(town.store().revoke(id, "sup".into(), town.now()))
        .unwrap();
    fill(&town, id);
    let crowded = AckState::Rejected(RejectReason::Crowded);
    assert_eq!(sends(&ana, &town, &request), [crowded]);
    makes_room(&town);
    let kept = AckState::Quarantined(QuarantineReason::Revoked);
    assert_eq!(sends(&ana, &town, &request), [kept]);
}

#[test]
fn a_device_in_service_is_left_without_an_answer_and_keeps_what_it_said() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    ana.note(&town, record, "she called back");
    let mut request = request(&mut ana, &town);
    // A nurse says what is a supervisor's alone to say.
    let change = request.push[0].changes[0].change.clone();
    let forged = edited(&change, 1, |entry| {
        entry["kind"] = json!("PatientsUnlinked");
        entry["payload"] = json!({"patients": [record, record]});
    });
    request.push[0].changes = vec![pushed(forged)];
    let id = ana.app.id().unwrap();
    fill(&town, id);
    for _ in 0..2 {
        assert_eq!(sends(&ana, &town, &request), []);
    }
    let devices = town.run(town.store().devices()).unwrap();
    let row = devices.iter().find(|row| row.id == id).unwrap();
    assert_eq!(row.unsent, 1, "what was not answered is unsent");
    makes_room(&town);
    let kept = AckState::Quarantined(QuarantineReason::Role);
    assert_eq!(sends(&ana, &town, &request), [kept]);
}
