//! How she may be reached, on the page of her handoff: while something of it is in question nothing is left anywhere, and
//! what is not in question holds. Nobody chooses there what only she can say.

use serde_json::json;
use warmhand_core::domain::code::ReviewKind;
use warmhand_core::domain::fold::ReviewItem;
use warmhand_core::domain::id::DocumentId;
use warmhand_tests::town::Town;
use warmhand_tests::visit::asks;

fn page(town: &Town, record: DocumentId) -> String {
    let at = format!("/handoffs/{record}");
    let (status, page) = asks(town, &[record], "GET", &at, "");
    assert_eq!(status, 200);
    page
}

#[test]
fn with_two_numbers_nobody_is_told_that_voicemail_is_fine() {
    let town = Town::default();
    let (mut ana, mut carla, record, _) = town.shared_handoff();
    let rule = json!({"SetContactRule": {"record": record, "channel": "voice", "value": "555-0100", "voicemail_ok": true,
        "say_org_name_ok": true, "shared_phone": true, "confirmed_with_patient": true}});
    ana.does(&town, rule);
    ana.sync(&town);
    carla.sync(&town);
    let alone = page(&town, record);
    assert!(alone.contains("Call 555-0100") && alone.contains(">voicemail, no text"));
    assert!(!alone.contains("verify"));

    // Two people, unseen by each other.
    let number = |number: &str| json!({"DescribePatient": {"record": record, "callback": number}});
    ana.does(&town, number("555-0133"));
    carla.does(&town, number("555-0177"));
    ana.sync(&town);
    carla.sync(&town);
    let asked = page(&town, record);
    let until = "two numbers: verify before leaving any message · until then: no voicemail, no text, \
                 no name of the organisation, others answer this phone";
    for number in ["555-0133", "555-0177"] {
        assert!(asked.contains(&format!("Call {number}")), "{number}");
    }
    assert!(asked.contains(until), "{asked}");
    assert!(!asked.contains(">voicemail, no text"));
}

#[test]
fn how_she_may_be_reached_is_settled_by_whoever_has_asked_her_and_by_no_choice_on_a_page() {
    let town = Town::default();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    let rule = |voicemail: bool, asked: bool| {
        json!({"SetContactRule": {"record": record, "channel": "voice", "voicemail_ok": voicemail,
            "confirmed_with_patient": asked}})
    };
    ana.does(&town, rule(true, false));
    carla.does(&town, rule(false, false));
    let number = |number: &str| json!({"DescribePatient": {"record": record, "callback": number}});
    ana.does(&town, number("555-0133"));
    carla.does(&town, number("555-0177"));
    ana.sync(&town);
    carla.sync(&town);
    let open = |kind: ReviewKind| -> Option<ReviewItem> {
        let folder = town.run(town.server().store.folder(patient, None)).unwrap();
        let record = folder.patient.record(record).unwrap();
        let mut open = record.review.iter().filter(|i| i.is_open());
        open.find(|i| i.kind == kind).cloned()
    };
    let rules = open(ReviewKind::ContactRuleDisputed).expect("two instructions");
    let numbers = open(ReviewKind::TwoNumbers).expect("two numbers");
    let asked = page(&town, record);
    let button = |item: &ReviewItem| format!("name=\"item\" value=\"{}\"", item.id);
    assert!(asked.contains("Two people heard differently how she may be reached"));
    assert!(asked.contains("Whoever has asked her notes it again"));
    assert!(!asked.contains(&button(&rules)) && asked.contains(&button(&numbers)));

    let chooses = |item: &ReviewItem| {
        let form = format!("csrf=true&item={}&choice={}", item.id, item.choices[0]);
        let at = format!("/handoffs/{record}/settle");
        assert_eq!(asks(&town, &[record], "POST", &at, &form).0, 303);
        open(item.kind)
    };
    assert_eq!(chooses(&numbers), None);
    assert_eq!(chooses(&rules), Some(rules), "though a form was made up");
    ana.sync(&town);
    ana.does(&town, rule(true, true));
    ana.sync(&town);
    assert_eq!(open(ReviewKind::ContactRuleDisputed), None);
}
