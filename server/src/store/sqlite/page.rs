//! One sync: positions verified, push taken, page computed, all in one transaction, so that everything the answer tells
//! is one snapshot and committed before it leaves.

mod asked;
mod documents;

pub(super) use asked::{Asked, PAGE_BYTES};
pub(super) use documents::Documents;

use super::document::{COLUMNS, ChangeRow, change_row};
use super::push::Push;
use super::{StoreError, Verb, sound};
use crate::admission::Sender;
use crate::sealing;
use jiff::Timestamp;
use rusqlite::{Rows, params};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{
    Ack, AckState, Cursor, Decided, Delivered, DeliveredChange, DeliveredDocument, Hello,
    PushedDocument, QuarantineReason, Status, SyncAnswer, SyncRequest,
};

/// The word to forget a document, or to erase it.
const FORGET_BYTES: usize = 24;
/// So often a device asks that waits for somebody to say whose it is.
const UNCONFIRMED_MS: u32 = 300_000;
/// No document has this id, and none lies before it.
const BEFORE_ALL: DocumentId = DocumentId(Uuid::nil());
const UNCONFIRMED: AckState = AckState::Quarantined(QuarantineReason::Unconfirmed);

/// Documents of which the present visibility began after the cursor ?2, in order; those up to ?3 of the row after it
/// were brought already.
const BEGUN: &str =
    "select from_seq, doc from visibility where device = ?1 and to_seq is null and from_seq > ?2
     and not (from_seq = ?2 + 1 and doc <= ?3) order by from_seq, doc";

/// Changes of the rows (?4, ?5] in documents that the device had whole at the cursor ?2.
const CHANGED: &str = "from change cross join visibility v on v.doc = change.doc and v.device = ?1 and v.to_seq is null
         and (v.from_seq <= ?2 or (v.from_seq = ?2 + 1 and v.doc <= ?3))
     where change.seq > ?4 and change.seq <= ?5
     order by change.seq";

/// What a device is told of the log after its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    docs: Vec<DeliveredDocument>,
    decided: Vec<Decided>,
    /// It ends here.
    cursor: Cursor,
}

impl Verb<'_> {
    pub(super) fn sync(
        &self,
        device: DeviceId,
        request: &SyncRequest,
        now: Timestamp,
    ) -> Result<SyncAnswer, StoreError> {
        let hello = &request.hello;
        self.seen(device, hello, &request.state, now)?;
        // To whomever it speaks: a device that is out of step, or out of service, may have to be rescued too.
        let box_key = sealing::closing(self.keys);
        let box_key = (box_key.mark() != hello.box_key).then_some(box_key);
        if !self.in_step(hello)? {
            let head = self.head()?;
            return Ok(SyncAnswer {
                box_key,
                ..answer(hello, Status::Resync(head), now, head)
            });
        }
        let acks = self.take_all(device, request, now)?;
        let head = self.head()?;
        let mut answer = SyncAnswer {
            acks,
            box_key,
            ..answer(hello, Status::Ok, now, head)
        };
        if self.is_revoked(device)? {
            answer.withdrawal = Some(self.withdrawal(request, &answer.acks));
            return Ok(answer);
        }
        if !self.is_confirmed(device)? {
            answer.unconfirmed = true;
            let waits = |ack: &Ack| ack.state == UNCONFIRMED;
            answer.retry_after_ms = answer.acks.iter().all(waits).then_some(UNCONFIRMED_MS);
            return Ok(answer);
        }
        answer.people = self.people_in_force(device)?;
        let sheet = self.sheet()?.0;
        let is_another = sheet.version != hello.sheet_version;
        let is_to_come = self.is_sheet_after(&hello.cursor)?;
        // With the sheet beside it, and with what was pushed, an answer has to stay a message.
        let room = self.room(request.page_bytes, is_another || is_to_come, &answer.acks)?;
        let asked = self.asked(device, hello.cursor, room)?;
        let ahead = self.ahead.take(&asked).filter(|_| request.push.is_empty());
        let page = match ahead {
            Some(page) => page,
            None => self.page(&asked, &request.push, &answer.acks)?,
        };
        answer.docs = page.docs;
        answer.decided = page.decided;
        answer.cursor = page.cursor;
        answer.more = page.cursor.token.seq < head.seq;
        // Also when the page passes its row: in a log that was put back, a number may have come to mean another sheet.
        if is_another || is_to_come && !self.is_sheet_after(&answer.cursor)? {
            answer.sheet = Some(sheet);
        }
        Ok(answer)
    }

    /// Do both positions belong to this very log?
    pub(super) fn in_step(&self, hello: &Hello) -> Result<bool, StoreError> {
        Ok(self.matches(&hello.cursor.token)? && self.matches(&hello.high)?)
    }

    fn take_all(
        &self,
        device: DeviceId,
        request: &SyncRequest,
        now: Timestamp,
    ) -> Result<Vec<Ack>, StoreError> {
        let people = self.writers(device, request)?;
        let (present, sheet) = self.sheet()?;
        let mut sheets = vec![Arc::clone(&sheet)];
        if present.version != request.hello.sheet_version {
            sheets.extend(
                self.sheet_version(request.hello.sheet_version)?
                    .map(Arc::new),
            );
        }
        let sender = Sender {
            device,
            people: &people,
            revoked: self.is_revoked(device)?,
            confirmed: self.is_confirmed(device)?,
            sheets: &sheets,
        };
        let offset_ms = request
            .hello
            .client_now
            .saturating_sub(now.as_millisecond());
        let push = Push {
            sender,
            sheet: &sheet,
            viewers: OnceCell::new(),
            offset_ms,
            now,
        };
        let mut acks = Vec::new();
        for document in &request.push {
            acks.extend(self.take(&push, document)?);
        }
        self.took(device, &request.hello, acks.len())?;
        Ok(acks)
    }

    /// The page after the cursor: whole documents where visibility began within it, changes where it held before, and
    /// the word to forget where it was lost. Reads what changed since the cursor, as far as the page has room, and not
    /// what the device holds.
    pub(super) fn page(
        &self,
        asked: &Asked,
        push: &[PushedDocument],
        acks: &[Ack],
    ) -> Result<Page, StoreError> {
        let Asked {
            device, from, head, ..
        } = *asked;
        let c = from.token.seq;
        let after = from
            .after
            .map_or_else(Vec::new, |after| after.as_bytes().to_vec());
        let device_id = &device.as_bytes()[..];
        let mut begun = self.db.prepare_cached(BEGUN)?;
        let mut begun = begun.query(params![device_id, super::int(c)?, after])?;
        let mut changed = self
            .db
            .prepare_cached(&format!("select {COLUMNS} {CHANGED}"))?;
        let accepted = |ack: &&Ack| matches!(ack.state, AckState::Accepted(_));
        let acknowledged: BTreeSet<ChangeHash> =
            acks.iter().filter(accepted).map(|ack| ack.hash).collect();
        // Of some thousands at once the words to forget them are as long as documents.
        let gone =
            self.lost_between(device, c, head.seq)?.len() + self.erased_between(c, head.seq)?.len();
        let mut page = Documents::new(asked.room.saturating_sub(gone * FORGET_BYTES));
        let mut last = from.after.map(|after| (c + 1, after));
        // What changed in the row after it came before its first document.
        let mut through = c + u64::from(from.after.is_some());
        // A device that has nothing yet is not shown what changed in it.
        let has_some = from.after.is_some() || self.has_any(device, c)?;
        let end = 'page: loop {
            let whole = next_begun(&mut begun)?;
            // What changed up to there comes first; nothing beyond it is looked at before there is room for it.
            let until = whole.map_or(head.seq, |(seq, _)| seq);
            let window = params![
                device_id,
                super::int(c)?,
                after,
                super::int(through)?,
                super::int(until)?
            ];
            let mut rows = changed.query(window)?;
            while has_some && let Some(row) = rows.next()? {
                let row = change_row(row)?;
                // It lies there, and this very answer says so.
                if acknowledged.contains(&row.hash) {
                    continue;
                }
                let before = row.seq - 1;
                if page.is_full() || !page.add(self.delivered(row)) {
                    break 'page (before, None);
                }
            }
            through = until;
            let Some((seq, doc)) = whole else {
                break (head.seq, None);
            };
            if page.is_full() || !page.add_whole(doc, self.whole(doc)?) {
                // What changed in this row was told: with none of its documents, the page ends before all of them.
                let within = last.filter(|(row, _)| *row == seq);
                break (seq - 1, Some(within.map_or(BEFORE_ALL, |(_, doc)| doc)));
            }
            last = Some((seq, doc));
        };
        let (p, after) = end;
        let mut docs = page.told;
        let mut forget: BTreeSet<DocumentId> = self
            .lost_between(device, c, p.max(c))?
            .into_iter()
            .collect();
        // Whoever may have it: also who never saw it accepted, and its author whose work lay in quarantine.
        for (doc, _) in self.erased_between(c, p.max(c))? {
            forget.remove(&doc);
            docs.push(DeliveredDocument {
                doc,
                content: Delivered::Erased,
            });
        }
        // A push for a document that this device may not see is answered with the word to forget it.
        for doc in push.iter().map(|pushed| pushed.doc) {
            if !self.sees(device, doc)? && self.document_row(doc)?.is_some() {
                forget.insert(doc);
            }
        }
        docs.extend(forget.into_iter().map(|doc| DeliveredDocument {
            doc,
            content: Delivered::Forget,
        }));
        let token = self.token(p)?;
        Ok(Page {
            docs,
            decided: self.decided_between(device, c, p)?,
            cursor: Cursor { token, after },
        })
    }

    /// Has this device any document whole at this row?
    fn has_any(&self, device: DeviceId, seq: u64) -> Result<bool, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select exists (select 1 from visibility where device = ?1 and to_seq is null and from_seq <= ?2)",
        )?;
        let args = params![&device.as_bytes()[..], super::int(seq)?];
        Ok(statement.query_row(args, |row| row.get(0))?)
    }

    /// Everything of a document, with its receipts.
    pub(super) fn whole(&self, doc: DocumentId) -> Result<Vec<DeliveredChange>, StoreError> {
        let rows = self.changes("doc = ?1", [&doc.as_bytes()[..]])?;
        Ok(rows.into_iter().map(|row| self.delivered(row)).collect())
    }

    pub(super) fn delivered(&self, row: ChangeRow) -> DeliveredChange {
        let receipt = self.receipt(&row);
        DeliveredChange {
            change: row.change,
            hash: row.hash,
            receipt,
        }
    }
}

/// The next document that became visible, with the row at which it did.
fn next_begun(rows: &mut Rows<'_>) -> Result<Option<(u64, DocumentId)>, StoreError> {
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let (seq, doc): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
    Ok(Some((
        seq.unsigned_abs(),
        sound(DocumentId::from_bytes(&doc))?,
    )))
}

fn answer(
    hello: &Hello,
    status: Status,
    now: Timestamp,
    head: warmhand_core::wire::Token,
) -> SyncAnswer {
    SyncAnswer {
        number: hello.number,
        status,
        server_now: now.as_millisecond(),
        acks: Vec::new(),
        docs: Vec::new(),
        from: hello.cursor,
        cursor: hello.cursor,
        high: head,
        more: false,
        sheet: None,
        retry_after_ms: None,
        people: Vec::new(),
        decided: Vec::new(),
        withdrawal: None,
        unconfirmed: false,
        box_key: None,
    }
}
