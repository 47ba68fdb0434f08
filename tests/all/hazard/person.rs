//! Hazards of the person: safety, consent, sharing, how she is reached, her screens, and who she is.

use super::identity::assert_settled;
use super::*;
use jiff::Timestamp;
use warmhand_core::domain::code::{AlertKind, ConsentStatus, FlagStatus, ShareKind};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::guard::Breach;
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::partner::Practice;
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::{Receipts, read, same_person};

fn resolved(flags: &[EntryId]) -> SafetyResolved {
    SafetyResolved {
        flags: flags.to_vec(),
        note: "seen".into(),
        seen: Vec::new(),
    }
}

#[test]
fn h3_a_worry_raised_while_another_was_resolved_stays_open() {
    let mut ledger = Ledger::record();
    let first = ledger.says("n1", raised("staff_concern")).unwrap();
    let [second, _] = both(
        &mut ledger,
        ("d1", raised("violence")),
        ("p1", resolved(&[first])),
    );
    let alert = ledger.reading().alerts[0].clone();
    assert_eq!((alert.entry, alert.is_over), (second, false));
    // Whoever cleared the other one, clinicians and supervisors of the site are told; a nurse next to it is not.
    assert_eq!(alert.for_whom, ["p1".into(), "sup".into()]);
    let patient = ledger.joined();
    let open_flags: Vec<_> = patient.open_flags().map(|f| f.id).collect();
    assert_eq!(open_flags, [second]);
    assert!(open(&ledger).is_empty());
}

#[test]
fn h3_whoever_clears_a_worry_is_told_of_one_in_another_record_that_she_did_not_know_of() {
    let mut ledger = Ledger::record();
    let other = beside(&ledger, raised("violence"));
    let unseen = other.flags[0].entry.id;
    let alerts = |ledger: &Ledger| {
        let patient = Patient::of(ledger.patient, vec![ledger.fold(), other.clone()]);
        let reading = read(&patient, &Receipts::default(), &ledger.sheet, ledger.now);
        let there = reading.records.iter().find(|r| r.record == other.id);
        there.unwrap().alerts.clone()
    };
    let flag = ledger.says("n1", raised("staff_concern")).unwrap();
    let mut knowing = resolved(&[flag]);
    knowing.seen = vec![unseen];
    ledger.says("p1", knowing).unwrap();
    assert!(alerts(&ledger).is_empty());
    ledger.says("p1", resolved(&[flag])).unwrap();
    let told = &alerts(&ledger)[0];
    assert_eq!((told.kind, told.entry), (AlertKind::NewConcern, unseen));
    assert_eq!(told.unseen_by.as_str(), "p1");
    assert!(told.for_whom.contains(&"p1".into()) && !told.is_over);
}

#[test]
fn h4_two_flags_of_one_event_stay_two_and_are_one_banner_once_linked() {
    let mut ledger = Ledger::record();
    let [a, b] = both(
        &mut ledger,
        ("n1", raised("staff_concern")),
        ("d1", raised("patient_said")),
    );
    assert_eq!(ledger.joined().flag_groups().len(), 2);
    ledger
        .says("p1", FlagsLinked { flags: vec![a, b] })
        .unwrap();
    assert_eq!(ledger.joined().flag_groups(), vec![vec![a, b]]);
    ledger.says("p1", resolved(&[a])).unwrap();
    let left: Vec<_> = ledger.joined().open_flags().map(|f| f.id).collect();
    assert_eq!(left, [b], "resolving one resolves one");
}

#[test]
fn h5_a_flag_resolved_twice_is_resolved_and_keeps_both_notes() {
    let mut ledger = Ledger::record();
    ledger.sheet.people[0].licensed_clinician = true;
    let flag = ledger.says("d1", raised("staff_concern")).unwrap();
    both(
        &mut ledger,
        ("p1", resolved(&[flag])),
        ("n1", resolved(&[flag])),
    );
    let patient = ledger.joined();
    assert_eq!(patient.flags[0].status, FlagStatus::Resolved);
    assert_eq!(patient.flags[0].resolved.len(), 2);
}

fn consent() -> ConsentRecorded {
    said(
        json!({"kind": "part2_specific", "patient_name": "Rosa", "discloser": "the programme", "what": "screen",
        "partners": ["har"], "purpose": "treatment", "right_to_revoke_told": true, "expires_on": "2027-03-01",
        "signed": true, "signed_on": "2026-03-03"}),
    )
}

#[test]
fn h6_a_consent_given_while_another_was_taken_back_is_not_used_and_what_went_before_is_marked() {
    let (mut ledger, _) = agreed();
    let confirmed = ledger.says("n1", plan(&["name", "alcohol_drug"])).unwrap();
    let old = ledger.says("n1", consent()).unwrap();
    let sending = |consent: EntryId| -> ElectronicSent {
        said(
            json!({"partner": "har", "transport": "portal", "plan": confirmed, "items": ["alcohol_drug"],
            "consent": consent}),
        )
    };
    let back: ConsentRevoked = said(json!({"consent": old}));
    let seen: Vec<EntryId> = ledger.entries().iter().map(|e| e.id).collect();
    ledger.says_seeing("n1", sending(old), &seen).unwrap();
    let renewed = ledger.says_seeing("c1", consent(), &seen).unwrap();
    ledger.says_seeing("p1", back, &seen).unwrap();
    assert_eq!(open(&ledger), [ReviewKind::ConsentDisputed]);
    let reading = ledger.reading();
    assert_eq!(reading.sent_before_revocation, 1);
    let told = |ledger: &Ledger| {
        let alerts = ledger.reading().alerts;
        let found = alerts
            .iter()
            .find(|a| a.kind == AlertKind::SentBeforeRevocation);
        found.map(|a| (a.is_over, a.for_whom.clone()))
    };
    let (is_over, for_whom) = told(&ledger).unwrap();
    assert!(!is_over && for_whom.contains(&"c1".into()), "its owner");
    assert!(
        for_whom.contains(&"sup".into()),
        "nobody is named for privacy"
    );
    ledger.sheet.privacy_contact = Some("p1".into());
    let (_, for_whom) = told(&ledger).unwrap();
    assert!(for_whom.contains(&"p1".into()) && !for_whom.contains(&"sup".into()));
    let status: Vec<_> = reading.consents.iter().map(|c| c.status).collect();
    assert_eq!(status, [ConsentStatus::Revoked, ConsentStatus::Disputed]);
    assert_eq!(
        ledger.says("n1", sending(renewed)),
        Err(Breach::ConsentMissing)
    );
    settle(&mut ledger, "c1", renewed);
    ledger.says("n1", sending(renewed)).unwrap();
}

#[test]
fn h7_of_two_sharing_plans_only_what_both_share_goes_out() {
    let (mut ledger, _) = agreed();
    let [wide, _] = both(
        &mut ledger,
        ("n1", plan(&["name", "callback", "scores"])),
        ("c1", plan(&["name", "reason"])),
    );
    assert_eq!(open(&ledger), [ReviewKind::SharingNarrowed]);
    let sharing = ledger.fold().sharing;
    assert_eq!(
        sharing.shared.into_iter().collect::<Vec<_>>(),
        [ShareKind::Name]
    );
    let sending = |items: &[&str]| -> ElectronicSent {
        said(json!({"partner": "har", "transport": "portal", "plan": wide, "items": items}))
    };
    assert_eq!(
        ledger.says("n1", sending(&["scores"])),
        Err(Breach::NotOnPlan)
    );
    ledger.says("n1", sending(&["name"])).unwrap();
    settle(&mut ledger, "c1", wide);
    ledger.says("n1", sending(&["scores"])).unwrap();
    assert!(open(&ledger).is_empty());
}

fn rule(voicemail: bool, text: bool) -> ContactRuleSet {
    said(
        json!({"channel": "voice", "voicemail_ok": voicemail, "text_ok": text, "say_org_name_ok": true}),
    )
}

#[test]
fn h8_of_two_instructions_the_stricter_acts_until_she_has_been_asked() {
    let mut ledger = Ledger::record();
    both(
        &mut ledger,
        ("n1", rule(true, false)),
        ("c1", rule(false, true)),
    );
    assert_eq!(open(&ledger), [ReviewKind::ContactRuleDisputed]);
    let reach = ledger.joined().reach;
    assert!(reach.len() == 1 && reach[0].disputed && !reach[0].voicemail_ok && !reach[0].text_ok);
    let mut asked = rule(true, true);
    asked.confirmed_with_patient = true;
    ledger.says("n1", asked).unwrap();
    assert!(open(&ledger).is_empty());
    assert!(ledger.joined().reach[0].voicemail_ok);
}

/// Another record of the same patient.
pub(super) fn beside(ledger: &Ledger, body: impl Into<Body>) -> Record {
    let mut other = Ledger::empty();
    other.doc = DocumentId(uuid::Uuid::from_u128(77));
    let opened = RecordOpened {
        patient: ledger.patient,
        site: "home".into(),
    };
    let mut first = (*ledger.entries()[0]).clone();
    first.id = EntryId(uuid::Uuid::from_u128(771));
    first.body = opened.into();
    let mut second = first.clone();
    second.id = EntryId(uuid::Uuid::from_u128(772));
    second.after = vec![first.id];
    second.body = body.into();
    Record::of(other.doc, &[first.into(), second.into()])
}

#[test]
fn h8_instructions_in_two_records_are_brought_together_by_naming_what_was_seen() {
    let mut ledger = Ledger::record();
    ledger.says("n1", rule(true, true)).unwrap();
    let other = beside(&ledger, rule(false, true));
    let strict = other.contact_rules[0].0.id;
    let patient = Patient::of(ledger.patient, vec![ledger.fold(), other.clone()]);
    assert!(!patient.reach[0].voicemail_ok && patient.across.len() == 1);
    let mut asked = rule(true, true);
    asked.sees = vec![strict];
    // Written from the chart it brings nothing together.
    ledger.says("n1", asked.clone()).unwrap();
    let patient = Patient::of(ledger.patient, vec![ledger.fold(), other.clone()]);
    assert!(!patient.reach[0].voicemail_ok && patient.across[0].is_open());
    asked.confirmed_with_patient = true;
    ledger.says("n1", asked).unwrap();
    let patient = Patient::of(ledger.patient, vec![ledger.fold(), other]);
    assert!(patient.reach[0].voicemail_ok && !patient.reach[0].disputed);
    assert_settled(&patient, &ledger);
}

#[test]
fn h9_two_numbers_are_both_kept_and_asked_about() {
    let mut ledger = Ledger::record();
    let number = |callback: &str| -> PatientDescribed { said(json!({"callback": callback})) };
    let [_, right] = both(
        &mut ledger,
        ("n1", number("555-0100")),
        ("c1", number("555 0188")),
    );
    assert_eq!(open(&ledger), [ReviewKind::TwoNumbers]);
    let numbers = |ledger: &Ledger| -> Vec<(String, bool)> {
        let read = ledger.reading().numbers.into_iter();
        read.map(|n| (n.number, n.verify)).collect()
    };
    let asked = [("555-0100".to_owned(), true), ("555 0188".to_owned(), true)];
    assert_eq!(numbers(&ledger), asked);
    settle(&mut ledger, "c1", right);
    assert_eq!(numbers(&ledger), [("555 0188".to_owned(), false)]);
    // Written another way it is the same number.
    let mut ledger = Ledger::record();
    both(
        &mut ledger,
        ("n1", number("555-0100")),
        ("c1", number("(555) 0100")),
    );
    assert!(open(&ledger).is_empty());
    let elsewhere = beside(&ledger, number("555-0199"));
    let patient = Patient::of(ledger.patient, vec![ledger.fold(), elsewhere]);
    assert_eq!(patient.numbers.len(), 2);
    assert_eq!(
        patient
            .across
            .iter()
            .filter(|a| a.kind == ReviewKind::TwoNumbers)
            .count(),
        2
    );
}

#[test]
fn h16_two_patients_who_may_be_one_are_suspected_share_the_banner_and_are_never_merged_by_a_machine()
 {
    let mut ledger = Ledger::record();
    let rosa: PatientDescribed = said(json!({"preferred_name": "Rosa", "born_on": "1996-02-03"}));
    ledger.says("n1", rosa.clone()).unwrap();
    ledger.says("d1", raised("staff_concern")).unwrap();
    let mut other = Ledger::record();
    let twin = PatientId(uuid::Uuid::from_u128(0xA));
    let mut entries = other.entries();
    let mut opened = (*entries[0]).clone();
    opened.body = RecordOpened {
        patient: twin,
        site: "home".into(),
    }
    .into();
    other
        .says(
            "n2",
            said::<PatientDescribed>(json!({"preferred_name": " rosa", "born_on": "1996-02-03"})),
        )
        .unwrap();
    entries = other.entries();
    entries[0] = opened.into();
    let doc = DocumentId(uuid::Uuid::from_u128(78));
    let elsewhere = Patient::of(twin, vec![Record::of(doc, &entries)]);
    let other_reading = read(&elsewhere, &Receipts::default(), &ledger.sheet, ledger.now).records;
    let all = |ledger: &Ledger| {
        let mut all = vec![ledger.reading()];
        all.extend(other_reading.clone());
        all
    };
    let suspected = same_person(&all(&ledger));
    assert_eq!(suspected.len(), 1);
    assert!(!suspected[0].linked && suspected[0].open_flag);
    assert_eq!(suspected[0].kind, ReviewKind::SamePerson);
    let pair = [ledger.patient, twin];
    ledger
        .says("sup", said::<PatientsLinked>(json!({"patients": pair})))
        .unwrap();
    assert!(same_person(&all(&ledger))[0].linked);
    ledger
        .says("sup", said::<PatientsUnlinked>(json!({"patients": pair})))
        .unwrap();
    assert!(
        same_person(&all(&ledger)).is_empty(),
        "two people, as a supervisor said"
    );
}

#[test]
fn h17_what_was_told_of_a_practice_last_is_shown_with_its_age_and_no_practice_is_hidden() {
    let mut ledger = Ledger::empty();
    ledger
        .says(
            "n1",
            PartnerOpened {
                partner: "har".into(),
            },
        )
        .unwrap();
    let told = |accepting: &str| -> PartnerTold { said(json!({"accepting": accepting})) };
    both(&mut ledger, ("n1", told("no")), ("c1", told("yes")));
    let practice = Practice::of("har".into(), &[ledger.fold()]);
    let last = practice.accepting.as_ref().unwrap();
    assert_eq!((last.value.as_str(), last.by.as_str()), ("yes", "c1"));
    assert!(last.at > Timestamp::UNIX_EPOCH);
    assert!(ledger.fold().review.is_empty(), "no question is asked");
    assert_eq!(practice.told.len(), 2, "both stay");
}
