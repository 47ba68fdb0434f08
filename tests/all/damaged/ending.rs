//! A device that was taken out of service and cannot read all that it holds.

use super::*;

#[test]
fn a_device_that_cannot_read_all_of_it_ends_all_the_same() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    let id = ana.app.id().expect("a device");
    ana.note(&town, record, "she called back");
    let sql = "update change set fields = cast(x'ff' || fields as blob) where state = 'accepted'";
    let db = Connection::open(ana.file()).expect("a database");
    assert!(db.execute(sql, []).expect("written") > 0);
    drop(db);
    ana.restart();
    revoke(&town, &ana);
    for _ in 0..3 {
        ana.sync(&town);
    }
    assert_eq!(state(&ana).0, SyncState::Wiped);
    assert_eq!(town.aside().len(), 1);
    let devices = town.run(town.store().devices()).expect("devices");
    let row = devices.iter().find(|row| row.id == id).expect("hers");
    assert!(row.loss.is_some(), "{row:?}");
}

#[test]
fn what_is_kept_on_the_device_alone_and_does_not_read_keeps_it_from_being_wiped() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    // As after a refusal: the server does not keep it.
    let sql =
        "update change set state = 'rejected', reason = 0, fields = cast(x'ff' || fields as blob)
         where place = (select max(place) from change where doc = ?1)";
    let db = Connection::open(ana.file()).expect("a database");
    assert_eq!(db.execute(sql, [&record.as_bytes()[..]]), Ok(1));
    ana.restart();
    revoke(&town, &ana);
    for _ in 0..3 {
        ana.sync(&town);
    }
    let count = "select count(*) from change where state = 'rejected'";
    let left: u32 = db.query_row(count, [], |row| row.get(0)).expect("a count");
    assert_eq!(left, 1);
}
