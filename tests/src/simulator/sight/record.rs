//! What the entries of one document say of who sees it, read from their JSON.

use super::Sees;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::domain::id::UserId;

/// What a document holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// What everybody on a record may know.
    #[default]
    Record,
    /// What she answered.
    Screens,
    /// What she answered about alcohol and drugs.
    Sud,
    /// What staff were told about a practice.
    Partner,
}

#[derive(Debug, PartialEq)]
enum Says {
    Takes(UserId),
    Releases,
    Voids(String),
    Else,
}

#[derive(Debug)]
struct Entry {
    by: UserId,
    after: Vec<String>,
    says: Says,
}

/// A document.
#[derive(Debug, Default)]
pub struct Record {
    /// What it holds.
    pub kind: Kind,
    /// Whose it is.
    pub patient: String,
    /// Where something of it took place.
    pub sites: BTreeSet<String>,
    /// Who wrote in it.
    pub authors: BTreeSet<UserId>,
    /// Who looks after it. Perhaps: whether an entry counts is a question that waits for a person.
    pub owners: BTreeMap<UserId, Sees>,
    entries: BTreeMap<String, Entry>,
}

impl Record {
    /// Reads one more entry.
    pub fn read(&mut self, text: &str) {
        let entry: Value = serde_json::from_str(text).expect("JSON");
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (by, payload) = (UserId(word(&entry["by"])), &entry["payload"]);
        let kind = entry["kind"].as_str().unwrap_or_default();
        let opens = match kind {
            "RecordOpened" => Some(Kind::Record),
            "ScreensOpened" => Some(Kind::Screens),
            "SudOpened" => Some(Kind::Sud),
            "PartnerOpened" => Some(Kind::Partner),
            _ => None,
        };
        if let Some(opens) = opens {
            let whose = ["patient", "partner"].map(|whose| word(&payload[whose]));
            (self.kind, self.patient) = (opens, whose.concat());
        }
        if opens.is_some() && opens != Some(Kind::Partner) || kind == "EncounterStarted" {
            self.sites.insert(word(&payload["site"]));
        }
        let says = match kind {
            "NeedIdentified" if payload["owner"].is_string() => {
                Says::Takes(UserId(word(&payload["owner"])))
            }
            "OwnerAccepted" => Says::Takes(by.clone()),
            "OwnerReleased" => Says::Releases,
            "EnteredInError" => Says::Voids(word(&payload["entry"])),
            _ => Says::Else,
        };
        let after = entry["after"].as_array().into_iter().flatten();
        let after = after.map(word).collect();
        // What is said at the panel is anybody's to say, and lets her see nothing.
        let of_the_panel = ["SafetyRaised", "SafetyCallTapped", "SafetyPanelDismissed"];
        if !of_the_panel.contains(&kind) {
            self.authors.insert(by.clone());
        }
        self.entries
            .insert(word(&entry["id"]), Entry { by, after, says });
        self.owners = self.owners();
    }

    /// Whoever took it looks after it until somebody takes it who had seen that, or she gives it up herself.
    fn owners(&self) -> BTreeMap<UserId, Sees> {
        let mut owners: BTreeMap<UserId, Sees> = BTreeMap::new();
        for (id, taking) in &self.entries {
            let Says::Takes(owner) = &taking.says else {
                continue;
            };
            let later = self.entries.iter().filter(|(later, entry)| {
                let ends = match &entry.says {
                    Says::Takes(_) => true,
                    Says::Releases => entry.by == *owner,
                    _ => false,
                };
                ends && self.saw(later, id)
            });
            let ended = later.map(|(later, _)| self.stands(later)).max();
            let stays = match ended.unwrap_or_default() {
                Sees::No => Sees::Yes,
                Sees::Perhaps => Sees::Perhaps,
                Sees::Yes => Sees::No,
            };
            let owns = owners.entry(owner.clone()).or_default();
            *owns = self.stands(id).min(stays).max(*owns);
        }
        owners
    }

    /// Does an entry count? Not what was made in error; where that crossed with anything else, the model does not say.
    fn stands(&self, id: &str) -> Sees {
        let voids = |id: &str| {
            let is_void = |entry: &Entry| matches!(&entry.says, Says::Voids(other) if other == id);
            self.entries
                .iter()
                .filter(move |(_, entry)| is_void(entry))
                .map(|(void, _)| void.clone())
                .collect::<Vec<String>>()
        };
        let is_settled = |void: &String| {
            let mut others = self.entries.keys().filter(|other| *other != void);
            voids(void).is_empty()
                && others.all(|other| self.saw(void, other) || self.saw(other, void))
        };
        match voids(id) {
            voids if voids.is_empty() => Sees::Yes,
            voids if voids.iter().any(is_settled) => Sees::No,
            _ => Sees::Perhaps,
        }
    }

    /// Had the author of one entry seen the other?
    fn saw(&self, later: &str, earlier: &str) -> bool {
        let (mut reached, mut open) = (BTreeSet::new(), vec![later]);
        while let Some(entry) = open.pop().and_then(|id| self.entries.get(id)) {
            for id in entry
                .after
                .iter()
                .filter(|id| self.entries.contains_key(*id))
            {
                if id == earlier {
                    return true;
                }
                if reached.insert(id) {
                    open.push(id);
                }
            }
        }
        false
    }
}
