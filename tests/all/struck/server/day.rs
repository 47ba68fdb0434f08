//! A server with work on it, and every verb of its store with something to do there.

#[path = "reads.rs"]
mod reads;

use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use reads::{Asked, reads};
use std::collections::BTreeMap;
use tempfile::TempDir;
use warmhand_core::app::{Outgoing, SyncStep};
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::domain::payload::Noted;
use warmhand_core::wire::{
    Decision, DocsRequest, Heartbeat, ReconcileRequest, SealedBox, SyncRequest, WipedReport, pack,
    unpack,
};
use warmhand_server::key_file::KeyFile;
use warmhand_server::sealing::closing;
use warmhand_server::store::sqlite::Sqlite;
use warmhand_server::store::{CodeDraft, ConfirmDraft, Doing, SessionRow, Store};
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::{Phone, Town};

/// What doing a verb once more leads to.
#[derive(Clone, Copy, PartialEq)]
pub enum Again {
    /// The same state: whoever did not hear the answer may ask again.
    Same,
    /// Another row, or a refusal: it is done by a person who looks first.
    Other,
}

pub type Act = Box<dyn Fn(&Sqlite) -> Doing<'_, ()>>;

/// A server with work on it and the requests that its devices are about to send.
pub struct Day {
    pub town: Town,
    /// The folder before each verb.
    pub folder: TempDir,
    pub key: KeyFile,
    pub now: Timestamp,
}

fn told<T: 'static>(done: Doing<'_, T>) -> Doing<'_, ()> {
    Box::pin(async move { done.await.map(|_| ()) })
}

/// The request that the device would send now, not carried.
fn asks(phone: &mut Phone, town: &Town) -> Outgoing {
    phone.app.sync_wanted();
    match phone.app.sync_next(town.now()) {
        Ok(SyncStep::Send(asked)) => asked,
        other => panic!("nothing to send: {other:?}"),
    }
}

fn sync(device: DeviceId, body: &[u8], now: Timestamp) -> Act {
    let request: SyncRequest = unpack(body).expect("a sync");
    Box::new(move |store| told(store.sync(device, request.clone(), now)))
}

fn note(text: &str) -> Body {
    Body::Noted(Noted { text: text.into() })
}

fn session(now: Timestamp) -> SessionRow {
    SessionRow {
        user: "sup".into(),
        csrf: "token".into(),
        began_at: now,
        used_at: now,
        reasons: BTreeMap::new(),
    }
}

/// The verbs that change something, each on a folder in which it has something to do.
pub fn day() -> (Day, Vec<(&'static str, Act, Again)>) {
    let mut town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    let mut lost = town.device("lena", &["d1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    carla.sync(&town);
    lost.sync(&town);
    let older = town.image();
    // After the older image: a device is enrolled and has something to say; more by Ana, which Carla has seen.
    let mut unknown = town.device("unknown", &["n2"]);
    unknown.sync(&town);
    let said = serde_json::json!({"AddNote": {"record": record, "text": "of an unknown device"}});
    unknown.does(&town, said);
    ana.does(
        &town,
        serde_json::json!({"AddNote": {"record": record, "text": "after the image"}}),
    );
    ana.sync(&town);
    carla.sync(&town);
    town.restore(&older);
    let asked = asks(&mut carla, &town);
    // Asked once more later, so that there is something to note.
    let later = town.now() + SignedDuration::from_mins(30);
    let resynced = sync(carla.app.id().unwrap(), &asked.body, later);
    // Carla hears of it and compares next.
    let answer = town.carry(&asked);
    carla
        .app
        .sync_answered(asked.number, &answer, town.now())
        .unwrap();
    let asked = asks(&mut carla, &town);
    assert_eq!(asked.path, "/v1/reconcile");
    let compared: ReconcileRequest = unpack(&asked.body).unwrap();
    let answer = town.carry(&asked);
    carla
        .app
        .sync_answered(asked.number, &answer, town.now())
        .unwrap();
    let offered = asks(&mut carla, &town);
    assert_eq!(offered.path, "/v1/docs");
    let offered: DocsRequest = unpack(&offered.body).unwrap();
    assert!(!offered.offers.is_empty() && !offered.wanted.is_empty());

    // A device that was taken out of service and has work, and one with a patient that nobody has yet.
    lost.does(
        &town,
        serde_json::json!({"AddNote": {"record": record, "text": "not sent"}}),
    );
    let late = asks(&mut lost, &town).body;
    town.run(
        town.server()
            .store
            .revoke(lost.app.id().unwrap(), "sup".into(), town.now()),
    )
    .unwrap();
    // And one whose work lies in quarantine.
    let mut kept = town.device("ngozi", &["n2"]);
    kept.sync(&town);
    kept.does(
        &town,
        serde_json::json!({"AddNote": {"record": record, "text": "kept aside"}}),
    );
    let kept_id = kept.app.id().unwrap();
    town.run(
        town.server()
            .store
            .revoke(kept_id, "sup".into(), town.now()),
    )
    .unwrap();
    kept.sync(&town);
    let aside = town.aside()[0].hash;
    // The server does not know it any more but by its credential, and keeps what it sends.
    unknown.sync(&town);
    let unknown = unknown.app.id().unwrap();
    let mut tam = town.device("tam", &["n2", "ma"]);
    tam.handoff(&town, "Imani");
    let pushed = asks(&mut tam, &town).body;
    let pushed_by = tam.app.id().unwrap();
    let beat: SyncRequest = unpack(&pushed).unwrap();
    // The same, in a file that somebody brings.
    let brought = beat.push;
    let beat = Heartbeat {
        hello: beat.hello,
        state: beat.state,
    };
    let code = |hash| CodeDraft {
        hash: [hash; 32],
        name: "new tablet".into(),
        kind: "tablet".into(),
        people: vec!["n1".into(), "c1".into()],
        expires_at: town.now() + SignedDuration::from_hours(1),
    };
    town.run(town.server().store.issue_code(code(1))).unwrap();
    town.run(
        town.server()
            .store
            .save_account("adm".into(), "hash".into()),
    )
    .unwrap();
    let store = &town.server().store;
    town.run(store.save_account("sup".into(), "hash".into()))
        .unwrap();
    let began = town.run(store.begin_session([1; 32], session(town.now()), "hash".into()));
    assert_eq!(began, Ok(true));

    // What a wiped device says, with a box of what the first one pushed.
    let mut boxed = brought.clone();
    boxed.truncate(1);
    let closed = SealedBox::close(
        &closing(town.keys()),
        lost.app.id().unwrap(),
        &pack(&boxed[0]),
        &mut ChaCha20Rng::seed_from_u64(5),
    )
    .unwrap();
    let report = WipedReport {
        number: 1,
        build: "test".into(),
        client_now: town.now().as_millisecond(),
        holds: vec![closed.hash()],
        brings: vec![closed],
    };

    let now = town.now();
    let sheet = SHEET.replace("Harbor Counseling", "Harbor House");
    let (one, two) = (code(2), record);
    let confirmed = ConfirmDraft {
        name: "Ngozi's phone".into(),
        kind: "phone".into(),
        people: vec!["n2".into()],
    };
    let carla = carla.app.id().unwrap();
    let lost = lost.app.id().unwrap();
    let verbs: Vec<(&'static str, Act, Again)> = vec![
        (
            "sync: a first push",
            sync(pushed_by, &pushed, now),
            Again::Same,
        ),
        ("sync: the log is another", resynced, Again::Same),
        (
            "sync: of a revoked device",
            sync(lost, &late, now),
            Again::Same,
        ),
        (
            "heartbeat",
            Box::new(move |s| s.heartbeat(pushed_by, beat.clone(), now)),
            Again::Same,
        ),
        (
            "rescue",
            Box::new(move |s| told(s.rescue(brought.clone(), now))),
            Again::Same,
        ),
        (
            "issue_code",
            Box::new(move |s| s.issue_code(one.clone())),
            Again::Other,
        ),
        (
            "enrol",
            Box::new(move |s| told(s.enrol([1; 32], DeviceId(uuid::Uuid::from_u128(9)), now))),
            Again::Other,
        ),
        (
            "revoke",
            Box::new(move |s| s.revoke(pushed_by, "sup".into(), now)),
            Again::Other,
        ),
        (
            "reinstate",
            Box::new(move |s| s.reinstate(lost, "sup".into(), now)),
            Again::Other,
        ),
        (
            "set_people",
            Box::new(move |s| {
                s.set_people(pushed_by, vec!["ma".into(), "n1".into()], "sup".into(), now)
            }),
            Again::Other,
        ),
        (
            "wiped",
            Box::new(move |s| told(s.wiped(lost, report.clone(), now))),
            Again::Same,
        ),
        (
            "confirm",
            Box::new(move |s| s.confirm(unknown, confirmed.clone(), "sup".into(), now)),
            Again::Other,
        ),
        (
            "load_sheet",
            Box::new(move |s| told(s.load_sheet(sheet.clone()))),
            Again::Other,
        ),
        (
            "author",
            Box::new(move |s| s.author("sup".into(), two, note("seen"), 7, now)),
            Again::Other,
        ),
        (
            "decide: released",
            Box::new(move |s| s.decide("sup".into(), aside, Decision::Released, 8, now)),
            Again::Other,
        ),
        (
            "decide: dismissed",
            Box::new(move |s| s.decide("sup".into(), aside, Decision::Dismissed, 8, now)),
            Again::Other,
        ),
        (
            "save_account",
            Box::new(|s| s.save_account("sup".into(), "hash".into())),
            Again::Same,
        ),
        (
            "save_account: another word",
            Box::new(|s| s.save_account("adm".into(), "other".into())),
            Again::Same,
        ),
        (
            "begin_session",
            Box::new(move |s| told(s.begin_session([2; 32], session(now), "hash".into()))),
            Again::Other,
        ),
        (
            "touch_session",
            Box::new(move |s| told(s.touch_session([1; 32], now + SignedDuration::from_mins(5)))),
            Again::Same,
        ),
        (
            "open_record",
            Box::new(move |s| told(s.open_record([1; 32], record, "a reason".into(), now))),
            Again::Other,
        ),
        (
            "end_session",
            Box::new(|s| s.end_session([1; 32])),
            Again::Same,
        ),
        (
            "audit",
            Box::new(move |s| s.audit(now, "sup".into(), "opened", Some(two), "call back".into())),
            Again::Other,
        ),
    ];
    let reads = reads(Asked {
        device: carla,
        compared,
        offered,
        lost,
        patient,
        record,
        now,
    });
    let verbs = verbs.into_iter().chain(reads).collect();
    let key = town.keys().clone();
    let folder = town.image();
    (
        Day {
            town,
            folder,
            key,
            now,
        },
        verbs,
    )
}
