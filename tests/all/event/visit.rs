//! Rows of the visit: opening, describing, its two ends, the need, ownership, the offer and the answer.

use super::*;

const STAFF: [&str; 7] = ["n1", "d1", "ma", "a2", "c1", "p1", "sup"];
const CARE: [&str; 4] = ["n1", "d1", "c1", "p1"];

#[test]
fn a_record_is_opened_once_by_any_staff_and_by_nobody_else() {
    for by in STAFF {
        let mut ledger = Ledger::empty();
        let opened = RecordOpened {
            patient: ledger.patient,
            site: "home".into(),
        };
        ledger.says(by, opened.clone()).unwrap();
        assert_eq!(ledger.fold().patient, Some(ledger.patient));
        assert_eq!(
            ledger.says(by, encounter()).err(),
            (by == "sup").then_some(Breach::Role),
            "{by}"
        );
    }
    let mut ledger = Ledger::empty();
    let opened = RecordOpened {
        patient: ledger.patient,
        site: "home".into(),
    };
    none_of(&mut ledger, &["adm", "pp", "nobody"], opened);
    // What opens a record twice, or writes in one that is not opened, is no change that the server takes either.
    let twice = RecordOpened {
        patient: ledger.patient,
        site: "home".into(),
    };
    let record = Ledger::record();
    let entry = warmhand_core::domain::entry::Entry {
        body: twice.into(),
        ..(*record.entries()[0]).clone()
    };
    let check = warmhand_core::domain::guard::check;
    assert_eq!(
        check(&entry, &record.fold(), &record.sheet),
        Err(Breach::AlreadyOpened)
    );
    let noted = warmhand_core::domain::entry::Entry {
        body: Noted {
            text: "early".into(),
        }
        .into(),
        ..entry
    };
    assert_eq!(
        check(&noted, &Ledger::empty().fold(), &record.sheet),
        Err(Breach::NotOpened)
    );
}

#[test]
fn a_patient_is_described_with_at_least_one_thing_and_a_doula_proposes_it() {
    let mut ledger = Ledger::record();
    let name: PatientDescribed = said(json!({"preferred_name": "Ñ"}));
    all_of(&mut ledger, &["n1", "c1", "p1", "ma", "a2"], name.clone());
    none_of(&mut ledger, &["d1", "sup", "adm", "pp"], name.clone());
    assert_eq!(
        ledger.says("n1", said::<PatientDescribed>(json!({}))),
        Err(Breach::NothingSaid)
    );

    let proposed: PatientDescribed = said(json!({"callback": "555-0188", "proposed": true}));
    let proposal = ledger.says("d1", proposed).unwrap();
    assert!(
        ledger.fold().numbers.is_empty(),
        "what is proposed has no effect"
    );
    let accepting: PatientDescribed = said(json!({"callback": "555-0188", "accepts": proposal}));
    none_of(&mut ledger, &["d1"], accepting.clone());
    ledger.says("c1", accepting.clone()).unwrap();
    assert_eq!(ledger.fold().numbers[0].number, "555-0188");
    assert_eq!(
        ledger.says("c1", accepting),
        Err(Breach::NoSuchProposal),
        "it is answered"
    );
}

#[test]
fn who_she_is_is_said_thing_by_thing_and_a_number_elsewhere_has_its_system() {
    let mut ledger = Ledger::record();
    let describe = |fields: serde_json::Value| -> PatientDescribed { said(fields) };
    for unfit in [
        json!({"external_ids": [{"system": "county", "value": " "}]}),
        json!({"child": {"system": "", "value": "77"}}),
    ] {
        assert_eq!(ledger.says("n1", describe(unfit)), Err(Breach::TextMissing));
    }
    let none = describe(json!({"race_ethnicity": {"said": []}}));
    assert_eq!(ledger.says("n1", none), Err(Breach::NothingSaid));
    let whole = describe(json!({
        "legal_name": "Rosa Maria", "perinatal_stage": {"pregnant": {"due_on": "2026-05-01"}},
        "child": {"system": "paediatrics", "value": "77"},
        "external_ids": [{"system": "county", "value": "A-1"}, {"system": "clinic", "value": "9"}],
        "payer_type": {"said": "medicaid"}, "race_ethnicity": {"said": ["asian", "white"]},
        "first_time_parent": "declined",
    }));
    none_of(&mut ledger, &["d1", "sup", "adm", "pp"], whole.clone());
    ledger.says("n1", whole).unwrap();
    let later = describe(json!({
        "perinatal_stage": {"postpartum": {"delivered_on": "2026-04-28"}},
        "external_ids": [{"system": "county", "value": "A-2"}],
    }));
    ledger.says("c1", later).unwrap();
    let patient = ledger.joined();
    let numbers: Vec<_> = patient
        .external_ids()
        .into_iter()
        .map(|id| (id.system, id.value))
        .collect();
    let number = |system: &str, value: &str| (system.to_owned(), value.to_owned());
    assert_eq!(numbers, [number("clinic", "9"), number("county", "A-2")]);
    assert!(matches!(
        patient.perinatal_stage(),
        Some(PerinatalStage::Postpartum { .. })
    ));
}

#[test]
fn a_proposal_may_be_declined_by_whoever_could_accept_it() {
    let mut ledger = Ledger::record();
    let proposed: PatientDescribed = said(json!({"preferred_name": "Rosa", "proposed": true}));
    ledger.says("d1", proposed).unwrap();
    let id = ledger.fold().proposals[0].id;
    let declining = ReviewSettled {
        items: vec![id],
        keep: None,
    };
    assert_eq!(
        ledger.says("d1", declining.clone()),
        Err(Breach::NoSuchItem)
    );
    ledger.says("n1", declining).unwrap();
    assert!(ledger.fold().proposals[0].answered.is_some());
    assert_eq!(ledger.joined().name(), None);
}

#[test]
fn a_visit_names_the_staff_who_are_there_each_once() {
    let mut ledger = Ledger::record();
    let with = |staff: &[&str]| -> EncounterStarted {
        said(json!({"setting": "home", "site": "home", "staff": staff}))
    };
    assert_eq!(
        ledger.says("n1", with(&["nobody"])),
        Err(Breach::NoSuchPerson)
    );
    ledger.says("n1", with(&["d1", "n1", "d1"])).unwrap();
    let visit = &ledger.fold().encounters[0];
    assert_eq!(visit.staff, ["n1".into(), "d1".into()]);
}

#[test]
fn a_visit_begins_and_ends_by_care_staff_or_an_assistant_and_never_before_it_began() {
    let mut ledger = Ledger::record();
    all_of(
        &mut ledger,
        &["n1", "d1", "c1", "p1", "ma", "a2"],
        encounter(),
    );
    none_of(&mut ledger, &["sup", "adm", "pp"], encounter());
    let visit = ledger.says("n1", encounter()).unwrap();
    let end = EncounterEnded { encounter: visit };
    none_of(&mut ledger, &["sup", "adm", "pp"], end.clone());
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    let early = ledger.zoned().saturating_sub(jiff::ToSpan::hours(2));
    assert_eq!(
        ledger.says_at("n1", end.clone(), &seen, early),
        Err(Breach::EndsBeforeStart)
    );
    let other = EncounterEnded { encounter: seen[0] };
    assert_eq!(ledger.says("n1", other), Err(Breach::NoSuchEncounter));
    ledger.says("a2", end).unwrap();
}

#[test]
fn why_she_left_without_a_plan_is_said_of_a_visit_that_has_ended() {
    let (mut ledger, visit) = identified();
    let reason: LeaveReasonGiven = said(json!({"encounter": visit, "reason": "no time"}));
    assert_eq!(
        ledger.says("n1", reason.clone()),
        Err(Breach::NoSuchEncounter)
    );
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    none_of(&mut ledger, &["a2", "sup", "adm", "pp"], reason.clone());
    let empty: LeaveReasonGiven = said(json!({"encounter": visit, "reason": " "}));
    assert_eq!(ledger.says("n1", empty), Err(Breach::TextMissing));
    ledger.says("n1", reason).unwrap();
    let reading = ledger.reading();
    assert!(reading.tasks.iter().any(|t| t.kind.as_str() == "next_day"));
}

#[test]
fn a_need_is_identified_once_by_nurse_doula_coordinator_or_provider() {
    for by in CARE {
        let mut ledger = Ledger::record();
        none_of(&mut ledger, &["a2", "sup", "adm", "pp"], need());
        let stranger: NeedIdentified = said(
            json!({"basis": "judgement", "need": "therapy", "urgency": "routine", "owner": "x"}),
        );
        assert_eq!(ledger.says(by, stranger), Err(Breach::NoSuchPerson));
        ledger.says(by, need()).unwrap();
        assert_eq!(ledger.fold().owners, vec!["c1".into()]);
        assert_eq!(ledger.says(by, need()), Err(Breach::AlreadyIdentified));
    }
}

#[test]
fn a_handoff_is_offered_to_a_named_person_on_site_and_the_backup_may_take_it_after_the_time_out() {
    let (mut ledger, _) = identified();
    let to = |user: &str| OwnerOffered { to: user.into() };
    none_of(&mut ledger, &["adm", "pp"], to("n2"));
    assert_eq!(ledger.says("ma", to("n2")), Err(Breach::OffSite));
    assert_eq!(ledger.says("n1", to("nobody")), Err(Breach::NoSuchPerson));
    let offer = ledger.says("n1", to("p1")).unwrap();
    let taking = OwnerAccepted { offer: Some(offer) };
    assert_eq!(
        ledger.says("n2", taking.clone()),
        Err(Breach::OfferedToAnother),
        "the backup waits"
    );
    let waiting = &ledger.reading().waiting[0];
    assert_eq!(waiting.backup, Some("n2".into()));
    assert!(
        !waiting.may_take(&"n2".into(), ledger.now) && waiting.may_take(&"p1".into(), ledger.now)
    );
    ledger.wait(3);
    assert!(ledger.reading().waiting[0].may_take(&"n2".into(), ledger.now));
    assert_eq!(
        ledger.says("n1", taking.clone()),
        Err(Breach::OfferedToAnother),
        "she is no backup"
    );
    ledger.says("n2", taking.clone()).unwrap();
    assert_eq!(ledger.fold().owners, vec!["n2".into()]);
    ledger.says("p1", taking).unwrap();
    assert_eq!(ledger.fold().owners, vec!["p1".into()]);
    assert_eq!(ledger.says("n1", OwnerReleased {}), Err(Breach::NotOwner));
    ledger.says("p1", OwnerReleased {}).unwrap();
    assert_eq!(
        ledger.says("ma", OwnerAccepted { offer: None }),
        Err(Breach::OffSite)
    );
    let mut early = Ledger::record();
    assert_eq!(early.says("n1", to("c1")), Err(Breach::NotIdentified));
}

#[test]
fn it_is_offered_in_an_open_visit_or_by_phone_and_not_again_after_she_declined_there() {
    let (mut ledger, visit) = identified();
    none_of(&mut ledger, &["a2", "sup", "adm", "pp"], offer(Some(visit)));
    all_of(&mut ledger, &CARE, offer(Some(visit)));
    ledger
        .says("n1", decision("not_today", Some(visit)))
        .unwrap();
    assert_eq!(
        ledger.says("n1", offer(Some(visit))),
        Err(Breach::AskedAgain)
    );
    let herself: DecisionRecorded = said(json!({
        "value": "hesitant", "encounter": visit, "reasons": ["needs_time"], "revisit": "next_encounter",
        "patient_initiated": true,
    }));
    ledger.says("n1", herself).unwrap();
    ledger.says("n1", offer(Some(visit))).unwrap();
    ledger.says("n1", offer(None)).unwrap();
    ledger
        .says("n1", EncounterEnded { encounter: visit })
        .unwrap();
    ledger.wait(1);
    assert_eq!(
        ledger.says("n1", offer(Some(visit))),
        Err(Breach::EncounterOver)
    );
    let unknown = ledger.entries()[0].id;
    assert_eq!(
        ledger.says("n1", offer(Some(unknown))),
        Err(Breach::NoSuchEncounter)
    );
    let mut early = Ledger::record();
    assert_eq!(early.says("n1", offer(None)), Err(Breach::NotIdentified));
}

#[test]
fn a_script_and_a_leaflet_are_noted_by_care_staff() {
    let (mut ledger, visit) = identified();
    let script: ScriptSaid = said(json!({"script": "T2", "encounter": visit}));
    let leaflet: MaterialGiven = said(json!({"what": "info sheet", "encounter": visit}));
    for body in [Body::from(script), Body::from(leaflet)] {
        all_of(&mut ledger, &CARE, body.clone());
        none_of(&mut ledger, &["a2", "sup", "adm", "pp"], body);
    }
    let nothing: ScriptSaid = said(json!({"script": ""}));
    assert_eq!(ledger.says("n1", nothing), Err(Breach::TextMissing));
    let elsewhere: MaterialGiven =
        said(json!({"what": "card", "encounter": EntryId(uuid::Uuid::nil())}));
    assert_eq!(ledger.says("n1", elsewhere), Err(Breach::Dangling));
}

#[test]
fn a_decision_follows_an_offer_or_her_own_word_and_a_decline_needs_reason_and_revisit() {
    let (mut ledger, visit) = identified();
    assert_eq!(
        ledger.says("n1", decision("agreed", Some(visit))),
        Err(Breach::NotOffered)
    );
    let herself: DecisionRecorded = said(json!({"value": "agreed", "patient_initiated": true}));
    ledger.says("n1", herself).unwrap();
    ledger.says("n1", offer(Some(visit))).unwrap();
    none_of(
        &mut ledger,
        &["a2", "sup", "adm", "pp"],
        decision("agreed", Some(visit)),
    );
    for value in ["hesitant", "not_today"] {
        let bare: DecisionRecorded = said(json!({"value": value}));
        assert_eq!(ledger.says("d1", bare), Err(Breach::ReasonMissing));
        let unplanned: DecisionRecorded = said(json!({"value": value, "reasons": ["cost"]}));
        assert_eq!(ledger.says("d1", unplanned), Err(Breach::RevisitMissing));
        ledger.says("d1", decision(value, Some(visit))).unwrap();
    }
    let other: DecisionRecorded = said(json!({"value": "agreed", "offer": visit}));
    assert_eq!(ledger.says("n1", other), Err(Breach::NotOffered));
    for value in ["agreed", "withdrew", "do_not_ask_again"] {
        ledger.says("d1", decision(value, Some(visit))).unwrap();
    }
    let mut early = Ledger::record();
    assert_eq!(
        early.says("n1", decision("agreed", None)),
        Err(Breach::NotIdentified)
    );
}

#[test]
fn what_was_read_back_stands_in_the_way_or_is_noted_is_kept_as_said() {
    let (mut ledger, visit) = identified();
    let back: ReadBack = said(json!({"verified_by": "patient", "encounter": visit,
        "corrections": [{"what": "callback", "said": "555-0188"}]}));
    all_of(&mut ledger, &CARE, back.clone());
    none_of(&mut ledger, &["a2", "sup", "adm", "pp"], back);
    let barrier: BarrierRecorded = said(json!({"kind": "childcare", "status": "open"}));
    none_of(&mut ledger, &["a2", "sup", "adm", "pp"], barrier.clone());
    let first = ledger.says("d1", barrier).unwrap();
    let planned: BarrierRecorded = said(json!({"kind": "childcare", "barrier": first,
        "plan": "her sister comes", "status": "planned"}));
    ledger.says("n1", planned).unwrap();
    let unknown: BarrierRecorded =
        said(json!({"kind": "childcare", "barrier": visit, "status": "open"}));
    assert_eq!(ledger.says("n1", unknown), Err(Breach::NoSuchBarrier));
    let record = ledger.fold();
    assert_eq!(record.barriers.len(), 1);
    assert_eq!(record.barriers[0].plan.as_deref(), Some("her sister comes"));
    assert_eq!(ledger.reading().corrections, 4);
    all_of(
        &mut ledger,
        &STAFF,
        Noted {
            text: "أمل 🌷".into(),
        },
    );
    none_of(&mut ledger, &["adm", "pp"], Noted { text: "x".into() });
    assert_eq!(
        ledger.says("n1", Noted { text: "\n".into() }),
        Err(Breach::TextMissing)
    );
}

#[test]
fn how_she_may_be_reached_is_set_by_care_staff_and_proposed_by_a_doula_to_whom_caution_listens() {
    let mut ledger = Ledger::record();
    let rule: ContactRuleSet = said(json!({"channel": "voice", "value": "555-0100",
        "voicemail_ok": true, "text_ok": true, "say_org_name_ok": true}));
    all_of(&mut ledger, &["n1", "c1", "p1"], rule.clone());
    none_of(&mut ledger, &["d1", "a2", "sup", "adm", "pp"], rule);
    assert!(ledger.joined().reach[0].voicemail_ok);
    let stricter: ContactRuleSet = said(json!({"channel": "voice", "voicemail_ok": false,
        "text_ok": true, "say_org_name_ok": false, "proposed": true}));
    ledger.says("d1", stricter).unwrap();
    let reach = &ledger.joined().reach[0];
    assert!(
        !reach.voicemail_ok && reach.text_ok && reach.disputed,
        "the stricter acts at once"
    );
}
