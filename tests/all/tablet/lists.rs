//! Lists, counts and searches: of each person those that are hers.

use super::Ward;
use warmhand_core::refusal::Refusal;
use warmhand_core::view::{HandoffDraft, SyncState};

#[test]
fn each_list_and_count_is_of_what_the_signed_in_person_may_see() {
    Ward::new("Rosa", "Noor").each_time(|ward| {
        for (user, names, not) in [
            ("n1", vec!["Rosa"], "Noor"),
            ("n2", vec!["Noor"], "Rosa"),
            ("sup", vec!["Noor", "Rosa"], "Nobody"),
        ] {
            ward.hand(user);
            let (app, now) = (&ward.tablet.app, ward.town.now());
            let listed = app.patients(now).unwrap();
            let mut rows: Vec<_> = listed.rows.iter().filter_map(|r| r.name.clone()).collect();
            rows.sort();
            assert_eq!(rows, names, "{user}");
            let today = app.today(now).unwrap();
            let mut flags: Vec<_> = today.flags.iter().filter_map(|f| f.name.clone()).collect();
            flags.sort();
            assert_eq!(flags, names, "{user}");
            let calls: u32 = (app.directory(now).unwrap().partners.iter())
                .map(|card| card.calls)
                .sum();
            let learned = app.partner(&"har".into(), now).unwrap().learned;
            let count = u32::try_from(names.len()).unwrap();
            assert_eq!((calls, learned.calls), (count, count), "{user}");
            let found = |name: &str| {
                let draft = HandoffDraft {
                    name: name.to_owned(),
                    ..HandoffDraft::default()
                };
                app.new_handoff(&draft, now).unwrap().known.len()
            };
            let all: usize = ["Rosa", "Noor"].into_iter().map(found).sum();
            assert_eq!(all, names.len(), "{user}");
            let said = format!("{listed:?}{today:?}");
            assert!(!said.contains(not), "{user}: {said}");
        }
        for (user, handoffs) in [("n1", 1), ("n2", 1), ("sup", 0)] {
            ward.hand(user);
            let today = ward.tablet.app.today(ward.town.now()).unwrap();
            assert_eq!(today.handoffs, handoffs, "{user}");
        }
    });
}

#[test]
fn who_may_be_the_same_person_is_asked_of_whoever_may_see_both() {
    Ward::new("Rosa", "Rosa").each_time(|ward| {
        let (rosa, noor) = (ward.rosa, ward.noor);
        for (user, here, other, count) in [
            ("n1", rosa, noor, 0),
            ("n2", noor, rosa, 0),
            ("sup", rosa, noor, 1),
        ] {
            ward.hand(user);
            let (app, now) = (&ward.tablet.app, ward.town.now());
            let rows = app.patients(now).unwrap().rows;
            assert!(rows.iter().all(|r| r.same_as.len() == count), "{user}");
            assert_eq!(app.visit(here.0, now).unwrap().same_as.len(), count);
            let panel = app.safety_panel(Some(here.0), now);
            assert_eq!((panel.same_as.len(), panel.flags.len()), (count, 1));
            let beside = app.same_person(here.0, other.1, now);
            let lost = Some(Refusal::NotHere("the patient"));
            assert_eq!(beside.err(), lost.filter(|_| count == 0), "{user}");
        }
    });
}

#[test]
fn what_waits_is_counted_of_the_whole_device_and_named_to_whoever_may_see_it() {
    let mut ward = Ward::new("Rosa", "Noor");
    for (user, names) in [
        ("n1", [Some("Rosa"), None]),
        ("n2", [None, Some("Noor")]),
        ("sup", [Some("Rosa"), Some("Noor")]),
    ] {
        ward.hand(user);
        let status = ward.tablet.app.sync_status_at(ward.town.now()).unwrap();
        assert_eq!((status.state, status.count), (SyncState::ToSend, 2));
        let named: Vec<_> = status.unsent.iter().map(|r| r.name.as_deref()).collect();
        assert_eq!(named, names, "{user}");
    }
    // Of each everything goes out, whoever is signed in.
    ward.tablet.sync(&ward.town);
    let status = ward.tablet.app.sync_status().unwrap();
    assert_eq!((status.state, status.count), (SyncState::AllSent, 0));
    for (_, patient) in [ward.rosa, ward.noor] {
        assert!(ward.town.entries(patient).len() > 7);
    }
    assert_eq!(ward.town.aside(), []);
}

#[test]
fn whoever_has_a_device_to_herself_is_shown_all_of_it() {
    let ward = Ward::new("Rosa", "Noor");
    let (town, mut tablet) = (ward.town, ward.tablet);
    tablet.sync(&town);
    for (user, names) in [("n1", vec!["Rosa"]), ("n2", vec!["Noor"]), ("adm", vec![])] {
        let mut own = town.device(user, &[user]);
        own.sync(&town);
        let rows = own.app.patients(town.now()).unwrap().rows;
        let shown: Vec<_> = rows.iter().filter_map(|r| r.name.as_deref()).collect();
        assert_eq!(shown, names);
    }
}
