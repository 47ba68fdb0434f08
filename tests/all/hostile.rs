//! Bodies that no honest device sends: each class of them gets a typed answer, writes nothing but a row in quarantine, and
//! holds up nobody else's work, in the same request or in another.

#[path = "hostile/bombs.rs"]
mod bombs;
#[path = "hostile/device.rs"]
mod device;
#[path = "hostile/fields.rs"]
mod fields;
#[path = "hostile/rules.rs"]
mod rules;

use rusqlite::types::Value;
use serde_json::json;
use std::collections::BTreeMap;
use warmhand_core::app::SyncStep;
use warmhand_core::document::{Change, ChangeHash, seal};
use warmhand_core::domain::id::{DocumentId, EntryId, PatientId};
use warmhand_core::wire::{
    AckState, PushedChange, PushedDocument, SyncAnswer, SyncRequest, pack, unpack,
};
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::struck::Said;
use warmhand_tests::town::{Phone, Town};

/// What a device can say, and whether with its credential.
const DOORS: [(&str, bool); 6] = [
    ("/v1/sync", true),
    ("/v1/reconcile", true),
    ("/v1/docs", true),
    ("/v1/heartbeat", true),
    ("/v1/wiped", true),
    ("/v1/enrol", false),
];

struct Stage {
    town: Town,
    ana: Phone,
    record: DocumentId,
    patient: PatientId,
    /// Another patient's record: what she notes there is beside everything hostile.
    beside: DocumentId,
    /// A request with one honest note in the record, not yet sent.
    honest: SyncRequest,
}

/// What a device would send now.
fn request(phone: &mut Phone, town: &Town) -> SyncRequest {
    let SyncStep::Send(asked) = phone.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to send")
    };
    unpack(&asked.body).unwrap()
}

fn stage() -> Stage {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    let (beside, _) = ana.handoff(&town, "Imani");
    ana.sync(&town);
    ana.note(&town, record, "an honest note");
    let honest = request(&mut ana, &town);
    Stage {
        town,
        ana,
        record,
        patient,
        beside,
        honest,
    }
}

/// A change as it is pushed, under this hash.
fn pushed(change: Change, hash: ChangeHash) -> PushedChange {
    PushedChange {
        change,
        hash,
        receipt: None,
        orphan: false,
    }
}

fn sealed(change: Change) -> PushedChange {
    let hash = seal(change.clone()).expect("within bounds").hash;
    pushed(change, hash)
}

impl Stage {
    fn change(&self) -> Change {
        self.honest.push[0].changes[0].change.clone()
    }

    /// The change with its entry's text edited, under a fresh id.
    fn edited(&self, edit: impl FnOnce(&mut serde_json::Value)) -> Change {
        let mut change = self.change();
        let put = &mut change.puts[0];
        let mut entry: serde_json::Value = serde_json::from_str(&put.text).unwrap();
        put.id = EntryId(uuid::Uuid::from_u128(
            0x0195_0000_0000_7000_8000_0000_0000_0042,
        ));
        entry["id"] = json!(put.id);
        edit(&mut entry);
        put.text = entry.to_string();
        change
    }

    fn said(&self) -> Said {
        Said::by(&self.town.database())
    }

    /// What becomes of the changes of a request.
    fn answered(&self, request: &SyncRequest) -> BTreeMap<ChangeHash, AckState> {
        let bearer = Some(self.ana.bearer.as_str());
        let (status, body) = self.town.post("/v1/sync", bearer, pack(request));
        assert_eq!(status, 200);
        let answer: SyncAnswer = unpack(&body).unwrap();
        let acks = answer.acks.into_iter();
        acks.map(|ack| (ack.hash, ack.state)).collect()
    }

    /// Sends this change by itself.
    fn alone(&self, pushed: PushedChange) -> AckState {
        let mut request = self.honest.clone();
        let (doc, hash) = (pushed.change.doc, pushed.hash);
        let changes = vec![pushed];
        request.push = vec![PushedDocument { doc, changes }];
        let state = self.answered(&request).remove(&hash);
        state.expect("an answer for it")
    }

    /// Sends this change before an honest one of another record, and tells what became of it. Of the whole database nothing
    /// is another than before but what the honest one wrote, and a row in quarantine with its row of the log.
    fn send(&mut self, hostile: PushedChange) -> AckState {
        self.ana.note(&self.town, self.beside, "beside it");
        let mut request = request(&mut self.ana, &self.town);
        request.push.retain(|pushed| pushed.doc == self.beside);
        let hash = hostile.hash;
        let doc = hostile.change.doc;
        let changes = vec![hostile];
        request.push.insert(0, PushedDocument { doc, changes });
        let before = self.said();
        let mut answered = self.answered(&request);
        let written = self.said().since(&before);
        let state = answered.remove(&hash).expect("an answer for it");
        assert!(!answered.is_empty());
        for state in answered.values() {
            assert!(matches!(state, AckState::Accepted(_)), "{state:?}");
        }

        let aside = usize::from(matches!(state, AckState::Quarantined(_)));
        let count = |[went, came]: &[Vec<Vec<Value>>; 2]| [went.len(), came.len()];
        let counts: BTreeMap<&str, _> = written
            .iter()
            .map(|(table, rows)| (table.as_str(), count(rows)))
            .collect();
        let mut expected = BTreeMap::from([
            ("change", [0, 1]),
            ("device", [1, 1]),
            ("entry", [0, 1]),
            ("head", [1, 1]),
            ("log", [0, 1 + aside]),
        ]);
        if aside > 0 {
            expected.insert("quarantine", [0, 1]);
        }
        assert_eq!(counts, expected, "{written:#?}");
        let beside = Value::Blob(self.beside.as_bytes().to_vec());
        assert!(written["change"][1][0].contains(&beside));
        self.others_go_on();
        state
    }

    /// Posts bytes to every door: nothing at all is written.
    fn refuses(&self, body: &[u8], expected: u16) {
        self.refuses_at(&DOORS, body, expected);
    }

    fn refuses_at(&self, doors: &[(&str, bool)], body: &[u8], expected: u16) {
        let before = self.said();
        for (path, is_proven) in doors {
            let bearer = is_proven.then_some(self.ana.bearer.as_str());
            let (status, said) = self.town.post(path, bearer, body.to_vec());
            let said = String::from_utf8(said).unwrap();
            assert_eq!(status, expected, "{path}: {said}");
            assert_eq!(said.lines().count(), 1, "{path}: {said}");
        }
        assert_eq!(self.said().since(&before), BTreeMap::new());
        self.others_go_on();
    }

    /// Another device is served in a request of its own, and everything is sound.
    fn others_go_on(&self) {
        let mut ngozi = self.town.device("ngozi", &["n2"]);
        let (_, patient) = ngozi.handoff(&self.town, "Lena");
        ngozi.sync(&self.town);
        assert!(ngozi.app.sync_status().unwrap().unsent.is_empty());
        assert_eq!(self.town.entries(patient), ngozi.entries(patient));
        assert_eq!(self.town.verify(), Verified::SOUND);
    }

    /// So does the very device, with the honest note that waited all the time.
    fn she_goes_on(mut self) {
        self.ana.sync(&self.town);
        assert!(self.ana.app.sync_status().unwrap().unsent.is_empty());
        let hers = self.ana.entries(self.patient);
        assert!(hers.contains(&self.change().puts[0].id.to_string()));
        assert_eq!(self.town.entries(self.patient), hers);
    }
}
