//! A small organisation with every role, two sites and three practices. Invented people only.

use warmhand_core::domain::organisation::Organisation;

/// The sheet as JSON, as `organisation load` takes it.
pub const SHEET: &str = r#"{
  "name": "Test County Home Visiting", "zone": "America/New_York",
  "sites": [{"id": "home", "name": "Home visiting"}, {"id": "clinic", "name": "East clinic"}],
  "people": [
    {"id": "n1", "name": "Ana Duarte", "roles": [{"role": "nurse", "sites": ["home"]}]},
    {"id": "n2", "name": "Ngozi Okafor", "roles": [{"role": "nurse", "sites": ["home", "clinic"]}]},
    {"id": "d1", "name": "Lena Fischer", "roles": [{"role": "doula", "sites": ["home"]}]},
    {"id": "ma", "name": "Tam Nguyen", "roles": [{"role": "assistant", "sites": ["clinic"]}]},
    {"id": "c1", "name": "Carla Reyes", "roles": [{"role": "coordinator"}]},
    {"id": "p1", "name": "Dr. Patel", "roles": [{"role": "provider", "sites": ["clinic", "home"]}], "licensed_clinician": true},
    {"id": "sup", "name": "Maya Lindqvist", "roles": [{"role": "supervisor"}]},
    {"id": "adm", "name": "Jo Park", "roles": [{"role": "administrator"}]},
    {"id": "a2", "name": "Ola Berg", "roles": [{"role": "assistant", "sites": ["home", "clinic"]}]},
    {"id": "pp", "name": "Mia at Harbor", "roles": [{"role": "partner"}], "partner": "har"}
  ],
  "roster": [{"site": "home", "primary": "c1", "backup": "n2"}, {"site": "clinic", "primary": "ma", "backup": "c1"}],
  "partners": [
    {"id": "har", "name": "Harbor Counseling", "promise": {"value": 24, "unit": "clock_hours"},
     "contacts": [{"name": "Mia", "role": "intake", "channel": "voice", "value": "555-0142"}]},
    {"id": "jun", "name": "Juniper Clinic", "promise": {"value": 1, "unit": "business_days"},
     "contacts": [{"name": "Rosa", "channel": "voice", "value": "555-0171"}]},
    {"id": "inh", "name": "In-house counseling", "in_house": true}
  ]
}"#;

/// The sheet with one more supervisor, `hs`, of the home visits alone.
pub fn with_supervisor_of_home() -> String {
    let hers = r#""people": [
    {"id": "hs", "name": "Hanna Sund", "roles": [{"role": "supervisor", "sites": ["home"]}]},"#;
    SHEET.replacen(r#""people": ["#, hers, 1)
}

/// The sheet, read.
pub fn sheet() -> Organisation {
    Organisation::parse(SHEET).expect("the test organisation reads")
}
