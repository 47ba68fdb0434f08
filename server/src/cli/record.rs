//! Single records from the terminal of the server: one handed out as a document, one of which nothing is to be left.

use super::setup::{open, said};
use crate::Settings;
use std::fs;
use std::io::Write;
use std::path::Path;
use warmhand_core::document::export as save;
use warmhand_core::domain::id::{DocumentId, UserId};

fn record(id: &str) -> Result<DocumentId, String> {
    id.parse()
        .map_err(|_| format!("\"{id}\" is no record's id"))
}

/// A record as an Automerge document.
pub(super) async fn export(
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
pub(super) async fn erase(
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
