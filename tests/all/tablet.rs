//! One tablet, people who may not all see the same: what is laid before each is hers, what waits is counted of all, and a
//! worry is nobody's to turn away.

#[path = "tablet/hands.rs"]
mod hands;
#[path = "tablet/hidden.rs"]
mod hidden;
#[path = "tablet/lists.rs"]
mod lists;
#[path = "tablet/worry.rs"]
mod worry;

use serde_json::json;
use warmhand_core::domain::id::{DocumentId, PatientId};
use warmhand_server::store::Store;
use warmhand_tests::organisation::SHEET;
use warmhand_tests::town::{Phone, Town};

/// The sheet with this in place of that.
fn sheet(pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(SHEET.to_owned(), |sheet, (from, to)| {
        let changed = sheet.replacen(from, to, 1);
        assert_ne!(changed, sheet, "{from}");
        changed
    })
}

/// Ngozi is a nurse of the clinic alone.
const APART: (&str, &str) = (
    r#""name": "Ngozi Okafor", "roles": [{"role": "nurse", "sites": ["home", "clinic"]}]"#,
    r#""name": "Ngozi Okafor", "roles": [{"role": "nurse", "sites": ["clinic"]}]"#,
);

/// Whoever takes the tablet in hand.
fn hand(tablet: &mut Phone, town: &Town, user: &str) {
    tablet.does(town, json!({"SwitchUser": {"user": user}}));
}

/// A patient with a birth date, somebody worried about her.
fn opens(tablet: &mut Phone, town: &Town, site: &str, name: &str) -> (DocumentId, PatientId) {
    let made = tablet.does(
        town,
        json!({"OpenRecord": {"site": site, "preferred_name": name}}),
    );
    let (record, patient) = (made.record.unwrap(), made.patient.unwrap());
    let about = json!({"DescribePatient": {"record": record, "born_on": "1997-05-06", "callback": "555-0110"}});
    tablet.does(town, about);
    for command in [
        json!({"StartEncounter": {"record": record, "setting": "home"}}),
        json!({"IdentifyNeed": {"record": record, "basis": "judgement", "owner": "n1"}}),
        json!({"OfferHandoff": {"record": record, "mode": "phone"}}),
        json!({"RecordDecision": {"record": record, "value": "agreed"}}),
        json!({"RecordContact": {"record": record, "with": "partner", "partner": "har", "outcome": "left_voicemail"}}),
        json!({"RaiseSafety": {"record": record, "reason": "staff_concern"}}),
    ] {
        let mut command = command;
        if site == "clinic" && command.get("IdentifyNeed").is_some() {
            command["IdentifyNeed"]["owner"] = json!("n2");
        }
        town.wait(1);
        tablet.does(town, command);
    }
    (record, patient)
}

/// A tablet of two nurses of different sites and a supervisor of both, and a patient of each nurse.
struct Ward {
    town: Town,
    tablet: Phone,
    rosa: (DocumentId, PatientId),
    noor: (DocumentId, PatientId),
}

impl Ward {
    fn new(rosa: &str, noor: &str) -> Self {
        let town = Town::default();
        town.run(town.store().load_sheet(sheet(&[APART]))).unwrap();
        let mut tablet = town.device("tablet", &["n1", "n2", "sup"]);
        tablet.sync(&town);
        let rosa = opens(&mut tablet, &town, "home", rosa);
        hand(&mut tablet, &town, "n2");
        let noor = opens(&mut tablet, &town, "clinic", noor);
        Self {
            town,
            tablet,
            rosa,
            noor,
        }
    }

    fn hand(&mut self, user: &str) {
        hand(&mut self.tablet, &self.town, user);
    }

    /// The same just written, written down in the index, and after a start.
    fn each_time(mut self, mut look: impl FnMut(&mut Self)) {
        look(&mut self);
        self.tablet.sync(&self.town);
        look(&mut self);
        self.tablet.restart();
        look(&mut self);
    }
}
