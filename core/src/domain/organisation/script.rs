//! What to say: the organisation's own sentences, each for one moment, in one language. A name of a house stands in them
//! as a placeholder alone, so that it is said only where she allowed it; a condition is named in none of them.

use super::Organisation;
use crate::domain::code::{Role, ScriptStage, Setting};
use serde::{Deserialize, Serialize};

/// A script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Its code: what is recorded when it was said.
    pub id: String,
    /// At which moment.
    pub stage: ScriptStage,
    /// In which language (BCP 47).
    pub language: String,
    /// The sentence, with placeholders.
    pub text: String,
    /// For these roles alone; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// In these settings alone; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Setting>,
    /// It speaks of a baby: not said after a loss.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mentions_baby: bool,
}

/// What may stand for something in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// How she wants to be called.
    Name,
    /// Who speaks.
    Staff,
    /// The site.
    Site,
    /// The organisation.
    Organisation,
    /// The practice.
    Practice,
    /// Who answers there.
    Contact,
}

impl Placeholder {
    /// Every one by its word.
    pub const ALL: [(&'static str, Self); 6] = [
        ("name", Self::Name),
        ("staff", Self::Staff),
        ("site", Self::Site),
        ("organisation", Self::Organisation),
        ("practice", Self::Practice),
        ("contact", Self::Contact),
    ];

    /// The one of this word.
    pub fn of(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(own, _)| *own == word);
        found.map(|(_, which)| *which)
    }

    /// Does it name a house, ours or another?
    pub fn names_a_house(self) -> bool {
        matches!(self, Self::Site | Self::Organisation | Self::Practice)
    }
}

/// Beginnings of words that name a condition.
const CONDITIONS: [&str; 12] = [
    "depress",
    "depres",
    "anxiety",
    "ansiedad",
    "psychosis",
    "psicosis",
    "bipolar",
    "ppd",
    "ptsd",
    "suicid",
    "addict",
    "adicc",
];

impl Script {
    /// One sentence that says what to mend, or nothing.
    pub(super) fn check(&self, sheet: &Organisation) -> Result<(), String> {
        let id = &self.id;
        let text = self.text.to_lowercase();
        if text.trim().is_empty() || self.language.trim().is_empty() {
            return Err(format!("the script \"{id}\" needs a text and a language"));
        }
        let rest = Placeholder::ALL
            .iter()
            .fold(self.text.clone(), |rest, (word, _)| {
                rest.replace(&format!("{{{word}}}"), "")
            });
        if rest.contains(['{', '}']) {
            let words: Vec<_> = Placeholder::ALL.iter().map(|(word, _)| *word).collect();
            return Err(format!(
                "the script \"{id}\" has a placeholder that is none of: {}",
                words.join(", ")
            ));
        }
        let sites = sheet.sites.iter().map(|s| &s.name);
        let houses = std::iter::once(&sheet.name)
            .chain(sites)
            .chain(sheet.partners.iter().map(|p| &p.name));
        if let Some(house) = houses
            .filter(|name| !name.trim().is_empty())
            .find(|name| text.contains(&name.to_lowercase()))
        {
            return Err(format!(
                "the script \"{id}\" names \"{house}\": write {{organisation}}, {{site}} or {{practice}}, so that it is \
                 said only where she allows it"
            ));
        }
        let words = text.split(|c: char| !c.is_alphanumeric());
        let condition = words
            .filter(|word| CONDITIONS.iter().any(|c| word.starts_with(c)))
            .find(|word| !word.is_empty());
        condition.map_or(Ok(()), |word| {
            Err(format!(
                "the script \"{id}\" names a condition (\"{word}\"): say what happens next instead"
            ))
        })
    }
}
