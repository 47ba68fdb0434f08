//! A device that was enrolled after the backup that was put back: known again, told nothing, until somebody says whose it
//! is. The whole drill, as an operator does it.

use super::{Kept, device, restoring, revoke, town, waiting, words};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::json;
use std::collections::BTreeMap;
use tower::ServiceExt;
use warmhand_core::domain::id::PatientId;
use warmhand_core::view::SyncState;
use warmhand_core::wire::QuarantineReason;
use warmhand_server::store::sqlite::Verified;
use warmhand_server::store::{ConfirmDraft, StoreError};
use warmhand_tests::cli::{refused, said};
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit;

fn theirs() -> ConfirmDraft {
    ConfirmDraft {
        name: "Ngozi's phone".into(),
        kind: "phone".into(),
        people: vec!["n2".into()],
    }
}

fn notes(phone: &Phone, patient: PatientId) -> usize {
    phone.entries(patient).len()
}

#[test]
fn after_a_restore_nothing_is_lost_the_revoked_stays_revoked_and_the_new_device_waits_to_be_confirmed()
 {
    let mut town = town();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    let mut lost = town.device("lena", &["d1"]);
    lost.sync(&town);
    let kept = Kept::of(&town);

    // After the backup: one device comes, one goes, both have something to say.
    let mut new = town.device("ngozi", &["n2"]);
    new.sync(&town);
    revoke(&town, &lost);
    ana.note(&town, record, "after the backup");
    new.note(&town, record, "by the new device");
    lost.note(&town, record, "by the lost device");
    for phone in [&mut ana, &mut new, &mut lost, &mut carla] {
        phone.sync(&town);
    }
    let all = town.entries(patient);
    new.note(&town, record, "not sent when it happened");
    let kept = kept.and_beside(&town);
    town.close();

    let anew = tempfile::tempdir().unwrap();
    let (copy, keys, journal) = (
        kept.file("copy.db"),
        kept.file("warmhand.keys"),
        kept.file("warmhand.journal"),
    );
    let line = restoring([&copy, &keys, &journal], anew.path());
    let (is_done, told) = said(&words(&line));
    assert!(is_done, "{told}");
    for sentence in [
        "        1  revoked; they are out of service again",
        "        1  enrolled; they wait until somebody confirms them",
        "        0  enrolled and confirmed since",
        "its newest change came in at 2026-03-02T",
    ] {
        assert!(told.contains(sentence), "{told}");
    }
    town.restore(&anew);
    // Before anybody has asked anything.
    assert!(device(&town, &lost).revoked_at.is_some());
    let waits = device(&town, &new);
    assert!(!waits.is_confirmed && waits.people.is_empty());
    assert_eq!(
        (waits.name.as_str(), &waits.proposed[..]),
        ("ngozi", &["n2".into()][..])
    );

    let had = notes(&new, patient);
    for phone in [&mut new, &mut lost, &mut ana, &mut carla] {
        phone.sync(&town);
    }
    // What the server once had is there again, by its receipts; what it never had waits.
    assert_eq!(town.entries(patient), all);
    let reasons: BTreeMap<_, _> = waiting(&town)
        .into_iter()
        .map(|row| (row.user.0, row.reason))
        .collect();
    assert_eq!(
        reasons,
        BTreeMap::from([
            // It is wiped: what nobody had decided about came out of its boxes.
            ("d1".to_owned(), QuarantineReason::Recovered),
            ("n2".to_owned(), QuarantineReason::Unconfirmed),
        ])
    );
    // It is told nothing, and keeps what it has: its people go on.
    carla.note(&town, record, "after the restore");
    carla.sync(&town);
    new.note(&town, record, "while it waits");
    new.sync(&town);
    assert_eq!(notes(&new, patient), had + 1);
    let says = new.app.sync_status().unwrap();
    assert_eq!(
        (says.state, says.count),
        (SyncState::Unconfirmed, 1),
        "and says why"
    );
    assert_eq!(town.verify(), Verified::SOUND);

    let id = new.app.id().unwrap();
    town.run(
        town.server()
            .store
            .confirm(id, theirs(), "sup".into(), town.now()),
    )
    .unwrap();
    assert_eq!(waiting(&town).len(), 1, "the lost device's alone");
    assert_eq!(town.entries(patient).len(), all.len() + 3);
    for phone in [&mut new, &mut carla, &mut ana] {
        phone.sync(&town);
        assert_eq!(phone.entries(patient), town.entries(patient));
        assert_eq!(phone.app.sync_status().unwrap().state, SyncState::AllSent);
    }
    let row = device(&town, &new);
    assert!(row.is_confirmed && row.proposed.is_empty());
    assert_eq!(
        (row.name.as_str(), &row.people[..]),
        ("Ngozi's phone", &["n2".into()][..])
    );
    assert_eq!(town.verify(), Verified::SOUND);
    assert_eq!(
        town.run(
            town.server()
                .store
                .confirm(id, theirs(), "sup".into(), town.now())
        ),
        Err(StoreError::NotFound(
            "there is no such device that waits to be confirmed"
        ))
    );

    // The same backup once more: what was confirmed since is confirmed.
    let later = town.folder().join("warmhand.journal");
    let again = tempfile::tempdir().unwrap();
    let line = restoring([&copy, &keys, &later], again.path());
    let (is_done, told) = said(&words(&line));
    assert!(
        is_done && told.contains("        1  enrolled and confirmed since"),
        "{told}"
    );
    town.restore(&again);
    new.sync(&town);
    assert_eq!(town.entries(patient), new.entries(patient));
    assert_eq!(town.verify(), Verified::SOUND);
}

/// A town whose server was put back from before this device, without its journal.
fn forgotten() -> (Town, Phone, PatientId) {
    let mut town = town();
    let (_, _, record, patient) = town.shared_handoff();
    let older = town.image();
    let mut new = town.device("ngozi", &["n2"]);
    new.sync(&town);
    new.note(&town, record, "not sent when it happened");
    town.restore(&older);
    (town, new, patient)
}

#[test]
fn without_a_journal_a_device_is_known_by_its_credential_alone_and_nobody_else_is() {
    let (town, mut new, patient) = forgotten();
    let before = town.entries(patient);
    new.sync(&town);
    let row = device(&town, &new);
    assert!(row.name.starts_with("Device ") && row.proposed.is_empty() && !row.is_confirmed);
    assert_eq!(waiting(&town)[0].reason, QuarantineReason::Unconfirmed);
    let devices = town.run(town.server().store.devices()).unwrap().len();
    let changed = |at: usize, to: &str| {
        let mut text = new.bearer.clone();
        text.replace_range(at..=at, to);
        text
    };
    let last = new.bearer.len() - 1;
    let other = if new.bearer.ends_with('0') { "1" } else { "0" };
    for wrong in [
        changed(last, other),
        changed(0, "2"),
        "1.".into(),
        "x".into(),
    ] {
        assert_eq!(
            town.post("/v1/sync", Some(&wrong), Vec::new()).0,
            401,
            "{wrong}"
        );
    }
    assert_eq!(
        town.run(town.server().store.devices()).unwrap().len(),
        devices
    );

    // Nobody knows it: it is revoked, and what it sent stays before a person.
    revoke(&town, &new);
    new.sync(&town);
    assert_eq!(waiting(&town).len(), 1);
    assert_eq!(town.entries(patient), before);
    assert_eq!(town.verify(), Verified::SOUND);
}

fn asked(town: &Town, path: &str, form: Option<&str>) -> (u16, String) {
    let request = match form {
        Some(_) => Request::post(path),
        None => Request::get(path),
    };
    let request = request
        .header("cookie", "warmhand=visit-of-sup")
        .body(Body::from(form.unwrap_or_default().to_owned()))
        .unwrap();
    town.run(async {
        let answer = town.server().router().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    })
}

#[test]
fn a_supervisor_is_asked_whose_it_is_and_says_so_on_the_page_of_devices() {
    let (town, mut new, patient) = forgotten();
    new.sync(&town);
    let id = new.app.id().unwrap();
    visit::begins(&town, "sup", &[]);
    let (_, first) = asked(&town, "/", None);
    assert!(
        first.contains("A device waits for somebody to say whose it is"),
        "{first}"
    );
    let (_, list) = asked(&town, "/devices", None);
    assert!(
        list.contains("A device was enrolled after the backup that was put back"),
        "{list}"
    );
    let path = format!("/devices/{id}/confirm");
    assert!(list.contains(&path));
    let (status, page) = asked(&town, &path, None);
    assert!(status == 200 && page.contains("Ngozi Okafor"), "{page}");

    let before = town.entries(patient).len();
    let form = |people: &str| format!("csrf=true&name=Ngozi%27s+phone&kind=phone{people}");
    for (wrong, sentence) in [
        (form(""), "say who works on the device"),
        (form("&person=nobody"), "choose people of your sites"),
        (
            "csrf=true&name=&kind=phone&person=n2".into(),
            "1 to 80 characters",
        ),
        (
            "csrf=true&name=x&kind=device&person=n2".into(),
            "a phone or a tablet",
        ),
    ] {
        let (status, page) = asked(&town, &path, Some(&wrong));
        assert!(status == 422 && page.contains(sentence), "{status} {page}");
    }
    let forged = form("&person=n2").replace("csrf=true", "csrf=false");
    assert_eq!(asked(&town, &path, Some(&forged)).0, 403);
    assert!(!device(&town, &new).is_confirmed);
    let (status, _) = asked(&town, &path, Some(&form("&person=n2")));
    assert_eq!(status, 303);
    assert!(device(&town, &new).is_confirmed);
    assert_eq!(town.entries(patient).len(), before + 1);
    assert_eq!(asked(&town, &path, None).0, 404);
    let (_, list) = asked(&town, "/devices", None);
    assert!(!list.contains("enrolled after the backup"), "{list}");
}

#[test]
fn what_it_wrote_while_it_waited_comes_in_causes_first_and_what_breaks_a_rule_stays_aside() {
    let (town, mut new, patient) = forgotten();
    new.sync(&town);
    let record = town
        .run(town.server().store.folder(patient, None))
        .unwrap()
        .patient
        .records[0]
        .id;
    for n in 0..3 {
        new.note(&town, record, &format!("note {n}"));
        new.sync(&town);
    }
    let (_, own) = new.handoff(&town, "Imani");
    new.sync(&town);
    let aside = waiting(&town);
    assert!(aside.len() > 5);
    assert!(
        aside
            .iter()
            .all(|row| row.reason == QuarantineReason::Unconfirmed)
    );
    // Said to be of somebody else: nothing of it is hers to say.
    let id = new.app.id().unwrap();
    let draft = ConfirmDraft {
        people: vec!["d1".into()],
        ..theirs()
    };
    let before = town.entries(patient);
    town.run(
        town.server()
            .store
            .confirm(id, draft, "sup".into(), town.now()),
    )
    .unwrap();
    assert_eq!(town.entries(patient), before);
    assert_eq!(waiting(&town).len(), aside.len());
    new.sync(&town);
    assert_eq!(town.entries(own), Vec::<String>::new());
    assert_eq!(town.verify(), Verified::SOUND);

    let (town, mut new, patient) = forgotten();
    let record = town
        .run(town.server().store.folder(patient, None))
        .unwrap()
        .patient
        .records[0]
        .id;
    for n in 0..3 {
        new.note(&town, record, &format!("note {n}"));
        new.sync(&town);
    }
    new.does(
        &town,
        json!({"OpenRecord": {"site": "home", "preferred_name": "Imani"}}),
    );
    new.sync(&town);
    let id = new.app.id().unwrap();
    town.run(
        town.server()
            .store
            .confirm(id, theirs(), "sup".into(), town.now()),
    )
    .unwrap();
    assert_eq!(waiting(&town), []);
    new.sync(&town);
    assert_eq!(new.entries(patient), town.entries(patient));
    assert_eq!(new.app.sync_status().unwrap().state, SyncState::AllSent);
}

#[test]
fn an_operator_sees_that_a_device_waits_and_says_whose_it_is() {
    let mut town = town();
    let kept = Kept::of(&town);
    let mut new = town.device("ngozi", &["n2"]);
    let id = new.app.id().unwrap().to_string();
    town.close();
    kept.put_in_place(&town);
    town.open(None);
    new.sync(&town);
    let data = super::text(town.folder()).to_owned();
    let lists = || said(&["device", "list", "--data", &data]).1;
    assert!(
        lists().contains("waits: it was enrolled after the backup"),
        "{}",
        lists()
    );
    // Who works on it is said with whose it is.
    let early = ["device", "people", &id, "--people", "n2", "--data", &data];
    assert!(refused(&early).contains("confirm it"));
    let line = [
        "device", "confirm", &id, "--kind", "phone", "--people", "n2", "--data", &data,
    ];
    let (is_done, told) = said(&line);
    assert!(
        is_done && told.starts_with("ngozi is known again"),
        "{told}"
    );
    assert!(lists().contains("ngozi (phone; n2)"), "{}", lists());
    assert!(refused(&line).contains("no such device that waits"));
    new.sync(&town);
    assert_eq!(new.app.people().unwrap(), ["n2".into()]);
    assert_eq!(town.verify(), Verified::SOUND);
}
