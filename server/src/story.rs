//! Stories: a JSON file tells who does what, when and on which device; it is played through real device cores and a
//! real server, joined in memory, by a clock of its own, and comes to a JSON of records and reports. With a seed
//! everything that a story leaves open is tried in another order, and must come to the same. The form is documented in
//! `tests/stories/README.md`. A client of the server: nothing of the server depends on it.

mod amiss;
mod device;
mod form;
mod house;
mod moment;
mod names;
mod once;
mod order;
mod play;
mod replica;
mod report;
mod step;
mod told;

use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

/// Why a story was not told: one sentence with file and place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}{why}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct Refused {
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: Option<String>,
    /// What is amiss.
    pub why: String,
}

/// Everything that a story comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// The records, as known at the end.
    pub records: told::Records,
    /// The reports, by the time that the story wrote.
    pub reports: BTreeMap<String, report::Report>,
}

/// A story that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// What it came to.
    pub told: Told,
    /// In which order things were done: steps, messages and the changes of the fresh replica.
    pub tried: Vec<String>,
}

impl Played {
    /// What it came to, as JSON.
    pub fn json(&self) -> Result<String, Refused> {
        serde_json::to_string_pretty(&self.told)
            .map_err(|error| refused("the output", None, error.to_string()))
    }
}

/// A story that reads.
#[derive(Debug)]
pub struct Story(form::Story);

/// Reads a story given as text, and plays nothing; `file` is what errors call it.
pub fn read(file: &str, text: &str) -> Result<Story, Refused> {
    let read = form::Story::read(text);
    let amiss = |(place, why)| refused(file, Some(place), why);
    read.map(Story).map_err(amiss)
}

/// Plays a story given as text; `file` is what errors call it.
pub async fn play(file: &str, text: &str, shuffle: Option<u64>) -> Result<Played, Refused> {
    let Story(story) = read(file, text)?;
    // What the server of a story logs is of no use to whoever reads what the story comes to.
    let played = play::play(&story, shuffle)
        .with_subscriber(NoSubscriber::default())
        .await;
    played.map_err(|(place, why)| refused(file, place, why))
}

/// Plays the story of a file and writes what it comes to.
pub async fn run(
    file: &Path,
    shuffle: Option<u64>,
    out: &mut (dyn Write + Send),
) -> Result<(), Refused> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| refused(&name, None, format!("cannot be read: {error}")))?;
    let played = play(&name, &text, shuffle).await?;
    writeln!(out, "{}", played.json()?)
        .map_err(|error| refused(&name, None, format!("cannot be written: {error}")))
}

fn refused(file: &str, place: Option<String>, why: String) -> Refused {
    Refused {
        file: file.to_owned(),
        place,
        why,
    }
}
