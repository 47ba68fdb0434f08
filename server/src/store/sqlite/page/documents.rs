//! The documents of an answer, weighed as they are told: whatever somebody wrote, an answer stays a message.

use minicbor::Encode;
use std::collections::BTreeSet;
use warmhand_core::domain::id::DocumentId;
use warmhand_core::wire::{Delivered, DeliveredChange, DeliveredDocument, encoded_len};

/// What is told beside a change or a document: of which document it is, how many there are.
const HEAD_BYTES: usize = 32;

/// The documents of an answer, as far as it has room; one it has room for in any case.
pub struct Documents {
    /// In their order.
    pub told: Vec<DeliveredDocument>,
    /// What does not read.
    passed_over: BTreeSet<DocumentId>,
    /// As they are told.
    bytes: usize,
    room: usize,
}

impl Documents {
    /// None yet; so many bytes may come.
    pub fn new(room: usize) -> Self {
        Self {
            told: Vec::new(),
            passed_over: BTreeSet::new(),
            bytes: 0,
            room,
        }
    }

    /// Is there no room for anything more?
    pub fn is_full(&self) -> bool {
        !self.told.is_empty() && self.bytes >= self.room
    }

    /// Tells of a document that it is there, and nothing of it that came after this: it does not read. A device keeps what
    /// it has. There is room for that.
    pub fn pass_over(&mut self, doc: DocumentId) -> bool {
        if self.passed_over.insert(doc) && !self.told.iter().any(|told| told.doc == doc) {
            let content = Delivered::Changes(Vec::new());
            self.bytes += HEAD_BYTES;
            self.told.push(DeliveredDocument { doc, content });
        }
        true
    }

    /// Adds a change, if there is room for it.
    pub fn add(&mut self, change: DeliveredChange) -> bool {
        let doc = change.change.doc;
        if self.passed_over.contains(&doc) {
            return true;
        }
        if !self.takes(&change) {
            return false;
        }
        let known = self.told.iter_mut().find_map(|d| match &mut d.content {
            Delivered::Changes(changes) if d.doc == doc => Some(changes),
            _ => None,
        });
        if let Some(changes) = known {
            changes.push(change);
        } else {
            let content = Delivered::Changes(vec![change]);
            self.told.push(DeliveredDocument { doc, content });
        }
        true
    }

    /// Adds all of a document, if there is room for it.
    pub fn add_whole(&mut self, doc: DocumentId, changes: Vec<DeliveredChange>) -> bool {
        let content = Delivered::whole(changes);
        let document = DeliveredDocument { doc, content };
        let takes = self.takes(&document);
        if takes {
            self.told.push(document);
        }
        takes
    }

    fn takes<T: Encode<()>>(&mut self, told: &T) -> bool {
        let bytes = self.bytes + encoded_len(told) + HEAD_BYTES;
        let takes = self.told.is_empty() || bytes <= self.room;
        if takes {
            self.bytes = bytes;
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use warmhand_core::document::{Actor, Change, ChangeHash, LIMITS, Put};
    use warmhand_core::domain::id::{DeviceId, EntryId};
    use warmhand_core::wire::{MAX_MESSAGE, Receipt};

    const DOC: DocumentId = DocumentId(Uuid::nil());

    /// A change of a few words that stands on as much as a change may.
    fn wide(seq: u64) -> DeliveredChange {
        let id = EntryId(Uuid::from_u128(seq.into()));
        DeliveredChange {
            change: Change {
                doc: DOC,
                actor: Actor([7; 16]),
                seq,
                start_op: seq + 1,
                deps: vec![ChangeHash([9; 32]); LIMITS.deps],
                nonce: None,
                device: DeviceId(Uuid::nil()),
                user: "n1".into(),
                puts: vec![Put {
                    id,
                    text: format!("{{\"id\":\"{id}\",\n\"says\":\"little\"}}"),
                }],
            },
            hash: ChangeHash([7; 32]),
            receipt: Receipt {
                received_at: 1_772_000_000_000,
                offset_ms: 7,
                key: 1,
                mac: [8; 10],
            },
        }
    }

    #[test]
    fn what_is_added_is_never_longer_than_the_room() {
        let room = MAX_MESSAGE / 2;
        let mut documents = Documents::new(room);
        let mut count = 0;
        while documents.add(wide(count + 1)) {
            count += 1;
        }
        let told = encoded_len(&documents.told);
        assert!((room * 9 / 10..=room).contains(&told), "{told}");
        assert!((100..1_000).contains(&count), "{count}");
        assert!(!documents.add_whole(DOC, vec![wide(1), wide(2)]));
        assert_eq!(documents.told.len(), 1);
    }

    #[test]
    fn the_first_comes_whatever_the_room_and_then_there_is_none() {
        for room in [0, 1, 100] {
            let mut documents = Documents::new(room);
            assert!(!documents.is_full());
            assert!(documents.add_whole(DOC, vec![wide(1)]));
            assert!(documents.is_full());
            assert!(!documents.add(wide(2)));
            assert_eq!(documents.told.len(), 1);
        }
    }
}
