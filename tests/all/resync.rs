//! An older image of the server is put back, and a device that was ahead of it compares: what is the same costs one small
//! round, what differs is given and fetched, and a comparison that ends wrong is not believed.

use serde_json::json;
use tempfile::TempDir;
use warmhand_core::app::{Carried, SyncStep};
use warmhand_core::domain::id::PatientId;
use warmhand_core::view::SyncState;
use warmhand_core::wire::{DocsAnswer, ReconcileAnswer, pack, unpack};
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::{Phone, Town};

/// What a device asked, with the bytes of both ways.
type Asked = Vec<(&'static str, usize)>;

/// Asks until there is nothing to say; what answers may be made wrong on its way.
fn exchange(
    phone: &mut Phone,
    town: &Town,
    mut on_its_way: impl FnMut(&str, Vec<u8>) -> Vec<u8>,
) -> Asked {
    phone.app.sync_wanted();
    let mut all = Vec::new();
    for _ in 0..100 {
        let asked = match phone.app.sync_next(town.now()).unwrap() {
            SyncStep::Send(asked) => asked,
            SyncStep::Idle(_) => return all,
        };
        let Carried::Answer { status: 200, body } = town.carry(&asked) else {
            panic!("{} is refused", asked.path)
        };
        let body = on_its_way(asked.path, body);
        all.push((asked.path, asked.body.len() + body.len()));
        let carried = Carried::Answer { status: 200, body };
        phone
            .app
            .sync_answered(asked.number, &carried, town.now())
            .unwrap();
    }
    panic!("the device does not come to rest")
}

fn honest(_: &str, body: Vec<u8>) -> Vec<u8> {
    body
}

fn paths(asked: &Asked) -> Vec<&'static str> {
    asked.iter().map(|(path, _)| *path).collect()
}

/// The same log under another epoch: everything is doubted, and nothing differs.
fn renamed(image: &TempDir) {
    named(image, 8);
}

fn named(image: &TempDir, epoch: u8) {
    let db = rusqlite::Connection::open(image.path().join("warmhand.db")).unwrap();
    let changed = db.execute("update head set epoch = ?1", [&[epoch; 16][..]]);
    assert_eq!(changed, Ok(1));
}

fn is_same(town: &Town, phones: &[&Phone], patients: &[PatientId]) {
    for patient in patients {
        let there = town.entries(*patient);
        assert!(!there.is_empty());
        for phone in phones {
            assert_eq!(phone.entries(*patient), there);
        }
    }
    for phone in phones {
        let state = phone.app.sync_status().unwrap().state;
        assert_eq!(state, SyncState::AllSent);
    }
    assert_eq!(town.verify(), Verified::SOUND);
}

/// A nurse and a coordinator with two handoffs. In a log that is no more the coordinator wrote a note in the second and was
/// told that it is there; in the one that is, there is a third handoff that she has not seen.
fn ahead() -> (Town, Phone, Phone, Vec<PatientId>) {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let (_, first) = ana.handoff(&town, "Rosa");
    let (record, second) = ana.handoff(&town, "Imani");
    ana.sync(&town);
    carla.sync(&town);
    let image = town.image();
    carla.note(&town, record, "after the image");
    carla.sync(&town);
    renamed(&image);
    town.restore(&image);
    let (_, third) = ana.handoff(&town, "Lucia");
    ana.sync(&town);
    (town, ana, carla, vec![first, second, third])
}

#[test]
fn documents_in_step_are_one_small_round_and_nothing_is_fetched() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let patients: Vec<_> = ["Rosa", "Imani", "Lucia"]
        .map(|name| ana.handoff(&town, name).1)
        .to_vec();
    ana.sync(&town);
    let image = town.image();
    renamed(&image);
    town.restore(&image);
    let asked = exchange(&mut ana, &town, honest);
    assert_eq!(paths(&asked), ["/v1/sync", "/v1/reconcile", "/v1/sync"]);
    assert!(asked.iter().all(|(_, bytes)| *bytes < 1_200), "{asked:?}");
    is_same(&town, &[&ana], &patients);
}

#[test]
fn what_differs_among_many_is_found_in_several_rounds_while_others_write_on() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let open =
        |n: usize| json!({"OpenRecord": {"site": "home", "preferred_name": format!("Rosa {n}")}});
    let opened = (0..600).map(|n| ana.does(&town, open(n)));
    let all: Vec<_> = opened
        .map(|made| (made.record.unwrap(), made.patient.unwrap()))
        .collect();
    ana.sync(&town);
    carla.sync(&town);
    let image = town.image();
    for (record, _) in all.iter().step_by(12) {
        carla.note(&town, *record, "in the log that is no more");
    }
    carla.sync(&town);
    renamed(&image);
    town.restore(&image);
    for (record, _) in all.iter().skip(5).step_by(29) {
        ana.note(&town, *record, "in the log that is");
    }
    ana.sync(&town);
    let mut others = all.iter().rev();
    let asked = exchange(&mut carla, &town, |path, body| {
        if path == "/v1/reconcile" {
            let (record, _) = others.next().unwrap();
            ana.note(&town, *record, "while she compares");
            ana.sync(&town);
        }
        body
    });
    let rounds = paths(&asked);
    let rounds = rounds.iter().filter(|path| **path == "/v1/reconcile");
    assert!(rounds.count() > 1, "{:?}", paths(&asked));
    ana.sync(&town);
    carla.sync(&town);
    let patients: Vec<_> = all.iter().map(|(_, patient)| *patient).collect();
    is_same(&town, &[&ana, &carla], &patients);
}

#[test]
fn six_hundred_documents_in_step_cost_what_six_do() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (mut bytes, mut held) = (Vec::new(), 0);
    for (count, epoch) in [(6, 8), (600, 9)] {
        for n in held..count {
            let name = format!("Rosa {n}");
            let opened = json!({"OpenRecord": {"site": "home", "preferred_name": name}});
            ana.does(&town, opened);
        }
        held = count;
        ana.sync(&town);
        // Nothing new.
        let asked = exchange(&mut ana, &town, honest);
        assert_eq!(paths(&asked), ["/v1/sync"], "of {count}");
        bytes.push(asked[0].1);
        // Everything is doubted.
        let image = town.image();
        named(&image, epoch);
        town.restore(&image);
        let asked = exchange(&mut ana, &town, honest);
        let compares = ["/v1/sync", "/v1/reconcile", "/v1/sync"];
        assert_eq!(paths(&asked), compares, "of {count}");
        assert!(asked.iter().all(|(_, bytes)| *bytes < 1_200), "{asked:?}");
    }
    // But that the numbers of rows have become longer.
    assert!(bytes[0] < 900 && bytes[1] <= bytes[0] + 16, "{bytes:?}");
    assert_eq!(ana.app.sync_status().unwrap().state, SyncState::AllSent);
}

#[test]
fn what_differs_is_given_back_and_fetched_and_nothing_else() {
    let (town, mut ana, mut carla, patients) = ahead();
    let mut fetched = 0;
    let asked = exchange(&mut carla, &town, |path, body| {
        if path == "/v1/docs" {
            fetched += unpack::<DocsAnswer>(&body).unwrap().docs.len();
        }
        body
    });
    let expected = ["/v1/sync", "/v1/reconcile", "/v1/docs", "/v1/sync"];
    assert_eq!(paths(&asked), expected);
    assert_eq!(
        fetched, 3,
        "the record with the note, the third and its answers"
    );
    exchange(&mut ana, &town, honest);
    is_same(&town, &[&ana, &carla], &patients);
}

/// An answer to a comparison as one would send that ends with an item missing.
fn ended(path: &str, body: Vec<u8>) -> Vec<u8> {
    if path != "/v1/reconcile" {
        return body;
    }
    let mut answer: ReconcileAnswer = unpack(&body).unwrap();
    assert!(answer.frame.len() > 1, "something differs");
    answer.frame.truncate(1);
    pack(&answer)
}

#[test]
fn a_comparison_that_ends_with_an_item_missing_is_caught_by_the_digest_and_healed_by_the_flat_list()
{
    let (town, mut ana, mut carla, patients) = ahead();
    let asked = exchange(&mut carla, &town, ended);
    let expected = [
        "/v1/sync",
        "/v1/reconcile",
        "/v1/reconcile",
        "/v1/docs",
        "/v1/sync",
    ];
    assert_eq!(paths(&asked), expected, "twice, and then everything");
    exchange(&mut ana, &town, honest);
    is_same(&town, &[&ana, &carla], &patients);
}

#[test]
fn a_comparison_that_ends_wrong_once_is_made_again() {
    let (town, mut ana, mut carla, patients) = ahead();
    let mut is_first = true;
    let asked = exchange(&mut carla, &town, |path, body| {
        if path == "/v1/reconcile" && std::mem::take(&mut is_first) {
            return ended(path, body);
        }
        body
    });
    let expected = [
        "/v1/sync",
        "/v1/reconcile",
        "/v1/reconcile",
        "/v1/docs",
        "/v1/sync",
    ];
    assert_eq!(paths(&asked), expected);
    exchange(&mut ana, &town, honest);
    is_same(&town, &[&ana, &carla], &patients);
}

#[test]
fn a_device_that_is_ended_after_every_answer_comes_through() {
    let (town, mut ana, mut carla, patients) = ahead();
    for _ in 0..8 {
        carla.restart();
        carla.app.sync_wanted();
        if let SyncStep::Send(asked) = carla.app.sync_next(town.now()).unwrap() {
            let carried = town.carry(&asked);
            carla
                .app
                .sync_answered(asked.number, &carried, town.now())
                .unwrap();
        }
    }
    exchange(&mut ana, &town, honest);
    is_same(&town, &[&ana, &carla], &patients);
}

#[test]
fn a_device_that_was_revoked_meanwhile_gives_and_is_given_nothing() {
    let (town, ana, mut carla, _) = ahead();
    let asks = |carla: &mut Phone| {
        carla.app.sync_wanted();
        match carla.app.sync_next(town.now()).unwrap() {
            SyncStep::Send(asked) => asked,
            SyncStep::Idle(_) => panic!("nothing to say"),
        }
    };
    let asked = asks(&mut carla);
    let carried = town.carry(&asked);
    carla
        .app
        .sync_answered(asked.number, &carried, town.now())
        .unwrap();
    let store = &town.server().store;
    town.run(store.revoke(carla.app.id().unwrap(), "sup".into(), town.now()))
        .unwrap();
    let mut brought = 0;
    let asked = exchange(&mut carla, &town, |path, body| {
        if path == "/v1/docs" {
            let answer: DocsAnswer = unpack(&body).unwrap();
            assert!(answer.given > 0);
            brought += answer.docs.len();
        }
        body
    });
    assert!(paths(&asked).contains(&"/v1/docs"));
    assert_eq!(brought, 0);
    drop(ana);
    assert_eq!(town.verify(), Verified::SOUND);
}

#[test]
fn in_another_log_the_same_number_may_be_another_sheet() {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    ana.sync(&town);
    let image = town.image();
    let load = |town: &Town, name: &str| {
        let sheet = SHEET.replace("Harbor Counseling", name);
        let version = town.run(town.server().store.load_sheet(sheet));
        version.unwrap()
    };
    let lost = load(&town, "Harbor House");
    ana.sync(&town);
    town.restore(&image);
    assert_eq!(load(&town, "Harbor Rooms"), lost);
    exchange(&mut ana, &town, honest);
    let here = ana.app.sheet().unwrap();
    assert!(
        here.partners
            .iter()
            .any(|partner| partner.name == "Harbor Rooms")
    );
}

#[test]
fn a_first_sync_is_its_words_its_receipts_and_little_else() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    for n in 0..40 {
        ana.handoff(&town, &format!("Patient {n}"));
    }
    ana.sync(&town);
    let changes = town.run(town.server().store.changes()).unwrap();
    let puts = changes.iter().flat_map(|delivered| &delivered.change.puts);
    let words: Vec<u8> = puts.flat_map(|put| put.text.bytes()).collect();
    let words = zstd::bulk::compress(&words, 3).unwrap().len();
    let mut bea = town.device("bea", &["n2"]);
    let asked = exchange(&mut bea, &town, honest);
    let bytes: usize = asked.iter().map(|(_, bytes)| bytes).sum();
    println!(
        "{bytes} bytes for {words} bytes of words, {} changes",
        changes.len()
    );
    let receipts = 16 * changes.len();
    assert!(bytes <= words + 3 * receipts, "{bytes} for {words}");
}
