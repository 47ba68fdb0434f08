//! Bodies that no honest device sends: each gets a typed answer, writes nothing but a row in quarantine, and holds up
//! nobody else's work in the same request.

use serde_json::json;
use warmhand_core::app::SyncStep;
use warmhand_core::document::{Change, ChangeHash, LIMITS, seal};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PatientId};
use warmhand_core::wire::{
    AckState, PushedChange, PushedDocument, QuarantineReason, RejectReason, SyncAnswer,
    SyncRequest, pack, unpack,
};
use warmhand_tests::town::{Phone, Town};

struct Stage {
    town: Town,
    ana: Phone,
    record: DocumentId,
    patient: PatientId,
    /// A request with one honest note in the record, not yet sent.
    honest: SyncRequest,
}

fn stage() -> Stage {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    ana.sync(&town);
    ana.does(
        &town,
        json!({"AddNote": {"record": record, "text": "an honest note"}}),
    );
    let SyncStep::Send(asked) = ana.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to send")
    };
    let honest = unpack(&asked.body).unwrap();
    Stage {
        town,
        ana,
        record,
        patient,
        honest,
    }
}

impl Stage {
    fn change(&self) -> Change {
        self.honest.push[0].changes[0].change.clone()
    }

    /// Sends this change beside a neighbour's honest one, and tells what became of it.
    fn send(&self, pushed: PushedChange) -> AckState {
        let mut neighbour = self.town.device("ngozi", &["n2"]);
        let (_, patient) = neighbour.handoff(&self.town, "Imani");
        let before = self.town.entries(self.patient);
        let hash = pushed.hash;
        let mut request = self.honest.clone();
        request.push = vec![PushedDocument {
            doc: pushed.change.doc,
            changes: vec![pushed],
        }];
        let (status, body) = self
            .town
            .post("/v1/sync", Some(&self.ana.bearer), pack(&request));
        assert_eq!(status, 200);
        let answer: SyncAnswer = unpack(&body).unwrap();
        assert_eq!(
            self.town.entries(self.patient),
            before,
            "nothing was written"
        );
        neighbour.sync(&self.town);
        assert_eq!(self.town.entries(patient), neighbour.entries(patient));
        let verified = self.town.verify();
        assert!(verified.log && verified.visibility && verified.records);
        answer
            .acks
            .into_iter()
            .find(|ack| ack.hash == hash)
            .expect("an answer for it")
            .state
    }

    fn send_sealed(&self, change: Change) -> AckState {
        let hash = seal(change.clone()).expect("within bounds").hash;
        self.send(PushedChange {
            change,
            hash,
            receipt: None,
            orphan: false,
        })
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
}

#[test]
fn a_wrong_hash_is_rejected() {
    let stage = stage();
    let pushed = PushedChange {
        change: stage.change(),
        hash: ChangeHash([5; 32]),
        receipt: None,
        orphan: false,
    };
    assert_eq!(
        stage.send(pushed),
        AckState::Rejected(RejectReason::WrongHash)
    );
}

#[test]
fn a_gap_in_an_actors_count_and_a_count_used_twice_go_into_quarantine() {
    let stage = stage();
    let gap = Change {
        seq: stage.change().seq + 1,
        ..stage.change()
    };
    assert_eq!(
        stage.send_sealed(gap),
        AckState::Quarantined(QuarantineReason::Reauthor)
    );
    let twice = Change {
        seq: 2,
        ..stage.edited(|_| ())
    };
    assert_eq!(
        stage.send_sealed(twice),
        AckState::Quarantined(QuarantineReason::Reauthor)
    );
}

#[test]
fn a_first_operation_that_does_not_follow_its_past_is_rejected() {
    let stage = stage();
    let high = Change {
        start_op: LIMITS.counter - 1,
        ..stage.change()
    };
    assert_eq!(
        stage.send_sealed(high),
        AckState::Rejected(RejectReason::Malformed)
    );
}

#[test]
fn unknown_dependencies_are_asked_for_and_an_orphan_is_kept() {
    let stage = stage();
    let unknown = ChangeHash([3; 32]);
    let change = Change {
        deps: vec![unknown],
        ..stage.change()
    };
    assert_eq!(
        stage.send_sealed(change.clone()),
        AckState::MissingDeps(vec![unknown])
    );
    let hash = seal(change.clone()).unwrap().hash;
    let orphan = PushedChange {
        change,
        hash,
        receipt: None,
        orphan: true,
    };
    assert_eq!(
        stage.send(orphan),
        AckState::Quarantined(QuarantineReason::Recovered)
    );
}

#[test]
fn nobody_writes_under_another_devices_actor_or_name() {
    let stage = stage();
    let mut carla = stage.town.device("carla", &["c1"]);
    carla.sync(&stage.town);
    carla.does(
        &stage.town,
        json!({"AddNote": {"record": stage.record, "text": "hers"}}),
    );
    let SyncStep::Send(asked) = carla.app.sync_next(stage.town.now()).unwrap() else {
        panic!("nothing to send")
    };
    let hers: SyncRequest = unpack(&asked.body).unwrap();
    let actor = hers.push[0].changes[0].change.actor;
    let stolen = Change {
        actor,
        seq: 1,
        nonce: Some([1; 16]),
        ..stage.change()
    };
    assert_eq!(
        stage.send_sealed(stolen),
        AckState::Quarantined(QuarantineReason::Reauthor)
    );
    // Her own unsent change, brought by somebody else without a receipt.
    let relayed = hers.push[0].changes[0].clone();
    assert_eq!(
        stage.send(relayed),
        AckState::Quarantined(QuarantineReason::Recovered)
    );
    let other = stage.edited(|entry| entry["by"] = json!("sup"));
    assert_eq!(
        stage.send_sealed(other),
        AckState::Rejected(RejectReason::Malformed)
    );
    let other = stage.edited(|entry| entry["device"] = json!(DeviceId(uuid::Uuid::from_u128(8))));
    assert_eq!(
        stage.send_sealed(other),
        AckState::Rejected(RejectReason::Malformed)
    );
}

#[test]
fn a_role_that_does_not_include_it_goes_into_quarantine() {
    let stage = stage();
    let closing = stage.edited(|entry| {
        entry["kind"] = json!("SafetyResolved");
        entry["payload"] = json!({"flags": [], "note": "nothing"});
    });
    assert_eq!(
        stage.send_sealed(closing),
        AckState::Quarantined(QuarantineReason::Role)
    );
    let early = stage.edited(|entry| {
        entry["kind"] = json!("LoopClosed");
        entry["payload"] = json!({"reason": "attended"});
    });
    // A visit is still to come: the rule of the event does not hold.
    assert_eq!(
        stage.send_sealed(early),
        AckState::Quarantined(QuarantineReason::Guard)
    );
}

#[test]
fn an_entry_that_is_too_long_too_deep_or_unreadable_is_rejected_and_a_newer_kind_is_kept() {
    let stage = stage();
    let long = stage.edited(|entry| entry["payload"]["text"] = json!("x".repeat(20_000)));
    assert_eq!(
        stage.send_sealed(long),
        AckState::Rejected(RejectReason::TooBig)
    );
    let mut deep = stage.edited(|_| ());
    deep.puts[0].text = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(
        stage.send_sealed(deep),
        AckState::Rejected(RejectReason::Malformed)
    );
    let odd = stage.edited(|entry| entry["payload"] = json!({"text": 7}));
    assert_eq!(
        stage.send_sealed(odd),
        AckState::Rejected(RejectReason::Malformed)
    );

    let newer = stage.edited(|entry| {
        entry["kind"] = json!("SomethingOfTomorrow");
        entry["payload"] = json!({"a": [1, {"b": null}]});
    });
    let hash = seal(newer.clone()).unwrap().hash;
    let mut request = stage.honest.clone();
    let changes = vec![PushedChange {
        change: newer,
        hash,
        receipt: None,
        orphan: false,
    }];
    request.push = vec![PushedDocument {
        doc: stage.record,
        changes,
    }];
    let (_, body) = stage
        .town
        .post("/v1/sync", Some(&stage.ana.bearer), pack(&request));
    let answer: SyncAnswer = unpack(&body).unwrap();
    assert!(matches!(answer.acks[0].state, AckState::Accepted(_)));
}

#[test]
fn what_she_answers_about_alcohol_lies_in_a_document_of_its_own_or_nowhere() {
    let mut stage = stage();
    let audit = |screen: &serde_json::Value| json!({"screen": screen, "record": stage.record, "instrument": "audit_c", "items": [1, 1, 1], "total": 3, "total_only": false});
    let into_the_record = stage.edited(|entry| {
        entry["kind"] = json!("ScreenAnswered");
        entry["payload"] = audit(&entry["id"]);
    });
    assert_eq!(
        stage.send_sealed(into_the_record),
        AckState::Rejected(RejectReason::Malformed)
    );
    let screen = json!({"RecordScreen": {"record": stage.record, "instrument": "phq2", "mode": "interview", "items": [1, 0]}});
    stage.ana.does(&stage.town, screen);
    let SyncStep::Send(asked) = stage.ana.app.sync_next(stage.town.now()).unwrap() else {
        panic!("nothing to send")
    };
    let request: SyncRequest = unpack(&asked.body).unwrap();
    let beside = request.push.iter().find(|p| p.doc != stage.record).unwrap();
    let honest = beside.changes[0].clone();
    let mut forged = honest.change.clone();
    let answered = forged.puts.last_mut().unwrap();
    let mut entry: serde_json::Value = serde_json::from_str(&answered.text).unwrap();
    entry["payload"] = audit(&entry["payload"]["screen"]);
    answered.text = entry.to_string();
    assert_eq!(
        stage.send_sealed(forged),
        AckState::Rejected(RejectReason::Malformed),
        "among her other answers"
    );
    assert!(matches!(stage.send(honest), AckState::Accepted(_)));
}

#[test]
fn a_body_that_is_no_message_gets_a_plain_answer() {
    let stage = stage();
    let bearer = Some(stage.ana.bearer.as_str());
    let honest = pack(&stage.honest);
    assert_eq!(stage.town.post("/v1/sync", None, honest.clone()).0, 401);
    assert_eq!(
        stage
            .town
            .post("/v1/sync", Some("no such credential"), honest.clone())
            .0,
        401
    );
    assert_eq!(stage.town.post("/v1/sync", bearer, Vec::new()).0, 400);
    assert_eq!(stage.town.post("/v1/sync", bearer, vec![0; 5_000]).0, 400);
    assert_eq!(
        stage
            .town
            .post("/v1/sync", bearer, honest[..honest.len() / 2].to_vec())
            .0,
        400
    );
    assert_eq!(
        stage
            .town
            .post("/v1/sync", bearer, vec![0; 3 * 1024 * 1024])
            .0,
        413
    );
    let bomb = zstd::bulk::compress(&vec![0_u8; 512 * 1024 * 1024], 3).unwrap();
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(
        stage
            .town
            .post("/v1/sync", bearer, [&[1_u8], bomb.as_slice()].concat())
            .0,
        413
    );
    for at in (0..honest.len()).step_by(3) {
        let mut flipped = honest.clone();
        flipped[at] ^= 0x55;
        let (status, _) = stage.town.post("/v1/sync", bearer, flipped);
        assert!(matches!(status, 200 | 400 | 413 | 426), "{status} at {at}");
    }
    assert!(stage.town.verify().log);
}
