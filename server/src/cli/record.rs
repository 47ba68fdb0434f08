//! Single records from the terminal of the server: one handed out as a document, one of which nothing is to be left.

use super::flags::DataFlags;
use super::handed_out::{Order, begins, hand_out};
use super::setup::{open, said};
use crate::Settings;
use clap::Subcommand;
use std::io::Write;
use std::path::{Path, PathBuf};
use warmhand_core::document::{entries_of, export as save};
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::id::{DocumentId, UserId};

/// What is asked of a record.
#[derive(Debug, Subcommand)]
pub(super) enum Asked {
    /// Writes a record as an Automerge document that any standard reader opens, for its owner alone.
    Export {
        /// The record's id.
        id: String,
        /// A file that does not exist yet.
        file: PathBuf,
        #[command(flatten)]
        order: Order,
        /// Also what she answered about alcohol and drugs, of which the law asks her written consent (42 CFR Part 2).
        #[arg(long)]
        alcohol_and_drugs: bool,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Takes everything out that a record says, here and on every device at its next contact. It cannot be undone.
    Erase {
        /// The record's id.
        id: String,
        #[command(flatten)]
        order: Order,
        /// Everything else of the same patient as well: her other records, and what she answered.
        #[arg(long)]
        whole_patient: bool,
        #[command(flatten)]
        data: DataFlags,
    },
}

/// Does it, in the data folder that the flags lead to.
pub(super) async fn run(
    asked: Asked,
    folder: impl Fn(DataFlags) -> Result<PathBuf, String>,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    match asked {
        Asked::Export {
            id,
            file,
            order,
            alcohol_and_drugs,
            data,
        } => export(&id, &file, alcohol_and_drugs, order, &folder(data)?, out).await,
        Asked::Erase {
            id,
            order,
            whole_patient,
            data,
        } => erase(&id, whole_patient, order, &folder(data)?, out).await,
    }
}

fn record(id: &str) -> Result<DocumentId, String> {
    id.parse()
        .map_err(|_| format!("\"{id}\" is no record's id"))
}

/// A record as an Automerge document.
async fn export(
    id: &str,
    file: &Path,
    alcohol_and_drugs: bool,
    order: Order,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let record = record(id)?;
    let server = open(data, Settings::default())?;
    order.stands(&server).await?;
    let changes = server.store.record_bytes(record).await;
    let changes = changes.map_err(|error| error.to_string())?;
    let bytes = save(&changes).map_err(|error| error.to_string())?;
    if !alcohol_and_drugs && is_of_alcohol_and_drugs(&bytes)? {
        return Err(format!(
            "{record} holds what she answered about alcohol and drugs, and was not written: where she has consented to it, \
             or the law allows it (42 CFR Part 2), --alcohol-and-drugs writes it"
        ));
    }
    let audited = order.audited(&server, "exported", Some(record));
    hand_out(file, &bytes, audited).await?;
    writeln!(
        out,
        "Written to {}. It holds what a patient said, in the clear: delete it once it is read.",
        file.display()
    )
    .map_err(said)
}

/// By the entry with which the document begins; where none reads, nobody can say that it is not.
fn is_of_alcohol_and_drugs(saved: &[u8]) -> Result<bool, String> {
    let entries = entries_of(saved).map_err(|error| error.to_string())?;
    let begun = entries.values().find_map(|text| begins(text));
    Ok(begun.is_none_or(|kind| kind == DocumentKind::Sud))
}

/// Nothing of it is left.
async fn erase(
    id: &str,
    whole_patient: bool,
    order: Order,
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let record = record(id)?;
    let server = open(data, Settings::default())?;
    let done = server
        .store
        .erase(
            record,
            whole_patient,
            UserId(order.by),
            order.why,
            server.now(),
        )
        .await;
    let count = done.map_err(|error| error.to_string())?;
    writeln!(
        out,
        "{count} documents are erased here, and from every device at its next contact. Backups and rescue files that were \
         made before still hold them: delete those, or let them run out."
    )
    .map_err(said)
}
