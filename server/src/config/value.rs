//! Values as they were written, each with the place that it came from: flags win over the environment, that over the
//! file. Knows no value's meaning.

use super::key::{KEYS, Key};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Far more than every key with its comments: reading takes more than a hundred bytes of memory for each.
const MOST_BYTES: u64 = 64 * 1024;

/// The environment's own word for a file to read.
const FILE_VARIABLE: &str = "WARMHAND_CONFIG";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The file.
    File(PathBuf),
    /// The environment, by this variable.
    Environment(String),
    /// The command line, by this flag.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text.
    pub text: String,
    /// Where it came from.
    pub source: Source,
}

/// What is in force, as it was written.
#[derive(Debug, Default)]
pub struct Values {
    by_key: BTreeMap<&'static str, Value>,
    /// Variables that look as if they were meant for this program and are not.
    pub unused: Vec<String>,
}

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The file to read.
    pub file: Option<PathBuf>,
    /// Values by key.
    pub values: BTreeMap<&'static str, String>,
}

impl Values {
    /// Gathers what file, environment and flags say. The error is one sentence.
    pub fn gather(flags: &Flags, environment: &[(String, String)]) -> Result<Self, String> {
        let mut values = Self::default();
        for key in &KEYS {
            if let Some(text) = key.default {
                values.put(key, text.to_owned(), Source::Default);
            }
        }
        let named = environment.iter().find(|(name, _)| name == FILE_VARIABLE);
        let file = flags.file.clone();
        if let Some(path) = file.or_else(|| named.map(|(_, path)| PathBuf::from(path))) {
            values.take_file(&path)?;
        }
        for (name, text) in environment {
            let key = KEYS.iter().find(|key| key.variable() == *name);
            match key {
                Some(key) => values.put(key, text.clone(), Source::Environment(name.clone())),
                None if name.starts_with("WARMHAND_") && name != FILE_VARIABLE => {
                    values.unused.push(name.clone());
                }
                None => {}
            }
        }
        for (name, text) in &flags.values {
            if let Some(key) = Key::named(name) {
                values.put(key, text.clone(), Source::Flag(key.flag()));
            }
        }
        Ok(values)
    }

    fn put(&mut self, key: &'static Key, text: String, source: Source) {
        self.by_key.insert(key.name, Value { text, source });
    }

    fn take_file(&mut self, path: &Path) -> Result<(), String> {
        let at = path.display();
        let cannot = |error| format!("the config file {at} cannot be read: {error}");
        let mut text = String::new();
        let file = File::open(path).map_err(cannot)?;
        file.take(MOST_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(cannot)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(format!(
                "the config file {at} is longer than {MOST_BYTES} bytes; is it another file?"
            ));
        }
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(0, |before| before.matches('\n').count()) + 1;
            let why = error.message();
            format!("line {line} of the config file {at} does not read: {why}")
        })?;
        for (name, value) in table {
            let key = Key::named(&name).ok_or_else(|| {
                let known: Vec<_> = KEYS.iter().map(|key| key.name).collect();
                format!(
                    "the config file {at} has an unknown key \"{name}\"; the keys are {}",
                    known.join(", ")
                )
            })?;
            let text = plain(&value)
                .ok_or_else(|| format!("{name} in the config file {at} has to be {}", key.form))?;
            self.put(key, text, Source::File(path.to_owned()));
        }
        Ok(())
    }

    /// What is in force for a key.
    pub fn of(&self, name: &str) -> Option<&Value> {
        self.by_key.get(name)
    }

    /// What is in force for a key, read as what it has to be.
    pub fn read<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let (Some(key), Some(value)) = (Key::named(name), self.of(name)) else {
            return Ok(None);
        };
        parse(&value.text).map(Some).ok_or_else(|| {
            format!(
                "{name} ({}) is \"{}\", but has to be {}",
                value.source, value.text, key.form
            )
        })
    }
}

/// A value of the file as the text that the environment or a flag would have.
fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(list) => {
            let texts: Option<Vec<&str>> = list.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}
