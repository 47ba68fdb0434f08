//! A whole document as Automerge saves it, for standard readers. Made off the hot path, and only handed out after it
//! was loaded again and held the same entries.

use super::change::genesis_bytes;
use automerge::{AutoCommit, ReadDoc};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The saved document is not the one that was asked for; nothing was written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the document could not be saved so that it loads again with the same entries")]
pub struct ExportFailed;

/// Saves the document of these changes (in causal order, as bytes that this software made).
pub fn export(changes: &[Vec<u8>]) -> Result<Vec<u8>, ExportFailed> {
    catch_unwind(AssertUnwindSafe(|| save(changes))).map_err(|_| ExportFailed)?
}

fn save(changes: &[Vec<u8>]) -> Result<Vec<u8>, ExportFailed> {
    let mut document = AutoCommit::new();
    let all = std::iter::once(genesis_bytes().to_vec())
        .chain(changes.iter().cloned())
        .map(automerge::Change::from_bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| ExportFailed)?;
    document.apply_changes(all).map_err(|_| ExportFailed)?;
    let bytes = document.save();
    let mut again = AutoCommit::load(&bytes).map_err(|_| ExportFailed)?;
    if again.get_heads() != document.get_heads() || read(&again)? != read(&document)? {
        return Err(ExportFailed);
    }
    Ok(bytes)
}

/// The entries of a saved document: id -> text.
pub fn entries_of(saved: &[u8]) -> Result<BTreeMap<String, String>, ExportFailed> {
    catch_unwind(|| {
        AutoCommit::load(saved)
            .map_err(|_| ExportFailed)
            .and_then(|d| read(&d))
    })
    .map_err(|_| ExportFailed)?
}

fn read(document: &AutoCommit) -> Result<BTreeMap<String, String>, ExportFailed> {
    let (_, entries) = document
        .get(automerge::ROOT, "entries")
        .map_err(|_| ExportFailed)?
        .ok_or(ExportFailed)?;
    document
        .keys(&entries)
        .map(|key| {
            let (value, _) = document
                .get(&entries, &key)
                .map_err(|_| ExportFailed)?
                .ok_or(ExportFailed)?;
            let text = value.into_string().map_err(|_| ExportFailed)?;
            Ok((key, text))
        })
        .collect()
}
