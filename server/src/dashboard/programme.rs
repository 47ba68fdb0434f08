//! What pages are filled from: the records that a visitor may count, the devices, the sheet and the time. Knows no
//! database and no request; a page that is filled twice from the same programme says the same.

use super::page::{Counts, Frame, Place, counted};
use super::words;
use crate::check::Checked;
use crate::store::{LossRow, QuarantineRow, is_silent};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::sync::Arc;
use warmhand_core::domain::id::{DeviceId, SiteId, UserId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::Summary;
use warmhand_core::domain::time;

/// A clock that is off by more than this is marked.
pub const CLOCK_OFF_MS: i64 = 5 * 60 * 1000;

/// Who looks at the pages.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Her code.
    pub user: UserId,
    /// Her token against forged forms.
    pub csrf: String,
    /// The sites that she may see.
    pub sites: Vec<SiteId>,
}

/// Everything that pages are filled from.
#[derive(Clone, Debug)]
pub struct Programme {
    /// The sheet.
    pub sheet: Arc<Organisation>,
    /// The records at the visitor's sites, shared with whoever else looks.
    pub kept: Vec<Arc<Summary>>,
    /// The devices of the visitor's sites.
    pub devices: Vec<DeviceSeen>,
    /// Work of the visitor's sites that is kept aside, for a person to decide.
    pub aside: Vec<QuarantineRow>,
    /// What is missing at whichever site, since it does not read.
    pub missing: Missing,
    /// What the last check of the database came to.
    pub checked: Option<Checked>,
    /// As known at.
    pub now: Timestamp,
}

/// What does not read, and is on no page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Missing {
    /// Patients.
    pub patients: usize,
    /// Changes that are kept aside.
    pub aside: usize,
}

impl Missing {
    /// For every page, loudly; none if nothing is missing.
    pub fn sentence(self) -> Option<String> {
        let counted =
            |n: usize, one, many| counted(u32::try_from(n).unwrap_or(u32::MAX), one, many);
        let patients = (self.patients > 0).then(|| {
            let patients = counted(self.patients, "patient", "patients");
            format!("records of {patients}")
        });
        let aside = (self.aside > 0).then(|| {
            let pieces = counted(self.aside, "piece of work", "pieces of work");
            format!("{pieces} kept aside")
        });
        let what: Vec<_> = patients.into_iter().chain(aside).collect();
        (!what.is_empty()).then(|| {
            format!(
                "Cannot be read: {}. Figures and lists are without that. Call whoever looks after the server today; the data folder is to stay as it is.",
                what.join(" and ")
            )
        })
    }
}

/// A device as the server last saw it.
#[derive(Clone, Debug)]
pub struct DeviceSeen {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// `phone` or `tablet`.
    pub kind: String,
    /// Who may work on it.
    pub people: Vec<UserId>,
    /// When it last spoke.
    pub last_seen_at: Option<Timestamp>,
    /// Unsent changes then.
    pub unsent: u32,
    /// When something of an unsent record falls due.
    pub next_due_at: Option<Timestamp>,
    /// Its clock: device minus server.
    pub offset_ms: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// What went with it, then.
    pub loss: Option<LossRow>,
    /// It was enrolled here, or somebody has said since whose it is.
    pub is_confirmed: bool,
    /// While it is not: who worked on it, as far as the journal says.
    pub proposed: Vec<UserId>,
}

impl DeviceSeen {
    /// Has it not spoken for more than a day?
    pub fn is_silent(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && is_silent(self.last_seen_at, now)
    }

    /// Does it wait for somebody to say whose it is?
    pub fn waits(&self) -> bool {
        !self.is_confirmed && self.revoked_at.is_none()
    }

    /// `2 h fast`, if its clock is off.
    pub fn clock(&self) -> Option<String> {
        self.offset_ms
            .filter(|ms| ms.abs() > CLOCK_OFF_MS)
            .map(words::clock)
    }
}

impl Programme {
    /// The records at the visitor's sites.
    pub fn records(&self) -> impl Iterator<Item = &Summary> + Clone {
        self.kept.iter().map(AsRef::as_ref)
    }

    /// What waits and holds a worry: it is in no record, so no flag of one says it.
    pub fn worries(&self) -> impl Iterator<Item = &QuarantineRow> {
        self.aside.iter().filter(|lying| lying.is_worry())
    }

    /// The clock of the organisation.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.sheet.zone).unwrap_or(TimeZone::UTC)
    }

    /// Today, there.
    pub fn today(&self) -> Date {
        time::date_in(self.now, &self.zone())
    }

    /// A time as short as it can be said today.
    pub fn when(&self, at: Timestamp) -> String {
        words::when(at, self.now, &self.zone())
    }

    /// The name of a person.
    pub fn name(&self, user: &UserId) -> String {
        self.sheet.name_of(user).to_owned()
    }

    /// Names in a row.
    pub fn names(&self, users: &[UserId]) -> String {
        users
            .iter()
            .map(|u| words::isolated(self.sheet.name_of(u)))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The name of a site; of one that the sheet no longer names its code, and that.
    pub fn site(&self, id: Option<&SiteId>) -> String {
        let known = |id: &SiteId| self.sheet.site(id).map(|s| s.name.clone());
        id.map(|id| known(id).unwrap_or_else(|| format!("{id}, a site no longer on the sheet")))
            .unwrap_or_default()
    }

    /// The frame around a page.
    pub fn frame(&self, visitor: &Visitor, place: Place, path: &str) -> Frame {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Frame {
            organisation: self.sheet.name.clone(),
            person: self.name(&visitor.user),
            role: "supervisor".into(),
            csrf: visitor.csrf.clone(),
            path: path.into(),
            place,
            known_at: words::clock_time(self.now, &self.zone()),
            missing: self.missing.sentence(),
            counts: Counts {
                overdue: count(self.records().flat_map(|r| r.overdue(self.now)).count()),
                safety: count(
                    self.records().flat_map(words::open_flags).count() + self.worries().count(),
                ),
                review: count(
                    self.records()
                        .flat_map(|r| &r.review)
                        .filter(|i| i.is_open())
                        .count()
                        + self.aside.len(),
                ),
                silent: count(
                    self.devices
                        .iter()
                        .filter(|d| d.is_silent(self.now))
                        .count(),
                ),
            },
        }
    }
}
