//! Who plays in the demo: the devices with their people, who visits where, and the invented patients. Knows no rule and
//! no time.

use warmhand_core::domain::code::DeviceKind;

/// The sample organisation, as `organisation load` would take it.
pub const ORGANISATION: &str = include_str!("../../assets/demo/organisation.json");

/// Who signs in on the dashboard.
pub const SUPERVISOR: &str = "maya";

/// Her password: the demo's own, of no worth anywhere else.
pub const PASSWORD: &str = "warm hands in harbor county";

/// A device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name, as the dashboard shows it.
    pub name: &'static str,
    /// The name of its database file.
    pub file: &'static str,
    /// What it is.
    pub kind: DeviceKind,
    /// Who may work on it.
    pub people: &'static [&'static str],
    /// Where.
    pub site: &'static str,
    /// Minutes by which its clock is ahead.
    pub ahead_min: i64,
}

const fn phone(
    name: &'static str,
    file: &'static str,
    person: &'static [&'static str],
    site: &'static str,
) -> Member {
    Member {
        name,
        file,
        kind: DeviceKind::Phone,
        people: person,
        site,
        ahead_min: 0,
    }
}

const fn tablet(
    name: &'static str,
    file: &'static str,
    people: &'static [&'static str],
    site: &'static str,
) -> Member {
    Member {
        name,
        file,
        kind: DeviceKind::Tablet,
        people,
        site,
        ahead_min: 0,
    }
}

/// The devices; elsewhere a device is named by its place here.
pub const MEMBERS: [Member; 11] = [
    phone("Ana's phone", "ana-phone", &["ana"], "northside"),
    Member {
        ahead_min: 7,
        ..phone("Ngozi's phone", "ngozi-phone", &["ngozi"], "northside")
    },
    phone("Leila's phone", "leila-phone", &["leila"], "northside"),
    tablet(
        "Northside tablet",
        "northside-tablet",
        &["lima", "priya", "carla"],
        "northside",
    ),
    tablet("Carla's tablet", "carla-tablet", &["carla"], "northside"),
    phone("Mei-Lin's phone", "mei-phone", &["mei"], "bayview"),
    phone("Rosa's phone", "rosa-phone", &["rosa"], "bayview"),
    phone("Tamsin's phone", "tamsin-phone", &["tamsin"], "bayview"),
    tablet(
        "Bayview tablet 1",
        "bayview-tablet-1",
        &["patel", "sam", "jonas", "osei"],
        "bayview",
    ),
    tablet("Jonas's tablet", "jonas-tablet", &["jonas"], "bayview"),
    Member {
        ahead_min: 121,
        ..tablet(
            "Bayview tablet 2",
            "bayview-tablet-2",
            &["patel", "sam", "jonas"],
            "bayview",
        )
    },
];

/// The phone that falls silent with work that it could not send.
pub const SILENT_PHONE: usize = 7;

/// The tablet that lies in a drawer: two hours fast, silent, nothing unsent.
pub const SILENT_TABLET: usize = 10;

/// What a site has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Its code.
    pub site: &'static str,
    /// Who coordinates there.
    pub coordinator: &'static str,
    /// On which device of her own.
    pub tablet: usize,
    /// The device in the exam room.
    pub room: usize,
    /// Who provides there.
    pub provider: &'static str,
    /// The clinician on call, and her name.
    pub clinician: (&'static str, &'static str),
}

/// Northside.
pub const NORTHSIDE: Desk = Desk {
    site: "northside",
    coordinator: "carla",
    tablet: 4,
    room: 3,
    provider: "lima",
    clinician: ("lima", "Dr. Beatriz Lima"),
};

/// Bayview.
pub const BAYVIEW: Desk = Desk {
    site: "bayview",
    coordinator: "jonas",
    tablet: 9,
    room: 8,
    provider: "patel",
    clinician: ("osei", "Kwame Osei, LCSW"),
};

/// Somebody who sees patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Who.
    pub user: &'static str,
    /// On which device.
    pub device: usize,
    /// At which site.
    pub desk: Desk,
    /// In the patient's home, or in the clinic.
    pub home: bool,
    /// May fill in a screen with her.
    pub screens: bool,
}

const fn visits(user: &'static str, device: usize, desk: Desk, screens: bool) -> Visitor {
    Visitor {
        user,
        device,
        desk,
        home: true,
        screens,
    }
}

/// Those who visit homes.
pub const AT_HOME: [Visitor; 6] = [
    visits("ana", 0, NORTHSIDE, true),
    visits("mei", 5, BAYVIEW, true),
    visits("ngozi", 1, NORTHSIDE, true),
    visits("rosa", 6, BAYVIEW, true),
    visits("leila", 2, NORTHSIDE, false),
    visits("tamsin", SILENT_PHONE, BAYVIEW, false),
];

/// Those who see patients in the clinic.
pub const IN_CLINIC: [Visitor; 3] = [
    Visitor {
        user: "lima",
        device: 3,
        desk: NORTHSIDE,
        home: false,
        screens: true,
    },
    Visitor {
        user: "patel",
        device: 8,
        desk: BAYVIEW,
        home: false,
        screens: true,
    },
    Visitor {
        user: "patel",
        device: SILENT_TABLET,
        desk: BAYVIEW,
        home: false,
        screens: true,
    },
];

const FIRST: [&str; 41] = [
    "Imani",
    "Sofia",
    "Hannah",
    "Thuy",
    "Marisol",
    "Aaliyah",
    "Freya",
    "Noor",
    "Camila",
    "Jade",
    "Ifeoma",
    "Elena",
    "Sunita",
    "Rachel",
    "Xiomara",
    "Amina",
    "Brooke",
    "Yuki",
    "Valentina",
    "Denise",
    "Farah",
    "Lucía",
    "Tess",
    "Oluchi",
    "Mai",
    "Danielle",
    "Zahra",
    "Paloma",
    "Kiara",
    "Ingrid",
    "Soraya",
    "Winona",
    "Bianca",
    "Hye-jin",
    "Monique",
    "Alma",
    "Shreya",
    "Colleen",
    "Nadia",
    "Rosalind",
    "Talia",
];

const LAST: [&str; 29] = [
    "Brooks",
    "Mendez",
    "Lindgren",
    "Tran",
    "Okoye",
    "Haddad",
    "Castillo",
    "Whitaker",
    "Nguyen",
    "Rao",
    "Delgado",
    "Carver",
    "Petrov",
    "Yazzie",
    "Osman",
    "Fontaine",
    "Kim",
    "Barros",
    "Ellison",
    "Mbeki",
    "Sorensen",
    "Ortiz",
    "Chowdhury",
    "Flynn",
    "Adeyemi",
    "Park",
    "Silva",
    "Novak",
    "Greene",
];

/// The n-th patient's name: no two alike within a thousand.
pub fn patient(n: usize) -> String {
    let first = FIRST.get(n % FIRST.len()).copied().unwrap_or("Imani");
    let last = LAST
        .get((n * 7 + 3) % LAST.len())
        .copied()
        .unwrap_or("Brooks");
    format!("{first} {last}")
}

/// The n-th patient's number, of those that no telephone has.
pub fn callback(n: usize) -> String {
    format!("555-01{:02}", (n * 37 + 11) % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use warmhand_core::domain::code::Role;
    use warmhand_core::domain::organisation::Organisation;

    #[test]
    fn the_sample_organisation_reads_and_has_every_role_and_every_person_of_the_cast() {
        let sheet = Organisation::parse(ORGANISATION).unwrap();
        assert_eq!((sheet.sites.len(), sheet.partners.len()), (2, 3));
        for role in Role::ALL {
            assert!(
                sheet.people.iter().any(|p| p.has_role(*role)),
                "nobody is a {role}"
            );
        }
        for member in &MEMBERS {
            for user in member.people {
                let person = sheet.person(&(*user).into()).unwrap();
                assert!(
                    person.works_at(&member.site.into()),
                    "{user} does not work at {}",
                    member.site
                );
            }
        }
        for desk in [NORTHSIDE, BAYVIEW] {
            assert!(
                sheet
                    .person(&desk.clinician.0.into())
                    .unwrap()
                    .licensed_clinician
            );
            assert_eq!(sheet.name_of(&desk.clinician.0.into()), desk.clinician.1);
        }
    }

    #[test]
    fn no_two_patients_have_one_name() {
        let names: BTreeSet<String> = (0..1_000).map(patient).collect();
        assert_eq!(names.len(), 1_000);
    }
}
