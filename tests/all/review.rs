//! Questions that two people left, on the page that lists them: which, of whom and for how long, and in their words only
//! where the record was opened for a reason and is the reader's to see.

use serde_json::json;
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_tests::organisation::with_supervisor_of_home;
use warmhand_tests::town::{Phone, Town};
use warmhand_tests::visit::{asks, asks_as};

/// What was noted of her birth in the record of the clinic, and in that of the home visits.
const AT_THE_CLINIC: &str = "12 Mar 1997";
const AT_HOME: &str = "5 Nov 1996";

/// A patient with a record at each site, in which two nurses noted unseen by each other when she was born.
fn asked_about(town: &Town) -> (DocumentId, DocumentId, PatientId) {
    let (mut ana, mut ngozi) = (town.device("ana", &["n1"]), town.device("ngozi", &["n2"]));
    let (home, patient) = ana.handoff(town, "Rosalinda Quetzal");
    ana.sync(town);
    ngozi.sync(town);
    let opens = json!({"OpenRecord": {"site": "clinic", "patient": patient}});
    let clinic = ngozi.does(town, opens).record.unwrap();
    let notes = |phone: &mut Phone, record: DocumentId, born: &str| {
        town.wait(5);
        let said = json!({"record": record, "legal_name": format!("Q {born}"), "born_on": born});
        phone.does(town, json!({"DescribePatient": said}));
    };
    notes(&mut ngozi, clinic, "1997-03-12");
    notes(&mut ana, home, "1996-11-05");
    for phone in [&mut ngozi, &mut ana] {
        phone.sync(town);
    }
    (home, clinic, patient)
}

#[test]
fn the_list_of_questions_repeats_nothing_of_a_record_that_nobody_opened_or_of_another_sites() {
    let town = Town::default();
    let (home, clinic, patient) = asked_about(&town);
    let sheet = with_supervisor_of_home();
    town.run(town.server().store.load_sheet(sheet)).unwrap();
    let review = |user: &str, opened: &[DocumentId]| {
        let (status, page) = asks_as(&town, (user, opened), "GET", "/review", "");
        assert_eq!(status, 200);
        // Which question, of whom, and where to go: always.
        assert!(page.contains("The same fact, said two ways"), "{page}");
        assert!(page.contains(&patient.short_code()), "{page}");
        assert!(page.contains(&format!("href=\"/handoffs/{home}\"")));
        [AT_HOME, AT_THE_CLINIC].map(|said| page.contains(said))
    };
    for user in ["hs", "sup"] {
        assert_eq!(review(user, &[]), [false, false], "{user}");
        assert_eq!(review(user, &[clinic]), [false, false], "{user}");
    }
    assert_eq!(review("hs", &[home, clinic]), [true, false]);
    assert_eq!(review("sup", &[home]), [true, true]);
    let (_, page) = asks(&town, &[], "GET", "/review", "");
    assert!(page.contains("opens with her record, after a reason is chosen"));
    let elsewhere = "The other was said in a record of another site.";
    let as_hers = |path: &str| asks_as(&town, ("hs", &[home]), "GET", path, "");
    assert!(as_hers("/review").1.contains(elsewhere));

    // The record itself keeps to the same.
    assert_eq!(as_hers(&format!("/handoffs/{clinic}")).0, 404);
    let (status, page) = as_hers(&format!("/handoffs/{home}"));
    assert!(status == 200 && page.contains(AT_HOME), "{page}");
    assert!(page.contains(elsewhere) && !page.contains(AT_THE_CLINIC));
    let (_, page) = asks(&town, &[home], "GET", &format!("/handoffs/{home}"), "");
    assert!(page.contains(AT_HOME) && page.contains(AT_THE_CLINIC));
}
