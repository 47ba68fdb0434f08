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
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Her id here.
    pub patient: PatientId,
    /// How she wants to be called.
    pub name: Option<&'a str>,
    /// Her birth date.
    pub born_on: Option<Date>,
    /// On which numbers she may be called.
    pub numbers: &'a [String],
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
            numbers: &self.numbers,
            links: &self.links,
            has_open_flag: self.has_open_flag(),
        })
    }
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
        one.name = side.name.map(|n| n.trim().to_lowercase());
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
