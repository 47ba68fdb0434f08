//! From a draft to an entry: its time, its role, its rule and its text are checked, and a document that nothing was
//! written in yet begins with what it is. The same for a command that is meant and for one that is only rehearsed.

use super::{Desk, Draft, Target};
use crate::domain::authority;
use crate::domain::entry::{APP, Body, Entry, MAX_ENTRY_BYTES};
use crate::domain::fold::Record;
use crate::domain::guard::{self, Breach};
use crate::domain::id::{PatientId, SiteId};
use crate::domain::payload;
use crate::refusal::{Problem, Refusal};
use jiff::tz::TimeZone;
use jiff::{Unit, Zoned, ZonedRound};

/// The longest text that a person may write into one field.
const MAX_TEXT: usize = 4_000;

const NOT_TEXT: Refusal = Refusal::Invalid {
    field: "text",
    problem: Problem::NotText,
};

impl Desk<'_> {
    /// The entry that a draft becomes when it is said after `past`, and its text.
    pub fn entry(&self, past: &Record, draft: Draft) -> Result<(Entry, String), Refusal> {
        let Draft {
            id, at, role, body, ..
        } = draft;
        let site = match &body {
            Body::RecordOpened(p) => Some(p.site.clone()),
            Body::ScreensOpened(p) => Some(p.site.clone()),
            Body::SudOpened(p) => Some(p.site.clone()),
            _ => past.site.clone(),
        };
        let occurred_at = occurred_at(self, site.as_ref(), at)?;
        let on = occurred_at.date();
        let role = role
            .or_else(|| authority::acting_role(self.person, &body, site.as_ref(), self.sheet, on))
            .ok_or(Refusal::NotAllowed(Breach::Role))?;
        let entry = Entry {
            id,
            by: self.person.id.clone(),
            role,
            device: self.device,
            occurred_at,
            recorded_at: self.now,
            after: past.heads(),
            app: APP.to_owned(),
            body,
        };
        guard::check(&entry, past, self.sheet).map_err(Refusal::NotAllowed)?;
        let typed = entry.to_text().map_err(|_| NOT_TEXT)?;
        let Some(text) = plain(&typed).map_err(|_| NOT_TEXT)? else {
            sound(&typed)?;
            return Ok((entry, typed));
        };
        sound(&text)?;
        let entry = Entry::parse(&text).map_err(|_| NOT_TEXT)?;
        let text = entry.to_text().map_err(|_| NOT_TEXT)?;
        Ok((entry, text))
    }

    /// What a document of this target begins with; nothing where the draft itself begins it.
    pub fn opening(&self, target: &Target, patient: PatientId) -> Result<Option<Body>, Refusal> {
        match target {
            Target::Screens | Target::Sud => {
                let (record, home) = (self.record()?.id, self.record()?.site.clone());
                let site = home.ok_or(Refusal::NotHere("the record"))?;
                Ok(Some(if *target == Target::Sud {
                    let opened = payload::SudOpened {
                        patient,
                        site,
                        record,
                    };
                    opened.into()
                } else {
                    let opened = payload::ScreensOpened {
                        patient,
                        site,
                        record,
                    };
                    opened.into()
                }))
            }
            Target::Practice(partner) => Ok(Some(
                payload::PartnerOpened {
                    partner: partner.clone(),
                }
                .into(),
            )),
            Target::Record | Target::Of(_) | Target::NewRecord(_) => Ok(None),
        }
    }
}

/// The time that a person claims, or now at the record's site; whole seconds, never far from what can be written.
fn occurred_at(
    desk: &Desk<'_>,
    site: Option<&SiteId>,
    at: Option<Zoned>,
) -> Result<Zoned, Refusal> {
    let zone = site.map_or_else(
        || TimeZone::get(&desk.sheet.zone).unwrap_or(TimeZone::UTC),
        |site| desk.sheet.site_zone(site),
    );
    let at = at.unwrap_or_else(|| desk.now.to_zoned(zone));
    let at = at
        .round(
            ZonedRound::new()
                .smallest(Unit::Second)
                .mode(jiff::RoundMode::Trunc),
        )
        .map_err(|_| Refusal::Invalid {
            field: "at",
            problem: Problem::OutOfRange,
        })?;
    if (1900..=2200).contains(&at.year()) && at.time_zone().iana_name().is_some() {
        return Ok(at);
    }
    Err(Refusal::Invalid {
        field: "at",
        problem: Problem::OutOfRange,
    })
}

/// Tabs and the line ends of other systems, as they come in with what is pasted, become a space and a line end: nobody is
/// refused for them, least of all with a worry. None: there were none.
fn plain(text: &str) -> Result<Option<String>, serde_json::Error> {
    fn walk(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => {
                *text = text
                    .replace("\r\n", "\n")
                    .replace('\r', "\n")
                    .replace('\t', " ");
            }
            serde_json::Value::Array(all) => all.iter_mut().for_each(walk),
            serde_json::Value::Object(all) => all.values_mut().for_each(walk),
            _ => {}
        }
    }
    if !text.contains("\\r") && !text.contains("\\t") {
        return Ok(None);
    }
    let mut value: serde_json::Value = serde_json::from_str(text)?;
    walk(&mut value);
    serde_json::to_string(&value).map(Some)
}

/// Text is kept as it was typed, in any script; control characters and absurd lengths are refused.
fn sound(text: &str) -> Result<(), Refusal> {
    fn walk(value: &serde_json::Value) -> Result<(), Problem> {
        match value {
            serde_json::Value::String(text) if text.chars().count() > MAX_TEXT => {
                Err(Problem::TooLong)
            }
            serde_json::Value::String(text)
                if text.chars().any(|c| c.is_control() && c != '\n') =>
            {
                Err(Problem::NotText)
            }
            serde_json::Value::Array(all) => all.iter().try_for_each(walk),
            serde_json::Value::Object(all) => all.values().try_for_each(walk),
            _ => Ok(()),
        }
    }
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| NOT_TEXT)?;
    walk(&value).map_err(|problem| Refusal::Invalid {
        field: "text",
        problem,
    })?;
    // Each field may be short enough and the entry still too long for anybody to read it again.
    if text.len() > MAX_ENTRY_BYTES {
        return Err(Refusal::Invalid {
            field: "text",
            problem: Problem::TooLong,
        });
    }
    Ok(())
}
