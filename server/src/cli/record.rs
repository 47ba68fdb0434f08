//! Single records from the terminal of the server: one handed out as a document, one of which nothing is to be left.

use super::flags::DataFlags;
use super::setup::{open, said};
use crate::Settings;
use clap::Subcommand;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use warmhand_core::document::export as save;
use warmhand_core::domain::id::{DocumentId, UserId};

/// What is asked of a record.
#[derive(Debug, Subcommand)]
pub(super) enum Asked {
    /// Writes a record as an Automerge document that any standard reader opens.
    Export {
        /// The record's id.
        id: String,
        /// Where to write it.
        file: PathBuf,
        #[command(flatten)]
        data: DataFlags,
    },
    /// Takes everything out that a record says, here and on every device at its next contact. It cannot be undone.
    Erase {
        /// The record's id.
        id: String,
        /// Who ordered it: the code of an administrator or supervisor in the sheet.
        #[arg(long)]
        by: String,
        /// Why, in words that name nobody: it is kept.
        #[arg(long)]
        why: String,
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
        Asked::Export { id, file, data } => export(&id, &file, &folder(data)?, out).await,
        Asked::Erase {
            id,
            by,
            why,
            whole_patient,
            data,
        } => erase(&id, whole_patient, (by, why), &folder(data)?, out).await,
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
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let record = record(id)?;
    let server = open(data, Settings::default())?;
    let changes = server
        .store
        .record_bytes(record)
        .await
        .map_err(|error| error.to_string())?;
    let bytes = save(&changes).map_err(|error| error.to_string())?;
    fs::write(file, bytes)
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    writeln!(out, "Written to {}.", file.display()).map_err(said)
}

/// Nothing of it is left.
async fn erase(
    id: &str,
    whole_patient: bool,
    (by, why): (String, String),
    data: &Path,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let record = record(id)?;
    let server = open(data, Settings::default())?;
    let done = server
        .store
        .erase(record, whole_patient, UserId(by), why, server.now())
        .await;
    let count = done.map_err(|error| error.to_string())?;
    writeln!(
        out,
        "{count} documents are erased here, and from every device at its next contact. Backups and rescue files that were \
         made before still hold them: delete those, or let them run out."
    )
    .map_err(said)
}
