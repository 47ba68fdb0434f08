//! A new handoff: where, who, why. Whoever may be the same person is shown before a second record of hers is opened.
//! Nothing is offered by a machine; a person says that there is a need.

use super::may::{Action, Asking, Obstacle, later};
use super::when::{When, clock};
use crate::domain::code::{Instrument, NeedBasis, NeedKind, ScreenResult, Stage, Urgency};
use crate::domain::id::{DocumentId, EntryId, PatientId, SiteId, UserId};
use crate::domain::read::Summary;
use crate::refusal::{Problem, Refusal};
use crate::usecase::{Command, Desk, IdentifyNeed, OpenRecord, rehearse, rehearse_to};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What was chosen and typed so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandoffDraft {
    /// Where.
    pub site: Option<SiteId>,
    /// A patient who is known here.
    pub patient: Option<PatientId>,
    /// Her name, of a new one.
    pub name: String,
    /// On what ground.
    pub basis: Option<NeedBasis>,
    /// What kind of help.
    pub need: Option<NeedKind>,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// The screen that showed it.
    pub screen: Option<EntryId>,
    /// Who looks after it; whoever is designated if left out.
    pub owner: Option<UserId>,
}

/// The screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewHandoffScreen {
    /// Sites where the signed-in person works, by name.
    pub sites: Vec<SiteRow>,
    /// The site that is meant.
    pub site: Option<SiteId>,
    /// Patients of this device who may be meant, the closest first.
    pub known: Vec<KnownRow>,
    /// Grounds, in order.
    pub bases: Vec<NeedBasis>,
    /// Kinds of help, in order.
    pub needs: Vec<NeedKind>,
    /// How soon, in order.
    pub urgencies: Vec<Urgency>,
    /// Screens of the record at hand that may show the need, the newest first.
    pub screens: Vec<ScreenRow>,
    /// Who will look after it, unless somebody else is named.
    pub owner: Option<String>,
    /// The record can be opened.
    pub can_open: bool,
    /// The handoff can begin, in the record at hand or in the one to be opened.
    pub can_begin: bool,
    /// What stands before it.
    pub problems: Vec<Obstacle>,
    /// The command that opens the record; none in a record that is open.
    pub open: Option<Command>,
    /// The command that begins the handoff in the record at hand; after opening, that of the new record.
    pub begin: Option<Command>,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SiteRow {
    /// Which.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// Who is designated there today.
    pub primary: Option<String>,
    /// Who steps in.
    pub backup: Option<String>,
}

/// A patient who is known here.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KnownRow {
    /// Who.
    pub patient: PatientId,
    /// Her name.
    pub name: String,
    /// Her birth date, to tell two of one name apart.
    pub born_on: Option<Date>,
    /// Her newest record.
    pub record: DocumentId,
    /// Where it stands.
    pub stage: Stage,
    /// It holds a handoff whose loop is open: go on there.
    pub has_open_handoff: bool,
    /// The name is the very same.
    pub is_same_name: bool,
}

/// A screen that may show the need.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenRow {
    /// Which.
    pub screen: EntryId,
    /// The instrument.
    pub instrument: Instrument,
    /// Its result in a word.
    pub result: ScreenResult,
    /// When.
    pub when: When,
}

impl HandoffDraft {
    fn need(&self, record: DocumentId, basis: NeedBasis) -> IdentifyNeed {
        IdentifyNeed {
            record,
            basis,
            need: self.need,
            urgency: self.urgency,
            screen: self.screen,
            owner: self.owner.clone(),
            encounter: None,
            at: None,
        }
    }
}

fn empty(field: &'static str) -> Refusal {
    Refusal::Invalid {
        field,
        problem: Problem::Empty,
    }
}

impl NewHandoffScreen {
    /// The screen with what was typed so far; in the record at hand, or for one to be opened.
    pub fn of(desk: &Desk<'_>, draft: &HandoffDraft, records: &[Summary]) -> Self {
        let mut asking = Asking::at(desk);
        let sites = sites(desk);
        let home = desk.record.and_then(|r| r.site.clone());
        let only = || match sites.as_slice() {
            [one] => Some(one.site.clone()),
            _ => None,
        };
        let site = home.or_else(|| draft.site.clone()).or_else(only);
        let name = draft.name.trim();
        let new = OpenRecord {
            site: site.clone().unwrap_or_else(|| SiteId::from("")),
            patient: draft.patient,
            preferred_name: (draft.patient.is_none() && !name.is_empty()).then(|| name.to_owned()),
            at: None,
        };
        let is_named = draft.patient.is_some() || !name.is_empty();
        let (can_open, can_begin, open, begin);
        if let Some(record) = desk.record {
            (can_open, open) = (false, None);
            begin = draft
                .basis
                .map(|basis| Command::IdentifyNeed(draft.need(record.id, basis)));
            can_begin = asking.may_if(Action::Identify, begin.clone(), empty("basis"));
        } else {
            let command = (site.is_some() && is_named).then_some(Command::OpenRecord(new));
            let lacking = empty(if site.is_none() { "site" } else { "name" });
            can_open = asking.may_if(Action::OpenRecord, command.clone(), lacking);
            can_begin = can_open
                && match draft.basis {
                    Some(basis) => after_opening(desk, draft, command.clone(), basis)
                        .map_or_else(|why| asking.no(Action::Identify, why), |()| true),
                    None => asking.no(Action::Identify, empty("basis")),
                };
            (open, begin) = (command, None);
        }
        Self {
            known: if desk.record.is_some() {
                Vec::new()
            } else {
                known(name, records)
            },
            bases: NeedBasis::ALL.to_vec(),
            needs: NeedKind::ALL.to_vec(),
            urgencies: Urgency::ALL.to_vec(),
            screens: screens(desk),
            owner: owner(desk, draft, site.as_ref()),
            sites,
            site,
            can_open,
            can_begin,
            problems: asking.problems,
            open,
            begin,
        }
    }
}

/// Could the handoff begin in the record, once it is open?
fn after_opening(
    desk: &Desk<'_>,
    draft: &HandoffDraft,
    open: Option<Command>,
    basis: NeedBasis,
) -> Result<(), Refusal> {
    let open = open.ok_or(empty("name"))?;
    let documents = rehearse_to(open, desk, None)?;
    let record = documents
        .into_iter()
        .next()
        .ok_or(Refusal::NotHere("the record"))?;
    let begin = Command::IdentifyNeed(IdentifyNeed {
        screen: None,
        ..draft.need(record.id, basis)
    });
    later(desk, record, |desk| Some(rehearse(begin, desk, None)))
        .unwrap_or(Err(Refusal::NotHere("the patient")))
}

fn sites(desk: &Desk<'_>) -> Vec<SiteRow> {
    let name = |user: &UserId| desk.sheet.name_of(user).to_owned();
    let mut sites: Vec<SiteRow> = desk
        .sheet
        .sites
        .iter()
        .filter(|site| desk.person.works_at(&site.id))
        .map(|site| {
            let today = desk.now.to_zoned(desk.sheet.site_zone(&site.id)).date();
            let shift = desk.sheet.shift(&site.id, today);
            SiteRow {
                site: site.id.clone(),
                name: site.name.clone(),
                primary: shift.map(|s| name(&s.primary)),
                backup: shift.and_then(|s| s.backup.as_ref()).map(name),
            }
        })
        .collect();
    sites.sort_by(|a, b| a.name.cmp(&b.name));
    sites
}

fn owner(desk: &Desk<'_>, draft: &HandoffDraft, site: Option<&SiteId>) -> Option<String> {
    let named = draft.owner.as_ref();
    let designated = site.and_then(|site| {
        let today = desk.now.to_zoned(desk.sheet.site_zone(site)).date();
        desk.sheet.shift(site, today).map(|s| &s.primary)
    });
    named
        .or(designated)
        .map(|user| desk.sheet.name_of(user).to_owned())
}

/// Those whose name begins like, or holds, what was typed; every patient once.
fn known(typed: &str, records: &[Summary]) -> Vec<KnownRow> {
    let typed = typed.to_lowercase();
    if typed.is_empty() {
        return Vec::new();
    }
    let mut rows: Vec<KnownRow> = Vec::new();
    for record in records {
        let (Some(patient), Some(name)) = (record.patient, record.name.as_ref()) else {
            continue;
        };
        if !name.to_lowercase().contains(&typed) {
            continue;
        }
        let open = record.is_open();
        if let Some(row) = rows.iter_mut().find(|r| r.patient == patient) {
            // The record in which a handoff is open comes before a newer one without.
            if (open, record.record) > (row.has_open_handoff, row.record) {
                (row.record, row.stage) = (record.record, record.stage);
                row.has_open_handoff = open;
            }
            continue;
        }
        rows.push(KnownRow {
            patient,
            name: name.clone(),
            born_on: record.born_on,
            record: record.record,
            stage: record.stage,
            has_open_handoff: open,
            is_same_name: name.trim().to_lowercase() == typed,
        });
    }
    let begins = |row: &KnownRow| row.name.to_lowercase().starts_with(&typed);
    rows.sort_by(|a, b| {
        let rank = |row: &KnownRow| (!row.is_same_name, !begins(row));
        (rank(a), &a.name, a.patient).cmp(&(rank(b), &b.name, b.patient))
    });
    rows
}

fn screens(desk: &Desk<'_>) -> Vec<ScreenRow> {
    let zone = clock(desk);
    let mut rows: Vec<ScreenRow> = desk
        .record
        .iter()
        .flat_map(|r| &r.screens)
        .filter(|s| {
            desk.patient
                .is_none_or(|p| !p.repeated.contains(&s.entry.id))
        })
        .map(|s| ScreenRow {
            screen: s.entry.id,
            instrument: s.instrument,
            result: s.result,
            when: When::of(s.entry.occurred_at.timestamp(), &zone, desk.now),
        })
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.when.at), row.screen));
    rows
}
