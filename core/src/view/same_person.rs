//! Two patients who may be one person: side by side, never merged by a machine. A supervisor says what they are, and may
//! take it back.

use super::may::{Action, Asking, Obstacle, would};
use crate::domain::id::{DocumentId, PatientId};
use crate::domain::join::Patient;
use crate::domain::read::same_as;
use crate::store::ListRow;
use crate::usecase::{Command, Desk, LinkPatients, UnlinkPatients};
use jiff::civil::Date;
use serde::Serialize;

/// The screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SamePersonScreen {
    /// The patient of the record at hand, and the other.
    pub sides: [PersonSide; 2],
    /// She may say that they are one person.
    pub can_link: bool,
    /// She may propose it.
    pub can_propose: bool,
    /// She may say that they are not.
    pub can_unlink: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
    /// The command that says that they are, or proposes it.
    pub link: Command,
    /// The command that says that they are not.
    pub unlink: Command,
}

/// What is known of one of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonSide {
    /// Who.
    pub patient: PatientId,
    /// Her name, as far as is known.
    pub name: Option<String>,
    /// Her birth date.
    pub born_on: Option<Date>,
    /// Her numbers.
    pub numbers: Vec<String>,
    /// Her records.
    pub records: Vec<DocumentId>,
    /// Somebody has to look after a safety flag of hers.
    pub has_open_flag: bool,
}

/// Another patient who may be she, at the side of what is shown of her.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SameAs {
    /// The other.
    pub patient: PatientId,
    /// A supervisor said so; else it is a suspicion.
    pub is_linked: bool,
    /// Somebody has to look after a safety flag of the other.
    pub has_open_flag: bool,
}

impl SameAs {
    /// All who may be this patient, over the records of a device.
    pub fn of(patient: PatientId, records: &[ListRow]) -> Vec<Self> {
        let pairs = same_as(patient, records.iter().filter_map(ListRow::side));
        let other = |[a, b]: [PatientId; 2]| match patient {
            p if p == a => Some(b),
            p if p == b => Some(a),
            _ => None,
        };
        let flagged = |id| {
            let hers = |row: &ListRow| row.patient == Some(id) && row.has_open_flag;
            records.iter().any(hers)
        };
        pairs
            .into_iter()
            .filter_map(|pair| Some((other(pair.patients)?, pair.linked)))
            .map(|(other, is_linked)| Self {
                patient: other,
                is_linked,
                has_open_flag: flagged(other),
            })
            .collect()
    }
}

impl SamePersonScreen {
    /// The patient of the record at hand beside another.
    pub fn of(desk: &Desk<'_>, other: &Patient) -> Option<Self> {
        let (patient, record) = desk.patient.zip(desk.record)?;
        let link = |proposed| {
            Command::LinkPatients(LinkPatients {
                record: record.id,
                patient: other.id,
                proposed,
                accepts: None,
                at: None,
            })
        };
        let unlink = Command::UnlinkPatients(UnlinkPatients {
            record: record.id,
            patient: other.id,
            at: None,
        });
        let mut asking = Asking::at(desk);
        let can_link = asking.may(Action::LinkPatients, link(Some(false)));
        let can_unlink = asking.may(Action::UnlinkPatients, unlink.clone());
        Some(Self {
            sides: [side(patient), side(other)],
            can_link,
            can_propose: would(desk, link(Some(true))),
            can_unlink,
            problems: asking.problems,
            link: link(None),
            unlink,
        })
    }
}

fn side(patient: &Patient) -> PersonSide {
    PersonSide {
        patient: patient.id,
        name: patient.name().map(str::to_owned),
        born_on: patient.born_on(),
        numbers: patient.distinct_numbers(),
        records: patient.records.iter().map(|r| r.id).collect(),
        has_open_flag: patient.open_flags().next().is_some(),
    }
}
