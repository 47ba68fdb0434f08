//! What a device asks: its state, both positions, what waits to be sent.

use super::{Taken, Untaken};
use crate::domain::id::DocumentId;
use crate::store::{DeviceRow, Enrolment, Store, StoreError, StoredChange};
use crate::wire::{
    DeviceState, Heartbeat, HeartbeatAnswer, Hello, MAX_MESSAGE, PushedChange, PushedDocument,
    SCHEMA, SyncRequest, Unreadable, pack, unpack,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A push holds at most this many bytes of entry text: the request stays far below what a message may have.
const PUSH_BYTES: usize = MAX_MESSAGE / 4;
const PUSH_CHANGES: u32 = 400;
/// What a change costs beside its entries' text, its dependencies and its entries' ids.
const HEAD_BYTES: usize = 300;
/// Bytes of a page before it is packed; a tenth or less is left of them.
const PAGE_BYTES: u32 = 768 * 1024;

pub(super) fn hello(
    store: &Store,
    device: &DeviceRow,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Hello, StoreError> {
    // Out of service, or while nobody has said whose it is, it is shown no sheet, also where its number means another one by
    // now: as soon as it is in, it is given it.
    let has_sheet = device.enrolment == Enrolment::In;
    let sheet_version = if has_sheet {
        store.rows().sheet_version()?
    } else {
        0
    };
    let (cursor, high) = device.resync.unwrap_or((device.cursor, device.high));
    Ok(Hello {
        number,
        build: build.to_owned(),
        schema: SCHEMA,
        client_now: now.as_millisecond(),
        sheet_version,
        cursor,
        high,
        box_key: device.box_key.mark(),
    })
}

fn state(store: &Store, device: &DeviceRow) -> Result<DeviceState, StoreError> {
    let (unsent, oldest_unsent_at) = store.rows().unsent()?;
    let next_due_at = store.rows().next_due_of_unsent()?;
    Ok(DeviceState {
        unsent,
        oldest_unsent_at,
        next_due_at,
        offset_ms: Some(device.offset_ms),
        free_bytes: None,
        is_encrypted: Some(store.is_encrypted()),
    })
}

/// What waits, as much as fits into one push; last what is held up.
pub(super) fn waiting(
    store: &Store,
    held_up: &BTreeSet<DocumentId>,
) -> Result<Vec<StoredChange>, StoreError> {
    let rows = store.rows();
    let is_held_up = |stored: &StoredChange| held_up.contains(&stored.change.doc);
    let mut waiting = rows.outbox_without(held_up, PUSH_CHANGES)?;
    if !held_up.is_empty() {
        let last = rows.outbox(PUSH_CHANGES)?.into_iter().filter(is_held_up);
        waiting.extend(last);
        waiting.truncate(PUSH_CHANGES as usize);
    }
    let mut bytes = 0;
    let fits = |stored: &StoredChange| {
        let change = &stored.change;
        let is_first = bytes == 0;
        bytes += change.text_bytes() + 40 * change.deps.len() + 30 * change.puts.len() + HEAD_BYTES;
        is_first || bytes <= PUSH_BYTES
    };
    Ok(waiting.into_iter().take_while(fits).collect())
}

pub(super) fn sync(
    store: &Store,
    device: &DeviceRow,
    waiting: Vec<StoredChange>,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let hello = hello(store, device, build, number, now)?;
    let push = push(waiting);
    Ok(pack(&SyncRequest {
        hello,
        state: state(store, device)?,
        push,
        page_bytes: PAGE_BYTES,
    }))
}

pub(super) fn heartbeat(
    store: &Store,
    device: &DeviceRow,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    Ok(pack(&Heartbeat {
        hello: hello(store, device, build, number, now)?,
        state: state(store, device)?,
    }))
}

/// The answer to a heartbeat: the server is there, and there is still something to say to it.
pub(super) fn heard(number: u64, body: &[u8]) -> Result<Taken, Untaken> {
    let answer: HeartbeatAnswer = unpack(body)?;
    if answer.number != number {
        return Err(Unreadable::Content.into());
    }
    Ok(Taken {
        more: true,
        ..Taken::default()
    })
}

/// Groups changes by document, in the order of writing.
fn push(waiting: Vec<StoredChange>) -> Vec<PushedDocument> {
    let mut documents: Vec<PushedDocument> = Vec::new();
    for stored in waiting {
        let doc = stored.change.doc;
        let pushed = PushedChange {
            hash: stored.hash,
            receipt: stored.receipt,
            orphan: stored.orphan,
            change: stored.change,
        };
        match documents.iter_mut().find(|d| d.doc == doc) {
            Some(document) => document.changes.push(pushed),
            None => documents.push(PushedDocument {
                doc,
                changes: vec![pushed],
            }),
        }
    }
    documents
}
