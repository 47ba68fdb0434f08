//! What nobody took from a device that wiped itself: in boxes that the server alone opens.

use super::{
    NAME, assert_nothing_is_left, bytes, day, lies_in, loss, revoke, round, row, state, waiting,
};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use warmhand_core::app::SyncStep;
use warmhand_core::document::{Actor, Change, Put, beside, kept, seal};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId};
use warmhand_core::view::SyncState;
use warmhand_core::wire::{MAX_MESSAGE, SealedBox};
use warmhand_server::key_file::KeyFile;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::cli::said;
use warmhand_tests::town::{Phone, Town};

/// A build with a mistake writes an entry that nobody can read, past the core.
pub(super) fn odd(phone: &Phone, town: &Town, record: DocumentId, words: &str) -> EntryId {
    let db = Connection::open(phone.file()).unwrap();
    let mut changes = db
        .prepare("select hash, fields, bytes from change where doc = ?1 order by place")
        .unwrap();
    let held: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = changes
        .query_map([&record.as_bytes()[..]], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .and_then(Iterator::collect)
        .unwrap();
    let (last, fields, bytes) = held.last().unwrap();
    let last = warmhand_core::document::ChangeHash::from_bytes(last).unwrap();
    let below = kept(fields, bytes).unwrap();
    let mut entry: Value = serde_json::from_str(&below.puts[0].text).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let id = EntryId::new(town.now(), &mut rng);
    entry["id"] = json!(id);
    entry["after"] = json!([]);
    entry["kind"] = json!("Noted");
    entry["payload"] = json!({"text": 5, "words": words});
    let (device, nonce) = (phone.app.id().unwrap(), [5; 16]);
    let sealed = seal(Change {
        doc: record,
        actor: Actor::derive(device, &below.user, record, &nonce),
        seq: 1,
        start_op: below.last_op() + 1,
        deps: vec![last],
        nonce: Some(nonce),
        device,
        user: below.user.clone(),
        puts: vec![Put {
            id,
            text: entry.to_string(),
        }],
    })
    .unwrap();
    db.execute(
        "insert into change (place, hash, doc, device, fields, bytes, state, recorded_at)
             values ((select max(place) + 1 from (select place from change where doc = ?2
                     union all select home + (1 << 19) from document where id = ?2)), ?1, ?2, ?3, ?4, ?5, 'saved', ?6)",
        params![
            &sealed.hash.0[..],
            &record.as_bytes()[..],
            &device.as_bytes()[..],
            beside(&sealed).unwrap(),
            sealed.bytes,
            town.now().as_millisecond()
        ],
    )
    .unwrap();
    id
}

#[test]
fn what_the_server_did_not_keep_comes_to_it_in_a_box_that_it_alone_opens() {
    let town = Town::default();
    let (mut ana, record) = day(&town);
    let id = ana.app.id().unwrap();
    let entry = odd(&ana, &town, record, "words that nobody took");
    ana.sync(&town);
    assert_eq!(state(&ana), SyncState::NeedsHelp);
    revoke(&town, &ana);
    round(&mut ana, &town);
    // Started anew its file is clean, and holds the box that nobody there can open.
    ana.restart();
    assert_nothing_is_left(ana.file());
    assert!(!lies_in("words that nobody took", &bytes(ana.file())));
    ana.sync(&town);
    let boxes = town.run(town.server().store.boxes(id)).unwrap();
    let within: Vec<_> = boxes
        .iter()
        .flat_map(|one| &one.within.as_ref().expect("it opens").changes)
        .flat_map(|pushed| &pushed.change.puts)
        .collect();
    assert_eq!(within.len(), 1);
    assert_eq!(within[0].id, entry);
    assert!(within[0].text.contains("words that nobody took"));
    assert!(!lies_in("words that nobody took", &bytes(&town.database())));
    assert_eq!(loss(&town, id).boxes, 1);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn a_box_comes_again_to_a_server_that_was_put_back() {
    let mut town = Town::default();
    let (mut ana, record) = day(&town);
    let id = ana.app.id().unwrap();
    odd(&ana, &town, record, "words that nobody took");
    let older = town.image();
    revoke(&town, &ana);
    ana.sync(&town);
    assert_eq!((waiting(&town).len(), loss(&town, id).boxes), (1, 2));
    town.restore(&older);
    assert_eq!(waiting(&town).len(), 0);
    assert_eq!(
        row(&town, id).revoked_at,
        None,
        "the older database believes in it"
    );
    ana.sync(&town);
    // What waited for a person waits for her again, out of its box; the device is known to be empty.
    assert_eq!((waiting(&town).len(), loss(&town, id).boxes), (1, 2));
    assert_eq!(loss(&town, id).wiped_at, Some(town.now()));
    assert_eq!(town.verify(), Verified::SOUND);
}

/// What can be read in the boxes of a device.
fn within(town: &Town, id: DeviceId) -> Vec<String> {
    let boxes = town.run(town.server().store.boxes(id)).unwrap();
    let pushed = boxes
        .into_iter()
        .flat_map(|one| one.within.expect("it opens").changes);
    let puts = pushed.flat_map(|pushed| pushed.change.puts);
    puts.map(|put| put.text).collect()
}

fn erase(town: &Town, record: DocumentId) {
    let why = "recorded for the wrong person".to_owned();
    let store = &town.server().store;
    town.run(store.erase(record, false, "sup".into(), why, town.now()))
        .unwrap();
}

#[test]
fn of_what_is_erased_nothing_is_left_in_a_box_either() {
    let town = Town::default();
    let (mut ana, record) = day(&town);
    let id = ana.app.id().unwrap();
    let (other, _) = ana.handoff(&town, "Noor");
    odd(&ana, &town, record, "words that nobody took");
    odd(&ana, &town, other, "words about another");
    revoke(&town, &ana);
    ana.sync(&town);
    assert_eq!(state(&ana), SyncState::Wiped);
    let before = within(&town, id);
    assert!(before.iter().any(|text| text.contains("that nobody took")));
    erase(&town, record);
    let after = within(&town, id);
    let of_other = |text: &&String| !text.contains(NAME) && !text.contains("that nobody took");
    assert_eq!(after.iter().filter(of_other).count(), after.len());
    assert!(after.iter().any(|text| text.contains("about another")));
    let boxes = town.run(town.server().store.boxes(id)).unwrap();
    assert_eq!(loss(&town, id).boxes as usize, boxes.len());
    assert_eq!(town.verify(), Verified::SOUND);
}

/// A phone with something that nobody took, which was revoked and has heard it.
fn is_about_to_wipe(town: &Town) -> (Phone, DocumentId) {
    let (mut ana, record) = day(town);
    odd(&ana, town, record, "words that nobody took");
    ana.sync(town);
    revoke(town, &ana);
    assert_eq!(round(&mut ana, town), "/v1/sync");
    (ana, record)
}

#[test]
fn a_box_of_what_was_erased_before_it_came_is_kept_empty_and_not_asked_for_again() {
    let town = Town::default();
    let (mut ana, record) = is_about_to_wipe(&town);
    let id = ana.app.id().unwrap();
    ana.restart();
    assert_nothing_is_left(ana.file());
    erase(&town, record);
    ana.sync(&town);
    assert!(within(&town, id).is_empty());
    assert_eq!((loss(&town, id).boxes, waiting(&town).len()), (0, 0));
    assert!(loss(&town, id).wiped_at.is_some());
    let next = ana.app.sync_next(town.now()).unwrap();
    assert!(
        matches!(next, SyncStep::Idle(_)),
        "it has nothing more to say"
    );
}

/// A server that was put back with an older copy of its keys, and has boxes that it cannot open.
struct ShutOut {
    town: Town,
    /// Whose boxes they are.
    id: DeviceId,
    /// A record that the server has, and one that it does not have any more.
    records: [DocumentId; 2],
    /// The newer copy.
    keys: KeyFile,
}

impl ShutOut {
    fn new() -> Self {
        let mut town = Town::default();
        town.keys().save(town.folder()).unwrap();
        let (mut ana, record) = day(&town);
        let id = ana.app.id().unwrap();
        let older = town.image();
        let (other, _) = ana.handoff(&town, "Noor");
        ana.sync(&town);
        let folder = town.folder().to_str().unwrap().to_owned();
        let (is_done, told) = said(&["keys", "rotate", "--data", &folder]);
        assert!(is_done, "{told}");
        town.run(town.server().store.look_at_keys()).unwrap();
        let (first, keys) = (
            KeyFile::load(older.path()).unwrap(),
            KeyFile::load(town.folder()).unwrap(),
        );
        odd(&ana, &town, record, "words that nobody took");
        odd(&ana, &town, other, "words about another");
        ana.note(&town, record, "said at her door");
        revoke(&town, &ana);
        ana.sync(&town);
        assert_eq!((waiting(&town).len(), loss(&town, id).boxes), (1, 3));
        town.restore_under(&older, first);
        ana.sync(&town);
        let boxes = town.run(town.server().store.boxes(id)).unwrap();
        assert_eq!(boxes.len(), 3);
        assert!(boxes.iter().all(|one| one.within.is_none()));
        assert_eq!(waiting(&town).len(), 0);
        let shut = Self {
            town,
            id,
            records: [record, other],
            keys,
        };
        assert_eq!(shut.opened(), (0, 0), "nobody can open them");
        assert_eq!(shut.boxes(), 3, "and they stay");
        shut
    }

    /// How many boxes are taken, and how many cannot be.
    fn opened(&self) -> (usize, usize) {
        let store = &self.town.server().store;
        let opened = self.town.run(store.open_boxes(self.town.now())).unwrap();
        (opened.taken, opened.left)
    }

    fn boxes(&self) -> u32 {
        loss(&self.town, self.id).boxes
    }

    /// The newer copy of the keys is found.
    fn finds_keys(&mut self) {
        let image = self.town.image();
        self.town.restore_under(&image, self.keys.clone());
    }
}

#[test]
fn a_box_that_came_without_its_key_is_taken_once_the_key_is_here() {
    let mut shut = ShutOut::new();
    shut.finds_keys();
    assert_eq!(shut.opened(), (3, 0));
    assert_eq!(shut.opened(), (0, 0), "once is enough");
    assert_eq!((waiting(&shut.town).len(), shut.boxes()), (1, 3));
    assert_eq!(within(&shut.town, shut.id).len(), 3);
    assert_eq!(shut.town.verify(), Verified::SOUND);
}

#[test]
fn what_was_erased_meanwhile_goes_from_a_box_that_can_be_opened_again() {
    let mut shut = ShutOut::new();
    erase(&shut.town, shut.records[0]);
    shut.finds_keys();
    assert_eq!(shut.opened(), (3, 0));
    assert_eq!(waiting(&shut.town).len(), 0);
    let left = within(&shut.town, shut.id);
    assert_eq!(left.len(), 1);
    assert!(left[0].contains("words about another"));
    assert_eq!(shut.town.verify(), Verified::SOUND);
}

#[test]
fn what_lies_in_a_box_alone_can_be_erased() {
    let mut shut = ShutOut::new();
    shut.finds_keys();
    assert_eq!(shut.opened(), (3, 0));
    erase(&shut.town, shut.records[1]);
    let left = within(&shut.town, shut.id);
    assert_eq!(left.len(), 2);
    assert!(!left.iter().any(|text| text.contains("about another")));
    assert_eq!(shut.town.verify(), Verified::SOUND);
}

#[test]
fn a_damaged_record_keeps_no_box_closed_but_its_own() {
    let mut shut = ShutOut::new();
    shut.finds_keys();
    let written = |fields: &str| {
        let sql = format!("update change set fields = {fields} where doc = ?1");
        let db = Connection::open(shut.town.database()).unwrap();
        db.execute(&sql, [&shut.records[0].as_bytes()[..]]).unwrap()
    };
    assert!(written("cast(x'ff' || fields as blob)") > 0);
    let boxes = |of: &str| -> i64 {
        let db = Connection::open(shut.town.database()).unwrap();
        let sql = format!("select count(*) from sealed_box where {of}");
        db.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(shut.opened(), (1, 2));
    assert_eq!(boxes("doc is null"), 2);
    assert_eq!(boxes("doc is not null"), 1);
    assert_eq!(waiting(&shut.town).len(), 0);
    written("substr(fields, 2)");
    assert_eq!(shut.opened(), (2, 0));
    assert_eq!((waiting(&shut.town).len(), shut.boxes()), (1, 3));
    assert_eq!(shut.town.verify(), Verified::SOUND);
}

/// So many bytes of boxes go in one report, unless a single one has more.
const BOX_BYTES: usize = MAX_MESSAGE / 4;

#[test]
fn many_boxes_come_one_report_after_another_and_the_device_ends_by_itself() {
    let town = Town::default();
    let (mut ana, _) = is_about_to_wipe(&town);
    let id = ana.app.id().unwrap();
    let db = Connection::open(ana.file()).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    for kilobytes in [100, 100, 100, 300, 1, 120, 120] {
        let mut bytes = vec![0; kilobytes * 1024];
        rng.fill_bytes(&mut bytes);
        let closed = SealedBox(bytes);
        let sql = "insert into sealed_box (hash, box) values (?1, ?2)";
        db.execute(sql, params![&closed.hash().0[..], closed.0])
            .unwrap();
    }
    drop(db);
    ana.restart();
    let mut reports = 0;
    ana.app.sync_wanted();
    while let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() {
        assert!(asked.path == "/v1/wiped" && reports < 8, "{reports}");
        assert!(asked.body.len() <= 310 * 1024 && BOX_BYTES < 300 * 1024);
        let carried = town.carry(&asked);
        ana.app
            .sync_answered(asked.number, &carried, town.now())
            .unwrap();
        reports += 1;
    }
    // Eight boxes of 842 KB and a little more.
    assert!((4..=6).contains(&reports), "{reports}");
    assert_eq!(state(&ana), SyncState::Wiped);
    assert_eq!(loss(&town, id).boxes, 8);
    assert!(!lies_in("words that nobody took", &bytes(ana.file())));
}
