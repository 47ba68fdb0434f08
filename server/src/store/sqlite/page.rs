//! One sync: positions verified and push taken by the writer; then, once that is durable, the answer read by another: nobody
//! who has something to say waits for what somebody else is told. Its page is of the log up to the end of the push's
//! transaction, and without what its device may not see any more; what it brings whole, and who works on the device, is of the
//! moment at which it is read, and so is the head that it tells. A page that was read ahead is of the same log, to the row.

mod asked;
mod documents;
mod next;
mod told;

pub(super) use asked::{Asked, PAGE_BYTES};
pub(super) use documents::Documents;

use super::document::ChangeRow;
use super::push::Push;
use super::{StoreError, Verb};
use crate::admission::Sender;
use crate::sealing;
use jiff::Timestamp;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{
    Ack, AckState, Cursor, Decided, DeliveredChange, DeliveredDocument, Hello, Parcel,
    PushedDocument, QuarantineReason, RejectReason, Status, SyncAnswer, SyncRequest, Token,
};

/// The word to forget a document, or to erase it.
const WORD_BYTES: usize = 24;
/// For so many there is always room. Of one row come all: some 20,000 fit beside the longest sheet and the longest record.
const FEW_WORDS: usize = 2_000;
/// So often a device asks that waits for somebody to say whose it is.
const UNCONFIRMED_MS: u32 = 300_000;
const UNCONFIRMED: AckState = AckState::Quarantined(QuarantineReason::Unconfirmed);

/// What a device is told of the log after its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    docs: Docs,
    decided: Vec<Decided>,
    /// It ends here.
    cursor: Cursor,
}

/// The documents of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Docs {
    /// As they were read.
    Read(Vec<DeliveredDocument>),
    /// As they are sent.
    Packed(Parcel<Vec<DeliveredDocument>>),
}

impl Default for Docs {
    fn default() -> Self {
        Self::Read(Vec::new())
    }
}

impl Docs {
    /// As they are sent. It takes a while: nobody is to wait for the one who writes meanwhile.
    pub fn packed(self) -> Parcel<Vec<DeliveredDocument>> {
        match self {
            Self::Read(docs) => Parcel::of(&docs),
            Self::Packed(packed) => packed,
        }
    }
}

impl Page {
    #[cfg(test)]
    pub fn ending(cursor: Cursor) -> Self {
        Self {
            cursor,
            ..Self::default()
        }
    }

    /// Where the next begins.
    pub fn end(&self) -> Cursor {
        self.cursor
    }

    /// The same, ready to be sent.
    pub fn packed(self) -> Self {
        let docs = Docs::Packed(self.docs.packed());
        Self { docs, ..self }
    }
}

/// What came of a push, and up to where its device is told the log.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    acks: Vec<Ack>,
    head: Token,
    /// Somebody had said whose the device is, when it was judged.
    confirmed: bool,
}

impl Verb<'_> {
    /// Takes what a device sends. Nothing if it is out of step with this log.
    pub(super) fn take_push(
        &self,
        device: DeviceId,
        request: &SyncRequest,
        now: Timestamp,
    ) -> Result<Option<Taken>, StoreError> {
        self.seen(device, &request.hello, &request.state, now)?;
        if !self.in_step(&request.hello)? {
            return Ok(None);
        }
        let acks = self.take_all(device, request, now)?;
        let head = self.head()?;
        let confirmed = self.is_confirmed(device)?;
        Ok(Some(Taken {
            acks,
            head,
            confirmed,
        }))
    }

    /// The answer once that is durable, its documents beside it: they are still to be packed.
    pub(super) fn answer(
        &self,
        device: DeviceId,
        request: &SyncRequest,
        taken: Option<Taken>,
        now: Timestamp,
    ) -> Result<(SyncAnswer, Docs), StoreError> {
        let hello = &request.hello;
        // To whomever it speaks: a device that is out of step, or out of service, may have to be rescued too.
        let box_key = sealing::closing(self.keys);
        let box_key = (box_key.mark() != hello.box_key).then_some(box_key);
        // What is told of people, and in whole documents, is of this row: the device is to know that it may have heard so much.
        let high = self.head()?;
        let Some(taken) = taken else {
            let status = Status::Resync(high);
            let answer = SyncAnswer {
                box_key,
                ..answer(hello, status, now, high)
            };
            return Ok((answer, Docs::default()));
        };
        let Taken {
            acks,
            head,
            confirmed,
        } = taken;
        let mut answer = SyncAnswer {
            acks,
            box_key,
            ..answer(hello, Status::Ok, now, high)
        };
        if self.is_revoked(device)? {
            answer.withdrawal = Some(self.withdrawal(request, &answer.acks));
            return Ok((answer, Docs::default()));
        }
        if !confirmed || !self.is_confirmed(device)? {
            answer.unconfirmed = true;
            let waits = |ack: &Ack| ack.state == UNCONFIRMED;
            answer.retry_after_ms = answer.acks.iter().all(waits).then_some(UNCONFIRMED_MS);
            return Ok((answer, Docs::default()));
        }
        answer.people = self.people_in_force(device)?;
        let sheet = self.sheet()?.0;
        let is_another = sheet.version != hello.sheet_version;
        // Whoever was put on it since it last heard from here is on the sheet in force, and may not be on its own: while
        // nobody had said whose it is it was shown none, whatever number it has.
        let is_to_come =
            self.is_sheet_after(&hello.cursor)? || hello.high.seq < self.put_on_seq(device)?;
        // With the sheet beside it, and with what was pushed, an answer has to stay a message.
        let room = self.room(
            request.page_bytes,
            hello.cursor,
            is_another || is_to_come,
            &answer.acks,
        )?;
        let asked = self.asked(device, hello.cursor, room, head);
        let ahead = self.ahead.take(&asked);
        let ahead = ahead.filter(|_| request.push.is_empty() && head == high);
        let page = match ahead {
            Some(page) => page,
            None => self.page(&asked, &request.push, &answer.acks)?,
        };
        answer.decided = page.decided;
        answer.cursor = page.cursor;
        answer.more = page.cursor.token.seq < head.seq;
        // Also when the page passes its row: in a log that was put back, a number may have come to mean another sheet.
        if is_another || is_to_come && !self.is_sheet_after(&answer.cursor)? {
            answer.sheet = Some(sheet);
        }
        Ok((answer, page.docs))
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
        let heard = self.heard(device, request)?;
        let people = self.writers(device, heard)?;
        let (_, sheet) = self.sheet()?;
        let mut sheets = vec![Arc::clone(&sheet)];
        // What it wrote before it could hear of the sheet in force is judged by the one before, too; which one that was is
        // not for the device to say.
        if heard < self.sheet_seq()? {
            sheets.push(Arc::new(self.sheet_at(heard)?));
        }
        let sender = Sender {
            device,
            people: &people,
            revoked: self.is_revoked(device)?,
            confirmed: self.is_confirmed(device)?,
            sheets: &sheets,
        };
        let push = Push {
            sender,
            sheet: &sheet,
            viewers: OnceCell::new(),
            offset_ms: request.hello.offset_ms(now),
            now,
        };
        // Also by another process.
        self.recent.erased(self.last_erasure()?);
        let mut acks = Vec::new();
        for document in &request.push {
            let taken = self.part(|| self.take(&push, document))?;
            // Unanswered it stays with its author, and is sent again.
            acks.extend(taken.unwrap_or_default());
        }
        if !push.sender.revoked {
            // The same where too much of a device in service waits for a person: she decides, and there is room again. One that
            // was revoked is told, so that it can end.
            acks.retain(|ack| ack.state != AckState::Rejected(RejectReason::Crowded));
        }
        let answered = acks.iter().filter(|ack| ack.is_answer()).count();
        self.took(device, &request.hello, answered)?;
        Ok(acks)
    }

    /// The page after the cursor: whole documents where visibility began within it, changes where it held before, and
    /// the word to forget where it was lost.
    pub(super) fn page(
        &self,
        asked: &Asked,
        push: &[PushedDocument],
        acks: &[Ack],
    ) -> Result<Page, StoreError> {
        let (device, from) = (asked.device, asked.from.token.seq);
        let accepted = |ack: &&Ack| matches!(ack.state, AckState::Accepted(_));
        let acknowledged: BTreeSet<ChangeHash> =
            acks.iter().filter(accepted).map(|ack| ack.hash).collect();
        let (mut docs, mut end) = self.told(asked, asked.room, &acknowledged)?;
        let mut words = self.words(device, from, end.0, push)?;
        if words.len() > FEW_WORDS {
            // As long as documents: so much fewer of these, and then these words or fewer.
            let room = asked.room.saturating_sub(words.len() * WORD_BYTES);
            (docs, end) = self.told(asked, room, &acknowledged)?;
            words = self.words(device, from, end.0, push)?;
        }
        docs.append(&mut words);
        let (row, after) = end;
        Ok(Page {
            docs: Docs::Read(docs),
            decided: self.decided_between(device, from, row)?,
            cursor: Cursor {
                token: self.token(row)?,
                after,
            },
        })
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
        docs: Parcel::of(&Vec::new()),
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
