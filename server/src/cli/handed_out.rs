//! What somebody is handed as a file, in the clear: by order of somebody who may give it, never in another file's place,
//! for its owner alone, and in the audit before anything of it is written.

use crate::Server;
use crate::store::{Doing, ordered};
use clap::Args;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::{DocumentId, UserId};

/// By whose order something is done with what patients said.
#[derive(Debug, Args)]
pub(super) struct Order {
    /// Who ordered it: the code of an administrator or supervisor in the sheet.
    #[arg(long)]
    pub by: String,
    /// Why, in words that name nobody: it is kept.
    #[arg(long)]
    pub why: String,
}

impl Order {
    /// May they order it, and did they say why?
    pub async fn stands(&self, server: &Server) -> Result<(), String> {
        let sheet = server.store.sheet().await;
        sheet
            .and_then(|sheet| ordered(&sheet, &UserId(self.by.clone()), &self.why))
            .map_err(|error| error.to_string())
    }

    /// Keeps it in the audit.
    pub fn audited<'s>(
        self,
        server: &'s Server,
        what: &'static str,
        record: Option<DocumentId>,
    ) -> Doing<'s, ()> {
        server
            .store
            .audit(server.now(), UserId(self.by), what, record, self.why)
    }
}

/// Writes it into a new file, once the audit has kept who ordered it.
pub(super) async fn hand_out(
    file: &Path,
    bytes: &[u8],
    audited: Doing<'_, ()>,
) -> Result<(), String> {
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{} exists already; name a new file", file.display())
        }
        _ => format!("{} cannot be written: {error}", file.display()),
    };
    // Never in another's place, nor where a link leads, and for nobody else to read.
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(cannot)?;
    let kept = audited.await.map_err(|error| error.to_string());
    kept.and_then(|()| to.write_all(bytes).map_err(cannot))
        .and_then(|()| to.sync_all().map_err(cannot))
        .inspect_err(|_| {
            // Half a file is of no use, and would stand in the way of a whole one.
            let _ = fs::remove_file(file);
        })
}

/// The kind of the document that begins with this entry, if one does.
pub(super) fn begins(text: &str) -> Option<DocumentKind> {
    let entry = Entry::parse(text).ok()?;
    entry.body.opens().map(|(kind, _)| kind)
}
