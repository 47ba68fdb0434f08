//! Rows of sharing: the plan, consents, and referrals that are queued, sent or fail.

use super::*;
use warmhand_core::domain::code::ConsentStatus;

const CLINICAL: [&str; 3] = ["n1", "c1", "p1"];

fn consent(edit: impl FnOnce(&mut Value)) -> ConsentRecorded {
    let mut whole = json!({
        "kind": "part2_specific", "patient_name": "Rosa", "discloser": "the programme", "what": "what she said of drinking",
        "partners": ["har"], "purpose": "treatment", "right_to_revoke_told": true, "expires_on": "2027-03-01",
        "signed": true, "signed_on": "2026-03-03",
    });
    edit(&mut whole);
    said(whole)
}

fn sending(plan: EntryId, items: &[&str], consent: Option<EntryId>) -> ElectronicSent {
    said(
        json!({"partner": "har", "transport": "portal", "plan": plan, "items": items, "consent": consent,
        "promise_due_at": "2026-03-04T15:00:00Z"}),
    )
}

#[test]
fn a_sharing_plan_follows_her_agreement_and_each_one_is_a_version_more() {
    let (mut ledger, _) = identified();
    assert_eq!(ledger.says("n1", plan(&["name"])), Err(Breach::NotAgreed));
    let (mut ledger, _) = agreed();
    none_of(
        &mut ledger,
        &["d1", "a2", "sup", "adm", "pp"],
        plan(&["name"]),
    );
    all_of(&mut ledger, &CLINICAL, plan(&["name"]));
    assert_eq!(ledger.fold().sharing.version, 3);
    assert_eq!(
        ledger.says("n1", said::<SharingPlanConfirmed>(json!({"items": []}))),
        Err(Breach::PlanUnclear)
    );
    let twice: SharingPlanConfirmed = said(json!({"items": [
        {"kind": "name", "choice": "share"}, {"kind": "name", "choice": "withhold"}]}));
    assert_eq!(ledger.says("n1", twice), Err(Breach::PlanUnclear));
    ledger.sheet.settings.doula_may_consent = true;
    ledger.says("d1", plan(&["name"])).unwrap();
}

#[test]
fn a_written_consent_has_all_its_fields() {
    let (mut ledger, _) = agreed();
    none_of(
        &mut ledger,
        &["d1", "a2", "sup", "adm", "pp"],
        consent(|_| ()),
    );
    all_of(&mut ledger, &CLINICAL, consent(|_| ()));
    for field in [
        "patient_name",
        "discloser",
        "what",
        "partners",
        "purpose",
        "right_to_revoke_told",
        "expires_on",
        "signed",
        "signed_on",
    ] {
        let without = consent(|c| {
            c.as_object_mut().unwrap().remove(field);
        });
        assert_eq!(
            ledger.says("n1", without),
            Err(Breach::ConsentIncomplete),
            "{field}"
        );
    }
    let endless = |kind: &str, told: bool| {
        consent(|c| {
            c["kind"] = json!(kind);
            c.as_object_mut().unwrap().remove("expires_on");
            c["expires_with"] = json!("none");
            c["redisclosure_told"] = json!(told);
            c["refusal_consequences_told"] = json!(told);
        })
    };
    assert_eq!(
        ledger.says("n1", endless("part2_specific", true)),
        Err(Breach::ConsentIncomplete)
    );
    assert_eq!(
        ledger.says("n1", endless("part2_tpo", false)),
        Err(Breach::ConsentIncomplete)
    );
    ledger.says("n1", endless("part2_tpo", true)).unwrap();
    ledger
        .says(
            "n1",
            said::<ConsentRecorded>(json!({"kind": "verbal_agreement"})),
        )
        .unwrap();
    ledger.sheet.settings.doula_may_consent = true;
    ledger.says("d1", consent(|_| ())).unwrap();
}

#[test]
fn a_consent_is_revoked_by_name() {
    let (mut ledger, visit) = agreed();
    let given = ledger.says("n1", consent(|_| ())).unwrap();
    assert_eq!(
        ledger.says("n1", said::<ConsentRevoked>(json!({"consent": visit}))),
        Err(Breach::NoSuchConsent)
    );
    let revoked: ConsentRevoked = said(json!({"consent": given}));
    none_of(
        &mut ledger,
        &["d1", "a2", "sup", "adm", "pp"],
        revoked.clone(),
    );
    ledger.says("c1", revoked).unwrap();
    assert_eq!(ledger.fold().consents[0].status, ConsentStatus::Revoked);
}

#[test]
fn what_is_queued_waits_and_counts_as_not_sent_until_it_is_sent_or_fails() {
    let (mut ledger, _) = agreed();
    let queued = |plan: EntryId, items: &[&str]| -> ElectronicQueued {
        said(json!({"partner": "har", "transport": "portal", "plan": plan, "items": items}))
    };
    let first = ledger.entries()[0].id;
    assert_eq!(
        ledger.says("n1", queued(first, &["name"])),
        Err(Breach::NoPlan)
    );
    let plan = ledger.says("n1", plan(&["name"])).unwrap();
    none_of(
        &mut ledger,
        &["d1", "a2", "sup", "adm", "pp"],
        queued(plan, &["name"]),
    );
    assert_eq!(
        ledger.says("n1", queued(plan, &["scores"])),
        Err(Breach::NotOnPlan)
    );
    let waiting = ledger.says("n1", queued(plan, &["name"])).unwrap();
    assert_eq!(ledger.reading().queued, 1);
    assert!(ledger.reading().promises.is_empty(), "queued is not sent");
    let failed: ElectronicFailed = said(json!({"queued": waiting, "reason": "no connection"}));
    none_of(
        &mut ledger,
        &["d1", "a2", "sup", "adm", "pp"],
        failed.clone(),
    );
    ledger.says("n1", failed).unwrap();
    assert_eq!(
        ledger.says(
            "n1",
            said::<ElectronicFailed>(json!({"queued": waiting, "reason": ""}))
        ),
        Err(Breach::TextMissing)
    );
    let mut now = sending(plan, &["name"], None);
    now.queued = Some(waiting);
    ledger.says("c1", now.clone()).unwrap();
    assert_eq!(
        ledger.says("n1", now),
        Err(Breach::NoSuchReferral),
        "it is sent"
    );
    let again: ElectronicFailed = said(json!({"queued": waiting, "reason": "late"}));
    assert_eq!(ledger.says("n1", again), Err(Breach::NoSuchReferral));
    assert_eq!(ledger.reading().promises.len(), 1);
}

#[test]
fn nothing_is_sent_without_agreement_plan_and_the_consent_that_it_needs() {
    let (mut ledger, visit) = agreed();
    let first = ledger.entries()[0].id;
    assert_eq!(
        ledger.says("n1", sending(first, &["name"], None)),
        Err(Breach::NoPlan)
    );
    let confirmed = ledger.says("n1", plan(&["name", "alcohol_drug"])).unwrap();
    none_of(
        &mut ledger,
        &["d1", "a2", "sup", "adm", "pp"],
        sending(confirmed, &["name"], None),
    );
    assert_eq!(
        ledger.says("n1", sending(confirmed, &["scores"], None)),
        Err(Breach::NotOnPlan)
    );
    let tagged = ["name", "alcohol_drug"];
    assert_eq!(
        ledger.says("n1", sending(confirmed, &tagged, None)),
        Err(Breach::ConsentMissing)
    );
    let elsewhere = ledger
        .says("n1", consent(|c| c["partners"] = json!(["jun"])))
        .unwrap();
    assert_eq!(
        ledger.says("n1", sending(confirmed, &tagged, Some(elsewhere))),
        Err(Breach::ConsentMissing)
    );
    let over = ledger
        .says("n1", consent(|c| c["expires_on"] = json!("2026-03-02")))
        .unwrap();
    assert_eq!(
        ledger.says("n1", sending(confirmed, &tagged, Some(over))),
        Err(Breach::ConsentMissing)
    );
    let given = ledger.says("n1", consent(|_| ())).unwrap();
    ledger
        .says("n1", sending(confirmed, &tagged, Some(given)))
        .unwrap();
    ledger
        .says("n1", said::<ConsentRevoked>(json!({"consent": given})))
        .unwrap();
    assert_eq!(
        ledger.says("n1", sending(confirmed, &tagged, Some(given))),
        Err(Breach::ConsentMissing)
    );
    ledger
        .says("n1", sending(confirmed, &["name"], None))
        .unwrap();
    // A newer plan is the one that counts, and what was sent keeps its own.
    let narrower = ledger.says("n1", plan(&["callback"])).unwrap();
    assert_eq!(
        ledger.says("n1", sending(confirmed, &["name"], None)),
        Err(Breach::NoPlan)
    );
    assert_eq!(
        ledger.says("n1", sending(narrower, &["name"], None)),
        Err(Breach::NotOnPlan)
    );
    let went = &ledger.fold().sent[0];
    assert_eq!(went.said.items.len(), 2);
    ledger
        .says("n1", decision("withdrew", Some(visit)))
        .unwrap();
    assert_eq!(
        ledger.says("n1", sending(narrower, &["callback"], None)),
        Err(Breach::NotAgreed)
    );
}
