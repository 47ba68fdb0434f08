//! The organisation sheet: sites, people and roles, roster, cutoffs, safety steps, practices with their contacts and
//! promises. Owned by the server, brought to devices whole, never edited there; the same JSON in stories, in the demo
//! and for `organisation load`. Knows no record.

mod calendar;
mod practice;
mod script;
mod settings;

pub use calendar::{Calendar, Day};
pub use practice::{Agreement, AgreementState, Partner, PartnerContact, Promise, PromiseUnit};
pub use script::{Placeholder, Script};
pub use settings::{SafetySteps, Settings};

use super::code::{Instrument, Role};
use super::id::{PartnerId, SiteId, UserId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole sheet. Its JSON refuses unknown fields: a typing mistake must not lose a roster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// How it calls itself.
    pub name: String,
    /// The clock of the organisation: an IANA zone.
    pub zone: String,
    /// Where it works.
    pub sites: Vec<Site>,
    /// Who works there.
    pub people: Vec<Person>,
    /// Who is designated, when and where.
    #[serde(default)]
    pub roster: Vec<Shift>,
    /// The practices that receive.
    #[serde(default)]
    pub partners: Vec<Partner>,
    /// From which total a screen counts as positive; the shipped default where it is silent.
    #[serde(default)]
    pub cutoffs: BTreeMap<Instrument, u16>,
    /// Own steps of the safety panel; without a signature they are shown as not yet in force.
    #[serde(default)]
    pub safety: SafetySteps,
    /// What to say, moment by moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<Script>,
    /// Who hears of it when what she lets others know is in question; supervisors of the site where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_contact: Option<UserId>,
    /// What this organisation allows, and its limits.
    #[serde(default)]
    pub settings: Settings,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Its code.
    pub id: SiteId,
    /// What people call it.
    pub name: String,
    /// Its IANA zone, if not the organisation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// When it is open.
    #[serde(default)]
    pub calendar: Calendar,
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Her code.
    pub id: UserId,
    /// Her name as colleagues read it.
    pub name: String,
    /// What she does where. No site means every site.
    pub roles: Vec<RoleAt>,
    /// May assess and resolve safety flags.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub licensed_clinician: bool,
    /// The practice that she works for, in the role of a partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
}

/// A role at sites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleAt {
    /// The role.
    pub role: Role,
    /// The sites; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<SiteId>,
}

/// Who is designated at a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Where.
    pub site: SiteId,
    /// On this day alone; or
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// on these days of every week; without either: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// The designated person.
    pub primary: UserId,
    /// Who steps in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<UserId>,
}

impl Organisation {
    /// Reads a sheet and checks that it hangs together; the error is one sentence that says what to mend.
    pub fn parse(text: &str) -> Result<Self, String> {
        let sheet: Self = serde_json::from_str(text)
            .map_err(|error| format!("the organisation does not read: {error}"))?;
        sheet.check()?;
        Ok(sheet)
    }

    fn check(&self) -> Result<(), String> {
        let zones = std::iter::once(&self.zone)
            .chain(self.sites.iter().filter_map(|s| s.zone.as_ref()))
            .chain(self.partners.iter().filter_map(|p| p.zone.as_ref()));
        for zone in zones {
            TimeZone::get(zone).map_err(|_| format!("there is no time zone \"{zone}\""))?;
        }
        let sites = self.sites.iter().map(|s| (s.id.as_str(), &s.calendar));
        let practices = self.partners.iter().map(|p| (p.id.as_str(), &p.calendar));
        for (of, calendar) in sites.chain(practices) {
            if calendar.days.is_empty() || calendar.opens >= calendar.closes {
                return Err(format!(
                    "\"{of}\" is never open: its calendar needs days, and opens before it closes"
                ));
            }
        }
        self.settings.check()?;
        no_twice("site", self.sites.iter().map(|s| s.id.as_str()))?;
        no_twice("person", self.people.iter().map(|p| p.id.as_str()))?;
        no_twice("practice", self.partners.iter().map(|p| p.id.as_str()))?;
        if self.sites.is_empty() {
            return Err("an organisation has at least one site".into());
        }
        for partner in &self.partners {
            let agreement = partner.agreement.as_ref();
            let backwards = agreement
                .and_then(|a| a.starts.zip(a.ends))
                .is_some_and(|(starts, ends)| ends < starts);
            if backwards {
                return Err(format!(
                    "the agreement with \"{}\" ends before it starts",
                    partner.id
                ));
            }
        }
        for person in &self.people {
            if let Some(partner) = person
                .partner
                .as_ref()
                .filter(|p| self.partner(p).is_none())
            {
                return Err(format!(
                    "person \"{}\" works for \"{partner}\", which is no practice",
                    person.id
                ));
            }
            for site in person.roles.iter().flat_map(|r| &r.sites) {
                if self.site(site).is_none() {
                    return Err(format!(
                        "person \"{}\" has a role at \"{site}\", which is no site",
                        person.id
                    ));
                }
            }
        }
        no_twice("script", self.scripts.iter().map(|s| s.id.as_str()))?;
        self.scripts.iter().try_for_each(|s| s.check(self))?;
        if let Some(user) = self
            .privacy_contact
            .as_ref()
            .filter(|u| self.person(u).is_none())
        {
            return Err(format!(
                "the privacy contact \"{user}\" is not among the people"
            ));
        }
        for shift in &self.roster {
            if self.site(&shift.site).is_none() {
                return Err(format!(
                    "the roster names \"{}\", which is no site",
                    shift.site
                ));
            }
            for user in std::iter::once(&shift.primary).chain(&shift.backup) {
                if self.person(user).is_none() {
                    return Err(format!(
                        "the roster names \"{user}\", who is not among the people"
                    ));
                }
            }
        }
        Ok(())
    }

    /// A site by its code.
    pub fn site(&self, id: &SiteId) -> Option<&Site> {
        self.sites.iter().find(|s| s.id == *id)
    }

    /// A person by her code.
    pub fn person(&self, id: &UserId) -> Option<&Person> {
        self.people.iter().find(|p| p.id == *id)
    }

    /// Does it know none of these? Then what is theirs is nobody's, and falls to whoever works there.
    pub fn knows_none(&self, people: &[UserId]) -> bool {
        !people.iter().any(|user| self.person(user).is_some())
    }

    /// Who signed the organisation's own safety steps; none while no licensed clinician among the people has.
    pub fn clinical_lead(&self) -> Option<&Person> {
        let signed = self.safety.signed_by.as_deref()?;
        let mut clinicians = self.people.iter().filter(|p| p.licensed_clinician);
        clinicians.find(|p| p.id.as_str() == signed || p.name == signed)
    }

    /// A practice by its code.
    pub fn partner(&self, id: &PartnerId) -> Option<&Partner> {
        self.partners.iter().find(|p| p.id == *id)
    }

    /// The name of a person, or her code if the sheet no longer knows her.
    pub fn name_of<'a>(&'a self, id: &'a UserId) -> &'a str {
        self.person(id).map_or(id.as_str(), |p| p.name.as_str())
    }

    /// The zone of a site.
    pub fn site_zone(&self, id: &SiteId) -> TimeZone {
        let name = self
            .site(id)
            .and_then(|s| s.zone.as_deref())
            .unwrap_or(&self.zone);
        TimeZone::get(name).unwrap_or(TimeZone::UTC)
    }

    /// The zone of a practice.
    pub fn partner_zone(&self, id: &PartnerId) -> TimeZone {
        let name = self
            .partner(id)
            .and_then(|p| p.zone.as_deref())
            .unwrap_or(&self.zone);
        TimeZone::get(name).unwrap_or(TimeZone::UTC)
    }

    /// Who is designated at a site on a day: a shift of that very day before one of its weekday.
    pub fn shift(&self, site: &SiteId, on: Date) -> Option<&Shift> {
        let here = || self.roster.iter().filter(|s| s.site == *site);
        here().find(|s| s.on == Some(on)).or_else(|| {
            here().find(|s| s.on.is_none() && (s.days.is_empty() || s.days.contains(&Day::of(on))))
        })
    }

    /// The cutoff in force, or none where a total means nothing (C-SSRS). Defaults: EPDS 10, PHQ-2 3, PHQ-9 10,
    /// GAD-7 10, PASS 26, AUDIT-C 3; their sources are named in the README's clinical notes.
    pub fn cutoff(&self, instrument: Instrument) -> Option<u16> {
        self.cutoffs.get(&instrument).copied().or(match instrument {
            Instrument::Epds | Instrument::Phq9 | Instrument::Gad7 => Some(10),
            Instrument::Phq2 | Instrument::AuditC => Some(3),
            Instrument::Pass => Some(26),
            Instrument::CssrsScreener => None,
        })
    }
}

impl Person {
    /// Has this role somewhere.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.iter().any(|r| r.role == role)
    }

    /// Has some role at this site.
    pub fn works_at(&self, site: &SiteId) -> bool {
        self.roles
            .iter()
            .any(|r| r.sites.is_empty() || r.sites.contains(site))
    }

    /// Has this role at this site.
    pub fn has_role_at(&self, role: Role, site: &SiteId) -> bool {
        self.has_one_at(&[role], site)
    }

    /// Has one of these roles at this site: a role elsewhere, or another here, is not enough.
    pub fn has_one_at(&self, roles: &[Role], site: &SiteId) -> bool {
        let at = |r: &RoleAt| r.sites.is_empty() || r.sites.contains(site);
        self.roles.iter().any(|r| roles.contains(&r.role) && at(r))
    }
}

fn no_twice<'a>(what: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    for id in ids {
        let fits = !id.is_empty()
            && id.len() <= 40
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !fits {
            return Err(format!(
                "the {what} code \"{id}\" must have 1 to 40 letters, digits, - or _"
            ));
        }
        if !seen.insert(id) {
            return Err(format!("the {what} \"{id}\" is there twice"));
        }
    }
    Ok(())
}
