//! How she may be reached, on the page of her handoff: while something of it is in question nothing is left anywhere, and
//! what is not in question holds.

use serde_json::json;
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
