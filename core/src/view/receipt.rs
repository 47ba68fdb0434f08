//! Where an entry is: on this device alone, on the server, seen by somebody else. Computed from the server's receipts and
//! from what authors had seen, and from nothing else: no screen that was open, and no page that was fetched, is taken for
//! somebody who read it.

use super::when::{When, clock};
use crate::domain::entry::Entry;
use crate::domain::fold::Record;
use crate::domain::id::EntryId;
use crate::domain::read::Receipts;
use crate::usecase::Desk;
use jiff::Timestamp;
use serde::Serialize;

/// How far an entry has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// On this device alone.
    OnDevice,
    /// On the server.
    OnServer,
    /// On the server, and so is what somebody else wrote who had it before her.
    Seen,
}

impl EntryState {
    /// An entry is on the server when there is a receipt for it.
    pub fn of(record: &Record, entry: EntryId, receipts: &Receipts) -> Self {
        match receipts.received_at(entry) {
            None => Self::OnDevice,
            Some(_) if first(record, entry, receipts).is_some() => Self::Seen,
            Some(_) => Self::OnServer,
        }
    }
}

/// Who is known to have seen an entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeenBy {
    /// By name.
    pub name: String,
    /// When the server had what she wrote then; she may have seen it long before.
    pub at: When,
}

impl SeenBy {
    /// The first who is known to have seen it; nobody while it is on this device alone.
    pub fn of(
        desk: &Desk<'_>,
        record: &Record,
        entry: EntryId,
        receipts: &Receipts,
    ) -> Option<Self> {
        receipts.received_at(entry)?;
        let (later, at) = first(record, entry, receipts)?;
        Some(Self {
            name: desk.sheet.name_of(&later.by).to_owned(),
            at: When::of(at, &clock(desk), desk.now),
        })
    }
}

/// The first of the others who had seen it, as far as the server has what she wrote, and when it had that. A worry is raised
/// also by somebody who sees nothing of the record.
fn first<'r>(
    record: &'r Record,
    entry: EntryId,
    receipts: &Receipts,
) -> Option<(&'r Entry, Timestamp)> {
    let others = record.past.seen_by_others(entry);
    let mut others = others.filter(|later| !later.body.is_said_beside());
    others.find_map(|later| Some((later.as_ref(), receipts.received_at(later.id)?)))
}
