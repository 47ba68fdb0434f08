//! A resync: documents compared at the position where it began, each hash that a device holds answered for, and what it
//! lacks brought whole. Nothing is written and nothing is refused: also what the device may no longer see is answered
//! for, and nothing of it is brought.

use super::page::{Documents, PAGE_BYTES};
use super::{StoreError, Verb, int, sound};
use jiff::Timestamp;
use rusqlite::params;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use warmhand_core::domain::id::{DeviceId, DocumentId};
use warmhand_core::wire::{
    Ack, DocsAnswer, DocsRequest, DocumentDigest, Holding, ReconcileAnswer, ReconcileRequest,
    Status,
};

/// What an answer about a hash costs.
const ANSWER_BYTES: usize = 120;
/// Beside so much about hashes no document is given: the longest there is would make more than a message of it. What was
/// answered is not asked again, so that the next request has room.
const MOST_BESIDE: usize = PAGE_BYTES / 4;

/// Documents as they were digested last, each up to a row: after an image was put back every device compares all of them.
#[derive(Default)]
pub(super) struct Digests(Mutex<BTreeMap<DocumentId, (u64, DocumentDigest)>>);

impl Verb<'_> {
    pub(super) fn reconcile(
        &self,
        device: DeviceId,
        request: &ReconcileRequest,
        digests: &Digests,
        now: Timestamp,
    ) -> Result<ReconcileAnswer, StoreError> {
        let head = self.head()?;
        let mut answer = ReconcileAnswer {
            number: request.hello.number,
            status: Status::Ok,
            server_now: now.as_millisecond(),
            frame: Vec::new(),
            digest: [0; 32],
            sheet: None,
            high: head,
        };
        if !self.in_step(&request.hello)? {
            answer.status = Status::Resync(head);
            return Ok(answer);
        }
        let holding = self.holding(device, request.hello.cursor.token.seq, digests)?;
        answer.frame = holding.answer(&request.frame);
        answer.digest = holding.digest();
        let (sheet, _) = self.sheet()?;
        // Nothing of the organisation goes to a device that is out of service, or of which nobody has said whose it is: taken
        // back, or confirmed, it asks for it. An older sheet than its own may lack who works on it.
        let is_in = self.is_confirmed(device)? && !self.is_revoked(device)?;
        if request.sheet != sheet.digest() && is_in {
            answer.sheet = Some(sheet);
        }
        Ok(answer)
    }

    pub(super) fn docs(
        &self,
        device: DeviceId,
        request: &DocsRequest,
        digests: &Digests,
        now: Timestamp,
    ) -> Result<DocsAnswer, StoreError> {
        let head = self.head()?;
        let mut answer = DocsAnswer {
            number: request.hello.number,
            status: Status::Ok,
            server_now: now.as_millisecond(),
            acks: Vec::new(),
            need: Vec::new(),
            high: head,
            docs: Vec::new(),
            given: 0,
        };
        if !self.in_step(&request.hello)? {
            answer.status = Status::Resync(head);
            return Ok(answer);
        }
        for offer in &request.offers {
            for hash in &offer.hashes {
                // Of one that does not read nobody can say that it is here.
                match self.readable(self.state_of(offer.doc, *hash))?.flatten() {
                    Some(state) => answer.acks.push(Ack { hash: *hash, state }),
                    None => answer.need.push(*hash),
                }
            }
        }
        let spent = ANSWER_BYTES * (answer.acks.len() + answer.need.len());
        if request.wanted.is_empty() || spent > MOST_BESIDE {
            return Ok(answer);
        }
        let holding = self.holding(device, request.hello.cursor.token.seq, digests)?;
        let mut page = Documents::new(PAGE_BYTES.saturating_sub(spent));
        for digest in &request.wanted {
            if page.is_full() {
                break;
            }
            let Some(doc) = holding.document(*digest) else {
                // It was compared with something else: to be done again, and nothing passed over.
                answer.status = Status::Resync(head);
                return Ok(answer);
            };
            // What it saw where the resync began it may not see any more.
            let has_room = !self.sees(device, doc)?
                || match self.readable(self.whole(doc))? {
                    Some(whole) => page.add_whole(doc, whole),
                    None => page.pass_over(doc),
                };
            if !has_room {
                break;
            }
            answer.given += 1;
        }
        answer.docs = page.told;
        Ok(answer)
    }

    /// What a device may see at a row, document by document, as far as it had come by then.
    fn holding(
        &self,
        device: DeviceId,
        seq: u64,
        digests: &Digests,
    ) -> Result<Holding, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select doc, (select max(seq) from change where change.doc = visibility.doc and seq <= ?2)
                 from visibility where device = ?1 and from_seq <= ?2 and coalesce(to_seq, ?2 + 1) > ?2",
        )?;
        let mut rows = statement.query(params![&device.as_bytes()[..], int(seq)?])?;
        let mut known = digests.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut holding = Holding::default();
        while let Some(row) = rows.next()? {
            let id = row
                .get_ref(0)?
                .as_blob()
                .map_err(|_| StoreError::Unreadable)?;
            let doc = sound(DocumentId::from_bytes(id))?;
            let Some(last) = row.get::<_, Option<i64>>(1)?.map(i64::unsigned_abs) else {
                continue;
            };
            let digest = match known.get(&doc) {
                Some((at, digest)) if *at == last => *digest,
                _ => match self.readable(self.digest(doc, seq))? {
                    Some(digest) => {
                        known.insert(doc, (last, digest));
                        digest
                    }
                    // What does not read is the same as nothing that a device can hold.
                    None => DocumentDigest::of(doc, Vec::new()),
                },
            };
            holding.add(doc, digest);
        }
        Ok(holding)
    }

    fn digest(&self, doc: DocumentId, seq: u64) -> Result<DocumentDigest, StoreError> {
        let args = params![&doc.as_bytes()[..], int(seq)?];
        let rows = self.changes("doc = ?1 and seq <= ?2", args)?;
        let changes = rows.iter().map(|row| (row.hash, self.receipt(row)));
        Ok(DocumentDigest::of(doc, changes.collect()))
    }
}
