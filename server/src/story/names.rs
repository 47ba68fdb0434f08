//! The names that a story gives: what `as` named, and what `"$name"` therefore means on a device. Knows nothing of
//! what was said under a name.

use serde_json::Value;
use std::collections::BTreeMap;
use warmhand_core::domain::fold::Proposal;
use warmhand_core::domain::id::{DocumentId, EntryId, PatientId};

/// What a command made, under the name that the story gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// The record that it was written in.
    pub record: DocumentId,
    /// Whose record that is.
    pub patient: PatientId,
    /// The entry that names what was made.
    pub entry: EntryId,
    /// The name was given to a record, so that it means the record and not the entry.
    pub is_record: bool,
}

/// Everything that was named so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    made: BTreeMap<String, Made>,
    patients: BTreeMap<PatientId, String>,
}

/// A string of a command that refers to a name: `$h1`, `$h1.record`, `$h1.patient` or `$h1.entry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    pub name: &'a str,
    part: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// Reads a reference; any other text is just text.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let inner = text.strip_prefix('$')?;
        let (name, part) = match inner.split_once('.') {
            Some((name, part)) => (name, Some(part)),
            None => (inner, None),
        };
        let fits =
            is_name(name) && part.is_none_or(|part| matches!(part, "record" | "patient" | "entry"));
        fits.then_some(Self { name, part })
    }

    /// What stands for it in the field of this key.
    fn resolve(self, key: &str, made: &Made) -> String {
        match (self.part, key) {
            (Some("record"), _) | (None, "record") => made.record.to_string(),
            (Some("patient"), _) | (None, "patient") => made.patient.to_string(),
            (None, _) if made.is_record => made.record.to_string(),
            // What is answered of a proposal is the question that it opened.
            (None, "items") => Proposal::question(made.entry).to_string(),
            _ => made.entry.to_string(),
        }
    }
}

/// Letters, digits, `_` and `-`, beginning with a letter.
pub(super) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_alphabetic)
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Every reference in a command, in order.
pub(super) fn references(command: &Value) -> Vec<&str> {
    match command {
        Value::String(text) => Reference::of(text).map(|r| r.name).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(fields) => fields.values().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Writes the meaning of every reference in its place; `$$` at the beginning of a text stands for a plain `$`.
pub(super) fn resolve(command: &mut Value, key: &str, meaning: &dyn Fn(&str) -> Option<Made>) {
    match command {
        Value::String(text) => {
            let plain = text
                .strip_prefix('$')
                .filter(|rest| rest.starts_with('$'))
                .map(str::to_owned);
            let meant =
                Reference::of(text).and_then(|r| meaning(r.name).map(|made| r.resolve(key, &made)));
            if let Some(said) = plain.or(meant) {
                *text = said;
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| resolve(item, key, meaning)),
        Value::Object(fields) => fields
            .iter_mut()
            .for_each(|(key, value)| resolve(value, key, meaning)),
        _ => {}
    }
}

impl Names {
    /// Gives a name.
    pub(super) fn give(&mut self, name: &str, made: Made) {
        if made.is_record {
            self.patients
                .entry(made.patient)
                .or_insert_with(|| format!("{name}.patient"));
        }
        self.made.insert(name.to_owned(), made);
    }

    /// What a name stands for.
    pub(super) fn get(&self, name: &str) -> Option<Made> {
        self.made.get(name).copied()
    }

    /// The name of what this entry made.
    pub(super) fn of_entry(&self, entry: EntryId) -> Option<&str> {
        self.find(|made| made.entry == entry)
    }

    /// The name of a record.
    pub(super) fn of_record(&self, record: DocumentId) -> Option<&str> {
        self.find(|made| made.is_record && made.record == record)
    }

    /// The name of a patient: that of the record that made her known, and `.patient`.
    pub(super) fn of_patient(&self, patient: PatientId) -> Option<&str> {
        self.patients.get(&patient).map(String::as_str)
    }

    fn find(&self, is: impl Fn(&Made) -> bool) -> Option<&str> {
        self.made
            .iter()
            .find(|(_, made)| is(made))
            .map(|(name, _)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn made(n: u128, is_record: bool) -> Made {
        Made {
            record: DocumentId(Uuid::from_u128(n)),
            patient: PatientId(Uuid::from_u128(n + 1)),
            entry: EntryId(Uuid::from_u128(n + 2)),
            is_record,
        }
    }

    #[test]
    fn a_reference_means_what_its_field_asks_for() {
        let mut names = Names::default();
        names.give("r1", made(10, true));
        names.give("a1", made(20, false));
        let mut command = json!({
            "record": "$r1", "patient": "$r1", "keep": "$a1", "items": ["$a1"], "replaces": ["$a1"], "other": "$a1.record",
            "who": "$a1.patient", "text": "$5 for the bus", "note": "$$r1", "opened": "$r1.entry",
        });
        resolve(&mut command, "", &|name| names.get(name));
        let id = |n| Uuid::from_u128(n).to_string();
        let expected = json!({
            "record": id(10), "patient": id(11), "keep": id(22), "items": [Proposal::question(EntryId(Uuid::from_u128(22)))], "replaces": [id(22)], "other": id(20),
            "who": id(21), "text": "$5 for the bus", "note": "$r1", "opened": id(12),
        });
        assert_eq!(command, expected);
    }

    #[test]
    fn things_are_named_by_what_the_story_calls_them() {
        let mut names = Names::default();
        names.give("r1", made(10, true));
        names.give("a1", made(20, false));
        assert_eq!(names.of_record(DocumentId(Uuid::from_u128(10))), Some("r1"));
        assert_eq!(names.of_entry(EntryId(Uuid::from_u128(22))), Some("a1"));
        assert_eq!(
            names.of_patient(PatientId(Uuid::from_u128(11))),
            Some("r1.patient")
        );
        assert_eq!(names.of_patient(PatientId(Uuid::from_u128(21))), None);
    }
}
