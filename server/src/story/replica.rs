//! A fresh replica: a core that gets every change with its receipt in some causal order, page by page, and reads what
//! came of it. What it reads must be what the server reads.

use super::order::Order;
use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use uuid::Uuid;
use warmhand_core::app::{App, Carried, Place, SyncStep};
use warmhand_core::domain::entry::{Body, Entry};
use warmhand_core::domain::id::{DeviceId, PatientId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::{Reading, read};
use warmhand_core::wire::{
    BoxOpener, Cursor, Delivered, DeliveredChange, DeliveredDocument, EnrolAnswer, Parcel, Sheet,
    Status, SyncAnswer, Token, pack,
};

const EPOCH: [u8; 16] = [1; 16];

/// Reads every patient on a device that got all changes in some causal order.
pub(super) fn readings(
    changes: Vec<DeliveredChange>,
    sheet: &Organisation,
    order: &mut Order,
    now: Timestamp,
) -> Result<Vec<Reading>, String> {
    let patients: BTreeSet<PatientId> = changes.iter().filter_map(opens).collect();
    let changes = order.causal(changes, |c| c.hash, |c| c.change.deps.clone());
    let mut app = enrolled(sheet, now)?;
    let mut seq = 0;
    let mut left = changes.into_iter().peekable();
    while left.peek().is_some() {
        let many = 1 + order.next_of(8);
        let page: Vec<DeliveredChange> = left.by_ref().take(many).collect();
        for change in &page {
            order.note(format!("replica {:?}", change.hash));
        }
        let more = left.peek().is_some();
        deliver(&mut app, page, seq, more, now)?;
        seq += 1;
    }
    patients
        .into_iter()
        .map(|id| {
            let (patient, receipts) = app.patient(id).map_err(in_words)?;
            Ok(read(&patient, &receipts, sheet, now))
        })
        .collect()
}

fn in_words(refusal: impl std::error::Error) -> String {
    refusal.to_string()
}

/// The patient whose record a change opens.
fn opens(change: &DeliveredChange) -> Option<PatientId> {
    let first = change.change.puts.first()?;
    match Entry::parse(&first.text).ok()?.body {
        Body::RecordOpened(opened) => Some(opened.patient),
        _ => None,
    }
}

fn position(seq: u64) -> Token {
    Token {
        epoch: EPOCH,
        seq,
        chain: [0; 32],
    }
}

fn enrolled(sheet: &Organisation, now: Timestamp) -> Result<App, String> {
    let mut app =
        App::open(&Place::Memory, Box::new(ChaCha8Rng::seed_from_u64(0))).map_err(in_words)?;
    let number = app.enrol("replica", now).number;
    let answer = EnrolAnswer {
        number,
        device: DeviceId(Uuid::max()),
        token: String::new(),
        name: "replica".into(),
        shared: true,
        high: position(0),
        server_now: now.as_millisecond(),
        sheet: Sheet {
            version: 1,
            text: serde_json::to_string(sheet).map_err(|error| error.to_string())?,
        },
        people: Vec::new(),
        box_key: BoxOpener::of(&[0; 32]).key(),
    };
    app.sync_answered(
        number,
        &Carried::Answer {
            status: 200,
            body: pack(&answer),
        },
        now,
    )
    .map_err(in_words)?;
    Ok(app)
}

/// One page, of as many documents as it touches.
fn deliver(
    app: &mut App,
    page: Vec<DeliveredChange>,
    seq: u64,
    more: bool,
    now: Timestamp,
) -> Result<(), String> {
    app.sync_wanted();
    let SyncStep::Send(asked) = app.sync_next(now).map_err(in_words)? else {
        return Err("the replica does not ask".to_owned());
    };
    let mut docs: Vec<DeliveredDocument> = Vec::new();
    for change in page {
        let doc = change.change.doc;
        match docs.iter_mut().find(|d| d.doc == doc) {
            Some(DeliveredDocument {
                content: Delivered::Changes(changes),
                ..
            }) => changes.push(change),
            _ => docs.push(DeliveredDocument {
                doc,
                content: Delivered::Changes(vec![change]),
            }),
        }
    }
    let at = |seq| Cursor {
        token: position(seq),
        after: None,
    };
    let answer = SyncAnswer {
        number: asked.number,
        status: Status::Ok,
        server_now: now.as_millisecond(),
        acks: Vec::new(),
        docs: Parcel::of(&docs),
        from: at(seq),
        cursor: at(seq + 1),
        high: position(seq + 1),
        more,
        sheet: None,
        retry_after_ms: None,
        people: Vec::new(),
        decided: Vec::new(),
        withdrawal: None,
        unconfirmed: false,
        box_key: None,
    };
    let carried = Carried::Answer {
        status: 200,
        body: pack(&answer),
    };
    app.sync_answered(asked.number, &carried, now)
        .map_err(in_words)
}
