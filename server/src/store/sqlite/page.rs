//! One sync: positions verified, push taken, page computed, all in one transaction, so that everything the answer tells
//! is one snapshot and committed before it leaves.

use super::document::ChangeRow;
use super::push::Push;
use super::{StoreError, Verb};
use crate::admission::Sender;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{
    Ack, Cursor, Delivered, DeliveredChange, DeliveredDocument, Hello, Status, SyncAnswer,
    SyncRequest,
};

/// A page holds at most this many bytes of entry text, whatever the device asks for, and at least one document.
const PAGE_BYTES: usize = 512 * 1024;
/// What a change costs beside its text.
const CHANGE_BYTES: usize = 200;

impl Verb<'_> {
    pub(super) fn sync(
        &self,
        device: DeviceId,
        request: &SyncRequest,
        now: Timestamp,
    ) -> Result<SyncAnswer, StoreError> {
        let hello = &request.hello;
        self.seen(device, hello, &request.state, now)?;
        if !self.in_step(hello)? {
            let head = self.head()?;
            return Ok(answer(hello, Status::Resync(head), now, head));
        }
        let acks = self.take_all(device, request, now)?;
        let revoked = self.is_revoked(device)?;
        let head = self.head()?;
        let mut answer = SyncAnswer {
            acks,
            ..answer(hello, Status::Ok, now, head)
        };
        let (sheet, _) = self.sheet()?;
        if sheet.version != hello.sheet_version {
            answer.sheet = Some(sheet);
        }
        answer.people = if revoked {
            Vec::new()
        } else {
            self.people(device)?
        };
        self.fill(device, request, &mut answer)?;
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
        let people = self.people(device)?;
        let (present, sheet) = self.sheet()?;
        let mut sheets = vec![sheet];
        if present.version != request.hello.sheet_version {
            sheets.extend(self.sheet_version(request.hello.sheet_version)?);
        }
        let Some(sheet) = sheets.first().cloned() else {
            return Ok(Vec::new());
        };
        let sender = Sender {
            device,
            people: &people,
            revoked: self.is_revoked(device)?,
            sheets: &sheets,
        };
        let offset_ms = request
            .hello
            .client_now
            .saturating_sub(now.as_millisecond());
        let push = Push {
            sender,
            sheet: &sheet,
            offset_ms,
            now,
        };
        let mut acks = Vec::new();
        for document in &request.push {
            acks.extend(self.take(&push, document)?);
        }
        self.took(device, acks.len())?;
        Ok(acks)
    }

    /// The page after the cursor: whole documents where visibility began within it, changes where it held before, and
    /// the word to forget where it was lost.
    fn fill(
        &self,
        device: DeviceId,
        request: &SyncRequest,
        answer: &mut SyncAnswer,
    ) -> Result<(), StoreError> {
        let from = request.hello.cursor;
        let c = from.token.seq;
        let since = self.seen_since(device)?;
        // Already brought whole, as part of the row after the cursor.
        let brought =
            |doc: &DocumentId, s: u64| s == c + 1 && from.after.is_some_and(|after| *doc <= after);
        let mut whole: BTreeMap<u64, BTreeSet<DocumentId>> = BTreeMap::new();
        for (doc, s) in since
            .iter()
            .filter(|(doc, s)| **s > c && !brought(doc, **s))
        {
            whole.entry(*s).or_default().insert(*doc);
        }
        let changed: Vec<ChangeRow> = self
            .changes("seq > ?1", [super::int(c)?])?
            .into_iter()
            .filter(|row| {
                since
                    .get(&row.change.doc)
                    .is_some_and(|s| *s <= c || brought(&row.change.doc, *s))
            })
            .collect();
        let mut page = Page::new(request.page_bytes);
        let mut rows: BTreeSet<u64> = whole.keys().copied().collect();
        rows.extend(changed.iter().map(|row| row.seq));
        let mut changed = changed.into_iter().peekable();
        let mut end = (answer.high.seq, None);
        'rows: for seq in rows {
            while let Some(row) = changed.next_if(|row| row.seq == seq) {
                if page.is_full() {
                    end = (seq - 1, None);
                    break 'rows;
                }
                page.add(row.change.doc, self.delivered(row), false);
            }
            let mut last = None;
            for doc in whole.remove(&seq).unwrap_or_default() {
                if page.is_full() {
                    end = (seq - 1, last.or(from.after.filter(|_| seq == c + 1)));
                    break 'rows;
                }
                for row in self.changes("doc = ?1", [&doc.as_bytes()[..]])? {
                    page.add(doc, self.delivered(row), true);
                }
                last = Some(doc);
            }
        }
        let (p, after) = end;
        answer.cursor = Cursor {
            token: self.token(p)?,
            after,
        };
        answer.more = p < answer.high.seq;
        answer.docs = page.documents;
        let mut forget: BTreeSet<DocumentId> = self
            .lost_between(device, c, p.max(c))?
            .into_iter()
            .collect();
        // A push for a document that this device may not see is answered with the word to forget it.
        let known = request.push.iter().map(|pushed| pushed.doc);
        for doc in known {
            if self.document_row(doc)?.is_some() && !since.contains_key(&doc) {
                forget.insert(doc);
            }
        }
        answer
            .docs
            .extend(forget.into_iter().map(|doc| DeliveredDocument {
                doc,
                content: Delivered::Forget,
            }));
        Ok(())
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

struct Page {
    documents: Vec<DeliveredDocument>,
    bytes: usize,
    room: usize,
}

impl Page {
    fn new(asked: u32) -> Self {
        let room = usize::try_from(asked)
            .unwrap_or(PAGE_BYTES)
            .clamp(1, PAGE_BYTES);
        Self {
            documents: Vec::new(),
            bytes: 0,
            room,
        }
    }

    fn is_full(&self) -> bool {
        self.bytes >= self.room
    }

    fn add(&mut self, doc: DocumentId, change: DeliveredChange, is_whole: bool) {
        self.bytes += change.change.text_bytes() + CHANGE_BYTES;
        let known = self
            .documents
            .iter_mut()
            .find_map(|d| match &mut d.content {
                Delivered::Changes(changes, whole) if d.doc == doc && *whole == is_whole => {
                    Some(changes)
                }
                _ => None,
            });
        if let Some(changes) = known {
            changes.push(change);
        } else {
            let content = Delivered::Changes(vec![change], is_whole);
            self.documents.push(DeliveredDocument { doc, content });
        }
    }
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
    }
}
