//! What one side has of documents at one position, as set reconciliation takes it: an item a document. An item covers
//! exactly what a page would bring: every accepted change with its receipt. So equal items are equal documents, and two
//! sides that read a record's times otherwise are not equal.

use super::Receipt;
use crate::document::ChangeHash;
use crate::domain::id::DocumentId;
use minicbor::{Decode, Encode};
use negentropy::{Id, Negentropy, NegentropyStorageVector};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A round carries about as many bytes.
pub const MAX_FRAME: u64 = 128 * 1024;

/// One document at one position, in 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct DocumentDigest(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl DocumentDigest {
    /// Of a document with these accepted changes, in whatever order.
    pub fn of(doc: DocumentId, mut changes: Vec<(ChangeHash, Receipt)>) -> Self {
        changes.sort_unstable_by_key(|(hash, _)| *hash);
        let mut digest = Sha256::new();
        digest.update(b"wh-document-1");
        digest.update(doc.as_bytes());
        for (hash, receipt) in changes {
            digest.update(hash.0);
            digest.update(receipt.received_at.to_be_bytes());
            digest.update(receipt.offset_ms.to_be_bytes());
            digest.update(receipt.key.to_be_bytes());
            digest.update(receipt.mac);
        }
        Self(digest.finalize().into())
    }
}

/// A plain digest over all of them: reconciliation is believed only as far as it leads to this.
pub fn digest_of(documents: &BTreeSet<DocumentDigest>) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"wh-holding-1");
    for document in documents {
        digest.update(document.0);
    }
    digest.finalize().into()
}

/// The documents of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding(BTreeMap<DocumentDigest, DocumentId>);

impl Holding {
    /// Adds a document.
    pub fn add(&mut self, doc: DocumentId, digest: DocumentDigest) {
        self.0.insert(digest, doc);
    }

    /// The document that an item stands for.
    pub fn document(&self, digest: DocumentDigest) -> Option<DocumentId> {
        self.0.get(&digest).copied()
    }

    /// Every document with its item.
    pub fn documents(&self) -> impl Iterator<Item = (DocumentDigest, DocumentId)> + '_ {
        self.0.iter().map(|(digest, doc)| (*digest, *doc))
    }

    /// The plain digest over everything.
    pub fn digest(&self) -> [u8; 32] {
        digest_of(&self.0.keys().copied().collect())
    }

    /// Answers a round. A frame that does not read, or of another version, is answered by one that says nothing.
    pub fn answer(&self, frame: &[u8]) -> Vec<u8> {
        let answered = self
            .reconciler(MAX_FRAME)
            .and_then(|mut reconciler| reconciler.reconcile(frame));
        answered.unwrap_or_default()
    }

    /// Reconciliation over these documents: each at its creation, which its id begins with.
    pub(crate) fn reconciler(
        &self,
        frame_limit: u64,
    ) -> Result<Negentropy<'static, NegentropyStorageVector>, negentropy::Error> {
        let mut storage = NegentropyStorageVector::with_capacity(self.0.len());
        for (digest, doc) in &self.0 {
            storage.insert(created_ms(*doc), Id::from_byte_array(digest.0))?;
        }
        storage.seal()?;
        Negentropy::owned(storage, frame_limit)
    }
}

fn created_ms(doc: DocumentId) -> u64 {
    let first = doc.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn receipt() -> Receipt {
        Receipt {
            received_at: 5,
            offset_ms: 0,
            key: 1,
            mac: [3; 10],
        }
    }

    #[test]
    fn an_item_is_of_the_document_of_every_change_and_of_every_receipt_and_of_no_order() {
        let doc = DocumentId(Uuid::from_u128(7));
        let (one, two) = (ChangeHash([1; 32]), ChangeHash([2; 32]));
        let both = DocumentDigest::of(doc, vec![(one, receipt()), (two, receipt())]);
        assert_eq!(
            both,
            DocumentDigest::of(doc, vec![(two, receipt()), (one, receipt())])
        );
        let others = [
            DocumentDigest::of(
                DocumentId(Uuid::nil()),
                vec![(one, receipt()), (two, receipt())],
            ),
            DocumentDigest::of(doc, vec![(one, receipt())]),
            DocumentDigest::of(
                doc,
                vec![
                    (one, receipt()),
                    (
                        two,
                        Receipt {
                            received_at: 6,
                            ..receipt()
                        },
                    ),
                ],
            ),
            DocumentDigest::of(
                doc,
                vec![
                    (one, receipt()),
                    (
                        two,
                        Receipt {
                            offset_ms: 1,
                            ..receipt()
                        },
                    ),
                ],
            ),
            DocumentDigest::of(
                doc,
                vec![
                    (one, receipt()),
                    (
                        two,
                        Receipt {
                            key: 2,
                            ..receipt()
                        },
                    ),
                ],
            ),
            DocumentDigest::of(
                doc,
                vec![
                    (one, receipt()),
                    (
                        two,
                        Receipt {
                            mac: [4; 10],
                            ..receipt()
                        },
                    ),
                ],
            ),
        ];
        assert!(!others.contains(&both));
    }

    #[test]
    fn an_item_lies_at_the_creation_of_its_document() {
        let at: jiff::Timestamp = "2026-03-03T15:00:00.123Z".parse().unwrap();
        let id = crate::domain::id::uuid_v7(at, &mut rand_chacha::ChaCha8Rng::from_seed([1; 32]));
        assert_eq!(
            created_ms(DocumentId(id)),
            at.as_millisecond().unsigned_abs()
        );
    }

    #[test]
    fn a_frame_that_does_not_read_is_answered_by_nothing() {
        let holding = Holding::default();
        assert!(holding.answer(&[]).is_empty());
        assert!(holding.answer(&[0x61, 0, 0, 9]).is_empty());
        assert_eq!(
            holding.answer(&[0x6f]),
            [0x61],
            "another version hears which one is spoken"
        );
    }

    use rand::SeedableRng;
}
