//! Who sees what, told from the log alone: what entries say, who works where by the sheet, who works on which device, all
//! read as plain JSON. It shares neither fold nor scope nor interval with the product: a wrong rule there is seen here.
//!
//! Access is by patient. Her records are seen by whoever has clinical work at a site where something of her took place,
//! looks after one of them, or wrote in one; what she answered by nurses, coordinators and providers among these, and by who
//! took it down; what she answered about alcohol and drugs by providers of the site, by who looks after her and by who
//! took it down. What is said of a practice is seen by everybody. A device in service sees what its people see.

mod record;

use super::look::{self, AcceptedChange, Told};
use record::{Kind, Record};
use rusqlite::Connection;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, DocumentId, UserId};

const CLINICAL: [&str; 6] = [
    "nurse",
    "doula",
    "assistant",
    "coordinator",
    "provider",
    "supervisor",
];
const READ_ANSWERS: [&str; 3] = ["nurse", "coordinator", "provider"];

/// Does somebody see something?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sees {
    /// She must not.
    #[default]
    No,
    /// That hangs on a question which waits for a person.
    Perhaps,
    /// She must.
    Yes,
}

/// A role, and at which sites; at all if none is named.
type Work = (String, Vec<String>);

/// What a device sees of a document: since which row without a break, or from which row no more.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    sees: Sees,
    since: u64,
    lost: Option<u64>,
}

/// Who sees what, as of a row.
#[derive(Debug, Default)]
pub struct Sight {
    /// The row.
    pub row: u64,
    /// The chain up to it.
    pub chain: [u8; 32],
    /// The first row that does not hold.
    pub broken: Option<u64>,
    people: BTreeMap<UserId, Vec<Work>>,
    on: BTreeMap<DeviceId, BTreeSet<UserId>>,
    revoked: BTreeSet<DeviceId>,
    records: BTreeMap<DocumentId, Record>,
    seen: BTreeMap<(DeviceId, DocumentId), Seen>,
    /// Whatever has ever been the head: within a transaction nothing is told.
    heads: BTreeSet<(u64, [u8; 32])>,
    /// Those of this log.
    ends: BTreeSet<u64>,
}

impl Sight {
    /// Reads on to the end of the log; from its beginning if it is another one.
    pub fn follow(&mut self, db: &Connection, accepted: &BTreeMap<ChangeHash, AcceptedChange>) {
        if self.row > 0 && look::chain_at(db, self.row).as_deref() != Some(&self.chain[..]) {
            let heads = std::mem::take(&mut self.heads);
            *self = Self {
                heads,
                ..Self::default()
            };
        }
        for row in look::log_after(db, self.row, self.chain) {
            (self.row, self.chain) = (row.seq, row.chain);
            let is_so = row.holds && self.take(db, accepted, &row.told);
            if !is_so {
                self.broken.get_or_insert(row.seq);
            }
            if self.heads.contains(&(row.seq, row.chain)) {
                self.ends.insert(row.seq);
            }
        }
        self.heads.insert((self.row, self.chain));
        self.ends.insert(self.row);
    }

    /// Takes one row. Says whether what it speaks of is so.
    fn take(
        &mut self,
        db: &Connection,
        accepted: &BTreeMap<ChangeHash, AcceptedChange>,
        told: &Told,
    ) -> bool {
        let mut whose = None;
        match told {
            Told::Change(doc, hash) => {
                // Of what was erased since there is only the row.
                let Some(change) = accepted.get(hash) else {
                    return look::erased(db).contains(doc);
                };
                let record = self.records.entry(*doc).or_default();
                change
                    .entries
                    .iter()
                    .for_each(|(_, text)| record.read(text));
                whose = Some(record.patient.clone());
            }
            Told::Sheet(version, digest) => {
                let text = look::sheet_of(db, *version);
                self.people = people(&text);
                self.look_again(None);
                return Sha256::digest(text).as_slice() == digest;
            }
            Told::PersonOn(device, user) => {
                self.on.entry(*device).or_default().insert(user.clone());
            }
            Told::PersonOff(device, user) => {
                self.on.entry(*device).or_default().remove(user);
            }
            Told::Revoked(device) => {
                self.revoked.insert(*device);
            }
            Told::Reinstated(device) => {
                self.revoked.remove(device);
            }
            Told::Erased(doc) => {
                whose = self.records.remove(doc).map(|record| record.patient);
                self.seen.retain(|(_, seen), _| seen != doc);
            }
            Told::Else => return true,
        }
        self.look_again(whose.as_deref());
        true
    }

    /// What each device sees of everything, or of what is this patient's, from this row on.
    fn look_again(&mut self, whose: Option<&str>) {
        for (doc, record) in &self.records {
            if whose.is_some_and(|patient| patient != record.patient) {
                continue;
            }
            for (device, people) in &self.on {
                let in_service = !self.revoked.contains(device);
                let people = people.iter().filter(|_| in_service);
                let sees = people.map(|user| self.person(user, record)).max();
                let (seen, sees) = (self.seen.entry((*device, *doc)), sees.unwrap_or_default());
                let seen = seen.or_default();
                if sees == Sees::Yes && seen.sees != Sees::Yes {
                    seen.since = self.row;
                }
                if sees == Sees::No && seen.sees != Sees::No {
                    seen.lost = Some(self.row);
                } else if sees != Sees::No {
                    seen.lost = None;
                }
                seen.sees = sees;
            }
        }
    }

    /// Does a person see a document?
    fn person(&self, user: &UserId, document: &Record) -> Sees {
        let Some(work) = self.people.get(user) else {
            return Sees::No;
        };
        let works = |roles: &[&str], site: Option<&String>| {
            work.iter().any(|(role, sites)| {
                let is_there = site.is_none_or(|site| sites.is_empty() || sites.contains(site));
                roles.contains(&role.as_str()) && is_there
            })
        };
        let roles: &[&str] = match document.kind {
            Kind::Partner => return Sees::Yes,
            Kind::Record => &CLINICAL,
            Kind::Screens => &READ_ANSWERS,
            Kind::Sud => &["provider"],
        };
        let hers = || {
            let all = self.records.values();
            all.filter(|other| other.patient == document.patient)
        };
        let at_a_site = hers().any(|r| r.sites.iter().any(|site| works(roles, Some(site))));
        let reads = document.kind == Kind::Record || works(&READ_ANSWERS, None);
        let wrote = hers().any(|record| record.authors.contains(user));
        let by_writing =
            document.authors.contains(user) || wrote && reads && document.kind != Kind::Sud;
        if at_a_site || by_writing {
            return Sees::Yes;
        }
        let owns = hers().filter_map(|record| record.owners.get(user).filter(|_| reads));
        owns.copied().max().unwrap_or_default()
    }

    /// The row with which a device had to hear of what began or ended at one.
    fn told_with(&self, row: u64) -> u64 {
        self.ends.range(row..).next().copied().unwrap_or(self.row)
    }

    fn of(&self, device: DeviceId) -> impl Iterator<Item = (DocumentId, Seen)> {
        let all = self.seen.iter().filter(move |((its, _), _)| *its == device);
        all.map(|((_, doc), seen)| (*doc, *seen))
    }

    /// What a device must see, with the row by which that was told.
    pub fn must(&self, device: DeviceId) -> BTreeMap<DocumentId, u64> {
        let all = self.of(device).filter(|(_, seen)| seen.sees == Sees::Yes);
        all.map(|(doc, seen)| (doc, self.told_with(seen.since)))
            .collect()
    }

    /// May it see this?
    pub fn may(&self, device: DeviceId, doc: DocumentId) -> bool {
        self.seen
            .get(&(device, doc))
            .is_some_and(|seen| seen.sees != Sees::No)
    }

    /// What it saw once and must not see any more, with the row by which that was told.
    pub fn lost(&self, device: DeviceId) -> BTreeMap<DocumentId, u64> {
        let all = self.of(device);
        all.filter_map(|(doc, seen)| Some((doc, self.told_with(seen.lost?))))
            .collect()
    }

    /// Every document, and whether somebody sees it.
    pub fn documents(&self) -> impl Iterator<Item = (DocumentId, bool)> {
        let sees = |record| {
            self.people
                .keys()
                .any(|user| self.person(user, record) != Sees::No)
        };
        self.records
            .iter()
            .map(move |(doc, record)| (*doc, sees(record)))
    }
}

/// Who works where, by a sheet.
fn people(sheet: &str) -> BTreeMap<UserId, Vec<Work>> {
    let sheet: Value = serde_json::from_str(sheet).expect("JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let work = |role: &Value| {
        (
            word(&role["role"]),
            list(&role["sites"]).iter().map(word).collect(),
        )
    };
    let person = |person: &Value| {
        let work = list(&person["roles"]).iter().map(work).collect();
        (UserId(word(&person["id"])), work)
    };
    list(&sheet["people"]).iter().map(person).collect()
}
