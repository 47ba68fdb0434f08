//! Two patients who may be one person: found over all records that are here, never merged by a machine. Until a
//! supervisor has said what they are, a safety flag of the one is shown with the other.

use super::Summary;
use crate::domain::code::ReviewKind;
use crate::domain::fold::bare_number;
use crate::domain::id::{DerivedId, EntryId, PatientId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Two patients, suspected or said to be one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamePerson {
    /// Derived from the two patients.
    pub id: DerivedId,
    /// Always `same_person`.
    pub kind: ReviewKind,
    /// Who, by id.
    pub patients: [PatientId; 2],
    /// A supervisor said that they are; else it is a suspicion.
    pub linked: bool,
    /// Somebody has to look after a safety flag of one of them.
    pub open_flag: bool,
}

#[derive(Default)]
struct Known {
    name: Option<String>,
    born_on: Option<Date>,
    numbers: BTreeSet<String>,
    open_flag: bool,
}

impl Known {
    /// The same name, and the same birth date or number.
    fn resembles(&self, other: &Self) -> bool {
        let name = self.name.is_some() && self.name == other.name;
        let born = self.born_on.is_some() && self.born_on == other.born_on;
        let differ =
            self.born_on.is_some() && other.born_on.is_some() && self.born_on != other.born_on;
        name && (born || !differ && !self.numbers.is_disjoint(&other.numbers))
    }
}

/// What one record says of who its patient is.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// Her id here.
    pub patient: PatientId,
    /// How she wants to be called.
    pub name: Option<&'a str>,
    /// Her birth date.
    pub born_on: Option<Date>,
    /// Her numbers, for calls or for texts.
    pub numbers: Vec<&'a str>,
    /// Patients said to be the same person, or not.
    pub links: &'a [([PatientId; 2], bool)],
    /// Somebody has to look after a safety flag raised in it.
    pub has_open_flag: bool,
}

impl Summary {
    /// What this record says of who its patient is.
    pub fn side(&self) -> Option<Side<'_>> {
        Some(Side {
            patient: self.patient?,
            name: self.name.as_deref(),
            born_on: self.born_on,
            numbers: self.numbers.iter().map(|n| n.number.as_str()).collect(),
            links: &self.links,
            has_open_flag: self.has_open_flag(),
        })
    }
}

/// By which names are compared.
fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The pairs that one patient is in: only those of her name, and whoever was said to be she or not, are looked at.
pub fn same_as<'a>(
    patient: PatientId,
    sides: impl Iterator<Item = Side<'a>> + Clone,
) -> Vec<SamePerson> {
    let hers = sides.clone().filter(|side| side.patient == patient);
    let name = hers.filter_map(|side| side.name.map(plain)).last();
    let said = sides
        .clone()
        .flat_map(|side| side.links)
        .map(|(pair, _)| *pair);
    let said: BTreeSet<PatientId> = said
        .filter(|pair| pair.contains(&patient))
        .flatten()
        .collect();
    let is_near = |side: &Side<'_>| {
        side.patient == patient
            || said.contains(&side.patient)
            || name.is_some() && side.name.map(plain) == name
    };
    let mut pairs = same_people(sides.filter(is_near));
    pairs.retain(|pair| pair.patients.contains(&patient));
    pairs
}

/// Every pair that is suspected or linked, less those that a supervisor said are two.
pub fn same_person(records: &[Summary]) -> Vec<SamePerson> {
    same_people(records.iter().filter_map(Summary::side))
}

/// The same over what records say, however they are kept.
pub fn same_people<'a>(sides: impl Iterator<Item = Side<'a>>) -> Vec<SamePerson> {
    let mut known: BTreeMap<PatientId, Known> = BTreeMap::new();
    let mut said: BTreeMap<[PatientId; 2], bool> = BTreeMap::new();
    for side in sides {
        let one = known.entry(side.patient).or_default();
        one.name = side.name.map(plain);
        one.born_on = side.born_on.or(one.born_on);
        one.numbers
            .extend(side.numbers.iter().map(|n| bare_number(n)));
        one.open_flag |= side.has_open_flag;
        for (pair, same) in side.links {
            // Said both ways in two records: they stay apart, and the question stays open.
            said.entry(*pair)
                .and_modify(|was| *was &= *same)
                .or_insert(*same);
        }
    }
    let mut by_name: BTreeMap<&str, Vec<PatientId>> = BTreeMap::new();
    for (patient, one) in &known {
        if let Some(name) = &one.name {
            by_name.entry(name).or_default().push(*patient);
        }
    }
    let mut pairs: BTreeMap<[PatientId; 2], bool> = said
        .iter()
        .filter(|(_, same)| **same)
        .map(|(pair, _)| (*pair, true))
        .collect();
    for named in by_name.values() {
        for (at, a) in named.iter().enumerate() {
            for b in named.iter().skip(at + 1) {
                let alike = known
                    .get(a)
                    .zip(known.get(b))
                    .is_some_and(|(a, b)| a.resembles(b));
                if alike && !said.contains_key(&[*a, *b]) {
                    pairs.insert([*a, *b], false);
                }
            }
        }
    }
    let flagged = |id: &PatientId| known.get(id).is_some_and(|k| k.open_flag);
    pairs
        .into_iter()
        .map(|(patients, linked)| SamePerson {
            id: DerivedId::derive(
                ReviewKind::SamePerson.as_str(),
                &patients.map(|p| EntryId(p.0)),
            ),
            kind: ReviewKind::SamePerson,
            patients,
            linked,
            open_flag: patients.iter().any(flagged),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u128) -> PatientId {
        PatientId(Uuid::from_u128(n))
    }

    fn side<'a>(n: u128, name: &'a str, links: &'a [([PatientId; 2], bool)]) -> Side<'a> {
        Side {
            patient: id(n),
            name: Some(name),
            born_on: Some(jiff::civil::date(1996, 2, 3)),
            numbers: Vec::new(),
            links,
            has_open_flag: n == 4,
        }
    }

    #[test]
    fn of_one_patient_the_same_is_found_as_over_all() {
        let linked = [([id(1), id(4)], true)];
        let apart = [([id(2), id(3)], false)];
        let sides = [
            side(1, "Rosa", &linked),
            side(2, " rosa ", &[]),
            side(3, "ROSA", &apart),
            side(4, "Amina", &[]),
            side(5, "Ruth", &[]),
            side(1, "Rosa", &[]),
        ];
        let all = same_people(sides.iter().cloned());
        let pairs: Vec<_> = all
            .iter()
            .map(|pair| (pair.patients, pair.open_flag))
            .collect();
        assert_eq!(
            pairs,
            [
                ([id(1), id(2)], false),
                ([id(1), id(3)], false),
                ([id(1), id(4)], true)
            ]
        );
        for n in 1..=6 {
            let hers = all.iter().filter(|pair| pair.patients.contains(&id(n)));
            let hers: Vec<_> = hers.cloned().collect();
            assert_eq!(same_as(id(n), sides.iter().cloned()), hers, "{n}");
        }
    }
}
