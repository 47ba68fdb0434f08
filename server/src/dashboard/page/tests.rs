//! Every page, filled and empty: its sentences stand, and what may never stand there does not. The files are left in
//! `target/pages` for a person to look at.

use std::fs;
use std::path::{Path, PathBuf};

use askama::Template;

use super::device_code::DeviceCodePage;
use super::device_confirm::DeviceConfirmPage;
use super::device_people::DevicePeoplePage;
use super::device_reinstate::DeviceReinstatePage;
use super::device_revoke::DeviceRevokePage;
use super::devices::DevicesPage;
use super::handoff::HandoffPage;
use super::handoffs::HandoffsPage;
use super::list::ListPage;
use super::message::MessagePage;
use super::overview::OverviewPage;
use super::quarantine::QuarantinePage;
use super::review::ReviewPage;
use super::sign_in::SignInPage;
use crate::dashboard::programme::Missing;

fn every_page() -> Vec<(&'static str, String)> {
    vec![
        ("sign_in", SignInPage::empty().render().unwrap()),
        ("sign_in_again", SignInPage::sample().render().unwrap()),
        ("sign_in_shut", SignInPage::shut().render().unwrap()),
        ("overview", OverviewPage::sample().render().unwrap()),
        (
            "overview_unsound",
            OverviewPage::unsound().render().unwrap(),
        ),
        ("overview_empty", OverviewPage::empty().render().unwrap()),
        ("handoffs", HandoffsPage::sample().render().unwrap()),
        ("handoffs_empty", HandoffsPage::empty().render().unwrap()),
        ("handoff", HandoffPage::sample().render().unwrap()),
        ("handoff_closed", HandoffPage::closed().render().unwrap()),
        ("handoff_empty", HandoffPage::empty().render().unwrap()),
        ("devices", DevicesPage::sample().render().unwrap()),
        ("devices_refused", DevicesPage::refused().render().unwrap()),
        ("devices_empty", DevicesPage::empty().render().unwrap()),
        (
            "device_revoke",
            DeviceRevokePage::sample().render().unwrap(),
        ),
        (
            "device_people",
            DevicePeoplePage::sample().render().unwrap(),
        ),
        (
            "device_people_nobody",
            DevicePeoplePage::left_to_nobody().render().unwrap(),
        ),
        (
            "device_reinstate",
            DeviceReinstatePage::sample().render().unwrap(),
        ),
        (
            "device_confirm",
            DeviceConfirmPage::sample().render().unwrap(),
        ),
        (
            "device_confirm_again",
            DeviceConfirmPage::again().render().unwrap(),
        ),
        ("device_code", DeviceCodePage::sample().render().unwrap()),
        ("work", ListPage::work_sample().render().unwrap()),
        ("work_empty", ListPage::work_empty().render().unwrap()),
        ("safety", ListPage::safety_sample().render().unwrap()),
        ("safety_empty", ListPage::safety_empty().render().unwrap()),
        ("review", ReviewPage::sample().render().unwrap()),
        ("review_empty", ReviewPage::empty().render().unwrap()),
        ("quarantine", QuarantinePage::sample().render().unwrap()),
        (
            "quarantine_empty",
            QuarantinePage::empty().render().unwrap(),
        ),
        ("quarantine_missing", something_missing().render().unwrap()),
        ("message", MessagePage::sample().render().unwrap()),
    ]
}

/// Where something does not read, every page says so.
fn something_missing() -> QuarantinePage {
    let missing = Missing {
        patients: 2,
        aside: 1,
    };
    let mut page = QuarantinePage::sample();
    page.frame.missing = missing.sentence();
    page
}

#[test]
fn what_is_missing_is_counted_in_words() {
    let of = |patients, aside| Missing { patients, aside }.sentence();
    assert_eq!(of(0, 0), None);
    let said = "Figures and lists are without that. Call whoever looks after the server today; the data folder is to stay as it is.";
    for (missing, what) in [
        (of(1, 0), "records of 1 patient"),
        (of(0, 2), "2 pieces of work kept aside"),
        (
            of(3, 1),
            "records of 3 patients and 1 piece of work kept aside",
        ),
    ] {
        assert_eq!(missing, Some(format!("Cannot be read: {what}. {said}")));
    }
}

fn page(name: &str) -> String {
    every_page()
        .into_iter()
        .find(|(page, _)| *page == name)
        .unwrap()
        .1
}

#[test]
fn renders_every_page() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages: PathBuf = package.join("../target/pages");
    fs::create_dir_all(&pages).unwrap();
    for asset in ["warmhand.css", "warmhand.svg", "live.js"] {
        fs::copy(package.join("assets").join(asset), pages.join(asset)).unwrap();
    }
    for (name, html) in every_page() {
        assert!(html.starts_with("<!doctype html>"), "{name}");
        assert!(html.contains(r#"name="viewport""#), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name} has one heading");
        fs::write(
            pages.join(format!("{name}.html")),
            html.replace("/assets/", ""),
        )
        .unwrap();
    }
}

#[test]
fn no_page_needs_anything_that_a_strict_policy_forbids() {
    for (name, html) in every_page() {
        for forbidden in [
            " style=",
            "<style",
            "javascript:",
            " onclick=",
            " onload=",
            "http-equiv",
            "<script>",
        ] {
            assert!(!html.contains(forbidden), "{name} holds {forbidden}");
        }
    }
}

#[test]
fn no_page_says_a_word_that_the_programme_does_not_use() {
    for (name, html) in every_page() {
        let html = html.to_lowercase();
        for word in [
            "severe",
            "refused",
            "outbox",
            "epds",
            "phq",
            "2-3x",
            "sync error",
            "failed",
            "!<",
        ] {
            assert!(!html.contains(word), "{name} says {word}");
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_its_token() {
    for (name, html) in every_page() {
        let posts = html.matches(r#"method="post""#).count();
        assert_eq!(html.matches(r#"name="csrf""#).count(), posts, "{name}");
    }
}

#[test]
fn ids_are_unique_on_each_page() {
    for (name, html) in every_page() {
        let mut ids: Vec<&str> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name} has an id twice");
    }
}

#[test]
fn every_figure_has_its_sentence() {
    let html = page("overview");
    assert!(html.contains(
        "2 sites · 31 open handoffs · figures as known at 13:04, 3 late entries since yesterday"
    ));
    assert!(html.contains("(16 / 24, 95% interval 47–82%)"));
    assert!(html.contains("3 of 4"));
    assert!(html.contains("5 of 38"));
    assert_eq!(
        html.matches("<details id=").count(),
        2,
        "each chart has its table"
    );
}

#[test]
fn empty_is_a_sentence_too() {
    let overview = page("overview_empty");
    for sentence in [
        "No safety flag is open.",
        "Nothing is past its time.",
        "No device is enrolled yet.",
        "No handoff is open.",
    ] {
        assert!(overview.contains(sentence), "{sentence}");
    }
    assert!(overview.contains("1 site · 0 open handoffs"));
    assert!(page("review_empty").contains("Nothing waits for a decision."));
    assert!(page("handoffs_empty").contains("No handoff has begun yet."));
}

#[test]
fn only_an_open_record_names_the_patient() {
    let name = "Rosa Jiménez-Delacroix";
    for (page, html) in every_page() {
        assert_eq!(html.contains(name), page == "handoff", "{page}");
        assert!(!html.contains(&format!("<title>{name}")), "{page}");
    }
    assert!(page("handoff_closed").contains("written to the audit log"));
}

#[test]
fn both_sides_stand_with_an_answer_each_and_one_to_wait() {
    let html = page("handoff");
    assert_eq!(html.matches(r#"action="/handoffs/4b0/settle""#).count(), 3);
    assert!(html.contains("Ask later"));
    assert!(html.contains("recorded offline, received Fri 18:30"));
}

#[test]
fn what_people_typed_stays_text() {
    let mut page = HandoffsPage::sample();
    page.rows[0].owner = "<script>alert(1)</script>".into();
    page.filter.code = "\"><img src=x>".into();
    let html = page.render().unwrap();
    assert!(!html.contains("<script>alert"));
    assert!(!html.contains("<img"));
}
