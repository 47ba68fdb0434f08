//! What the first page, the list of work and the page of a handoff count and say of what is to be done.

use serde_json::json;
use warmhand_core::domain::id::DocumentId;
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit::asks;

fn page(town: &Town, opened: &[DocumentId], path: &str) -> String {
    let (status, page) = asks(town, opened, "GET", path, "");
    assert_eq!(status, 200, "{path}");
    page
}

fn decides(phone: &mut Phone, town: &Town, record: DocumentId, value: &str) {
    let mut said = json!({"record": record, "value": value, "patient_initiated": true});
    if value == "not_today" {
        said["reasons"] = json!(["no_time"]);
        said["revisit"] = json!({"on": "2026-03-19"});
    }
    phone.does(town, json!({"RecordDecision": said}));
}

#[test]
fn late_since_yesterday_is_what_came_late_since_yesterday() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    town.wait(60 * 30);
    ana.sync(&town);
    let all = town.entries(patient).len();
    assert!(page(&town, &[], "/").contains(&format!(", {all} late entries since yesterday")));
    town.wait(60 * 30);
    ana.note(&town, record, "written and sent at once");
    ana.sync(&town);
    assert!(page(&town, &[], "/").contains(", 0 late entries since yesterday"));
    ana.note(&town, record, "written, and sent two days later");
    town.wait(60 * 48);
    ana.sync(&town);
    assert!(page(&town, &[], "/").contains(", 1 late entry since yesterday"));
}

#[test]
fn what_waits_is_said_to_wait_and_why() {
    let town = Town::default();
    let (mut ana, mut carla, record, _) = town.shared_handoff();
    let call = json!({"RecordContact": {"record": record, "with": "partner", "partner": "jun", "outcome": "no_answer"}});
    ana.does(&town, call);
    ana.sync(&town);
    carla.sync(&town);
    let at = format!("/handoffs/{record}");
    let both = || [page(&town, &[], "/work"), page(&town, &[record], &at)];
    let (no, question) = (
        "waits until she agrees",
        "waits: two people heard different answers",
    );
    for page in both() {
        assert!(page.contains("Try again after no answer"));
        assert!(!page.contains(no) && !page.contains(question));
    }
    decides(&mut ana, &town, record, "not_today");
    ana.sync(&town);
    for page in both() {
        assert!(
            page.contains("Try again after no answer"),
            "it is meant all the same"
        );
        assert!(page.contains(no) && page.contains("meant for "), "{page}");
    }
    decides(&mut carla, &town, record, "agreed");
    carla.sync(&town);
    for page in both() {
        assert!(page.contains(question) && !page.contains(no), "{page}");
    }
}

#[test]
fn a_referral_that_waits_is_no_call_that_nobody_answered() {
    let town = Town::default();
    let (mut ana, _, record, _) = town.shared_handoff();
    ana.does(&town, json!({"ConfirmSharingPlan": {"record": record}}));
    ana.does(
        &town,
        json!({"QueueElectronic": {"record": record, "partner": "jun"}}),
    );
    ana.sync(&town);
    let work = page(&town, &[], "/work");
    assert!(
        work.contains("Send the referral to Juniper Clinic, or call"),
        "{work}"
    );
    assert!(!work.contains("Try again after no answer"));
}

#[test]
fn who_may_be_the_same_person_is_said_on_her_page_with_a_concern_about_the_other() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let (record, patient) = ana.handoff(&town, "Rosa");
    let (other, twin) = ana.handoff(&town, " rosa ");
    ana.handoff(&town, "Amina");
    let born = |record| json!({"DescribePatient": {"record": record, "born_on": "1996-02-03"}});
    ana.does(&town, born(record));
    ana.sync(&town);
    let at = format!("/handoffs/{record}");
    let told = format!("May be the same person as patient {}", twin.short_code());
    assert!(!page(&town, &[record], &at).contains("same person"));
    ana.does(&town, born(other));
    ana.sync(&town);
    let asked = page(&town, &[record], &at);
    assert!(asked.contains(&told) && asked.contains(&format!("href=\"/handoffs/{other}\"")));
    assert!(!asked.contains("open safety flag there"));
    ana.does(
        &town,
        json!({"RaiseSafety": {"record": other, "reason": "staff_concern"}}),
    );
    ana.sync(&town);
    assert!(page(&town, &[record], &at).contains("open safety flag there"));

    // A nurse sees the same on the record itself.
    let screen = ana.app.handoff(record, town.now()).unwrap();
    let others: Vec<_> = screen
        .same_as
        .iter()
        .map(|o| (o.patient, o.has_open_flag))
        .collect();
    assert_eq!(others, [(twin, true)]);
    assert_ne!(patient, twin);
}
