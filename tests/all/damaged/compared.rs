//! A comparison after a restore goes through beside what does not read, and takes nothing of that away.

use super::*;

/// So many rows hold what came whole of a record.
fn whole_of(phone: &Phone, record: DocumentId) -> u32 {
    let db = Connection::open(phone.file()).expect("a database");
    let sql = "select count(*) from whole where doc = ?1";
    db.query_row(sql, [&record.as_bytes()[..]], |row| row.get(0))
        .expect("a count")
}

#[test]
fn what_does_not_read_and_the_server_lacks_stays() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let image = town.image();
    let (record, patient) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    carla.sync(&town);
    without_signal(&mut carla, &town);
    damage_whole(&carla, record);
    carla.restart();
    town.restore(&image);
    carla.sync(&town);
    // Perhaps it is the only copy.
    assert_eq!(state(&carla), (SyncState::NeedsHelp, 1));
    assert_eq!(whole_of(&carla, record), 1);
    assert_eq!(names(&carla, &town).len(), 1);
    // Taken out of service it keeps it, too: nobody has it in a box.
    let id = carla.app.id().expect("a device");
    revoke(&town, &carla);
    carla.sync(&town);
    assert_eq!(whole_of(&carla, record), 1);
    town.run(town.store().reinstate(id, "sup".into(), town.now()))
        .expect("back");
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(ana.entries(patient).len(), 10);
    assert_eq!(whole_of(&carla, record), 1);
}

#[test]
fn a_comparison_goes_through_beside_a_record_that_the_server_cannot_read() {
    let mut town = Town::default();
    let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
    let (sound, patient) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    carla.sync(&town);
    damage(&town.database(), damaged, true);
    let image = town.image();
    ana.note(&town, sound, "she called back");
    ana.sync(&town);
    carla.sync(&town);
    for phone in [&mut ana, &mut carla] {
        town.restore(&image);
        phone.sync(&town);
        // Of that one nobody can say that it is there.
        let status = phone.app.sync_status().expect("a status");
        let waits: Vec<_> = status.unsent.iter().map(|row| row.record).collect();
        assert_eq!(waits, [damaged], "{status:?}");
        assert_ne!(status.state, SyncState::Comparing);
        assert_eq!(phone.app.holds(damaged), Ok(true));
    }
    ana.sync(&town);
    carla.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));
    carla.note(&town, sound, "her sister drives her");
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(carla.entries(patient), ana.entries(patient));

    damage(&town.database(), damaged, false);
    ana.sync(&town);
    carla.sync(&town);
    ana.sync(&town);
    assert_eq!(state(&ana), (SyncState::AllSent, 0));
    assert_eq!(state(&carla), (SyncState::AllSent, 0));
    assert_eq!(carla.entries(hers), ana.entries(hers));
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_comparison_goes_through_beside_a_record_that_the_device_cannot_read() {
    for is_whole in [false, true] {
        let mut town = Town::default();
        let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
        let (sound, patient) = ana.handoff(&town, "Noor");
        let mut bea = town.device("bea", &["n1"]);
        ana.sync(&town);
        let image = town.image();
        // The server will have less of either than the device has.
        for record in [damaged, sound] {
            ana.note(&town, record, "she called back");
        }
        ana.sync(&town);
        for phone in [&mut carla, &mut bea] {
            phone.sync(&town);
        }
        let device = if is_whole { &mut bea } else { &mut ana };
        without_signal(device, &town);
        if is_whole {
            damage_whole(device, damaged);
        } else {
            damage(device.file(), damaged, true);
        }
        device.restart();
        town.restore(&image);
        device.sync(&town);
        assert_ne!(state(device).0, SyncState::Comparing, "{is_whole}");
        carla.sync(&town);
        device.sync(&town);
        carla.sync(&town);
        assert_eq!(carla.entries(patient), device.entries(patient));
        assert_eq!(state(&carla), (SyncState::AllSent, 0));
        // It may have what the server lacks: nothing is put in its place.
        assert_eq!(state(device), (SyncState::NeedsHelp, 1));
        let refused = device.app.patient(hers).map(|_| ());
        assert_eq!(refused, Err(Refusal::Storage(StorageTrouble::Damaged)));
        if is_whole {
            assert_eq!(whole_of(device, damaged), 1);
        } else {
            damage(device.file(), damaged, false);
            device.restart();
            device.sync(&town);
            assert_eq!(state(device), (SyncState::AllSent, 0));
            assert_eq!(carla.entries(hers), device.entries(hers));
        }
    }
}

#[test]
fn what_came_since_and_does_not_read_takes_nothing_away() {
    let mut town = Town::default();
    let (mut ana, mut carla, damaged, hers) = town.shared_handoff();
    let (sound, _) = ana.handoff(&town, "Noor");
    ana.sync(&town);
    let mut bea = town.device("bea", &["n1"]);
    bea.sync(&town);
    let image = town.image();
    ana.note(&town, sound, "she called back");
    ana.sync(&town);
    carla.sync(&town);
    // Put back, the log goes on otherwise, and with what she never had.
    town.restore(&image);
    bea.note(&town, sound, "she is well");
    bea.sync(&town);
    ana.note(&town, damaged, "her sister drives her");
    ana.sync(&town);
    let newest = |is_damaged| {
        let fields = if is_damaged {
            "cast(x'ff' || fields as blob)"
        } else {
            "substr(fields, 2)"
        };
        let sql = format!(
            "update change set fields = {fields} where seq = (select max(seq) from change where doc = ?1)"
        );
        let db = Connection::open(town.database()).expect("a database");
        assert_eq!(db.execute(&sql, [&damaged.as_bytes()[..]]), Ok(1));
    };
    newest(true);
    carla.sync(&town);
    assert_eq!(state(&carla), (SyncState::AllSent, 0));
    assert_eq!(carla.app.holds(damaged), Ok(true));
    assert_eq!(carla.entries(hers).len(), 10);
    newest(false);
    refill(&carla);
    carla.sync(&town);
    assert_eq!(carla.entries(hers), ana.entries(hers));
}
