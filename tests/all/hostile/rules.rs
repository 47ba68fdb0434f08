//! Changes that are well-formed and not allowed, or of a version that is not here yet, and bodies that are no message.

use super::*;
use warmhand_core::wire::{QuarantineReason, RejectReason};

#[test]
fn a_role_that_does_not_include_it_goes_into_quarantine() {
    let mut stage = stage();
    let closing = stage.edited(|entry| {
        entry["kind"] = json!("SafetyResolved");
        entry["payload"] = json!({"flags": [], "note": "nothing"});
    });
    assert_eq!(
        stage.send(sealed(closing)),
        AckState::Quarantined(QuarantineReason::Role)
    );
    let early = stage.edited(|entry| {
        entry["kind"] = json!("LoopClosed");
        entry["payload"] = json!({"reason": "attended"});
    });
    // A visit is still to come: the rule of the event does not hold.
    assert_eq!(
        stage.send(sealed(early)),
        AckState::Quarantined(QuarantineReason::Guard)
    );
    stage.she_goes_on();
}

#[test]
fn an_entry_that_does_not_read_is_rejected_and_a_newer_kind_is_kept() {
    let mut stage = stage();
    let odd = stage.edited(|entry| entry["payload"] = json!({"text": 7}));
    let malformed = AckState::Rejected(RejectReason::Malformed);
    assert_eq!(stage.send(sealed(odd)), malformed);
    let newer = stage.edited(|entry| {
        entry["kind"] = json!("SomethingOfTomorrow");
        entry["payload"] = json!({"a": [1, {"b": null}]});
    });
    assert!(matches!(stage.alone(sealed(newer)), AckState::Accepted(_)));
}

#[test]
fn what_she_answers_about_alcohol_lies_in_a_document_of_its_own_or_nowhere() {
    let mut stage = stage();
    let record = stage.record;
    let audit = |screen: &serde_json::Value| json!({"screen": screen, "record": record, "instrument": "audit_c", "items": [1, 1, 1], "total": 3, "total_only": false});
    let into_the_record = stage.edited(|entry| {
        entry["kind"] = json!("ScreenAnswered");
        entry["payload"] = audit(&entry["id"]);
    });
    assert_eq!(
        stage.send(sealed(into_the_record)),
        AckState::Rejected(RejectReason::Malformed)
    );
    let screen = json!({"RecordScreen": {"record": stage.record, "instrument": "phq2", "mode": "interview", "items": [1, 0]}});
    stage.ana.does(&stage.town, screen);
    let request = request(&mut stage.ana, &stage.town);
    let apart = [stage.record, stage.beside];
    let mut answers = request.push.iter().filter(|p| !apart.contains(&p.doc));
    let honest = answers.next().unwrap().changes[0].clone();
    let mut forged = honest.change.clone();
    let answered = forged.puts.last_mut().unwrap();
    let mut entry: serde_json::Value = serde_json::from_str(&answered.text).unwrap();
    entry["payload"] = audit(&entry["payload"]["screen"]);
    answered.text = entry.to_string();
    assert_eq!(
        stage.send(sealed(forged)),
        AckState::Rejected(RejectReason::Malformed),
        "among her other answers"
    );
    assert!(matches!(stage.alone(honest), AckState::Accepted(_)));
    stage.she_goes_on();
}

#[test]
fn a_body_that_is_no_message_gets_a_plain_answer() {
    let stage = stage();
    let bearer = Some(stage.ana.bearer.as_str());
    let honest = pack(&stage.honest);
    let before = stage.said();
    for nobodys in [None, Some("no such credential")] {
        let (status, _) = stage.town.post("/v1/sync", nobodys, honest.clone());
        assert_eq!(status, 401);
    }
    assert_eq!(stage.said().since(&before), BTreeMap::new());
    for nothing in [&[][..], &[0; 5_000], &honest[..honest.len() / 2]] {
        stage.refuses(nothing, 400);
    }
    for at in (0..honest.len()).step_by(3) {
        let mut flipped = honest.clone();
        flipped[at] ^= 0x55;
        let (status, _) = stage.town.post("/v1/sync", bearer, flipped);
        assert!(matches!(status, 200 | 400 | 413 | 426), "{status} at {at}");
    }
    assert_eq!(stage.town.verify(), Verified::SOUND);
}
