//! What a device asks: its state, both positions, what waits to be sent.

use crate::store::{ChangeState, DeviceRow, Store, StoreError, StoredChange};
use crate::wire::{
    DeviceState, Heartbeat, Hello, MAX_MESSAGE, PushedChange, PushedDocument, SCHEMA, SyncRequest,
    pack,
};
use jiff::Timestamp;

/// A push holds at most this many bytes of entry text: the request stays far below what a message may have.
const PUSH_BYTES: usize = MAX_MESSAGE / 4;
const PUSH_CHANGES: u32 = 400;
const PAGE_BYTES: u32 = 256 * 1024;

pub(super) fn hello(
    store: &Store,
    device: &DeviceRow,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Hello, StoreError> {
    let (cursor, high) = device.resync.unwrap_or((device.cursor, device.high));
    Ok(Hello {
        number,
        build: build.to_owned(),
        schema: SCHEMA,
        client_now: now.as_millisecond(),
        sheet_version: store.rows().sheet()?.map_or(0, |(version, _)| version),
        cursor,
        high,
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
    })
}

pub(super) fn sync(
    store: &Store,
    device: &DeviceRow,
    build: &str,
    number: u64,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let hello = hello(store, device, build, number, now)?;
    let push = push(store.rows().outbox(PUSH_CHANGES)?);
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

/// Groups changes by document, in the order of writing, as much as fits.
fn push(waiting: Vec<StoredChange>) -> Vec<PushedDocument> {
    let mut documents: Vec<PushedDocument> = Vec::new();
    let mut bytes = 0;
    for stored in waiting {
        bytes += stored.change.text_bytes() + 200;
        if bytes > PUSH_BYTES && !documents.is_empty() {
            break;
        }
        let doc = stored.change.doc;
        let receipt = stored
            .receipt
            .filter(|_| stored.relay || stored.state == ChangeState::Saved);
        let pushed = PushedChange {
            hash: stored.hash,
            receipt,
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
