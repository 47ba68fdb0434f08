//! The directory and the page of one practice: in order, with what our own attempts have taught, and hiding nothing.

use super::before;
use crate::event::*;
use jiff::civil::date;
use serde_json::json;
use std::sync::Arc;
use warmhand_core::domain::code::Accepting;
use warmhand_core::domain::entry::{APP, Entry};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{DocumentId, EntryId, PartnerId};
use warmhand_core::domain::organisation::{AgreementState, Organisation};
use warmhand_core::domain::partner::Practice;
use warmhand_core::domain::payload::*;
use warmhand_core::domain::read::Summary;
use warmhand_core::view::{DirectoryScreen, Length, PartnerScreen};
use warmhand_tests::ledger::Ledger;
use warmhand_tests::organisation::sheet;

fn shown(sheet: &Organisation, records: &[Summary], told: &[Practice]) -> DirectoryScreen {
    let now = "2026-03-03T15:00:00Z".parse().unwrap();
    DirectoryScreen::of(sheet, records, told, now)
}

fn names(screen: &DirectoryScreen) -> Vec<(&str, bool)> {
    screen
        .partners
        .iter()
        .map(|p| (p.partner.name.as_str(), p.is_pinned))
        .collect()
}

#[test]
fn pinned_practices_come_first_and_at_most_three_are() {
    let mut sheet = sheet();
    sheet.partners[1].pinned = true;
    assert_eq!(
        names(&shown(&sheet, &[], &[])),
        [
            ("Juniper Clinic", true),
            ("Harbor Counseling", false),
            ("In-house counseling", false)
        ]
    );
    let fourth = warmhand_core::domain::organisation::Partner {
        id: "zed".into(),
        name: "Zed Practice".into(),
        ..sheet.partners[0].clone()
    };
    sheet.partners.push(fourth);
    for partner in &mut sheet.partners {
        partner.pinned = true;
    }
    let screen = shown(&sheet, &[], &[]);
    let pinned = names(&screen).iter().filter(|(_, pinned)| *pinned).count();
    assert_eq!(
        (pinned, screen.partners.len()),
        (3, 4),
        "and nobody is hidden"
    );
}

#[test]
fn a_practice_is_known_by_our_own_attempts() {
    let mut records = Vec::new();
    for (day, answered) in [(9, true), (12, true), (20, false)] {
        let (mut ledger, visit) = agreed();
        let mut attempt = call(Some(visit));
        if !answered {
            attempt.outcome = warmhand_core::domain::code::ContactOutcome::NoAnswer;
            attempt.patient_on_line = false;
        }
        ledger.says("n1", attempt).unwrap();
        ledger
            .says("n1", booking("har", &format!("2026-03-{day:02}T09:30")))
            .unwrap();
        records.push(ledger.reading());
    }
    let screen = shown(&sheet(), &records[..2], &[]);
    let harbor = &screen.partners[0];
    assert_eq!((harbor.answered, harbor.calls), (2, 2));
    assert_eq!(
        harbor.median_wait_days, None,
        "two visits teach nothing yet"
    );
    let screen = shown(&sheet(), &records, &[]);
    let harbor = &screen.partners[0];
    assert_eq!((harbor.answered, harbor.calls), (2, 3));
    assert_eq!(harbor.median_wait_days, Some(9), "6, 9 and 17 days");
    let juniper = screen
        .partners
        .iter()
        .find(|p| p.partner.id == "jun".into());
    assert_eq!(juniper.unwrap().calls, 0);
}

#[test]
fn a_promise_that_was_kept_late_is_one_that_was_not_met() {
    let (mut ledger, visit) = agreed();
    let step: NextStepSet = said(
        json!({"what": "partner_callback", "due_at": "2026-03-04T10:00-05:00[America/New_York]",
        "contact_name": "Mia", "contact_channel": "voice", "contact_value": "555-0142", "partner": "har",
        "encounter": visit, "promise_due_at": "2026-03-04T15:00:00Z"}),
    );
    ledger.says("n1", step).unwrap();
    let none = shown(&sheet(), &[ledger.reading()], &[]);
    assert_eq!(none.partners[0].promises, 0, "it is not due yet");
    ledger.wait(30 * 60);
    ledger.says("c1", call(None)).unwrap();
    let screen = DirectoryScreen::of(&sheet(), &[ledger.reading()], &[], ledger.now);
    let harbor = &screen.partners[0];
    assert_eq!((harbor.promises_met, harbor.promises), (0, 1));
}

/// What was told about Harbor: by whom, so many hours before now.
fn told(sheet: &Organisation, said: &[(&str, i64, PartnerTold)]) -> (Record, Practice) {
    let now: jiff::Timestamp = "2026-03-03T15:00:00Z".parse().unwrap();
    let zone = jiff::tz::TimeZone::get(&sheet.zone).unwrap();
    let id = |n: u128| EntryId(uuid::Uuid::from_u128(n));
    let mut entries: Vec<Arc<Entry>> = Vec::new();
    let mut push = |by: &str, role, hours: i64, body: warmhand_core::domain::entry::Body| {
        let at = now - jiff::SignedDuration::from_hours(hours);
        entries.push(Arc::new(Entry {
            id: id(entries.len() as u128 + 1),
            by: by.into(),
            role,
            device: warmhand_core::domain::id::DeviceId(uuid::Uuid::from_u128(9)),
            occurred_at: at.to_zoned(zone.clone()),
            recorded_at: at,
            after: entries.last().map(|e| e.id).into_iter().collect(),
            app: APP.to_owned(),
            body,
        }));
    };
    let role = warmhand_core::domain::code::Role::Nurse;
    let partner = PartnerId::from("har");
    push(
        "n1",
        role,
        5_000,
        PartnerOpened {
            partner: partner.clone(),
        }
        .into(),
    );
    for (by, hours, body) in said {
        push(by, role, *hours, body.clone().into());
    }
    let record = Record::of(DocumentId(uuid::Uuid::from_u128(77)), &entries);
    let practice = Practice::of(partner, std::slice::from_ref(&record));
    (record, practice)
}

#[test]
fn what_was_told_of_its_room_has_its_age_and_hides_nothing() {
    let sheet = sheet();
    let (_, practice) = told(
        &sheet,
        &[
            ("n1", 50, said(json!({"accepting": "yes", "wait_days": 4}))),
            ("c1", 2, said(json!({"accepting": "no"}))),
        ],
    );
    let screen = shown(&sheet, &[], &[practice]);
    assert_eq!(screen.partners.len(), 3);
    let room = screen.partners[0].capacity.as_ref().unwrap();
    assert_eq!(
        (room.accepting, room.by.as_str(), room.age),
        (Accepting::No, "Carla Reyes", Length::Hours(2))
    );
    assert_eq!(room.wait_days, None, "the wait was told on another day");
    assert!(screen.partners[1].capacity.is_none());
}

#[test]
fn a_practice_that_nobody_checked_for_ninety_days_is_stale() {
    let mut sheet = sheet();
    let stale =
        |sheet: &Organisation, told: &[Practice]| shown(sheet, &[], told).partners[0].is_stale;
    assert!(stale(&sheet, &[]), "never checked");
    sheet.partners[0].last_verified_on = Some(date(2025, 12, 3));
    assert!(!stale(&sheet, &[]), "ninety days are not yet too long");
    sheet.partners[0].last_verified_on = Some(date(2025, 12, 2));
    assert!(stale(&sheet, &[]));
    let (_, practice) = told(&sheet, &[("n1", 24, said(json!({"verified": true})))]);
    assert!(!stale(&sheet, &[practice]), "somebody checked it yesterday");
}

fn page(user: &str, told: Option<&(Record, Practice)>) -> PartnerScreen {
    let mut ledger = Ledger::record();
    ledger.now = "2026-03-03T15:00:00Z".parse().unwrap();
    let id = PartnerId::from("har");
    let empty = Practice::of(id.clone(), &[]);
    before(&ledger, user, |desk, _, _| {
        let practice = told.map_or(&empty, |(_, p)| p);
        let document = told.map(|(r, _)| r);
        let documents = document.map(std::slice::from_ref).unwrap_or_default();
        PartnerScreen::of(desk, &id, practice, documents, &[]).unwrap()
    })
}

#[test]
fn the_page_of_a_practice_has_everything_for_a_call_in_one_tap() {
    let screen = page("n1", None);
    assert_eq!(screen.dial.as_ref().unwrap().value, "555-0142");
    assert!(
        screen.is_open_now,
        "it is ten in the morning there, on a Tuesday"
    );
    assert!(screen.promise.is_some() && screen.learned.calls == 0);
    assert!(screen.can_tell && screen.can_verify);
}

#[test]
fn an_agreement_that_has_ended_is_said_and_promises_nothing_more() {
    let mut sheet = sheet();
    let agreed: warmhand_core::domain::organisation::Agreement = said(json!({
        "starts": "2025-01-01", "ends": "2026-03-02",
        "escalation": {"name": "Dr. Sol", "channel": "voice", "value": "555-0190"},
    }));
    sheet.partners[0].agreement = Some(agreed);
    let now = "2026-03-03T15:00:00Z".parse().unwrap();
    let card = DirectoryScreen::of(&sheet, &[], &[], now);
    let har = card.partners.iter().find(|c| c.partner.id == "har".into());
    let row = har.and_then(|c| c.agreement.clone()).unwrap();
    assert_eq!(row.state, AgreementState::Ended);
    assert_eq!(row.escalation.unwrap().name, "Dr. Sol");
    let partner = &sheet.partners[0];
    let on = |day| {
        partner
            .promise_on(jiff::civil::date(2026, 3, day))
            .is_some()
    };
    assert_eq!((on(2), on(3)), (true, false), "its last day still counts");
    let early = jiff::civil::date(2024, 12, 31);
    assert!(partner.promise_on(early).is_none());
    let mut backwards = serde_json::to_value(&sheet).unwrap();
    backwards["partners"][0]["agreement"]["ends"] = json!("2024-01-01");
    let refused = warmhand_core::domain::organisation::Organisation::parse(&backwards.to_string());
    assert_eq!(
        refused.unwrap_err(),
        "the agreement with \"har\" ends before it starts"
    );
}

#[test]
fn a_new_contact_is_proposed_by_whom_may_not_add_it_and_accepted_by_whom_may() {
    let sheet = sheet();
    let contact: PartnerTold = said(
        json!({"contact": {"name": "Jo", "channel": "voice", "value": "555-0199"},
        "proposed": true}),
    );
    let nurse = page("n1", None);
    assert!(nurse.can_add_contact && nurse.contact_is_proposed);
    let coordinator = page("c1", None);
    assert!(coordinator.can_add_contact && !coordinator.contact_is_proposed);
    let proposed = told(&sheet, &[("n1", 1, contact)]);
    let seen = page("n2", Some(&proposed));
    assert_eq!(seen.proposals[0].contact.as_ref().unwrap().name, "Jo");
    assert!(!seen.proposals[0].can_accept);
    assert!(page("c1", Some(&proposed)).proposals[0].can_accept);
}
