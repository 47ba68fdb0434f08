//! What is at whose sites. Whatever is at no site of the sheet, since that was changed or nobody can say, is not nobody's:
//! it is before whoever looks after all of them.

use crate::dashboard::devices::looks_after_all;
use crate::store::{QuarantineRow, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::domain::code::Role;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::{DocumentId, PatientId, SiteId};
use warmhand_core::domain::organisation::{Organisation, Person, Site};

/// Does she see what is at no site? Whoever looks after the organisation as a whole does; where the sheet names nobody for
/// that, whoever has each of its sites; and where there is nobody of those either, every supervisor.
pub(super) fn sees_all(sheet: &Organisation, person: &Person) -> bool {
    let has_each = |person: &Person| {
        let is_hers = |site: &Site| person.has_role_at(Role::Supervisor, &site.id);
        sheet.sites.iter().all(is_hers)
    };
    let nobody = |is_one: &dyn Fn(&Person) -> bool| !sheet.people.iter().any(is_one);
    looks_after_all(person)
        || nobody(&looks_after_all)
            && (has_each(person) || nobody(&has_each) && person.has_role(Role::Supervisor))
}

/// Her sites on the sheet; and, if she sees everything, those that it no longer names and records still do.
pub(super) fn sites(snapshot: &Snapshot, person: &Person, sees_all: bool) -> Vec<SiteId> {
    let sheet = &snapshot.sheet;
    let on_the_sheet = sheet.sites.iter().map(|s| &s.id);
    let hers = on_the_sheet.filter(|site| person.has_role_at(Role::Supervisor, site));
    let named = snapshot.records.iter().filter_map(|r| r.site.as_ref());
    let gone: BTreeSet<&SiteId> = named
        .filter(|site| sees_all && sheet.site(site).is_none())
        .collect();
    hers.chain(gone).cloned().collect()
}

/// What is kept aside of the records of these sites, or of one that would begin there; where neither says where a patient
/// is seen, of whoever works there. What nobody of the sheet wrote, for no site that is known, is at none.
pub(super) fn retain_at(aside: &mut Vec<QuarantineRow>, snapshot: &Snapshot, sites: &[SiteId]) {
    let begun: Vec<(DocumentId, PatientId, SiteId)> = aside.iter().filter_map(begins).collect();
    let whose = |row: &QuarantineRow| Some((row.doc, row.patient?));
    let whose: BTreeMap<DocumentId, PatientId> = aside.iter().filter_map(whose).collect();
    let is_here = |site: Option<&SiteId>| site.is_some_and(|site| sites.contains(site));
    aside.retain(|row| {
        if let Some(own) = snapshot.records.iter().find(|r| r.record == row.doc) {
            return is_here(own.site.as_ref());
        }
        // Where her records are is known; where somebody says that she is seen only says something while there are none.
        let patient = whose.get(&row.doc);
        let hers = snapshot
            .records
            .iter()
            .filter(|r| patient.is_some() && r.patient.as_ref() == patient);
        let mut hers = hers.map(|r| r.site.as_ref()).peekable();
        if hers.peek().is_some() {
            return hers.any(is_here);
        }
        let to_come = |(doc, of, _): &&(DocumentId, PatientId, SiteId)| {
            *doc == row.doc || Some(of) == patient
        };
        let mut to_come = begun.iter().filter(to_come).peekable();
        if to_come.peek().is_some() {
            return to_come.any(|(_, _, site)| is_here(Some(site)));
        }
        let person = snapshot.sheet.person(&row.user);
        person.is_some_and(|p| sites.iter().any(|s| p.works_at(s)))
    });
}

/// Which document would begin with this, whose, and where.
fn begins(row: &QuarantineRow) -> Option<(DocumentId, PatientId, SiteId)> {
    row.entries.iter().find_map(|entry| {
        let (patient, site) = match &entry.body {
            Body::RecordOpened(opened) => (opened.patient, &opened.site),
            Body::ScreensOpened(opened) => (opened.patient, &opened.site),
            Body::SudOpened(opened) => (opened.patient, &opened.site),
            _ => return None,
        };
        Some((row.doc, patient, site.clone()))
    })
}
